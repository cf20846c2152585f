//! Files and folders that only the user may read, and new names that survive a power loss. Called by whatever keeps
//! something on the disk: outbox, notebook, export, settings, and the certificates that are believed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// How to open a file that is for the user alone, where it is made by that.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

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

/// Makes a folder, and those above it that are missing, for the user alone.
///
/// # Errors
/// As the system reports them.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes new names in a folder survive a power loss, where the system can.
pub(crate) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Writes a file anew: whatever happens, the old text stands there or the new one. Two clients may do so at once;
/// each has a file of its own until it is whole. Where a link stands there, the file that it leads to is written
/// anew.
///
/// # Errors
/// As the system reports them; then the old text stands.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // One that leads nowhere yet makes a file there.
    let there = fs::canonicalize(path).or_else(|_| fs::read_link(path).map(|to| path.with_file_name("").join(to)));
    let path = &*there.unwrap_or_else(|_| path.to_owned());
    let whole = path.with_extension(format!("{}.tmp", std::process::id()));
    let write = |mut file: File| file.write_all(text).and_then(|()| file.sync_data());
    let opened = options().write(true).create(true).truncate(true).open(&whole);
    let written = opened.and_then(write).and_then(|()| fs::rename(&whole, path));
    if written.is_err() {
        let _ = fs::remove_file(&whole);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_whole_or_not_at_all_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        make_folder(&inner).unwrap();
        let path = inner.join("file.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        // A folder of that name cannot be replaced by a file.
        fs::create_dir_all(inner.join("taken/inner")).unwrap();
        replace(&inner.join("taken"), b"three").unwrap_err();
        let names = fs::read_dir(&inner).unwrap().count();
        assert_eq!(names, 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept/file.json"), folder.path().join("file.json"));
        make_folder(kept.parent().unwrap()).unwrap();
        fs::write(&kept, b"one").unwrap();
        std::os::unix::fs::symlink("kept/file.json", &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"two");
        fs::remove_file(&kept).unwrap();
        replace(&link, b"three").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"three", "it led nowhere");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(kept.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_place_of_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for path in [&pipe, folder.path()] {
            open_regular(path, options().read(true).append(true)).unwrap_err();
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_for_the_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        make_folder(&inner).unwrap();
        replace(&inner.join("file"), b"one").unwrap();
        for (path, mode) in [("a", 0o700), ("a/b", 0o700), ("a/b/file", 0o600)] {
            let found = fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{path}");
        }
    }
}
