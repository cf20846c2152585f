//! Keeps room in front of the write-ahead log: the file is longer than its content. A commit that writes into existing
//! room leaves the file's length and blocks as they are, so its sync waits for the data alone: a single square takes
//! 0.35 ms in place of 0.45. Once the log has started over, SQLite overwrites its old frames in the same way. Used by
//! the checkpoint thread, see `checkpoint.rs`.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::MutexGuard;
use rusqlite::Connection;

use super::schema::beside;

/// Bytes that are added at once: what is written and synced beside a commit holds it up, and should be little.
const STEP: u64 = 1 << 20;

/// Zeros that are written at once.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Bytes of room in front of the log below which more is added: a few hundred single squares.
const MIN_PREALLOCATED: u64 = STEP / 2;

/// Bytes of a frame in the log: its header, and a page of the usual size.
const FRAME: u64 = 4096 + 24;

/// The log's file.
#[derive(Debug)]
pub(super) struct WalPreallocation {
    path: PathBuf,
    /// How long it gets: beyond that a checkpoint lets the log start over.
    whole: u64,
    /// How long it is at least, as far as that is known; the greatest number where it cannot be made longer.
    length: AtomicU64,
}

impl WalPreallocation {
    /// For the log of this ledger, which is checkpointed once it has so many pages.
    pub(super) fn new(ledger: &Path, pages: i32) -> Self {
        Self { path: beside(ledger, "-wal"), whole: end(pages), length: AtomicU64::new(0) }
    }

    /// Whether the room in front of a log of so many pages runs short.
    pub(super) fn is_short(&self, pages: i32) -> bool {
        let length = self.length.load(Ordering::Relaxed);
        length < self.whole && end(pages) + MIN_PREALLOCATED > length
    }

    pub(super) fn truncated(&self) {
        self.length.store(0, Ordering::Relaxed);
    }

    /// Adds some room. Meanwhile `connection` keeps other programs from writing to the log, and `writing` keeps this one;
    /// `extended` is called before that ends.
    pub(super) fn extend(&self, connection: &Connection, writing: MutexGuard<'_, ()>, extended: impl FnOnce()) {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            tracing::debug!(%error, "the write-ahead log is not made longer just now");
            return;
        }
        let added = self.add();
        extended();
        let ended = connection.execute_batch("ROLLBACK");
        drop(writing);
        let synced = added.and_then(|(file, length)| {
            file.sync_data()?;
            ended.map_err(io::Error::other)?;
            Ok(length)
        });
        let length = synced.unwrap_or_else(|error| {
            tracing::debug!(%error, "the write-ahead log cannot be made longer ahead of its use");
            u64::MAX
        });
        self.length.store(length, Ordering::Relaxed);
    }

    fn add(&self) -> io::Result<(File, u64)> {
        let mut file = File::options().write(true).open(&self.path)?;
        let before = file.seek(SeekFrom::End(0))?;
        let mut length = before;
        while length < self.whole && length < before + STEP {
            if let Err(error) = file.write_all(&ZEROS) {
                // The disk may be full: what is left of it is for the squares.
                file.set_len(before)?;
                return Err(error);
            }
            length += ZEROS.len() as u64;
        }
        Ok((file, length))
    }
}

/// Where a log of so many pages ends.
fn end(pages: i32) -> u64 {
    u64::from(pages.unsigned_abs()) * FRAME
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    fn ledger(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)")
            .unwrap();
        connection
    }

    fn length(of: &WalPreallocation) -> u64 {
        of.path.metadata().unwrap().len()
    }

    #[test]
    fn a_log_is_made_longer_step_by_step_and_reads_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let writer = ledger(&path);
        let other = Connection::open(&path).unwrap();
        let (file, writing) = (WalPreallocation::new(&path, 600), Mutex::new(()));
        let mut row = 0;
        for _ in 0..3 {
            assert!(file.is_short(600));
            file.extend(&other, writing.lock(), || ());
            for _ in 0..100 {
                row += 1;
                writer.execute("INSERT INTO t VALUES (?1)", [row]).unwrap();
            }
        }
        assert!((file.whole..file.whole + STEP).contains(&length(&file)), "{}", length(&file));
        assert!(!file.is_short(600));
        // As after a kill: what follows the log is not taken for a part of it.
        let (copy, log) = (folder.path().join("c"), folder.path().join("c-wal"));
        std::fs::copy(&path, &copy).unwrap();
        std::fs::copy(&file.path, log).unwrap();
        let count =
            |path: &Path| Connection::open(path).unwrap().query_row("SELECT count(*) FROM t", (), |row| row.get(0));
        assert_eq!((count(&path), count(&copy)), (Ok(row), Ok(row)));
    }

    #[test]
    fn nothing_is_added_while_somebody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let writer = ledger(&path);
        let other = Connection::open(&path).unwrap();
        let (file, writing) = (WalPreallocation::new(&path, 600), Mutex::new(()));
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = length(&file);
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        file.extend(&other, writing.lock(), || ());
        assert_eq!(length(&file), before);
        assert!(file.is_short(0));
    }

    #[test]
    fn a_log_that_cannot_grow_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let _writer = ledger(&path);
        let other = Connection::open(&path).unwrap();
        let (mut file, writing) = (WalPreallocation::new(&path, 600), Mutex::new(()));
        file.path = folder.path().to_owned();
        file.extend(&other, writing.lock(), || ());
        assert!(!file.is_short(600));
        file.truncated();
        assert!(file.is_short(600));
    }
}
