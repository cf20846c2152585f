//! The files of the data folder: their names, the lock that keeps a second server out, and what is odd about them when
//! a server starts. Called by `Ledger::open`; the names by all who need one.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use squares_shared::private_file;

use super::{
    error::{AtPath as _, LedgerError},
    probe, row,
};
use crate::permissions;

/// The file that a running server keeps locked.
pub(super) const LOCK: &str = "ledger.lock";

/// How the names of files begin that hold what was saved of a ledger which was removed under a running server.
pub(super) const SAVED: &str = "ledger-saved-";

/// Others may read and write an open file (`FILE_SHARE_READ`, `FILE_SHARE_WRITE`), not delete it.
#[cfg(windows)]
const SHARED: u32 = 0x1 | 0x2;

pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("ledger.sqlite3")
}

/// The lock file of a data folder, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct FolderLock(pub(super) File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // The system ends a lock with the last copy of its file, and a program that this process is starting at this
        // moment has one.
        let _ = self.0.unlock();
    }
}

/// Makes the data folder if missing, and locks it for this server.
pub(super) fn lock(folder: &Path) -> Result<(FolderLock, PathBuf), LedgerError> {
    private_file::make_folder(folder).at(folder)?;
    // A change of the lock file tells a copy from the ledger itself: `copy_check` restricts it where it records that.
    permissions::restrict_folder(folder, LOCK);
    let path = folder.join(LOCK);
    let lock = open_lock(&path).at(&path)?;
    match lock.try_lock() {
        Ok(()) => Ok((FolderLock(lock), path)),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(error).at(folder),
    }
}

/// Opens the lock file, made if missing. A link is not followed, since another user may have put it there to have us
/// write into a file of their choice.
fn open_lock(path: &Path) -> io::Result<File> {
    if path.symlink_metadata().is_ok_and(|file| !file.is_file()) {
        return Err(io::Error::other("it is a link or the like, and not a file; remove it"));
    }
    let mut options = private_file::options();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    // As SQLite opens the ledger: nobody may remove or rename it meanwhile.
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, SHARED);
    options.create(true).truncate(false).read(true).write(true).open(path)
}

/// Makes the ledger's file for its owner alone, where it is missing, and gives the file's own path where its name is a
/// link: SQLite keeps the other files beside the file itself.
pub(super) fn make_file(folder: &Path) -> io::Result<PathBuf> {
    let path = file_in(folder);
    if !path.exists() && !probe::has_wal(&path).unwrap_or(true) {
        private_file::options().create(true).truncate(false).write(true).open(&path)?;
    }
    if path.is_symlink() { path.canonicalize() } else { Ok(path) }
}

/// Warns of what the person who starts the server may not expect.
pub(super) fn warn_of_oddities(folder: &Path, latest: u64, last_at: i64) {
    /// Clocks of two machines, or of one that slept, may differ by as much.
    const HOUR: i64 = 3_600_000;
    if last_at > Timestamp::now().as_millisecond().saturating_add(HOUR) {
        let at = row::time(last_at);
        tracing::warn!(
            at,
            "the last result is of a time to come, as by a clock that was wrong; later ones have that time too, since it never goes back"
        );
    }
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.file_name());
    let saved = names.filter(|name| name.to_string_lossy().starts_with(SAVED)).max();
    if let Some(saved) = saved.filter(|_| latest == 0) {
        let file = folder.join(saved);
        tracing::warn!(file = %file.display(), "this ledger is new; what was saved of the one that was removed is in that file, and goes on as ledger.sqlite3 of an empty data folder");
    }
}
