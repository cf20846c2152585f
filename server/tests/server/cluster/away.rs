//! NATS cannot be reached, and comes back.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use super::nats::{Nats, rows};
use crate::support::{Peer, Program, eventually};

fn page(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// A server that has recorded a square, says that it is well, and shows its metrics at the address.
fn healthy_node(nats: &Nats, folder: &Path) -> (Program, SocketAddr, Peer) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let node = nats.node(folder, &["--metrics", &free.to_string()]);
    let (mut peer, _) = Peer::join(&node, "a", json!({}));
    peer.square("1", "1");
    peer.next_of("result");
    assert!(page(free, "/healthz").ends_with("ok\n"));
    (node, free, peer)
}

#[test]
fn without_the_log_the_past_is_read_and_squares_wait_and_then_are_refused() {
    let mut nats = Nats::start(1);
    let folder = tempfile::tempdir().unwrap();
    let (node, free, mut peer) = healthy_node(&nats, folder.path());
    nats.kill(0);
    eventually("health tells", || page(free, "/healthz").contains("shared log cannot be reached"));
    assert!(page(free, "/metrics").contains("squares_cluster_connected 0"));
    peer.send(&json!({"type": "history"}));
    assert_eq!(peer.next_of("history")["results"].as_array().unwrap().len(), 1);
    let began = Instant::now();
    peer.square("2", "2");
    let refused = peer.next_of("error");
    assert_eq!((&refused["code"], &refused["id"]), (&json!("storage_unavailable"), &json!("2")));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // It comes back by itself, and the connection stands. What waits is recorded.
    peer.square("3", "3");
    nats.restart(0);
    loop {
        let answer = peer.reply();
        if answer["type"] == "result" {
            assert_eq!((&answer["seq"], &answer["id"]), (&json!(2), &json!("3")));
            break;
        }
        assert_eq!(answer["code"], "storage_unavailable");
        peer.square("3", "3");
    }
    eventually("health tells", || page(free, "/healthz").ends_with("ok\n"));
    let metrics = page(free, "/metrics");
    assert!(
        metrics.contains("squares_cluster_connected 1") && metrics.contains("squares_cluster_publish_seconds_count")
    );
    node.stop();
    assert_eq!(rows(folder.path()).len(), 2);
}

#[test]
fn a_server_starts_once_nats_does() {
    let mut nats = Nats::start(1);
    nats.kill(0);
    let (folder, urls) = (tempfile::tempdir().unwrap(), nats.urls());
    let node = std::thread::scope(|scope| {
        let node = scope.spawn(|| Program::start(folder.path(), &["--cluster", &urls]));
        nats.restart(0);
        node.join().unwrap()
    });
    assert_eq!(Peer::connect(&node).hello["latest"], 0);
}

#[test]
fn health_tells_when_most_nats_servers_are_gone_though_one_can_be_reached() {
    let mut nats = Nats::start(3);
    let folder = tempfile::tempdir().unwrap();
    let (_node, free, mut peer) = healthy_node(&nats, folder.path());
    nats.kill(0);
    nats.kill(1);
    peer.square("2", "2");
    eventually("health tells", || page(free, "/healthz").contains("shared log cannot be reached"));
}
