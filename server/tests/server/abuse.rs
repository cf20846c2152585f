//! Clients that mean no good, one file for each kind of trouble. Beside each of them honest clients square numbers, and what they
//! feel is measured before and meanwhile: the slowest hundredth of their round trips may not become twice as slow, and the
//! server's memory stays below its bound.
//!
//! `SQUARES_ABUSE_SECONDS=30` makes each trouble last as long; without it they take a second or so.

mod connections;
mod descriptors;
mod guesses;
mod guests;
mod lines;
mod mix;
mod readers;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use guests::Guests;

use crate::support::{Program, resident};

/// Round trips below this are nobody's trouble: on a machine with two processors, which the trouble's own clients use as well, a
/// slowest hundredth that doubles from one millisecond to two says nothing.
const FELT: Duration = Duration::from_millis(100);

/// Round trips that are measured before the trouble, and at least meanwhile.
const MEASURED: usize = 400;

/// One trouble at a time, or each would be measured with all the others.
static ALONE: Mutex<()> = Mutex::new(());

/// Whoever makes trouble, until it is dropped.
struct Trouble {
    over: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    makers: Vec<JoinHandle<()>>,
}

impl Trouble {
    fn new() -> Self {
        Self { over: Arc::default(), made: Arc::default(), makers: Vec::new() }
    }

    /// Adds a thread that makes trouble again and again: `make` is called until it is over, and tells how often it did something.
    fn with(mut self, mut make: impl FnMut() -> u64 + Send + 'static) -> Self {
        let (over, made) = (Arc::clone(&self.over), Arc::clone(&self.made));
        self.makers.push(thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                made.fetch_add(make(), Ordering::Relaxed);
            }
        }));
        self
    }

    /// How much of it there was so far.
    fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Ends it, and tells how much of it there was.
    fn end(mut self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.makers.drain(..).for_each(|maker| maker.join().expect("the trouble itself has none"));
        self.made()
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// A server with honest guests, measured before any trouble.
struct House {
    guests: Guests,
    program: Program,
    before: Duration,
    memory: u64,
    _folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl House {
    fn open(flags: &[&str]) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), flags)
    }

    fn in_folder(folder: tempfile::TempDir, flags: &[&str]) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let program = Program::start(folder.path(), &[&["--rate", "1000", "--burst", "1000"], flags].concat());
        let guests = Guests::welcome(&program);
        let before = guests.slowest_hundredth(Duration::ZERO);
        let memory = resident(program.pid());
        Self { guests, program, before, memory, _folder: folder, _alone: alone }
    }

    /// Measures what the guests feel now, and asserts that it is not much; gives the memory that the server has grown by.
    fn feels_nothing_of(&self, trouble: &str) -> u64 {
        let during = self.guests.slowest_hundredth(lasting());
        let grown = resident(self.program.pid()).saturating_sub(self.memory);
        eprintln!(
            "{trouble}: slowest hundredth {:?} before, {during:?} meanwhile; {} KiB more memory",
            self.before,
            grown >> 10
        );
        assert!(during <= FELT.max(2 * self.before), "{trouble}: {during:?} where it was {:?}", self.before);
        grown
    }

    /// Ends it, and gives the server's log.
    fn close(self) -> String {
        self.guests.leave();
        let (status, log) = self.program.stop();
        assert!(status.success(), "{status}");
        assert!(!log.contains("panic"), "{log}");
        log
    }
}

/// How long each trouble lasts at least.
fn lasting() -> Duration {
    let seconds = std::env::var("SQUARES_ABUSE_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(Duration::from_millis(500), Duration::from_secs)
}

/// Waits a moment between two pieces of trouble: this machine has to carry whoever makes it too.
fn pace(since: Instant, each: Duration) {
    thread::sleep(each.saturating_sub(since.elapsed()));
}
