//! A separate runtime for connections until their student has joined and has what was missed, so that a reconnect storm
//! does not starve established sessions: the system shares the processors out between its threads and all others,
//! whereas tasks of one runtime wait for each other in one queue.
//!
//! Measured with 10,000 that reconnect: a round trip of an established client takes 0.5 ms at the median, with one
//! runtime 3 to 8 ms (docs/decisions/join-runtime.md). A semaphore around the join step would leave the first wake-ups
//! of all connections in that one queue.

use std::io;

use tokio::{
    runtime::{Builder, EnterGuard, Handle, Runtime},
    task::JoinHandle,
};

/// The threads that accept connections and let students join.
#[derive(Debug)]
pub(crate) struct JoinPool {
    handle: Handle,
    /// `None` in a simulation, where everything happens on one thread.
    runtime: Option<Runtime>,
}

impl JoinPool {
    /// Fails if the system has no descriptor or thread left.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("join").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// The caller's runtime, for a simulation.
    pub(crate) fn simulated() -> Self {
        Self { handle: Handle::current(), runtime: None }
    }

    /// Until this is dropped, what is made belongs to the pool's runtime.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Runs this in the pool.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn(work)
    }
}

impl Drop for JoinPool {
    fn drop(&mut self) {
        // This may run on an async thread, even one of its own, which must not wait for threads to end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
