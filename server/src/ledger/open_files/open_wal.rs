//! Checks that the write-ahead log is still as this program wrote it. Another program that cuts or overwrites it within
//! the same file leaves its name and inode as they are, and all that is in the log alone would be shown and then be
//! lost. Part of `open_files.rs`; called, in the writer's turn, by those who write to the log or checkpoint it.
//!
//! Before a commit, the log's size and time of writing must be those of our last write. After it, the log must not be
//! shorter and must have the header that it had; if it started over, all of its few frames are read. How they hang
//! together is in SQLite's file format, "The Write-Ahead Log": the header and each frame carry a checksum over all that
//! stands before.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;

use crate::ledger::error::FilesChanged;

/// Bytes of the log's header, and of each frame's.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What a log begins with; the last bit tells that its checksums take big-endian words.
const MAGIC: u32 = 0x377f_0682;

type Header = [u8; HEADER];

/// How long after our last write the log's time of writing is asked for: that makes the next sync slower by a tenth.
const APART: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub(in crate::ledger) struct OpenWal {
    path: PathBuf,
    file: File,
    /// The same, to find its end: a reader of the other must not lose its place.
    end: File,
    known: Mutex<WalState>,
    is_lost: AtomicBool,
}

/// The log as this program left it.
#[derive(Debug, Clone, Copy)]
struct WalState {
    /// `None` after a commit of ours that another program wrote into.
    size: Option<u64>,
    /// When our last write had ended. The time of change would not do: SQLite gives the log to the ledger's owner when
    /// it opens it.
    written: (SystemTime, Instant),
    /// The file's times are of a clock that is ahead of ours, as those of another machine may be, and tell nothing.
    is_ahead: bool,
    head: Header,
    frames: u32,
}

/// Now, by both clocks.
fn now() -> (SystemTime, Instant) {
    (SystemTime::now(), Instant::now())
}

impl OpenWal {
    /// Remembers the log that was just opened.
    pub(in crate::ledger) fn new(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let end = File::open(path)?;
        let size = Some(file.metadata()?.len());
        let (head, frames) = (head(&file)?, frames(&file, u32::MAX)?);
        let known = WalState { size, written: now(), is_ahead: false, head, frames };
        Ok(Self { path: path.to_owned(), file, end, known: Mutex::new(known), is_lost: AtomicBool::new(false) })
    }

    pub(in crate::ledger) fn check_trusted(&self) -> Result<(), FilesChanged> {
        if self.is_lost.load(Ordering::Relaxed) { Err(FilesChanged::WalOverwritten(self.path.clone())) } else { Ok(()) }
    }

    /// Never trusts it again.
    pub(in crate::ledger) fn give_up(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    pub(in crate::ledger) fn frames(&self) -> u32 {
        self.known.lock().frames
    }

    /// Whether no other program wrote to it.
    pub(in crate::ledger) fn check(&self) -> Result<(), FilesChanged> {
        self.check_trusted()?;
        let WalState { size, written: (written, at), is_ahead, .. } = *self.known.lock();
        let mut is_ours = size == Some(self.size()?);
        // Elsewhere the time is written late.
        if is_ours && cfg!(unix) && !is_ahead && at.elapsed() > APART {
            is_ours = self.seen(self.file.metadata().and_then(|file| file.modified()))? <= written;
        }
        if is_ours { Ok(()) } else { Err(self.written()) }
    }

    /// The same, and whether every frame is still in it.
    pub(in crate::ledger) fn check_all(&self) -> Result<(), FilesChanged> {
        self.check()?;
        if self.is_whole() {
            return Ok(());
        }
        self.known.lock().size = None;
        Err(self.written())
    }

    /// Remembers our own commit, after which the log has so many frames.
    pub(in crate::ledger) fn committed(&self, frames_now: u32) -> Result<(), FilesChanged> {
        let (size, head) = (self.size()?, self.seen(head(&self.file))?);
        let mut known = self.known.lock();
        let is_ours = known.size.is_some_and(|before| size >= before)
            && (head == known.head || self.seen(frames(&self.file, frames_now))? == frames_now);
        // In any case, so that a later check looks at all of these frames.
        known.frames = frames_now;
        if !is_ours {
            known.size = None;
            return Err(self.written());
        }
        (known.size, known.written, known.head) = (Some(size), now(), head);
        Ok(())
    }

    /// Accepts the log's size and time: this program made it longer, or another left its frames as they were.
    pub(in crate::ledger) fn accept(&self) {
        let size = self.size().ok();
        let modified = self.file.metadata().and_then(|file| file.modified());
        let mut known = self.known.lock();
        (known.size, known.written) = (size, now());
        known.is_ahead |= modified.is_ok_and(|modified| modified > known.written.0);
    }

    /// Remembers what a failed commit of our own left, which may be any part of it.
    pub(in crate::ledger) fn failed(&self) {
        let read = || Ok::<_, io::Error>((head(&self.file)?, frames(&self.file, u32::MAX)?));
        let mut known = self.known.lock();
        if let Ok((head, frames)) = read()
            && if head == known.head { frames >= known.frames } else { word(&head, 0) & !1 == MAGIC }
        {
            *known = WalState { size: self.size().ok(), written: now(), head, frames, ..*known };
        }
    }

    pub(in crate::ledger) fn emptied(&self) {
        let size = self.size().ok();
        let mut known = self.known.lock();
        *known = WalState { size, written: now(), head: [0; HEADER], frames: 0, ..*known };
    }

    pub(in crate::ledger) fn is_empty(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.len() == 0)
    }

    /// Whether every frame that was committed is still in it.
    pub(in crate::ledger) fn is_whole(&self) -> bool {
        let WalState { head: before, frames: count, .. } = *self.known.lock();
        let is_same = || Ok::<_, io::Error>(head(&self.file)? == before && frames(&self.file, count)? == count);
        count == 0 || is_same().unwrap_or(false)
    }

    fn size(&self) -> Result<u64, FilesChanged> {
        self.seen((&self.end).seek(SeekFrom::End(0)))
    }

    fn seen<T>(&self, found: io::Result<T>) -> Result<T, FilesChanged> {
        found.map_err(|error| FilesChanged::Unseen(self.path.clone(), error))
    }

    fn written(&self) -> FilesChanged {
        FilesChanged::WalWritten(self.path.clone())
    }
}

/// The first bytes of a log; zeros where it is shorter.
fn head(file: &File) -> io::Result<Header> {
    let mut head = [0; HEADER];
    let read = read_first(file, &mut head)?;
    Ok(if read == HEADER { head } else { [0; HEADER] })
}

/// One call of the system, since it comes with every commit.
#[cfg(unix)]
fn read_first(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn read_first(mut file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(0))?;
    file.read(bytes)
}

/// How many frames, up to `most`, follow each other in it up to the end of a commit.
fn frames(mut file: &File, most: u32) -> io::Result<u32> {
    let head = head(file)?;
    let magic = word(&head, 0);
    if magic & !1 != MAGIC {
        return Ok(0);
    }
    let mut sum = Checksum { big_endian: magic & 1 == 1, ..Checksum::default() };
    sum.add(&head[..24]);
    let page = word(&head, 8) as usize;
    if !sum.is(&head[24..]) || !page.is_power_of_two() || !(512..=65_536).contains(&page) {
        return Ok(0);
    }
    file.seek(SeekFrom::Start(HEADER as u64))?;
    let mut file = BufReader::with_capacity(256 << 10, file);
    let mut frame = vec![0; FRAME_HEADER + page];
    let (mut count, mut committed) = (0, 0);
    while count < most {
        match file.read_exact(&mut frame) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        }
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME_HEADER..]);
        if frame[8..16] != head[16..24] || !sum.is(&frame[16..24]) {
            break;
        }
        count += 1;
        // The size of the ledger, in the last frame of a commit.
        if word(&frame, 4) != 0 {
            committed = count;
        }
    }
    Ok(committed)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |word| u32::from_be_bytes(*word))
}

/// The sum over all that was added.
#[derive(Default)]
struct Checksum {
    big_endian: bool,
    words: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let (mut one, mut two) = self.words;
        for &[a, b, c, d, e, f, g, h] in bytes.as_chunks::<8>().0 {
            let read = if self.big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
            one = one.wrapping_add(read([a, b, c, d])).wrapping_add(two);
            two = two.wrapping_add(read([e, f, g, h])).wrapping_add(one);
        }
        self.words = (one, two);
    }

    fn is(&self, written: &[u8]) -> bool {
        (word(written, 0), word(written, 4)) == self.words
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{io::Write as _, os::unix::fs::FileExt as _};

    use rusqlite::Connection;

    use super::*;

    #[test]
    fn the_frames_of_a_log_are_counted_up_to_the_first_that_is_not_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let ledger = Connection::open(&path).unwrap();
        ledger.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x)").unwrap();
        for row in 0..20 {
            ledger.execute("INSERT INTO t VALUES (?1)", [row]).unwrap();
        }
        let wal = folder.path().join("l-wal");
        let mut file = File::options().read(true).write(true).open(&wal).unwrap();
        let log = OpenWal::new(&wal).unwrap();
        assert_eq!(u64::from(log.frames()) * 4120 + 32, file.metadata().unwrap().len());
        assert!(log.is_whole() && log.check().is_ok());
        // Room behind them is no part of it.
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(&[0; 9000]).unwrap();
        assert!(log.check().is_err() && log.is_whole());
        log.accept();
        log.check_all().unwrap();
        // A clock that is ahead is noticed once, and not asked again.
        file.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
        while log.check().is_ok() {
            std::thread::yield_now();
        }
        log.accept();
        std::thread::sleep(2 * APART);
        log.check().unwrap();
        let at = 32 + 10 * 4120 + 3000;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        assert!(!log.is_whole());
        assert_eq!(frames(&file, u32::MAX).unwrap(), 10);
        file.write_all_at(&byte, at).unwrap();
        assert!(log.is_whole());
        file.write_all_at(&[0; 32], 0).unwrap();
        assert!(!log.is_whole() && log.committed(log.frames()).is_err());
    }
}
