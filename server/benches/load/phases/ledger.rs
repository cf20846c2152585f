//! A ledger grows, filled by students through the server itself. At each size: appending, starting, joining, and
//! pages of history, so that none of them can grow with it unseen.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use super::{Outcome, Server, file_size};
use crate::{
    asker::Asker,
    crowd::{Crowd, Ids},
    measure::Times,
    process::own_cpu,
    table::say,
};

/// Students among whom the results are shared.
const STUDENTS: usize = 1000;

/// Students who fill the ledger at the same time, and how far each is ahead of its answers.
const FILLING: (usize, usize) = (8, 64);

/// Results after which the next students go on.
const SHIFT: u64 = 100_000;

/// Results of a ledger that counts as new: enough that every student has more than a page of them.
const NEW: u64 = 200_000;

/// Joins and pages of each kind that are timed.
const ASKED: u32 = 200;

/// Measures a new ledger, and one with a fiftieth and all of `results`, which is kept in `folder`.
pub(super) fn measure(results: u64, folder: Option<&Path>, time: Duration) -> Outcome {
    say(&format!(
        "\n| results | appended a second, ids in order | p99 ms | random ids | p99 ms | start ms | join from disk p50 p99, from memory p50 p99 ms | a page | one student's page | a block of it from the disk | MiB |\n{}",
        "| --- ".repeat(11) + "|"
    ));
    let (new, grown) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let grown = folder.unwrap_or(grown.path());
    let fresh = NEW.min(results / 10);
    for (folder, size) in [(new.path(), fresh), (grown, results / 50), (grown, results)] {
        let mut server = Server::start(folder)?;
        let mut latest = latest(&server)?;
        // All students have had a turn by the end.
        let shift = SHIFT.min(size * FILLING.0 as u64 / STUDENTS as u64).max(1);
        // A ledger that is gone on with has had shifts before: other students go on.
        let mut shifts = usize::try_from(latest.div_ceil(shift) * 2)?;
        let (begin, own) = (Instant::now(), own_cpu());
        while latest < size {
            let mut crowd = shift_begins(&server, &mut shifts)?;
            work(&mut crowd, Ids::Ordered)?;
            crowd.until(Duration::from_secs(120), |seen| seen.acks >= shift.min(size - latest))?;
            crowd.settle()?;
            latest = crowd.latest();
            super::without_any(&crowd)?;
        }
        if size > 0 {
            let (seconds, own) = (begin.elapsed().as_secs_f64(), own_cpu() - own);
            say(&format!(
                "<!-- filled up to {latest} in {seconds:.0} s, of which the load generator used {own:.0} -->"
            ));
        }
        let ordered = appending(&server, &mut shifts, Ids::Ordered, time)?;
        let random = appending(&server, &mut shifts, Ids::Random, time)?;
        drop(server);
        let begin = Instant::now();
        server = Server::start(folder)?;
        let start = begin.elapsed().as_secs_f64() * 1e3;
        // From the disk, and then once more from the system's memory.
        forgotten(folder)?;
        let block = block(folder)?;
        forgotten(folder)?;
        walk(&server)?;
        let [first, again] = [reading(&server)?, reading(&server)?];
        let times =
            |of: usize| format!("{:.2} {:.2}, {:.2} {:.2}", first[of][0], first[of][1], again[of][0], again[of][1]);
        say(&format!(
            "| {size} | {:.0} | {:.1} | {:.0} | {:.1} | {start:.0} | {} | {} | {} | {:.2} {:.2} | {:.0} |",
            ordered.0,
            ordered.1,
            random.0,
            random.1,
            times(0),
            times(1),
            times(2),
            block[0],
            block[1],
            file_size(folder, "ledger.sqlite3"),
        ));
    }
    Ok(())
}

/// The students of the next shift join.
fn shift_begins(server: &Server, shifts: &mut usize) -> Outcome<Crowd> {
    let mut crowd = Crowd::of(server.address, *shifts * FILLING.0 % STUDENTS)?;
    crowd.join(FILLING.0, r#","backlog":0"#)?;
    // No number comes again for a student, since every number is below the `seq` that its result gets; and ids go on
    // in order.
    let latest = crowd.latest();
    for student in 0..FILLING.0 {
        crowd.go_on_at(student, latest);
    }
    *shifts += 1;
    Ok(crowd)
}

fn work(crowd: &mut Crowd, ids: Ids) -> Outcome {
    for student in 0..FILLING.0 {
        crowd.send_from(student, FILLING.1, ids)?;
    }
    Ok(())
}

/// Results appended a second, and the 99th percentile of their round trips in ms.
fn appending(server: &Server, shifts: &mut usize, ids: Ids, time: Duration) -> Outcome<(f64, f64)> {
    let mut crowd = shift_begins(server, shifts)?;
    work(&mut crowd, ids)?;
    crowd.run(time / 4)?;
    crowd.round_trips = Times::default();
    let (begin, acks) = (Instant::now(), crowd.seen.acks);
    crowd.run(time)?;
    let rate = (crowd.seen.acks - acks) as f64 / begin.elapsed().as_secs_f64();
    let [p99] = crowd.round_trips.percentiles([990]);
    crowd.settle()?;
    super::without_any(&crowd)?;
    Ok((rate, p99))
}

/// Lets the system drop what it holds of the ledger in memory, all of which is on the disk.
fn forgotten(folder: &Path) -> Outcome {
    for name in ["ledger.sqlite3", "ledger.sqlite3-wal"] {
        let file = File::open(folder.join(name))?;
        file.sync_all()?;
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}

/// The median and 99th percentile in ms of reading one block of the ledger, anywhere, which the system does not hold:
/// a disk takes longer for what was written long ago than for what it has in a memory of its own.
fn block(folder: &Path) -> Outcome<[f64; 2]> {
    let mut file = File::open(folder.join("ledger.sqlite3"))?;
    let (mut block, mut times) = ([0; 4096], Times::default());
    let blocks = file.metadata()?.len() / block.len() as u64;
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..ASKED {
        let at = random.u64(..blocks) * block.len() as u64;
        let begin = Instant::now();
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut block)?;
        times.add(begin.elapsed());
    }
    Ok(times.percentiles([500, 990]))
}

/// Looks at the ledger here and there, so that the inner pages of its trees are in memory as in any server that has
/// run for a while, and next to nothing of the results. Reading an inner page too would cost one read of the disk
/// more in a ledger so large that its trees have a level more.
fn walk(server: &Server) -> Outcome {
    /// Results under one inner page, or fewer.
    const STEP: usize = 10_000;
    let latest = latest(server)?;
    let mut asker = Asker::join(server.address, "walker", r#","backlog":0"#)?;
    let everybody = (1..=latest).step_by(STEP).map(|before| (before, String::new()));
    let each = (1..=latest).step_by(STEP).zip((0..STUDENTS).cycle());
    let each = each.map(|(before, student)| (before, format!(r#","student":"s{student:05}""#)));
    for (before, student) in everybody.chain(each) {
        asker.send(&format!("{{\"type\":\"history\",\"before\":{before},\"limit\":1{student}}}\n"))?;
        asker.until("history")?;
    }
    Ok(())
}

/// The median and 99th percentile in ms of a join with a backlog of 100, a page of 100 anywhere, and one of a
/// student. The places are the same each time.
fn reading(server: &Server) -> Outcome<[[f64; 2]; 3]> {
    let latest = latest(server)?;
    let mut times = [Times::default(), Times::default(), Times::default()];
    let mut random = fastrand::Rng::with_seed(1);
    for number in 0..ASKED {
        let begin = Instant::now();
        let mut asker = Asker::join(server.address, &format!("r{number}"), r#","backlog":100"#)?;
        let newest = format!(r#"{{"type":"result","seq":{latest},"#);
        asker.until_line(|line| line.starts_with(&newest))?;
        times[0].add(begin.elapsed());
    }
    let mut asker = Asker::join(server.address, "reader", r#","backlog":0"#)?;
    for _ in 0..ASKED {
        let student = format!(r#","student":"s{:05}""#, random.usize(..STUDENTS));
        for (times, student) in times[1..].iter_mut().zip(["", &student]) {
            let before = random.u64(1..=latest + 1);
            let begin = Instant::now();
            asker.send(&format!("{{\"type\":\"history\",\"before\":{before},\"limit\":100{student}}}\n"))?;
            asker.until("history")?;
            times.add(begin.elapsed());
        }
    }
    Ok(times.map(|mut times| times.percentiles([500, 990])))
}

fn latest(server: &Server) -> Outcome<u64> {
    let mut crowd = Crowd::of(server.address, 0)?;
    crowd.join(1, r#","backlog":0"#)?;
    Ok(crowd.latest())
}
