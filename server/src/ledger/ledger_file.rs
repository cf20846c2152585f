//! A ledger on the disk, opened for reading by a command such as `squares-server export`, whether or not a server is
//! running on it. What is added meanwhile is left out: a ledger only grows, so its results up to `latest` stay the
//! same.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, params};

use super::{
    data_folder::file_in,
    error::{AtPath as _, LedgerError},
    probe,
    row::{ResultRow, time},
    schema,
};

/// A ledger opened for reading.
#[derive(Debug)]
pub struct LedgerFile {
    /// Its file.
    pub path: PathBuf,
    /// The name of the ledger.
    pub ledger_id: String,
    /// The highest `seq` when it was opened; 0 where there was none.
    pub latest: u64,
    pub(super) connection: Connection,
}

/// A student who has squared, as attendance shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerStudent {
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

impl LedgerFile {
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
        let connection = probe::open_to_read(path)?;
        let (ledger_id, latest) = schema::identity(&connection).at(path)?;
        Ok(Self { path: path.to_owned(), ledger_id, latest, connection })
    }

    /// How far it has the log that it shares with other servers; `None` where it shares none.
    #[cfg(feature = "cluster")]
    pub(crate) fn place(&self) -> Option<super::Place> {
        super::projection::place(&self.connection).ok().flatten()
    }

    /// Reads all results up to [`LedgerFile::latest`] in order, and hands each on until one is refused.
    ///
    /// # Errors
    /// What `visit` gives; a [`LedgerError`] where reading fails.
    pub fn each<E: From<LedgerError>>(&self, mut visit: impl FnMut(&ResultRow) -> Result<(), E>) -> Result<(), E> {
        let mut after = 0;
        loop {
            let page = self.page(after).at(&self.path)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            page.iter().try_for_each(&mut visit)?;
        }
    }

    /// Read before it is handed on: a slow taker must not hold a read open, which would pin the write-ahead log of a
    /// running server.
    fn page(&self, after: u64) -> rusqlite::Result<Vec<ResultRow>> {
        /// About the most bytes of a page, which has one result at least.
        const MAX_BYTES: usize = 1 << 20;
        let (mut page, mut bytes) = (Vec::new(), 0);
        ResultRow::read_between(&self.connection, after, self.latest, |row| {
            bytes += row.size();
            page.push(row);
            if bytes < MAX_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(page)
    }

    /// Everybody with a result up to [`LedgerFile::latest`], by id.
    ///
    /// # Errors
    /// A [`LedgerError`] where reading fails.
    pub fn students(&self) -> Result<Vec<LedgerStudent>, LedgerError> {
        self.read_students().at(&self.path)
    }

    /// A read for each student, so that none is long.
    fn read_students(&self) -> rusqlite::Result<Vec<LedgerStudent>> {
        let mut ids = self.connection.prepare("SELECT num, id FROM students ORDER BY id")?;
        let ids = ids.query_map((), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        let ids = ids.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        let mut span = self
            .connection
            .prepare("SELECT COUNT(*), MIN(seq), MAX(seq) FROM results WHERE student = ?1 AND seq <= ?2")?;
        let mut at = self
            .connection
            .prepare("SELECT at, names.name FROM results JOIN names ON names.num = results.name WHERE seq = ?1")?;
        let mut students = Vec::new();
        for (number, id) in ids {
            let (squares, first, last): (u64, Option<u64>, Option<u64>) =
                span.query_row(params![number, self.latest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let (Some(first), Some(last)) = (first, last) else { continue };
            let first: i64 = at.query_row([first], |row| row.get(0))?;
            let (last, name): (i64, String) = at.query_row([last], |row| Ok((row.get(0)?, row.get(1)?)))?;
            students.push(LedgerStudent { id, name, squares, first: time(first), last: time(last) });
        }
        Ok(students)
    }
}
