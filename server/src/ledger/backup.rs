//! A copy of a ledger, made beside a running server and whole at every moment that anybody sees it. Called by
//! `squares-server backup`.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, backup::StepResult};

use super::{LedgerError, Stored, schema};

/// The pages that are copied between two reports of progress: 4 MiB.
const PAGES: i32 = 1024;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file of this name is there.
    #[error("{path} exists already and was left as it is; choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// One that was cut short is in the way.
    #[error("{path} is there from a backup that still runs or was cut short; wait for it, or remove that file")]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("cannot write the backup {path}: {error}; check the folder, its permissions and its space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: String,
    },
}

impl Stored {
    /// Copies the ledger to a file that does not exist yet, readable for its owner alone; `progress` is told how many
    /// pages of how many were copied. The copy is marked: opened as a live ledger, it takes a new name, so that no
    /// client takes a `seq` of the one for one of the other.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file of that name.
    pub fn backup(self, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), BackupError> {
        if to.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path: to.to_owned() });
        }
        // Written beside it and then given its name, so that nobody takes half a copy for a backup.
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        claim(&part).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Unfinished { path: part.clone() },
            _ => BackupError::Write { path: to.to_owned(), error: error.to_string() },
        })?;
        let made = self.copy(&part, progress).and_then(|()| publish(&part, to));
        // Gone already where a rename gave it its name.
        let _ = std::fs::remove_file(&part);
        made
    }

    fn copy(self, part: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), BackupError> {
        let reading = |error: rusqlite::Error| BackupError::from(LedgerError::from_sqlite(self.path(), &error));
        let writing = |error: rusqlite::Error| BackupError::Write { path: part.to_owned(), error: error.to_string() };
        // One snapshot: what is added meanwhile changes nothing in it, and the copy never has to begin anew.
        let snapshot = self.connection.unchecked_transaction().map_err(reading)?;
        schema::identity(&snapshot).map_err(reading)?;
        let mut copy = Connection::open(part).map_err(writing)?;
        // It is synced once, at the end.
        copy.pragma_update(None, "synchronous", "off").map_err(writing)?;
        let backup = rusqlite::backup::Backup::new(&snapshot, &mut copy).map_err(writing)?;
        loop {
            let step = backup.step(PAGES).map_err(writing)?;
            let reached = backup.progress();
            let pages = |count: i32| u64::try_from(count).unwrap_or_default();
            progress(pages(reached.pagecount - reached.remaining), pages(reached.pagecount));
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                // Somebody holds the new file, or recovers the ledger just now.
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        drop(backup);
        schema::mark_as_backup(&copy).map_err(writing)?;
        copy.close().map_err(|(_, error)| writing(error))
    }
}

/// Makes the file, for its owner alone.
fn claim(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Makes the copy durable and gives it its name, unless a file has come to have it meanwhile.
fn publish(part: &Path, to: &Path) -> Result<(), BackupError> {
    let writing = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists { path: to.to_owned() },
        _ => BackupError::Write { path: to.to_owned(), error: error.to_string() },
    };
    File::options().write(true).open(part).and_then(|file| file.sync_all()).map_err(writing)?;
    match std::fs::hard_link(part, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(writing(error)),
        // Some file systems, such as those of memory sticks, have no second name for a file.
        Err(_) if to.symlink_metadata().is_err() => std::fs::rename(part, to).map_err(writing)?,
        Err(error) => return Err(writing(error)),
    }
    super::sync_folder_of(to).map_err(writing)
}
