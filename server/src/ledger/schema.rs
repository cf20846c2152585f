//! The ledger's file: its tables, how an older version becomes the present one, and the connections to it. What is
//! checked before the first of them may write is in `probe.rs`. Called by the rest of `ledger`.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::{AtPath as _, LedgerError};

/// Marks a SQLite file as a ledger of Squares ("Sqrs").
pub(super) const APPLICATION_ID: i32 = 0x5371_7273;

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
    // What the last opening noted of itself, at most one row; see `copy_check.rs`.
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
pub(super) const VERSION: i32 = STEPS.len() as i32;

/// On macOS a sync leaves what it syncs in the disk's cache unless this asks for more (`F_FULLFSYNC`). Elsewhere SQLite
/// passes over it.
const FULL_SYNC: &str = "fullfsync";

/// The file beside this one whose name goes on so.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A connection that may write, with every commit synced before it returns.
pub(super) fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let set_up = || -> rusqlite::Result<_> {
        let connection = Connection::open(path)?;
        // Only another program, such as a copy of the ledger being made, can hold it; who asked may ask again.
        connection.busy_timeout(std::time::Duration::from_secs(1))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, FULL_SYNC, true)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        Ok(connection)
    };
    set_up().at(path)
}

/// A connection that moves the write-ahead log into the file.
pub(super) fn connect_to_checkpoint(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, FULL_SYNC, true)?;
    Ok(connection)
}

pub(super) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    Ok(connection)
}

/// A connection that can only read, to a file that no program changes meanwhile. SQLite otherwise keeps files of its
/// own beside it, which it cannot where the folder can only be read.
pub(super) fn connect_to_still(path: &Path) -> rusqlite::Result<Connection> {
    let name = path.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
}

/// The prefix of a backup's name, before the name of the ledger that it was made of.
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

pub(super) fn rename(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE ledger SET log = lower(hex(randomblob(16)))", ()).map(drop)
}

/// Whether it is one server's projection of a shared log.
pub(super) fn is_of_shared_log(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'projection'";
    connection.query_row(sql, (), |row| row.get(0))
}

/// Makes a projection of a shared log a ledger by itself, under a new name.
pub(super) fn leave_shared_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "BEGIN; DROP TABLE projection; DROP TABLE projection_nodes;
         UPDATE ledger SET log = lower(hex(randomblob(16))); COMMIT",
    )
}

/// The name of the ledger, and its highest `seq`; 0 where there is none.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<(String, u64)> {
    let sql = "SELECT log, (SELECT coalesce(max(seq), 0) FROM results) FROM ledger";
    connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Moves everything in the write-ahead log into the ledger's file, synced, and empties the log. After a failed sync
/// the system may report data as written that is not: only what is written again is sure to be durable.
pub(super) fn checkpoint_all(connection: &Connection) -> rusqlite::Result<()> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if busy {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(code, Some("a reader holds the write-ahead log".to_owned())));
    }
    Ok(())
}

/// When the last result was recorded, in milliseconds since 1970; 0 where there is none.
pub(super) fn last_at(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce((SELECT at FROM results ORDER BY seq DESC LIMIT 1), 0)";
    connection.query_row(sql, (), |row| row.get(0))
}

/// Whether every page of the file is in order, as far as that can be told without looking at the indexes.
pub(super) fn quick_check(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
}

/// Takes the steps that the ledger has not taken yet, all of them or none.
pub(super) fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
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
    use crate::ledger::probe::open;

    fn version(connection: &Connection) -> i32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    /// A ledger as the program of this version made it.
    fn of_version(path: &Path, version: i32) -> Connection {
        let connection = connect(path).unwrap();
        STEPS.iter().take(version as usize).for_each(|step| connection.execute_batch(step).unwrap());
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        connection
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
    fn every_sync_reaches_the_disk_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        for connection in [connect(&path).unwrap(), connect_to_checkpoint(&path).unwrap()] {
            for (pragma, value) in [("synchronous", 2), (FULL_SYNC, 1)] {
                let found: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
                assert_eq!(found, value, "{pragma}");
            }
        }
    }

    #[test]
    fn an_older_ledger_takes_the_steps_that_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let (log, _) = identity(&of_version(&path, 1)).unwrap();
        let ledger = open(&path).unwrap();
        assert_eq!(version(&ledger), VERSION);
        assert_eq!(identity(&ledger).unwrap().0, log);
        ledger.query_row("SELECT count(*) FROM opening", (), |row| row.get::<_, i64>(0)).unwrap();
    }

    #[test]
    fn an_upgrade_that_fails_leaves_the_ledger_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let older = of_version(&path, 1);
        // What the next step makes is there already, so the last statement of the upgrade fails.
        older.execute_batch("CREATE TABLE opening (another)").unwrap();
        let schema = |connection: &Connection| {
            let mut select = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
            let rows = select.query_map((), |row| row.get::<_, Option<String>>(0)).unwrap();
            rows.collect::<Result<Vec<_>, _>>().unwrap()
        };
        let before = schema(&older);
        drop(older);
        let error = open(&path).expect_err("it cannot take the step").to_string();
        assert!(error.contains("opening") && error.contains("--data"), "{error}");
        let connection = connect(&path).unwrap();
        assert_eq!((version(&connection), schema(&connection)), (1, before));
        connection.execute_batch("DROP TABLE opening").unwrap();
        drop(connection);
        assert_eq!(version(&open(&path).unwrap()), VERSION, "mended, it takes the step");
    }

    #[test]
    fn of_several_steps_all_are_taken_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        // Nothing was made yet but what the last step makes: the first one succeeds and is undone.
        connect(&path).unwrap().execute_batch("CREATE TABLE opening (another)").unwrap();
        let mut connection = connect(&path).unwrap();
        assert!(upgrade(&mut connection).is_err());
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).unwrap();
        assert_eq!((version(&connection), tables), (0, 1));
    }
}
