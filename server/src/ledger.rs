//! The ledger: one ordered log of results, durable before anybody sees it. SQLite behind one writer thread that
//! commits whatever waits in one transaction, gives each result its `seq`, and only then hands the encoded batch to
//! the feed. Sessions submit squares to it and read pages from it; nothing outside this folder knows SQL.

mod apply;
mod backup;
mod check;
mod checkpoint;
mod copy_check;
mod data_folder;
mod error;
mod ledger_file;
mod open_files;
mod probe;
#[cfg(feature = "cluster")]
mod projection;
mod reader;
mod row;
mod schema;
mod student_filter;
mod wal_preallocation;
mod writer;

use std::{path::Path, sync::Arc, thread::JoinHandle};

#[cfg(feature = "cluster")]
pub(crate) use apply::Outcome;
pub use backup::BackupError;
pub use check::Findings;
use data_folder::FolderLock;
use error::AtPath as _;
pub use error::LedgerError;
pub use ledger_file::{LedgerFile, LedgerStudent};
use open_files::OpenFiles;
#[cfg(feature = "cluster")]
pub(crate) use projection::{Applied, Chain, LogRecord, Place, Projection};
pub(crate) use reader::{PageQuery, ReadFailed, Readers, Replay};
pub(crate) use row::LedgerEntry;
pub use row::ResultRow;
use tokio::sync::mpsc;
pub(crate) use writer::{Answer, Submission};
#[cfg(feature = "cluster")]
pub(crate) use writer::{Pending, answer};

use crate::{
    feed::{self, Feed},
    metrics::Metrics,
    worker_pool::WorkerPool,
};

/// The squares that may wait for the writer. A session that finds no room waits, and reads nothing meanwhile.
const QUEUE: usize = 1024;

/// The results of an earlier run that a starting server puts into the feed, so that those who join first
/// after a restart do not each read them from the disk.
const PRELOADED: u64 = 1000;

/// Where the writer runs.
#[derive(Debug)]
enum Worker {
    Thread(JoinHandle<()>),
    /// On the async thread of a simulation, where everything happens in one order.
    Task(tokio::task::JoinHandle<()>),
}

/// The open ledger. Dropping it without [`Ledger::close`] leaves the writer to finish by itself.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) id: String,
    /// Where squares are submitted.
    pub(crate) submissions: mpsc::Sender<Submission>,
    /// Where earlier results are read.
    pub(crate) readers: Arc<Readers>,
    recorded: Arc<student_filter::StudentFilter>,
    writer: Worker,
    /// Held for as long as the ledger is open.
    _lock: FolderLock,
}

impl Ledger {
    /// Opens the ledger in this folder, made if missing, with the feed that it fills. Blocks on the disk. Where
    /// `workers` is that of a simulation, reads and writes happen on the async thread that asks for them, each in
    /// its turn. One that is a server's part of a cluster is opened only where it `leaves_cluster`.
    ///
    /// # Errors
    /// [`LedgerError`]; a ledger that is refused was not changed.
    pub(crate) fn open(
        folder: &Path,
        workers: &Arc<WorkerPool>,
        metrics: &Arc<Metrics>,
        leaves_cluster: bool,
    ) -> Result<(Self, Arc<Feed>), LedgerError> {
        let own = |connection: &mut rusqlite::Connection, path: &Path| {
            if schema::is_of_shared_log(connection).at(path)? {
                if !leaves_cluster {
                    return Err(LedgerError::OfACluster(path.to_owned()));
                }
                schema::leave_shared_log(connection).at(path)?;
                tracing::warn!("this ledger was a server's part of a cluster; it goes on alone, under a new name");
            }
            Ok(())
        };
        Self::open_with(folder, workers, metrics, own, |writer, queue, is_simulated| {
            if is_simulated {
                return Ok(Worker::Task(tokio::spawn(writer.run_simulated(queue))));
            }
            Ok(Worker::Thread(writer_thread().spawn(move || writer.run(queue)).at(folder)?))
        })
    }

    /// Opens the ledger in this folder as a server's projection of the shared log with this name, whose first record
    /// has this hash. `run` is the end of its writer that speaks with the log, and has a thread of its own unless
    /// `workers` is that of a simulation.
    ///
    /// # Errors
    /// [`LedgerError`], where the ledger has results that are not of this log too.
    #[cfg(feature = "cluster")]
    pub(crate) fn open_shared<F: Future<Output = ()> + Send + 'static>(
        folder: &Path,
        workers: &Arc<WorkerPool>,
        metrics: &Arc<Metrics>,
        (log, first): (&str, Chain),
        runtime: &tokio::runtime::Handle,
        run: impl FnOnce(Projection, mpsc::Receiver<Submission>) -> F + Send + 'static,
    ) -> Result<(Self, Arc<Feed>), LedgerError> {
        let prepare =
            |connection: &mut rusqlite::Connection, path: &Path| projection::prepare(connection, path, log, first);
        Self::open_with(folder, workers, metrics, prepare, |writer, queue, is_simulated| {
            let running = run(Projection::new(writer)?, queue);
            if is_simulated {
                return Ok(Worker::Task(runtime.spawn(running)));
            }
            let runtime = runtime.clone();
            Ok(Worker::Thread(writer_thread().spawn(move || runtime.block_on(running)).at(folder)?))
        })
    }

    fn open_with(
        folder: &Path,
        workers: &Arc<WorkerPool>,
        metrics: &Arc<Metrics>,
        prepare: impl FnOnce(&mut rusqlite::Connection, &Path) -> Result<(), LedgerError>,
        start: impl FnOnce(writer::Writer, mpsc::Receiver<Submission>, bool) -> Result<Worker, LedgerError>,
    ) -> Result<(Self, Arc<Feed>), LedgerError> {
        let (mut lock, lock_path) = data_folder::lock(folder)?;
        let path = data_folder::make_file(folder).at(folder)?;
        let mut connection = copy_check::record_opening(probe::open(&path)?, &mut lock.0, &path)?;
        prepare(&mut connection, &path)?;
        let keepalive = schema::connect_to_read(&path).at(&path)?;
        let (id, latest) = schema::identity(&keepalive).at(&path)?;
        let files = Arc::new(OpenFiles::new(&path, (&lock_path, &lock.0))?);
        let last_at = schema::last_at(&connection).at(&path)?;
        let feed = Arc::new(Feed::new(latest.saturating_sub(PRELOADED), feed::CAPACITY));
        reader::fill(&connection, &feed, latest).at(&path)?;
        data_folder::warn_of_oddities(folder, latest, last_at);
        let recorded = Arc::new(student_filter::StudentFilter::default());
        recorded.load(&connection).at(&path)?;

        let checkpointer = checkpoint::Checkpointer::start(&path, &files).at(folder)?;
        checkpointer.attend(&mut connection).at(&path)?;
        let writer = writer::Writer {
            folder: folder.to_owned(),
            path: path.clone(),
            files: Arc::clone(&files),
            ledger_id: id.clone(),
            keepalive,
            connection: Some(connection),
            checkpointer,
            row_numbers: apply::RowNumbers::default(),
            recorded: Arc::clone(&recorded),
            feed: Arc::clone(&feed),
            metrics: Arc::clone(metrics),
            last_at,
            logged: None,
        };
        let (submissions, queue) = mpsc::channel(QUEUE);
        let writer = start(writer, queue, workers.is_simulated())?;
        let readers = Arc::new(Readers::new(path, files, Arc::clone(workers), Arc::clone(metrics)));
        Ok((Self { id, submissions, readers, recorded, writer, _lock: lock }, feed))
    }

    /// Whether this student may have recorded a result, now or in an earlier run.
    pub(crate) fn may_have_recorded(&self, student: &str) -> bool {
        self.recorded.may_contain(student)
    }

    /// Records what was submitted, and closes the file. Blocks until that is done.
    pub(crate) fn close(self) {
        let Self { submissions, readers, writer, .. } = self;
        drop((submissions, readers));
        if let Worker::Thread(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the ledger's writer ended by a panic");
        }
    }

    /// Ends the writer at once, in a simulation: what waits for it is lost, as when the process is killed.
    pub(crate) fn kill(&self) {
        if let Worker::Task(writer) = &self.writer {
            writer.abort();
        }
    }
}

fn writer_thread() -> std::thread::Builder {
    std::thread::Builder::new().name("ledger".to_owned())
}

#[cfg(test)]
mod tests;
