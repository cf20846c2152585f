//! Clients that ask for much and read nothing, ask for all of the past, or are gone without a word.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use socket2::SockRef;

use super::{House, Trouble, pace};
use crate::support::{Peer, Program, eventually};

/// A connection that has joined and reads no more, with as little room for what comes as the system allows.
pub(super) fn stubborn(program: &Program, student: &str) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // Before connecting: afterwards the window is only made smaller for what is still to come.
    socket.set_recv_buffer_size(2048).unwrap();
    socket.connect(&program.address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    writeln!(stream, "{}", json!({"type": "join", "student": student, "backlog": 0})).unwrap();
    let mut lines = BufReader::with_capacity(256, &mut stream);
    let mut line = String::new();
    while !line.contains("\"welcome\"") {
        line.clear();
        lines.read_line(&mut line).unwrap();
    }
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Squares of this many digits, so that a page of history is as long as it may be.
pub(super) fn fill(program: &Program, results: usize, digits: usize) {
    let (mut peer, _) = Peer::join(program, "filler", json!({"backlog": 0}));
    let number = "7".repeat(digits);
    for n in 0..results {
        peer.square(&*number, &format!("fill{n}"));
        if n % 16 == 15 {
            peer.seqs(16);
        }
    }
}

#[test]
fn hundreds_that_read_nothing_hold_little_and_delay_nobody() {
    const STUBBORN: usize = 300;
    let house = House::open(&[]);
    let mut streams: Vec<TcpStream> = (0..STUBBORN).map(|n| stubborn(&house.program, &format!("z{n}"))).collect();
    let requests = b"{\"type\":\"ping\"}\n".repeat(32);
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        let took = streams.iter_mut().filter(|stream| (&**stream).write(&requests).is_ok()).count();
        pace(since, Duration::from_millis(50));
        took as u64
    });
    let grown = house.feels_nothing_of("300 that read nothing");
    trouble.end();
    assert!(grown / (STUBBORN as u64) < 512 << 10, "{grown} bytes more for {STUBBORN} clients");
    house.close();
}

#[test]
fn whoever_asks_for_all_of_the_past_waits_for_it_alone() {
    let house = House::open(&[]);
    fill(&house.program, 512, 1_000);
    let (mut reader, _) = Peer::join(&house.program, "reader", json!({"backlog": 0}));
    let ask = json!({"type": "history", "limit": 500});
    let page = |reader: &mut Peer| {
        let asked = Instant::now();
        reader.send(&ask);
        let page = reader.next_of("history");
        assert!(page["results"].as_array().is_some_and(|results| !results.is_empty()));
        asked.elapsed()
    };
    let alone = page(&mut reader);
    let mut peers: Vec<TcpStream> = (0..50).map(|n| stubborn(&house.program, &format!("h{n}"))).collect();
    let requests = b"{\"type\":\"history\",\"limit\":500}\n".repeat(16);
    let trouble = Trouble::new().with(move || {
        let since = Instant::now();
        for peer in &mut peers {
            let _ = peer.write(&requests);
            // Some of them read, so that they go on asking.
            let mut taken = 0;
            while taken < 256 << 10
                && let Ok(count @ 1..) = peer.read(&mut [0; 16 << 10])
            {
                taken += count;
            }
        }
        pace(since, Duration::from_millis(5));
        1
    });
    let grown = house.feels_nothing_of("floods of history");
    let beside = page(&mut reader);
    eprintln!("a page of history: {alone:?} alone, {beside:?} beside the flood");
    let most = Duration::from_secs(2).max(20 * alone);
    assert!(beside < most, "a page took {beside:?}, alone {alone:?}");
    assert!(trouble.end() > 0);
    drop(reader);
    assert!(grown < 64 << 20, "{grown} bytes more");
    house.close();
}

#[test]
fn who_is_gone_without_a_word_is_gone_for_everybody() {
    const GONE: usize = 200;
    let house = House::open(&[]);
    let (mut watcher, _) = Peer::join(&house.program, "watcher", json!({"backlog": 0}));
    let mut half: Vec<Peer> =
        (0..GONE).map(|n| Peer::join(&house.program, &format!("half{n}"), json!({"backlog": 0})).0).collect();
    let reset: Vec<TcpStream> = (0..GONE).map(|n| stubborn(&house.program, &format!("reset{n}"))).collect();
    let online = |watcher: &mut Peer| loop {
        let message = watcher.next();
        if let Some(count) = message["count"].as_u64() {
            return count as usize;
        }
    };
    while online(&mut watcher) < 2 * GONE {}
    // They say nothing any more, hear nothing, and never close.
    half.iter_mut().for_each(Peer::end);
    for stream in &reset {
        // A closed socket that lingers for no time says so by a reset, as a machine does that has started anew.
        SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    drop(reset);
    house.feels_nothing_of("half-open peers");
    let others = |message: &Value| message["count"].as_u64().is_some_and(|count| count < 10);
    eventually("all are gone", || others(&watcher.next()));
    // What was on its way came, and then the end: the server does not keep its side open for ever.
    for peer in &mut half {
        while peer.try_next().is_some() {}
    }
    drop((half, watcher));
    house.close();
}
