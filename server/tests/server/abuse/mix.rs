//! Everything at once: what the server then holds in memory stays below the figure that the README gives.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{House, Trouble, connections, lasting, pace, readers};
use crate::support::{eventually, open, resident};

/// The figure of the README, for some 800 connections of which all do their worst and half ask without reading.
const MAX_RESIDENT: u64 = 256 << 20;

#[test]
fn the_worst_of_everything_stays_within_the_memory_that_is_promised() {
    let house = House::open(&[]);
    readers::fill(&house.program, 512, 2_000);
    let program = &house.program;
    let address = program.address;

    let (mut dawdlers, join) = connections::dawdlers(program, 300);
    // Each sends the largest square again and again under one id, asks for pages, and reads nothing of it.
    let largest = format!("{{\"type\":\"square\",\"number\":\"{}\",\"id\":\"again\"}}\n", "7".repeat(10_000));
    let mut greedy: Vec<(TcpStream, usize)> =
        (0..400).map(|n| (readers::stubborn(program, &format!("g{n}")), 0)).collect();
    let mut endless: Vec<TcpStream> = (0..100).map(|_| open(address).0).collect();
    endless.iter().for_each(|stream| stream.set_nonblocking(true).unwrap());

    let began = Instant::now();
    let mut byte = 0;
    let slow_joins = Trouble::new().with(move || {
        let since = Instant::now();
        connections::dawdle(&mut dawdlers, join, byte);
        byte += 1;
        pace(since, Duration::from_millis(200));
        u64::from(dawdlers.is_empty())
    });
    let pages = "{\"type\":\"history\",\"limit\":500}\n{\"type\":\"ping\"}\n".repeat(8);
    let wishes = (pages + &largest.repeat(4)).into_bytes();
    let line = vec![b'7'; 60 << 10];
    let rest = Trouble::new()
        .with(move || {
            let since = Instant::now();
            // A piece of a line that did not fit would spoil the next one: each goes on where it was.
            for (stream, at) in &mut greedy {
                if let Ok(took) = stream.write(&wishes[*at..]) {
                    *at = (*at + took) % wishes.len();
                }
            }
            pace(since, Duration::from_millis(50));
            1
        })
        .with(move || {
            let since = Instant::now();
            for stream in &mut endless {
                let _ = stream.write(&line);
                let _ = stream.read(&mut [0; 1024]);
            }
            pace(since, Duration::from_millis(50));
            1
        })
        .with(move || {
            let since = Instant::now();
            let streams: Vec<TcpStream> = (0..10).filter_map(|_| TcpStream::connect(address).ok()).collect();
            pace(since, Duration::from_millis(50));
            streams.len() as u64
        });
    let mut most = 0;
    house.feels_nothing_of("everything at once");
    // Whoever has not joined within ten seconds is gone, however busily they dawdle.
    eventually("the slow joins are given up", || {
        most = most.max(resident(house.program.pid()));
        began.elapsed() > lasting().max(Duration::from_secs(11))
    });
    house.feels_nothing_of("everything at once, for a while");
    assert!(slow_joins.end() > 0, "joins that never end are given up");
    rest.end();
    eprintln!("everything at once: {} MiB resident at the most", most >> 20);
    assert!(most < MAX_RESIDENT, "{most} bytes resident");
    house.close();
}
