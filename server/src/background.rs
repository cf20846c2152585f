//! Work that takes longer than a moment and that others should not feel: reading the ledger, squaring long numbers. It is done
//! on a few threads that let everything else go first, so that what is live never waits for the processor because somebody
//! asks for the past without end.

use std::{io, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::JoinError,
};

/// Pieces of work at once; the others wait for their turn.
const THREADS: usize = 8;

/// How long a thread stays that has nothing to do.
const KEPT: Duration = Duration::from_secs(2);

/// How much these threads let others go first. It is enough for whoever is woken beside them to go at once, and leaves them a
/// tenth of a processor that is busy with other things.
const NICENESS: i32 = 10;

/// The threads. They come when there is work, and go when there is none for a while.
#[derive(Debug)]
pub(crate) struct Background {
    /// Only its pool of threads is used; `None` in a simulation, where everything happens on the thread that asks.
    pool: Option<Runtime>,
}

impl Background {
    /// Fails where the system has no descriptor left for it.
    pub(crate) fn new() -> io::Result<Self> {
        Self::with(THREADS, "background", NICENESS)
    }

    /// So many threads of this name, which let others go first by as much.
    pub(crate) fn with(threads: usize, name: &str, niceness: i32) -> io::Result<Self> {
        let pool = Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_keep_alive(KEPT)
            .thread_name(name)
            .on_thread_start(move || let_others_go_first(niceness))
            .build()?;
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

    /// Does this piece of work, and gives what came of it, or that it ended by a panic.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match &self.pool {
            Some(pool) => pool.spawn_blocking(work).await,
            None => Ok(work()),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Nobody waits for what is still being done: it is dropped on async threads too.
        if let Some(pool) = self.pool.take() {
            pool.shutdown_background();
        }
    }
}

/// Does what may never end, such as reading from a disk that hangs, on a thread of its own, which nobody waits for where whoever asked is gone.
///
/// # Errors
/// The system's, where it has no thread left, and a sentence where the work ended by a panic.
pub(crate) async fn apart<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, wait) = oneshot::channel();
    // Whoever asked may be gone.
    let work = move || drop(done.send(work()));
    std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
    wait.await.map_err(|_| io::Error::other("it ended early"))
}

/// Lets others go before this thread, by at least this much: 19 is the most. A program that was started to go last stays there.
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
    use super::*;

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
}
