//! Opens files by a name that a person gave, and refuses anything but a regular file: reading a named pipe without a
//! writer would block for ever, and a device has no end. Both programs use it for rosters, certificates, settings and
//! what they keep on the disk.

use std::{
    fs::{File, FileType, Metadata, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

/// Opens a file for reading. Never blocks on another program.
///
/// # Errors
/// The system's, and a sentence that says what it is where it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Checked before it is opened: opening a device can have an effect.
    check(&path.metadata()?)?;
    open_with(path, File::options().read(true))
}

/// [`open`] with other options, which may create the file.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Reads a file whole, where it has no more than this many bytes.
///
/// # Errors
/// As [`open`], and where it is longer.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

fn check(file: &Metadata) -> io::Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let what = kind(file.file_type());
    Err(io::Error::other(format!("it is {what}, and not a file")))
}

/// What it is, where it is not a regular file.
fn kind(of: FileType) -> &'static str {
    if of.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if of.is_fifo() {
            return "a named pipe";
        }
        if of.is_socket() {
            return "a socket";
        }
    }
    "a device"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        assert!(read(&path, 3).unwrap_err().to_string().contains("longer than 3 bytes"));
        assert_eq!(read(&folder.path().join("g"), 3).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_named_and_nobody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::os::unix::fs::symlink("pipe", at("link")).unwrap();
        for (path, what) in [
            (folder.path().to_owned(), "a folder"),
            (at("pipe"), "a named pipe"),
            (at("link"), "a named pipe"),
            (at("socket"), "a socket"),
            ("/dev/zero".into(), "a device"),
        ] {
            let error = read(&path, 10).unwrap_err().to_string();
            assert_eq!(error, format!("it is {what}, and not a file"));
            assert!(open_with(&path, File::options().read(true).append(true)).is_err());
        }
    }
}
