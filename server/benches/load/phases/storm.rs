//! The server is killed and started again, and everybody comes back at once, each after what it saw last, while one
//! student goes on squaring.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{Outcome, Server, without_faults};
use crate::{
    asker::Asker,
    crowd::{Crowd, Ids},
    measure::Times,
    table::figure,
};

/// Results that everybody has missed by the time it is back.
const MISSED: u64 = 100;

pub(super) fn measure(clients: usize, time: Duration) -> Outcome {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let address = server.address.to_string();
    let mut crowd = Crowd::new(server.address)?;
    crowd.join(clients, r#","backlog":0"#)?;
    crowd.send_from(0, 16, Ids::Ordered)?;
    crowd.run(time / 4)?;
    crowd.settle()?;
    drop(server);
    crowd.hang_up()?;

    let server = Server::start_with(folder.path(), &address, &["--rate", "0"])?;
    crowd.resume(0..1)?;
    let acks = crowd.seen.acks;
    crowd.send_from(0, 16, Ids::Ordered)?;
    crowd.until(Duration::from_secs(30), |seen| seen.acks >= acks + MISSED)?;
    crowd.send_from(0, 1, Ids::Ordered)?;
    let alone = Instant::now();
    let [before, _] = square_on(server.address, "alone", || alone.elapsed() < time / 4)?.percentiles([500, 990]);

    let enough = AtomicBool::new(false);
    let (mut back, mut each) = (0.0, 0.0);
    let mut round_trips = std::thread::scope(|scope| {
        let meanwhile = scope.spawn(|| square_on(server.address, "meanwhile", || !enough.load(Ordering::Relaxed)));
        let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), crowd.seen.lines);
        let outcome = crowd.resume(1..clients).and_then(|()| {
            crowd.until(Duration::from_secs(60), |seen| seen.lines >= lines + MISSED * (clients as u64 - 1))
        });
        back = begin.elapsed().as_secs_f64();
        each = (server.process.cpu() - cpu) * 1e6 / clients as f64;
        enough.store(true, Ordering::Relaxed);
        let squared =
            meanwhile.join().unwrap_or_else(|_| Err(std::io::Error::other("who went on ended by a panic")))?;
        outcome.map(|()| squared)
    })?;
    let [p50, p99] = round_trips.percentiles([500, 990]);
    crowd.settle()?;
    figure(
        "all come back after a restart, each with 100 results missed",
        &format!("{back:.2} s, {each:.0} µs CPU each, at most {:.0} MiB", server.process.most_resident() / 1024.0),
        "a few seconds for 10,000",
    );
    figure(
        "round trip of the student who goes on meanwhile, p50 p99",
        &format!("{p50:.2} {p99:.2} ms; p50 before {before:.2}"),
        "",
    );
    without_faults(&crowd)
}

/// Squares one number after another, with a pause between, on a thread of its own, so that nothing but the server
/// delays it; gives the round trips.
pub(super) fn square_on(address: SocketAddr, student: &str, goes_on: impl Fn() -> bool) -> std::io::Result<Times> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut asker = Asker::join(address, student, r#","backlog":0"#)?;
    let mut round_trips = Times::default();
    for number in 0.. {
        if !goes_on() {
            break;
        }
        let begin = Instant::now();
        asker.send(&format!("{{\"type\":\"square\",\"number\":\"{number}\",\"id\":\"{student}{number}\"}}\n"))?;
        let id = format!(r#""id":"{student}{number}""#);
        asker.until_line(|line| line.trim_end_matches(['}', '\n']).ends_with(&id))?;
        round_trips.add(begin.elapsed());
        std::thread::sleep(PAUSE);
    }
    Ok(round_trips)
}
