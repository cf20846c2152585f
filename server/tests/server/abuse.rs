//! Clients that mean no good, one file for each kind of trouble. Beside each of them honest clients square numbers,
//! and what they feel is measured before and meanwhile: the slowest hundredth of their round trips may not become
//! twice as slow, and the server's memory stays below its bound.
//!
//! `SQUARES_ABUSE_SECONDS=30` makes each trouble last as long, and then the promise is taken by the word: not twice
//! as slow. The trouble rests in every second window, so that each of its windows has a neighbour to be compared
//! with, whatever else the machine does. Without it they take a second or so beside other tests, and only what a
//! person would feel is an error.

mod connections;
mod descriptors;
mod guesses;
mod guests;
mod lines;
mod mix;
mod readers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use guests::{Felt, Guests, WINDOW};
use parking_lot::{Mutex, MutexGuard};

use crate::support::{Program, resident};

/// Round trips below this are nobody's trouble, in a long run on a silent machine and in a short one beside other
/// tests: the trouble's own clients use the same two processors as the server and its guests, and the disk has
/// moments of its own. The short run, on a machine that builds and tests other things as well, only finds out whether
/// guests wait for as long as the trouble lasts.
const FELT: Duration = Duration::from_millis(3);
const FELT_IN_SHORT: Duration = Duration::from_secs(1);

/// Round trips that are measured before the trouble, and at least meanwhile.
const MEASURED: usize = 400;

/// Makers of trouble rest.
static RESTING: AtomicBool = AtomicBool::new(false);

/// What comes to an end between a window of trouble and one without.
const SETTLING: Duration = Duration::from_millis(200);

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

    /// Adds a thread that makes trouble again and again: `make` is called until it is over, and tells how often it
    /// did something.
    fn with(mut self, mut make: impl FnMut() -> u64 + Send + 'static) -> Self {
        let (over, made) = (Arc::clone(&self.over), Arc::clone(&self.made));
        self.makers.push(thread::spawn(move || {
            // Beside other tests they would get nothing at all.
            if is_long() {
                go_last();
            }
            while !over.load(Ordering::Relaxed) {
                if RESTING.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                    continue;
                }
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
    before: Felt,
    memory: u64,
    _folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl House {
    fn open(flags: &[&str]) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), flags)
    }

    fn in_folder(folder: tempfile::TempDir, flags: &[&str]) -> Self {
        let alone = alone();
        let program = Program::start(folder.path(), &[&["--rate", "1000", "--burst", "1000"], flags].concat());
        let guests = Guests::welcome(&program);
        let before = guests.felt(if is_long() { lasting() / 3 } else { Duration::ZERO });
        let memory = resident(program.pid());
        Self { guests, program, before, memory, _folder: folder, _alone: alone }
    }

    /// Measures what the guests feel now, and asserts that it is not much; gives the memory that the server has grown
    /// by.
    fn feels_nothing_of(&self, trouble: &str) -> u64 {
        let (before, during, times) =
            if is_long() { self.compare() } else { (self.before, self.guests.felt(lasting()), None) };
        let resident = resident(self.program.pid());
        let grown = resident.saturating_sub(self.memory);
        let times = times.unwrap_or_else(|| during.times(&before));
        eprintln!(
            "{trouble}: {} before it; {before} without, {during} meanwhile, {times:.2} times; {} KiB resident, {} more",
            self.before,
            resident >> 10,
            grown >> 10
        );
        let floor = if is_long() { FELT } else { FELT_IN_SHORT };
        let is_felt = times > 2.0 && during.slowest_hundredth > floor;
        assert!(!is_felt, "{trouble}: {during} where it was {before}, {times:.2} times");
        grown
    }

    /// Measures by turns without and with the trouble: the middle of each, and the middle of how many times slower it
    /// was.
    fn compare(&self) -> (Felt, Felt, Option<f64>) {
        let pairs = (lasting().as_secs() / (2 * WINDOW.as_secs())).max(3);
        let window = |resting| {
            RESTING.store(resting, Ordering::Relaxed);
            thread::sleep(SETTLING);
            self.guests.felt(WINDOW)
        };
        let (mut without, mut with): (Vec<Felt>, Vec<Felt>) = (0..pairs).map(|_| (window(true), window(false))).unzip();
        let mut times: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with.times(without)).collect();
        times.sort_unstable_by(f64::total_cmp);
        (Felt::middle_of(&mut without), Felt::middle_of(&mut with), Some(times[times.len() / 2]))
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
    long_run().unwrap_or(Duration::from_millis(500))
}

fn is_long() -> bool {
    long_run().is_some()
}

fn long_run() -> Option<Duration> {
    let seconds = std::env::var("SQUARES_ABUSE_SECONDS").ok()?.parse().expect("it is a number of seconds");
    Some(Duration::from_secs(seconds))
}

/// Whoever makes trouble does so on other machines. Here they share the processors with the server and its guests, so
/// in a long run they take only what those leave: what is measured is what the server lets the guests feel. Where
/// `chrt` is missing they are no more than nice.
fn go_last() {
    {
        rustix::process::setpriority_process(None, 19).expect("a thread may always go after others");
        let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
        let _ = std::process::Command::new("chrt").args(["--idle", "--pid", "0", &thread]).status();
    }
}

/// Nobody else makes trouble for as long as this is held.
fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock();
    RESTING.store(false, Ordering::Relaxed);
    alone
}

/// Waits a moment between two pieces of trouble: this machine has to carry whoever makes it too.
fn pace(since: Instant, each: Duration) {
    thread::sleep(each.saturating_sub(since.elapsed()));
}
