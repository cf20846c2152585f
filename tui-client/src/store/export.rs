//! Results into a file, as CSV for spreadsheets or as JSON lines for programs, in a thread that nothing else waits
//! for. Called by `run`; the app asks for page after page and gives each here.
//!
//! Pages come oldest first. They are written to a file beside the target (`export/part.rs`), which gets the target's
//! name at the end: under that name stands nothing or all of it.

mod part;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

use squares_shared::message::{FromServer, SquareResult, append_line};
use squares_shared::new_file::NewFile;
use squares_shared::spreadsheet::{BYTE_ORDER_MARK, Table};

/// The most pages that wait for the disk; the app asks for the next one only once the last is written.
const WAITING: usize = 4;

/// How long the end of the program waits until what was begun is removed.
const PATIENCE: Duration = Duration::from_secs(1);

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for spreadsheets, with a byte order mark, since some take it for another encoding without.
    Csv,
    /// A result as it came on each line.
    JsonLines,
}

impl Format {
    /// By the end of a file's name.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// What an export is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportCommand {
    /// Begin a file of results.
    Begin {
        /// The file.
        path: PathBuf,
        /// How results are written.
        format: Format,
        /// Whether it may take the place of a file that is there.
        replace: bool,
    },
    /// Write results, later than those before; [`ExportNews::Ready`] follows.
    Page(Vec<SquareResult>),
    /// The file is complete; [`ExportNews::Done`] follows.
    End,
    /// Give the file up.
    Stop,
}

/// What an export tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportNews {
    /// The disk is ready for a page.
    Ready,
    /// A file of that name is there; nothing was written.
    Exists,
    /// It could not be written: which of the usual errors it is, and the system's words. Nothing is left.
    Failed(io::ErrorKind, String),
    /// The file is complete.
    Done,
}

impl ExportNews {
    /// It could not be written.
    #[must_use]
    pub fn failed(error: &io::Error) -> Self {
        Self::Failed(error.kind(), error.to_string())
    }
}

/// A running export. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Export {
    commands: SyncSender<ExportCommand>,
    ended: mpsc::Receiver<()>,
}

impl Export {
    /// Begins.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn begin(
        path: PathBuf,
        format: Format,
        replace: bool,
        tell: impl Fn(ExportNews) + Send + 'static,
    ) -> io::Result<Self> {
        let path = from_home(path);
        let (commands, received) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::channel::<()>();
        thread::Builder::new().name("export".into()).spawn(move || {
            if let Some(news) = work(&path, format, replace, &received, &tell) {
                tell(news);
            }
            drop(end);
        })?;
        Ok(Self { commands, ended })
    }

    /// Gives it a command, without waiting for it.
    pub fn send(&self, command: ExportCommand) {
        let _ = self.commands.try_send(command);
    }

    /// Gives up, if it is not done, and waits a moment until nothing is left behind.
    pub fn stop(self) {
        drop(self.commands);
        while self.ended.recv_timeout(PATIENCE) == Ok(()) {}
    }
}

/// `~/` as a shell takes it.
fn from_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path,
    }
}

/// How it ended, unless it was given up.
fn work(
    path: &Path,
    format: Format,
    replace: bool,
    commands: &mpsc::Receiver<ExportCommand>,
    tell: impl Fn(ExportNews),
) -> Option<ExportNews> {
    if !replace && fs::symlink_metadata(path).is_ok() {
        return Some(ExportNews::Exists);
    }
    let written = || -> io::Result<Option<ExportNews>> {
        let mut file = ExportFile::begin(path, format, replace)?;
        tell(ExportNews::Ready);
        while let Ok(command) = commands.recv() {
            match command {
                ExportCommand::Page(results) => file.add(results)?,
                ExportCommand::End => {
                    return Ok(Some(if file.finish()? { ExportNews::Done } else { ExportNews::Exists }));
                }
                ExportCommand::Begin { .. } | ExportCommand::Stop => break,
            }
            tell(ExportNews::Ready);
        }
        Ok(None)
    };
    written().unwrap_or_else(|error| Some(ExportNews::failed(&error)))
}

/// The file of an export, until it has its name.
struct ExportFile {
    replace: bool,
    format: Format,
    file: NewFile,
    length: u64,
}

impl ExportFile {
    fn begin(target: &Path, format: Format, replace: bool) -> io::Result<Self> {
        if target.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        part::remove_left_behind(target);
        let mut this = Self { replace, format, file: part::create(target)?, length: 0 };
        if format == Format::Csv {
            this.write(&Table::of_results(Vec::from(BYTE_ORDER_MARK))?.end()?)?;
        }
        Ok(this)
    }

    fn add(&mut self, results: Vec<SquareResult>) -> io::Result<()> {
        let mut bytes = Vec::new();
        match self.format {
            Format::Csv => {
                let mut table = Table::go_on(&mut bytes);
                results.iter().try_for_each(|result| table.result(result))?;
                table.end()?;
            }
            Format::JsonLines => {
                results.into_iter().for_each(|result| append_line(&mut bytes, &FromServer::Result(result)));
            }
        }
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.file().write_all(bytes)
    }

    /// Gives the file the target's name. Not done where another file has that name by now.
    fn finish(self) -> io::Result<bool> {
        if self.file.file().metadata()?.len() != self.length {
            // Somebody cut the file short. A part of the results is not what was asked for.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.replace {
            return self.file.replace().map(|()| true);
        }
        match self.file.publish().map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            published => published.map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(seq: u64, name: &str) -> SquareResult {
        SquareResult {
            seq,
            at: "2026-01-02T03:04:05.678Z".into(),
            student: "s1".into(),
            name: name.into(),
            number: "-1.5".into(),
            square: "2.25".into(),
            id: (seq == 1).then(|| "a-1".into()),
        }
    }

    /// Exports two pages, and gives what was told, and what stands in the folder.
    fn export(folder: &Path, name: &str, replace: bool) -> (Vec<ExportNews>, Vec<String>) {
        let path = folder.join(name);
        let (tell, told) = mpsc::channel();
        let tell = move |news| tell.send(news).unwrap();
        let export = Export::begin(path.clone(), Format::of(&path).unwrap(), replace, tell).unwrap();
        let mut news = vec![told.recv().unwrap()];
        if news == [Ready] {
            let pages = [vec![result(1, "나래")], vec![result(3, "가람, \"예\""), result(4, "=1+1")]];
            for command in pages.map(ExportCommand::Page).into_iter().chain([ExportCommand::End]) {
                export.send(command);
                news.push(told.recv().unwrap());
            }
        }
        export.stop();
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        (news, names)
    }

    use ExportNews::{Done, Exists, Ready};

    #[test]
    fn pages_stand_in_the_file_in_order() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(export(folder.path(), "a.csv", false), (vec![Ready, Ready, Ready, Done], vec!["a.csv".into()]));
        let csv = fs::read_to_string(folder.path().join("a.csv")).unwrap();
        let at = "2026-01-02T03:04:05.678Z";
        assert_eq!(
            csv,
            format!(
                "\u{feff}seq,at,student,name,number,square,id\n1,{at},s1,나래,-1.5,2.25,a-1\n\
                 3,{at},s1,\"가람, \"\"예\"\"\",-1.5,2.25,\n4,{at},s1,'=1+1,-1.5,2.25,\n"
            )
        );
        export(folder.path(), "a.jsonl", false);
        let lines = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
        let seqs: Vec<u64> =
            lines.lines().map(|line| serde_json::from_str::<SquareResult>(line).unwrap().seq).collect();
        assert_eq!(seqs, [1, 3, 4]);
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_where_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "mine").unwrap();
        assert_eq!(export(folder.path(), "a.csv", false), (vec![Exists], vec!["a.csv".into()]));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(export(folder.path(), "a.csv", true).0.last(), Some(&Done));
        assert!(fs::read_to_string(&path).unwrap().contains("나래"));
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_lost_and_what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = ExportFile::begin(&path, Format::Csv, false).unwrap();
        file.add(vec![result(1, "가람")]).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(!file.finish().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        drop(ExportFile::begin(&folder.path().join("b.csv"), Format::Csv, false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(ExportFile::begin(&folder.path().join("none/b.csv"), Format::Csv, false).is_err());
        assert!(ExportFile::begin(folder.path(), Format::Csv, true).is_err());
    }

    #[test]
    fn a_file_that_was_cut_short_meanwhile_is_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = ExportFile::begin(&path, Format::Csv, false).unwrap();
        file.add(vec![result(3, "가람"), result(4, "나래")]).unwrap();
        file.add(vec![result(1, "다온")]).unwrap();
        file.file.file().set_len(file.length - 1).unwrap();
        assert_eq!(file.finish().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(!path.exists() && fs::read_dir(folder.path()).unwrap().count() == 0);
    }

    #[test]
    fn the_end_of_a_name_says_how() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("b/가.JSONL", Some(Format::JsonLines)),
            ("a.ndjson", Some(Format::JsonLines)),
            ("a.txt", None),
            ("csv", None),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
    }
}
