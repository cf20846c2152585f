//! Results into a file, as CSV for spreadsheets or as JSON lines for programs, in a thread that nothing else waits
//! for. Called by `run`; the app asks for page after page and gives each here.
//!
//! Pages come newest first, as the protocol pages. Each is written to a file of its own kind beside the target
//! (`export/part.rs`), and at the end they are put in order into another, which then gets the target's name: under
//! that name stands nothing or all of it.

mod part;

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

use squares_shared::message::{ResultLine, SquareResult, append_line};
use squares_shared::new_file::NewFile;
use squares_shared::spreadsheet::Table;

use crate::event::{Event, ExportNews};
use part::create;

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

enum Job {
    Page(Vec<SquareResult>),
    End,
}

/// An export under way. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Export {
    jobs: SyncSender<Job>,
    ended: mpsc::Receiver<()>,
}

impl Export {
    /// Begins; what comes of it is told as [`Event::Export`].
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn begin(
        path: PathBuf,
        format: Format,
        replace: bool,
        tell: impl Fn(Event) + Send + 'static,
    ) -> io::Result<Self> {
        let path = from_home(path);
        let (jobs, todo) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::channel::<()>();
        thread::Builder::new().name("export".into()).spawn(move || {
            let news = work(path, format, replace, &todo, |news| tell(Event::Export(news)));
            if let Some(news) = news {
                tell(Event::Export(news));
            }
            drop(end);
        })?;
        Ok(Self { jobs, ended })
    }

    /// Earlier results than those given before, ascending.
    pub fn page(&self, results: Vec<SquareResult>) {
        let _ = self.jobs.try_send(Job::Page(results));
    }

    /// That was all of them.
    pub fn end(&self) {
        let _ = self.jobs.try_send(Job::End);
    }

    /// Gives up, if it is not done, and waits a moment until nothing is left behind.
    pub fn stop(self) {
        let Self { jobs, ended } = self;
        drop(jobs);
        while ended.recv_timeout(PATIENCE) == Ok(()) {}
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
    path: PathBuf,
    format: Format,
    replace: bool,
    jobs: &mpsc::Receiver<Job>,
    tell: impl Fn(ExportNews),
) -> Option<ExportNews> {
    let failed = |error: io::Error| Some(ExportNews::failed(&error));
    if !replace && fs::symlink_metadata(&path).is_ok() {
        return Some(ExportNews::Exists);
    }
    let mut pages = match Pages::begin(path, format, replace) {
        Ok(pages) => pages,
        Err(error) => return failed(error),
    };
    tell(ExportNews::Ready);
    while let Ok(job) = jobs.recv() {
        let done = match job {
            Job::Page(results) => pages.add(&results).map(|()| None),
            Job::End => pages.finish().map(Some),
        };
        match done {
            Ok(None) => tell(ExportNews::Ready),
            Ok(Some(true)) => return Some(ExportNews::Done),
            Ok(Some(false)) => return Some(ExportNews::Exists),
            Err(error) => return failed(error),
        }
    }
    None
}

/// The files of an export.
struct Pages {
    target: PathBuf,
    replace: bool,
    format: Format,
    pages: NewFile,
    /// Where each page stands, newest first.
    places: Vec<(u64, u64)>,
    length: u64,
}

impl Pages {
    fn begin(target: PathBuf, format: Format, replace: bool) -> io::Result<Self> {
        if target.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        part::remove_left_behind(&target);
        let pages = create(&target)?;
        Ok(Self { target, replace, format, pages, places: Vec::new(), length: 0 })
    }

    fn add(&mut self, results: &[SquareResult]) -> io::Result<()> {
        let bytes = match self.format {
            Format::Csv => {
                let mut table = Table::go_on(Vec::new());
                results.iter().try_for_each(|result| table.result(result))?;
                table.end()?
            }
            Format::JsonLines => {
                let mut lines = Vec::new();
                results.iter().for_each(|result| append_line(&mut lines, &ResultLine::Result(borrowed(result))));
                lines
            }
        };
        self.pages.file().write_all(&bytes)?;
        self.places.push((self.length, bytes.len() as u64));
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Puts the pages in order under the target's name. Not done where another file has that name by now.
    fn finish(&mut self) -> io::Result<bool> {
        let whole = create(&self.target)?;
        let (mut pages, mut all) = (self.pages.file(), whole.file());
        if self.format == Format::Csv {
            Table::of_results(all)?.end()?;
        }
        for (from, length) in self.places.iter().rev() {
            pages.seek(SeekFrom::Start(*from))?;
            if io::copy(&mut pages.take(*length), &mut all)? != *length {
                // Somebody cut the file short. Half of the results is not what was asked for.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if self.replace {
            whole.replace()?;
            return Ok(true);
        }
        match whole.publish().map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            published => published.map(|()| true),
        }
    }
}

fn borrowed(result: &SquareResult) -> SquareResult<&str> {
    SquareResult {
        seq: result.seq,
        at: &result.at,
        student: &result.student,
        name: &result.name,
        number: &result.number,
        square: &result.square,
        id: result.id.as_deref(),
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
        let export = Export::begin(path.clone(), Format::of(&path).unwrap(), replace, move |event| {
            let Event::Export(news) = event else { panic!("{event:?}") };
            tell.send(news).unwrap();
        })
        .unwrap();
        let mut news = vec![told.recv().unwrap()];
        if news == [Ready] {
            export.page(vec![result(3, "가람, \"예\""), result(4, "=1+1")]);
            news.push(told.recv().unwrap());
            export.page(vec![result(1, "나래")]);
            news.push(told.recv().unwrap());
            export.end();
            news.push(told.recv().unwrap());
        }
        export.stop();
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        (news, names)
    }

    use ExportNews::{Done, Exists, Ready};

    #[test]
    fn pages_that_come_newest_first_stand_in_order() {
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
        let mut pages = Pages::begin(path.clone(), Format::Csv, false).unwrap();
        pages.add(&[result(1, "가람")]).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(!pages.finish().unwrap());
        drop(pages);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        drop(Pages::begin(folder.path().join("b.csv"), Format::Csv, false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Pages::begin(folder.path().join("none/b.csv"), Format::Csv, false).is_err());
        assert!(Pages::begin(folder.path().to_owned(), Format::Csv, true).is_err());
    }

    #[test]
    fn pages_that_were_cut_short_meanwhile_are_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut pages = Pages::begin(path.clone(), Format::Csv, false).unwrap();
        pages.add(&[result(3, "가람"), result(4, "나래")]).unwrap();
        pages.add(&[result(1, "다온")]).unwrap();
        pages.pages.file().set_len(pages.length - 1).unwrap();
        assert_eq!(pages.finish().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        drop(pages);
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
