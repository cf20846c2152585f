//! A class at work while a test makes trouble for the servers: each student squares one number after another at some
//! server, sends again what was not answered, and goes to the next server where one is gone. What all of them were
//! shown is held against the ledgers at the end.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::nats::rows;

/// Students at work, two at each server.
const STUDENTS: usize = 6;

/// Results that must come between two steps of a trouble.
pub(crate) const PROGRESS: u64 = 30;

/// What a client takes for a server that is gone.
const SILENCE: Duration = Duration::from_secs(8);

/// What all clients have seen, and what they share.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) addresses: Mutex<Vec<SocketAddr>>,
    /// Every result that anybody was shown, by `seq`.
    shown: Mutex<BTreeMap<u64, Value>>,
    /// The result of each request.
    answered: Mutex<HashMap<(String, String), u64>>,
    pub(crate) progress: AtomicU64,
    /// Squares that were refused, since the log could not be reached.
    refused: AtomicU64,
    ends: AtomicBool,
}

impl Seen {
    /// Lets a class work at these servers while troubles are made for them.
    pub(crate) fn under_load(addresses: Vec<SocketAddr>, troubles: impl FnOnce(&Self) + Send) -> Self {
        let seen = Self { addresses: Mutex::new(addresses), ..Self::default() };
        std::thread::scope(|scope| {
            let students: Vec<_> = (0..STUDENTS)
                .map(|at| {
                    scope.spawn({
                        let seen = &seen;
                        move || seen.study(at)
                    })
                })
                .collect();
            let made = scope.spawn(|| troubles(&seen)).join();
            seen.ends.store(true, Ordering::Relaxed);
            // Who waits for a line is sent one, or gives up after a while.
            for student in students {
                student.join().unwrap();
            }
            made.unwrap();
        });
        seen
    }

    /// Waits until the ledgers in these folders have all that anybody was shown.
    pub(crate) fn is_everywhere(&self, folders: &[TempDir]) {
        let highest = self.shown.lock().unwrap().keys().last().copied().unwrap_or_default();
        for folder in folders {
            let latest = || rows(folder.path()).last().map_or(0, |row| row.0);
            until("every server has all of it", || latest() >= highest);
        }
    }

    /// Asserts that the ledgers in these folders are equal and have what anybody was shown, once, as it was shown; and
    /// that it was at least so much.
    pub(crate) fn judge(self, folders: &[TempDir], least: u64) {
        let shown = self.shown.into_inner().unwrap();
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
        assert!(shown.len() as u64 >= least, "{}", shown.len());
    }

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

    /// Waits until so much more was recorded that troubles have passed.
    pub(crate) fn more(&self, what: &str) {
        let target = self.progress.load(Ordering::Relaxed) + PROGRESS;
        until(what, || self.progress.load(Ordering::Relaxed) >= target);
    }

    /// Waits until squares are refused, from when `trouble` was made on.
    pub(crate) fn refuses_while(&self, trouble: impl FnOnce()) {
        let before = self.refused.load(Ordering::Relaxed);
        trouble();
        until("squares are refused", || self.refused.load(Ordering::Relaxed) > before);
    }
}

/// Waits for longer than an election of NATS takes, and a client's silence, and joins at servers that are behind.
fn until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "nothing goes on: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
