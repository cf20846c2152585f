//! Servers and NATS servers are killed and halted in turn under load: what anyone was shown stands in every ledger, as
//! the same, once, and all ledgers are equal.
//!
//! `SQUARES_CHAOS=20` tries each trouble as often.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::nats::{Nats, rows};
use crate::support::{Program, eventually, how_many};

/// Students at work, two at each server.
const STUDENTS: usize = 6;

/// Results that must come between two steps of a trouble.
const PROGRESS: u64 = 30;

/// What a client takes for a server that is gone.
const SILENCE: Duration = Duration::from_secs(8);

/// What all clients have seen, and what they share.
#[derive(Default)]
struct Seen {
    addresses: Mutex<Vec<SocketAddr>>,
    /// Every result that anybody was shown, by `seq`.
    shown: Mutex<BTreeMap<u64, Value>>,
    /// The result of each request.
    answered: Mutex<HashMap<(String, String), u64>>,
    progress: AtomicU64,
    /// Squares that were refused, since the log could not be reached.
    refused: AtomicU64,
    ends: AtomicBool,
}

impl Seen {
    fn show(&self, line: &Value) {
        let seq = line["seq"].as_u64().unwrap();
        let mut shown = self.shown.lock().unwrap();
        let before = shown.entry(seq).or_insert_with(|| line.clone());
        assert_eq!(before, line, "one seq, two results");
    }

    /// One student: a square after the other, each sent again until it is answered.
    fn study(&self, student: usize) {
        let id = format!("s{student}");
        let mut at = student;
        let (mut number, mut last) = (0, 0);
        while !self.ends.load(Ordering::Relaxed) {
            let address = {
                let addresses = self.addresses.lock().unwrap();
                addresses[at % addresses.len()]
            };
            if self.connection(address, &id, &mut number, &mut last).is_none() {
                at += 1;
                std::thread::yield_now();
            }
        }
    }

    /// Works on one connection until it fails.
    fn connection(&self, address: SocketAddr, id: &str, number: &mut u64, last: &mut u64) -> Option<()> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
        stream.set_read_timeout(Some(SILENCE)).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut lines = BufReader::new(stream.try_clone().ok()?);
        let mut next = move || {
            let mut line = String::new();
            lines.read_line(&mut line).ok().filter(|_| line.ends_with('\n'))?;
            serde_json::from_str::<Value>(&line).ok()
        };
        let hello = next()?;
        let join = json!({"type": "join", "student": id, "after": *last, "log": hello["log"]});
        writeln!(stream, "{join}").ok()?;
        let mut asked = false;
        loop {
            if self.ends.load(Ordering::Relaxed) {
                return Some(());
            }
            let line = next()?;
            match line["type"].as_str().unwrap() {
                "welcome" => {
                    // A server that was halted may still be behind after the five seconds that it waits.
                    if line["latest"].as_u64().unwrap() < *last {
                        return None;
                    }
                    // What it was shown elsewhere it is not to be shown less of here.
                    assert_eq!(line["replay_after"], *last, "{line}");
                }
                "result" => {
                    let seq = line["seq"].as_u64().unwrap();
                    self.show(&line);
                    if seq > *last {
                        *last = seq;
                    }
                    if line["student"] == *id {
                        let request = (id.to_owned(), line["id"].as_str().unwrap().to_owned());
                        let before = self.answered.lock().unwrap().insert(request, seq);
                        assert!(before.is_none_or(|before| before == seq), "recorded twice: {line}");
                        if line["id"] == format!("{number}") {
                            *number += 1;
                            asked = false;
                            self.progress.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                "error" => {
                    assert_eq!(line["code"], "storage_unavailable", "{line}");
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    asked = false;
                }
                "bye" => return None,
                _ => {}
            }
            if !asked {
                asked = true;
                let square = json!({"type": "square", "number": format!("{number}"), "id": format!("{number}")});
                writeln!(stream, "{square}").ok()?;
            }
        }
    }

    fn more(&self, what: &str) {
        let target = self.progress.load(Ordering::Relaxed) + PROGRESS;
        let mut tries = 0;
        // An election of NATS and a client's silence come before it goes on.
        while self.progress.load(Ordering::Relaxed) < target {
            tries += 1;
            assert!(tries < 12_000, "nothing goes on: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn whoever_is_killed_or_halted_nobody_loses_a_result() {
    let rounds = how_many("SQUARES_CHAOS", 1);
    let mut nats = Nats::start(3);
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let mut nodes: Vec<Option<Program>> = folders.iter().map(|folder| Some(nats.node(folder.path(), &[]))).collect();
    let seen = Seen::default();
    *seen.addresses.lock().unwrap() = nodes.iter().flatten().map(|node| node.address).collect();
    std::thread::scope(|scope| {
        let students: Vec<_> = (0..STUDENTS)
            .map(|at| {
                scope.spawn({
                    let seen = &seen;
                    move || seen.study(at)
                })
            })
            .collect();
        let ends = scope
            .spawn(|| {
                for round in 0..usize::try_from(rounds).unwrap() {
                    let at = round % 3;
                    seen.more("all run");
                    nodes[at].take().unwrap().kill();
                    seen.more("a server is killed");
                    let again = nats.node(folders[at].path(), &[]);
                    seen.addresses.lock().unwrap()[at] = again.address;
                    nodes[at] = Some(again);
                    seen.more("it is back");

                    let halted = nodes[(at + 1) % 3].as_ref().unwrap();
                    halted.signal(Signal::STOP);
                    seen.more("a server is halted");
                    halted.signal(Signal::CONT);
                    seen.more("it goes on");

                    nats.kill(at);
                    seen.more("a NATS server is killed");
                    nats.restart(at);
                    seen.more("it is back");

                    nats.signal((at + 1) % 3, Signal::STOP);
                    seen.more("a NATS server is halted");
                    nats.signal((at + 1) % 3, Signal::CONT);
                    seen.more("it goes on");
                    // Two of three: nothing can be recorded until one is back.
                    let refused = seen.refused.load(Ordering::Relaxed);
                    nats.kill(at);
                    nats.kill((at + 2) % 3);
                    eventually("squares are refused", || seen.refused.load(Ordering::Relaxed) > refused);
                    nats.restart((at + 2) % 3);
                    seen.more("most NATS servers run");
                    nats.restart(at);
                    eprintln!("round {round}: {} squares", seen.progress.load(Ordering::Relaxed));
                }
            })
            .join();
        seen.ends.store(true, Ordering::Relaxed);
        // Who waits for a line is sent one: their connection ends.
        for student in students {
            student.join().unwrap();
        }
        ends.unwrap();
    });
    let shown = seen.shown.into_inner().unwrap();
    let highest = *shown.keys().last().unwrap();
    for folder in &folders {
        let latest = || rows(folder.path()).last().map_or(0, |row| row.0);
        eventually("every server has all of it", || latest() >= highest);
    }
    nodes.into_iter().flatten().for_each(|node| drop(node.stop()));
    let all = rows(folders[0].path());
    for folder in &folders[1..] {
        assert_eq!(rows(folder.path()), all, "two ledgers differ");
    }
    assert_eq!(all.iter().map(|row| row.0).collect::<Vec<_>>(), (1..=all.len() as u64).collect::<Vec<_>>());
    for (seq, line) in &shown {
        let (_, _, student, _, number, square, id) = &all[usize::try_from(*seq).unwrap() - 1];
        let found = json!([student, number, square, id]);
        assert_eq!(found, json!([line["student"], line["number"], line["square"], line["id"]]), "{seq}");
    }
    assert!(shown.len() as u64 >= rounds * 10 * PROGRESS, "{}", shown.len());
}
