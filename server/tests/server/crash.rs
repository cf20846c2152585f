//! The server is killed in the middle of its work, again and again: what anybody has seen stands in the ledger, once,
//! with the same `seq`, and what was sent again was recorded once. The moments rotate: idle, in the middle of
//! commits, of replays, and of a storm of joins and leaves.
//!
//! `CRASH_ROUNDS=200 cargo test -p squares-server --test server crash` is the long run.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Peer, Program, command, how_many};

const CLIENTS: u64 = 20;

/// The rounds on one ledger: each of them reads it whole.
const ROUNDS_A_LEDGER: u64 = 20;

/// What the server is doing when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Idle,
    Commits,
    Replays,
    Presence,
}

const MOMENTS: [Moment; 4] = [Moment::Commits, Moment::Replays, Moment::Presence, Moment::Idle];

/// What a client knows when its server is gone.
#[derive(Default)]
struct Known {
    seen: BTreeMap<u64, Value>,
    /// The requests that it has sent, answered or not, by `id`.
    sent: HashMap<String, u64>,
}

/// Squares until the connection breaks, a few requests ahead of the answers.
fn work(
    mut peer: Peer,
    student: &str,
    round: u64,
    moment: Moment,
    started: &mpsc::Sender<()>,
    is_gone: &AtomicBool,
) -> Known {
    const AHEAD: u64 = 8;
    let mut known = Known::default();
    let backlog = if moment == Moment::Replays { 1000 } else { 0 };
    if !peer.try_send(&json!({"type": "join", "student": student, "backlog": backlog})) {
        return known;
    }
    let most = if moment == Moment::Idle { AHEAD } else { u64::MAX };
    let (mut sent, mut answered) = (0, 0);
    loop {
        while sent < (answered + AHEAD).min(most) {
            let id = format!("{round}-{sent}");
            known.sent.insert(id.clone(), sent);
            if !peer.try_send(&json!({"type": "square", "number": sent, "id": id})) {
                return known;
            }
            sent += 1;
        }
        match peer.try_next_unless(is_gone) {
            Some(message) if message["type"] == "result" => {
                let is_new = message["student"] == student && known.sent.contains_key(message["id"].as_str().unwrap());
                answered += u64::from(is_new);
                if is_new && answered == AHEAD {
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

/// Comes and goes until the server is gone.
fn flap(address: SocketAddr, student: &str, is_gone: &AtomicBool) {
    while !is_gone.load(Ordering::Relaxed)
        && let Ok(stream) = TcpStream::connect(address)
    {
        let _ = stream.set_read_timeout(Some(crate::support::PATIENCE));
        let join = json!({"type": "join", "student": student, "backlog": 0});
        let _ = (&stream).write_all(format!("{join}\n{{\"type\":\"leave\"}}\n").as_bytes());
        let _ = (&stream).read_to_end(&mut Vec::new());
    }
}

fn round(folder: &Path, round: u64, log: &mut Option<Value>, random: &mut fastrand::Rng) {
    let moment = MOMENTS[(round % 4) as usize];
    let program = Program::start(folder, &["--rate", "0"]);
    let (started, has_started) = mpsc::channel();
    let is_gone = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            // Connected before anything can be killed.
            let (peer, started, is_gone) = (Peer::connect(&program), started.clone(), Arc::clone(&is_gone));
            thread::spawn(move || work(peer, &format!("c{client}"), round, moment, &started, &is_gone))
        })
        .collect();
    let flapping = if moment == Moment::Presence { 8 } else { 0 };
    let flapping: Vec<_> = (0..flapping)
        .map(|student| {
            let (address, is_gone) = (program.address, Arc::clone(&is_gone));
            thread::spawn(move || flap(address, &format!("f{student}"), &is_gone))
        })
        .collect();
    if moment == Moment::Idle {
        for _ in 0..CLIENTS {
            has_started.recv_timeout(crate::support::PATIENCE).expect("squares are answered");
        }
        let _ = started.send(());
    }
    has_started.recv_timeout(crate::support::PATIENCE).expect("squares are answered");
    thread::sleep(Duration::from_micros(random.u64(0..30_000)));
    program.kill();
    is_gone.store(true, Ordering::Relaxed);
    let known: Vec<Known> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    flapping.into_iter().for_each(|client| client.join().unwrap());

    let program = Program::start(folder, &["--rate", "0"]);
    let hello = Peer::connect(&program).hello;
    assert_eq!(*log.get_or_insert_with(|| hello["log"].clone()), hello["log"], "a crash is not taken for a copy");
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
    let check = command(folder).arg("check").output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    let (status, _) = program.stop();
    assert!(crate::support::ended_well(status));
}

#[test]
fn what_was_seen_survives_a_kill_and_nothing_is_recorded_twice() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut folder = tempfile::tempdir().unwrap();
    let mut log = None;
    for number in 0..how_many("CRASH_ROUNDS", 4) {
        if number > 0 && number % ROUNDS_A_LEDGER == 0 {
            (folder, log) = (tempfile::tempdir().unwrap(), None);
        }
        round(folder.path(), number, &mut log, &mut random);
    }
}
