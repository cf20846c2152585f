//! The power fails. A kill cannot show a sync that is missing, since the system keeps what a process has written; so
//! the program's writes, syncs and messages are recorded in one order, the record is cut off at any point, and of
//! what was not synced there any part is lost, torn or written out of order. A server is then started on what is
//! left: all that any client had been sent by then is there, as it was sent, and the ledger is sound.
//!
//! `POWER_HISTORIES=1000 cargo test -p squares-server --test server power` is the long run.

mod disk;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use disk::Disk;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    shim::{Deed, read_record, recorded},
    support::{Peer, Program, command, how_many},
};

/// The histories that are made of one recorded run.
const CUTS: u64 = 20;

/// What clients had been sent by a moment.
#[derive(Debug, Clone, Default)]
struct Announced {
    results: BTreeMap<u64, Value>,
    /// The beginning of a line, for each connection.
    parts: HashMap<String, Vec<u8>>,
}

impl Announced {
    fn add(&mut self, to: &str, data: &[u8]) {
        let part = self.parts.entry(to.to_owned()).or_default();
        part.extend_from_slice(data);
        while let Some(end) = part.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = part.drain(..=end).collect();
            if let Ok(message) = serde_json::from_slice::<Value>(&line)
                && message["type"] == "result"
            {
                let seq = message["seq"].as_u64().unwrap();
                let before = self.results.insert(seq, message.clone());
                assert!(before.is_none_or(|before| before == message), "{seq} was sent as two results");
            }
        }
    }
}

/// A world at a moment: the disk, and what was said.
#[derive(Debug, Clone, Default)]
struct World {
    disk: Disk,
    announced: Announced,
}

impl World {
    fn after(&self, deeds: &[Deed]) -> Self {
        let mut world = self.clone();
        for deed in deeds {
            world.disk.execute(deed);
            if let Deed::Sent { to, data } = deed {
                world.announced.add(to, data);
            }
        }
        world
    }

    fn without_power(&self, random: &mut Rng) -> Self {
        let announced = Announced { results: self.announced.results.clone(), parts: HashMap::new() };
        Self { disk: self.disk.cut(random), announced }
    }

    /// Starts a server on what is there, and looks for what it lacks.
    fn check(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        self.disk.write_to(folder.path());
        let data = folder.path();
        let mut serve = command(data);
        serve.args(["--listen", "127.0.0.1:0"]);
        let (status, log) = Program::try_start_as(serve)?.stop();
        if !status.success() {
            return Err(format!("the server did not end cleanly: {log}"));
        }
        let run = |arguments: &[&str]| {
            let output = command(data).args(arguments).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            if output.status.success() { Ok(text) } else { Err(format!("{arguments:?}: {text}")) }
        };
        run(&["check"])?;
        let mut kept = BTreeMap::new();
        for line in run(&["export", "--jsonl"])?.lines() {
            let result: Value = serde_json::from_str(line).unwrap();
            kept.insert(result["seq"].as_u64().unwrap(), result);
        }
        for (seq, result) in &self.announced.results {
            if kept.get(seq) != Some(result) {
                return Err(format!("{seq} was announced, and is now {:?}", kept.get(seq)));
            }
        }
        Ok(())
    }
}

/// Runs a recorded server on a world: clients square and look on until it has grown, and it is killed, or stopped.
fn run(world: &World, number: u64, random: &mut Rng) -> Vec<Deed> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    world.disk.write_to(&data);
    let record = folder.path().join("record");
    let program = Program::start_as(recorded(&data, &record));
    let mut peers: Vec<Peer> =
        (0..3).map(|peer| Peer::join(&program, &format!("p{peer}"), json!({"backlog": 1000})).0).collect();
    let rounds = random.usize(5..60);
    // A round fits into what a session holds for a client that does not read yet.
    let digits = [3, 300, 1000][random.usize(0..3)];
    for round in 0..rounds {
        let each = random.usize(1..20);
        for peer in &mut peers {
            for square in 0..each {
                peer.square("7".repeat(random.usize(1..=digits)), &format!("{number}-{round}-{square}"));
            }
        }
        for peer in &mut peers {
            wait_for(peer, &format!("{number}-{round}-{}", each - 1));
        }
    }
    if random.bool() {
        program.kill();
    } else {
        program.stop();
    }
    read_record(&record)
}

/// Waits until the last request of a round came back from every student, which takes all before it.
fn wait_for(peer: &mut Peer, id: &str) {
    for _ in 0..3 {
        while peer.next_of("result")["id"] != id {}
    }
}

/// Plays histories, `CUTS` a run, and gives what went wrong in each that failed. `is_done` tells which deeds the disk
/// carries out.
fn play(histories: u64, seed: u64, is_done: impl Fn(&Deed) -> bool) -> Vec<String> {
    let mut failures = Vec::new();
    let mut world = World::default();
    let mut random = Rng::with_seed(seed);
    for number in 0..histories.div_ceil(CUTS) {
        if number % 8 == 0 {
            world = World::default();
        }
        let deeds: Vec<Deed> = run(&world, number, &mut random).into_iter().filter(|deed| is_done(deed)).collect();
        for cut in 0..CUTS {
            let at = random.usize(0..=deeds.len());
            let left = world.after(&deeds[..at]).without_power(&mut random);
            if let Err(what) = left.check() {
                failures
                    .push(format!("seed {seed}, run {number}, cut {cut} after {at} of {} deeds: {what}", deeds.len()));
            }
        }
        // The next run goes on where the power failed; or where only the process ended, and what it had not synced
        // still is not.
        world = world.after(&deeds);
        world.announced.parts.clear();
        if random.bool() {
            world = world.without_power(&mut random);
        }
        if !failures.is_empty() {
            break;
        }
    }
    failures
}

#[test]
fn what_was_announced_survives_a_power_loss() {
    let failures = play(how_many("POWER_HISTORIES", 20), how_many("POWER_SEED", 11), |_| true);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_same_check_catches_a_ledger_that_does_not_sync() {
    // What SQLite does with synchronous=OFF: the same, without the syncs.
    let failures = play(CUTS, 12, |deed| !matches!(deed, Deed::Sync { .. } | Deed::SyncFolder));
    assert!(!failures.is_empty());
    // And with synchronous=NORMAL: the write-ahead log is not synced at each commit.
    let failures = play(CUTS, 13, |deed| !matches!(deed, Deed::Sync { file } if is_write_ahead_log(file)));
    assert!(failures.iter().any(|what| what.contains("was announced")), "{failures:#?}");
}

fn is_write_ahead_log(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "sqlite3-wal")
}
