//! Files that one running client holds for itself, by a lock of the system: those of the outbox and of the history.

use std::fs::File;
use std::io;
use std::path::Path;

use squares_shared::file_id;

/// A lock that a file system does not know, as an error of one kind, since systems have several for it.
pub(crate) fn no_locks(error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("the file system has no locks: {error}"))
}

/// Whether a file still stands under the name that it was opened by, so that who looks there next finds it.
pub(crate) fn stands(file: &File, path: &Path) -> bool {
    // The standard library opens files so that they may be removed and renamed meanwhile, on Windows too.
    matches!((file_id::of(file), file_id::at(path)), (Ok(open), Ok(named)) if open == named)
}
