//! Modes of files on Unix: what others than the owner may do is taken away. Part of `permissions`.

use std::{
    fs::{self, File, Metadata, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

/// What others than the owner may do.
const OTHERS: u32 = 0o077;

/// Everybody reads, or somebody else writes.
const LOOSE: u32 = 0o026;

/// Restricts this data folder and our files in it to their owner, but for the file of the name `except`.
pub(crate) fn restrict_folder(folder: &Path, except: &str) {
    if let Err(error) = restrict_all(folder, except) {
        tracing::warn!(folder = %folder.display(), %error, "cannot see who may read the data folder");
    }
}

fn restrict_all(folder: &Path, except: &str) -> io::Result<()> {
    let mut has_others = false;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.metadata()?;
        if !super::is_ours(&entry.file_name().to_string_lossy()) {
            has_others = true;
        } else if file.is_file() && entry.file_name() != except {
            restrict(&entry.path(), &file)?;
        }
    }
    let metadata = folder.metadata()?;
    // Somebody's whole home, or /tmp, is not ours to close.
    if !has_others {
        return restrict(folder, &metadata);
    }
    if metadata.mode() & OTHERS != 0 {
        let mode = in_words(&metadata);
        tracing::warn!(folder = %folder.display(), mode, "others may look into the data folder, which holds other files too; a folder of its own is better");
    }
    Ok(())
}

/// Restricts it to its owner, where that is us.
fn restrict(path: &Path, file: &Metadata) -> io::Result<()> {
    if file.mode() & OTHERS == 0 {
        return Ok(());
    }
    let (path_shown, mode) = (path.display(), in_words(file));
    if !is_own(file) {
        tracing::warn!(path = %path_shown, mode, "others may use this, and it is another user's: chmod go= it");
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(file.mode() & 0o700))?;
    tracing::warn!(path = %path_shown, mode, "others could use this; it is for its owner alone now");
    Ok(())
}

/// Restricts an open file to its owner, where that is us.
///
/// # Errors
/// The system's.
pub(crate) fn restrict_file(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if is_own(&metadata) && metadata.mode() & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(metadata.mode() & 0o700))?;
    }
    Ok(())
}

/// Warns where everybody may read this file, or others than its owner may write it.
pub(crate) fn warn_if_loose(path: &Path, what: &str) {
    if let Ok(file) = path.metadata()
        && file.mode() & LOOSE != 0
    {
        let mode = in_words(&file);
        tracing::warn!(path = %path.display(), mode, "others may use {what}: chmod go= it");
    }
}

fn is_own(file: &Metadata) -> bool {
    file.uid() == rustix::process::geteuid().as_raw()
}

fn in_words(file: &Metadata) -> String {
    format!("{:04o}", file.mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_ours_is_for_its_owner_alone_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let ours = ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger-saved-1.sqlite3", "tls-self.pem"];
        for name in ours {
            fs::write(at(name), "x").unwrap();
            set(&at(name), 0o666);
        }
        set(folder.path(), 0o777);
        restrict_all(folder.path(), "ledger.lock").unwrap();
        assert_eq!(ours.map(|name| mode(&at(name))), [0o600; 4]);
        assert_eq!(mode(folder.path()), 0o700);

        fs::write(at("notes.txt"), "x").unwrap();
        set(&at("notes.txt"), 0o644);
        std::os::unix::fs::symlink(at("notes.txt"), at("ledger.sqlite3-shm")).unwrap();
        set(folder.path(), 0o755);
        restrict_all(folder.path(), "ledger.lock").unwrap();
        assert_eq!((mode(&at("notes.txt")), mode(folder.path())), (0o644, 0o755));
    }
}
