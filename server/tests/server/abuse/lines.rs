//! Lines that are none: without an end, a byte at a time, nested without end, and not text at all.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{House, Trouble, is_long, pace};
use crate::support::{Peer, eventually, open};

/// A connection that nothing is expected of: what does not go out or come in at once is left.
fn careless(address: SocketAddr) -> TcpStream {
    let (stream, _) = open(address);
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Writes again and again what a connection takes, and throws away what comes; tells how many bytes went out. Who has
/// not joined in ten seconds is put out, and comes again.
fn pour(streams: &mut [TcpStream], address: SocketAddr, bytes: &[u8]) -> u64 {
    let mut poured = 0;
    for stream in streams {
        match stream.write(bytes) {
            Ok(count) => poured += count as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                assert!(is_long(), "the connection goes on: {error}");
                *stream = careless(address);
            }
        }
        while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
    }
    poured
}

#[test]
fn a_line_without_end_is_held_by_nobody() {
    let house = House::open(&[]);
    let (mut member, _) = Peer::join(&house.program, "endless", json!({"backlog": 0}));
    let address = house.program.address;
    let mut streams: Vec<TcpStream> = (0..20).map(|_| careless(address)).collect();
    let line = vec![b'7'; 64 << 10];
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        let poured = pour(&mut streams, address, &line);
        pace(since, Duration::from_millis(2));
        poured
    });
    let grown = house.feels_nothing_of("lines without end");
    eventually("16 MiB were poured", || trouble.made() > 16 << 20);
    let poured = trouble.end();
    assert!(grown < 16 << 20, "{grown} bytes more, for {poured} that came");
    // Inside one such line: it is refused once, and what follows is read.
    member.send_raw(&vec![b'7'; 1 << 20]);
    member.send_raw(b"\n{\"type\":\"ping\"}\n");
    assert_eq!(member.next_of("error")["code"], "too_long");
    assert_eq!(member.next_of("pong")["type"], "pong");
    drop(member);
    house.close();
}

#[test]
fn a_byte_at_a_time_costs_little_and_is_a_request_all_the_same() {
    let house = House::open(&[]);
    let address = house.program.address;
    let mut streams: Vec<TcpStream> = (0..100).map(|_| careless(address)).collect();
    let request = b"{\"type\":\"ping\"}\n";
    let mut next = 0;
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        let poured = pour(&mut streams, address, &request[next..=next]);
        next = (next + 1) % request.len();
        pace(since, Duration::from_millis(10));
        poured
    });
    let (mut slow, _) = open(house.program.address);
    let (mut peer, _) = Peer::join(&house.program, "slow", json!({}));
    for byte in request {
        peer.send_raw(&[*byte]);
        slow.write_all(&[*byte]).unwrap();
    }
    assert_eq!(peer.next_of("pong")["type"], "pong");
    // The feed takes 8 MiB, once the guests have filled it.
    assert!(house.feels_nothing_of("a byte at a time") < 16 << 20);
    eventually("a thousand bytes were poured", || trouble.made() > 1_000);
    trouble.end();
    drop((peer, slow));
    house.close();
}

/// Sends this line again and again on some connections, and expects that each is answered by an error and goes on.
fn nonsense(trouble: &str, line: Vec<u8>) {
    let house = House::open(&[]);
    let (mut member, _) = Peer::join(&house.program, "nonsense", json!({"backlog": 0}));
    member.send_raw(&line);
    member.send_raw(b"\n");
    assert_eq!(member.next_of("error")["code"], "bad_message");
    member.send_raw(b"{\"type\":\"ping\"}\n");
    assert_eq!(member.next_of("pong")["type"], "pong");
    let lines = [&line, &b"\n"[..]].concat();
    let address = house.program.address;
    let mut streams: Vec<TcpStream> = (0..10).map(|_| careless(address)).collect();
    let makers = Trouble::new().with(move || {
        let since = Instant::now();
        let poured = pour(&mut streams, address, &lines);
        pace(since, Duration::from_millis(10));
        poured
    });
    let grown = house.feels_nothing_of(trouble);
    assert!(grown < 16 << 20, "{grown} bytes more");
    eventually("enough was poured", || makers.made() > 100_000);
    makers.end();
    drop(member);
    let log = house.close();
    assert!(log.len() < 64 << 10, "nonsense fills the log: {} bytes", log.len());
}

#[test]
fn json_without_bottom_is_refused() {
    nonsense("deep JSON", [&b"{\"type\":"[..], &b"[{\"a\":".repeat(10_000)].concat());
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    nonsense("invalid UTF-8", b"{\"type\":\"ping\xff\xfe\xed\xa0\x80\"}".repeat(1_000));
}

/// Thirty-two times a million bytes a second, a thousand of them a request, is what all may ask for together beside
/// squares.
#[test]
fn whoever_asks_for_much_gets_all_of_it_and_has_to_wait() {
    const PINGS: usize = 10_000;
    let house = House::open(&[]);
    let (mut peer, _) = Peer::join(&house.program, "asks", json!({"backlog": 0}));
    let began = Instant::now();
    for _ in 0..PINGS / 100 {
        peer.send_raw(&b"{\"type\":\"ping\"}\n".repeat(100));
        for _ in 0..100 {
            peer.next_of("pong");
        }
    }
    let took = began.elapsed();
    assert!(took > Duration::from_millis(PINGS as u64 / 50), "{took:?} for {PINGS} requests");
    // A square is not held up by what was asked before, once that is answered.
    peer.square("12", "after");
    let own = std::iter::repeat_with(|| peer.next_of("result")).find(|result| result["id"] == "after");
    assert_eq!(own.expect("they never end")["square"], "144");
    drop(peer);
    house.close();
}
