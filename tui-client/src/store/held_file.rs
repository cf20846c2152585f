//! Files that one running client holds for itself, by a lock of the system: those of the outbox and of the history.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file that is there with these options. Something else of that name, such as a pipe that nobody writes to,
/// is refused in place of being waited for.
///
/// # Errors
/// As the system reports them.
pub(crate) fn open_regular(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

/// A lock that a file system does not know, as an error of one kind, since systems have several for it.
pub(crate) fn no_locks(error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("the file system has no locks: {error}"))
}

/// Whether a file still stands under the name that it was opened by, so that who looks there next finds it.
pub(crate) fn stands(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }
    // Elsewhere a file that is open cannot lose its name.
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use squares_shared::private_file;

    use super::*;

    #[test]
    fn a_pipe_in_place_of_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for path in [&pipe, folder.path()] {
            open_regular(path, private_file::options().read(true).append(true)).unwrap_err();
        }
    }
}
