//! Which file a name or a handle leads to, on Windows, where the standard library does not tell. The server knows a
//! copied ledger and a replaced roster by it, the client a file that lost its name.

use std::{fs::File, io, os::windows::fs::OpenOptionsExt as _, path::Path};

/// A volume's serial number, and the index of a file on it: no other file has both at the same time.
pub type FileId = (u64, u64);

/// That of an open file.
///
/// # Errors
/// The system's.
pub fn of(file: &File) -> io::Result<FileId> {
    let file = winapi_util::file::information(file)?;
    Ok((file.volume_serial_number(), file.file_index()))
}

/// That of the file of this name, which may be locked.
///
/// # Errors
/// The system's.
pub fn at(path: &Path) -> io::Result<FileId> {
    // Neither reading nor writing: what a file is may be asked all the same.
    of(&File::options().access_mode(0).open(path)?)
}
