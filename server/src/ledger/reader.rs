//! Reading the ledger: what follows a `seq`, pages of history, and whether a request stands. Each read is one short
//! transaction on a connection that can only read, off the async threads, and few run at once: a long or a
//! crowded reader would pin the write-ahead log.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use squares_shared::message::{FromServer, Page, ResultLine, SquareResult, append_line, to_line};
use tokio::sync::Semaphore;

use super::schema;
use crate::{
    feed::{Chunk, Feed, LineEnds},
    metrics::Metrics,
};

/// Reads at once.
const CONCURRENT: usize = 4;

/// A page that is read back for a session that lags: at most this many results, and about as many bytes.
const REPLAY_ROWS: u64 = 1000;
const REPLAY_BYTES: usize = 256 << 10;

/// A page of history ends once it has this many bytes: its line is under 1 MiB whatever stands around it, and whoever asks
/// for pages and reads none of them makes the server hold little.
const HISTORY_BYTES: usize = 256 << 10;

/// What every query for results selects, in the order that [`row_of`] reads.
pub(super) const COLUMNS: &str =
    "results.seq, results.at, students.id, names.name, results.number, results.square, results.request
     FROM results JOIN students ON students.num = results.student JOIN names ON names.num = results.name";

/// A result as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) seq: u64,
    /// Milliseconds since 1970, UTC.
    pub(super) at: i64,
    pub(super) student: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) square: String,
    pub(super) request: Option<String>,
}

impl Row {
    /// The line that everybody gets.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(192);
        self.append_line(&mut line);
        line
    }

    fn append_line(&self, out: &mut Vec<u8>) {
        let result = SquareResult {
            seq: self.seq,
            at: &*time(self.at),
            student: &*self.student,
            name: &*self.name,
            number: &*self.number,
            square: &*self.square,
            id: self.request.as_deref(),
        };
        append_line(out, &ResultLine::Result(result));
    }

    fn into_result(self) -> SquareResult {
        let Self { seq, at, student, name, number, square, request } = self;
        SquareResult { seq, at: time(at), student, name, number, square, id: request }
    }
}

/// A time of the ledger as the protocol writes it.
pub(super) fn time(milliseconds: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN))
}

pub(super) fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: row.get(0)?,
        at: row.get(1)?,
        student: row.get(2)?,
        name: row.get(3)?,
        number: row.get(4)?,
        square: row.get(5)?,
        request: row.get(6)?,
    })
}

/// Lines read back for a session that the feed has left behind.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) lines: Bytes,
    /// The last `seq` among them; `None` where there were none.
    pub(crate) reached: Option<u64>,
}

/// Which page of history.
#[derive(Debug, Clone)]
pub(crate) struct PageQuery {
    /// Only results with a smaller `seq`.
    pub(crate) before: u64,
    pub(crate) limit: u64,
    pub(crate) student: Option<String>,
}

/// The connections for reading, made when they are first needed.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    metrics: Arc<Metrics>,
    /// Reads happen on the thread that asks, so that a simulation has one order.
    simulated: bool,
}

/// A read failed; the reason is on the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadFailed;

impl Readers {
    pub(super) fn new(path: PathBuf, metrics: Arc<Metrics>, simulated: bool) -> Self {
        Self { path, idle: Mutex::default(), permits: Semaphore::new(CONCURRENT), metrics, simulated }
    }

    /// Reads what follows `after`, up to and with `floor`, as far as a short page goes.
    pub(crate) async fn replay(self: Arc<Self>, after: u64, floor: u64) -> Result<Replay, ReadFailed> {
        self.metrics.replay_read();
        self.read(move |connection| {
            let (lines, ends) = lines_between(connection, after, floor)?;
            Ok(Replay { lines: lines.into(), reached: ends.last().map(|&(seq, _)| seq) })
        })
        .await
    }

    /// Reads a page of history as the line that answers the request.
    pub(crate) async fn page(self: Arc<Self>, query: PageQuery) -> Result<Bytes, ReadFailed> {
        self.metrics.history_read();
        self.read(move |connection| page(connection, query).map(|page| to_line(&FromServer::History(page)).into()))
            .await
    }

    /// Whether a result of this student with this request `id` stands.
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

    async fn read<T: Send + 'static>(
        self: Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadFailed> {
        let _permit = self.permits.acquire().await.map_err(|_| ReadFailed)?;
        let readers = Arc::clone(&self);
        let simulated = self.simulated;
        let work = move || {
            let idle = readers.idle().pop();
            let connection = idle.map_or_else(|| schema::connect_to_read(&readers.path), Ok)?;
            let found = read(&connection)?;
            // A connection that failed is not kept: the next read makes a new one.
            readers.idle().push(connection);
            Ok::<T, rusqlite::Error>(found)
        };
        let done = if simulated { Ok(work()) } else { tokio::task::spawn_blocking(work).await };
        match done {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot read the ledger");
                Err(ReadFailed)
            }
            Err(error) => {
                tracing::error!(%error, "a read of the ledger ended early");
                Err(ReadFailed)
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The lines of the results behind `after` up to and with `last`, at most a short page, and where each ends.
fn lines_between(connection: &Connection, after: u64, last: u64) -> rusqlite::Result<(Vec<u8>, LineEnds)> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE results.seq > ?1 AND results.seq <= ?2 ORDER BY results.seq LIMIT {REPLAY_ROWS}"
    ))?;
    let mut rows = select.query(params![bound(after), bound(last)])?;
    let (mut lines, mut ends) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let row = row_of(row)?;
        row.append_line(&mut lines);
        ends.push((row.seq, lines.len()));
        if lines.len() >= REPLAY_BYTES {
            break;
        }
    }
    Ok((lines, ends))
}

fn page(connection: &Connection, query: PageQuery) -> rusqlite::Result<Page> {
    let PageQuery { before, limit, student } = query;
    let number: Option<i64> = match &student {
        None => None,
        Some(id) => {
            let number = connection
                .prepare_cached("SELECT num FROM students WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()?;
            if number.is_none() {
                return Ok(Page { results: Vec::new(), more: false, student });
            }
            number
        }
    };
    let mut of_all = None;
    let mut of_one = None;
    let mut rows = match number {
        None => of_all
            .insert(connection.prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE results.seq < ?1 ORDER BY results.seq DESC LIMIT ?2"
            ))?)
            .query(params![bound(before), limit + 1])?,
        Some(number) => of_one
            .insert(connection.prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE results.seq < ?1 AND results.student = ?3 ORDER BY results.seq DESC LIMIT ?2"
            ))?)
            .query(params![bound(before), limit + 1, number])?,
    };
    let (mut results, mut more, mut bytes) = (Vec::new(), false, 0);
    while let Some(row) = rows.next()? {
        let row = row_of(row)?;
        // Escapes lengthen nothing that the ledger keeps: it is printable, and JSON escapes two printable characters.
        bytes += row.line().len();
        if results.len() as u64 == limit || (bytes > HISTORY_BYTES && !results.is_empty()) {
            more = true;
            break;
        }
        results.push(row.into_result());
    }
    results.reverse();
    Ok(Page { results, more, student })
}

/// A `seq` as SQLite takes it: whatever is beyond its range is beyond every row.
fn bound(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
