//! How many threads a server has: by the number of processors, with a bound, since limits on threads (a systemd unit's
//! `TasksMax`, `ulimit -u`) are the same on large machines. The server asks for all of them when it starts: work for a
//! thread that the system refuses later would wait for ever.

use std::{io, sync::mpsc, thread};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::{StartError, worker_pool};

/// More processors count as this many.
const MOST_PROCESSORS: usize = 16;

/// Blocking threads of the runtime: for opening and closing the ledger, and resolving names.
const BLOCKING: usize = 4;

/// The ledger's writer, its checkpoints, and the log.
const OTHERS: usize = 3;

/// How many threads there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Threads {
    /// Workers of the main runtime: established sessions, and all that has no thread of its own.
    pub(crate) live: usize,
    /// Workers of the join runtime; there are as many relay tasks. Half of the processors may do these, while the other
    /// half reads, squares and commits.
    pub(crate) join: usize,
    /// Check PINs; the other half of the processors goes on serving established sessions.
    pub(crate) pins: usize,
}

impl Threads {
    /// Those of this machine.
    pub(crate) fn here() -> Self {
        Self::with(thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    fn with(processors: usize) -> Self {
        let processors = processors.clamp(1, MOST_PROCESSORS);
        let half = (processors / 2).max(1);
        Self { live: processors, join: half, pins: half }
    }

    /// Those that a server starts besides the runtime that it is started in.
    fn of_a_server(self) -> usize {
        self.join + self.pins + worker_pool::THREADS + OTHERS
    }

    /// Those of the whole program besides its first.
    fn of_the_program(self) -> usize {
        self.live + BLOCKING + self.of_a_server()
    }
}

/// A runtime for a server and nothing else, of at most so many threads; checks that the system has threads for both.
///
/// # Errors
/// [`StartError::Threads`], or [`StartError::System`] where there are no descriptors.
pub fn runtime(most: usize) -> Result<Runtime, StartError> {
    let mut threads = Threads::here();
    threads.live = threads.live.min(most);
    ask_for(threads.of_the_program())?;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads.live).thread_name("server").max_blocking_threads(BLOCKING).enable_all();
    Ok(builder.build()?)
}

/// Checks that the system has threads for a server in a runtime of the caller's.
pub(crate) fn check_available() -> Result<(), StartError> {
    ask_for(Threads::here().of_a_server())
}

/// Starts so many threads that do nothing, and ends them: checks that the system has as many.
fn ask_for(wanted: usize) -> Result<(), StartError> {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let wait = || {
        let _ = released.lock().recv();
    };
    let all = |release: mpsc::Sender<()>| -> io::Result<()> {
        thread::scope(|scope| {
            // Released when this is left, by an error too, before they are waited for.
            let _release = release;
            (0..wanted).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop))
        })
    };
    all(release).map_err(|error| StartError::Threads { wanted, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_machine_gets_no_more_threads_than_the_unit_allows() {
        let unit = include_str!("../../assets/squares-server.service");
        let allowed = unit.lines().find_map(|line| line.strip_prefix("TasksMax=")).unwrap().parse::<usize>().unwrap();
        for processors in 0..1024 {
            let threads = Threads::with(processors);
            assert!(threads.live >= 1 && threads.join >= 1 && threads.pins >= 1, "{processors}");
            let all = 1 + threads.of_the_program();
            assert!(all < 60 && all < allowed, "{all} threads with {processors} processors");
        }
        assert_eq!(Threads::with(2), Threads { live: 2, join: 1, pins: 1 });
        assert_eq!(Threads::with(128), Threads { live: 16, join: 8, pins: 8 });
    }

    #[test]
    fn what_can_be_had_is_given_back() {
        ask_for(100).unwrap();
        ask_for(0).unwrap();
    }
}
