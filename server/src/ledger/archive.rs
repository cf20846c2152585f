//! A ledger as it lies on the disk, opened for reading by a command such as `squares-server export`, whether or not a
//! server is running on it. What is added meanwhile is left out: a ledger only grows, so what stood when it was
//! opened stays as it is.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::{
    LedgerError, file_in,
    reader::{COLUMNS, ResultRow, row_of, time},
    schema,
};

/// The results of one read, so that no read is long: a long one would pin the write-ahead log of a running server.
const PAGE: u64 = 1000;

/// A ledger opened for reading.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    pub(super) connection: Connection,
    log: String,
    latest: u64,
}

/// A result of a ledger, in the order of the columns of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedResult(pub(super) ResultRow);

/// A student who has squared, as attendance shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedStudent {
    /// The student id.
    pub id: String,
    /// The name under the last result.
    pub name: String,
    /// How many results there are.
    pub squares: u64,
    /// When the first result was recorded, as the protocol writes times.
    pub first: String,
    /// When the last result was recorded.
    pub last: String,
}

impl ArchivedResult {
    /// Its place in the order of all.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.seq
    }

    /// When it was recorded, as the protocol writes times.
    #[must_use]
    pub fn at(&self) -> String {
        time(self.0.at)
    }

    /// Whose it is: id and name.
    #[must_use]
    pub fn student(&self) -> (&str, &str) {
        (&self.0.student, &self.0.name)
    }

    /// The number and its square, in canonical form.
    #[must_use]
    pub fn values(&self) -> (&str, &str) {
        (&self.0.number, &self.0.square)
    }

    /// The `id` of its request, where it had one.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.0.request.as_deref()
    }

    /// The line that everybody got, its end included.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        self.0.line()
    }
}

impl Archive {
    /// Opens the ledger in this data folder.
    ///
    /// # Errors
    /// [`LedgerError`] where there is none, or it is not one that this program reads.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        Self::open_file(&file_in(folder))
    }

    /// Opens a ledger by its file, such as a backup.
    ///
    /// # Errors
    /// [`LedgerError`] where it is not a ledger that this program reads.
    pub fn open_file(path: &Path) -> Result<Self, LedgerError> {
        let connection = schema::open_stored(path)?;
        let (log, latest) = schema::identity(&connection).map_err(|error| LedgerError::from_sqlite(path, &error))?;
        Ok(Self { path: path.to_owned(), connection, log, latest })
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the ledger.
    #[must_use]
    pub fn ledger_id(&self) -> &str {
        &self.log
    }

    /// The highest `seq` when it was opened; 0 where there was none.
    #[must_use]
    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// Reads all results up to [`Archive::latest`] in order, and hands each on until one is refused.
    ///
    /// # Errors
    /// What `visit` gives; a [`LedgerError`] where reading fails.
    pub fn each<E: From<LedgerError>>(&self, mut visit: impl FnMut(&ArchivedResult) -> Result<(), E>) -> Result<(), E> {
        let failed = |error| E::from(LedgerError::from_sqlite(&self.path, &error));
        let mut after = 0;
        loop {
            let page = self.page(after).map_err(failed)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq();
            for result in &page {
                visit(result)?;
            }
        }
    }

    /// Everybody with a result up to [`Archive::latest`], by id.
    ///
    /// # Errors
    /// A [`LedgerError`] where reading fails.
    pub fn students(&self) -> Result<Vec<ArchivedStudent>, LedgerError> {
        self.read_students().map_err(|error| LedgerError::from_sqlite(&self.path, &error))
    }

    /// A read for each student, so that none is long.
    fn read_students(&self) -> rusqlite::Result<Vec<ArchivedStudent>> {
        let mut ids = self.connection.prepare("SELECT num, id FROM students ORDER BY id")?;
        let ids = ids.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut span = self
            .connection
            .prepare("SELECT COUNT(*), MIN(seq), MAX(seq) FROM results WHERE student = ?1 AND seq <= ?2")?;
        let mut at = self
            .connection
            .prepare("SELECT at, names.name FROM results JOIN names ON names.num = results.name WHERE seq = ?1")?;
        let mut students = Vec::new();
        for (number, id) in ids {
            let number: i64 = number;
            let (squares, first, last): (u64, Option<u64>, Option<u64>) =
                span.query_row(params![number, self.latest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let (Some(first), Some(last)) = (first, last) else { continue };
            let first: i64 = at.query_row([first], |row| row.get(0))?;
            let (last, name): (i64, String) = at.query_row([last], |row| Ok((row.get(0)?, row.get(1)?)))?;
            students.push(ArchivedStudent { id, name, squares, first: time(first), last: time(last) });
        }
        Ok(students)
    }

    fn page(&self, after: u64) -> rusqlite::Result<Vec<ArchivedResult>> {
        /// Results may be huge: a page holds about this many bytes at most, and one result at least.
        const BYTES: usize = 1 << 20;
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} WHERE results.seq > ?1 AND results.seq <= ?2 ORDER BY results.seq LIMIT {PAGE}"
        ))?;
        let mut rows = select.query([after, self.latest])?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let row = row_of(row)?;
            bytes += row.number.len() + row.square.len();
            page.push(ArchivedResult(row));
            if bytes >= BYTES {
                break;
            }
        }
        Ok(page)
    }
}
