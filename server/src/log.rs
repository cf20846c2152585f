//! The log of the program, on standard error. A thread of its own writes the lines behind a bounded queue: where nobody
//! reads them, or their disk is full, lines are lost and counted, and the server goes on. So that strangers cannot fill
//! a disk by what they make the server log, lines have a rate; what exceeds it is counted. Started by `main`.

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
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// The lines that may wait to be written.
const QUEUE: usize = 4096;

/// How long the end of the program waits for the lines that are left.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines of one kind that are written however fast they come: a thousand students may join at the same moment, with
/// two lines each.
const AT_ONCE: u32 = 2000;

/// Lines of one kind a second in the long run.
const A_SECOND: u32 = 100;

/// How often the log tells that lines are missing, while they are.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The running log, and what writes lines to it.
#[derive(Clone)]
pub(crate) struct Log {
    lines: SyncSender<LogItem>,
    counts: Arc<Counts>,
}

struct Counts {
    /// Lines that were lost, since nobody took them as fast as they came, and of which the log has not told yet.
    lost: AtomicU64,
    /// Lines that were left out, since more came than are written, and of which the log has not told yet.
    left_out: AtomicU64,
    /// Warnings and errors have a rate of their own, so that no visits keep them off the log. What helps to find a
    /// fault alone has none.
    troubles: Mutex<LineRate>,
    news: Mutex<LineRate>,
}

/// A token bucket for lines.
struct LineRate {
    left: u32,
    at: Instant,
}

/// Where one line goes.
pub(crate) struct LogLine {
    log: Log,
    is_written: bool,
}

enum LogItem {
    Line(Vec<u8>),
    /// Everything before it was written once this is answered.
    Flush(SyncSender<()>),
}

/// Starts the log at the level that `RUST_LOG` sets, else `info`.
pub(crate) fn start() -> Log {
    let (lines, items) = mpsc::sync_channel(QUEUE);
    let rate = || Mutex::new(LineRate::new(Instant::now()));
    let counts = Arc::new(Counts { lost: 0.into(), left_out: 0.into(), troubles: rate(), news: rate() });
    let log = Log { lines, counts: Arc::clone(&counts) };
    // Without a thread there is no log; the server is worth more.
    let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&items, &counts));
    let filter = std::env::var("RUST_LOG").ok().filter(|filter| !filter.trim().is_empty());
    let filter = filter.and_then(|filter| filter.trim().parse().ok());
    tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(io::stderr().is_terminal() && has_colours())
        .with_target(false)
        // It would print a failure to write where writing just failed, and panic.
        .log_internal_errors(false)
        .finish()
        .with(filter.unwrap_or_else(|| Targets::new().with_default(Level::INFO)))
        .init();
    log
}

/// Whether a terminal understands sequences. A Windows console does where it is asked to.
fn has_colours() -> bool {
    #[cfg(windows)]
    return squares_shared::console::understands_sequences();
    #[cfg(not(windows))]
    true
}

impl Log {
    /// Waits a moment for what is left to be written.
    pub(crate) fn finish(self) {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.lines.try_send(LogItem::Flush(done)).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine { log: self.clone(), is_written: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LogLine {
        let rate = match *metadata.level() {
            Level::ERROR | Level::WARN => &self.counts.troubles,
            Level::INFO => &self.counts.news,
            Level::DEBUG | Level::TRACE => return self.make_writer(),
        };
        LogLine { log: self.clone(), is_written: rate.lock().takes(Instant::now()) }
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
        let takes = self.left > 0;
        self.left -= u32::from(takes);
        takes
    }
}

impl Write for LogLine {
    /// Takes one line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Log { lines, counts } = &self.log;
        if !self.is_written {
            counts.left_out.fetch_add(1, Ordering::Relaxed);
        } else if lines.try_send(LogItem::Line(line.to_vec())).is_err() {
            counts.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(items: &Receiver<LogItem>, counts: &Counts) {
    let mut out = io::stderr();
    let mut told = None::<Instant>;
    for item in items {
        let is_flush = matches!(item, LogItem::Flush(_));
        if is_flush || told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
            for (count, why) in [
                (&counts.lost, "lost: they came faster than they were taken"),
                (&counts.left_out, "left out: more came than are written in a second"),
            ] {
                let lines = count.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    told = Some(Instant::now());
                    let are = if lines == 1 { "line of the log was" } else { "lines of the log were" };
                    let _ = writeln!(out, "{lines} {are} {why}");
                }
            }
        }
        match item {
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
