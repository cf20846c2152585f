//! One student squares numbers of ten thousand digits as fast as allowed. What the others feel of it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{Outcome, Server, without_faults};
use crate::{asker::Asker, crowd::Crowd, measure::Times, table::figure};

/// The digits of each huge number, which is as many as the server takes by default.
const DIGITS: usize = 10_000;

/// Readers of the huge results beside the student whose round trips are looked at; each result has 30 KB.
const READERS: usize = 50;

/// Results a second of the student whose round trips are looked at.
const A_SECOND: f64 = 15.0;

pub(super) fn measure(clients: usize, time: Duration) -> Outcome {
    let folder = tempfile::tempdir()?;
    let server = Server::start_with(folder.path(), "127.0.0.1:0", &[])?;
    let mut crowd = Crowd::new(server.address)?;
    crowd.join(clients.min(READERS), r#","backlog":0"#)?;
    crowd.run_with_squares(time, A_SECOND)?;
    crowd.settle()?;
    let [p50, p99] = crowd.round_trips.percentiles([500, 990]);
    crowd.round_trips = Times::default();

    let enough = AtomicBool::new(false);
    let squared = std::thread::scope(|scope| {
        let huge = scope.spawn(|| square_huge_numbers(server.address, &enough));
        let outcome = crowd.run_with_squares(time, A_SECOND).and_then(|()| crowd.settle());
        enough.store(true, Ordering::Relaxed);
        let squared =
            huge.join().unwrap_or_else(|_| Err(std::io::Error::other("the huge squares ended by a panic")))?;
        outcome.map(|()| squared)
    })?;
    let [huge_p50, huge_p99] = crowd.round_trips.percentiles([500, 990]);
    figure(
        &format!("round trip beside {squared} squares of {DIGITS} digits, p50 p99"),
        &format!("{huge_p50:.2} {huge_p99:.2} ms; before {p50:.2} {p99:.2}"),
        "not felt",
    );
    if squared == 0 {
        return Err("no huge number was squared".into());
    }
    without_faults(&crowd)
}

/// Squares huge numbers one after another, as fast as the server's limit allows, until it is enough; gives how many.
fn square_huge_numbers(address: std::net::SocketAddr, enough: &AtomicBool) -> std::io::Result<usize> {
    let mut asker = Asker::join(address, "huge", r#","backlog":0"#)?;
    let number = "7".repeat(DIGITS);
    let mut squared = 0;
    while !enough.load(Ordering::Relaxed) {
        asker.send(&format!("{{\"type\":\"square\",\"number\":\"{number}\",\"id\":\"h{squared}\"}}\n"))?;
        let id = format!(r#""id":"h{squared}""#);
        match asker.until_line(|line| line.trim_end_matches(['}', '\n']).ends_with(&id)) {
            Ok(_) => squared += 1,
            Err(error) if error.to_string().contains("rate_limited") => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => return Err(error),
        }
    }
    Ok(squared)
}
