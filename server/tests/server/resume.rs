//! Coming back: what a join replays, and that a client which loses its connection at any moment ends up with every
//! result once, in order, and has nothing recorded twice.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Peer, Program, server};

/// Records numbers 1 to `count`, and gives the name of the ledger.
fn record(program: &Program, count: u64) -> String {
    let (mut peer, _) = Peer::join(program, "recorder", json!({"backlog": 0}));
    for number in 1..=count {
        peer.square(number, &format!("n{number}"));
        if number % 100 == 0 {
            peer.seqs(100);
        }
    }
    peer.seqs((count % 100) as usize);
    peer.hello["log"].as_str().expect("a log").to_owned()
}

/// Joins, and checks where the results begin and that they follow without a gap up to the latest.
fn check(program: &Program, fields: Value, latest: u64, replay_after: u64) {
    let (mut peer, welcome) = Peer::join(program, "a", fields.clone());
    assert_eq!(welcome["latest"], latest, "{fields}");
    assert_eq!(welcome["replay_after"], replay_after, "{fields}");
    let seqs = peer.seqs((latest - replay_after) as usize);
    assert!(seqs.into_iter().eq(replay_after + 1..=latest), "{fields}");
    // Nothing more comes before what is asked for now.
    peer.send(&json!({"type": "ping"}));
    assert_eq!(peer.reply()["type"], "pong", "{fields}");
}

#[test]
fn a_join_replays_what_was_missed() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &["--rate", "0"]);
    check(&program, json!({}), 0, 0);
    check(&program, json!({"after": 0}), 0, 0);
    check(&program, json!({"after": 7}), 0, 0);
    let log = record(&program, 2300);
    let check_all = |program: &Program| {
        check(program, json!({}), 2300, 2200);
        check(program, json!({"backlog": 0}), 2300, 2300);
        check(program, json!({"backlog": 5000}), 2300, 1300);
        check(program, json!({"after": 0, "log": log}), 2300, 0);
        check(program, json!({"after": 2299, "log": log, "backlog": 5}), 2300, 2299);
        check(program, json!({"after": 2300, "log": log}), 2300, 2300);
        check(program, json!({"after": 2301, "log": log}), 2300, 2200);
        check(program, json!({"after": 5, "log": "another", "backlog": 5}), 2300, 2295);
    };
    check_all(&program);
    program.kill();
    // Now most of it is only in the ledger.
    check_all(&Program::start(folder.path(), &[]));
}

#[test]
fn far_behind_a_join_begins_later_and_history_fills_the_hole() {
    let (program, _folder) = server(&["--rate", "0"]);
    record(&program, 11_500);
    check(&program, json!({"after": 3}), 11_500, 1_500);
    let (mut peer, _) = Peer::join(&program, "a", json!({"backlog": 0}));
    let (mut before, mut seen) = (1_501, Vec::new());
    loop {
        peer.send(&json!({"type": "history", "before": before, "limit": 500}));
        let page = peer.next_of("history");
        let seqs: Vec<u64> = page["results"].as_array().unwrap().iter().map(|r| r["seq"].as_u64().unwrap()).collect();
        before = seqs[0];
        seen.splice(0..0, seqs);
        if page["more"] == false {
            break;
        }
    }
    assert!(seen.into_iter().eq(1..=1_500));
}

#[test]
fn a_repeat_never_comes_ahead_of_the_stream() {
    let (program, _folder) = server(&["--rate", "0"]);
    record(&program, 1000);
    let mut peer = Peer::connect(&program);
    peer.send_raw(
        b"{\"type\":\"join\",\"student\":\"recorder\",\"after\":0}\n{\"type\":\"square\",\"number\":900,\"id\":\"n900\"}\n",
    );
    let mut last = 0;
    loop {
        let seq = peer.seqs(1)[0];
        if seq <= last {
            assert_eq!(seq, 900);
            break;
        }
        assert_eq!(seq, last + 1);
        last = seq;
    }
    assert!(last >= 900, "the repeat came when only {last} had been sent");
}

#[test]
fn whenever_connections_break_every_result_is_seen_once_and_recorded_once() {
    const WANTED: u64 = 400;
    let (program, _folder) = server(&["--rate", "0"]);
    let workers: Vec<_> = (0..3_u64)
        .map(|worker| {
            let address = program.address;
            std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(worker);
                let mut client =
                    Client { student: format!("w{worker}"), address, seen: BTreeMap::new(), last: 0, log: None };
                let mut answered = 0;
                while answered < WANTED {
                    answered = client.visit(answered, WANTED, &mut random);
                }
                client.catch_up(3 * WANTED);
                client.seen
            })
        })
        .collect();
    let seen: Vec<BTreeMap<u64, String>> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    assert_eq!(seen[0].len() as u64, 3 * WANTED, "each request stands once");
    assert!(seen[0].keys().copied().eq(1..=3 * WANTED));
    assert!(seen.iter().all(|other| *other == seen[0]), "everybody has seen the same");
}

/// A client that remembers what it has seen across connections, as the protocol tells clients to.
struct Client {
    student: String,
    address: std::net::SocketAddr,
    seen: BTreeMap<u64, String>,
    last: u64,
    log: Option<String>,
}

impl Client {
    fn join(&mut self) -> Peer {
        let mut peer = Peer::connect_to(self.address);
        let log = self.log.get_or_insert_with(|| peer.hello["log"].as_str().unwrap().to_owned());
        peer.send(&json!({"type": "join", "student": self.student, "after": self.last, "log": log}));
        assert_eq!(peer.next_of("welcome")["replay_after"], self.last);
        peer
    }

    /// Takes note of a result; tells whether it answers the request with this id of this client.
    fn note(&mut self, result: &Value, id: &str) -> bool {
        let seq = result["seq"].as_u64().unwrap();
        let line = result.to_string();
        if seq > self.last {
            self.last = seq;
            assert_eq!(self.seen.insert(seq, line), None);
        } else {
            assert_eq!(self.seen.get(&seq), Some(&line), "a repeat is the line it repeats");
        }
        result["student"] == self.student && result["id"] == id
    }

    /// Connects, sends a few squares from `next` on, and breaks off at a random moment; gives the first one that is
    /// not answered.
    fn visit(&mut self, next: u64, wanted: u64, random: &mut fastrand::Rng) -> u64 {
        let mut peer = self.join();
        let count = random.u64(1..40).min(wanted - next);
        for number in next..next + count {
            peer.square(number, &number.to_string());
        }
        let breaks_after = random.u64(0..=count);
        let mut answered = next;
        while answered < next + breaks_after {
            let result = peer.next_of("result");
            if self.note(&result, &answered.to_string()) {
                answered += 1;
            }
        }
        answered
    }

    fn catch_up(&mut self, latest: u64) {
        let mut peer = self.join();
        while self.last < latest {
            let result = peer.next_of("result");
            self.note(&result, "");
        }
    }
}
