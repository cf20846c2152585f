//! Files and folders for their owner alone, and names that survive a power loss. Both programs call it for what they
//! keep on the disk.

#[cfg(unix)]
use std::{fs::File, io::ErrorKind};
use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::Path,
};

/// How to open a file that is for its owner alone where opening it makes it.
#[must_use]
pub fn options() -> OpenOptions {
    #[cfg(unix)]
    return std::os::unix::fs::OpenOptionsExt::mode(&mut OpenOptions::new(), 0o600).clone();
    #[cfg(not(unix))]
    OpenOptions::new()
}

/// Makes a folder, and those above it that are missing, for their owner alone.
///
/// # Errors
/// The system's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    missing.into_iter().try_for_each(sync_folder_of)
}

/// [`sync_folder`] for the folder of this file.
///
/// # Errors
/// The system's.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync_folder(folder_of(path))
}

/// Makes the names in a folder survive a power loss, where that can be done: some file systems cannot, and a folder
/// that may not be read cannot be opened.
///
/// # Errors
/// The system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
        && !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported)
    {
        return Err(error);
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The folder in which a file of this path is.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        make_folder(&folder.path().join("a/b")).unwrap();
        options().write(true).create_new(true).open(folder.path().join("a/b/file")).unwrap();
        for (path, mode) in [("a", 0o700), ("a/b", 0o700), ("a/b/file", 0o600)] {
            assert_eq!(folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777, mode, "{path}");
        }
    }

    #[test]
    fn a_file_without_a_folder_is_in_the_one_we_are_in() {
        assert_eq!((folder_of(Path::new("a.csv")), folder_of(Path::new("/a/b"))), (Path::new("."), Path::new("/a")));
        sync_folder_of(Path::new("a.csv")).unwrap();
    }
}
