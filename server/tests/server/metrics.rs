//! What `--metrics` serves over HTTP to whoever watches over the server: counts that follow what clients do, and
//! health.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
};

use serde_json::json;

use crate::support::{Peer, eventually, server};

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// The status and the text of a page.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("metrics are served");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in text");
    let (head, text) = answer.split_once("\r\n\r\n").expect("an HTTP answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, text.to_owned())
}

#[test]
fn metrics_follow_what_clients_do() {
    let address = free_address();
    let (program, _folder) = server(&["--metrics", &address.to_string()]);
    let (mut peer, _) = Peer::join(&program, "s1", json!({}));
    let _idle = Peer::connect(&program);
    peer.square("12", "a");
    peer.square("x", "b");
    peer.send(&json!({"type": "history"}));
    peer.next_of("history");
    for line in [
        "squares_connections 2",
        "squares_joined 1",
        "squares_students_online 1",
        "squares_results_total 1",
        "squares_latest_seq 1",
        "squares_commit_results_sum 1.0",
        "squares_commit_seconds_count 1",
        r#"squares_readers{behind="0"} 1"#,
        r#"squares_errors_total{code="not_a_number"} 1"#,
        "squares_history_reads_total 1",
    ] {
        eventually(line, || get(address, "/metrics").1.lines().any(|found| found == line));
    }
    assert_eq!(get(address, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/elsewhere").0, 404);
    drop(peer);
    eventually("who left is not counted", || get(address, "/metrics").1.contains("squares_joined 0\n"));
    assert!(crate::support::ended_well(program.stop().0), "an open page does not hold it up");
}

#[test]
fn who_has_read_nothing_since_joining_is_counted_as_behind() {
    const RESULTS: usize = 500;
    let address = free_address();
    let (program, _folder) = server(&["--metrics", &address.to_string(), "--rate", "0"]);
    let (mut peer, _) = Peer::join(&program, "s1", json!({}));
    // Together more than the system takes for somebody who does not read.
    let long = "7".repeat(10_000);
    for id in 0..RESULTS {
        peer.square(&*long, &id.to_string());
        peer.next_of("result");
    }
    let (_silent, _) = Peer::join(&program, "s2", json!({"after": 0}));
    eventually("both are counted, one of them behind", || {
        let text = get(address, "/metrics").1;
        let is_behind = |line: &str| line.strip_prefix("squares_feed_lag_max_results ").is_some_and(|lag| lag != "0");
        text.contains("squares_joined 2\n") && text.lines().any(is_behind)
    });
}

#[test]
fn an_address_for_metrics_that_is_taken_is_told_by_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = crate::support::command(folder.path());
    let output = command.args(["--listen", "127.0.0.1:0", "--metrics", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.lines().last().unwrap_or_default().contains("--metrics"), "{log}");
}

#[test]
fn who_asks_for_nothing_keeps_nobody_from_asking() {
    let address = free_address();
    let (_program, _folder) = server(&["--metrics", &address.to_string()]);
    let half = |n: usize| {
        let mut stream = TcpStream::connect(address).expect("it is accepted");
        // Some say nothing at all, some begin.
        let begin: &[u8] = if n.is_multiple_of(2) { b"" } else { b"GET /healthz HTTP/1.1\r\nHost: " };
        stream.write_all(begin).expect("it reads");
        stream
    };
    let mut half_open: Vec<TcpStream> = Vec::new();
    for n in 0..300 {
        half_open.push(half(n));
        if n % 50 == 49 {
            let since = std::time::Instant::now();
            assert_eq!(get(address, "/healthz"), (200, "ok\n".to_owned()));
            assert!(since.elapsed() < std::time::Duration::from_secs(5), "{:?}", since.elapsed());
        }
    }
    // The oldest have given way.
    let mut first = half_open.swap_remove(0);
    let gone = match first.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    assert!(gone);
}
