//! Are the files under the ledger's names still those that are open? Whoever removes, moves, replaces or writes over
//! them while the server runs leaves it with files that nobody finds again: what went there would be shown and then
//! be lost. The writer asks before it shows a commit, and everybody here who opens a file by its name asks behind
//! that.
//!
//! A file is known by its device and inode, where the system has them. The ledger's own file is also known by its
//! size and the time of its last change, since a copy that is put over it (`cp -a copy ledger.sqlite3`) stays within
//! the same inode, and brings along its time of writing: this program writes to it only while the write-ahead log is
//! moved, and says so here.
//!
//! To look at all of them twice a commit would take a tenth of its time. A folder in which a name was made, removed
//! or given to another file has another time of change: as long as that is the same, only the folder and the ledger
//! are looked at. What stands in the write-ahead log is looked at by `open_files/open_wal.rs`.

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

/// What is wrong with the files.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilesChanged {
    /// Nothing stands under the name of the ledger, or something else, and nothing else leads to the file that is open.
    #[error(
        "the ledger's file {0} was removed while the server runs, and nothing more is recorded; stop the server with SIGTERM: \
         it saves what it still has open into a file of that folder"
    )]
    Removed(PathBuf),
    /// The same, and the file that is open has another name now.
    #[error(
        "the ledger's file {0} was moved away or replaced while the server runs, and nothing more is recorded; put the same \
         file back (mv, not cp) and squares go on, or stop the server and start it again with what is there"
    )]
    Moved(PathBuf),
    /// One of the files beside it.
    #[error(
        "{0} was removed or replaced while the server runs, and nothing more is recorded; stop the server with SIGTERM, which \
         loses nothing, and start it again"
    )]
    Beside(PathBuf),
    /// Something else wrote into the ledger's file; what became of it is not known yet.
    #[error("another program wrote into the ledger's file {0}; it is being looked at")]
    Written(PathBuf),
    /// The same, and it is not whole any more.
    #[error(
        "another program wrote over the ledger's file {0} while the server runs, and nothing more is recorded; stop the \
         server, and put a copy as ledger.sqlite3 into an empty data folder: what lies beside it here does not belong to it"
    )]
    Overwritten(PathBuf),
    /// Something else wrote into the write-ahead log, or cut it; what became of it is not known yet.
    #[error("another program wrote into {0}; it is being looked at")]
    WalWritten(PathBuf),
    /// The same, and results that stood there alone are gone.
    #[error(
        "another program cut or wrote over {0} while the server runs, and nothing more is recorded; stop the server, and put \
         the copy that it saved, or the newest backup, as ledger.sqlite3 into an empty data folder"
    )]
    WalOverwritten(PathBuf),
    /// The system does not say.
    #[error("cannot look at {0}: {1}; check the folder given with --data, and whether its disk is there")]
    Unseen(PathBuf, io::Error),
}

/// The files of an open ledger.
#[derive(Debug)]
pub(super) struct OpenFiles {
    ledger: PathBuf,
    /// The ledger's own file, which also keeps it from being given to others. It is closed behind every connection to
    /// it, since closing a file gives up all locks that a process has on it.
    open: File,
    place: FileId,
    /// The write-ahead log, its index, and the lock.
    beside: [(PathBuf, FileId); 3],
    /// The folder of all of them; `None` where they lie in two.
    folder: Option<PathBuf>,
    /// The folder as it was when all of its names were right.
    seen: Mutex<Option<FolderStamp>>,
    writes: Mutex<Writes>,
    is_overwritten: AtomicBool,
    wal: OpenWal,
}

/// Where a file is: its device and inode.
type FileId = Option<(u64, u64)>;

/// A folder: its place, and when it changed last.
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
    /// Takes note of the files of a ledger that was just opened, with its lock.
    pub(super) fn note(ledger: &Path, lock: (&Path, &File)) -> Result<Self, FilesChanged> {
        let unseen = |path: &Path, error| FilesChanged::Unseen(path.to_owned(), error);
        let open = File::open(ledger).map_err(|error| unseen(ledger, error))?;
        let beside = |ending: &str| {
            let mut path = ledger.as_os_str().to_owned();
            path.push(ending);
            let path = PathBuf::from(path);
            let place = path.metadata().map(|file| file_id(&file)).map_err(|error| unseen(&path, error))?;
            Ok((path, place))
        };
        let (lock_path, lock) = lock;
        let lock_place = lock.metadata().map(|file| file_id(&file)).map_err(|error| unseen(lock_path, error))?;
        let file = open.metadata().map_err(|error| unseen(ledger, error))?;
        let wal = beside("-wal")?;
        let open_wal = OpenWal::note(&wal.0).map_err(|error| unseen(&wal.0, error))?;
        let folder = ledger.parent().filter(|folder| lock_path.parent() == Some(folder));
        let files = Self {
            ledger: ledger.to_owned(),
            place: file_id(&file),
            beside: [wal, beside("-shm")?, (lock_path.to_owned(), lock_place)],
            folder: folder.map(Path::to_owned),
            seen: Mutex::default(),
            writes: Mutex::new(Writes { steps: 0, stamp: stamp(&file) }),
            is_overwritten: AtomicBool::new(false),
            wal: open_wal,
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
        self.wal.given_up()?;
        if !cfg!(unix) {
            return Ok(());
        }
        let folder = self.folder();
        if folder.is_none() || folder != *self.seen.lock() {
            self.check_names()?;
            let is_settled = |(_, changed): &FolderStamp| changed.elapsed().is_ok_and(|since| since > SETTLED);
            *self.seen.lock() = folder.filter(is_settled);
        }
        self.ledger_lost()?.map_or(Ok(()), Err)
    }

    /// Its write-ahead log, in the writer's turn.
    pub(super) fn wal(&self) -> &OpenWal {
        &self.wal
    }

    /// Takes note that the write-ahead log cannot be trusted. What a later start finds lacks results that were shown,
    /// as a copy does, and the changed lock file lets it be known as one.
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
                return Err(self.ledger_lost()?.unwrap_or_else(|| FilesChanged::Beside(path.clone())));
            }
        }
        Ok(())
    }

    fn ledger_lost(&self) -> Result<Option<FilesChanged>, FilesChanged> {
        let before = *self.writes.lock();
        let Some(file) = found(&self.ledger)?.filter(|file| file_id(file) == self.place) else {
            let has_a_name = self.open.metadata().is_ok_and(|file| has_a_name(&file));
            let lost = if has_a_name { FilesChanged::Moved } else { FilesChanged::Removed };
            return Ok(Some(lost(self.ledger.clone())));
        };
        let is_still = before.steps.is_multiple_of(2) && before == *self.writes.lock();
        let lost = is_still && stamp(&file) != before.stamp;
        Ok(lost.then(|| FilesChanged::Written(self.ledger.clone())))
    }

    /// Writes to the ledger's own file by this.
    ///
    /// # Errors
    /// Where the files are not those that are open, before anything is written to them.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> T) -> Result<T, FilesChanged> {
        self.check()?;
        self.writes.lock().steps += 1;
        let written = write();
        self.take_note();
        Ok(written)
    }

    /// Takes the ledger's file for what it is, once it was found to be whole.
    pub(super) fn accept(&self) {
        self.writes.lock().steps += 1;
        self.take_note();
    }

    fn take_note(&self) {
        let stamp = self.open.metadata().ok().and_then(|file| stamp(&file));
        let mut writes = self.writes.lock();
        *writes = Writes { steps: writes.steps + 1, stamp };
    }

    /// Takes note that what another program wrote into the ledger's file cannot be trusted: from now on there is no
    /// way back.
    pub(super) fn give_up(&self) {
        self.is_overwritten.store(true, Ordering::Relaxed);
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
    use std::os::unix::fs::MetadataExt as _;
    Some((file.dev(), file.ino()))
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
