//! Who is online, at all servers together.

use serde_json::{Value, json};

use super::nats::Nats;
use crate::support::{Peer, Program, eventually};

/// Waits for the presence line that says so.
fn until(peer: &mut Peer, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..50 {
        let line = peer.next();
        if matches!(line["type"].as_str(), Some("presence" | "online")) && holds(&line) {
            return line;
        }
    }
    panic!("in vain: {what}");
}

#[test]
fn a_student_counts_once_and_is_gone_with_the_last_terminal_or_server() {
    let nats = Nats::start(1);
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let [first, second, third] = folders.each_ref().map(|folder| nats.node(folder.path(), &[]));
    let (mut here, welcome) = Peer::join(&first, "a", json!({"name": "A"}));
    assert_eq!(welcome["online"]["count"], 1);
    let (there, _) = Peer::join(&second, "b", json!({"name": "B"}));
    let came = until(&mut here, "b comes", |line| line["count"] == 2);
    assert_eq!(came["joined"], json!([{"id": "b", "name": "B", "sessions": 1}]));
    let (again, _) = Peer::join(&second, "a", json!({"name": "A"}));
    let line = until(&mut here, "a comes twice", |line| line["joined"][0]["sessions"] == 2);
    assert_eq!((&line["count"], &line["joined"][0]["id"]), (&json!(2), &json!("a")));
    // A server that starts learns of everybody at once.
    let count = |node: &Program| {
        let mut peer = Peer::connect(node);
        peer.send(&json!({"type": "watch"}));
        peer.next_of("welcome")["online"]["count"].clone()
    };
    eventually("the third server knows both", || count(&third) == 2);
    drop(again);
    until(&mut here, "a is here alone", |line| line["joined"][0]["sessions"] == 1);
    drop(there);
    let line = until(&mut here, "b leaves", |line| line["count"] == 1);
    assert_eq!(line["left"], json!(["b"]));
    let (_d, _) = Peer::join(&third, "d", json!({}));
    until(&mut here, "d comes", |line| line["count"] == 2);
    third.stop();
    let line = until(&mut here, "d goes with its server", |line| line["count"] == 1);
    assert_eq!(line["left"], json!(["d"]));
}
