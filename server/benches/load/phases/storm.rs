//! The server is killed and started again, and everybody comes back at once, each after what it saw last, while one
//! student goes on squaring.

use std::time::{Duration, Instant};

use super::{Outcome, Server, without_faults};
use crate::{
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
    crowd.round_trips = Times::default();
    crowd.run_with_squares(time / 2, 200.0)?;
    crowd.settle()?;
    let [before, _] = crowd.round_trips.percentiles([500, 990]);
    drop(server);
    crowd.hang_up()?;

    let server = Server::start_with(folder.path(), &address, &["--rate", "0"])?;
    crowd.resume(0..1)?;
    let acks = crowd.seen.acks;
    crowd.send_from(0, 16, Ids::Ordered)?;
    crowd.until(Duration::from_secs(30), |seen| seen.acks >= acks + MISSED)?;
    crowd.send_from(0, 1, Ids::Ordered)?;
    crowd.round_trips = Times::default();
    let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), crowd.seen.lines);
    crowd.resume(1..clients)?;
    crowd.until(Duration::from_secs(60), |seen| seen.lines >= lines + MISSED * (clients as u64 - 1))?;
    let back = begin.elapsed().as_secs_f64();
    let each = (server.process.cpu() - cpu) * 1e6 / clients as f64;
    let [p50, p99] = crowd.round_trips.percentiles([500, 990]);
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
