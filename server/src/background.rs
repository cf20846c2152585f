//! Work that takes longer than a moment and that others should not feel: reading the ledger, squaring long numbers.
//! It is done on a few threads that let everything else go first, so that what is live never waits for the processor
//! because somebody asks for the past without end.
//!
//! The first thread is there from the start, so that nothing waits for ever where the system has no other to give;
//! the others come when there is more to do, and all of them stay.

use std::{
    collections::VecDeque,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Pieces of work at once; the others wait for their turn.
pub(crate) const THREADS: usize = 8;

/// After this time with nothing to do a thread rests: it gives back what it keeps for the next piece of work.
const KEPT: Duration = Duration::from_secs(2);

/// How much these threads let others go first. It is enough for whoever is woken beside them to go at once, and
/// leaves them a tenth of a processor that is busy with other things.
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug)]
pub(crate) struct Background {
    /// `None` in a simulation, where everything happens on the thread that asks.
    pool: Option<Arc<Pool>>,
}

/// A piece of work ended by a panic, or was dropped with the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a thread did not do what it was given")]
pub(crate) struct NotDone;

struct Pool {
    state: Mutex<State>,
    wake: Condvar,
    name: &'static str,
    most: usize,
    niceness: i32,
    /// What a thread does when it rests.
    rest: fn(),
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
    idle: usize,
    is_closed: bool,
}

impl Background {
    /// Fails where the system has no thread left for it.
    pub(crate) fn new() -> io::Result<Self> {
        Self::with(THREADS, "background", NICENESS, || {})
    }

    /// At most so many threads of this name, which let others go first by as much, and do this when they rest.
    pub(crate) fn with(most: usize, name: &'static str, niceness: i32, rest: fn()) -> io::Result<Self> {
        let state = State { threads: 1, ..State::default() };
        let pool = Arc::new(Pool { state: Mutex::new(state), wake: Condvar::new(), name, most, niceness, rest });
        pool.start_thread()?;
        Ok(Self { pool: Some(pool) })
    }

    /// Where each piece of work is done at once by whoever asks for it.
    pub(crate) const fn simulated() -> Self {
        Self { pool: None }
    }

    /// Whether everything happens on the thread that asks, each thing in its turn.
    pub(crate) const fn is_simulated(&self) -> bool {
        self.pool.is_none()
    }

    /// Does this piece of work, and gives what came of it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotDone> {
        let Some(pool) = &self.pool else { return Ok(work()) };
        let (done, is_done) = oneshot::channel();
        // Nobody may wait for it any more; it is done all the same.
        pool.submit(Box::new(move || drop(done.send(work()))));
        is_done.await.map_err(|_| NotDone)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Nobody waits for what is still being done: it is dropped on async threads too.
        if let Some(pool) = self.pool.take() {
            let mut state = pool.state.lock();
            state.is_closed = true;
            state.waiting.clear();
            drop(state);
            pool.wake.notify_all();
        }
    }
}

/// Does what may never end, such as reading from a disk that hangs, on a thread of its own, which nobody waits for
/// where whoever asked is gone.
///
/// # Errors
/// The system's, where it has no thread left, and a sentence where the work ended by a panic.
pub(crate) async fn apart<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, wait) = oneshot::channel();
    // Whoever asked may be gone.
    let work = move || drop(done.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    wait.await.map_err(|_| io::Error::other("it ended early"))
}

impl Pool {
    fn submit(self: &Arc<Self>, work: Work) {
        let mut state = self.state.lock();
        state.waiting.push_back(work);
        let wants_thread = state.waiting.len() > state.idle && state.threads < self.most;
        if wants_thread {
            state.threads += 1;
        }
        drop(state);
        self.wake.notify_one();
        if wants_thread && let Err(error) = self.start_thread() {
            self.state.lock().threads -= 1;
            tracing::debug!(%error, name = self.name, "no further thread; those that are there do it");
        }
    }

    fn start_thread(self: &Arc<Self>) -> io::Result<()> {
        let pool = Arc::clone(self);
        thread::Builder::new().name(self.name.to_owned()).spawn(move || {
            let_others_go_first(pool.niceness);
            pool.work();
        })?;
        Ok(())
    }

    /// What each thread does.
    fn work(&self) {
        let mut rests = false;
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                drop(state);
                // Whoever waits for it hears that it is not done.
                let _ = catch_unwind(AssertUnwindSafe(work));
                rests = false;
                state = self.state.lock();
                continue;
            }
            if state.is_closed {
                return;
            }
            state.idle += 1;
            let mut timed_out = false;
            if rests {
                self.wake.wait(&mut state);
            } else {
                timed_out = self.wake.wait_for(&mut state, KEPT).timed_out();
            }
            state.idle -= 1;
            if timed_out && state.waiting.is_empty() {
                (self.rest)();
                rests = true;
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).field("most", &self.most).finish_non_exhaustive()
    }
}

/// Lets others go before this thread, by at least this much: 19 is the most. A program that was started to go last
/// stays there.
pub(crate) fn let_others_go_first(niceness: i32) {
    // Here a thread has a priority of its own; elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::getpriority_process(None)
        .and_then(|usual| rustix::process::setpriority_process(None, niceness.max(usual)))
    {
        tracing::debug!(%error, "a thread works at the usual priority");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn what_hangs_hangs_alone() {
        let (release, hangs) = std::sync::mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let waited = runtime.block_on(async {
            assert_eq!(apart("quick", || 49).await.unwrap(), 49);
            assert!(apart("panics", || panic!("as it should")).await.is_err());
            tokio::time::timeout(Duration::from_millis(10), apart("hangs", move || hangs.recv().is_err())).await
        });
        assert!(waited.is_err());
        // The end of the runtime waits for nobody.
        drop(runtime);
        drop(release);
    }

    #[tokio::test]
    async fn work_is_done_behind_others_and_a_panic_in_it_ends_nothing_else() {
        let background = Background::new().unwrap();
        let niceness = || {
            #[cfg(target_os = "linux")]
            return rustix::process::getpriority_process(None).unwrap();
            #[cfg(not(target_os = "linux"))]
            NICENESS
        };
        let usual = niceness();
        assert_eq!(background.run(niceness).await.unwrap(), NICENESS.max(usual));
        assert_eq!(niceness(), usual, "nobody else lets others go first");
        assert!(background.run(|| panic!("as it should")).await.is_err());
        assert_eq!(background.run(|| 49).await.unwrap(), 49);
        assert_eq!(Background::simulated().run(niceness).await.unwrap(), usual);
    }

    #[tokio::test]
    async fn as_much_is_done_at_once_as_there_may_be_threads_and_all_of_it_in_the_end() {
        let background = Background::with(3, "test", 0, || {}).unwrap();
        let (together, done) = (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)));
        let work = |_| {
            let (together, done) = (Arc::clone(&together), Arc::clone(&done));
            background.run(move || {
                together.wait();
                done.fetch_add(1, Ordering::Relaxed);
            })
        };
        let mut all: Vec<_> = (0..9).map(|n| Box::pin(work(n))).collect();
        std::future::poll_fn(|context| {
            all.retain_mut(|one| one.as_mut().poll(context).is_pending());
            if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        assert_eq!(done.load(Ordering::Relaxed), 9);
        assert!(background.pool.as_ref().unwrap().state.lock().threads == 3);
    }

    #[tokio::test]
    async fn a_thread_with_nothing_to_do_gives_back_what_it_keeps_once() {
        static RESTS: AtomicUsize = AtomicUsize::new(0);
        let rest = || {
            RESTS.fetch_add(1, Ordering::Relaxed);
        };
        let background = Background::with(1, "test", 0, rest).unwrap();
        for expected in 1..=2 {
            background.run(|| {}).await.unwrap();
            while RESTS.load(Ordering::Relaxed) < expected {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
