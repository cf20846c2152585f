//! Servers that share a log, beside a server alone and beside a bare publisher of the same records: what an
//! acknowledgement takes, what a line costs, how long an empty server takes to fill, and what a lost server means.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{Outcome, Server, failover, without_any};
use crate::{
    crowd::{Crowd, Ids},
    measure::Times,
    nats::Nats,
    table::{figure, say},
};

/// Squares of one record when many are sent ahead, and about the bytes of each in it.
const SQUARES: usize = 128;
const SQUARE_BYTES: usize = 95;

/// Everything, with so many results to replay and so many clients who lose their server.
pub(super) fn measure(results: u64, clients: usize, time: Duration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    say("\n| cluster | value |\n| --- | --- |");
    let alone = tempfile::tempdir()?;
    let server = Server::start(alone.path())?;
    acknowledgements("a server alone", &server, time)?;
    let plain = flat_out("a server alone", &server, clients, time)?;
    drop(server);
    for count in [1, 3] {
        let Some(nats) = Nats::start(count)? else {
            say("| nats-server is not installed | – |");
            return Ok(());
        };
        let (rate, _) = runtime.block_on(nats.publish(SQUARES * SQUARE_BYTES, false, time))?;
        let (_, one) = runtime.block_on(nats.publish(SQUARE_BYTES, true, time))?;
        let name = format!("bare publisher, R{count}");
        figure(&name, &format!("{:.0} squares/s in {rate:.0} records/s; alone {one:.2} ms", rate * SQUARES as f64), "");
        let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
        let server = node(&nats, folders[0].path())?;
        let name = format!("a server of a cluster, R{count}");
        acknowledgements(&name, &server, time)?;
        let cpu = nats.cpu();
        let cost = flat_out(&name, &server, clients, time)?;
        figure(&format!("{name}: CPU a line against the server alone"), &format!("{:.2}", cost / plain), "1.1");
        figure(&format!("{name}: CPU of NATS meanwhile"), &format!("{:.2} s", nats.cpu() - cpu), "");
        if count == 1 {
            replay(&nats, &server, folders[1].path(), results)?;
        } else {
            let other = node(&nats, folders[1].path())?;
            failover::measure(server, &other, clients, time)?;
        }
    }
    Ok(())
}

fn node(nats: &Nats, folder: &Path) -> std::io::Result<Server> {
    Server::start_with(folder, "127.0.0.1:0", &["--rate", "0", "--cluster", &nats.urls])
}

/// Durable acknowledgements, one alone and many ahead.
fn acknowledgements(name: &str, server: &Server, time: Duration) -> Outcome {
    for (connections, window) in [(1, 1), (8, 64)] {
        let mut crowd = Crowd::new(server.address)?;
        crowd.join(connections, r#","backlog":0"#)?;
        let latest = crowd.latest();
        for sender in 0..connections {
            crowd.go_on_at(sender, latest);
            crowd.send_from(sender, window, Ids::Ordered)?;
        }
        crowd.run(time / 4)?;
        crowd.round_trips = Times::default();
        let (begin, acks) = (Instant::now(), crowd.seen.acks);
        crowd.run(time)?;
        let rate = (crowd.seen.acks - acks) as f64 / begin.elapsed().as_secs_f64();
        crowd.settle()?;
        without_any(&crowd)?;
        if rate == 0.0 {
            return Err("nothing was acknowledged".into());
        }
        let [p50, p99] = crowd.round_trips.percentiles([500, 990]);
        figure(&format!("{name}: {connections} × {window}"), &format!("{rate:.0}/s, p50 {p50:.2} p99 {p99:.2} ms"), "");
    }
    Ok(())
}

/// The CPU in µs of a delivered line, as fast as it goes.
fn flat_out(name: &str, server: &Server, clients: usize, time: Duration) -> Outcome<f64> {
    let mut crowd = Crowd::of(server.address, 100)?;
    crowd.join(clients, r#","backlog":0"#)?;
    let latest = crowd.latest();
    for sender in 0..clients.min(8) {
        crowd.go_on_at(sender, latest);
        crowd.send_from(sender, 64, Ids::Ordered)?;
    }
    crowd.run(time / 4)?;
    let (cpu, lines) = (server.process.cpu(), crowd.seen.lines);
    crowd.run(time)?;
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    figure(&format!("{name}: flat out to {clients}"), &format!("{each:.3} µs CPU a line"), "");
    crowd.settle()?;
    without_any(&crowd)?;
    Ok(each)
}

/// How long an empty server takes until its port is open.
fn replay(nats: &Nats, server: &Server, empty: &Path, results: u64) -> Outcome {
    let mut crowd = Crowd::of(server.address, 5000)?;
    crowd.join(8, r#","backlog":0"#)?;
    let latest = crowd.latest();
    for sender in 0..8 {
        crowd.go_on_at(sender, latest);
        crowd.send_from(sender, 64, Ids::Ordered)?;
    }
    crowd.until(Duration::from_secs(300), |seen| seen.acks >= results.saturating_sub(latest))?;
    crowd.settle()?;
    let latest = crowd.latest();
    let begin = Instant::now();
    let filled = node(nats, empty)?;
    let took = begin.elapsed().as_secs_f64();
    let mut reader = Crowd::of(filled.address, 6000)?;
    reader.join(1, r#","backlog":0"#)?;
    if reader.latest() < latest {
        return Err(format!("it has {} of {latest} results", reader.latest()).into());
    }
    figure(&format!("an empty server replays {latest} results"), &format!("{took:.1} s"), "10 s for 1,000,000");
    Ok(())
}
