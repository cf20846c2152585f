//! A server of a cluster is killed, and all of its clients come to another one, each after what it saw last, while one
//! student there goes on squaring. `phases/cluster.rs` calls it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{Outcome, Server, storm::square_on, without_any};
use crate::{
    crowd::{Crowd, Ids},
    table::figure,
};

/// Results that everybody has missed by the time they are in again.
const MISSED: u64 = 100;

pub(super) fn measure(server: Server, other: &Server, clients: usize, time: Duration) -> Outcome {
    let mut crowd = Crowd::of(server.address, 7000)?;
    crowd.join(clients, r#","backlog":0"#)?;
    let mut writer = Crowd::of(other.address, 20_000)?;
    writer.join(1, r#","backlog":0"#)?;
    let enough = AtomicBool::new(false);
    // As many lines go out at both servers before as at the other one after.
    let mut before = std::thread::scope(|scope| {
        let squaring = scope.spawn(|| square_on(other.address, "before", || !enough.load(Ordering::Relaxed)));
        let served = crowd.run(time / 2);
        enough.store(true, Ordering::Relaxed);
        let squared = squaring.join().unwrap_or_else(|_| Err(std::io::Error::other("it ended by a panic")))?;
        served.map(|()| squared)
    })?;
    crowd.settle()?;

    enough.store(false, Ordering::Relaxed);
    let (mut took, lines, latest) = (0.0, crowd.seen.lines, crowd.latest());
    let mut meanwhile = std::thread::scope(|scope| {
        let squaring = scope.spawn(|| square_on(other.address, "meanwhile", || !enough.load(Ordering::Relaxed)));
        let moved = || -> std::io::Result<()> {
            let begin = Instant::now();
            drop(server);
            crowd.hang_up()?;
            writer.send_from(0, 16, Ids::Ordered)?;
            writer.until(Duration::from_secs(30), |seen| seen.acks >= MISSED)?;
            writer.settle()?;
            crowd.move_to(other.address);
            crowd.resume(0..clients)?;
            let missed = (writer.latest() - latest) * clients as u64;
            crowd.until(Duration::from_secs(60), |seen| seen.lines >= lines + missed)?;
            took = begin.elapsed().as_secs_f64();
            crowd.run(time / 4)
        };
        let outcome = moved();
        enough.store(true, Ordering::Relaxed);
        let squared = squaring.join().unwrap_or_else(|_| Err(std::io::Error::other("it ended by a panic")))?;
        outcome.map(|()| squared)
    })?;
    crowd.settle()?;
    without_any(&crowd)?;
    let ([_, old], [_, new]) = (before.percentiles([500, 990]), meanwhile.percentiles([500, 990]));
    figure(
        &format!("{clients} clients of a killed server are in at another, each with {MISSED} results missed"),
        &format!("{took:.2} s from the kill; p99 of a student there {old:.1} ms before, {new:.1} ms meanwhile"),
        "3 s, not doubled",
    );
    Ok(())
}
