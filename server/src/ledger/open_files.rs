//! Checks that the files under the ledger's names are still those that are open. If somebody removes, moves, replaces
//! or overwrites them while the server runs, what the server writes goes to files that nobody finds again: it would be
//! shown and then be lost. The writer checks before it shows a commit, and so does everybody here who has opened a file
//! by its name.
//!
//! A file is known by its device and inode, where the system has them. The ledger's own file is also known by its
//! size and the time of its last change, since a copy that is put over it (`cp -a copy ledger.sqlite3`) keeps the inode
//! and brings along its own time of writing. This program writes to it only during a checkpoint, through
//! [`OpenFiles::write`].
//!
//! To check all of them twice a commit would take a tenth of its time. A folder in which a name was made, removed or
//! given to another file has another time of change: as long as that is the same, only the folder and the ledger are
//! checked. `open_files/open_wal.rs` checks the content of the write-ahead log.

mod open_wal;

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use open_wal::OpenWal;
use parking_lot::Mutex;
use rusqlite::{Connection, config::DbConfig};

use super::{error::FilesChanged, schema::beside};

#[derive(Debug)]
pub(super) struct OpenFiles {
    ledger: PathBuf,
    /// The ledger's own file, held open so that its inode is not given to another. It is closed after every connection
    /// to it, since closing a file gives up all locks that a process has on it.
    open: File,
    file_id: FileId,
    /// The write-ahead log, its index, and the lock.
    beside: [(PathBuf, FileId); 3],
    /// The folder of all of them; `None` where they lie in two.
    folder: Option<PathBuf>,
    /// The folder when all of its names were last found right.
    checked: Mutex<Option<FolderStamp>>,
    writes: Mutex<Writes>,
    is_overwritten: AtomicBool,
    /// The write-ahead log, in the writer's turn.
    pub(super) wal: OpenWal,
}

/// A file's device and inode.
type FileId = Option<squares_shared::file_id::FileId>;

/// A folder's id, and when it changed last.
type FolderStamp = (FileId, SystemTime);

/// Times of change are as fine as the system's clock ticks. One that is younger than this may stand for two changes.
const SETTLED: Duration = Duration::from_millis(500);

/// What this program did to the ledger's own file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Writes {
    /// How often it began or ended: odd while it writes.
    steps: u64,
    stamp: FileStamp,
}

/// Size, and time of the last change, which no program can set.
type FileStamp = Option<(u64, i64, i64)>;

impl OpenFiles {
    /// Remembers the files of a ledger that was just opened, with its lock.
    pub(super) fn new(ledger: &Path, lock: (&Path, &File)) -> Result<Self, FilesChanged> {
        let unseen = |path: &Path, error| FilesChanged::Unseen(path.to_owned(), error);
        let known = |path: PathBuf| match path.metadata() {
            Ok(file) => Ok((path, file_id(&file))),
            Err(error) => Err(FilesChanged::Unseen(path, error)),
        };
        let (lock_path, lock) = lock;
        let lock = lock.metadata().map_err(|error| unseen(lock_path, error))?;
        let open = File::open(ledger).map_err(|error| unseen(ledger, error))?;
        let file = open.metadata().map_err(|error| unseen(ledger, error))?;
        let wal = known(beside(ledger, "-wal"))?;
        let files = Self {
            wal: OpenWal::new(&wal.0).map_err(|error| unseen(&wal.0, error))?,
            file_id: file_id(&file),
            beside: [wal, known(beside(ledger, "-shm"))?, (lock_path.to_owned(), file_id(&lock))],
            folder: ledger.parent().filter(|folder| lock_path.parent() == Some(folder)).map(Path::to_owned),
            checked: Mutex::default(),
            writes: Mutex::new(Writes { steps: 0, stamp: stamp(&file) }),
            is_overwritten: AtomicBool::new(false),
            ledger: ledger.to_owned(),
            open,
        };
        files.check()?;
        Ok(files)
    }

    /// Whether all of them are still there.
    ///
    /// # Errors
    /// [`FilesChanged`] where one is not.
    pub(super) fn check(&self) -> Result<(), FilesChanged> {
        if self.is_overwritten.load(Ordering::Relaxed) {
            return Err(FilesChanged::Overwritten(self.ledger.clone()));
        }
        self.wal.check_trusted()?;
        if !cfg!(unix) {
            return Ok(());
        }
        let folder = self.folder();
        if folder.is_none() || folder != *self.checked.lock() {
            self.check_names()?;
            let is_settled = |(_, changed): &FolderStamp| changed.elapsed().is_ok_and(|since| since > SETTLED);
            *self.checked.lock() = folder.filter(is_settled);
        }
        self.check_ledger()
    }

    /// Never trusts the write-ahead log again. What a later start finds lacks results that were shown, as a copy does,
    /// so the lock file is changed for the start to take it for one.
    pub(super) fn give_up_wal(&self) {
        self.wal.give_up();
        let [.., (lock, _)] = &self.beside;
        let changed = File::options().write(true).open(lock).and_then(|lock| lock.set_modified(SystemTime::now()));
        if let Err(error) = changed {
            tracing::debug!(%error, "the lock file cannot be changed");
        }
    }

    /// What the folder is like now; `None` where that says nothing.
    fn folder(&self) -> Option<FolderStamp> {
        let folder = self.folder.as_ref()?.metadata().ok()?;
        Some((file_id(&folder), folder.modified().ok()?))
    }

    fn check_names(&self) -> Result<(), FilesChanged> {
        for (path, known) in &self.beside {
            if found(path)?.is_none_or(|file| file_id(&file) != *known) {
                self.check_ledger()?;
                return Err(FilesChanged::Beside(path.clone()));
            }
        }
        Ok(())
    }

    fn check_ledger(&self) -> Result<(), FilesChanged> {
        let before = *self.writes.lock();
        let Some(file) = found(&self.ledger)?.filter(|file| file_id(file) == self.file_id) else {
            let has_a_name = self.open.metadata().is_ok_and(|file| has_a_name(&file));
            let changed = if has_a_name { FilesChanged::Moved } else { FilesChanged::Removed };
            return Err(changed(self.ledger.clone()));
        };
        let is_idle = before.steps.is_multiple_of(2) && before == *self.writes.lock();
        if is_idle && stamp(&file) != before.stamp {
            return Err(FilesChanged::Written(self.ledger.clone()));
        }
        Ok(())
    }

    /// Runs what writes to the ledger's own file.
    ///
    /// # Errors
    /// [`FilesChanged`], before anything is written.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> T) -> Result<T, FilesChanged> {
        self.check()?;
        self.writes.lock().steps += 1;
        let written = write();
        self.remember_stamp();
        Ok(written)
    }

    /// Accepts what another program wrote into the ledger's file, once the file was found to be whole.
    pub(super) fn accept(&self) {
        self.writes.lock().steps += 1;
        self.remember_stamp();
    }

    fn remember_stamp(&self) {
        let stamp = self.open.metadata().ok().and_then(|file| stamp(&file));
        let mut writes = self.writes.lock();
        *writes = Writes { steps: writes.steps + 1, stamp };
    }

    /// Never trusts the ledger's file again, since another program damaged it.
    pub(super) fn give_up(&self) {
        self.is_overwritten.store(true, Ordering::Relaxed);
    }

    /// Closes a connection that may write. The last one checkpoints the write-ahead log, but not where another program
    /// wrote into the log or the ledger. A file that has lost its name SQLite leaves alone by itself.
    pub(super) fn close(&self, connection: Connection) {
        use FilesChanged::{Overwritten, WalOverwritten, WalWritten, Written};
        let is_foreign = |checked: &Result<(), FilesChanged>| {
            matches!(checked, Err(WalWritten(_) | WalOverwritten(_) | Written(_) | Overwritten(_)))
        };
        if [self.wal.check(), self.check()].iter().any(is_foreign) {
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
        drop(connection);
    }
}

fn found(path: &Path) -> Result<Option<Metadata>, FilesChanged> {
    match path.metadata() {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FilesChanged::Unseen(path.to_owned(), error)),
    }
}

#[cfg(unix)]
fn file_id(file: &Metadata) -> FileId {
    Some(squares_shared::file_id::of_metadata(file))
}

#[cfg(unix)]
fn stamp(file: &Metadata) -> FileStamp {
    use std::os::unix::fs::MetadataExt as _;
    Some((file.size(), file.ctime(), file.ctime_nsec()))
}

#[cfg(unix)]
fn has_a_name(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.nlink() > 0
}

/// Elsewhere nobody can remove or replace a file that is open.
#[cfg(not(unix))]
fn file_id(_: &Metadata) -> FileId {
    None
}

#[cfg(not(unix))]
fn stamp(_: &Metadata) -> FileStamp {
    None
}

#[cfg(not(unix))]
fn has_a_name(_: &Metadata) -> bool {
    true
}
