//! Many guests at once: what each of them costs the machine, and that one whose ssh reads nothing costs bounded memory
//! and delays nobody.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use super::daemon::{Daemon, Guest};
use super::watcher;
use crate::support::{Peer, Process, Server};
use serde_json::json;

/// A class.
const GUESTS: usize = 40;

/// The most memory of a guest that counts as little, in KiB: a program that was built to be debugged has more of its
/// own than one that was built to be used.
const LITTLE: u64 = 48 * 1024;

/// Results that a guest misses whose ssh reads nothing, in rounds: several times what a terminal and ssh hold on the
/// way.
const ROUNDS: usize = 100;
const A_ROUND: usize = 100;

/// The memory that a process adds to the machine, in KiB.
fn memory(process: &Path) -> u64 {
    let rollup = fs::read_to_string(process.join("smaps_rollup")).unwrap();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    pss.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// How long a process has computed, in hundredths of a second.
fn computed(process: &Path) -> u64 {
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_class_of_guests_fits_into_a_small_machine() {
    let server = Server::start(&["--rate", "0"]);
    let daemon = Daemon::start(&server.address);
    let began = Instant::now();
    let mut guests: Vec<Guest> = (0..GUESTS).map(|_| Guest::start(&daemon, (80, 24), &[])).collect();
    for (at, guest) in guests.iter_mut().enumerate() {
        guest.pty.until_shows("손님 화면입니다.");
        guest.pty.type_text(&format!("s{at}\r"));
    }
    for guest in &guests {
        guest.pty.until_shows(&format!("접속 {GUESTS}명"));
    }
    eprintln!("{GUESTS} guests are in after {:.1} s", began.elapsed().as_secs_f64());
    for (at, guest) in guests.iter_mut().enumerate() {
        guest.pty.type_text(&format!("{}\r", 1000 + at));
    }
    for guest in &guests {
        guest.pty.until_shows(&format!("{GUESTS}"));
    }
    let processes = daemon.until_guests(GUESTS);
    let memories: Vec<u64> = processes.iter().map(|process| memory(process)).collect();
    let (all, most) = (memories.iter().sum::<u64>(), memories.iter().max().unwrap());
    let cpu = processes.iter().map(|process| computed(process)).sum::<u64>();
    let each = all / GUESTS as u64;
    eprintln!("memory of a guest (Pss): {each} KiB on average, {most} KiB at the most; in all {} MiB", all / 1024);
    eprintln!("computed by a guest to join and see {GUESTS} results: {:.0} ms", cpu as f64 * 10.0 / GUESTS as f64);
    assert!(*most < LITTLE, "{most} KiB");
    for guest in &mut guests {
        guest.pty.type_text("\x15/exit\r");
    }
    for guest in &mut guests {
        assert_eq!(guest.pty.exit_code(), 0);
    }
    assert_eq!(server.numbers().len(), GUESTS);
    daemon.until_no_guest();
}

#[test]
fn a_guest_whose_ssh_reads_nothing_costs_bounded_memory_and_delays_nobody() {
    let server = Server::start(&["--rate", "0"]);
    let daemon = Daemon::start(&server.address);
    let mut watcher = watcher(&server);
    // Nobody takes its output, in a window that takes much of it.
    let mut command = daemon.command(&["-tt"], &[]);
    let mut deaf = Process::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()));
    let process = daemon.until_guests(1).remove(0);
    deaf.say("deaf\r");
    let joined = |peer: &mut Peer| peer.hear_type("presence")["joined"][0]["id"] == "deaf";
    while !joined(&mut watcher) {}

    let join = |student: &str| {
        let mut peer = Peer::connect(&server.address);
        peer.hear();
        peer.say(&json!({"type": "join", "student": student, "backlog": 0}));
        peer.hear_type("welcome");
        peer
    };
    let (mut busy, mut other) = (join("busy"), join("other"));
    let mut latencies = Vec::new();
    let mut most = 0;
    for round in 0..ROUNDS {
        for number in 0..A_ROUND {
            busy.say(&json!({"type": "square", "number": format!("{number}{}", "7".repeat(100))}));
        }
        let began = Instant::now();
        other.say(&json!({"type": "square", "number": round}));
        while other.hear_type("result")["student"] != "other" {}
        latencies.push(began.elapsed());
        (0..A_ROUND).for_each(|_| drop(busy.hear_type("result")));
        most = most.max(memory(&process));
    }
    latencies.sort_unstable();
    let (median, slow) = (latencies[ROUNDS / 2], latencies[ROUNDS - 1]);
    eprintln!("a guest whose ssh reads nothing: {most} KiB at the most, with {} results", ROUNDS * A_ROUND);
    eprintln!("meanwhile another's square is answered within {median:.1?}, the slowest of {ROUNDS} within {slow:.1?}");
    assert!(most < LITTLE, "{most} KiB");
    let results = (0..ROUNDS * (A_ROUND + 1)).map(|_| watcher.hear_type("result")).count();
    assert_eq!(results, ROUNDS * (A_ROUND + 1), "who reads is told everything");
    // It ends with its ssh, whatever waits to be written.
    drop(deaf);
    super::until_left(&mut watcher, "deaf");
    daemon.until_no_guest();
}
