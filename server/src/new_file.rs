//! A file that nobody sees half made: it is written beside its name, and gets that once it is whole and on the disk.
//! Backups and exports are made so.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use crate::ledger::sync_folder_of;

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum NewFileError {
    /// A file of this name is there.
    #[error("{path} exists already and was left as it is; choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// One that was cut short is in the way.
    #[error("{path} is there, which is still being made or was cut short; wait for it, or remove that file")]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write {path}: {error}; check the folder, its permissions and its space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: String,
    },
}

/// A file that is being made. Dropped before [`NewFile::publish`], it is gone.
#[derive(Debug)]
pub struct NewFile {
    to: PathBuf,
    part: PathBuf,
}

impl NewFile {
    /// Begins a file that does not exist yet, readable for its owner alone.
    ///
    /// # Errors
    /// [`NewFileError`].
    pub fn begin(to: &Path) -> Result<(Self, File), NewFileError> {
        if to.symlink_metadata().is_ok() {
            return Err(NewFileError::Exists { path: to.to_owned() });
        }
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        match options.open(&part) {
            Ok(file) => Ok((Self { to: to.to_owned(), part }, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(NewFileError::Unfinished { path: part }),
            Err(error) => Err(failed(to, &error)),
        }
    }

    /// Where it is while it is made.
    #[must_use]
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Makes what was written durable and gives the file its name, unless another has come to have it meanwhile.
    ///
    /// # Errors
    /// [`NewFileError`]; then there is none.
    pub fn publish(self) -> Result<(), NewFileError> {
        let writing = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists => NewFileError::Exists { path: self.to.clone() },
            _ => failed(&self.to, &error),
        };
        File::options().write(true).open(&self.part).and_then(|file| file.sync_all()).map_err(writing)?;
        match std::fs::hard_link(&self.part, &self.to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(writing(error)),
            // Some file systems, such as those of memory sticks, have no second name for a file.
            Err(_) if self.to.symlink_metadata().is_err() => {
                std::fs::rename(&self.part, &self.to).map_err(writing)?;
            }
            Err(error) => return Err(writing(error)),
        }
        sync_folder_of(&self.to).map_err(writing)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Gone already where a rename gave it its name.
        let _ = std::fs::remove_file(&self.part);
    }
}

fn failed(path: &Path, error: &io::Error) -> NewFileError {
    NewFileError::Write { path: path.to_owned(), error: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_is_gone_when_it_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("f");
        let (new, mut file) = NewFile::begin(&to).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!to.exists() && matches!(NewFile::begin(&to), Err(NewFileError::Unfinished { .. })));
        drop(new);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let (new, mut file) = NewFile::begin(&to).unwrap();
        file.write_all(b"whole").unwrap();
        new.publish().unwrap();
        assert_eq!((fs::read(&to).unwrap(), fs::read_dir(folder.path()).unwrap().count()), (b"whole".to_vec(), 1));
        assert!(matches!(NewFile::begin(&to), Err(NewFileError::Exists { .. })));
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_stays_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("f");
        let (new, _file) = NewFile::begin(&to).unwrap();
        fs::write(&to, "another").unwrap();
        assert!(matches!(new.publish(), Err(NewFileError::Exists { .. })));
        assert_eq!((fs::read(&to).unwrap(), fs::read_dir(folder.path()).unwrap().count()), (b"another".to_vec(), 1));
    }
}
