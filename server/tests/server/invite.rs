//! How to join is said: on the log when the server starts, and to everybody who is let in.

use serde_json::{Value, json};

use crate::support::{Peer, Program, command};

/// Starts a server with these flags; what its `welcome` says of how to join (inside TLS it is not asked), its log and
/// its port.
fn invite(flags: &[&str]) -> (Value, String, u16) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(flags);
    let mut program = Program::start_as(command);
    let port = program.address.port();
    program.address.set_ip([127, 0, 0, 1].into());
    let invite =
        if flags.contains(&"--tls") { Value::Null } else { Peer::join(&program, "a", json!({})).1["invite"].take() };
    (invite, program.stop().1, port)
}

#[test]
fn a_server_for_the_network_names_a_command_for_each_of_its_addresses() {
    let (invite, log, port) = invite(&["--listen", "0.0.0.0:0", "--ssh", "class@room.example:2222"]);
    let servers = invite["servers"].as_array().unwrap();
    assert!(!servers.is_empty(), "{invite}");
    // What the system itself says of its addresses; a machine without a network has its own left.
    let mut own: Vec<String> = if_addrs::get_if_addrs()
        .unwrap()
        .iter()
        .map(if_addrs::Interface::ip)
        .filter(|ip| ip.is_ipv4() && !ip.is_loopback())
        .map(|ip| format!("{ip}:{port}"))
        .collect();
    if own.is_empty() {
        own.push(format!("127.0.0.1:{port}"));
    }
    for server in servers {
        let server = server.as_str().unwrap();
        assert!(own.iter().any(|own| own == server), "{server} is none of {own:?}");
        assert!(log.contains(&format!("join with: squares --server {server}\n")), "{log}");
    }
    assert!(servers.len() == own.len().min(8), "{servers:?}, {own:?}");
    assert_eq!(invite["ssh"], json!([{"user": "class", "host": "room.example", "port": 2222}]));
    assert!(log.contains("students with nothing but ssh join with: ssh -p 2222 class@room.example\n"), "{log}");
    assert_eq!(invite["fingerprint"], Value::Null);
}

#[test]
fn a_server_for_its_own_machine_says_so_and_how_to_open_it() {
    let (invite, log, port) = invite(&["--listen", "127.0.0.1:0"]);
    assert_eq!(invite["servers"], json!([format!("127.0.0.1:{port}")]));
    assert!(log.contains(&format!("only this machine can join with: squares --server 127.0.0.1:{port}\n")), "{log}");
    assert!(log.contains(&format!("start it with --listen 0.0.0.0:{port}\n")), "{log}");
}

#[test]
fn a_server_that_speaks_tls_says_so_in_the_command_and_names_its_fingerprint() {
    let (_, log, port) = invite(&["--listen", "127.0.0.1:0", "--tls", "self"]);
    let fingerprint = log.split_once("fingerprint=\"").unwrap().1.split_once('"').unwrap().0;
    assert!(fingerprint.starts_with("SHA256:"), "{log}");
    assert!(log.contains(&format!("squares --server 127.0.0.1:{port} --tls\n")), "{log}");
    assert!(log.contains(&format!("must have the fingerprint {fingerprint}\n")), "{log}");
}

#[test]
fn an_account_that_is_none_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    for bad in ["-oProxyCommand=x", "a b", "", "squares@"] {
        let output = command(folder.path()).args([&format!("--ssh={bad}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{bad:?}: {output:?}");
        assert!(output.stdout.is_empty());
    }
}
