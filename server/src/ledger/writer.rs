//! The ledger's only writer: a thread that drains what waits, makes it durable in one commit, and then tells the
//! feed and those who asked. Idle, a square waits for nobody; under load, batches form by themselves.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rusqlite::Connection;
use squares_shared::{
    message::{ResultLine, SquareResult, append_line},
    private_file,
};
use tokio::sync::mpsc;

use super::{
    Answer, LedgerEntry, LedgerError, SAVED, Submission,
    apply::{Batch, Known, Outcome, apply},
    backup,
    checkpoint::Checkpointer,
    open_files::{FilesChanged, OpenFiles},
    reader, schema,
    student_filter::StudentFilter,
};
use crate::{
    feed::{Chunk, Feed},
    metrics::Metrics,
};

/// The most squares of one commit, which bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// About the most text of one commit, in bytes.
const BATCH_BYTES: usize = 1 << 20;

/// About the most bytes of one chunk of the feed: a client that has taken a part of a chunk keeps all of it alive.
const CHUNK_BYTES: usize = 256 << 10;

/// How long the same failure is not told again.
const TOLD_FOR: Duration = Duration::from_secs(60);

/// How long a commit takes in a simulation.
const SIMULATED_COMMIT: Duration = Duration::from_millis(1);

/// What is committed together; kept from one commit to the next, so that nothing is allocated for most of them.
#[derive(Debug, Default)]
struct Round {
    entries: Vec<LedgerEntry>,
    answers: Vec<mpsc::Sender<Answer>>,
}

/// A ledger that was just opened.
#[derive(Debug)]
pub(super) struct Opened {
    /// The data folder.
    pub(super) folder: PathBuf,
    /// The file.
    pub(super) path: PathBuf,
    pub(super) files: Arc<OpenFiles>,
    /// The name of the ledger.
    pub(super) log: String,
    /// The time of the last batch: time in the ledger never goes back, whatever the clock does, here and in earlier
    /// runs.
    pub(super) last_at: i64,
    /// It only reads. While it is there no other is the last, which would remove the write-ahead log: so the log and
    /// its index are the same files from the start to the end, and what is lost otherwise can be read through it.
    pub(super) anchor: Connection,
    pub(super) connection: Connection,
    pub(super) recorded: Arc<StudentFilter>,
}

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    path: PathBuf,
    files: Arc<OpenFiles>,
    log: String,
    anchor: Connection,
    /// `None` after a failure, until it could be opened again.
    connection: Option<Connection>,
    checkpointer: Checkpointer,
    known: Known,
    recorded: Arc<StudentFilter>,
    feed: Arc<Feed>,
    metrics: Arc<Metrics>,
    last_at: i64,
    /// The failure that was told last, and when.
    told: Option<(String, Instant)>,
}

impl Writer {
    /// A writer to the ledger that is open in `connection`.
    ///
    /// # Errors
    /// The system's, where it has no thread left for the checkpoints.
    pub(super) fn new(opened: Opened, feed: Arc<Feed>, metrics: Arc<Metrics>) -> io::Result<Self> {
        let Opened { folder, path, files, log, last_at, anchor, mut connection, recorded } = opened;
        let checkpointer = Checkpointer::start(path.clone(), Arc::clone(&files))?;
        checkpointer.attend(&mut connection).map_err(io::Error::other)?;
        Ok(Self {
            folder,
            path,
            files,
            log,
            anchor,
            connection: Some(connection),
            checkpointer,
            known: Known::default(),
            recorded,
            feed,
            metrics,
            last_at,
            told: None,
        })
    }

    /// Serves the queue until all who could submit are gone, and everything submitted is answered.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Submission>) {
        let mut round = Round::default();
        while let Some(first) = queue.blocking_recv() {
            self.commit(first, &mut queue, &mut round);
        }
        self.close();
    }

    /// The same as a task, for a simulation: a commit takes its time there, and then happens in one step.
    pub(super) async fn run_simulated(mut self, mut queue: mpsc::Receiver<Submission>) {
        let mut round = Round::default();
        while let Some(first) = queue.recv().await {
            tokio::time::sleep(SIMULATED_COMMIT).await;
            self.commit(first, &mut queue, &mut round);
        }
    }

    /// Commits what waits, beginning with this, and answers it.
    fn commit(&mut self, first: Submission, queue: &mut mpsc::Receiver<Submission>, round: &mut Round) {
        let Round { entries, answers } = round;
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(Submission { entry, answer }) = next {
            bytes += entry.number.len() + entry.square.len();
            entries.push(entry);
            answers.push(answer);
            let room = entries.len() < BATCH && bytes < BATCH_BYTES;
            next = if room { queue.try_recv().ok() } else { None };
        }
        let outcome = self.record(entries);
        if let Err(error) = &outcome {
            self.metrics.commit_failed();
            self.checkpointer.ask();
            let text = error.to_string();
            // Whoever is told sends again: one line for each would hide the rest of the log.
            if self.told.as_ref().is_none_or(|(told, at)| *told != text || at.elapsed() > TOLD_FOR) {
                tracing::error!(error = %text, waiting = entries.len(), "cannot record squares; those who asked are told to ask again");
                self.told = Some((text, Instant::now()));
            }
        }
        self.answer(entries, answers, outcome.ok());
        self.checkpointer.committed();
        entries.clear();
        answers.clear();
    }

    /// Makes a batch durable, and its new results known. After an error nothing of it was shown to anyone, and the
    /// connection is given up: what the transaction had found must not be trusted.
    fn record(&mut self, entries: &[LedgerEntry]) -> Result<Vec<Outcome>, LedgerError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_again()?,
        };
        let path = self.path.clone();
        let failed = |error| LedgerError::from_sqlite(&path, &error);
        // Before anything is written to files that nobody finds again, and once more before anything is shown.
        self.files.check().or_else(|lost| self.confirm(lost, self.feed.latest(), Some(&connection)))?;
        let mut turn = self.checkpointer.turn();
        if let Err(lost) = self.files.wal().check() {
            drop(turn);
            self.confirm(lost, self.feed.latest(), Some(&connection))?;
            turn = self.checkpointer.turn();
        }
        let begin = self.metrics.commit_begins();
        let at = Timestamp::now().as_millisecond().max(self.last_at);
        let batch = Batch { entries, at, first_seq: self.feed.latest() + 1 };
        let mut commit = || {
            let transaction = connection.transaction()?;
            let outcomes = apply(&transaction, &mut self.known, &batch)?;
            transaction.commit()?;
            Ok(outcomes)
        };
        let outcomes = commit().map_err(|error| {
            self.files.wal().failed();
            failed(error)
        })?;
        let wal = self.files.wal().committed(self.checkpointer.pages());
        drop(turn);
        if let Err(lost) = self.files.check().and(wal) {
            let recorded = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Recorded(_))).count();
            self.confirm(lost, batch.first_seq - 1 + recorded as u64, Some(&connection))?;
        }
        self.connection = Some(connection);
        self.last_at = at;
        let met = self.known.met();
        if !met.is_empty() {
            self.recorded.add(met);
        }
        let chunks = encode(entries, at, &outcomes);
        self.metrics.committed(chunks.iter().map(Chunk::len).sum(), begin);
        chunks.into_iter().for_each(|chunk| self.feed.push(chunk));
        Ok(outcomes)
    }

    /// Opens the ledger again after a failure. A commit that failed late may have reached the disk all the same: what
    /// stands there and was never shown is made durable and shown now, so that the ledger and the feed agree before
    /// anything is added.
    fn open_again(&mut self) -> Result<Connection, LedgerError> {
        self.known = Known::default();
        self.files.check().or_else(|lost| self.confirm(lost, self.feed.latest(), None))?;
        let turn = self.checkpointer.turn();
        let wal = self.files.wal().check();
        drop(turn);
        wal.or_else(|lost| self.confirm(lost, self.feed.latest(), None))?;
        let mut connection = schema::connect(&self.path)?;
        let failed = |error| LedgerError::from_sqlite(&self.path, &error);
        self.checkpointer.attend(&mut connection).map_err(failed)?;
        self.checkpointer.settle(&connection)?;
        let (log, latest) = schema::identity(&connection).map_err(failed)?;
        if log != self.log || latest < self.feed.latest() {
            let what = "results that were shown are missing in it".to_owned();
            return Err(LedgerError::Damaged { path: self.path.clone(), what });
        }
        self.recorded.load(&connection).map_err(failed)?;
        reader::fill(&connection, &self.feed, latest).map_err(failed)?;
        self.last_at = schema::last_at(&connection).map_err(failed)?.max(self.last_at);
        self.told = None;
        tracing::info!("the ledger is open again");
        Ok(connection)
    }

    /// Where another program wrote into the ledger's file, it may have moved the write-ahead log, as this one does,
    /// or put another file over it: then the pages do not fit each other, or results up to `latest` are missing.
    ///
    /// Where the write-ahead log is gone and the file is not, all that stands in the log is moved into the file by
    /// the connection that has it open: so it is found again however this program ends.
    fn confirm(&self, lost: FilesChanged, latest: u64, connection: Option<&Connection>) -> Result<(), LedgerError> {
        if let (FilesChanged::Beside(_), Some(connection)) = (&lost, connection) {
            self.checkpointer.alone(|| {
                if let Err(error) = schema::settle(connection) {
                    tracing::error!(%error, "what was recorded last stands in the removed write-ahead log alone");
                }
                self.files.accept();
            });
        }
        if let FilesChanged::WalWritten(path) = lost {
            return self.confirm_wal(path, latest, connection);
        }
        let FilesChanged::Written(path) = lost else { return Err(lost.into()) };
        self.checkpointer.alone(|| {
            if self.is_whole(latest) {
                tracing::warn!(path = %path.display(), "another program wrote into the ledger's file, which is whole all the same");
                self.files.accept();
                return Ok(());
            }
            self.files.give_up();
            Err(FilesChanged::Overwritten(path).into())
        })
    }

    /// Where another program wrote into the write-ahead log: it may have changed its time alone, or have moved all of
    /// it into the ledger. Where frames are gone, no more than what this program remembers of them can be saved,
    /// which is all of a young ledger.
    fn confirm_wal(&self, path: PathBuf, latest: u64, connection: Option<&Connection>) -> Result<(), LedgerError> {
        let is_moved = self.checkpointer.alone(|| {
            let wal = self.files.wal();
            if wal.is_whole() {
                tracing::warn!(path = %path.display(), "another program changed the write-ahead log, which is whole all the same");
                wal.accept();
                return Ok(false);
            }
            if wal.is_empty() && self.is_whole(latest) {
                tracing::warn!(path = %path.display(), "another program emptied the write-ahead log, of which all is in the ledger");
                wal.emptied();
                return Ok(true);
            }
            self.files.give_up_wal();
            self.save(connection.unwrap_or(&self.anchor), latest);
            Err(FilesChanged::WalOverwritten(path))
        })?;
        // Where there is no connection, the next one does that before anything else.
        connection.filter(|_| is_moved).map_or(Ok(()), |connection| self.checkpointer.settle(connection))
    }

    /// Saves all that a connection has into another file, where it has all results up to `latest`.
    fn save(&self, connection: &Connection, latest: u64) {
        let name = format!("{SAVED}{}.sqlite3", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let to = self.folder.join(name);
        let save = || {
            private_file::make_folder(&self.folder).map_err(|error| error.to_string())?;
            backup::save(connection, &self.path, &to).map_err(|error| error.to_string())?;
            let look = || {
                let saved = schema::connect_to_read(&to)?;
                Ok::<_, rusqlite::Error>((schema::quick_check(&saved)?, schema::latest(&saved)?))
            };
            match look() {
                Ok((verdict, reached)) if verdict == "ok" && reached >= latest => Ok(()),
                Ok((verdict, _)) if verdict != "ok" => Err(verdict),
                Ok((_, reached)) => Err(format!("its last result is {reached} instead of {latest}")),
                Err(error) => Err(error.to_string()),
            }
        };
        match save() {
            Ok(()) => tracing::warn!(
                "what was recorded is saved in {}; to go on with it, put it as ledger.sqlite3 into an empty data folder",
                to.display()
            ),
            Err(error) => tracing::error!(error, "what was recorded last could not be saved, and is lost"),
        }
    }

    fn is_whole(&self, latest: u64) -> bool {
        // SQLite removes the write-ahead log of a file with nothing in it.
        if !self.path.metadata().is_ok_and(|file| file.len() > 0) {
            return false;
        }
        // A new connection: the others may remember pages.
        let look = || {
            let connection = schema::connect_to_read(&self.path)?;
            let verdict = schema::quick_check(&connection)?;
            let (log, reached) = schema::identity(&connection)?;
            Ok::<_, rusqlite::Error>(verdict == "ok" && log == self.log && reached >= latest)
        };
        look().unwrap_or(false)
    }

    /// Closes the ledger. Where its file has no name any more, what stands in it is saved under another.
    fn close(self) {
        match self.files.check() {
            Err(FilesChanged::Removed(_)) => self.save(&self.anchor, self.feed.latest()),
            Ok(()) => {
                if let Err(lost) = self.files.wal().check_all()
                    && let Err(error) = self.confirm(lost, self.feed.latest(), self.connection.as_ref())
                {
                    tracing::error!(%error, "the ledger is closed as it is");
                }
            }
            Err(_) => {}
        }
        // The last to close moves the write-ahead log into the file, and only who may write can.
        let Self { files, anchor, connection, checkpointer, .. } = self;
        drop((anchor, checkpointer));
        if let Some(connection) = connection {
            schema::close(connection, &files);
        }
    }

    fn answer(&self, entries: &[LedgerEntry], answers: &[mpsc::Sender<Answer>], outcome: Option<Vec<Outcome>>) {
        let mut outcomes = outcome.map(Vec::into_iter);
        for (entry, to) in entries.iter().zip(answers) {
            let request = || entry.request.clone();
            let answer = match outcomes.as_mut().map(Iterator::next) {
                Some(Some(Outcome::Recorded(seq))) => Answer::Recorded(seq),
                Some(Some(Outcome::Repeat(row))) => Answer::Repeat(row.seq, row.line().into()),
                Some(Some(Outcome::IdReused)) => Answer::IdReused(request().unwrap_or_default()),
                Some(None) | None => Answer::Unavailable(request()),
            };
            // A session that is gone hears nothing; one that is there has room.
            if to.try_send(answer).is_err() {
                tracing::debug!("an answer found nobody to take it");
            }
        }
    }
}

/// The new results of a batch as everybody gets them, in as many chunks as their length asks for.
fn encode(entries: &[LedgerEntry], at: i64, outcomes: &[Outcome]) -> Vec<Chunk> {
    let time = reader::time(at);
    let mut chunks = Vec::with_capacity(1);
    let (mut lines, mut ends) = (Vec::with_capacity(entries.len() * 192), Vec::with_capacity(entries.len()));
    for (entry, outcome) in entries.iter().zip(outcomes) {
        let &Outcome::Recorded(seq) = outcome else { continue };
        if lines.len() >= CHUNK_BYTES {
            chunks.extend(Chunk::new(std::mem::take(&mut lines).into(), std::mem::take(&mut ends)));
        }
        let result = SquareResult {
            seq,
            at: &*time,
            student: &*entry.student,
            name: &*entry.name,
            number: &*entry.number,
            square: &*entry.square,
            id: entry.request.as_deref(),
        };
        append_line(&mut lines, &ResultLine::Result(result));
        ends.push((seq, lines.len()));
    }
    chunks.extend(Chunk::new(lines.into(), ends));
    chunks
}
