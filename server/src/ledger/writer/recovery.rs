//! The writer and its files: opening the ledger again after a failure, what to do where another program changed them,
//! and closing. `writer` calls it around each commit.

use std::{fmt, ops::ControlFlow, path::Path};

use jiff::Timestamp;
use rusqlite::Connection;
use squares_shared::private_file;

use super::Writer;
use crate::ledger::{
    apply::RowNumbers,
    backup,
    data_folder::SAVED,
    error::{AtPath as _, FilesChanged, LedgerError},
    reader, schema,
};

impl Writer {
    /// Opens the ledger again after a failure. A commit that failed late may have reached the disk all the same: what
    /// it left and was never shown is made durable and shown now, so that the ledger and the feed agree before
    /// anything is added.
    pub(in crate::ledger) fn open_again(&mut self) -> Result<Connection, LedgerError> {
        self.row_numbers = RowNumbers::default();
        self.check_files(None)?;
        let mut connection = schema::connect(&self.path)?;
        self.checkpointer.attend(&mut connection).at(&self.path)?;
        self.checkpointer.checkpoint_all(&connection)?;
        let (ledger_id, latest) = schema::identity(&connection).at(&self.path)?;
        if ledger_id != self.ledger_id || latest < self.feed.latest() {
            let what = "results that were shown are missing in it".to_owned();
            return Err(LedgerError::Damaged(self.path.clone(), what));
        }
        self.recorded.load(&connection).at(&self.path)?;
        reader::fill(&connection, &self.feed, latest).at(&self.path)?;
        self.last_at = schema::last_at(&connection).at(&self.path)?.max(self.last_at);
        self.logged = None;
        tracing::info!("the ledger is open again");
        Ok(connection)
    }

    /// Checks that the ledger's files are still those that are open and as this program left them.
    pub(super) fn check_files(&self, connection: Option<&Connection>) -> Result<(), LedgerError> {
        let confirm = |changed| self.confirm(changed, self.feed.latest(), connection);
        self.files.check().or_else(confirm)?;
        let writing = self.checkpointer.lock_for_writing();
        let wal = self.files.wal.check();
        drop(writing);
        wal.or_else(confirm)
    }

    /// Goes on after a change of the files by another program, where that did no harm: no result up to `latest` is
    /// missing. Where the ledger or its log was damaged, they are never trusted again.
    pub(super) fn confirm(
        &self,
        changed: FilesChanged,
        latest: u64,
        connection: Option<&Connection>,
    ) -> Result<(), LedgerError> {
        let warn = |path: &Path, what: &str| tracing::warn!(path = %path.display(), "another program {what}");
        match (changed, connection) {
            // The log's name is gone: all of it is moved into the ledger by the connection that has it open, and so is
            // found again however this program ends.
            (FilesChanged::Beside(path), Some(connection)) => {
                self.checkpointer.alone(|| {
                    if let Err(error) = schema::checkpoint_all(connection) {
                        tracing::error!(%error, "what was recorded last stands in the removed write-ahead log alone");
                    }
                    self.files.accept();
                });
                Err(FilesChanged::Beside(path).into())
            }
            // It may have moved the log into the ledger, as this program does, or have put another file over it.
            (FilesChanged::Written(path), _) => self.checkpointer.alone(|| {
                if self.is_whole(latest) {
                    warn(&path, "wrote into the ledger's file, which is whole all the same");
                    self.files.accept();
                    return Ok(());
                }
                self.files.give_up();
                Err(FilesChanged::Overwritten(path).into())
            }),
            // It may have changed the log's time alone, or have moved all of it into the ledger. Where frames are gone,
            // what this program remembers of them is saved, which is all of a young ledger.
            (FilesChanged::WalWritten(path), _) => {
                let is_moved = self.checkpointer.alone(|| {
                    let wal = &self.files.wal;
                    if wal.is_whole() {
                        warn(&path, "changed the write-ahead log, which is whole all the same");
                        wal.accept();
                        return Ok(false);
                    }
                    if wal.is_empty() && self.is_whole(latest) {
                        warn(&path, "emptied the write-ahead log, of which all is in the ledger");
                        wal.emptied();
                        return Ok(true);
                    }
                    self.files.give_up_wal();
                    self.save(connection.unwrap_or(&self.keepalive), latest);
                    Err(FilesChanged::WalOverwritten(path))
                })?;
                // Without a connection, the next one does that before anything else.
                connection.filter(|_| is_moved).map_or(Ok(()), |open| self.checkpointer.checkpoint_all(open))
            }
            (changed, _) => Err(changed.into()),
        }
    }

    /// Saves all that a connection reads into another file, and checks that it has all results up to `latest`.
    fn save(&self, connection: &Connection, latest: u64) {
        fn text(error: impl fmt::Display) -> String {
            error.to_string()
        }
        let name = format!("{SAVED}{}.sqlite3", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let to = self.folder.join(name);
        let saved = private_file::make_folder(&self.folder)
            .map_err(text)
            .and_then(|()| backup::copy(connection, &self.path, &to, |_, _| ControlFlow::Continue(())).map_err(text))
            .and_then(|()| check_whole(&to, latest));
        match saved {
            Ok(_) => tracing::warn!(
                "what was recorded is saved in {}; to go on with it, put it as ledger.sqlite3 into an empty data folder",
                to.display()
            ),
            Err(error) => tracing::error!(error, "what was recorded last could not be saved, and is lost"),
        }
    }

    /// Whether the ledger's file by itself is this ledger, with all results up to `latest`.
    fn is_whole(&self, latest: u64) -> bool {
        // SQLite removes the write-ahead log of an empty file.
        self.path.metadata().is_ok_and(|file| file.len() > 0)
            && check_whole(&self.path, latest).is_ok_and(|ledger_id| ledger_id == self.ledger_id)
    }

    /// Closes the ledger. Where its file has no name any more, its content is saved under another.
    pub(in crate::ledger) fn close(self) {
        match self.files.check() {
            Err(FilesChanged::Removed(_)) => self.save(&self.keepalive, self.feed.latest()),
            Ok(()) => {
                if let Err(changed) = self.files.wal.check_all()
                    && let Err(error) = self.confirm(changed, self.feed.latest(), self.connection.as_ref())
                {
                    tracing::error!(%error, "the ledger is closed as it is");
                }
            }
            Err(_) => {}
        }
        // The last to close checkpoints the log, and only one that may write can.
        let Self { files, keepalive, connection, checkpointer, .. } = self;
        drop((keepalive, checkpointer));
        if let Some(connection) = connection {
            files.close(connection);
        }
    }
}

/// The name of the ledger in this file, if its pages fit each other and it has all results up to `latest`; else why
/// not. By a new connection, since others may remember pages.
fn check_whole(path: &Path, latest: u64) -> Result<String, String> {
    let look = || {
        let connection = schema::connect_to_read(path)?;
        Ok((schema::quick_check(&connection)?, schema::identity(&connection)?))
    };
    match look().map_err(|error: rusqlite::Error| error.to_string())? {
        (verdict, _) if verdict != "ok" => Err(verdict),
        (_, (_, reached)) if reached < latest => Err(format!("its last result is {reached} instead of {latest}")),
        (_, (ledger_id, _)) => Ok(ledger_id),
    }
}
