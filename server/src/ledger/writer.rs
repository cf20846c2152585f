//! The ledger's only writer: a thread that drains what waits, makes it durable in one commit, and then tells the
//! feed and those who asked. Idle, a square waits for nobody; under load, batches form by themselves.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use rusqlite::Connection;
use squares_shared::message::{ResultLine, SquareResult, append_line};
use tokio::sync::mpsc;

use super::{
    Answer, Entry, LedgerError, Submission,
    apply::{Batch, Known, Outcome, apply},
    checkpoint::Checkpointer,
    reader, schema,
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

/// How long a commit takes in a simulation.
const SIMULATED_COMMIT: Duration = Duration::from_millis(1);

/// What is committed together; kept from one commit to the next, so that nothing is allocated for most of them.
#[derive(Debug, Default)]
struct Round {
    entries: Vec<Entry>,
    answers: Vec<mpsc::Sender<Answer>>,
}

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a failure, until it could be opened again.
    connection: Option<Connection>,
    checkpointer: Checkpointer,
    known: Known,
    feed: Arc<Feed>,
    metrics: Arc<Metrics>,
    /// The time of the last batch: time in the ledger never goes back, whatever the clock does.
    last_at: i64,
}

impl Writer {
    /// A writer to the ledger that is open in `connection`.
    ///
    /// # Errors
    /// The system's, where it has no thread left for the checkpoints.
    pub(super) fn new(
        path: PathBuf,
        mut connection: Connection,
        feed: Arc<Feed>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let checkpointer = Checkpointer::start(path.clone())?;
        checkpointer.attend(&mut connection).map_err(io::Error::other)?;
        Ok(Self {
            path,
            connection: Some(connection),
            checkpointer,
            known: Known::default(),
            feed,
            metrics,
            last_at: 0,
        })
    }

    /// Serves the queue until all who could submit are gone, and everything submitted is answered.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Submission>) {
        let mut round = Round::default();
        while let Some(first) = queue.blocking_recv() {
            self.commit(first, &mut queue, &mut round);
        }
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
            tracing::error!(error = %error, waiting = entries.len(), "cannot record squares; those who asked are told to ask again");
        }
        self.answer(entries, answers, outcome.ok());
        self.checkpointer.committed();
        entries.clear();
        answers.clear();
    }

    /// Makes a batch durable, and its new results known. After an error nothing of it was shown to anyone, and the
    /// connection is given up: what the transaction had found must not be trusted.
    fn record(&mut self, entries: &[Entry]) -> Result<Vec<Outcome>, LedgerError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_again()?,
        };
        let failed = |error| LedgerError::from_sqlite(&self.path, &error);
        let turn = self.checkpointer.turn();
        let begin = self.metrics.commit_begins();
        let at = Timestamp::now().as_millisecond().max(self.last_at);
        let batch = Batch { entries, at, first_seq: self.feed.latest() + 1 };
        let transaction = connection.transaction().map_err(failed)?;
        let outcomes = apply(&transaction, &mut self.known, &batch).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        drop(turn);
        self.connection = Some(connection);
        self.last_at = at;
        let chunks = encode(entries, at, &outcomes);
        self.metrics.committed(chunks.iter().map(Chunk::len).sum(), begin);
        chunks.into_iter().for_each(|chunk| self.feed.push(chunk));
        Ok(outcomes)
    }

    /// Opens the ledger again after a failure. A commit that failed late may have reached the disk all the same: what
    /// stands there and was never shown is made durable and shown now, so that the ledger and the feed agree before anything is added.
    fn open_again(&mut self) -> Result<Connection, LedgerError> {
        self.known = Known::default();
        let mut connection = schema::connect(&self.path)?;
        let failed = |error| LedgerError::from_sqlite(&self.path, &error);
        self.checkpointer.attend(&mut connection).map_err(failed)?;
        self.checkpointer.settle(&connection).map_err(failed)?;
        let latest = schema::latest(&connection).map_err(failed)?;
        reader::fill(&connection, &self.feed, latest).map_err(failed)?;
        tracing::info!("the ledger is open again");
        Ok(connection)
    }

    fn answer(&self, entries: &[Entry], answers: &[mpsc::Sender<Answer>], outcome: Option<Vec<Outcome>>) {
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
fn encode(entries: &[Entry], at: i64, outcomes: &[Outcome]) -> Vec<Chunk> {
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
