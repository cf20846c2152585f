//! The ledger's file: what stands in it, how an older version becomes the present one, and what is checked before
//! anything is written to it. Called by `Ledger::open` alone.

use std::{fs::File, io::Read as _, path::Path};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::LedgerError;

/// Marks a SQLite file as a ledger of Squares ("Sqrs").
const APPLICATION_ID: i32 = 0x5371_7273;

/// How the schema came to be, a step a version. A ledger of version n has taken the first n.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE ledger (
        log TEXT NOT NULL
    ) STRICT;
    CREATE TABLE students (
        num INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE names (
        num INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE results (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        student INTEGER NOT NULL REFERENCES students,
        name INTEGER NOT NULL REFERENCES names,
        number TEXT NOT NULL,
        square TEXT NOT NULL,
        request TEXT
    ) STRICT;
    CREATE UNIQUE INDEX results_by_request ON results (student, request) WHERE request IS NOT NULL;
    CREATE INDEX results_by_student ON results (student, seq);
    INSERT INTO ledger (log) VALUES (lower(hex(randomblob(16))));
    ",
    // What the last opening noted of itself, at most one row; see `opening.rs`.
    "
    CREATE TABLE opening (
        name TEXT NOT NULL,
        inode INTEGER,
        changed INTEGER,
        next TEXT
    ) STRICT;
    ",
];

/// The version that this program writes.
const VERSION: i32 = STEPS.len() as i32;

/// Up to this size every page of a ledger is checked before it is opened; beyond it, only its head and its schema.
const CHECKED_WHOLE: u64 = 256 << 20;

/// Opens the file for writing, made or brought up to the present version where needed.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let failed = |error| LedgerError::from_sqlite(path, &error);
    if exists(path)? {
        inspect(path)?;
    }
    let mut connection = connect(path)?;
    upgrade(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// A connection that may write, with every commit synced before it returns.
pub(super) fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let set_up = || {
        let connection = Connection::open(path)?;
        // Only another program, such as a copy of the ledger being made, can hold it; who asked may ask again.
        connection.busy_timeout(std::time::Duration::from_secs(1))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        Ok(connection)
    };
    set_up().map_err(|error| LedgerError::from_sqlite(path, &error))
}

/// A connection that moves the write-ahead log into the file.
pub(super) fn connect_to_checkpoint(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

/// A connection that can only read.
pub(super) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    Ok(connection)
}

/// A connection that can only read a ledger of the present version, told from other files. What may be wrong inside is
/// the caller's to find.
pub(super) fn open_stored(path: &Path) -> Result<Connection, LedgerError> {
    if !exists(path)? {
        return Err(LedgerError::Missing { path: path.to_owned() });
    }
    let (connection, version) = recognise(path)?;
    match version {
        0 => Err(LedgerError::Missing { path: path.to_owned() }),
        VERSION => Ok(connection),
        _ => Err(LedgerError::Older { path: path.to_owned(), version }),
    }
}

/// What stands before the name of the ledger that a backup was made of.
const BACKUP_OF: &str = "backup of ";

/// Marks a copy of a ledger as a backup, and makes it one file without others beside it.
pub(super) fn mark_as_backup(copy: &Connection) -> rusqlite::Result<()> {
    copy.pragma_update(None, "journal_mode", "delete")?;
    // Nothing else writes it, and it is thrown away where this fails.
    copy.pragma_update(None, "journal_mode", "memory")?;
    let sql = "UPDATE ledger SET log = ?1 || log WHERE substr(log, 1, length(?1)) <> ?1";
    copy.execute(sql, [BACKUP_OF]).map(drop)
}

/// Whether it was made as a backup, and never opened as a live ledger.
pub(super) fn is_backup(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT substr(log, 1, length(?1)) = ?1 FROM ledger", [BACKUP_OF], |row| row.get(0))
}

/// Gives the ledger a new name.
pub(super) fn rename(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE ledger SET log = lower(hex(randomblob(16)))", ()).map(drop)
}

/// The name of the ledger, and its highest `seq`.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<(String, u64)> {
    let log = connection.query_row("SELECT log FROM ledger", (), |row| row.get(0))?;
    Ok((log, latest(connection)?))
}

/// The highest `seq`; 0 where there is none.
pub(super) fn latest(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT coalesce(max(seq), 0) FROM results", (), |row| row.get(0))
}

/// Brings everything that stands in the write-ahead log into the ledger itself, synced, and empties the log. Where a sync has
/// failed, the system may hold what it was to write for written: only what is written anew is sure to be durable.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if !busy {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    Err(rusqlite::Error::SqliteFailure(code, Some("a reader holds the write-ahead log".to_owned())))
}

/// Whether there is a file with something in it.
fn exists(path: &Path) -> Result<bool, LedgerError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LedgerError::Unusable { path: path.to_owned(), error: error.to_string() }),
    }
}

/// Looks at an existing file without changing it: is it a ledger, whole, and of a version that this program knows?
fn inspect(path: &Path) -> Result<(), LedgerError> {
    let (connection, version) = recognise(path)?;
    let failed = |error| LedgerError::from_sqlite(path, &error);
    let size = std::fs::metadata(path)
        .map_err(|error| LedgerError::Unusable { path: path.to_owned(), error: error.to_string() })?
        .len();
    if size <= CHECKED_WHOLE {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0)).map_err(failed)?;
        if verdict != "ok" {
            return Err(LedgerError::Damaged { path: path.to_owned(), what: verdict.replace('\n', " ") });
        }
    }
    if version == VERSION {
        identity(&connection).map_err(failed)?;
    }
    Ok(())
}

/// Undoes what a power loss cut short while the ledger was being made: only then it has a rollback journal, and a connection
/// that can only read cannot read beside one.
fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    if !Path::new(&journal).exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    is_bare(&connection).map(drop)
}

/// Tells a ledger from other files, without changing it; gives a connection that can only read, and the version.
fn recognise(path: &Path) -> Result<(Connection, i32), LedgerError> {
    let unusable = |error: std::io::Error| LedgerError::Unusable { path: path.to_owned(), error: error.to_string() };
    let damaged = |what: String| LedgerError::Damaged { path: path.to_owned(), what };
    let mut head = Vec::with_capacity(16);
    let mut file = File::open(path).map_err(unusable)?;
    (&mut file).take(16).read_to_end(&mut head).map_err(unusable)?;
    if head != b"SQLite format 3\0" {
        return Err(damaged("its first bytes are not those of an SQLite file".to_owned()));
    }
    drop(file);

    let failed = |error| LedgerError::from_sqlite(path, &error);
    roll_back(path).map_err(failed)?;
    let connection = connect_to_read(path).map_err(failed)?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application: i32 = pragma("application_id").map_err(failed)?;
    let version: i32 = pragma("user_version").map_err(failed)?;
    // A ledger whose making was cut short by a crash has nothing in it yet.
    let unmade = application == 0 && version == 0 && is_bare(&connection).map_err(failed)?;
    if application != APPLICATION_ID && !unmade {
        return Err(LedgerError::NotALedger { path: path.to_owned() });
    }
    if version > VERSION {
        return Err(LedgerError::Newer { path: path.to_owned(), version, known: VERSION });
    }
    Ok((connection, version))
}

fn is_bare(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get(0))
}

/// Takes the steps that the ledger has not taken yet, all of them or none.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused_and_untouched(path: &Path, names: &str) {
        let before = std::fs::read(path).unwrap();
        let error = open(path).expect_err("it should be refused").to_string();
        assert!(error.contains(names), "{error} lacks {names}");
        assert_eq!(std::fs::read(path).unwrap(), before, "the file was touched: {error}");
    }

    fn ledger_with_rows(path: &Path) {
        let connection = open(path).unwrap();
        connection
            .execute_batch(
                "INSERT INTO students VALUES (1, 's'); INSERT INTO names VALUES (1, 'n');
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                 INSERT INTO results SELECT i, 0, 1, 1, i, i * i, 'r' || i FROM n;",
            )
            .unwrap();
    }

    #[test]
    fn a_ledger_is_made_once_and_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let (log, latest) = identity(&open(&path).unwrap()).unwrap();
        assert_eq!((log.len(), latest), (32, 0));
        assert_eq!(identity(&open(&path).unwrap()).unwrap().0, log);
        assert_ne!(identity(&open(&folder.path().join("other")).unwrap()).unwrap().0, log);
    }

    #[test]
    fn what_is_no_ledger_is_refused_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "these are notes, not a ledger; keep them").unwrap();
        check_refused_and_untouched(&text, "damaged");
        let other = folder.path().join("other");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        check_refused_and_untouched(&other, "not a ledger");
    }

    #[test]
    fn a_newer_ledger_is_refused_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        open(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
        check_refused_and_untouched(&path, "newer");
    }

    #[test]
    fn a_damaged_ledger_is_refused_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        ledger_with_rows(&path);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        check_refused_and_untouched(&path, "damaged");
        let mut scratched = whole.clone();
        let middle = whole.len() / 2 / 4096 * 4096;
        scratched[middle..middle + 2048].fill(0x55);
        std::fs::write(&path, scratched).unwrap();
        check_refused_and_untouched(&path, "damaged");
    }

    #[test]
    fn a_ledger_whose_making_was_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        drop(connect(&path).unwrap());
        assert!(open(&path).is_ok());
        std::fs::write(folder.path().join("empty"), "").unwrap();
        assert!(open(&folder.path().join("empty")).is_ok());
    }
}
