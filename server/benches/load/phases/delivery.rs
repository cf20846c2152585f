//! What a delivered line, a join, an idle client and a visit cost, beside the floor and Redis.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{Outcome, Server, without_faults};
use crate::{
    crowd::{Crowd, Ids},
    floor::Floor,
    measure::Times,
    process::{Process, own_cpu},
    redis::Redis,
    table::figure,
};

/// Results a second in the phase of a moderate rate, where a thousand clients get 50,000 lines a second.
const MODERATE_LINES: usize = 50_000;

/// Clients that send in the flat-out phase, and how far each is ahead of its answers.
const FLAT_OUT: (usize, usize) = (8, 256);

/// The phases with many clients.
pub(super) fn with_clients(clients: usize, time: Duration) -> Outcome {
    // Each with connections of its own, before the others: all together would be more than a process may have.
    memory(clients)?;
    let rounds = MODERATE_LINES as f64 / clients as f64;
    let floor = floor_cost(clients, 1, rounds.round().max(1.0) as u32, time)?;

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let mut crowd = Crowd::new(server.address)?;

    // A backlog for those who join.
    crowd.join(1, "")?;
    crowd.send_from(0, 16, Ids::Ordered)?;
    crowd.until(Duration::from_secs(30), |seen| seen.acks >= 100)?;
    crowd.settle()?;

    let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), crowd.seen.lines);
    crowd.join(clients - 1, r#","backlog":100"#)?;
    crowd.until(Duration::from_secs(60), |seen| seen.lines >= lines + 100 * (clients as u64 - 1))?;
    let joining = begin.elapsed().as_secs_f64();
    let each = (server.process.cpu() - cpu) * 1e6 / clients as f64;
    figure(
        "all join, each with a backlog of 100",
        &format!("{joining:.2} s, {each:.0} µs CPU each"),
        "0.3 s, 200 µs for 1,000",
    );
    crowd.settle()?;
    crowd.run(Duration::from_millis(300))?;

    // One at a time, and everybody gets it.
    let (begin, cpu, own, lines) = (Instant::now(), server.process.cpu(), own_cpu(), crowd.seen.lines);
    crowd.round_trips = Times::default();
    crowd.run_with_squares(time, rounds)?;
    let elapsed = begin.elapsed().as_secs_f64();
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    let generator = (own_cpu() - own) * 100.0 / elapsed;
    figure(
        &format!("CPU a line at {:.0} lines/s", delivered / elapsed),
        &format!("{each:.2} µs, floor {:.2}, ratio {:.2}; load generator {generator:.0} %", floor.0, each / floor.0),
        "1.15",
    );
    let [p50, p99, p999] = crowd.round_trips.percentiles([500, 990, 999]);
    figure("round trip meanwhile, p50 p99 p99.9", &format!("{p50:.2} {p99:.2} {p999:.2} ms"), "");
    crowd.settle()?;

    busy(&server, &mut crowd, time)?;

    // As fast as it goes.
    let senders = FLAT_OUT.0.min(clients);
    for sender in 0..senders {
        crowd.send_from(sender, FLAT_OUT.1, Ids::Ordered)?;
    }
    crowd.run(time / 4)?;
    let (begin, cpu, lines, acks) = (Instant::now(), server.process.cpu(), crowd.seen.lines, crowd.seen.acks);
    let own = own_cpu();
    crowd.round_trips = Times::default();
    crowd.run(time)?;
    let elapsed = begin.elapsed().as_secs_f64();
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    let generator = (own_cpu() - own) * 100.0 / elapsed;
    figure(
        "flat out",
        &format!(
            "{:.2}M lines/s, {:.0} results/s, {each:.3} µs CPU a line; load generator {generator:.0} %",
            delivered / elapsed / 1e6,
            (crowd.seen.acks - acks) as f64 / elapsed
        ),
        "5M, 0.10 µs",
    );
    let [p50, p99, p999] = crowd.round_trips.percentiles([500, 990, 999]);
    figure("round trip meanwhile, p50 p99 p99.9", &format!("{p50:.1} {p99:.1} {p999:.1} ms"), "");
    crowd.settle()?;
    figure("resident memory afterwards", &format!("{:.1} MiB", server.process.resident() / 1024.0), "");
    visits(&server, &mut crowd)?;
    without_faults(&crowd)
}

/// As many results a second as people do not type, and fewer than the machine can take: what gathering saves.
fn busy(server: &Server, crowd: &mut Crowd, time: Duration) -> Outcome {
    const RESULTS_A_SECOND: f64 = 1000.0;
    let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), crowd.seen.lines);
    crowd.run_with_squares(time, RESULTS_A_SECOND)?;
    crowd.settle()?;
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    let rate = delivered / begin.elapsed().as_secs_f64() / 1e6;
    figure("CPU a line at 1,000 results/s", &format!("{each:.2} µs, {rate:.2}M lines/s"), "");
    Ok(())
}

/// What an idle client takes: measured with a server of its own, where nothing else has happened.
fn memory(clients: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let mut crowd = Crowd::new(server.address)?;
    crowd.join(1, "")?;
    let before = server.process.resident();
    crowd.join(clients, r#","backlog":0"#)?;
    crowd.run(Duration::from_millis(500))?;
    let each = (server.process.resident() - before) / clients as f64;
    figure("resident memory an idle client", &format!("{each:.2} KiB"), "4 KiB");
    Ok(())
}

/// Students who come and go while everybody watches.
fn visits(server: &Server, crowd: &mut Crowd) -> Outcome {
    const VISITS: usize = 200;
    let watching = crowd.seen.joined;
    let cpu = server.process.cpu();
    for _ in 0..5 {
        crowd.join(VISITS / 5, r#","backlog":0"#)?;
        crowd.keep(watching);
    }
    crowd.run(Duration::from_millis(300))?;
    let each = (server.process.cpu() - cpu) * 1e6 / (VISITS * watching) as f64;
    figure("presence: CPU for a visit seen by one client", &format!("{each:.2} µs"), "2 µs");
    Ok(())
}

/// CPU in µs a line of the floor, and its lines a second.
fn floor_cost(clients: usize, lines_a_write: usize, rounds_a_second: u32, time: Duration) -> io::Result<(f64, f64)> {
    let (process, address) = Process::listening(&mut Floor { clients, lines_a_write, rounds_a_second }.command()?)?;
    let mut crowd = Crowd::new(address)?;
    crowd.join(clients, "")?;
    crowd.run(time / 4)?;
    let (begin, cpu, lines) = (Instant::now(), process.cpu(), crowd.seen.lines);
    crowd.run(time)?;
    let delivered = (crowd.seen.lines - lines) as f64;
    if crowd.seen.faults > 0 {
        return Err(io::Error::other("the floor itself lost lines"));
    }
    Ok(((process.cpu() - cpu) * 1e6 / delivered, delivered / begin.elapsed().as_secs_f64()))
}

pub(super) fn peers(clients: usize, time: Duration) -> Outcome {
    for lines_a_write in [16, 256] {
        let (cpu, rate) = floor_cost(clients, lines_a_write, 0, time)?;
        figure(
            &format!("floor, {lines_a_write} lines a write"),
            &format!("{cpu:.3} µs CPU a line, {:.2}M lines/s", rate / 1e6),
            "",
        );
    }
    let Some(redis) = Redis::start(false)? else {
        figure("Redis", "not installed", "");
        return Ok(());
    };
    let rounds = (MODERATE_LINES / clients).max(1) as u32;
    let moderate = redis.deliver(clients, rounds, time)?;
    figure("Redis pub/sub", &format!("{:.2} µs CPU a line at {:.0} lines/s", moderate.cpu, moderate.rate), "");
    let flat = redis.deliver(clients, 0, time)?;
    figure("Redis pub/sub flat out", &format!("{:.3} µs CPU a line, {:.2}M lines/s", flat.cpu, flat.rate / 1e6), "");
    Ok(())
}
