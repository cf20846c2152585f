//! Reads the ledger: what follows a `seq`, pages of history, and whether a request is recorded. Each read is one short
//! transaction on a connection that can only read, on a worker thread, and few run at once: a long or a crowded reader
//! would pin the write-ahead log.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use squares_shared::message::{FromServer, Page, to_line};
use tokio::sync::Semaphore;

use super::{
    error::{AtPath as _, LedgerError},
    open_files::OpenFiles,
    row::{COLUMNS, ResultRow, bound},
    schema,
};
use crate::{
    feed::{Chunk, Feed, LineEnds},
    metrics::Metrics,
    worker_pool::WorkerPool,
};

/// Reads at once.
const CONCURRENT: usize = 4;

/// Pages of history at once: half of the processors, so that the other half is left to squares and to clients that
/// reconnect.
fn concurrent_pages() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get() / 2).clamp(1, CONCURRENT)
}

/// About the most bytes that are read back at once for a session that lags.
const REPLAY_BYTES: usize = 256 << 10;

/// About the most bytes of a page of history: its line is under 1 MiB whatever its results are, and a client that asks
/// for pages and reads none of them makes the server hold little.
const HISTORY_BYTES: usize = 256 << 10;

/// Lines read back for a session that the feed has left behind.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) lines: Bytes,
    /// The last `seq` among them; `None` where there were none.
    pub(crate) reached: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct PageQuery {
    /// Only results with a smaller `seq`.
    pub(crate) before: u64,
    /// Only results with a larger `seq`, the first of them; without it the last ones before `before`.
    pub(crate) after: Option<u64>,
    pub(crate) limit: u64,
    pub(crate) student: Option<String>,
}

/// The connections for reading, made when they are first needed.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    files: Arc<OpenFiles>,
    permits: Semaphore,
    pages: Semaphore,
    workers: Arc<WorkerPool>,
    metrics: Arc<Metrics>,
}

/// A read failed; the reason is on the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadFailed;

impl Readers {
    pub(super) fn new(path: PathBuf, files: Arc<OpenFiles>, workers: Arc<WorkerPool>, metrics: Arc<Metrics>) -> Self {
        Self {
            path,
            files,
            idle: Mutex::default(),
            permits: Semaphore::new(CONCURRENT),
            pages: Semaphore::new(concurrent_pages()),
            workers,
            metrics,
        }
    }

    /// Reads what follows `after`, up to and with `floor`, as far as a short page goes.
    pub(crate) async fn replay(self: Arc<Self>, after: u64, floor: u64) -> Result<Replay, ReadFailed> {
        self.metrics.replay_reads.inc();
        self.read(move |connection| {
            let (lines, ends) = lines_between(connection, after, floor)?;
            Ok(Replay { lines: lines.into(), reached: ends.last().map(|&(seq, _)| seq) })
        })
        .await
    }

    /// Reads a page of history as the line that answers the request.
    pub(crate) async fn page(self: Arc<Self>, query: PageQuery) -> Result<Bytes, ReadFailed> {
        self.metrics.history_reads.inc();
        let readers = Arc::clone(&self);
        let _page = readers.pages.acquire().await.map_err(|_| ReadFailed)?;
        self.read(move |connection| page(connection, query)).await
    }

    /// Whether a result of this student with this request `id` is recorded.
    pub(crate) async fn stands(self: Arc<Self>, student: Arc<str>, request: String) -> Result<bool, ReadFailed> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM results
                     WHERE student = (SELECT num FROM students WHERE id = ?1) AND request = ?2)",
                )?
                .query_row(params![student, request], |row| row.get(0))
        })
        .await
    }

    /// The name under which this student recorded a result last.
    pub(crate) async fn last_name(self: Arc<Self>, student: Arc<str>) -> Result<Option<String>, ReadFailed> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT names.name FROM results JOIN names ON names.num = results.name
                     WHERE results.student = (SELECT num FROM students WHERE id = ?1) ORDER BY results.seq DESC LIMIT 1",
                )?
                .query_row([student], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn read<T: Send + 'static>(
        self: Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadFailed> {
        let _permit = self.permits.acquire().await.map_err(|_| ReadFailed)?;
        let readers = Arc::clone(&self);
        let work = move || {
            let idle = readers.idle.lock().pop();
            let connection = idle.map_or_else(|| readers.connect(), Ok)?;
            let found = read(&connection).at(&readers.path)?;
            // A connection that failed is not kept: the next read makes a new one.
            readers.idle.lock().push(connection);
            Ok::<T, LedgerError>(found)
        };
        match self.workers.run(work).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => tracing::error!(%error, "cannot read the ledger"),
            Err(error) => tracing::error!(%error, "a read of the ledger ended early"),
        }
        Err(ReadFailed)
    }

    /// A new connection, to the ledger that is open: another may have its name by now.
    fn connect(&self) -> Result<Connection, LedgerError> {
        self.files.check()?;
        let connection = schema::connect_to_read(&self.path).at(&self.path)?;
        self.files.check()?;
        Ok(connection)
    }
}

/// Puts into the feed what the ledger has behind the feed's latest, up to and with `latest`.
pub(super) fn fill(connection: &Connection, feed: &Feed, latest: u64) -> rusqlite::Result<()> {
    loop {
        let (lines, ends) = lines_between(connection, feed.latest(), latest)?;
        match Chunk::new(lines.into(), ends) {
            Some(chunk) => feed.push(chunk),
            None => return Ok(()),
        }
    }
}

/// The lines of the results behind `after` up to and with `last`, as far as one read goes, and where each ends.
fn lines_between(connection: &Connection, after: u64, last: u64) -> rusqlite::Result<(Vec<u8>, LineEnds)> {
    let (mut lines, mut ends) = (Vec::new(), Vec::new());
    ResultRow::read_between(connection, after, last, |row| {
        row.append_line(&mut lines);
        ends.push((row.seq, lines.len()));
        if lines.len() < REPLAY_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok((lines, ends))
}

fn page(connection: &Connection, query: PageQuery) -> rusqlite::Result<Bytes> {
    let PageQuery { before, after, limit, student } = query;
    let number_of = |id| {
        connection
            .prepare_cached("SELECT num FROM students WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()
    };
    // No student has the number 0.
    let number = student.as_ref().map(number_of).transpose()?.map(|number: Option<i64>| number.unwrap_or(0));
    let whose = if number.is_some() { "results.student = ?3" } else { "?3 IS NULL" };
    let order = if after.is_some() { "" } else { "DESC" };
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE results.seq > ?1 AND results.seq < ?2 AND {whose} ORDER BY results.seq {order} LIMIT ?4"
    ))?;
    let mut rows = select.query(params![bound(after.unwrap_or(0)), bound(before), number, limit + 1])?;
    let (mut results, mut bytes, mut more) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        let row = ResultRow::read(row)?;
        bytes += row.size();
        if results.len() as u64 == limit || (bytes > HISTORY_BYTES && !results.is_empty()) {
            more = true;
            break;
        }
        results.push(row.into_result());
    }
    if after.is_none() {
        results.reverse();
    }
    Ok(to_line(&FromServer::History(Page { results, more, student })).into())
}
