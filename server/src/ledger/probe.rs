//! Opens a ledger's file, and looks at it before anything is written to it: is it a ledger, whole, and of a version
//! that this program knows? A file that is not is left as it is, byte for byte. Called by `Ledger::open` and
//! `LedgerFile`.
//!
//! The file is not everything: the write-ahead log beside it may hold newer pages, the first one too, whose
//! older self in the file a power loss tore while the log was moved into it. SQLite reads every page from the log
//! first (<https://sqlite.org/wal.html>), so a file whose first bytes are not SQLite's is a ledger all the same where
//! the log says so.

use std::{
    fs::{File, Metadata},
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    error::{AtPath as _, LedgerError},
    schema::{
        APPLICATION_ID, VERSION, beside, connect, connect_to_read, connect_to_still, identity, quick_check, upgrade,
    },
};

/// Up to this size every page of a ledger is checked before it is opened; beyond it, only its head and its schema.
const CHECKED_WHOLE: u64 = 256 << 20;

/// How every SQLite file begins (<https://sqlite.org/fileformat2.html>), and every rollback journal.
const MAGIC: &[u8] = b"SQLite format 3\0";
const JOURNAL_MAGIC: &[u8] = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";

/// Bytes of a write-ahead log before its first frame.
const WAL_HEADER: u64 = 32;

/// The most bytes of a file in which nothing was made yet: a page of the largest size.
const ONE_PAGE: u64 = 64 << 10;

/// A file that was found to be a ledger.
struct Probed {
    /// It can only read.
    connection: Connection,
    /// 0 where nothing was made in it yet.
    version: i32,
    /// Only the write-ahead log has its first page whole.
    is_torn: bool,
}

/// What the file itself says, whatever its write-ahead log does.
struct FileHeader {
    is_sqlite: bool,
    application: i32,
    size: u64,
}

/// Opens the file for writing, made or brought up to the present version where needed.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    if exists(path)? {
        inspect(path)?;
    } else if has_wal(path)? {
        // SQLite would take the log of a file that is gone for a leftover, and delete it.
        let what =
            "it is empty or gone, and its write-ahead log (-wal) is not; put both back, or move the log away too";
        return Err(LedgerError::Damaged(path.to_owned(), what.to_owned()));
    }
    let mut connection = connect(path)?;
    upgrade(&mut connection).at(path)?;
    Ok(connection)
}

/// Opens a ledger of the present version for reading. What may be wrong inside is the caller's to find.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, LedgerError> {
    if !exists(path)? {
        return Err(LedgerError::Missing(path.to_owned()));
    }
    let Probed { connection, version, .. } = probe(path)?;
    match version {
        0 => Err(LedgerError::Missing(path.to_owned())),
        VERSION => Ok(connection),
        _ => Err(LedgerError::Older(path.to_owned(), version)),
    }
}

/// Whether there is a file with something in it.
fn exists(path: &Path) -> Result<bool, LedgerError> {
    Ok(metadata(path)?.is_some_and(|file| file.len() > 0))
}

/// Whether a write-ahead log with something in it lies beside this file.
pub(super) fn has_wal(path: &Path) -> Result<bool, LedgerError> {
    Ok(metadata(&beside(path, "-wal"))?.is_some_and(|wal| wal.len() > WAL_HEADER))
}

/// Looks at an existing file without changing it.
fn inspect(path: &Path) -> Result<(), LedgerError> {
    let Probed { connection, version, is_torn } = probe(path)?;
    let size = metadata(path)?.map_or(0, |file| file.len());
    // A file that a power loss tore at its first page may be torn elsewhere.
    if size <= CHECKED_WHOLE || is_torn {
        let verdict = quick_check(&connection).at(path)?;
        if verdict != "ok" {
            return Err(LedgerError::Damaged(path.to_owned(), verdict.replace('\n', " ")));
        }
    }
    if version == VERSION {
        identity(&connection).at(path)?;
    }
    if is_torn {
        tracing::warn!("the first page of the ledger is damaged, as by a power loss; its write-ahead log has it whole");
    }
    Ok(())
}

/// Tells a ledger from other files, without changing it.
fn probe(path: &Path) -> Result<Probed, LedgerError> {
    let has_wal = has_wal(path)?;
    let mut header = FileHeader::read(path).at(path)?;
    // A file that was still being made loses nothing when its journal is rolled back. Or another program, such as
    // SQLite's own shell, was cut short on a ledger.
    if pages_before(path).at(path)?.is_some_and(|pages| pages == 0 || header.application == APPLICATION_ID) {
        roll_back(path).at(path)?;
        header = FileHeader::read(path).at(path)?;
    }
    if !header.is_sqlite && header.size > 0 && !has_wal {
        return Err(LedgerError::NotSqlite(path.to_owned()));
    }
    let may_be_unmade = header.application == 0 && header.size <= ONE_PAGE;
    if header.application != APPLICATION_ID && !may_be_unmade && !has_wal {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }

    let pragma = |connection: &Connection, name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let mut connection = connect_to_read(path).at(path)?;
    let mut application = pragma(&connection, "application_id");
    if application.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::CannotOpen))
        && is_still(path)
    {
        connection = connect_to_still(path).at(path)?;
        application = pragma(&connection, "application_id");
    }
    let application = application.at(path)?;
    let version = pragma(&connection, "user_version").at(path)?;
    // A ledger whose making was cut short by a crash has nothing in it yet.
    let is_unmade = application == 0 && version == 0 && is_bare(&connection).at(path)?;
    if application != APPLICATION_ID && !is_unmade {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    if version > VERSION {
        return Err(LedgerError::Newer(path.to_owned(), version, VERSION));
    }
    Ok(Probed { connection, version, is_torn: !header.is_sqlite && header.size > 0 })
}

impl FileHeader {
    fn read(path: &Path) -> io::Result<Self> {
        const APPLICATION: std::ops::Range<usize> = 68..72;
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut head = Vec::with_capacity(APPLICATION.end);
        file.take(APPLICATION.end as u64).read_to_end(&mut head)?;
        let application = head.get(APPLICATION).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_be_bytes);
        Ok(Self { is_sqlite: head.starts_with(MAGIC), application, size })
    }
}

/// Whether no program has the file open: SQLite keeps two others beside an open one.
fn is_still(path: &Path) -> bool {
    ["-wal", "-shm"].iter().all(|ending| matches!(metadata(&beside(path, ending)), Ok(None)))
}

/// How many pages the file had before what its rollback journal undoes; `None` where it has no such journal. A
/// connection that can only read cannot read beside one.
fn pages_before(path: &Path) -> io::Result<Option<u32>> {
    const PAGES: std::ops::Range<usize> = 16..20;
    let mut head = Vec::with_capacity(PAGES.end);
    match File::open(beside(path, "-journal")) {
        Ok(journal) => journal.take(PAGES.end as u64).read_to_end(&mut head)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let pages = head.get(PAGES).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    Ok(pages.filter(|_| head.starts_with(JOURNAL_MAGIC)))
}

/// Lets SQLite undo what its journal says.
fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    is_bare(&connection).map(drop)
}

fn is_bare(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get(0))
}

/// What the system says of a file; `None` where there is none.
fn metadata(path: &Path) -> Result<Option<Metadata>, LedgerError> {
    match std::fs::metadata(path) {
        // SQLite would wait for a writer to a named pipe.
        Ok(metadata) if !metadata.is_file() => {
            Err(io::Error::other("it is a folder, a named pipe or the like, and not a file")).at(path)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some).at(path),
    }
}

#[cfg(test)]
mod tests;
