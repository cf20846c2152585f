//! How many threads a server has: as many as the machine is good for, and no more than anybody needs, since limits on
//! them (a systemd unit's `TasksMax`, `ulimit -u`) are the same on large machines. The system is asked for all of
//! them before the first is used: what it does not give later would be waited for without end. `lib` and `main` call
//! it when they start.

use std::{io, sync::mpsc, thread};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::{StartError, background};

/// A machine with more processors than this has as many threads as one with this many.
const MOST_PROCESSORS: usize = 16;

/// Threads of a runtime for what blocks: opening and closing the ledger, looking a name up.
const BLOCKING: usize = 4;

/// The ledger's writer, its checkpoints, and the log.
const OTHERS: usize = 3;

/// How many threads there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Threads {
    /// Serve those who have joined, and everything else that has no thread of its own.
    pub(crate) live: usize,
    /// Let students in. As many tasks hand news to everybody: one half of the processors does these, the other half
    /// reads, squares and commits.
    pub(crate) lobby: usize,
    /// Check PINs: the other half goes on serving those who are in.
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
        Self { live: processors, lobby: half, pins: half }
    }

    /// Those that a server starts besides the runtime that it is started in.
    fn of_a_server(self) -> usize {
        self.lobby + self.pins + background::THREADS + OTHERS
    }

    /// Those of the whole program besides its first.
    fn of_the_program(self) -> usize {
        self.live + BLOCKING + self.of_a_server()
    }
}

/// A runtime for a server and nothing else, of at most so many threads, on a machine that has threads for both.
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

/// Asks the system for the threads of a server that is started in a runtime of somebody else's.
pub(crate) fn ask_for_those_of_a_server() -> Result<(), StartError> {
    ask_for(Threads::here().of_a_server())
}

/// Starts so many threads that do nothing, and ends them.
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
            assert!(threads.live >= 1 && threads.lobby >= 1 && threads.pins >= 1, "{processors}");
            let all = 1 + threads.of_the_program();
            assert!(all < 60 && all < allowed, "{all} threads with {processors} processors");
        }
        assert_eq!(Threads::with(2), Threads { live: 2, lobby: 1, pins: 1 });
        assert_eq!(Threads::with(128), Threads { live: 16, lobby: 8, pins: 8 });
    }

    #[test]
    fn what_can_be_had_is_given_back() {
        ask_for(100).unwrap();
        ask_for(0).unwrap();
    }
}
