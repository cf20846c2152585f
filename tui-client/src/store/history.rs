//! What a student's typing leaves on disk for later runs: the lines entered, and the draft, which is the line being
//! typed, so that neither a closed window nor a kill takes it away. A thread of its own writes, so that no key waits
//! for a disk. Called by `run`.
//!
//! What is written survives a kill at once, and a power loss once it is synced: when typing pauses, at the latest after
//! a second or so (`history/syncing.rs`). While nobody types, the thread sleeps.

mod files;
mod syncing;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use squares_shared::student::check_id;

use super::Unkept;
use files::Files;
use syncing::Syncing;

/// The most lines that are kept, and the most bytes.
pub(crate) const MAX_LINES: usize = 1_000;
pub(crate) const MAX_BYTES: usize = 256 << 10;

/// The most commands that wait for the disk. One that finds the queue full is dropped; the next key gives the whole
/// draft again.
const WAITING: usize = 1_024;

/// How long the end of the program waits for a slow disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the thread is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryCommand {
    /// Keep what this student types from now on. [`HistoryNews::Opened`] follows.
    Open(String),
    /// Keep a line that was entered.
    Line(String),
    /// Keep the line that is being typed, in place of the last one.
    Draft(String),
}

/// What the thread tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryNews {
    /// What earlier runs of this student left.
    Opened {
        /// The student id.
        student: String,
        /// The lines entered, oldest first.
        lines: Vec<String>,
        /// The line that was being typed.
        draft: String,
    },
    /// The disk does not take it. Told once.
    Unkept(Unkept),
}

/// The program's end of the thread.
#[derive(Debug)]
pub struct History {
    commands: SyncSender<HistoryCommand>,
    ended: mpsc::Receiver<()>,
}

impl History {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(folder: PathBuf, tell: impl Fn(HistoryNews) + Send + 'static) -> io::Result<Self> {
        let (commands, received) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::channel::<()>();
        thread::Builder::new().name("history".into()).spawn(move || {
            work(&folder, &received, &tell);
            drop(end);
        })?;
        Ok(Self { commands, ended })
    }

    /// Gives the thread a command, without waiting for it.
    pub fn send(&self, command: HistoryCommand) {
        let _ = self.commands.try_send(command);
    }

    /// Waits a moment until the commands given so far are written.
    pub fn finish(self) {
        drop(self.commands);
        // Nothing is ever sent: the thread lets go of its end when it ends.
        while self.ended.recv_timeout(PATIENCE) == Ok(()) {}
    }
}

fn work(folder: &Path, commands: &mpsc::Receiver<HistoryCommand>, tell: &impl Fn(HistoryNews)) {
    let mut files: Option<Files> = None;
    let mut syncing = Syncing::default();
    let mut told = false;
    loop {
        let first = match syncing.due() {
            Some(due) => commands.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if first == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        // While one was written others came: of drafts only the last is worth writing.
        let (mut last_draft, mut failed) = (None, None);
        for command in first.into_iter().chain(commands.try_iter()) {
            match command {
                HistoryCommand::Open(student) => {
                    sync(&mut files, &mut syncing);
                    files = check_id(&student).is_ok().then(|| Files::open(folder, &student));
                    if let Some(files) = &mut files {
                        let (lines, draft) = (files.read_lines(), files.read_draft());
                        tell(HistoryNews::Opened { student, lines, draft });
                        failed = files.trouble.take().or(failed);
                    }
                    last_draft = None;
                }
                HistoryCommand::Line(line) => {
                    failed = files.as_mut().and_then(|files| files.add(&line).err()).or(failed);
                    syncing.written(Instant::now());
                }
                HistoryCommand::Draft(draft) => last_draft = Some(draft),
            }
        }
        if let (Some(files), Some(draft)) = (&mut files, last_draft) {
            failed = files.write_draft(&draft).err().or(failed);
            syncing.written(Instant::now());
        }
        if let Some(error) = failed.filter(|_| !std::mem::replace(&mut told, true)) {
            tell(HistoryNews::Unkept(Unkept::new(folder, &error)));
        }
        if syncing.due().is_some_and(|due| due <= Instant::now()) {
            sync(&mut files, &mut syncing);
        }
    }
    sync(&mut files, &mut syncing);
}

/// Makes what was written survive a power loss, where anything was.
fn sync(files: &mut Option<Files>, syncing: &mut Syncing) {
    if syncing.due().is_some() {
        files.iter_mut().for_each(Files::sync);
        syncing.synced(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[cfg(unix)]
    use super::files::DRAFTS;
    use super::*;

    /// Opens a student's history in a thread of its own, and gives what it told.
    fn open(folder: &Path, student: &str) -> (History, Vec<String>, String) {
        let (tell, told) = mpsc::channel();
        let history = History::start(folder.to_owned(), move |event| drop(tell.send(event))).unwrap();
        history.send(HistoryCommand::Open(student.into()));
        match told.recv().unwrap() {
            HistoryNews::Opened { lines, draft, .. } => (history, lines, draft),
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
        let pipe = |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        pipe(pipes.join("history/s1.txt"));
        (0..DRAFTS).for_each(|number| pipe(pipes.join(format!("drafts/s1.{number}.txt"))));
        for bad in [file, link, pipes, "/proc/squares".into()] {
            let (tell, told) = mpsc::channel();
            let history = History::start(bad.clone(), move |event| drop(tell.send(event))).unwrap();
            history.send(HistoryCommand::Open("s1".into()));
            history.send(HistoryCommand::Line("12".into()));
            history.send(HistoryCommand::Draft("3".into()));
            history.send(HistoryCommand::Open("s2".into()));
            history.finish();
            let folder = |news: &HistoryNews| match news {
                HistoryNews::Unkept(unkept) => unkept.folder.clone(),
                HistoryNews::Opened { .. } => None,
            };
            let told: Vec<HistoryNews> = told.iter().collect();
            assert_eq!(told.len(), 3, "{bad:?}: {told:?}");
            assert_eq!(told.iter().filter_map(folder).collect::<Vec<_>>(), [bad], "{told:?}");
        }
    }

    #[test]
    fn what_was_entered_and_what_was_being_typed_comes_back_to_the_same_student() {
        let folder = tempfile::tempdir().unwrap();
        let (history, lines, draft) = open(folder.path(), "s1");
        assert_eq!((lines, draft), (vec![], String::new()));
        history.send(HistoryCommand::Line("12".into()));
        history.send(HistoryCommand::Line("/find 가람".into()));
        history.send(HistoryCommand::Draft("123456".into()));
        history.send(HistoryCommand::Draft("7 가".into()));
        history.finish();
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
        one.send(HistoryCommand::Draft("1".into()));
        two.send(HistoryCommand::Draft("2".into()));
        two.finish();
        let (three, _, draft) = open(folder.path(), "s1");
        assert_eq!(draft, "2", "the first is still being typed");
        one.finish();
        three.send(HistoryCommand::Draft(String::new()));
        three.finish();
        assert_eq!(open(folder.path(), "s1").2, "1");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (history, ..) = open(folder.path(), "s1");
        history.send(HistoryCommand::Line("12".into()));
        history.finish();
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
        let text: String = (0..5 * MAX_LINES).map(|number| format!("{number}\n")).collect();
        fs::write(&path, text).unwrap();
        let (_history, lines, _) = open(folder.path(), "s1");
        assert_eq!(lines.len(), MAX_LINES);
        assert_eq!(lines.last(), Some(&(5 * MAX_LINES - 1).to_string()));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), MAX_LINES);
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
        let history = History::start(folder.path().join("inner"), move |event| drop(tell.send(event))).unwrap();
        history.send(HistoryCommand::Open("../s1".into()));
        history.send(HistoryCommand::Line("12".into()));
        history.finish();
        assert!(told.recv().is_err() && !folder.path().join("inner").exists());
    }
}
