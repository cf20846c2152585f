//! What tells a roster's file from what it was before, without reading it. Used by `roster` alone.

use std::{fs, path::Path, time::SystemTime};

/// A file at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RosterStamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Which file has the name: one that is moved over another may be as old and as long.
    inode: u64,
}

impl RosterStamp {
    /// `None` where there is no such file just now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&file);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: file.modified().ok(), length: file.len(), inode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_or_replaced_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("roster"), folder.path().join("other"));
        assert_eq!(RosterStamp::of(&path), None);
        fs::write(&path, "id\ns1\n").unwrap();
        let first = RosterStamp::of(&path);
        assert!(first.is_some() && first == RosterStamp::of(&path));
        fs::write(&path, "id\ns1\ns2\n").unwrap();
        assert_ne!(RosterStamp::of(&path), first);
        fs::write(&path, "id\ns1\n").unwrap();
        let (now, modified) = (RosterStamp::of(&path), fs::metadata(&path).unwrap().modified().unwrap());
        fs::write(&other, "id\ns9\n").unwrap();
        fs::File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(RosterStamp::of(&path) == now, cfg!(not(unix)));
    }
}
