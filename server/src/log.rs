//! The log of the program, on standard error. Lines are written by a thread of its own behind a bounded queue: where
//! nobody reads them, or the disk they go to is full, lines are lost and counted, and the server goes on. Started by
//! `main`.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::EnvFilter;

/// The lines that may wait to be written.
const QUEUE: usize = 4096;

/// How long the end of the program waits for the lines that are left.
const PATIENCE: Duration = Duration::from_secs(1);

/// The running log.
pub(crate) struct Log {
    queue: Queue,
}

#[derive(Clone)]
struct Queue {
    lines: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

enum Entry {
    Line(Vec<u8>),
    /// Everything before it was written once this is answered.
    Flush(SyncSender<()>),
}

/// Starts the log at the level that `RUST_LOG` sets, else `info`.
pub(crate) fn start() -> Log {
    let (lines, entries) = mpsc::sync_channel(QUEUE);
    let queue = Queue { lines, lost: Arc::default() };
    let lost = Arc::clone(&queue.lost);
    // Without a thread there is no log; the server is worth more.
    let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&entries, &lost));
    let writer = queue.clone();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(move || writer.clone())
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // It would print a failure to write where writing just failed, and panic.
        .log_internal_errors(false)
        .init();
    Log { queue }
}

impl Log {
    /// Waits a moment for what is left to be written.
    pub(crate) fn finish(self) {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.queue.lines.try_send(Entry::Flush(done)).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
}

impl Write for Queue {
    /// Takes one line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Entry::Line(line.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(entries: &Receiver<Entry>, lost: &AtomicU64) {
    let mut out = io::stderr();
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                let lines = lost.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    let _ = writeln!(out, "{lines} lines of the log were lost: they came faster than they were taken");
                }
                let _ = out.write_all(&line);
            }
            Entry::Flush(done) => drop(done.send(())),
        }
    }
}
