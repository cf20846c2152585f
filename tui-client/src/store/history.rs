//! What a student's typing leaves on disk for later runs: the lines entered, and the line that is being typed, so
//! that neither a closed window nor a kill takes it away. A thread of its own writes, so that no key waits for a
//! disk. Called by `run`.
//!
//! `history/ID.txt` holds the lines, oldest first, shared by all terminals of a student. `drafts/ID.N.txt` holds a
//! line being typed: its length, a line break, the text. Every running client has one of these for itself, by a lock
//! of the system; one that was left by a client that runs no more is taken over with what stands in it. Only the user
//! may read them.
//!
//! Both are written at once, so that a kill takes nothing away, and synced once typing pauses, so that a power loss
//! takes at most the last second or so (`history/syncing.rs`). While nobody types, the thread sleeps.

mod syncing;

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use squares_shared::regular_file;
use squares_shared::student::check_id;

use crate::event::{Event, Unkept};
use crate::private_file;
use syncing::Syncing;

/// The most lines that are kept, and the most bytes.
pub(crate) const MOST_LINES: usize = 1_000;
pub(crate) const MOST_BYTES: usize = 256 << 10;

/// The most that waits for the disk. When it is full, what comes is not kept; the next key gives the whole line again.
const WAITING: usize = 1_024;

/// How long the end of the program waits for a slow disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most terminals of one student that keep a line being typed.
const DRAFTS: u32 = 16;

/// The longest history that is read; one is written anew long before.
const LONGEST_HISTORY: u64 = 64 << 20;

/// The longest draft that is read.
const LONGEST_DRAFT: u64 = 1 << 20;

enum Job {
    Open(String),
    Line(String),
    Draft(String),
}

/// The program's end of the thread.
#[derive(Debug)]
pub struct Notebook {
    jobs: SyncSender<Job>,
    ended: mpsc::Receiver<()>,
}

impl Notebook {
    /// Starts the thread. What it reads it tells as [`Event::Notebook`].
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(folder: PathBuf, tell: impl Fn(Event) + Send + 'static) -> io::Result<Self> {
        let (jobs, todo) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::channel::<()>();
        thread::Builder::new().name("notebook".into()).spawn(move || {
            work(&folder, &todo, &tell);
            drop(end);
        })?;
        Ok(Self { jobs, ended })
    }

    /// Whose lines come from now on. What earlier runs left is told.
    pub fn open(&self, student: String) {
        self.give(Job::Open(student));
    }

    /// A line was entered.
    pub fn line(&self, line: String) {
        self.give(Job::Line(line));
    }

    /// The line that is being typed is this now.
    pub fn draft(&self, draft: String) {
        self.give(Job::Draft(draft));
    }

    /// Lets what was given be written, if the disk does so soon.
    pub fn finish(self) {
        let Self { jobs, ended } = self;
        drop(jobs);
        // Nothing is ever sent: the thread lets go of its end when it ends.
        while ended.recv_timeout(PATIENCE) == Ok(()) {}
    }

    fn give(&self, job: Job) {
        let _ = self.jobs.try_send(job);
    }
}

fn work(folder: &Path, jobs: &mpsc::Receiver<Job>, tell: &impl Fn(Event)) {
    let mut pages: Option<Pages> = None;
    let mut syncing = Syncing::default();
    let mut told = false;
    loop {
        let first = match syncing.due().map(|due| jobs.recv_timeout(due.saturating_duration_since(Instant::now()))) {
            Some(Err(RecvTimeoutError::Timeout)) => None,
            Some(Err(RecvTimeoutError::Disconnected)) => break,
            Some(Ok(job)) => Some(job),
            None => match jobs.recv() {
                Ok(job) => Some(job),
                Err(_) => break,
            },
        };
        // While one was written others came: of drafts only the last is worth writing.
        let (mut draft, mut failed) = (None, None);
        let mut next = first;
        while let Some(job) = next {
            match job {
                Job::Open(student) => {
                    sync(&mut pages, &mut syncing);
                    pages = check_id(&student).is_ok().then(|| Pages::open(folder, &student));
                    if let Some(pages) = &mut pages {
                        let (lines, draft) = (pages.read_lines(), pages.read_draft());
                        tell(Event::Notebook { student, lines, draft });
                        failed = pages.trouble.take().or(failed);
                    }
                    draft = None;
                }
                Job::Line(line) => {
                    failed = pages.as_mut().and_then(|pages| pages.add(&line).err()).or(failed);
                    syncing.written(Instant::now());
                }
                Job::Draft(text) => draft = Some(text),
            }
            next = jobs.try_recv().ok();
        }
        if let (Some(pages), Some(draft)) = (&mut pages, draft) {
            failed = pages.write_draft(&draft).err().or(failed);
            syncing.written(Instant::now());
        }
        if let Some(error) = failed.filter(|_| !std::mem::replace(&mut told, true)) {
            tell(Event::Unkept(Unkept::new(folder, &error)));
        }
        if syncing.due().is_some_and(|due| due <= Instant::now()) {
            sync(&mut pages, &mut syncing);
        }
    }
    sync(&mut pages, &mut syncing);
}

/// Makes what was written survive a power loss, where anything was.
fn sync(pages: &mut Option<Pages>, syncing: &mut Syncing) {
    if syncing.due().is_some() {
        if let Some(pages) = pages {
            pages.sync();
        }
        syncing.synced(Instant::now());
    }
}

/// The files of one student.
struct Pages {
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
    trouble: Option<io::Error>,
}

impl Pages {
    fn open(folder: &Path, student: &str) -> Self {
        let (drafts, lines) = (folder.join("drafts"), folder.join("history"));
        let made = private_file::make_folder(&drafts).and_then(|()| private_file::make_folder(&lines));
        let (draft, trouble) = match made.and_then(|()| own_draft(&drafts, student)) {
            Ok(draft) => (Some(draft), None),
            Err(error) => (None, Some(error)),
        };
        let history = lines.join(format!("{student}.txt"));
        let folders = [drafts, lines, folder.to_owned()];
        Self { history, added: None, draft, drafted: false, folders, named: true, trouble }
    }

    /// What cannot be synced is typed again.
    fn sync(&mut self) {
        if let Some(draft) = self.draft.as_ref().filter(|_| std::mem::take(&mut self.drafted)) {
            let _ = draft.sync_data();
        }
        if let Some(added) = self.added.take() {
            let _ = added.sync_data();
        }
        if std::mem::take(&mut self.named) {
            self.folders.iter().for_each(|folder| private_file::sync_folder(folder));
        }
    }

    /// The lines, oldest first. A file that has grown too long is written anew.
    fn read_lines(&self) -> Vec<String> {
        let bytes = regular_file::read(&self.history, LONGEST_HISTORY).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = Vec::new();
        let mut left = MOST_BYTES;
        for line in text.lines().rev().filter(|line| !line.is_empty()).take(MOST_LINES) {
            let Some(rest) = left.checked_sub(line.len()) else { break };
            left = rest;
            lines.push(line.to_owned());
        }
        lines.reverse();
        if bytes.len() > 2 * MOST_BYTES || text.lines().count() > 2 * MOST_LINES {
            let _ = self.write_anew(&lines);
        }
        lines
    }

    fn write_anew(&self, lines: &[String]) -> io::Result<()> {
        let mut text = lines.join("\n");
        text.push('\n');
        private_file::replace(&self.history, text.as_bytes())
    }

    fn add(&mut self, line: &str) -> io::Result<()> {
        self.named |= !self.history.exists();
        // Opened for each line, since another client may have written the file anew.
        let mut file = private_file::open_regular(&self.history, private_file::options().append(true).create(true))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        self.added = Some(file);
        Ok(())
    }

    fn read_draft(&mut self) -> String {
        self.draft.as_mut().map_or_else(String::new, read_draft)
    }

    fn write_draft(&mut self, text: &str) -> io::Result<()> {
        let Some(file) = &mut self.draft else { return Ok(()) };
        self.drafted = true;
        let bytes = format!("{}\n{text}", text.len());
        file.rewind()?;
        // The length says how much counts, should the end of a longer one still stand behind it.
        file.write_all(bytes.as_bytes())?;
        file.set_len(bytes.len() as u64)
    }
}

/// A draft that no other client has: one with something in it, before an empty one.
///
/// # Errors
/// Where no file can be had.
fn own_draft(folder: &Path, student: &str) -> io::Result<File> {
    let open = |number: u32| {
        let path = folder.join(format!("{student}.{number}.txt"));
        private_file::open_regular(&path, private_file::options().read(true).write(true).create(true))
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
            Err(TryLockError::Error(error)) => return Err(private_file::no_locks(&error)),
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
    use std::fs;

    use super::*;

    /// Opens a student's notebook in a thread of its own, and gives what it told.
    fn open(folder: &Path, student: &str) -> (Notebook, Vec<String>, String) {
        let (tell, told) = mpsc::channel();
        let notebook = Notebook::start(folder.to_owned(), move |event| drop(tell.send(event))).unwrap();
        notebook.open(student.into());
        match told.recv().unwrap() {
            Event::Notebook { lines, draft, .. } => (notebook, lines, draft),
            other => panic!("{other:?}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn where_nothing_can_be_kept_it_is_told_once_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "in the way").unwrap();
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
        let pipes = folder.path().join("pipes");
        fs::create_dir_all(pipes.join("drafts")).unwrap();
        fs::create_dir_all(pipes.join("history")).unwrap();
        let pipe =
            |path| rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        pipe(pipes.join("history/s1.txt"));
        (0..DRAFTS).for_each(|number| pipe(pipes.join(format!("drafts/s1.{number}.txt"))));
        for bad in [file, link, pipes, "/proc/squares".into()] {
            let (tell, told) = mpsc::channel();
            let notebook = Notebook::start(bad.clone(), move |event| drop(tell.send(event))).unwrap();
            notebook.open("s1".into());
            notebook.line("12".into());
            notebook.draft("3".into());
            notebook.open("s2".into());
            notebook.finish();
            let unkept = |event: &Event| matches!(event, Event::Unkept(unkept) if unkept.folder.as_ref() == Some(&bad));
            let told: Vec<Event> = told.iter().collect();
            assert_eq!(told.iter().filter(|event| unkept(event)).count(), 1, "{bad:?}: {told:?}");
            assert_eq!(told.len(), 3, "{bad:?}: {told:?}");
        }
    }

    #[test]
    fn what_was_entered_and_what_was_being_typed_comes_back_to_the_same_student() {
        let folder = tempfile::tempdir().unwrap();
        let (notebook, lines, draft) = open(folder.path(), "s1");
        assert_eq!((lines, draft), (vec![], String::new()));
        notebook.line("12".into());
        notebook.line("/find 가람".into());
        notebook.draft("123456".into());
        notebook.draft("7 가".into());
        notebook.finish();
        let (_other, lines, draft) = open(folder.path(), "s2");
        assert_eq!((lines, draft), (vec![], String::new()));
        let (_again, lines, draft) = open(folder.path(), "s1");
        assert_eq!((lines, draft), (vec!["12".into(), "/find 가람".into()], "7 가".into()));
    }

    #[test]
    fn two_terminals_of_a_student_have_a_draft_each() {
        let folder = tempfile::tempdir().unwrap();
        let (one, ..) = open(folder.path(), "s1");
        let (two, ..) = open(folder.path(), "s1");
        one.draft("1".into());
        two.draft("2".into());
        two.finish();
        let (three, _, draft) = open(folder.path(), "s1");
        assert_eq!(draft, "2", "the first is still being typed");
        one.finish();
        three.draft(String::new());
        three.finish();
        assert_eq!(open(folder.path(), "s1").2, "1");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (notebook, ..) = open(folder.path(), "s1");
        notebook.line("12".into());
        notebook.finish();
        for (path, mode) in [("history", 0o700), ("history/s1.txt", 0o600), ("drafts/s1.0.txt", 0o600)] {
            let found = fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{path}");
        }
    }

    #[test]
    fn a_history_that_has_grown_is_cut_to_its_latest_lines() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("history")).unwrap();
        let path = folder.path().join("history/s1.txt");
        let text: String = (0..5 * MOST_LINES).map(|number| format!("{number}\n")).collect();
        fs::write(&path, text).unwrap();
        let (_notebook, lines, _) = open(folder.path(), "s1");
        assert_eq!(lines.len(), MOST_LINES);
        assert_eq!(lines.last(), Some(&(5 * MOST_LINES - 1).to_string()));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), MOST_LINES);
    }

    #[test]
    fn a_torn_draft_and_an_id_that_is_no_file_name_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("drafts")).unwrap();
        fs::write(folder.path().join("drafts/s1.0.txt"), "2\n12 and the end of a longer one").unwrap();
        assert_eq!(open(folder.path(), "s1").2, "12");
        for torn in ["", "9\n12", "x\n12", "12"] {
            fs::write(folder.path().join("drafts/s3.0.txt"), torn).unwrap();
            assert_eq!(open(folder.path(), "s3").2, "", "{torn:?}");
        }
        let (tell, told) = mpsc::channel();
        let notebook = Notebook::start(folder.path().join("inner"), move |event| drop(tell.send(event))).unwrap();
        notebook.open("../s1".into());
        notebook.line("12".into());
        notebook.finish();
        assert!(told.recv().is_err() && !folder.path().join("inner").exists());
    }
}
