//! Checkpoints the write-ahead log into the ledger's file on a thread of its own, so that no commit waits for it. Most
//! pages are moved while the writer goes on; the writer waits only for the few that it added meanwhile, since the log
//! starts over only once all of it was moved. The same thread keeps room in front of the log. The writer owns it, and
//! reports each commit to it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use rusqlite::Connection;

use super::{
    error::{AtPath as _, LedgerError},
    open_files::OpenFiles,
    schema,
    wal_preallocation::WalPreallocation,
};

/// Pages of the log from which on they are moved: 16 MiB. Pages that were written again and again are moved once.
const MIN_CHECKPOINT_PAGES: i32 = 4096;

/// Pages that are moved while the writer waits, a few milliseconds; about what one full batch with ids in no order
/// adds.
const MAX_BLOCKING_PAGES: i32 = 512;

/// Passes beside the writer before it has to wait, whatever is left by then: a log that grows faster than it can be
/// moved would otherwise never end.
const PASSES: u32 = 16;

/// How long until the next try where readers were in the way, or the disk was.
const PAUSE: Duration = Duration::from_millis(10);

/// The checkpoint thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    shared: Arc<CheckpointThread>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct CheckpointThread {
    path: PathBuf,
    files: Arc<OpenFiles>,
    preallocation: WalPreallocation,
    /// Pages in the log by the last commit.
    pages: AtomicI32,
    /// Held during each transaction of the writer, and while the rest of the log is moved.
    writing: Mutex<()>,
    /// Held while pages are moved, taken before `writing`.
    moving: Mutex<()>,
    requested: Mutex<Requested>,
    wake: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Requested {
    preallocation: bool,
    checkpoint: bool,
    end: bool,
}

/// What a pass came to: pages in the log, and how many of them are in the ledger's file as well.
struct Pass {
    pages: i32,
    moved: i32,
}

impl Checkpointer {
    /// Starts the thread for the ledger in this file.
    pub(super) fn start(path: &Path, files: &Arc<OpenFiles>) -> io::Result<Self> {
        let shared = Arc::new(CheckpointThread {
            preallocation: WalPreallocation::new(path, MIN_CHECKPOINT_PAGES),
            path: path.to_owned(),
            pages: AtomicI32::new(i32::try_from(files.wal.frames()).unwrap_or(i32::MAX)),
            files: Arc::clone(files),
            writing: Mutex::default(),
            moving: Mutex::default(),
            requested: Mutex::default(),
            wake: Condvar::default(),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || own.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Replaces SQLite's own checkpoints on the writer's connection.
    pub(super) fn attend(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let shared = Arc::clone(&self.shared);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            shared.pages.store(pages, Ordering::Relaxed);
            Ok(())
        }))
    }

    /// The lock under which the writer has a transaction open.
    pub(super) fn lock_for_writing(&self) -> MutexGuard<'_, ()> {
        self.shared.writing.lock()
    }

    /// Runs this while nobody moves pages or writes.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _moving = self.shared.moving.lock();
        let _writing = self.lock_for_writing();
        work()
    }

    /// Moves and empties the whole log; see [`schema::checkpoint_all`].
    pub(super) fn checkpoint_all(&self, connection: &Connection) -> Result<(), LedgerError> {
        let CheckpointThread { path, files, preallocation, pages, .. } = &*self.shared;
        self.alone(|| {
            files.wal.check_all()?;
            files.write(|| schema::checkpoint_all(connection))?.at(path)?;
            files.wal.emptied();
            pages.store(0, Ordering::Relaxed);
            preallocation.truncated();
            Ok(())
        })
    }

    /// Pages in the log by the last commit.
    pub(super) fn pages(&self) -> i32 {
        self.shared.pages.load(Ordering::Relaxed)
    }

    /// Looks, after a commit, whether there is something to do.
    pub(super) fn committed(&self) {
        let pages = self.pages();
        if pages >= MIN_CHECKPOINT_PAGES {
            self.request();
        } else if self.shared.preallocation.is_short(pages) {
            self.shared.request(|requested| requested.preallocation = true);
        }
    }

    /// Requests a checkpoint now: on a full disk, the room in the log may be all that there is.
    pub(super) fn request(&self) {
        self.shared.request(|requested| requested.checkpoint = true);
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.request(|requested| requested.end = true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that moves the write-ahead log ended by a panic");
        }
    }
}

impl CheckpointThread {
    fn request(&self, add: impl FnOnce(&mut Requested)) {
        add(&mut self.requested.lock());
        self.wake.notify_one();
    }

    fn run(&self) {
        // Made with the first use, and again after a failure.
        let mut connection = None;
        let mut is_failing = false;
        loop {
            let mut requested = self.requested.lock();
            self.wake.wait_while(&mut requested, |requested| *requested == Requested::default());
            if requested.end {
                break;
            }
            let taken = std::mem::take(&mut *requested);
            drop(requested);
            let done = self.serve(&mut connection, taken);
            if let Err(error) = &done {
                connection.take().into_iter().for_each(|connection| self.files.close(connection));
                if !is_failing {
                    tracing::warn!(%error, "cannot move the write-ahead log into the ledger just now; trying again with later squares");
                }
            }
            is_failing = done.is_err();
            if !done.unwrap_or(false) {
                self.wake.wait_while_for(&mut self.requested.lock(), |requested| !requested.end, PAUSE);
            }
        }
        connection.into_iter().for_each(|connection| self.files.close(connection));
    }

    /// Does what was requested, and tells whether all of it could be done.
    fn serve(&self, connection: &mut Option<Connection>, requested: Requested) -> Result<bool, LedgerError> {
        self.files.check()?;
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(schema::connect_to_checkpoint(&self.path).at(&self.path)?),
        };
        self.files.check()?;
        if requested.preallocation {
            let writing = self.writing.lock();
            self.files.wal.check()?;
            self.preallocation.extend(connection, writing, || self.files.wal.accept());
        }
        if requested.checkpoint { self.checkpoint(connection) } else { Ok(true) }
    }

    /// Moves the log, and tells whether it can start over.
    fn checkpoint(&self, connection: &Connection) -> Result<bool, LedgerError> {
        let _moving = self.moving.lock();
        let mut before = 0;
        for _ in 0..PASSES {
            // What another program wrote into the log must not get into the ledger.
            let writing = self.writing.lock();
            self.files.wal.check_all()?;
            drop(writing);
            let Pass { pages, moved } = self.pass(connection)?;
            // What the writer has added meanwhile counts too.
            if self.pages.load(Ordering::Relaxed) - moved <= MAX_BLOCKING_PAGES {
                break;
            }
            if moved < pages && moved == before {
                // A reader still needs what is in the file now.
                return Ok(false);
            }
            before = moved;
        }
        let _writing = self.writing.lock();
        self.files.wal.check()?;
        let Pass { pages, moved } = self.pass(connection)?;
        Ok(pages == moved)
    }

    fn pass(&self, connection: &Connection) -> Result<Pass, LedgerError> {
        let pass = |row: &rusqlite::Row<'_>| Ok(Pass { pages: row.get(1)?, moved: row.get(2)? });
        self.files.write(|| connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), pass))?.at(&self.path)
    }
}
