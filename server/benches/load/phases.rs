//! What is measured, phase by phase.

use std::{
    io,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Asked,
    crowd::{Crowd, Ids},
    floor::Floor,
    process::{Process, own_cpu},
    redis::Redis,
    table::{figure, say},
};

/// Results a second in the phase of a moderate rate, where a thousand clients get 50,000 lines a second.
const MODERATE_LINES: usize = 50_000;

/// Clients that send in the flat-out phase, and how far each is ahead of its answers.
const FLAT_OUT: (usize, usize) = (8, 256);

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

struct Server {
    process: Process,
    address: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_squares-server"));
        command.args(["--listen", "127.0.0.1:0", "--rate", "0", "--max-connections", "19000", "--data"]);
        command.arg(folder.path()).env("RUST_LOG", "warn");
        let (process, address) = Process::listening(&mut command)?;
        Ok(Self { process, address, _folder: folder })
    }
}

/// Everything, as often and for as many clients as asked.
pub(crate) fn run(asked: &Asked) -> Outcome {
    let time = Duration::from_secs_f64(asked.seconds);
    for run in 1..=asked.runs {
        for &clients in &asked.clients {
            say(&format!("\nrun {run}, {clients} clients\n\n| figure | value |\n| --- | --- |"));
            let faults = with_clients(clients, time)?;
            figure("lines missing, doubled or out of order", &faults.to_string(), "0");
            if faults > 0 {
                return Err(format!("{faults} faults").into());
            }
            peers(clients, time)?;
        }
        acknowledgements(time)?;
    }
    Ok(())
}

/// The phases with many clients; gives the faults that were seen.
fn with_clients(clients: usize, time: Duration) -> Outcome<u64> {
    let server = Server::start()?;
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
    memory(clients)?;

    // One at a time, and everybody gets it.
    let rounds = MODERATE_LINES as f64 / clients as f64;
    let (begin, cpu, own, lines) = (Instant::now(), server.process.cpu(), own_cpu(), crowd.seen.lines);
    crowd.round_trips = crate::measure::Times::default();
    let mut sent = 0;
    while begin.elapsed() < time {
        crowd.send_one(0)?;
        sent += 1;
        let next = Duration::from_secs_f64(f64::from(sent) / rounds);
        crowd.run(next.saturating_sub(begin.elapsed()))?;
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    let generator = (own_cpu() - own) * 100.0 / elapsed;
    let floor = floor_cost(clients, 1, rounds.round().max(1.0) as u32, time)?;
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
    crowd.round_trips = crate::measure::Times::default();
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
    Ok(crowd.seen.faults)
}

/// As many results a second as people do not type, and fewer than the machine can take: what gathering saves.
fn busy(server: &Server, crowd: &mut Crowd, time: Duration) -> Outcome {
    const RESULTS_A_SECOND: f64 = 1000.0;
    let (begin, cpu, lines) = (Instant::now(), server.process.cpu(), crowd.seen.lines);
    let mut sent = 0;
    while begin.elapsed() < time {
        crowd.send_one(0)?;
        sent += 1;
        crowd.run(Duration::from_secs_f64(f64::from(sent) / RESULTS_A_SECOND).saturating_sub(begin.elapsed()))?;
    }
    crowd.settle()?;
    let delivered = (crowd.seen.lines - lines) as f64;
    let each = (server.process.cpu() - cpu) * 1e6 / delivered;
    let rate = delivered / begin.elapsed().as_secs_f64() / 1e6;
    figure("CPU a line at 1,000 results/s", &format!("{each:.2} µs, {rate:.2}M lines/s"), "");
    Ok(())
}

/// What an idle client takes: measured with a server of its own, where nothing else has happened.
fn memory(clients: usize) -> Outcome {
    let server = Server::start()?;
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

fn peers(clients: usize, time: Duration) -> Outcome {
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

/// Durable acknowledgements a second, without anybody else to deliver to.
fn acknowledgements(time: Duration) -> Outcome {
    say(
        "\n| durable acknowledgements, connections × window | a second | p50 ms | p99 ms | Redis, appendfsync always |\n| --- | --- | --- | --- | --- |",
    );
    let redis = Redis::start(true)?;
    for (connections, window, ids) in [
        (1, 1, Ids::Ordered),
        (1, 64, Ids::Ordered),
        (8, 64, Ids::Ordered),
        (8, 64, Ids::Random),
        (64, 16, Ids::Ordered),
    ] {
        let server = Server::start()?;
        let mut crowd = Crowd::new(server.address)?;
        crowd.join(connections, "")?;
        for sender in 0..connections {
            crowd.send_from(sender, window, ids)?;
        }
        crowd.run(time / 4)?;
        crowd.round_trips = crate::measure::Times::default();
        let (begin, acks) = (Instant::now(), crowd.seen.acks);
        crowd.run(time)?;
        let rate = (crowd.seen.acks - acks) as f64 / begin.elapsed().as_secs_f64();
        crowd.settle()?;
        if crowd.seen.faults > 0 || rate == 0.0 {
            return Err(format!("{} faults at {rate} acknowledgements a second", crowd.seen.faults).into());
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
