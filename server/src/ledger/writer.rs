//! The ledger's only writer, which commits in groups (group commit): a thread with three steps. [`gather`] takes what
//! waits, [`Writer::make_durable`] commits it in one transaction, and [`Writer::show`] then shows it to everybody, with
//! [`answer`] for those who submitted it. An idle writer commits a single square at once; under load, batches form by
//! themselves.
//!
//! Where several servers share a log, that is what makes a batch durable, and the last two steps follow what is read
//! from it: `projection` writes and shows here what `cluster/writer.rs` has gathered and published.

mod recovery;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use squares_shared::message::{ResultLine, SquareResult, append_line};
use tokio::sync::mpsc;

use super::{
    apply::{Batch, Outcome, RowNumbers, apply},
    checkpoint::Checkpointer,
    error::{AtPath as _, LedgerError},
    open_files::OpenFiles,
    row::{LedgerEntry, time},
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
pub(crate) struct Pending {
    pub(crate) entries: Vec<LedgerEntry>,
    pub(crate) answers: Vec<mpsc::Sender<Answer>>,
}

/// A batch that is durable, and not yet shown.
pub(super) struct Committed {
    pub(super) at: i64,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) began: Instant,
}

impl Committed {
    /// How many of its entries are new rows.
    pub(super) fn recorded(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Recorded(_))).count() as u64
    }
}

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) path: PathBuf,
    pub(super) files: Arc<OpenFiles>,
    pub(super) ledger_id: String,
    /// It only reads. While it is open, no other connection is the last, which would remove the write-ahead log: so
    /// the log and its index are the same files from start to end, and what is lost otherwise can be read through it.
    pub(super) keepalive: Connection,
    /// `None` after a failure, until the ledger could be opened again.
    pub(super) connection: Option<Connection>,
    pub(super) checkpointer: Checkpointer,
    pub(super) row_numbers: RowNumbers,
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
        match &committed {
            Ok(committed) => self.show(&pending.entries, committed),
            Err(error) => self.failed(error, pending.entries.len()),
        }
        answer(pending, committed.ok().map(|committed| committed.outcomes));
        self.checkpointer.committed();
    }

    /// Makes a batch durable, at this moment.
    fn make_durable(&mut self, entries: &[LedgerEntry]) -> Result<Committed, LedgerError> {
        let began = Instant::now();
        self.write(|transaction, row_numbers, first_seq, last_at| {
            let at = Timestamp::now().as_millisecond().max(last_at);
            let outcomes = apply(transaction, row_numbers, &Batch { entries, at, first_seq })?;
            let committed = Committed { at, outcomes, began };
            let latest = first_seq - 1 + committed.recorded();
            Ok((committed, at, latest))
        })
    }

    /// Commits what `fill` writes in one transaction. It gets the first free `seq` and the time of the last result, and
    /// gives the time of what it has written last and the highest `seq` by then. After an error nothing of it was shown
    /// to anyone, and the connection is given up: what the transaction had found must not be trusted.
    pub(super) fn write<T>(
        &mut self,
        fill: impl FnOnce(&Transaction<'_>, &mut RowNumbers, u64, i64) -> rusqlite::Result<(T, i64, u64)>,
    ) -> Result<T, LedgerError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_again()?,
        };
        // Before anything is written to files that nobody finds again, and once more before anything is shown.
        self.check_files(Some(&connection))?;
        let writing = self.checkpointer.lock_for_writing();
        let commit = || -> rusqlite::Result<_> {
            let transaction = connection.transaction()?;
            let filled = fill(&transaction, &mut self.row_numbers, self.feed.latest() + 1, self.last_at)?;
            transaction.commit()?;
            Ok(filled)
        };
        let (written, at, latest) = commit().inspect_err(|_| self.files.wal.failed()).at(&self.path)?;
        let wal = self.files.wal.committed(self.checkpointer.pages().unsigned_abs());
        drop(writing);
        if let Err(changed) = self.files.check().and(wal) {
            self.confirm(changed, latest, Some(&connection))?;
        }
        self.connection = Some(connection);
        self.last_at = at;
        Ok(written)
    }

    /// Notes that so many squares could not be recorded, and why.
    pub(super) fn failed(&mut self, error: &LedgerError, waiting: usize) {
        self.metrics.commit_failed();
        self.checkpointer.request();
        let text = error.to_string();
        if self.logged.as_ref().is_none_or(|(logged, at)| *logged != text || at.elapsed() > LOGGED_FOR) {
            tracing::error!(error = %text, waiting, "cannot record squares; those who asked are told to ask again");
            self.logged = Some((text, Instant::now()));
        }
    }

    /// Shows the new results of a batch to everybody.
    pub(super) fn show(&mut self, entries: &[LedgerEntry], committed: &Committed) {
        let new_students = self.row_numbers.take_new_students();
        if !new_students.is_empty() {
            self.recorded.add(new_students);
        }
        let chunks = encode(entries, committed.at, &committed.outcomes);
        self.metrics.committed(chunks.iter().map(Chunk::len).sum(), committed.began);
        chunks.into_iter().for_each(|chunk| self.feed.push(chunk));
    }
}

/// Answers those who submitted a batch, once it was shown; `None` where it could not be made durable.
pub(crate) fn answer(pending: &mut Pending, outcomes: Option<Vec<Outcome>>) {
    let mut outcomes = outcomes.map(Vec::into_iter);
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
