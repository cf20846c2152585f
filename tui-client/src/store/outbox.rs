//! The squares that have no answer yet, kept on disk from before they are sent until their answer is seen, so that
//! a client killed at any moment finishes them when it is started again. The link's disk thread calls it.
//!
//! Every running client has a file of its own in the outbox folder, held by an exclusive lock of the system, which
//! ends with the process however it ends. At join, files that nobody holds are adopted: two clients of one student
//! never fight over a square, and none stays behind.
//!
//! A file is JSON, one record a line: first `{"v":1,"server":…,"student":…}`, then `{"id":…,"number":…}` for a square
//! that is kept and `{"done":…}` for one that was answered. A line that was torn by a crash is passed over: a square
//! whose record is torn was never sent, and an answer whose record is torn is asked for again, which records nothing
//! twice.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use squares_shared::message::append_line;
use squares_shared::{private_file, regular_file};

use super::held_file;
use crate::address::each_server;
use crate::conversation::{Pending, unique_name};

/// The version of the file format.
const VERSION: u32 = 1;

/// Past this length, a file that holds mostly answered squares is rewritten.
const COMPACT_ABOVE: u64 = 1 << 20;

/// The longest first line that is looked at in a file of somebody else's.
const LONGEST_HEADER: u64 = 16 << 10;

/// Whose squares an outbox keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The server they are meant for, or the servers of one room, as [`read_servers`](crate::address::read_servers)
    /// gives them.
    pub server: String,
    /// The student id.
    pub student: String,
}

/// The squares of one client that have no answer yet. Nothing is written before the first one is kept.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    owner: Owner,
    kept: Option<OutboxFile>,
}

/// The file of this client, locked.
#[derive(Debug)]
struct OutboxFile {
    file: File,
    path: PathBuf,
    /// The length of its first line.
    header: u64,
    /// Up to here the file holds whole records.
    length: u64,
    /// A write failed, and what it left behind could not be taken back.
    torn: bool,
    /// The squares that wait for their answer, by `id`.
    waiting: HashSet<String>,
}

impl Drop for OutboxFile {
    fn drop(&mut self) {
        // A program that is being started at this moment has a copy of the file, and would hold the lock with it.
        let _ = self.file.unlock();
    }
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    v: u32,
    server: &'a str,
    student: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Record {
    Square { id: String, number: String },
    Answered { done: String },
}

impl Outbox {
    /// An outbox in this folder, which is made when the first square is kept.
    #[must_use]
    pub const fn new(folder: PathBuf, owner: Owner) -> Self {
        Self { folder, owner, kept: None }
    }

    /// Keeps squares: when this returns, they survive anything but the disk. All of them in one write and one sync.
    ///
    /// # Errors
    /// As the system reports them; then none of the squares is kept.
    pub fn keep(&mut self, squares: &[Pending]) -> io::Result<()> {
        let Some(kept) = &mut self.kept else {
            self.kept = Some(OutboxFile::create(&self.folder, &self.owner, squares)?);
            return Ok(());
        };
        if !held_file::stands(&kept.file, &kept.path) {
            // The file was removed: what is written to it would never be found.
            let mut all = read_squares(&kept.file)?;
            all.extend_from_slice(squares);
            self.kept = Some(OutboxFile::create(&self.folder, &self.owner, &all)?);
            return Ok(());
        }
        kept.append(&records(squares), true)?;
        kept.waiting.extend(squares.iter().map(|square| square.id.clone()));
        Ok(())
    }

    /// Lets go of squares that were answered. Not synced: were it forgotten, the square would be sent again and
    /// answered again.
    ///
    /// # Errors
    /// As the system reports them; nothing is lost by them.
    pub fn forget(&mut self, ids: &[String]) -> io::Result<()> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let mut lines = Vec::new();
        for id in ids {
            if kept.waiting.remove(id) {
                append_line(&mut lines, &Record::Answered { done: id.clone() });
            }
        }
        if kept.waiting.is_empty() {
            return kept.empty();
        }
        if lines.is_empty() {
            return Ok(());
        }
        kept.append(&lines, false)?;
        let crowded = kept.length > COMPACT_ABOVE && kept.waiting.len() < 1000;
        if crowded { self.rewrite() } else { Ok(()) }
    }

    /// Takes over the squares of this owner that clients left behind which run no more, oldest first. They are kept
    /// here from now on.
    ///
    /// # Errors
    /// Where they cannot be kept here; then they stay where they are. A file that cannot be read is left alone.
    pub fn adopt(&mut self) -> io::Result<Vec<Pending>> {
        let mut paths: Vec<PathBuf> = match fs::read_dir(&self.folder) {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        // Names begin with the time at which the file was made.
        paths.sort();
        let mut left_behind = Vec::new();
        let mut squares = Vec::new();
        let ours = self.kept.as_ref().map(|kept| kept.path.clone());
        for path in paths.into_iter().filter(|path| Some(path) != ours.as_ref()) {
            // The owner is read before the lock is taken, so that another student's file is not held even for a moment.
            let Ok(Some(file)) = open_if(&path, &self.owner) else { continue };
            if file.try_lock().is_err() || !path.exists() {
                continue;
            }
            if let Ok(found) = read_squares(&file) {
                squares.extend(found);
                left_behind.push((path, file));
            }
        }
        squares.retain(|square: &Pending| !self.holds(&square.id));
        let mut seen = HashSet::new();
        squares.retain(|square| seen.insert(square.id.clone()));
        if !squares.is_empty() {
            self.keep(&squares)?;
        }
        for (path, _locked) in left_behind {
            // What cannot be removed is adopted again one day, and then answered from the ledger.
            let _ = fs::remove_file(path);
        }
        Ok(squares)
    }

    /// Whether this square is kept here.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.waiting.contains(id))
    }

    /// Ends a clean run: a file without squares is removed, one with squares waits for the next client.
    pub fn close(self) {
        if let Some(kept) = self.kept.filter(|kept| kept.waiting.is_empty()) {
            let _ = fs::remove_file(&kept.path);
        }
    }

    /// Moves to a new file that holds only what still waits. A crash between the two leaves both, with the same
    /// squares under the same `id`s.
    fn rewrite(&mut self) -> io::Result<()> {
        let Some(old) = &self.kept else { return Ok(()) };
        let squares = read_squares(&old.file)?;
        let new = OutboxFile::create(&self.folder, &self.owner, &squares)?;
        let old = self.kept.replace(new);
        old.map_or(Ok(()), |old| fs::remove_file(&old.path))
    }
}

impl OutboxFile {
    /// Makes a file of a name that no other has, with these squares in it.
    fn create(folder: &Path, owner: &Owner, squares: &[Pending]) -> io::Result<Self> {
        private_file::make_folder(folder)?;
        let path = folder.join(format!("{}.jsonl", unique_name()));
        let file = private_file::options().read(true).write(true).create_new(true).open(&path)?;
        let made = Self::fill(file, path.clone(), owner, squares);
        if made.is_err() {
            let _ = fs::remove_file(&path);
        } else {
            let _ = private_file::sync_folder(folder);
        }
        made
    }

    /// The lock comes before the first byte: a client that finds an owner in the file finds it locked.
    fn fill(file: File, path: PathBuf, owner: &Owner, squares: &[Pending]) -> io::Result<Self> {
        match file.try_lock() {
            Ok(()) => {}
            // Some network file systems know no locks. Nobody could tell a file that was left behind from one in use.
            Err(TryLockError::Error(error)) => return Err(held_file::no_locks(&error)),
            Err(held) => return Err(held.into()),
        }
        let mut bytes = Vec::new();
        append_line(&mut bytes, &Header { v: VERSION, server: &owner.server, student: &owner.student });
        let header = bytes.len() as u64;
        bytes.extend(records(squares));
        let waiting = squares.iter().map(|square| square.id.clone()).collect();
        let mut kept = Self { file, path, header, length: 0, torn: false, waiting };
        kept.append(&bytes, true)?;
        Ok(kept)
    }

    /// Writes whole records behind the others, all or none.
    fn append(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        let written = (|| {
            // Not opened to append: Windows refuses to shorten such a file. Nobody else writes, and nothing is left
            // behind the records but what is torn.
            self.file.seek(SeekFrom::End(0))?;
            if self.torn {
                self.file.write_all(b"\n")?;
            }
            self.file.write_all(lines)?;
            if sync { self.file.sync_data() } else { Ok(()) }
        })();
        match written {
            Ok(()) => {
                self.length += lines.len() as u64 + u64::from(self.torn);
                self.torn = false;
            }
            Err(_) => self.torn = self.file.set_len(self.length).is_err(),
        }
        written
    }

    fn empty(&mut self) -> io::Result<()> {
        if self.length > self.header {
            self.file.set_len(self.header)?;
            self.length = self.header;
            self.torn = false;
        }
        Ok(())
    }
}

fn records(squares: &[Pending]) -> Vec<u8> {
    let mut lines = Vec::new();
    for Pending { id, number } in squares {
        append_line(&mut lines, &Record::Square { id: id.clone(), number: number.clone() });
    }
    lines
}

fn open_if(path: &Path, owner: &Owner) -> io::Result<Option<File>> {
    let file = regular_file::open_with(path, private_file::options().read(true).write(true))?;
    let mut first = Vec::new();
    BufReader::new((&file).take(LONGEST_HEADER)).read_until(b'\n', &mut first)?;
    let theirs = serde_json::from_slice::<Header<'_>>(&first).is_ok_and(|header| {
        header.v == VERSION && share_a_server(header.server, &owner.server) && header.student == owner.student
    });
    Ok(theirs.then_some(file))
}

/// Whether two lists of servers name the same room: one server is enough for that.
fn share_a_server(one: &str, other: &str) -> bool {
    each_server(one).any(|server| each_server(other).any(|same| same == server))
}

/// The squares of a file that were not answered, in the order in which they were kept.
fn read_squares(mut file: &File) -> io::Result<Vec<Pending>> {
    file.rewind()?;
    let mut squares: Vec<Option<Pending>> = Vec::new();
    let mut places = HashMap::new();
    for line in BufReader::new(file).split(b'\n') {
        let Ok(record) = serde_json::from_slice::<Record>(&line?) else { continue };
        match record {
            Record::Square { id, number } => {
                places.insert(id.clone(), squares.len());
                squares.push(Some(Pending { id, number }));
            }
            Record::Answered { done } => {
                if let Some(place) = places.remove(&done) {
                    squares[place] = None;
                }
            }
        }
    }
    Ok(squares.into_iter().flatten().collect())
}
