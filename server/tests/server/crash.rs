//! The server is killed in the middle of its work, again and again: what anybody has seen stands in the ledger, once,
//! with the same `seq`, and what was sent again was recorded once.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Peer, Program};

const ROUNDS: u64 = 8;
const CLIENTS: u64 = 4;

/// What a client knows when its server is gone.
#[derive(Default)]
struct Known {
    seen: BTreeMap<u64, Value>,
    /// The requests that it has sent, answered or not, by `id`.
    sent: HashMap<String, u64>,
}

/// Squares until the connection breaks, a few requests ahead of the answers.
fn work(address: SocketAddr, student: &str, round: u64, started: &mpsc::Sender<()>) -> Known {
    const AHEAD: u64 = 16;
    let mut known = Known::default();
    let mut peer = Peer::connect_to(address);
    peer.send(&json!({"type": "join", "student": student, "backlog": 0}));
    let (mut sent, mut answered) = (0, 0);
    loop {
        while sent < answered + AHEAD {
            let id = format!("{round}-{sent}");
            known.sent.insert(id.clone(), sent);
            if !peer.try_send(&json!({"type": "square", "number": sent, "id": id})) {
                return known;
            }
            sent += 1;
        }
        match peer.try_next() {
            Some(message) if message["type"] == "result" => {
                answered += u64::from(message["student"] == student);
                if answered == AHEAD {
                    let _ = started.send(());
                }
                let seq = message["seq"].as_u64().unwrap();
                assert_eq!(known.seen.insert(seq, message), None, "seen twice: {seq}");
            }
            Some(_) => {}
            None => return known,
        }
    }
}

/// The whole ledger as the server tells it, by `seq`.
fn ledger(program: &Program) -> BTreeMap<u64, Value> {
    let (mut peer, _) = Peer::join(program, "reader", json!({"backlog": 0}));
    let mut results = BTreeMap::new();
    let mut before = u64::MAX;
    loop {
        peer.send(&json!({"type": "history", "before": before, "limit": 500}));
        let page = peer.next_of("history");
        for result in page["results"].as_array().unwrap() {
            let seq = result["seq"].as_u64().unwrap();
            before = before.min(seq);
            assert_eq!(results.insert(seq, result.clone()), None);
        }
        if page["more"] == false {
            return results;
        }
    }
}

/// Sends everything once more, and checks that what was seen answered is answered by the same result.
fn send_again(program: &Program, student: &str, known: &Known) {
    let (mut peer, _) = Peer::join(program, student, json!({"backlog": 0}));
    let answers: HashMap<&str, u64> = known
        .seen
        .iter()
        .filter(|(_, result)| result["student"] == student)
        .map(|(&seq, result)| (result["id"].as_str().unwrap(), seq))
        .collect();
    for (id, number) in &known.sent {
        peer.square(*number, id);
        let result = loop {
            let result = peer.next_of("result");
            if result["student"] == student && result["id"] == **id {
                break result;
            }
        };
        if let Some(seq) = answers.get(&**id) {
            assert_eq!(result["seq"], *seq, "{id} was given another place");
        }
    }
}

fn round(folder: &Path, round: u64, random: &mut fastrand::Rng) {
    let program = Program::start(folder, &["--rate", "0"]);
    let (started, has_started) = mpsc::channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, started) = (program.address, started.clone());
            thread::spawn(move || work(address, &format!("c{client}"), round, &started))
        })
        .collect();
    has_started.recv_timeout(crate::support::PATIENCE).expect("squares are answered");
    thread::sleep(Duration::from_micros(random.u64(0..30_000)));
    program.kill();
    let known: Vec<Known> = clients.into_iter().map(|client| client.join().unwrap()).collect();

    let program = Program::start(folder, &["--rate", "0"]);
    let kept = ledger(&program);
    for (client, known) in known.iter().enumerate() {
        for (seq, seen) in &known.seen {
            let mut kept =
                kept.get(seq).unwrap_or_else(|| panic!("{seq} was seen by client {client} and is lost")).clone();
            kept["type"] = "result".into();
            assert_eq!(&kept, seen);
        }
    }
    for (client, known) in known.iter().enumerate() {
        send_again(&program, &format!("c{client}"), known);
    }
    let kept = ledger(&program);
    let mut requests = HashMap::new();
    for (seq, result) in &kept {
        let request = (result["student"].to_string(), result["id"].to_string());
        assert_eq!(requests.insert(request, seq), None, "recorded twice: {result}");
    }
    let sent: usize = known.iter().map(|known| known.sent.len()).sum();
    let of_this_round = kept.values().filter(|result| result["id"].as_str().unwrap().starts_with(&format!("{round}-")));
    assert_eq!(of_this_round.count(), sent, "everything sent stands, once");
    let (status, _) = program.stop();
    assert!(status.success());
}

#[test]
fn what_was_seen_survives_a_kill_and_nothing_is_recorded_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..ROUNDS {
        round(folder.path(), number, &mut random);
    }
}
