//! Connections without end: that join slowly, never, or again and again.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;
use socket2::SockRef;

use super::{House, Trouble, pace};
use crate::support::{Peer, Program, eventually, open};

/// Joins that never come to their end: each sends the next byte of its `join` once in a while.
pub(super) fn dawdlers(program: &Program, count: usize) -> (Vec<TcpStream>, &'static [u8]) {
    let streams = (0..count).map(|_| {
        let (stream, _) = open(program.address);
        stream.set_nonblocking(true).unwrap();
        stream
    });
    (
        streams.collect(),
        b"{\"type\":\"join\",\"student\":\"dawdler\",\"name\":\"                                        ",
    )
}

/// Closes as a machine does that was switched off and on again: no port lies waiting for its last word.
fn drop_hard(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

#[test]
fn a_flood_of_connections_that_never_join_is_only_a_flood() {
    let house = House::open(&[]);
    let address = house.program.address;
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        let streams: Vec<TcpStream> = (0..20).filter_map(|_| TcpStream::connect(address).ok()).collect();
        streams.iter().for_each(drop_hard);
        pace(since, Duration::from_millis(20));
        streams.len() as u64
    });
    let grown = house.feels_nothing_of("connections that never join");
    eventually("two hundred came", || trouble.made() > 200);
    trouble.end();
    assert!(grown < 32 << 20, "{grown} bytes more");
    house.close();
}

#[test]
fn connections_beyond_the_limit_are_told_so_and_guests_stay() {
    let house = House::open(&["--max-connections", "50"]);
    let mut held: Vec<Peer> = Vec::new();
    while held.len() < 46 {
        held.push(Peer::join(&house.program, &format!("held{}", held.len()), json!({"backlog": 0})).0);
    }
    let address = house.program.address;
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        let mut refused = 0;
        for _ in 0..10 {
            let Ok(mut stream) = TcpStream::connect(address) else { continue };
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut said = String::new();
            if stream.read_to_string(&mut said).is_ok() && said.contains("server_full") {
                refused += 1;
            }
        }
        pace(since, Duration::from_millis(20));
        refused
    });
    house.feels_nothing_of("connections beyond the limit");
    eventually("twenty came", || trouble.made() > 20);
    trouble.end();
    drop(held);
    eventually("there is room again", || {
        let mut first = [0; 20];
        let (mut stream, _) = open(address);
        stream.read_exact(&mut first).is_ok() && first.starts_with(b"{\"type\":\"hello\"")
    });
    house.close();
}

#[test]
fn joining_and_leaving_a_thousand_times_is_told_in_few_lines() {
    const FLAPS: u64 = 1_000;
    let house = House::open(&[]);
    let address = house.program.address;
    let (mut watcher, _) = Peer::join(&house.program, "watcher", json!({"backlog": 0}));
    let mut flaps = 0;
    let begun = Instant::now();
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        for _ in 0..20 {
            let (mut stream, mut lines) = open(address);
            let student = format!("f{}", flaps % 50);
            writeln!(stream, "{}", json!({"type": "join", "student": student, "backlog": 0})).unwrap();
            let mut line = String::new();
            while !line.contains("\"welcome\"") {
                line.clear();
                std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
            }
            drop_hard(&stream);
            flaps += 1;
        }
        pace(since, Duration::from_millis(20));
        20
    });
    house.feels_nothing_of("joining and leaving");
    eventually("a thousand have come and gone", || trouble.made() >= FLAPS);
    let flapped = trouble.end();
    // The watcher hears of them at most ten times a second, and in the end that they are gone.
    let mut told = 0_u128;
    loop {
        let message = watcher.next();
        if message["type"] == "presence" || message["type"] == "online" {
            told += 1;
            if message["count"].as_u64().unwrap() == 5 {
                break;
            }
        }
    }
    let most = begun.elapsed().as_millis() / 100 + 1;
    assert!(told <= most && told < u128::from(flapped), "{told} lines for {flapped} visits");
    drop(watcher);
    house.close();
}

/// Sends the next byte of a join that never ends; tells how many connections still take it.
pub(super) fn dawdle(streams: &mut Vec<TcpStream>, join: &[u8], at: usize) -> usize {
    let byte = [join[at.min(join.len() - 1)]];
    streams.retain_mut(|stream| {
        let open = match stream.write(&byte) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        open && loop {
            match stream.read(&mut [0; 1024]) {
                Ok(0) => break false,
                Ok(_) => {}
                Err(error) => break error.kind() == ErrorKind::WouldBlock,
            }
        }
    });
    streams.len()
}
