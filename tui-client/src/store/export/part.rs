//! The unfinished files of an export, beside its target. Each is held by a lock of the system, which ends with the
//! process however it ends; what stands there unheld was left behind by a kill or a power loss, and the next export
//! into that folder removes it. Used by the export alone.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::private_file;

/// How the names of these files begin; the process, a number and the kind follow.
const PREFIX: &str = ".squares-export.";

/// How the names end.
const KINDS: [&str; 2] = ["pages", "whole"];

/// The most names that are tried.
const TRIES: u32 = 100;

/// A file that is removed with this.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

impl Part {
    /// Makes one beside this target.
    ///
    /// # Errors
    /// As the system reports them.
    pub(super) fn create(target: &Path, kind: &str) -> io::Result<Self> {
        target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        for number in 0..TRIES {
            let path = target.with_file_name(format!("{PREFIX}{}.{number}.{kind}", std::process::id()));
            // Names and ids of a class are for whoever asked for them.
            let file = match private_file::options().read(true).write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                opened => opened?,
            };
            let part = Self { path, file };
            match part.file.try_lock() {
                // Some network file systems know no locks; nothing is removed there.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(part),
                Err(TryLockError::Error(error)) => return Err(error),
                // Before the lock was there, another export may have taken the file for one left behind.
                Ok(()) if part.path.exists() => return Ok(part),
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
            let Ok(file) = private_file::options().read(true).write(true).open(&path) else { continue };
            if file.try_lock().is_ok() {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder in which a file of this path is.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether this is the name of such a file: the prefix, two numbers and a kind.
fn is_part(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let parts: Option<Vec<&str>> = name.strip_prefix(PREFIX).map(|rest| rest.split('.').collect());
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_deref(), Some([process, at, kind]) if number(process) && number(at) && KINDS.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let held = Part::create(&target, "pages").unwrap();
        let left = ["1.0.pages", "4711.12.whole"].map(|rest| folder.path().join(format!("{PREFIX}{rest}")));
        let others = ["1.pages", "1.0.pages.bak", "x.0.pages", ".0.pages", "1.0.other"];
        let others = others.map(|rest| folder.path().join(format!("{PREFIX}{rest}")));
        for path in left.iter().chain(&others) {
            fs::write(path, "results").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&others[0], folder.path().join(format!("{PREFIX}7.0.pages"))).unwrap();
        Part::remove_left_behind(&target);
        assert!(left.iter().all(|path| !path.exists()), "what is left behind is removed");
        assert!(others.iter().chain([&held.path]).all(|path| path.exists()), "nothing else is");
        assert_eq!(folder.path().join(format!("{PREFIX}7.0.pages")).exists(), cfg!(unix), "no link is followed");
    }

    #[test]
    fn two_of_a_process_are_two_files_and_each_goes_with_its_export() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let (one, other) = (Part::create(&target, "whole").unwrap(), Part::create(&target, "whole").unwrap());
        assert_ne!(one.path, other.path);
        assert!(is_part(&one.path) && is_part(&other.path));
        drop((one, other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!((folder_of(Path::new("a.csv")), folder_of(Path::new("/a/b"))), (Path::new("."), Path::new("/a")));
    }
}
