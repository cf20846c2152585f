//! Honest clients: each squares a number, waits for it, and does so again. What they wait is what others make them
//! feel.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::json;

use super::MEASURED;
use crate::{
    pins::PIN,
    support::{Peer, Program, eventually},
};

/// How many they are.
const GUESTS: usize = 4;

/// From one square to the next: a quick person with a script.
const PAUSE: Duration = Duration::from_millis(4);

/// What is measured at a time.
pub(super) const WINDOW: Duration = Duration::from_secs(2);

/// What guests wait for their squares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Felt {
    pub(super) middle: Duration,
    pub(super) slowest_hundredth: Duration,
}

impl Felt {
    /// How many times slower the slowest hundredth is than that of another.
    pub(super) fn times(&self, other: &Self) -> f64 {
        self.slowest_hundredth.as_secs_f64() / other.slowest_hundredth.as_secs_f64()
    }

    pub(super) fn middle_of(felt: &mut [Self]) -> Self {
        felt.sort_unstable_by_key(|felt| felt.slowest_hundredth);
        felt[felt.len() / 2]
    }
}

impl std::fmt::Display for Felt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2?} ({:.2?} at the median)", self.slowest_hundredth, self.middle)
    }
}

/// Honest clients, squaring until they leave.
pub(super) struct Guests {
    over: Arc<AtomicBool>,
    waited: Arc<Mutex<Vec<Duration>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Guests {
    pub(super) fn welcome(program: &Program) -> Self {
        let (over, waited) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Duration>>>::default());
        let guest = |n: usize| {
            let (mut peer, _) = Peer::join(program, &format!("guest{n}"), json!({"backlog": 0, "pin": PIN}));
            let (over, waited) = (Arc::clone(&over), Arc::clone(&waited));
            thread::spawn(move || {
                let mut squared = 0_u64;
                while !over.load(Ordering::Relaxed) {
                    let sent = Instant::now();
                    let id = format!("g{n}-{squared}");
                    peer.square(squared, &id);
                    while peer.next_of("result")["id"] != *id {}
                    waited.lock().unwrap().push(sent.elapsed());
                    squared += 1;
                    thread::sleep(PAUSE.saturating_sub(sent.elapsed()));
                }
            })
        };
        let threads = (0..GUESTS).map(guest).collect();
        Self { over, waited, threads }
    }

    /// What they feel from now on, over at least this time. It is cut into windows of which the middle one counts, so
    /// that one moment of the disk does not stand for all of it.
    pub(super) fn felt(&self, time: Duration) -> Felt {
        let windows = (time.as_millis() / WINDOW.as_millis()).max(1) as u32;
        let mut felt: Vec<Felt> = (0..windows).map(|_| self.felt_in_a_window(time / windows)).collect();
        Felt::middle_of(&mut felt)
    }

    fn felt_in_a_window(&self, time: Duration) -> Felt {
        self.waited.lock().unwrap().clear();
        let until = Instant::now() + time;
        let measured = || self.waited.lock().unwrap().len();
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
            assert!(self.threads.iter().all(|thread| !thread.is_finished()), "a guest was put out");
        }
        eventually("guests are answered", || measured() >= MEASURED);
        let mut waited = std::mem::take(&mut *self.waited.lock().unwrap());
        waited.sort_unstable();
        Felt { middle: waited[waited.len() / 2], slowest_hundredth: waited[waited.len() * 99 / 100] }
    }

    /// All of them leave; whoever had any trouble says so.
    pub(super) fn leave(mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("a guest is answered, and never put out");
        }
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
