//! Reading the ledger: what follows a `seq`, pages of history, and whether a request stands. Each read is one short
//! transaction on a connection that can only read, off the async threads, and few run at once: a long or a
//! crowded reader would pin the write-ahead log.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use squares_shared::message::{ResultLine, SquareResult, append_line};
use tokio::sync::Semaphore;

use super::{LedgerError, open_files::OpenFiles, schema};
use crate::{
    feed::{Chunk, Feed, LineEnds},
    metrics::Metrics,
    worker_pool::WorkerPool,
};

/// Reads at once.
const CONCURRENT: usize = 4;

/// Pages of history at once: half of the processors, so that the other half is left to whoever squares, and to who
/// comes back.
fn concurrent_pages() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get() / 2).clamp(1, CONCURRENT)
}

/// A page that is read back for a session that lags: at most this many results, and about as many bytes.
const REPLAY_ROWS: u64 = 1000;
const REPLAY_BYTES: usize = 256 << 10;

/// A page of history ends once it has this many bytes: its line is under 1 MiB whatever stands around it, and whoever
/// asks for pages and reads none of them makes the server hold little.
const HISTORY_BYTES: usize = 256 << 10;

/// What every query for results selects, in the order that [`row_of`] reads.
pub(super) const COLUMNS: &str =
    "results.seq, results.at, students.id, names.name, results.number, results.square, results.request
     FROM results JOIN students ON students.num = results.student JOIN names ON names.num = results.name";

/// A result as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResultRow {
    pub(super) seq: u64,
    /// Milliseconds since 1970, UTC.
    pub(super) at: i64,
    pub(super) student: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) square: String,
    pub(super) request: Option<String>,
}

impl ResultRow {
    /// The line that everybody gets.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(192);
        self.append_line(&mut line);
        line
    }

    fn append_line(&self, out: &mut Vec<u8>) {
        append_line(out, &ResultLine::Result(self.result(&time(self.at))));
    }

    /// What a page of history has of it.
    fn append_to_page(&self, out: &mut Vec<u8>) {
        append_line(out, &self.result(&time(self.at)));
        // A page is one line.
        out.pop();
    }

    fn result<'a>(&'a self, at: &'a str) -> SquareResult<&'a str> {
        SquareResult {
            seq: self.seq,
            at,
            student: &self.student,
            name: &self.name,
            number: &self.number,
            square: &self.square,
            id: self.request.as_deref(),
        }
    }
}

/// A time of the ledger as the protocol writes it.
pub(super) fn time(milliseconds: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN))
}

pub(super) fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<ResultRow> {
    Ok(ResultRow {
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
        let readers = Arc::clone(&self);
        let _page = readers.pages.acquire().await.map_err(|_| ReadFailed)?;
        self.read(move |connection| page(connection, &query)).await
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
            let failed = |error| LedgerError::from_sqlite(&readers.path, &error);
            let connection = idle.map_or_else(|| readers.connect(), Ok)?;
            let found = read(&connection).map_err(failed)?;
            // A connection that failed is not kept: the next read makes a new one.
            readers.idle.lock().push(connection);
            Ok::<T, LedgerError>(found)
        };
        match self.workers.run(work).await {
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

    /// A new connection, to the ledger that is open: another may have its name by now.
    fn connect(&self) -> Result<Connection, LedgerError> {
        self.files.check()?;
        let connection =
            schema::connect_to_read(&self.path).map_err(|error| LedgerError::from_sqlite(&self.path, &error))?;
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

fn page(connection: &Connection, query: &PageQuery) -> rusqlite::Result<Bytes> {
    let PageQuery { before, after, limit, ref student } = *query;
    let number: Option<i64> = match student {
        None => None,
        Some(id) => {
            let number = connection
                .prepare_cached("SELECT num FROM students WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()?;
            if number.is_none() {
                return Ok(line_of_page(std::iter::empty(), false, student.as_deref()));
            }
            number
        }
    };
    let order = if after.is_some() { "" } else { "DESC" };
    let range = "results.seq < ?1 AND results.seq > ?2";
    let (above, rows_at_most) = (bound(after.unwrap_or(0)), limit + 1);
    let mut select;
    let mut rows = match number {
        None => {
            select = connection
                .prepare_cached(&format!("SELECT {COLUMNS} WHERE {range} ORDER BY results.seq {order} LIMIT ?3"))?;
            select.query(params![bound(before), above, rows_at_most])?
        }
        Some(number) => {
            select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE {range} AND results.student = ?4 ORDER BY results.seq {order} LIMIT ?3"
            ))?;
            select.query(params![bound(before), above, rows_at_most, number])?
        }
    };
    // In the order of the query: the text of each result behind that of the one before it, and where each ends.
    let (mut texts, mut ends, mut more) = (Vec::new(), vec![0], false);
    while let Some(row) = rows.next()? {
        row_of(row)?.append_to_page(&mut texts);
        let found = ends.len() - 1;
        if found as u64 == limit || (texts.len() > HISTORY_BYTES && found > 0) {
            more = true;
            break;
        }
        ends.push(texts.len());
    }
    let results = ends.windows(2).map(|bounds| &texts[bounds[0]..bounds[1]]);
    Ok(match after {
        Some(_) => line_of_page(results, more, student.as_deref()),
        None => line_of_page(results.rev(), more, student.as_deref()),
    })
}

/// A page as the line that answers its request: `FromServer::History`, of results that are text already, ascending by
/// `seq`.
fn line_of_page<'a>(results: impl Iterator<Item = &'a [u8]>, more: bool, student: Option<&str>) -> Bytes {
    let mut line = br#"{"type":"history","results":["#.to_vec();
    let start = line.len();
    for result in results {
        line.extend_from_slice(result);
        line.push(b',');
    }
    if line.len() > start {
        line.pop();
    }
    line.extend_from_slice(br#"],"more":"#);
    line.extend_from_slice(if more { b"true" } else { b"false" });
    line.extend_from_slice(br#","student":"#);
    append_line(&mut line, &student);
    line.pop();
    line.extend_from_slice(b"}\n");
    line.into()
}

/// A `seq` as SQLite takes it: whatever is beyond its range is beyond every row.
fn bound(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use squares_shared::message::{FromServer, Page, to_line};

    use super::*;

    fn check(rows: &[ResultRow], more: bool, student: Option<&str>) {
        let texts: Vec<Vec<u8>> = rows
            .iter()
            .map(|row| {
                let mut text = Vec::new();
                row.append_to_page(&mut text);
                text
            })
            .collect();
        let result = |row: &ResultRow| {
            let ResultRow { seq, at, student, name, number, square, request } = row.clone();
            SquareResult { seq, at: time(at), student, name, number, square, id: request }
        };
        let page = Page { results: rows.iter().map(result).collect(), more, student: student.map(str::to_owned) };
        let line = line_of_page(texts.iter().map(Vec::as_slice), more, student);
        assert_eq!(String::from_utf8(line.into()), String::from_utf8(to_line(&FromServer::History(page))));
    }

    #[test]
    fn a_page_of_texts_is_the_message_that_it_should_be() {
        let row = |seq: u64, request: Option<&str>| ResultRow {
            seq,
            at: 1_790_000_000_123,
            student: "a\"b".to_owned(),
            name: "\\".to_owned(),
            number: "-7".to_owned(),
            square: "49".to_owned(),
            request: request.map(str::to_owned),
        };
        check(&[], false, None);
        check(&[], false, Some("nobody"));
        check(&[row(1, None)], true, Some("a\"b"));
        check(&[row(3, Some("q")), row(8, None), row(9, Some("r"))], false, None);
    }
}
