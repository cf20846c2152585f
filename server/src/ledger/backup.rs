//! A copy of a ledger, made beside a running server and whole at every moment that anybody sees it. Called by
//! `squares-server backup`.

use std::{io, ops::ControlFlow, path::Path};

use rusqlite::{Connection, backup::StepResult};
use squares_shared::new_file::{NewFile, NewFileError};

use super::{
    error::{AtPath as _, LedgerError},
    ledger_file::LedgerFile,
    schema,
};

/// The pages that are copied between two reports of progress: 4 MiB.
const PAGES: i32 = 1024;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The copy cannot be written.
    #[error(transparent)]
    File(#[from] NewFileError),
    /// It was cancelled.
    #[error("the backup was called off, and none was made")]
    CalledOff,
}

impl LedgerFile {
    /// Copies the ledger to a file that does not exist yet, readable for its owner alone; `progress` is told how many
    /// pages of how many were copied, and says whether to go on. The copy is marked: opened as a live ledger, it
    /// takes a new name, so that no client takes a `seq` of the one for one of the other.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file of that name.
    pub fn backup(self, to: &Path, progress: impl FnMut(u64, u64) -> ControlFlow<()>) -> Result<(), BackupError> {
        copy(&self.connection, &self.path, to, progress)
    }
}

/// Copies a ledger that is open, whether or not its file still has a name.
pub(super) fn copy(
    connection: &Connection,
    from: &Path,
    to: &Path,
    mut progress: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<(), BackupError> {
    let new = NewFile::begin(to)?;
    let part = new.part();
    let writing = |error| NewFileError::Write(part.to_owned(), io::Error::other::<rusqlite::Error>(error));
    // One snapshot: what is added meanwhile changes nothing in it, and the copy never has to start over.
    let snapshot = connection.unchecked_transaction().at(from)?;
    schema::identity(&snapshot).at(from)?;
    let mut copy = Connection::open(part).map_err(writing)?;
    // It is synced once, at the end.
    copy.pragma_update(None, "synchronous", "off").map_err(writing)?;
    let backup = rusqlite::backup::Backup::new(&snapshot, &mut copy).map_err(writing)?;
    loop {
        let step = backup.step(PAGES).map_err(writing)?;
        let reached = backup.progress();
        let pages = |count: i32| u64::try_from(count).unwrap_or_default();
        if progress(pages(reached.pagecount - reached.remaining), pages(reached.pagecount)).is_break() {
            return Err(BackupError::CalledOff);
        }
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Somebody holds the new file, or recovers the ledger just now.
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    drop(backup);
    schema::mark_as_backup(&copy).map_err(writing)?;
    copy.close().map_err(|(_, error)| writing(error))?;
    Ok(new.publish()?)
}
