//! One room at several servers: one order, the same `seq` everywhere, each square once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::nats::{Nats, rows};
use crate::support::{Peer, Program};

#[test]
fn everybody_sees_one_order_whichever_server_they_are_at() {
    let nats = Nats::start(3);
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let nodes = folders.each_ref().map(|folder| nats.node(folder.path(), &[]));
    let made = nats.speak(async |jetstream| {
        jetstream.get_stream("SQUARES_squares").await.unwrap().cached_info().config.num_replicas
    });
    assert_eq!(made, 3);
    let join = |node: &Program, id: &str| Peer::join(node, id, json!({})).0;
    let mut peers: Vec<Peer> = nodes.iter().zip(["a", "b", "c"]).map(|(node, id)| join(node, id)).collect();
    for round in 0..20 {
        for (at, peer) in peers.iter_mut().enumerate() {
            peer.square(format!("{}", round * 10 + at), &format!("{round}"));
        }
    }
    let lines = |peer: &mut Peer| (0..60).map(|_| peer.next_of("result")).collect::<Vec<Value>>();
    let seen: Vec<Vec<Value>> = peers.iter_mut().map(lines).collect();
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    let seqs: Vec<u64> = seen[0].iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=60).collect::<Vec<_>>());
    // What one student sent on one connection stands in the order in which it was sent.
    for (at, student) in ["a", "b", "c"].iter().enumerate() {
        let sent = seen[0].iter().filter(|line| line["student"] == *student).map(|line| line["number"].clone());
        assert_eq!(
            sent.collect::<Vec<_>>(),
            (0..20).map(|round| json!(format!("{}", round * 10 + at))).collect::<Vec<_>>()
        );
    }
    // A later server has all of it before its port is open, and goes on where another one stopped.
    let late = tempfile::tempdir().unwrap();
    let late_node = nats.node(late.path(), &[]);
    let (mut reader, welcome) = Peer::join(&late_node, "d", json!({"after": 30, "log": peers[0].hello["log"]}));
    assert_eq!((&reader.hello["latest"], &welcome["replay_after"]), (&json!(60), &json!(30)));
    assert_eq!(reader.seqs(30), (31..=60).collect::<Vec<_>>());
    nodes.into_iter().chain([late_node]).for_each(|node| drop(node.stop()));
    let all = rows(folders[0].path());
    assert_eq!(all.len(), 60);
    for folder in folders[1..].iter().chain([&late]) {
        assert_eq!(rows(folder.path()), all);
    }
}

#[test]
fn a_square_that_is_asked_for_at_two_servers_at_once_is_recorded_once() {
    let nats = Nats::start(1);
    let folders = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let nodes = folders.each_ref().map(|folder| nats.node(folder.path(), &[]));
    let mut peers = nodes.each_ref().map(|node| Peer::join(node, "a", json!({})).0);
    for id in 0..50 {
        peers.iter_mut().for_each(|peer| peer.square("7", &format!("{id}")));
    }
    for peer in &mut peers {
        // Each gets all of them in order; what the other server recorded first comes again, behind it.
        let mut highest = 0;
        while highest < 50 {
            let seq = peer.seqs(1)[0];
            assert!(seq <= highest + 1, "{seq} follows {highest}");
            highest = highest.max(seq);
        }
    }
    peers[1].square("8", "3");
    assert_eq!(peers[1].next_of("error")["code"], "id_reused");
}

#[test]
fn a_join_waits_for_what_its_client_has_seen_at_another_server() {
    let nats = Nats::start(1);
    let folders = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let nodes = folders.each_ref().map(|folder| nats.node(folder.path(), &[]));
    let (mut writer, _) = Peer::join(&nodes[0], "a", json!({}));
    writer.square("1", "1");
    writer.next_of("result");
    let mut reader = Peer::connect(&nodes[1]);
    reader.send(&json!({"type": "join", "student": "b", "after": 2, "log": reader.hello["log"]}));
    writer.square("2", "2");
    writer.next_of("result");
    let welcome = reader.next_of("welcome");
    assert_eq!((&welcome["replay_after"], &welcome["latest"]), (&json!(2), &json!(2)));
    // Not for ever, and not for another log.
    let began = Instant::now();
    let (_, welcome) = Peer::join(&nodes[1], "c", json!({"after": 9, "log": reader.hello["log"], "backlog": 0}));
    assert_eq!(welcome["replay_after"], 2);
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    let (_, welcome) = Peer::join(&nodes[1], "d", json!({"after": 9, "log": "another", "backlog": 1}));
    assert_eq!(welcome["replay_after"], 1);
}
