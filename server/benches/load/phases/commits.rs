//! How many squares a second are made durable and acknowledged, beside Redis that syncs every write.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use super::{Outcome, Server};
use crate::{
    crowd::{Crowd, Ids},
    measure::Times,
    redis::Redis,
    table::say,
};

/// Durable acknowledgements a second, without anybody else to deliver to.
pub(super) fn acknowledgements(time: Duration) -> Outcome {
    say(
        "\n| durable acknowledgements, connections × window | a second | p50 ms | p99 ms | Redis, appendfsync always |\n| --- | --- | --- | --- | --- |",
    );
    let [p50, p99] = one_sync()?;
    say(&format!("| one line appended and synced, the floor of 1 × 1 | | {p50:.2} | {p99:.2} | |"));
    let redis = Redis::start(true)?;
    for (connections, window, ids) in [
        (1, 1, Ids::Ordered),
        (1, 64, Ids::Ordered),
        (8, 64, Ids::Ordered),
        (8, 64, Ids::Random),
        (64, 16, Ids::Ordered),
    ] {
        let folder = tempfile::tempdir()?;
        let server = Server::start(folder.path())?;
        let mut crowd = Crowd::new(server.address)?;
        crowd.join(connections, "")?;
        for sender in 0..connections {
            crowd.send_from(sender, window, ids)?;
        }
        crowd.run(time / 4)?;
        crowd.round_trips = Times::default();
        let (begin, acks) = (Instant::now(), crowd.seen.acks);
        crowd.run(time)?;
        let rate = (crowd.seen.acks - acks) as f64 / begin.elapsed().as_secs_f64();
        crowd.settle()?;
        super::without_any(&crowd)?;
        if rate == 0.0 {
            return Err("nothing was acknowledged".into());
        }
        let [p50, p99] = crowd.round_trips.percentiles([500, 990]);
        let requests = (time.as_secs_f64() * 4000.0) as usize * window;
        let peer = redis
            .as_ref()
            .filter(|_| ids == Ids::Ordered)
            .and_then(|redis| redis.writes(connections, window, requests));
        let peer = peer.map_or("–".to_owned(), |rate| format!("{rate:.0}"));
        say(&format!("| {connections} × {window}, ids {ids:?} | {rate:.0} | {p50:.2} | {p99:.2} | {peer} |"));
    }
    Ok(())
}

/// The median and 99th percentile in ms of appending a line to a file and syncing it, which every single result costs
/// at least.
fn one_sync() -> Outcome<[f64; 2]> {
    const SYNCS: usize = 300;
    let mut file = tempfile::tempfile()?;
    let mut times = Times::default();
    for _ in 0..SYNCS {
        let begin = Instant::now();
        file.write_all(&[b'x'; 190])?;
        file.sync_data()?;
        times.add(begin.elapsed());
    }
    Ok(times.percentiles([500, 990]))
}
