//! A pool of low-priority threads for work that takes long: reading the ledger, squaring long numbers. So live sessions
//! never wait for the processor because somebody reads the past without end.
//!
//! The first thread starts with the pool, so that work is done even if the system has no other thread; the others start
//! on demand, and all of them stay.

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

/// Jobs at once; the others wait.
pub(crate) const THREADS: usize = 8;

/// After this time without a job a thread frees what it keeps for the next one.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// The niceness of these threads: low enough in priority that other threads run as soon as they wake, and still a tenth
/// of a busy processor.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
pub(crate) struct WorkerPool {
    /// `None` in a simulation, where everything happens on the caller's thread.
    workers: Option<Arc<Workers>>,
}

/// A job ended by a panic, or was dropped with the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a thread did not do what it was given")]
pub(crate) struct JobLost;

struct Workers {
    state: Mutex<WorkerState>,
    wake: Condvar,
    name: &'static str,
    most: usize,
    niceness: i32,
    /// What a thread does when it becomes idle.
    on_idle: fn(),
}

#[derive(Default)]
struct WorkerState {
    waiting: VecDeque<Job>,
    threads: usize,
    idle: usize,
    is_closed: bool,
}

impl WorkerPool {
    /// Fails if the system has no thread left.
    pub(crate) fn new() -> io::Result<Self> {
        Self::with(THREADS, "worker", NICENESS, || {})
    }

    /// A pool of at most so many threads with this name and niceness, each of which calls `on_idle` when it becomes
    /// idle.
    pub(crate) fn with(most: usize, name: &'static str, niceness: i32, on_idle: fn()) -> io::Result<Self> {
        let state = WorkerState { threads: 1, ..WorkerState::default() };
        let workers =
            Arc::new(Workers { state: Mutex::new(state), wake: Condvar::new(), name, most, niceness, on_idle });
        workers.start_thread()?;
        Ok(Self { workers: Some(workers) })
    }

    /// A pool without threads, for a simulation: each job is done at once by its caller.
    pub(crate) const fn simulated() -> Self {
        Self { workers: None }
    }

    /// Whether jobs are done by their callers.
    pub(crate) const fn is_simulated(&self) -> bool {
        self.workers.is_none()
    }

    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobLost> {
        let Some(workers) = &self.workers else { return Ok(work()) };
        let (done, is_done) = oneshot::channel();
        // The job is done even if its caller is gone.
        workers.submit(Box::new(move || drop(done.send(work()))));
        is_done.await.map_err(|_| JobLost)
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        // This may run on an async thread, which must not wait for jobs to end.
        if let Some(workers) = self.workers.take() {
            let mut state = workers.state.lock();
            state.is_closed = true;
            state.waiting.clear();
            drop(state);
            workers.wake.notify_all();
        }
    }
}

/// Does a job that may never end, such as reading from a disk that hangs, on a thread of its own, which no shutdown
/// waits for.
///
/// # Errors
/// The system's if it has no thread left, and a sentence if the job ended by a panic.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, wait) = oneshot::channel();
    // The caller may be gone.
    let work = move || drop(done.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    wait.await.map_err(|_| io::Error::other("it ended early"))
}

impl Workers {
    fn submit(self: &Arc<Self>, work: Job) {
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
            lower_priority(pool.niceness);
            pool.work();
        })?;
        Ok(())
    }

    /// The loop of each thread.
    fn work(&self) {
        let mut is_idle = false;
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                drop(state);
                // After a panic its caller gets [`JobLost`].
                let _ = catch_unwind(AssertUnwindSafe(work));
                is_idle = false;
                state = self.state.lock();
                continue;
            }
            if state.is_closed {
                return;
            }
            state.idle += 1;
            let mut timed_out = false;
            if is_idle {
                self.wake.wait(&mut state);
            } else {
                timed_out = self.wake.wait_for(&mut state, IDLE_TIME).timed_out();
            }
            state.idle -= 1;
            if timed_out && state.waiting.is_empty() {
                (self.on_idle)();
                is_idle = true;
            }
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("name", &self.name).field("most", &self.most).finish_non_exhaustive()
    }
}

/// Sets the niceness of this thread to at least this much (19 is the most). A program that was started with more keeps
/// it.
pub(crate) fn lower_priority(niceness: i32) {
    // Only on Linux each thread has a niceness of its own.
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
            assert_eq!(on_own_thread("quick", || 49).await.unwrap(), 49);
            assert!(on_own_thread("panics", || panic!("as it should")).await.is_err());
            tokio::time::timeout(Duration::from_millis(10), on_own_thread("hangs", move || hangs.recv().is_err())).await
        });
        assert!(waited.is_err());
        // The end of the runtime waits for nobody.
        drop(runtime);
        drop(release);
    }

    #[tokio::test]
    async fn work_is_done_behind_others_and_a_panic_in_it_ends_nothing_else() {
        let pool = WorkerPool::new().unwrap();
        let niceness = || {
            #[cfg(target_os = "linux")]
            return rustix::process::getpriority_process(None).unwrap();
            #[cfg(not(target_os = "linux"))]
            NICENESS
        };
        let usual = niceness();
        assert_eq!(pool.run(niceness).await.unwrap(), NICENESS.max(usual));
        assert_eq!(niceness(), usual, "nobody else lets others go first");
        assert!(pool.run(|| panic!("as it should")).await.is_err());
        assert_eq!(pool.run(|| 49).await.unwrap(), 49);
        assert_eq!(WorkerPool::simulated().run(niceness).await.unwrap(), usual);
    }

    #[tokio::test]
    async fn as_much_is_done_at_once_as_there_may_be_threads_and_all_of_it_in_the_end() {
        let pool = WorkerPool::with(3, "test", 0, || {}).unwrap();
        let (together, done) = (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)));
        let work = |_| {
            let (together, done) = (Arc::clone(&together), Arc::clone(&done));
            pool.run(move || {
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
        assert!(pool.workers.as_ref().unwrap().state.lock().threads == 3);
    }

    #[tokio::test]
    async fn a_thread_with_nothing_to_do_gives_back_what_it_keeps_once() {
        static RESTS: AtomicUsize = AtomicUsize::new(0);
        let rest = || {
            RESTS.fetch_add(1, Ordering::Relaxed);
        };
        let pool = WorkerPool::with(1, "test", 0, rest).unwrap();
        for expected in 1..=2 {
            pool.run(|| {}).await.unwrap();
            while RESTS.load(Ordering::Relaxed) < expected {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
