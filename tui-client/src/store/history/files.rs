//! The files of one student's history. `history/ID.txt` holds the lines, oldest first, shared by all terminals of the
//! student. `drafts/ID.N.txt` holds a draft: its length, a line break, the text. Every running client has a draft file
//! for itself, by a lock of the system, and takes over one that a client left which runs no more. Only the user may
//! read them. Called by the history's thread.

use std::borrow::Cow;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use squares_shared::{new_file, private_file, regular_file};

use super::{MAX_BYTES, MAX_LINES};
use crate::store::held_file;

/// The most terminals of one student that keep a draft.
pub(super) const DRAFTS: u32 = 16;

/// The longest history that is read; one is rewritten long before.
const LONGEST_HISTORY: u64 = 64 << 20;

/// The longest draft that is read.
const LONGEST_DRAFT: u64 = 1 << 20;

/// The file systems of Windows and macOS take `A1` and `a1` for one name.
const FOLDS_CASE: bool = cfg!(any(windows, target_os = "macos"));

/// What Windows takes for a device, whatever follows behind a dot.
const DEVICES: [&str; 4] = ["con", "nul", "aux", "prn"];

pub(super) struct Files {
    history: PathBuf,
    /// The history as a line was last added to it, until it is synced.
    added: Option<File>,
    /// The draft of this client, locked; none where it cannot be had.
    draft: Option<File>,
    /// The draft was written to, and is not synced.
    drafted: bool,
    /// The folders whose names are synced.
    folders: [PathBuf; 3],
    /// They may have new names that are not synced.
    named: bool,
    /// Why nothing can be kept, where that is known at once.
    pub(super) trouble: Option<io::Error>,
}

impl Files {
    pub(super) fn open(folder: &Path, student: &str) -> Self {
        let (drafts, lines) = (folder.join("drafts"), folder.join("history"));
        let made = private_file::make_folder(&drafts).and_then(|()| private_file::make_folder(&lines));
        let student = &*file_name(student, FOLDS_CASE);
        let (draft, trouble) = match made.and_then(|()| own_draft(&drafts, student)) {
            Ok(draft) => (Some(draft), None),
            Err(error) => (None, Some(error)),
        };
        let history = lines.join(format!("{student}.txt"));
        let folders = [drafts, lines, folder.to_owned()];
        Self { history, added: None, draft, drafted: false, folders, named: true, trouble }
    }

    /// What cannot be synced is typed again.
    pub(super) fn sync(&mut self) {
        if let Some(draft) = self.draft.as_ref().filter(|_| std::mem::take(&mut self.drafted)) {
            let _ = draft.sync_data();
        }
        if let Some(added) = self.added.take() {
            let _ = added.sync_data();
        }
        if std::mem::take(&mut self.named) {
            self.folders.iter().for_each(|folder| drop(private_file::sync_folder(folder)));
        }
    }

    /// The lines, oldest first. A file that has grown too long is rewritten.
    pub(super) fn read_lines(&self) -> Vec<String> {
        let bytes = regular_file::read(&self.history, LONGEST_HISTORY).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = Vec::new();
        let mut left = MAX_BYTES;
        for line in text.lines().rev().filter(|line| !line.is_empty()).take(MAX_LINES) {
            let Some(rest) = left.checked_sub(line.len()) else { break };
            left = rest;
            lines.push(line.to_owned());
        }
        lines.reverse();
        if bytes.len() > 2 * MAX_BYTES || text.lines().count() > 2 * MAX_LINES {
            let _ = self.rewrite(&lines);
        }
        lines
    }

    fn rewrite(&self, lines: &[String]) -> io::Result<()> {
        let mut text = lines.join("\n");
        text.push('\n');
        new_file::replace(&self.history, text.as_bytes())
    }

    pub(super) fn add(&mut self, line: &str) -> io::Result<()> {
        self.named |= !self.history.exists();
        // Opened for each line, since another client may have rewritten the file.
        let mut file = regular_file::open_with(&self.history, private_file::options().append(true).create(true))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        self.added = Some(file);
        Ok(())
    }

    pub(super) fn read_draft(&mut self) -> String {
        self.draft.as_mut().map_or_else(String::new, read_draft)
    }

    pub(super) fn write_draft(&mut self, text: &str) -> io::Result<()> {
        let Some(file) = &mut self.draft else { return Ok(()) };
        self.drafted = true;
        let bytes = format!("{}\n{text}", text.len());
        file.rewind()?;
        // The length says how much counts, should the end of a longer one still stand behind it.
        file.write_all(bytes.as_bytes())?;
        file.set_len(bytes.len() as u64)
    }
}

/// The name for the files of a student id, another for each id. Where the file system `folds_case`, a `^`, which no id
/// has, stands before each capital, and two before what would be a device.
fn file_name(student: &str, folds_case: bool) -> Cow<'_, str> {
    let kind = student.split('.').next().unwrap_or_default();
    let is_port = matches!(kind.get(..3), Some("com" | "lpt")) && kind.len() == 4;
    let is_device = DEVICES.contains(&kind) || is_port && kind.ends_with(|c: char| c.is_ascii_digit());
    if !folds_case || !is_device && !student.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return student.into();
    }
    let mut name = String::from(if is_device { "^^" } else { "" });
    for character in student.chars() {
        name.extend(character.is_ascii_uppercase().then_some('^'));
        name.push(character.to_ascii_lowercase());
    }
    name.into()
}

/// A draft that no other client has: one with something in it, before an empty one.
///
/// # Errors
/// Where no file can be had.
fn own_draft(folder: &Path, student: &str) -> io::Result<File> {
    let open = |number: u32| {
        let path = folder.join(format!("{student}.{number}.txt"));
        regular_file::open_with(&path, private_file::options().read(true).write(true).create(true))
    };
    let (mut empty, mut trouble) = (None, None);
    for number in 0..DRAFTS {
        let exists = folder.join(format!("{student}.{number}.txt")).exists();
        if !exists && empty.is_some() {
            continue;
        }
        let mut file = match open(number) {
            Ok(file) => file,
            Err(error) => {
                trouble = Some(error);
                continue;
            }
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                trouble.get_or_insert_with(|| {
                    io::Error::new(io::ErrorKind::ResourceBusy, "other programs have all of its files")
                });
                continue;
            }
            Err(TryLockError::Error(error)) => return Err(held_file::no_locks(&error)),
        }
        if !read_draft(&mut file).is_empty() {
            return Ok(file);
        }
        empty.get_or_insert(file);
    }
    empty.ok_or_else(|| trouble.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn read_draft(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(LONGEST_DRAFT).read_to_string(&mut text));
    let Some((length, draft)) = text.split_once('\n').filter(|_| read.is_ok()) else { return String::new() };
    length.parse().ok().and_then(|length: usize| draft.get(..length)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_files_of_its_own_also_where_case_does_not_count_and_names_are_devices() {
        let ids = [
            "a1",
            "A1",
            "nul",
            "NUL",
            "Nul",
            "nul.1",
            "con",
            "aux",
            "prn",
            "com1",
            "COM1",
            "lpt9.x",
            "com",
            "com10",
            "null",
            "2026-0001",
            "a.",
            "..",
        ];
        let mut names: Vec<String> = ids.iter().map(|id| file_name(id, true).to_lowercase()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len(), "{names:?}");
        for (id, name) in [
            ("nul", "^^nul"),
            ("Nul", "^nul"),
            ("NUL", "^n^u^l"),
            ("com1", "^^com1"),
            ("com", "com"),
            ("A1", "^a1"),
            ("a1", "a1"),
        ] {
            assert_eq!(file_name(id, true), name);
            assert_eq!(file_name(id, false), id);
        }
    }
}
