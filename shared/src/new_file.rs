//! Files that nobody sees half made: each is written under another name beside its own, for its owner alone, and gets
//! its own once it is whole and on the disk. Backups, exports, rosters with PINs, certificates, settings and histories
//! are made so; files that grow are opened by [`private_file::options`].

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::private_file::{self, folder_of, sync_folder_of};

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum NewFileError {
    /// A file of this name is there.
    #[error("{0} exists already and was left as it is; choose another name")]
    Exists(PathBuf),
    /// One that was cut short is in the way.
    #[error("{0} is there, which is still being made or was cut short; wait for it, or remove that file")]
    Unfinished(PathBuf),
    /// It cannot be written.
    #[error("cannot write {0}: {1}; check the folder, its permissions and its space")]
    Write(PathBuf, io::Error),
}

/// For callers with words of their own.
impl From<NewFileError> for io::Error {
    fn from(error: NewFileError) -> Self {
        match error {
            NewFileError::Exists(_) | NewFileError::Unfinished(_) => ErrorKind::AlreadyExists.into(),
            NewFileError::Write(_, error) => error,
        }
    }
}

/// A file that is being made. Dropped before it has its name, it is gone.
#[derive(Debug)]
pub struct NewFile {
    part: NamedTempFile,
    to: PathBuf,
}

impl NewFile {
    /// Begins a file that does not exist yet. Until it is published it is named `TO.part`, so that one that a power loss
    /// left behind says what it is.
    ///
    /// # Errors
    /// [`NewFileError`].
    pub fn begin(to: &Path) -> Result<Self, NewFileError> {
        if to.symlink_metadata().is_ok() {
            return Err(NewFileError::Exists(to.to_owned()));
        }
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        Self::begin_as(to, &name, "", 0).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => NewFileError::Unfinished(to.with_file_name(name)),
            _ => NewFileError::Write(to.to_owned(), error),
        })
    }

    /// Begins a file that may exist. Its name meanwhile is `prefix`, so many random characters, and `suffix`.
    ///
    /// # Errors
    /// The system's.
    pub fn begin_as(to: &Path, prefix: &OsStr, suffix: &str, random: usize) -> io::Result<Self> {
        to.file_name().ok_or(ErrorKind::InvalidFilename)?;
        let make = |path: &Path| private_file::options().read(true).write(true).create_new(true).open(path);
        let mut name = tempfile::Builder::new();
        let part = name.prefix(prefix).suffix(suffix).rand_bytes(random).make_in(folder_of(to), make)?;
        Ok(Self { part, to: to.to_owned() })
    }

    /// The file, to be written to.
    #[must_use]
    pub fn file(&self) -> &File {
        self.part.as_file()
    }

    /// Where it is while it is made.
    #[must_use]
    pub fn part(&self) -> &Path {
        self.part.path()
    }

    /// Makes what was written durable and gives the file its name, unless another has come to have it meanwhile.
    ///
    /// # Errors
    /// [`NewFileError`].
    pub fn publish(self) -> Result<(), NewFileError> {
        let Self { part, to } = self;
        let failed = |error| NewFileError::Write(to.clone(), error);
        part.as_file().sync_all().map_err(failed)?;
        if let Err(refused) = part.persist_noclobber(&to) {
            if refused.error.kind() == ErrorKind::AlreadyExists || to.symlink_metadata().is_ok() {
                return Err(NewFileError::Exists(to));
            }
            // Some file systems, such as those of memory sticks, can neither refuse to replace a file nor give one a
            // second name.
            refused.file.persist(&to).map_err(|refused| failed(refused.error))?;
        }
        sync_folder_of(&to).map_err(failed)
    }

    /// Makes what was written durable and gives the file its name, in place of the one that has it, if one does.
    ///
    /// # Errors
    /// The system's.
    pub fn replace(self) -> io::Result<()> {
        let Self { part, to } = self;
        part.as_file().sync_all()?;
        part.persist(&to).map_err(|refused| refused.error)?;
        sync_folder_of(&to)
    }
}

/// Replaces the content of a file: at every moment it holds the old text or the new one, whole. A symbolic link is
/// followed, and stays.
///
/// # Errors
/// The system's; then the file holds the old text.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // A link to a file that does not exist yet makes that file.
    let there = fs::canonicalize(path).or_else(|_| fs::read_link(path).map(|to| path.with_file_name("").join(to)));
    let new = NewFile::begin_as(&there.unwrap_or_else(|_| path.to_owned()), OsStr::new(".squares."), ".tmp", 6)?;
    new.file().write_all(text)?;
    new.replace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_is_gone_when_it_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("f");
        let new = NewFile::begin(&to).unwrap();
        new.file().write_all(b"half").unwrap();
        assert!(!to.exists() && matches!(NewFile::begin(&to), Err(NewFileError::Unfinished(path)) if path.exists()));
        drop(new);
        assert_eq!(names(folder.path()), 0);

        let new = NewFile::begin(&to).unwrap();
        new.file().write_all(b"whole").unwrap();
        new.publish().unwrap();
        assert_eq!((fs::read(&to).unwrap(), names(folder.path())), (b"whole".to_vec(), 1));
        assert!(matches!(NewFile::begin(&to), Err(NewFileError::Exists(_))));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&to.metadata().unwrap().permissions()) & 0o777, 0o600);
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_stays_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("f");
        let new = NewFile::begin(&to).unwrap();
        fs::write(&to, "another").unwrap();
        assert!(matches!(new.publish(), Err(NewFileError::Exists(_))));
        assert_eq!((fs::read(&to).unwrap(), names(folder.path())), (b"another".to_vec(), 1));
    }

    #[test]
    fn what_cannot_be_made_is_told_in_the_words_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("none/f");
        let missing = fs::metadata(&to).unwrap_err();
        let error = NewFile::begin(&to).unwrap_err().to_string();
        let path = to.display();
        assert_eq!(error, format!("cannot write {path}: {missing}; check the folder, its permissions and its space"));
        assert!(NewFile::begin_as(Path::new("/"), OsStr::new("a"), "", 6).is_err());
    }

    #[test]
    fn a_text_is_replaced_whole_or_not_at_all_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        // A folder of that name cannot be replaced by a file.
        fs::create_dir_all(folder.path().join("taken/inner")).unwrap();
        replace(&folder.path().join("taken"), b"three").unwrap_err();
        assert_eq!(names(folder.path()), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept/file.json"), folder.path().join("file.json"));
        fs::create_dir(kept.parent().unwrap()).unwrap();
        fs::write(&kept, b"one").unwrap();
        std::os::unix::fs::symlink("kept/file.json", &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"two");
        fs::remove_file(&kept).unwrap();
        replace(&link, b"three").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"three", "it led nowhere");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(kept.parent().unwrap()), 1, "nothing else is left");
    }
}
