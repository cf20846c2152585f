//! How many threads a server has: by the number of processors, with a bound, since limits on threads (a systemd unit's
//! `TasksMax`, `ulimit -u`) are the same on large machines. The server asks for all of them when it starts: work for a
//! thread that the system refuses later would wait for ever.

use std::{io, sync::mpsc, thread};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::worker_pool;

/// More processors count as this many.
const MAX_PROCESSORS: usize = 16;

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
        let processors = processors.clamp(1, MAX_PROCESSORS);
        let half = (processors / 2).max(1);
        Self { live: processors, join: half, pins: half }
    }

    /// Those that a server starts besides the runtime that it is started in.
    pub(crate) fn of_a_server(self) -> usize {
        self.join + self.pins + worker_pool::THREADS + OTHERS
    }

    /// Those of the whole program besides its first.
    pub(crate) fn of_the_program(self) -> usize {
        self.live + BLOCKING + self.of_a_server()
    }
}

pub(crate) fn runtime(threads: Threads) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads.live).thread_name("server").max_blocking_threads(BLOCKING).enable_all();
    builder.build()
}

/// Starts so many threads that do nothing, and ends them: checks that the system has as many.
pub(crate) fn check_available(wanted: usize) -> io::Result<()> {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let wait = || {
        let _ = released.lock().recv();
    };
    thread::scope(|scope| {
        // Released when this is left, by an error too, before they are waited for.
        let _release = release;
        (0..wanted).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop))
    })
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
        check_available(100).unwrap();
        check_available(0).unwrap();
    }
}
