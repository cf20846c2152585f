//! A fifth of the clients read slowly or not at all. What the others feel of it, what it costs in memory, and whether
//! the slow ones get everything in the end.

use std::time::{Duration, Instant};

use super::{Outcome, Server, file_size, without_faults};
use crate::{
    crowd::{Crowd, Ids, Pace},
    measure::Times,
    table::figure,
};

/// What a slow reader reads in a second.
const TRICKLE: usize = 1024;

/// Results that pour in while nobody slow reads them: more than the server keeps at hand for all.
const POURED: u64 = 60_000;

/// Results a second of the student whose round trips are looked at.
const A_SECOND: f64 = 100.0;

pub(super) fn measure(clients: usize, time: Duration) -> Outcome {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let mut crowd = Crowd::new(server.address)?;
    crowd.join(clients, r#","backlog":0"#)?;
    crowd.run_with_squares(time, A_SECOND)?;
    let [p50, p99] = crowd.round_trips.percentiles([500, 990]);
    crowd.settle()?;
    let resident = server.process.resident();

    let slow = clients - clients / 5..clients;
    for client in slow.clone() {
        crowd.pace(client, if client % 2 == 0 { Pace::Nothing } else { Pace::Trickle })?;
    }
    // So much at once that the slow ones fall behind what the server keeps for everybody.
    let poured = if time < Duration::from_secs(1) { POURED / 60 } else { POURED };
    let acks = crowd.seen.acks;
    crowd.send_from(0, 256, Ids::Ordered)?;
    crowd.until(Duration::from_secs(60), |seen| seen.acks >= acks + poured)?;
    crowd.settle()?;
    crowd.round_trips = Times::default();
    let begin = Instant::now();
    while begin.elapsed() < time {
        crowd.trickle(TRICKLE)?;
        crowd.run_with_squares(Duration::from_secs(1).min(time), A_SECOND)?;
    }
    let [slow_p50, slow_p99] = crowd.round_trips.percentiles([500, 990]);
    figure(
        &format!("round trip with {} that read 1 KB/s or nothing, p50 p99", slow.len()),
        &format!("{slow_p50:.2} {slow_p99:.2} ms; before {p50:.2} {p99:.2}"),
        "within noise",
    );
    crowd.settle()?;
    let behind = server.process.resident();

    let begin = Instant::now();
    let came_again = crowd.catch_up(slow)?;
    figure(
        "the slow ones get everything",
        &format!(
            "{:.1} s, {came_again} of them over another connection; resident {:.1} MiB before, {:.1} while they lagged, {:.1} at most; write-ahead log {:.1} MiB",
            begin.elapsed().as_secs_f64(),
            resident / 1024.0,
            behind / 1024.0,
            server.process.most_resident() / 1024.0,
            file_size(folder.path(), "ledger.sqlite3-wal"),
        ),
        "",
    );
    without_faults(&crowd)
}
