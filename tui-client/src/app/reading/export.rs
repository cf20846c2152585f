//! `/export`: what is shown, all or what a filter lets through, page by page into a file, from the first result on. The
//! app asks for a page once the last one is written; the disk is elsewhere. It goes on through a lost connection, and
//! never takes the place of a file without being asked twice.

use std::path::{Path, PathBuf};

use squares_shared::message::{MAX_PAGE, Page, PageRequest, SquareResult};

use super::feed::Filter;
use crate::app::App;
use crate::app::status::Severity;
use crate::event::Effect;
use crate::link::{Command, PageOwner};
use crate::store::export::{ExportCommand, ExportNews, Format};
use crate::text;

/// The most of a path that is quoted in a notice, in cells.
const QUOTED: usize = 40;

/// An export, where one is running, and the file that may be replaced.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    current: Option<RunningExport>,
    /// It was said that this one is there: the same command again replaces it.
    warned: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct RunningExport {
    path: PathBuf,
    filter: Filter,
    /// Up to where it goes.
    end: u64,
    /// Everything up to here is written, or on its way to the disk.
    after: u64,
    written: usize,
    asked: Option<PageRequest>,
    /// The disk is ready for a page.
    ready: bool,
    /// It was ready once: a file is being written.
    begun: bool,
}

impl Exports {
    /// How far it has come, from 0 to 100, and how many results that are.
    pub(crate) fn progress(&self) -> Option<(u64, usize)> {
        let current = self.current.as_ref()?;
        Some((current.after.saturating_mul(100) / current.end.max(1), current.written))
    }

    /// The page in flight will not come.
    pub(super) fn lost(&mut self) {
        if let Some(current) = &mut self.current {
            current.asked = None;
        }
    }

    /// Another command was entered, or the question was answered with no. Whether there was one.
    pub(in crate::app) fn forget_warning(&mut self) -> bool {
        self.warned.take().is_some()
    }
}

impl App {
    /// Begins an export. Whether the command was understood.
    pub(in crate::app) fn export(&mut self, argument: &str) -> bool {
        let warned = self.reading.exports.warned.take();
        if self.reading.exports.current.is_some() {
            return self.refuse(self.strings.export_busy);
        }
        let path = PathBuf::from(argument.trim().trim_matches(['"', '\'']));
        let Some(format) = Format::of(&path) else { return self.refuse(self.strings.export_usage) };
        let replace = warned.as_ref() == Some(&path);
        self.reading.exports.current = Some(RunningExport {
            path: path.clone(),
            filter: self.reading.feed.filter.clone(),
            end: self.reading.whole_feed().newest_known(),
            ..RunningExport::default()
        });
        self.effects.push(Effect::Export(ExportCommand::Begin { path, format, replace }));
        true
    }

    /// Gives it up. Whether there was one.
    pub(in crate::app) fn stop_export(&mut self) -> bool {
        let stopped = self.reading.exports.current.take().is_some();
        if stopped {
            self.effects.push(Effect::Export(ExportCommand::Stop));
            self.say(Severity::Info, self.strings.export_stopped);
        }
        stopped
    }

    /// Another ledger, or a page that the server refused: what was begun cannot be finished.
    pub(in crate::app) fn fail_export(&mut self, why: &str) {
        if let Some(current) = self.reading.exports.current.take() {
            self.effects.push(Effect::Export(ExportCommand::Stop));
            self.say_export_failed(&current.path, why);
        }
    }

    fn export_again(&mut self, path: &Path) {
        self.give_back(&format!("/export {}", path.display()));
    }

    fn say_export_failed(&mut self, path: &Path, why: &str) {
        let why = text::printable(why).into_owned();
        let sentence = (self.strings.export_failed)(&self.quoted(path), &why);
        self.say_while_typing(Severity::Error, sentence);
    }

    fn quoted(&self, path: &Path) -> String {
        let shown = path.to_string_lossy().into_owned();
        text::shorten(&text::printable(&shown), QUOTED, self.glyphs.ellipsis).into_owned()
    }

    /// Where results are being written to, and how many they may become.
    pub(crate) fn exporting(&self) -> Option<(String, usize)> {
        let current = self.reading.exports.current.as_ref().filter(|current| current.begun)?;
        Some((self.quoted(&current.path), usize::try_from(current.end).unwrap_or(usize::MAX)))
    }

    /// Asks for the next page, once the disk is ready for it.
    pub(in crate::app) fn reconcile_export(&mut self) {
        let Some(current) = &mut self.reading.exports.current else { return };
        if !current.ready || current.asked.is_some() {
            return;
        }
        if current.after >= current.end {
            current.ready = false;
            self.effects.push(Effect::Export(ExportCommand::End));
        } else if self.status.connection.is_joined() {
            let student = current.filter.student.as_ref().map(|whose| whose.id.clone());
            let before = Some(current.end.saturating_add(1));
            let request = PageRequest { before, after: Some(current.after), limit: Some(MAX_PAGE), student };
            current.asked = Some(request.clone());
            self.ask_link(Command::Page { owner: PageOwner::Export, request });
        }
    }

    /// A page of history for the export, which may be another one by now.
    pub(in crate::app) fn export_page(&mut self, request: &PageRequest, page: &Page) {
        let Some(current) = &mut self.reading.exports.current else { return };
        if current.asked.take_if(|asked| asked == request).is_none() {
            return;
        }
        let last = page.results.last().map_or(current.after, |last| last.seq.min(current.end));
        // What is there and was not given is missing: anything where there is more, or the newest that is known.
        let nothing = page.more && last <= current.after;
        let ends_early = !page.more && current.filter.is_all() && last < current.end;
        if nothing || ends_early {
            return self.fail_export(self.strings.export_incomplete);
        }
        let wanted = |result: &&SquareResult| {
            result.seq > current.after && result.seq <= current.end && current.filter.row(result).is_some()
        };
        let results: Vec<SquareResult> = page.results.iter().filter(wanted).cloned().collect();
        current.after = if page.more { last } else { current.end };
        current.written += results.len();
        if !results.is_empty() {
            current.ready = false;
            self.effects.push(Effect::Export(ExportCommand::Page(results)));
        }
    }

    /// What the disk says.
    pub(in crate::app) fn export_news(&mut self, news: ExportNews) {
        if news == ExportNews::Ready {
            if let Some(current) = &mut self.reading.exports.current {
                current.ready = true;
                current.begun = true;
            }
            return;
        }
        let Some(RunningExport { path, written, .. }) = self.reading.exports.current.take() else { return };
        match news {
            ExportNews::Done => {
                let sentence = (self.strings.exported)(&text::grouped(written), &self.quoted(&path));
                self.say_while_typing(Severity::Info, sentence);
            }
            ExportNews::Exists => {
                let sentence = (self.strings.export_exists)(&self.quoted(&path));
                self.say_while_typing(Severity::Warning, sentence);
                self.export_again(&path);
                self.reading.exports.warned = Some(path);
            }
            ExportNews::Failed(kind, words) => {
                let why = (self.strings.system)(kind).map_or(words, str::to_owned);
                self.say_export_failed(&path, &why);
                self.export_again(&path);
            }
            ExportNews::Ready => {}
        }
    }
}
