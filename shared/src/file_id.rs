//! Which file a name or a handle leads to, on every system. The server knows a copied ledger and a replaced roster by
//! it, the client a file that lost its name.

use std::{fs::File, io, path::Path};

/// A device and an inode, or a volume's serial number and the index of a file on it: no other file has both at the same
/// time.
pub type FileId = (u64, u64);

/// That of an open file.
///
/// # Errors
/// The system's.
pub fn of(file: &File) -> io::Result<FileId> {
    #[cfg(unix)]
    return file.metadata().map(|file| of_metadata(&file));
    #[cfg(windows)]
    winapi_util::file::information(file).map(|file| (file.volume_serial_number(), file.file_index()))
}

/// That of the file of this name, which may be locked.
///
/// # Errors
/// The system's.
pub fn at(path: &Path) -> io::Result<FileId> {
    #[cfg(unix)]
    return path.metadata().map(|file| of_metadata(&file));
    // Neither reading nor writing: what a file is may be asked all the same.
    #[cfg(windows)]
    of(&std::os::windows::fs::OpenOptionsExt::access_mode(&mut File::options(), 0).open(path)?)
}

/// That of the file which the system told this of.
#[cfg(unix)]
#[must_use]
pub fn of_metadata(file: &std::fs::Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}
