//! Somebody who tries PINs, a thousand of them.

use std::net::Ipv4Addr;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{House, Trouble, alone, is_long, pace};
use crate::{
    pins::{PIN, roster_of},
    support::{Peer, Program, eventually},
};

/// Guesses in all.
const GUESSES: u64 = 1_000;

#[test]
fn a_thousand_guesses_slow_nobody_who_is_in_and_find_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let students = ["guest0", "guest1", "guest2", "guest3", "victim"];
    let flags = roster_of(folder.path(), &students);
    let house = House::in_folder(folder, &flags.each_ref().map(String::as_str));
    let address = house.program.address;
    let mut peers: Vec<Peer> = (0..20).map(|_| Peer::connect_to(address)).collect();
    let (mut guessed, mut wrong) = (0, 0);
    let trouble = Trouble::new().with(move || {
        if guessed >= GUESSES {
            std::thread::yield_now();
            return 0;
        }
        for peer in &mut peers {
            // The right one comes last, when nothing is looked at any more.
            let pin = if guessed < GUESSES - 20 { format!("guess-{guessed}") } else { PIN.to_owned() };
            peer.send(&json!({"type": "join", "student": "victim", "pin": pin}));
            guessed += 1;
        }
        for peer in &mut peers {
            let answer = peer.reply();
            match answer["code"].as_str() {
                Some("bad_pin") => wrong += 1,
                Some("rate_limited") => assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0)),
                // Who has guessed for as long as a join may take goes on from another connection.
                Some("join_timeout") => *peer = Peer::connect_to(address),
                _ => panic!("let in: {answer}"),
            }
        }
        assert!(wrong < 50, "{wrong} guesses were looked at");
        20
    });
    house.feels_nothing_of("guesses");
    // A thousand are through, or this took longer than a test may.
    eventually("a thousand guesses were answered", || trouble.made() >= GUESSES);
    trouble.end();
    let log = house.close();
    assert!(!log.contains(PIN) && !log.contains("guess-"), "a PIN on the log: {log}");
}

/// Guesses at many students from many addresses, so that each is looked at: the server checks PINs without end.
#[test]
fn checks_without_end_slow_nobody_who_is_in() {
    const STUDENTS: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let victims: Vec<String> = (0..STUDENTS).map(|n| format!("victim{n}")).collect();
    let guests = (0..4).map(|n| format!("guest{n}"));
    let students: Vec<String> = guests.chain(victims.iter().cloned()).collect();
    let flags = roster_of(folder.path(), &students.iter().map(String::as_str).collect::<Vec<_>>());
    let house = House::in_folder(folder, &flags.each_ref().map(String::as_str));
    let address = house.program.address;
    let mut from = 0_u32;
    let mut come = move || {
        from += 1;
        Peer::connect_from(Ipv4Addr::from_bits(0x7f01_0000 + from), address)
    };
    let mut peers: Vec<Peer> = (0..8).map(|_| come()).collect();
    let mut next = 0;
    let trouble = Trouble::new().with(move || {
        let mut looked_at = 0;
        for peer in &mut peers {
            next = (next + 1) % STUDENTS;
            if !peer.try_send(&json!({"type": "join", "student": victims[next], "pin": "x"})) {
                *peer = come();
            }
        }
        for peer in &mut peers {
            match peer.try_next().as_ref().and_then(|answer| answer["code"].as_str()) {
                Some("bad_pin") => looked_at += 1,
                // This address has tried often enough, or for long enough.
                Some("rate_limited" | "join_timeout") | None => *peer = come(),
                Some(other) => panic!("{other}"),
            }
        }
        looked_at
    });
    let grown = house.feels_nothing_of("checks of PINs without end");
    let checks = trouble.end();
    assert!(checks > 5, "only {checks} were looked at");
    assert!(grown < 96 << 20, "{grown} bytes more");
    house.close();
}

/// A student who joins again and again, each time from a connection that is closed at once, with the right PIN or a
/// wrong one.
#[test]
fn one_student_who_knocks_without_end_keeps_nobody_out() {
    /// What a join may take while the trouble is on.
    const FELT: Duration = Duration::from_secs(1);
    /// The same where other tests have the machine.
    const FELT_IN_SHORT: Duration = Duration::from_secs(5);
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let class: Vec<String> = (0..12).map(|n| format!("student{n}")).collect();
    let students: Vec<&str> = class.iter().map(String::as_str).chain(["eager"]).collect();
    let flags = roster_of(folder.path(), &students);
    let program = Program::start(folder.path(), &flags.each_ref().map(String::as_str));
    let address = program.address;
    let knock = |pin: &'static str, listens: bool| {
        move || {
            let since = Instant::now();
            for _ in 0..20 {
                let Ok(mut stream) = TcpStream::connect(address) else { continue };
                // One kind breaks the connection off, since it has not read what was said; the other has read it and
                // only closes.
                if listens {
                    let _ = stream.read(&mut [0; 1024]);
                }
                let _ = writeln!(stream, "{}", json!({"type": "join", "student": "eager", "pin": pin}));
            }
            pace(since, Duration::from_millis(20));
            20
        }
    };
    let trouble = Trouble::new().with(knock(PIN, false)).with(knock(PIN, true));
    eventually("six hundred have tried", || trouble.made() >= 600);
    let mut peers = Vec::new();
    for student in &class {
        let since = Instant::now();
        let mut peer = Peer::connect_to(address);
        peer.send(&json!({"type": "join", "student": student, "pin": PIN}));
        assert_eq!(peer.reply()["type"], "welcome");
        let took = since.elapsed();
        eprintln!("knocking without end: {student} is in after {took:.0?}");
        assert!(took < if is_long() { FELT } else { FELT_IN_SHORT }, "{student} is in after {took:?}");
        peers.push(peer);
    }
    trouble.end();
    drop(peers);
    let (status, log) = program.stop();
    assert!(status.success() && !log.contains("panic") && !log.contains(PIN), "{log}");
}
