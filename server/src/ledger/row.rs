//! A result, before it is recorded and as the ledger keeps it. `apply` writes rows; `reader` and `ledger_file` read
//! them.

use std::{ops::ControlFlow, sync::Arc};

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use squares_shared::message::{ResultLine, SquareResult, append_line};

/// A square to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct LedgerEntry {
    pub(crate) student: Arc<str>,
    pub(crate) name: Arc<str>,
    /// In canonical form.
    pub(crate) number: String,
    /// In canonical form.
    pub(crate) square: String,
    pub(crate) request: Option<String>,
}

/// A result as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// Its place in the order of all.
    pub seq: u64,
    /// When it was recorded: milliseconds since 1970, UTC.
    pub at: i64,
    /// The student id.
    pub student: String,
    /// The student's name at that time.
    pub name: String,
    /// The number, in canonical form.
    pub number: String,
    /// Its square, in canonical form.
    pub square: String,
    /// The `id` of its request, where it had one.
    pub request: Option<String>,
}

/// What every query for results selects, in the order that [`ResultRow::read`] expects.
pub(super) const COLUMNS: &str =
    "results.seq, results.at, students.id, names.name, results.number, results.square, results.request
     FROM results JOIN students ON students.num = results.student JOIN names ON names.num = results.name";

/// Rows of one read: a longer one would pin the write-ahead log.
const MAX_ROWS: u64 = 1000;

impl ResultRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            student: row.get(2)?,
            name: row.get(3)?,
            number: row.get(4)?,
            square: row.get(5)?,
            request: row.get(6)?,
        })
    }

    /// Reads the results behind `after` up to and with `last` in order, until `visit` breaks or [`MAX_ROWS`] are read.
    pub(super) fn read_between(
        connection: &Connection,
        after: u64,
        last: u64,
        mut visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> rusqlite::Result<()> {
        let mut select = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} WHERE results.seq > ?1 AND results.seq <= ?2 ORDER BY results.seq LIMIT {MAX_ROWS}"
        ))?;
        let mut rows = select.query([bound(after), bound(last)])?;
        while let Some(row) = rows.next()? {
            if visit(Self::read(row)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// When it was recorded, as the protocol writes times.
    #[must_use]
    pub fn time(&self) -> String {
        time(self.at)
    }

    /// The result as the protocol has it; `at` is its [`time`](Self::time).
    #[must_use]
    pub fn result<'a>(&'a self, at: &'a str) -> SquareResult<&'a str> {
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

    /// The same, owned.
    pub(super) fn into_result(self) -> SquareResult {
        let at = self.time();
        let Self { seq, student, name, number, square, request: id, .. } = self;
        SquareResult { seq, at, student, name, number, square, id }
    }

    /// About how many bytes the result has as JSON.
    pub(super) fn size(&self) -> usize {
        /// The names of the fields, `seq` and `at`.
        const AROUND: usize = 110;
        let texts = [&self.student, &self.name, &self.number, &self.square];
        AROUND + self.request.as_ref().map_or(0, String::len) + texts.map(String::len).iter().sum::<usize>()
    }

    /// Writes the line that everybody gets, its end included.
    pub fn append_line(&self, out: &mut Vec<u8>) {
        append_line(out, &ResultLine::Result(self.result(&self.time())));
    }
}

/// A time of the ledger as the protocol writes it.
pub(super) fn time(milliseconds: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN))
}

/// A `seq` as SQLite takes it: whatever is beyond its range is beyond every row.
pub(super) fn bound(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
