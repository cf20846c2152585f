//! The ledger's only writer, which commits in groups (group commit): a thread with three steps. [`gather`] takes what
//! waits, [`Writer::make_durable`] commits it in one transaction, and [`Writer::publish`] then shows it to everybody
//! and answers those who submitted it. An idle writer commits a single square at once; under load, batches form by
//! themselves.

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Connection;
use squares_shared::{
    message::{ResultLine, SquareResult, append_line},
    private_file,
};
use tokio::sync::mpsc;

use super::{
    apply::{Batch, Known, Outcome, apply},
    backup,
    checkpoint::Checkpointer,
    data_folder::SAVED,
    error::{AtPath as _, FilesChanged, LedgerError},
    open_files::OpenFiles,
    reader,
    row::{LedgerEntry, time},
    schema,
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

/// How long the same failure is not logged again: the clients send again, and a line for each would hide the rest.
const LOGGED_FOR: Duration = Duration::from_secs(60);

/// How long a commit takes in a simulation.
const SIMULATED_COMMIT: Duration = Duration::from_millis(1);

/// A square for the writer, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) entry: LedgerEntry,
    /// Has room for the answer by the time it is given: a session has no more in flight than its channel holds.
    pub(crate) answer: mpsc::Sender<Answer>,
}

/// What became of a submission.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It is durable, and in the feed as this `seq`.
    Recorded(u64),
    /// It was recorded before: its `seq`, and its line as everybody got it.
    Duplicate(u64, Bytes),
    /// Its `id` was used for another number.
    IdReused(String),
    /// It could not be made durable; its `id`, where it had one.
    Unavailable(Option<String>),
}

/// What is committed together; kept from one commit to the next, so that most of them allocate nothing.
#[derive(Debug, Default)]
struct Pending {
    entries: Vec<LedgerEntry>,
    answers: Vec<mpsc::Sender<Answer>>,
}

/// A batch that is durable, and not yet shown.
struct Committed {
    at: i64,
    outcomes: Vec<Outcome>,
    began: Instant,
}

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    /// The data folder.
    pub(super) folder: PathBuf,
    /// The ledger's file.
    pub(super) path: PathBuf,
    pub(super) files: Arc<OpenFiles>,
    /// The name of the ledger.
    pub(super) ledger_id: String,
    /// It only reads. While it is open, no other connection is the last, which would remove the write-ahead log: so
    /// the log and its index are the same files from start to end, and what is lost otherwise can be read through it.
    pub(super) keepalive: Connection,
    /// `None` after a failure, until the ledger could be opened again.
    pub(super) connection: Option<Connection>,
    pub(super) checkpointer: Checkpointer,
    pub(super) known: Known,
    pub(super) recorded: Arc<StudentFilter>,
    pub(super) feed: Arc<Feed>,
    pub(super) metrics: Arc<Metrics>,
    /// The time of the last batch: time in the ledger never goes back, whatever the clock does, here and in earlier
    /// runs.
    pub(super) last_at: i64,
    /// The failure that was logged last, and when.
    pub(super) logged: Option<(String, Instant)>,
}

impl Writer {
    /// Serves the queue until all who could submit are gone, and everything submitted is answered.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Submission>) {
        let mut pending = Pending::default();
        while let Some(first) = queue.blocking_recv() {
            gather(first, &mut queue, &mut pending);
            self.commit(&mut pending);
        }
        self.close();
    }

    /// The same as a task, for a simulation: a commit takes its time there, and then happens in one step.
    pub(super) async fn run_simulated(mut self, mut queue: mpsc::Receiver<Submission>) {
        let mut pending = Pending::default();
        while let Some(first) = queue.recv().await {
            tokio::time::sleep(SIMULATED_COMMIT).await;
            gather(first, &mut queue, &mut pending);
            self.commit(&mut pending);
        }
    }

    fn commit(&mut self, pending: &mut Pending) {
        let committed = self.make_durable(&pending.entries);
        if let Err(error) = &committed {
            self.metrics.commit_failed();
            self.checkpointer.request();
            let text = error.to_string();
            if self.logged.as_ref().is_none_or(|(logged, at)| *logged != text || at.elapsed() > LOGGED_FOR) {
                tracing::error!(error = %text, waiting = pending.entries.len(), "cannot record squares; those who asked are told to ask again");
                self.logged = Some((text, Instant::now()));
            }
        }
        self.publish(pending, committed.ok());
        self.checkpointer.committed();
    }

    /// Makes a batch durable. After an error nothing of it was shown to anyone, and the connection is given up: what
    /// the transaction had found must not be trusted.
    fn make_durable(&mut self, entries: &[LedgerEntry]) -> Result<Committed, LedgerError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_again()?,
        };
        // Before anything is written to files that nobody finds again, and once more before anything is shown.
        self.check_files(Some(&connection))?;
        let turn = self.checkpointer.turn();
        let began = Instant::now();
        let at = Timestamp::now().as_millisecond().max(self.last_at);
        let batch = Batch { entries, at, first_seq: self.feed.latest() + 1 };
        let mut commit = || -> rusqlite::Result<_> {
            let transaction = connection.transaction()?;
            let outcomes = apply(&transaction, &mut self.known, &batch)?;
            transaction.commit()?;
            Ok(outcomes)
        };
        let outcomes = commit().inspect_err(|_| self.files.wal.failed()).at(&self.path)?;
        let wal = self.files.wal.committed(self.checkpointer.pages().unsigned_abs());
        drop(turn);
        if let Err(changed) = self.files.check().and(wal) {
            let recorded = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Recorded(_))).count();
            self.confirm(changed, batch.first_seq - 1 + recorded as u64, Some(&connection))?;
        }
        self.connection = Some(connection);
        self.last_at = at;
        Ok(Committed { at, outcomes, began })
    }

    /// Shows the new results of a batch to everybody, and answers those who submitted it; `None` where it could not be
    /// made durable.
    fn publish(&mut self, pending: &mut Pending, committed: Option<Committed>) {
        let mut outcomes = None;
        if let Some(committed) = committed {
            let met = self.known.met();
            if !met.is_empty() {
                self.recorded.add(met);
            }
            let chunks = encode(&pending.entries, committed.at, &committed.outcomes);
            self.metrics.committed(chunks.iter().map(Chunk::len).sum(), committed.began);
            chunks.into_iter().for_each(|chunk| self.feed.push(chunk));
            outcomes = Some(committed.outcomes.into_iter());
        }
        for (entry, to) in pending.entries.drain(..).zip(pending.answers.drain(..)) {
            let answer = match outcomes.as_mut().and_then(Iterator::next) {
                Some(Outcome::Recorded(seq)) => Answer::Recorded(seq),
                Some(Outcome::Duplicate(row)) => {
                    let mut line = Vec::with_capacity(row.size());
                    row.append_line(&mut line);
                    Answer::Duplicate(row.seq, line.into())
                }
                Some(Outcome::IdReused) => Answer::IdReused(entry.request.unwrap_or_default()),
                None => Answer::Unavailable(entry.request),
            };
            // A session that is gone hears nothing; one that is there has room.
            if to.try_send(answer).is_err() {
                tracing::debug!("an answer found nobody to take it");
            }
        }
    }

    /// Opens the ledger again after a failure. A commit that failed late may have reached the disk all the same: what
    /// it left and was never shown is made durable and shown now, so that the ledger and the feed agree before
    /// anything is added.
    fn open_again(&mut self) -> Result<Connection, LedgerError> {
        self.known = Known::default();
        self.check_files(None)?;
        let mut connection = schema::connect(&self.path)?;
        self.checkpointer.attend(&mut connection).at(&self.path)?;
        self.checkpointer.checkpoint_all(&connection)?;
        let (ledger_id, latest) = schema::identity(&connection).at(&self.path)?;
        if ledger_id != self.ledger_id || latest < self.feed.latest() {
            let what = "results that were shown are missing in it".to_owned();
            return Err(LedgerError::Damaged(self.path.clone(), what));
        }
        self.recorded.load(&connection).at(&self.path)?;
        reader::fill(&connection, &self.feed, latest).at(&self.path)?;
        self.last_at = schema::last_at(&connection).at(&self.path)?.max(self.last_at);
        self.logged = None;
        tracing::info!("the ledger is open again");
        Ok(connection)
    }

    /// Checks that the ledger's files are still those that are open and as this program left them.
    fn check_files(&self, connection: Option<&Connection>) -> Result<(), LedgerError> {
        let confirm = |changed| self.confirm(changed, self.feed.latest(), connection);
        self.files.check().or_else(confirm)?;
        let turn = self.checkpointer.turn();
        let wal = self.files.wal.check();
        drop(turn);
        wal.or_else(confirm)
    }

    /// Goes on after a change of the files by another program, where that did no harm: no result up to `latest` is
    /// missing. Where the ledger or its log was damaged, they are never trusted again.
    fn confirm(&self, changed: FilesChanged, latest: u64, connection: Option<&Connection>) -> Result<(), LedgerError> {
        let warn = |path: &Path, what: &str| tracing::warn!(path = %path.display(), "another program {what}");
        match (changed, connection) {
            // The log's name is gone: all of it is moved into the ledger by the connection that has it open, and so is
            // found again however this program ends.
            (FilesChanged::Beside(path), Some(connection)) => {
                self.checkpointer.alone(|| {
                    if let Err(error) = schema::checkpoint_all(connection) {
                        tracing::error!(%error, "what was recorded last stands in the removed write-ahead log alone");
                    }
                    self.files.accept();
                });
                Err(FilesChanged::Beside(path).into())
            }
            // It may have moved the log into the ledger, as this program does, or have put another file over it.
            (FilesChanged::Written(path), _) => self.checkpointer.alone(|| {
                if self.is_whole(latest) {
                    warn(&path, "wrote into the ledger's file, which is whole all the same");
                    self.files.accept();
                    return Ok(());
                }
                self.files.give_up();
                Err(FilesChanged::Overwritten(path).into())
            }),
            // It may have changed the log's time alone, or have moved all of it into the ledger. Where frames are gone,
            // what this program remembers of them is saved, which is all of a young ledger.
            (FilesChanged::WalWritten(path), _) => {
                let is_moved = self.checkpointer.alone(|| {
                    let wal = &self.files.wal;
                    if wal.is_whole() {
                        warn(&path, "changed the write-ahead log, which is whole all the same");
                        wal.accept();
                        return Ok(false);
                    }
                    if wal.is_empty() && self.is_whole(latest) {
                        warn(&path, "emptied the write-ahead log, of which all is in the ledger");
                        wal.emptied();
                        return Ok(true);
                    }
                    self.files.give_up_wal();
                    self.save(connection.unwrap_or(&self.keepalive), latest);
                    Err(FilesChanged::WalOverwritten(path))
                })?;
                // Without a connection, the next one does that before anything else.
                connection.filter(|_| is_moved).map_or(Ok(()), |open| self.checkpointer.checkpoint_all(open))
            }
            (changed, _) => Err(changed.into()),
        }
    }

    /// Saves all that a connection reads into another file, and checks that it has all results up to `latest`.
    fn save(&self, connection: &Connection, latest: u64) {
        fn text(error: impl fmt::Display) -> String {
            error.to_string()
        }
        let name = format!("{SAVED}{}.sqlite3", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let to = self.folder.join(name);
        let saved = private_file::make_folder(&self.folder)
            .map_err(text)
            .and_then(|()| backup::copy(connection, &self.path, &to, |_, _| ControlFlow::Continue(())).map_err(text))
            .and_then(|()| check_whole(&to, latest));
        match saved {
            Ok(_) => tracing::warn!(
                "what was recorded is saved in {}; to go on with it, put it as ledger.sqlite3 into an empty data folder",
                to.display()
            ),
            Err(error) => tracing::error!(error, "what was recorded last could not be saved, and is lost"),
        }
    }

    /// Whether the ledger's file by itself is this ledger, with all results up to `latest`.
    fn is_whole(&self, latest: u64) -> bool {
        // SQLite removes the write-ahead log of an empty file.
        self.path.metadata().is_ok_and(|file| file.len() > 0)
            && check_whole(&self.path, latest).is_ok_and(|ledger_id| ledger_id == self.ledger_id)
    }

    /// Closes the ledger. Where its file has no name any more, its content is saved under another.
    fn close(self) {
        match self.files.check() {
            Err(FilesChanged::Removed(_)) => self.save(&self.keepalive, self.feed.latest()),
            Ok(()) => {
                if let Err(changed) = self.files.wal.check_all()
                    && let Err(error) = self.confirm(changed, self.feed.latest(), self.connection.as_ref())
                {
                    tracing::error!(%error, "the ledger is closed as it is");
                }
            }
            Err(_) => {}
        }
        // The last to close checkpoints the log, and only one that may write can.
        let Self { files, keepalive, connection, checkpointer, .. } = self;
        drop((keepalive, checkpointer));
        if let Some(connection) = connection {
            files.close(connection);
        }
    }
}

/// Takes what waits, beginning with this, as far as one commit goes.
fn gather(first: Submission, queue: &mut mpsc::Receiver<Submission>, pending: &mut Pending) {
    let mut bytes = 0;
    let mut next = Some(first);
    while let Some(Submission { entry, answer }) = next {
        bytes += entry.number.len() + entry.square.len();
        pending.entries.push(entry);
        pending.answers.push(answer);
        let has_room = pending.entries.len() < BATCH && bytes < BATCH_BYTES;
        next = if has_room { queue.try_recv().ok() } else { None };
    }
}

/// The name of the ledger in this file, if its pages fit each other and it has all results up to `latest`; else why
/// not. By a new connection, since others may remember pages.
fn check_whole(path: &Path, latest: u64) -> Result<String, String> {
    let look = || {
        let connection = schema::connect_to_read(path)?;
        Ok((schema::quick_check(&connection)?, schema::identity(&connection)?))
    };
    match look().map_err(|error: rusqlite::Error| error.to_string())? {
        (verdict, _) if verdict != "ok" => Err(verdict),
        (_, (_, reached)) if reached < latest => Err(format!("its last result is {reached} instead of {latest}")),
        (_, (ledger_id, _)) => Ok(ledger_id),
    }
}

/// The new results of a batch as everybody gets them, in as many chunks as their length asks for.
fn encode(entries: &[LedgerEntry], at: i64, outcomes: &[Outcome]) -> Vec<Chunk> {
    let time = time(at);
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
