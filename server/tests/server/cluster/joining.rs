//! A server that cannot join says why and ends.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
};

use super::nats::Nats;
use crate::support::{Peer, Program, command};

#[test]
fn what_cannot_be_joined_is_said_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |flags: &[&str]| {
        let mut command = command(folder.path());
        command.args(["--listen", "127.0.0.1:0"]).args(flags);
        match Program::try_start_as(command) {
            Ok(_) => panic!("it starts"),
            Err(why) => why,
        }
    };
    let why = run(&["--cluster", "127.0.0.1:4222"]);
    assert!(why.contains("nats://HOST:PORT") && why.contains("exit status: 2"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--cluster-name", "Nope"]);
    assert!(why.contains("a-z, 0-9 and -") && why.contains("exit status: 2"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--cluster-credentials", "/nowhere"]);
    assert!(why.contains("--cluster-credentials") && why.contains("exit status: 1"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--max-digits", "200000"]);
    assert!(why.contains("--max-digits 100000") && why.contains("exit status: 1"), "{why}");
}

#[test]
fn nats_is_spoken_to_in_tls_and_only_where_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let nats = Nats::start_with(1, "tls", &format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}"));
    let start = |trusted: Option<&Path>| {
        let data = tempfile::tempdir().unwrap();
        let mut command = command(data.path());
        command.args(["--listen", "127.0.0.1:0", "--cluster", &nats.urls()]);
        command.envs(trusted.map(|file| ("SSL_CERT_FILE", file)));
        Program::try_start_as(command).map(|program| Peer::connect(&program).hello["latest"].clone())
    };
    assert_eq!(start(Some(&certificate)).unwrap(), 0);
    let why = start(None).unwrap_err();
    assert!(why.contains("cannot join NATS at tls://127.0.0.1:") && why.contains("exit status: 1"), "{why}");
}

#[test]
fn a_server_that_nats_does_not_let_in_says_so_at_once() {
    let nats = Nats::start_with(1, "nats", "authorization { user: someone, password: something }");
    let folder = tempfile::tempdir().unwrap();
    let why = nats.refused(folder.path(), &[]);
    assert!(why.contains("authorization violation") && why.contains("exit status: 1"), "{why}");
}

/// What is said to a NATS server of this version, by a server that joins.
fn refused_by_version(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let speak = || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let info = serde_json::json!({"server_id": "x", "version": version, "proto": 1, "max_payload": 1_048_576});
        write!(stream, "INFO {info}\r\n")?;
        for line in BufReader::new(stream.try_clone()?).lines() {
            if line?.starts_with("PING") {
                stream.write_all(b"PONG\r\n")?;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        scope.spawn(speak);
        let data = tempfile::tempdir().unwrap();
        let mut command = command(data.path());
        command.args(["--listen", "127.0.0.1:0", "--cluster", &format!("nats://{address}")]);
        let started = Program::try_start_as(command);
        // Where it did not connect, nobody waits for it any more.
        drop(TcpStream::connect(address));
        started.map(drop).expect_err("it does not start")
    })
}

#[test]
fn a_nats_server_that_is_too_old_is_refused() {
    let why = refused_by_version("2.9.25");
    assert!(why.contains("version \"2.9.25\"") && why.contains("2.10 or newer"), "{why}");
    assert!(why.contains("exit status: 1"), "{why}");
    for odd in ["2", "99999999999999999999.0.0", "newest", ""] {
        let why = refused_by_version(odd);
        assert!(why.contains("cannot be read") && why.contains("exit status: 1"), "{odd:?}: {why}");
        assert!(!why.contains("panicked"), "{odd:?}: {why}");
    }
}
