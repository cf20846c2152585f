//! Honest clients: each squares a number, waits for it, and does so again. What they wait is what others make them feel.

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
use crate::support::{Peer, Program, eventually};

/// How many they are.
const GUESTS: usize = 4;

/// From one square to the next: a quick person with a script.
const PAUSE: Duration = Duration::from_millis(4);

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
            let (mut peer, _) = Peer::join(program, &format!("guest{n}"), json!({"backlog": 0, "pin": "4711"}));
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

    /// The slowest hundredth of the round trips from now on, over at least this time.
    pub(super) fn slowest_hundredth(&self, time: Duration) -> Duration {
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
        waited[waited.len() * 99 / 100]
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
