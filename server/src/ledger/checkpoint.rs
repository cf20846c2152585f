//! Moves what the write-ahead log has gathered into the ledger's file, on a thread of its own, so that no commit
//! waits for it. Most of it is moved while the writer goes on; only a small rest, of what was written meanwhile, is
//! moved while the writer waits, since the log begins anew only when all of it was moved. It also keeps the log's
//! file longer than the log. The writer owns it, and tells it of each commit.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use rusqlite::Connection;

use super::{LedgerError, open_files::OpenFiles, schema, wal_room::WalRoom};

/// Pages of the log from which on they are moved: 16 MiB. Pages that were written again and again are moved once.
const MANY: i32 = 4096;

/// Pages that are moved while the writer waits, a few milliseconds; about what one full batch with ids in no order
/// adds.
const FEW: i32 = 512;

/// Times that pages are moved beside the writer before it has to wait, whatever is left by then: a log that grows
/// faster than it can be moved would otherwise never end.
const PASSES: u32 = 16;

/// How long until the next try where readers were in the way, or the disk was.
const PAUSE: Duration = Duration::from_millis(10);

/// The thread that moves pages. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    shared: Arc<CheckpointThread>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct CheckpointThread {
    path: PathBuf,
    files: Arc<OpenFiles>,
    room: WalRoom,
    /// Pages in the log by the last commit.
    pages: AtomicI32,
    /// Held during each transaction of the writer, and while the rest of the log is moved.
    turn: Mutex<()>,
    /// Held while pages are moved, taken before `turn`.
    moving: Mutex<()>,
    asked: Mutex<Requested>,
    wake: Condvar,
}

/// What the thread is to do next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Requested {
    extend: bool,
    checkpoint: bool,
    end: bool,
}

/// How a pass went: pages in the log, and how many of them stand in the ledger's file as well.
struct Pass {
    pages: i32,
    moved: i32,
}

impl Checkpointer {
    /// Starts the thread for the ledger in this file.
    pub(super) fn start(path: PathBuf, files: Arc<OpenFiles>) -> io::Result<Self> {
        let shared = Arc::new(CheckpointThread {
            room: WalRoom::new(&path, MANY),
            path,
            pages: AtomicI32::new(i32::try_from(files.wal().frames()).unwrap_or(i32::MAX)),
            files,
            turn: Mutex::default(),
            moving: Mutex::default(),
            asked: Mutex::default(),
            wake: Condvar::default(),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || own.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes the place of SQLite's own checkpoints on the writer's connection.
    pub(super) fn attend(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let shared = Arc::clone(&self.shared);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            shared.pages.store(pages, Ordering::Relaxed);
            Ok(())
        }))
    }

    /// The writer's turn. No transaction may be open without it.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock()
    }

    /// Empties the log while nobody else moves pages or writes; see [`schema::settle`].
    pub(super) fn settle(&self, connection: &Connection) -> Result<(), LedgerError> {
        let _moving = self.shared.moving.lock();
        let _turn = self.turn();
        self.shared.files.wal().check_all()?;
        self.shared.files.write(|| schema::settle(connection))?.map_err(|error| self.shared.failed(&error))?;
        self.shared.files.wal().emptied();
        self.shared.pages.store(0, Ordering::Relaxed);
        self.shared.room.truncated();
        Ok(())
    }

    /// Does this while nobody moves pages or writes.
    pub(super) fn alone<T>(&self, what: impl FnOnce() -> T) -> T {
        let _moving = self.shared.moving.lock();
        let _turn = self.turn();
        what()
    }

    /// Pages in the log by the last commit.
    pub(super) fn pages(&self) -> u32 {
        self.shared.pages.load(Ordering::Relaxed).unsigned_abs()
    }

    /// Takes note of a commit.
    pub(super) fn committed(&self) {
        let pages = self.shared.pages.load(Ordering::Relaxed);
        if pages >= MANY {
            self.ask();
        } else if self.shared.room.is_short(pages) {
            self.shared.ask(|asked| asked.extend = true);
        }
    }

    /// Lets the log be moved now: where the disk is full, the room that the log has may be all that there is.
    pub(super) fn ask(&self) {
        self.shared.ask(|asked| asked.checkpoint = true);
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.ask(|asked| asked.end = true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that moves the write-ahead log ended by a panic");
        }
    }
}

impl CheckpointThread {
    fn ask(&self, for_more: impl FnOnce(&mut Requested)) {
        let mut asked = self.asked.lock();
        let before = *asked;
        for_more(&mut asked);
        if *asked != before {
            self.wake.notify_one();
        }
    }

    fn run(&self) {
        // Made with the first use, and anew after a failure.
        let mut connection = None;
        let mut failing = false;
        loop {
            let mut asked = self.asked.lock();
            self.wake.wait_while(&mut asked, |asked| *asked == Requested::default());
            if asked.end {
                if let Some(connection) = connection {
                    schema::close(connection, &self.files);
                }
                return;
            }
            let Requested { extend, checkpoint, .. } = std::mem::take(&mut *asked);
            drop(asked);
            let done = match self.carry_out(&mut connection, extend, checkpoint) {
                Ok(all) => {
                    failing = false;
                    all
                }
                Err(error) => {
                    if let Some(connection) = connection.take() {
                        schema::close(connection, &self.files);
                    }
                    if !failing {
                        tracing::warn!(%error, "cannot move the write-ahead log into the ledger just now; trying again with later squares");
                    }
                    failing = true;
                    false
                }
            };
            if !done {
                self.wake.wait_while_for(&mut self.asked.lock(), |asked| !asked.end, PAUSE);
            }
        }
    }

    /// Does what was asked, and tells whether all of it could be done.
    fn carry_out(
        &self,
        connection: &mut Option<Connection>,
        extend: bool,
        checkpoint: bool,
    ) -> Result<bool, LedgerError> {
        self.files.check()?;
        let connection = match connection {
            Some(connection) => connection,
            None => {
                let new = schema::connect_to_checkpoint(&self.path).map_err(|error| self.failed(&error))?;
                connection.insert(new)
            }
        };
        self.files.check()?;
        if extend {
            let turn = self.turn.lock();
            self.files.wal().check()?;
            self.room.extend(connection, turn, || self.files.wal().accept());
        }
        if checkpoint { self.checkpoint(connection) } else { Ok(true) }
    }

    /// Moves the log, and tells whether it can begin anew.
    fn checkpoint(&self, connection: &Connection) -> Result<bool, LedgerError> {
        let _moving = self.moving.lock();
        let mut before = 0;
        for _ in 0..PASSES {
            // What another program wrote into the log must not get into the ledger.
            let turn = self.turn.lock();
            self.files.wal().check_all()?;
            drop(turn);
            let Pass { pages, moved } = self.pass(connection)?;
            // What the writer has added meanwhile counts too.
            if self.pages.load(Ordering::Relaxed) - moved <= FEW {
                break;
            }
            if moved < pages && moved == before {
                // A reader still needs what stands in the file now.
                return Ok(false);
            }
            before = moved;
        }
        let _turn = self.turn.lock();
        self.files.wal().check()?;
        let Pass { pages, moved } = self.pass(connection)?;
        Ok(pages == moved)
    }

    fn pass(&self, connection: &Connection) -> Result<Pass, LedgerError> {
        let pass = |row: &rusqlite::Row<'_>| Ok(Pass { pages: row.get(1)?, moved: row.get(2)? });
        let passed = self.files.write(|| connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), pass))?;
        passed.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> LedgerError {
        LedgerError::from_sqlite(&self.path, error)
    }
}
