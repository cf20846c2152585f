//! Why a ledger cannot be opened, read or written. Everything in this folder reports these.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another server holds the lock of this data folder.
    #[error("the ledger in {0} is in use by another server; stop that one, or choose another folder with --data")]
    InUse(PathBuf),
    /// The ledger cannot be reached, made or written.
    #[error("cannot use the ledger {0}: {1}; check the folder given with --data and its permissions")]
    Unusable(PathBuf, String),
    /// The file is a database of something else.
    #[error("{0} is not a ledger of Squares; choose another folder with --data")]
    NotALedger(PathBuf),
    /// The file is no database at all.
    #[error(
        "{0} is not a ledger of Squares: its first bytes are not those of an SQLite file; it was left as it is: \
         choose another, or restore a copy where it was damaged"
    )]
    NotSqlite(PathBuf),
    /// A later program wrote it, in a version beyond the one that this program knows.
    #[error("the ledger {0} is of a newer version ({1}; this program knows up to {2}); use the newer program")]
    Newer(PathBuf, i32, i32),
    /// An earlier version of the program wrote it, and it was opened only for reading.
    #[error("the ledger {0} is of an older version ({1}); start the server with it once, which brings it up to date")]
    Older(PathBuf, i32),
    /// There is no such file.
    #[error("there is no ledger at {0}; name its folder with --data")]
    Missing(PathBuf),
    /// Its files are no longer those that are open: a sentence that names one of them.
    #[error("{0}")]
    FilesChanged(String),
    /// Its content cannot be trusted.
    #[error(
        "the ledger {0} is damaged: {1}; it was left as it is: restore a copy, or choose another folder with --data"
    )]
    Damaged(PathBuf, String),
    /// It is a projection of a log that several servers share, and was to be opened alone.
    #[error(
        "the ledger {0} is a server's part of a cluster; start it with --cluster as before, or choose another folder with \
         --data; to go on with it alone for good, under a new name, start squares-server with --leave-cluster"
    )]
    OfACluster(PathBuf),
    /// A cluster's log has another name than the one that this ledger has results of.
    #[error(
        "the ledger {0} belongs to another log than this cluster's, or is a copy; start with an empty folder, given with \
         --data: the server fills it from the cluster"
    )]
    OfAnotherLog(PathBuf),
    /// Results stand in it that are not in the log that it should be a projection of.
    #[error(
        "the ledger {0} has results of its own, and cannot join a cluster; start with an empty folder, given with --data, \
         and keep this one: squares-server export reads it"
    )]
    HasOwnResults(PathBuf),
}

/// How the files of an open ledger were changed by somebody else.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilesChanged {
    /// The ledger's name is gone or leads to another file, and the file that is open has no other name.
    #[error(
        "the ledger's file {0} was removed while the server runs, and nothing more is recorded; stop the server with SIGTERM: \
         it saves what it still has open into a file of that folder"
    )]
    Removed(PathBuf),
    /// The same, but the file that is open has another name now.
    #[error(
        "the ledger's file {0} was moved away or replaced while the server runs, and nothing more is recorded; put the same \
         file back (mv, not cp) and squares go on, or stop the server and start it again with what is there"
    )]
    Moved(PathBuf),
    /// A file beside the ledger was removed or replaced.
    #[error(
        "{0} was removed or replaced while the server runs, and nothing more is recorded; stop the server with SIGTERM, which \
         loses nothing, and start it again"
    )]
    Beside(PathBuf),
    /// Another program wrote into the ledger's file, which is not checked yet.
    #[error("another program wrote into the ledger's file {0}; it is being looked at")]
    Written(PathBuf),
    /// The same, and the file was found damaged.
    #[error(
        "another program wrote over the ledger's file {0} while the server runs, and nothing more is recorded; stop the \
         server, and put a copy as ledger.sqlite3 into an empty data folder: what lies beside it here does not belong to it"
    )]
    Overwritten(PathBuf),
    /// Another program wrote into the write-ahead log or cut it; the log is not checked yet.
    #[error("another program wrote into {0}; it is being looked at")]
    WalWritten(PathBuf),
    /// The same, and results that were in the log alone are gone.
    #[error(
        "another program cut or wrote over {0} while the server runs, and nothing more is recorded; stop the server, and put \
         the copy that it saved, or the newest backup, as ledger.sqlite3 into an empty data folder"
    )]
    WalOverwritten(PathBuf),
    /// The system does not tell.
    #[error("cannot look at {0}: {1}; check the folder given with --data, and whether its disk is there")]
    Unseen(PathBuf, io::Error),
}

impl From<FilesChanged> for LedgerError {
    fn from(changed: FilesChanged) -> Self {
        Self::FilesChanged(changed.to_string())
    }
}

/// Names the file that an error of SQLite or of the system is about.
pub(super) trait AtPath<T> {
    fn at(self, path: &Path) -> Result<T, LedgerError>;
}

impl<T> AtPath<T> for rusqlite::Result<T> {
    fn at(self, path: &Path) -> Result<T, LedgerError> {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        self.map_err(|error| match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => LedgerError::Damaged(path.to_owned(), error.to_string()),
            _ => LedgerError::Unusable(path.to_owned(), error.to_string()),
        })
    }
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, LedgerError> {
        self.map_err(|error| LedgerError::Unusable(path.to_owned(), error.to_string()))
    }
}
