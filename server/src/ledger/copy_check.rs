//! Is this ledger the one that was open here last, or an older copy of it that somebody put back? A copy gets a new
//! name, so that clients start over: they may have seen results that it lacks, whose `seq`s it is about to give to
//! others. Called by `Ledger::open`, under the lock.
//!
//! Each opening gives itself a name, written into the ledger and into the lock file beside it. The ledger also notes
//! the lock file's inode and the time of its last change (on Windows its index, and when it was made), which no tool
//! that copies can bring along: a copied folder has another lock file, and a copied ledger names an earlier opening
//! than the lock file does. What cannot be told apart is, on Windows, all files put back over themselves; a whole
//! disk set back to an earlier moment, such as the snapshot of a virtual machine, and a copy made between two
//! openings without a lock file's change of its own, which is the ledger as it is.
//!
//! A crash may come between any two of these steps and must not pass for a copy: an opening is announced in the
//! ledger before the lock file changes, and recorded there afterwards; one that was only announced is compared less
//! strictly.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use squares_shared::{file_id, private_file};

use super::{
    error::{AtPath as _, LedgerError},
    schema::{self, beside},
};
use crate::permissions;

/// What no copy of a lock file shares with it: its inode, and when it last changed, in nanoseconds since 1970.
type LockIdentity = Option<(i64, i64)>;

/// What the ledger notes of its last opening.
#[derive(Debug, Default)]
struct LastOpening {
    name: String,
    lock: LockIdentity,
    /// The name of an opening that was announced and not recorded.
    next: Option<String>,
}

impl LastOpening {
    /// Whether the lock file is the one that was noted.
    fn is_of(&self, written: &str, lock: LockIdentity) -> bool {
        let same_file = self.lock.map(|(inode, _)| inode) == lock.map(|(inode, _)| inode);
        match &self.next {
            None => self.name == written && self.lock == lock,
            // The first opening of all: its lock file may be lost.
            Some(_) if self.name.is_empty() => true,
            Some(next) => same_file && (self.name == written || next == written),
        }
    }
}

/// Records this opening in the ledger, under a new name where it is a copy. Afterwards all of its content is durable.
pub(super) fn record_opening(
    mut connection: Connection,
    lock: &mut File,
    path: &Path,
) -> Result<Connection, LedgerError> {
    let mut written = String::new();
    lock.take(64).read_to_string(&mut written).at(path)?;
    let identity = lock_identity(lock).at(path)?;
    let noted = noted(&connection).at(path)?;
    let was_copied = noted.as_ref().is_some_and(|noted| !noted.is_of(&written, identity));
    let is_backup = schema::is_backup(&connection).at(path)?;
    match record(&mut connection, lock, path, noted, was_copied || is_backup) {
        Ok(()) => {
            if was_copied || is_backup {
                tracing::warn!("this ledger is a copy: it has a new name, and clients begin anew");
            }
            Ok(connection)
        }
        Err(error) if was_copied || is_backup => Err(error),
        // On a full disk, say. It can still be read, and written once there is room.
        Err(error) => {
            tracing::warn!(%error, "this opening of the ledger could not be noted in it");
            drop(connection);
            sync_wal(path).at(path)?;
            schema::connect(path)
        }
    }
}

fn record(
    connection: &mut Connection,
    lock: &mut File,
    path: &Path,
    noted: Option<LastOpening>,
    rename: bool,
) -> Result<(), LedgerError> {
    let name = in_transaction(connection, |transaction| {
        let name: String = transaction.query_row("SELECT lower(hex(randomblob(16)))", (), |row| row.get(0))?;
        if rename {
            schema::rename(transaction)?;
        }
        // A copy has never been open here.
        let last = noted.filter(|_| !rename).unwrap_or_default();
        write(transaction, &LastOpening { next: Some(name.clone()), ..last })?;
        Ok(name)
    })
    .at(path)?;
    permissions::restrict_file(lock).at(path)?;
    lock.seek(SeekFrom::Start(0)).at(path)?;
    lock.write_all(name.as_bytes()).and_then(|()| lock.sync_all()).at(path)?;
    private_file::sync_folder_of(path).at(path)?;
    let identity = lock_identity(lock).at(path)?;
    in_transaction(connection, |transaction| write(transaction, &LastOpening { name, lock: identity, next: None }))
        .at(path)
}

fn in_transaction<T>(
    connection: &mut Connection,
    write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let written = write(&transaction)?;
    transaction.commit()?;
    Ok(written)
}

fn noted(connection: &Connection) -> rusqlite::Result<Option<LastOpening>> {
    connection
        .query_row("SELECT name, inode, changed, next FROM opening", (), |row| {
            let lock: (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
            Ok(LastOpening { name: row.get(0)?, lock: lock.0.zip(lock.1), next: row.get(3)? })
        })
        .optional()
}

fn write(connection: &Connection, noted: &LastOpening) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM opening", ())?;
    let (inode, changed) = noted.lock.unzip();
    connection
        .execute(
            "INSERT INTO opening (name, inode, changed, next) VALUES (?1, ?2, ?3, ?4)",
            params![noted.name, inode, changed, noted.next],
        )
        .map(drop)
}

fn lock_identity(lock: &File) -> io::Result<LockIdentity> {
    let ((_, index), file) = (file_id::of(lock)?, lock.metadata()?);
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt as _;
        file.ctime().wrapping_mul(1_000_000_000).wrapping_add(file.ctime_nsec())
    };
    // When it was made: the time of its last change cannot be asked for without unsafe code.
    #[cfg(windows)]
    let changed = std::os::windows::fs::MetadataExt::creation_time(&file).cast_signed();
    Ok(Some((index.cast_signed(), changed)))
}

/// Syncs the write-ahead log: a server that was killed may have left commits in it that were never synced, and
/// whoever is shown them must find them again after a power loss.
fn sync_wal(path: &Path) -> io::Result<()> {
    match File::options().write(true).open(beside(path, "-wal")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        wal => wal?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, ops::ControlFlow};

    use crate::ledger::tests::open_in;

    /// Opens the ledger in this folder and gives its name.
    fn log(folder: &std::path::Path) -> String {
        let (ledger, _feed) = open_in(folder).unwrap();
        let log = ledger.id.clone();
        ledger.close();
        log
    }

    fn copy(from: &std::path::Path, to: &std::path::Path) {
        fs::create_dir_all(to).unwrap();
        for file in fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    #[test]
    fn a_ledger_that_is_opened_again_or_moved_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        let first = log(&here);
        assert_eq!(log(&here), first);
        fs::rename(&here, &there).unwrap();
        assert_eq!(log(&there), first);
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_file_that_others_could_use_is_mended_and_no_copy_for_it() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("ledger.lock");
        fs::write(&lock, "").unwrap();
        fs::set_permissions(&lock, fs::Permissions::from_mode(0o666)).unwrap();
        let first = log(folder.path());
        assert_eq!(lock.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(log(folder.path()), first);
    }

    #[test]
    fn a_copied_folder_gets_a_new_name_and_keeps_that() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        let first = log(&here);
        copy(&here, &there);
        let second = log(&there);
        assert_ne!(second, first);
        assert_eq!(log(&there), second);
        assert_eq!(log(&here), first, "the one that was copied is still itself");
    }

    #[test]
    fn an_older_copy_that_is_put_back_gets_a_new_name() {
        let folder = tempfile::tempdir().unwrap();
        let (here, kept) = (folder.path().join("here"), folder.path().join("kept"));
        let first = log(&here);
        copy(&here, &kept);
        assert_eq!(log(&here), first);
        fs::copy(kept.join("ledger.sqlite3"), here.join("ledger.sqlite3")).unwrap();
        let second = log(&here);
        assert_ne!(second, first, "the ledger alone was put back");
        copy(&here, &kept.join("later"));
        copy(&kept.join("later"), &here);
        // The time of a file's last change cannot be asked for on Windows.
        assert_eq!(log(&here) == second, cfg!(windows), "all files were put back over themselves");
    }

    #[test]
    fn a_lock_file_that_is_gone_is_a_copy_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = log(folder.path());
        fs::remove_file(folder.path().join("ledger.lock")).unwrap();
        assert_ne!(log(folder.path()), first);
    }

    #[test]
    fn a_backup_gets_a_new_name_each_time_it_is_restored() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("here");
        let mut names = vec![log(&here)];
        let backup = folder.path().join("backup");
        crate::ledger::LedgerFile::open(&here).unwrap().backup(&backup, |_, _| ControlFlow::Continue(())).unwrap();
        for restored in ["one", "two"] {
            let there = folder.path().join(restored);
            fs::create_dir(&there).unwrap();
            fs::copy(&backup, there.join("ledger.sqlite3")).unwrap();
            names.push(log(&there));
            assert_eq!(log(&there), *names.last().unwrap());
        }
        fs::copy(&backup, here.join("ledger.sqlite3")).unwrap();
        names.push(log(&here));
        assert!(names.iter().all(|name| name.len() == 32), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn an_opening_that_a_crash_cut_short_is_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        let first = log(folder.path());
        let ledger = rusqlite::Connection::open(folder.path().join("ledger.sqlite3")).unwrap();
        let lock = folder.path().join("ledger.lock");
        // The lock file was not yet changed; changed, but for its text, which was lost; changed, and that not yet
        // recorded.
        for text in [None, Some(false), Some(true)] {
            ledger.execute_batch("UPDATE opening SET next = 'the next one'").unwrap();
            if let Some(whole) = text {
                let last = fs::read_to_string(&lock).unwrap();
                fs::write(&lock, if whole { "the next one" } else { &last }).unwrap();
            }
            assert_eq!(log(folder.path()), first, "{text:?}");
        }
    }
}
