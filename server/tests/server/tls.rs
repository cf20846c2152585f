//! The same conversations inside TLS, and what a client hears that does not speak it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Program, open, server};

type Secret = StreamOwned<ClientConnection, TcpStream>;

/// A server with a certificate of its own.
fn with_tls(flags: &[&str]) -> (Program, TempDir) {
    let flags: Vec<&str> = flags.iter().copied().chain(["--tls", "self"]).collect();
    server(&flags)
}

/// Connects as a client that trusts this server's certificate, and it alone.
fn connect(address: SocketAddr, data: &Path) -> BufReader<Secret> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data.join("tls-self.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    BufReader::new(StreamOwned::new(session, open(address).0))
}

fn say(stream: &mut BufReader<Secret>, message: &Value) {
    stream.get_mut().write_all(format!("{message}\n").as_bytes()).unwrap();
}

fn hear(stream: &mut BufReader<Secret>) -> Value {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

fn hear_of(stream: &mut BufReader<Secret>, kind: &str) -> Value {
    loop {
        let message = hear(stream);
        if message["type"] == kind {
            return message;
        }
    }
}

#[test]
fn the_whole_conversation_goes_through_tls() {
    let (program, folder) = with_tls(&[]);
    let mut one = connect(program.address, folder.path());
    assert_eq!(hear(&mut one)["type"], "hello");
    say(&mut one, &json!({"type": "join", "student": "a"}));
    assert_eq!(hear(&mut one)["type"], "welcome");
    let mut two = connect(program.address, folder.path());
    say(&mut two, &json!({"type": "join", "student": "b"}));
    assert_eq!(hear_of(&mut one, "presence")["count"], 2);
    for number in ["12", "-0.5", "7"] {
        say(&mut two, &json!({"type": "square", "number": number, "id": number}));
        // One is idle: this comes by the relay.
        let seen = hear_of(&mut one, "result");
        assert_eq!((&seen["number"], &seen), (&json!(number), &hear_of(&mut two, "result")));
    }
    say(&mut two, &json!({"type": "leave"}));
    assert_eq!(hear_of(&mut two, "bye")["reason"], "left");
    assert_eq!(two.read(&mut [0; 1]).unwrap(), 0, "it says that it ends");
    let (status, log) = program.stop();
    assert!(crate::support::ended_well(status) && log.contains("SHA256:"), "{log}");
}

#[test]
fn a_reader_that_lags_behind_tls_gets_every_result_in_order() {
    const RESULTS: usize = 400;
    let (program, folder) = with_tls(&["--rate", "0"]);
    let [mut slow, mut busy] = [(); 2].map(|()| connect(program.address, folder.path()));
    say(&mut slow, &json!({"type": "join", "student": "slow"}));
    assert_eq!(hear_of(&mut slow, "welcome")["latest"], 0);
    say(&mut busy, &json!({"type": "join", "student": "busy"}));
    // Some megabytes, far more than any buffer on the way holds.
    let long = "7".repeat(5000);
    for at in 0..RESULTS {
        say(&mut busy, &json!({"type": "square", "number": format!("{long}{at}")}));
        hear_of(&mut busy, "result");
    }
    for at in 0..RESULTS {
        let result = hear_of(&mut slow, "result");
        assert_eq!(result["number"], format!("{long}{at}"));
    }
}

#[test]
fn a_line_that_was_cut_off_is_not_carried_out() {
    let (program, folder) = with_tls(&[]);
    let mut peer = connect(program.address, folder.path());
    say(&mut peer, &json!({"type": "join", "student": "a"}));
    say(&mut peer, &json!({"type": "square", "number": "12"}));
    assert_eq!(hear_of(&mut peer, "result")["number"], "12");
    peer.get_mut().write_all(br#"{"type":"square","number":"34"}"#).unwrap();
    // Without the word of TLS that nothing more comes, as somebody in between would cut it.
    peer.get_ref().sock.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = String::new();
    let _ = peer.read_to_string(&mut rest);
    assert!(!rest.contains(r#""1156""#), "{rest}");
    let mut other = connect(program.address, folder.path());
    assert_eq!(hear(&mut other)["latest"], 1);
}

#[test]
fn a_client_without_tls_gets_a_sentence_whether_it_speaks_first_or_waits() {
    let (program, _folder) = with_tls(&[]);
    for says in [&b"{\"type\":\"ping\"}\n"[..], b""] {
        let (mut stream, mut lines) = open(program.address);
        stream.write_all(says).unwrap();
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let error: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(error["type"], "error");
        assert!(error["message"].as_str().unwrap().contains("TLS"), "{line}");
        line.clear();
        assert_eq!(lines.read_line(&mut line).unwrap_or(0), 0, "and is closed");
    }
}

#[test]
fn a_client_too_many_hears_so_inside_tls() {
    let (program, folder) = with_tls(&["--max-connections", "1"]);
    let mut first = connect(program.address, folder.path());
    assert_eq!(hear(&mut first)["type"], "hello");
    let mut second = connect(program.address, folder.path());
    say(&mut second, &json!({"type": "ping"}));
    assert_eq!(hear(&mut second)["code"], "server_full");
}

#[test]
fn pins_in_the_open_are_warned_of_and_pins_inside_tls_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::write(&roster, "id\na\n").unwrap();
    let roster = roster.to_str().unwrap();
    for (flags, warned) in
        [(&["--listen", "0.0.0.0:0"][..], true), (&["--listen", "0.0.0.0:0", "--tls", "self"], false), (&[], false)]
    {
        let flags: Vec<&str> = ["--auth", "pin", "--roster", roster].into_iter().chain(flags.iter().copied()).collect();
        let mut command = crate::support::command(folder.path());
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let (_, log) = Program::start_as({
            command.args(&flags);
            command
        })
        .stop();
        assert_eq!(
            log.lines().filter(|line| line.contains("in the open")).count(),
            usize::from(warned),
            "{flags:?}: {log}"
        );
    }
}
