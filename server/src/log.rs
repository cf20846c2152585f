//! The log of the program, on standard error. Lines are written by a thread of its own behind a bounded queue: where
//! nobody reads them, or the disk they go to is full, lines are lost and counted, and the server goes on. Nor do
//! strangers fill a disk by what they make the server say: of what comes too fast only so much is written, and the
//! rest is counted. Started by `main`.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The lines that may wait to be written.
const QUEUE: usize = 4096;

/// How long the end of the program waits for the lines that are left.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines of one kind that are written however fast they come: a thousand students may join at the same moment, with
/// two lines each.
const AT_ONCE: u32 = 2000;

/// Lines of one kind a second in the long run.
const A_SECOND: u32 = 100;

/// How often it is said that lines are missing, while they are.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// The running log.
pub(crate) struct Log {
    queue: LogQueue,
}

#[derive(Clone)]
struct LogQueue {
    lines: SyncSender<LogItem>,
    missing: Arc<Missing>,
    paces: Arc<LineRates>,
}

/// Lines that were not written, and that it was not said of yet.
#[derive(Default)]
struct Missing {
    /// Nobody took them as fast as they came.
    lost: AtomicU64,
    /// More came than are written.
    left_out: AtomicU64,
}

/// Troubles have a pace of their own, so that no visits keep them off the log. What is only there for whoever looks
/// for a fault is written as it comes.
struct LineRates {
    troubles: Mutex<LineRate>,
    news: Mutex<LineRate>,
}

/// How many lines may still be written.
struct LineRate {
    left: u32,
    at: Instant,
}

/// Where one line goes.
struct LogLine {
    queue: LogQueue,
    is_written: bool,
}

enum LogItem {
    Line(Vec<u8>),
    /// Everything before it was written once this is answered.
    Flush(SyncSender<()>),
}

/// Starts the log at the level that `RUST_LOG` sets, else `info`.
pub(crate) fn start() -> Log {
    let (lines, entries) = mpsc::sync_channel(QUEUE);
    let pace = || Mutex::new(LineRate::new(Instant::now()));
    let paces = Arc::new(LineRates { troubles: pace(), news: pace() });
    let queue = LogQueue { lines, missing: Arc::default(), paces };
    let missing = Arc::clone(&queue.missing);
    // Without a thread there is no log; the server is worth more.
    let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&entries, &missing));
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(queue.clone())
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // It would print a failure to write where writing just failed, and panic.
        .log_internal_errors(false)
        .init();
    Log { queue }
}

impl Log {
    /// Waits a moment for what is left to be written.
    pub(crate) fn finish(self) {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.queue.lines.try_send(LogItem::Flush(done)).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine { queue: self.clone(), is_written: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LogLine {
        let pace = match *metadata.level() {
            Level::ERROR | Level::WARN => &self.paces.troubles,
            Level::INFO => &self.paces.news,
            Level::DEBUG | Level::TRACE => return self.make_writer(),
        };
        let is_written = pace.lock().takes(Instant::now());
        LogLine { queue: self.clone(), is_written }
    }
}

impl LineRate {
    fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, at: now }
    }

    /// Whether one more line is written.
    fn takes(&mut self, now: Instant) -> bool {
        let more = now.saturating_duration_since(self.at).as_millis() * u128::from(A_SECOND) / 1000;
        if more > 0 {
            self.left = self.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(AT_ONCE);
            // Not to this moment: what is left of it counts the next time.
            self.at += Duration::from_millis(u64::try_from(more).unwrap_or_default() * 1000 / u64::from(A_SECOND));
        }
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => return false,
        }
        true
    }
}

impl Write for LogLine {
    /// Takes one line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let LogQueue { lines, missing, .. } = &self.queue;
        if !self.is_written {
            missing.left_out.fetch_add(1, Ordering::Relaxed);
        } else if lines.try_send(LogItem::Line(line.to_vec())).is_err() {
            missing.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(entries: &Receiver<LogItem>, missing: &Missing) {
    let mut out = io::stderr();
    let mut said = None::<Instant>;
    for entry in entries {
        let is_flush = matches!(entry, LogItem::Flush(_));
        if is_flush || said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            for (count, why) in [
                (&missing.lost, "lost: they came faster than they were taken"),
                (&missing.left_out, "left out: more came than are written in a second"),
            ] {
                let lines = count.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    said = Some(Instant::now());
                    let are = if lines == 1 { "line of the log was" } else { "lines of the log were" };
                    let _ = writeln!(out, "{lines} {are} {why}");
                }
            }
        }
        match entry {
            LogItem::Line(line) => drop(out.write_all(&line)),
            LogItem::Flush(done) => drop(done.send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_pass_at_once_and_then_so_many_a_second() {
        let mut now = Instant::now();
        let mut pace = LineRate::new(now);
        let mut pass = |now| (0..10_000).filter(|_| pace.takes(now)).count();
        assert_eq!(pass(now), AT_ONCE as usize);
        for _ in 0..60 {
            now += Duration::from_secs(1);
            assert_eq!(pass(now), A_SECOND as usize);
        }
        // However often it is asked in between, nothing is lost or gained by rounding.
        let passed: usize =
            (1..=10_000).map(|tick| usize::from(pace.takes(now + tick * Duration::from_micros(777)))).sum();
        assert!((770..=780).contains(&passed), "{passed}");
    }
}
