//! The unfinished files of an export, beside its target. Each is held by a lock of the system, which ends with the
//! process however it ends; one that nobody holds was left behind by a kill or a power loss, and the next export
//! into that folder removes it. Used by the export alone.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use squares_shared::new_file::NewFile;
use squares_shared::private_file::folder_of;

/// How the names of these files begin, how many random characters follow, and how they end.
const PREFIX: &str = ".squares-export.";
const RANDOM: usize = 6;
const SUFFIX: &str = ".part";

/// The most names that are tried.
const TRIES: u32 = 100;

/// Makes one beside this target.
///
/// # Errors
/// As the system reports them.
pub(super) fn create(target: &Path) -> io::Result<NewFile> {
    for _ in 0..TRIES {
        let new = NewFile::begin_as(target, OsStr::new(PREFIX), SUFFIX, RANDOM)?;
        match new.file().try_lock() {
            // Some network file systems know no locks; nothing is removed there.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(new),
            Err(TryLockError::Error(error)) => return Err(error),
            // Before the lock was there, another export may have taken the file for one left behind.
            Ok(()) if new.part().exists() => return Ok(new),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Removes what exports of other processes left beside this target. What cannot be removed is in nobody's way.
pub(super) fn remove_left_behind(target: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(target)) else { return };
    let named = entries.flatten().map(|entry| entry.path()).filter(|path| is_part(path));
    // Whatever else may be called so is not opened: a pipe would never be.
    let files = named.filter(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file()));
    for path in files {
        let Ok(file) = File::options().read(true).write(true).open(&path) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether this is the name of such a file.
fn is_part(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let held = create(&target).unwrap();
        let other_held = create(&target).unwrap();
        let left = ["abcDEF.part", "471112.part"].map(|rest| folder.path().join(format!("{PREFIX}{rest}")));
        let others = ["abc.part", "abcdef.part.bak", "abcdef", "abc.ef.part", "abcdefg.part"];
        let others = others.map(|rest| folder.path().join(format!("{PREFIX}{rest}")));
        for path in left.iter().chain(&others) {
            fs::write(path, "results").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&others[0], folder.path().join(format!("{PREFIX}777777.part"))).unwrap();
        remove_left_behind(&target);
        assert!(left.iter().all(|path| !path.exists()), "what is left behind is removed");
        assert!(others.iter().all(|path| path.exists()), "nothing else is");
        assert!([held, other_held].iter().all(|new| new.part().exists() && is_part(new.part())));
        assert_eq!(folder.path().join(format!("{PREFIX}777777.part")).exists(), cfg!(unix), "no link is followed");
    }
}
