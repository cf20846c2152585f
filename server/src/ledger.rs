//! The ledger: one ordered log of results, durable before anybody sees it. SQLite behind one writer thread that
//! commits whatever waits in one transaction, gives each result its `seq`, and only then hands the encoded batch to
//! the feed. Sessions submit squares to it and read pages from it; nothing outside this folder knows SQL.

mod apply;
mod archive;
mod backup;
mod check;
mod checkpoint;
mod copy_check;
mod open_files;
mod reader;
mod schema;
mod student_filter;
mod wal_room;
mod writer;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

pub use archive::{Archive, ArchivedResult, ArchivedStudent};
pub use backup::BackupError;
use bytes::Bytes;
pub use check::Findings;
use jiff::Timestamp;
use open_files::{FilesChanged, OpenFiles};
pub(crate) use reader::{PageQuery, ReadFailed, Replay};
use squares_shared::private_file;
use tokio::sync::mpsc;

use crate::{
    feed::{self, Feed},
    metrics::Metrics,
    permissions,
    worker_pool::WorkerPool,
};

/// The squares that may wait for the writer. A session that finds no room waits, and reads nothing meanwhile.
const QUEUE: usize = 1024;

/// The results of an earlier run that a starting server puts into the feed, so that those who join first
/// after a restart do not each read them from the disk.
const PRELOADED: u64 = 1000;

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another server holds it.
    #[error("the ledger in {folder} is in use by another server; stop that one, or choose another folder with --data")]
    InUse {
        /// The data directory.
        folder: PathBuf,
    },
    /// It cannot be reached, made or written.
    #[error("cannot use the ledger {path}: {error}; check the folder given with --data and its permissions")]
    Unusable {
        /// The file, or its folder.
        path: PathBuf,
        /// The system's words.
        error: String,
    },
    /// It is a database of something else.
    #[error("{path} is not a ledger of Squares; choose another folder with --data")]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// It is no database at all.
    #[error(
        "{path} is not a ledger of Squares: its first bytes are not those of an SQLite file; it was left as it is: \
         choose another, or restore a copy where it was damaged"
    )]
    NotSqlite {
        /// The file.
        path: PathBuf,
    },
    /// A later program wrote it.
    #[error(
        "the ledger {path} is of a newer version ({version}; this program knows up to {known}); use the newer program"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i32,
        /// The latest version that this program knows.
        known: i32,
    },
    /// An earlier program wrote it, and it was only to be read.
    #[error(
        "the ledger {path} is of an older version ({version}); start the server with it once, which brings it up to date"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i32,
    },
    /// There is none.
    #[error("there is no ledger at {path}; name its folder with --data")]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// Its files are not those that are open any more.
    #[error("{what}")]
    FilesChanged {
        /// Which, and how to mend it.
        what: String,
    },
    /// It cannot be trusted.
    #[error(
        "the ledger {path} is damaged: {what}; it was left as it is: restore a copy, or choose another folder with --data"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
}

impl LedgerError {
    fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path: path.to_owned(), what: error.to_string() },
            _ => Self::Unusable { path: path.to_owned(), error: error.to_string() },
        }
    }
}

impl From<FilesChanged> for LedgerError {
    fn from(lost: FilesChanged) -> Self {
        Self::FilesChanged { what: lost.to_string() }
    }
}

/// A square to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct LedgerEntry {
    pub(crate) student: Arc<str>,
    pub(crate) name: Arc<str>,
    /// In canonical form.
    pub(crate) number: String,
    /// In canonical form.
    pub(crate) square: String,
    /// The `id` of its request.
    pub(crate) request: Option<String>,
}

/// A square on its way to the writer, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) entry: LedgerEntry,
    /// Has room for the answer by the time it is given: a session has no more under way than its channel holds.
    pub(crate) answer: mpsc::Sender<Answer>,
}

/// What became of a submission.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It is durable, and in the feed as this `seq`.
    Recorded(u64),
    /// It was recorded before: its `seq`, and its line as everybody got it.
    Repeat(u64, Bytes),
    /// Its `id` stands for another number.
    IdReused(String),
    /// It could not be made durable; its `id`, where it had one.
    Unavailable(Option<String>),
}

/// Where the writer works.
#[derive(Debug)]
enum Worker {
    Thread(JoinHandle<()>),
    /// On the async thread of a simulation, where everything happens in one order.
    Task(tokio::task::JoinHandle<()>),
}

/// The open ledger. Dropping it without [`Ledger::close`] leaves the writer to finish by itself.
#[derive(Debug)]
pub(crate) struct Ledger {
    log: String,
    submissions: mpsc::Sender<Submission>,
    readers: Arc<reader::Readers>,
    recorded: Arc<student_filter::StudentFilter>,
    writer: Worker,
    /// Held for as long as the ledger is open.
    _lock: File,
}

impl Ledger {
    /// Opens the ledger in this folder, made if missing, with the feed that it fills. Blocks on the disk. Where
    /// `workers` is that of a simulation, reads and writes happen on the async thread that asks for them, each in
    /// its turn.
    ///
    /// # Errors
    /// [`LedgerError`]; a ledger that is refused was not changed.
    pub(crate) fn open(
        folder: &Path,
        workers: &Arc<WorkerPool>,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, Arc<Feed>), LedgerError> {
        let unusable =
            |error: std::io::Error| LedgerError::Unusable { path: folder.to_owned(), error: error.to_string() };
        private_file::make_folder(folder).map_err(unusable)?;
        permissions::restrict_folder(folder);
        let lock_path = folder.join(LOCK);
        let mut lock = open_lock(&lock_path)
            .map_err(|error| LedgerError::Unusable { path: lock_path.clone(), error: error.to_string() })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }

        let path = make_file(&file_in(folder)).map_err(unusable)?;
        let connection = copy_check::record_opening(schema::open(&path)?, &mut lock, &path)?;
        let failed = |error| LedgerError::from_sqlite(&path, &error);
        let anchor = schema::connect_to_read(&path).map_err(failed)?;
        let (log, latest) = schema::identity(&anchor).map_err(failed)?;
        let files = Arc::new(OpenFiles::note(&path, (&lock_path, &lock))?);
        let last_at = schema::last_at(&connection).map_err(failed)?;
        let feed = Arc::new(Feed::new(latest.saturating_sub(PRELOADED), feed::CAPACITY));
        reader::fill(&connection, &feed, latest).map_err(failed)?;

        let (submissions, queue) = mpsc::channel(QUEUE);
        tell_what_is_odd(folder, latest, last_at);
        let recorded = Arc::new(student_filter::StudentFilter::default());
        recorded.load(&connection).map_err(failed)?;
        let opened = writer::Opened {
            recorded: Arc::clone(&recorded),
            folder: folder.to_owned(),
            path: path.clone(),
            files: Arc::clone(&files),
            log: log.clone(),
            last_at,
            anchor,
            connection,
        };
        let writer = writer::Writer::new(opened, Arc::clone(&feed), Arc::clone(metrics)).map_err(unusable)?;
        let writer = if workers.is_simulated() {
            Worker::Task(tokio::spawn(writer.run_simulated(queue)))
        } else {
            let thread = std::thread::Builder::new().name("ledger".to_owned());
            Worker::Thread(thread.spawn(move || writer.run(queue)).map_err(unusable)?)
        };
        let readers = Arc::new(reader::Readers::new(path, files, Arc::clone(workers), Arc::clone(metrics)));
        Ok((Self { log, submissions, readers, recorded, writer, _lock: lock }, feed))
    }

    /// The name of the ledger.
    pub(crate) fn id(&self) -> &str {
        &self.log
    }

    /// Where squares are submitted.
    pub(crate) fn submissions(&self) -> &mpsc::Sender<Submission> {
        &self.submissions
    }

    /// Whether this student may have recorded a result, now or in an earlier run.
    pub(crate) fn may_have_recorded(&self, student: &str) -> bool {
        self.recorded.may_contain(student)
    }

    /// Where earlier results are read.
    pub(crate) fn readers(&self) -> &Arc<reader::Readers> {
        &self.readers
    }

    /// Records what was submitted, and closes the file. Blocks until that is done.
    pub(crate) fn close(self) {
        let Self { submissions, readers, writer, .. } = self;
        drop(submissions);
        drop(readers);
        if let Worker::Thread(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the ledger's writer ended by a panic");
        }
    }

    /// Ends the writer where it is, in a simulation: what waits for it is lost, as when the process is killed.
    pub(crate) fn kill(&self) {
        if let Worker::Task(writer) = &self.writer {
            writer.abort();
        }
    }
}

/// The file that a running server keeps locked, in the data folder.
pub(crate) const LOCK: &str = "ledger.lock";

/// Opens the lock file, made if missing. A link is not followed: whoever put it there would have us write into
/// a file of their choice.
fn open_lock(path: &Path) -> std::io::Result<File> {
    if path.symlink_metadata().is_ok_and(|file| !file.is_file()) {
        return Err(std::io::Error::other("it is a link or the like, and not a file; remove it"));
    }
    let mut options = private_file::options();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    options.create(true).truncate(false).read(true).write(true).open(path)
}

/// Makes the ledger's file for its owner alone, where it is missing, and gives its own path where this one is a link:
/// SQLite keeps what belongs to it beside the file itself.
fn make_file(path: &Path) -> std::io::Result<PathBuf> {
    if !path.exists() && !schema::has_wal(path).unwrap_or(true) {
        private_file::options().create(true).truncate(false).write(true).open(path)?;
    }
    if path.is_symlink() { path.canonicalize() } else { Ok(path.to_owned()) }
}

/// The file of the ledger in a data folder.
fn file_in(folder: &Path) -> PathBuf {
    folder.join("ledger.sqlite3")
}

/// Says on the log what whoever starts the server may not expect.
fn tell_what_is_odd(folder: &Path, latest: u64, last_at: i64) {
    /// Clocks of two machines, or of one that slept, may differ by as much.
    const HOUR: i64 = 3_600_000;
    if last_at > Timestamp::now().as_millisecond().saturating_add(HOUR) {
        let at = reader::time(last_at);
        tracing::warn!(
            at,
            "the last result is of a time to come, as by a clock that was wrong; later ones have that time too, since it never goes back"
        );
    }
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.file_name());
    let saved = names.filter(|name| name.to_string_lossy().starts_with(SAVED)).max();
    if let Some(saved) = saved.filter(|_| latest == 0) {
        let file = folder.join(saved);
        tracing::warn!(file = %file.display(), "this ledger is new; what was saved of the one that was removed is in that file, and goes on as ledger.sqlite3 of an empty data folder");
    }
}

/// How the names of files begin that hold what was saved of a ledger which was removed under a running server.
const SAVED: &str = "ledger-saved-";

#[cfg(test)]
mod tests;
