//! `/export`: what is shown, all or what a filter lets through, page by page into a file, however far back it goes.
//! The app asks for a page once the last one is written; the disk is elsewhere. It goes on through a lost connection,
//! and never takes the place of a file without being asked twice.

use std::path::PathBuf;
use std::time::Instant;

use squares_shared::message::{MAX_PAGE, Page, PageRequest, SquareResult};

use super::App;
use super::feed::Filter;
use super::notices::Gravity;
use crate::event::{Effect, ExportNews};
use crate::link::PageOwner;
use crate::store::export::Format;
use crate::text;

/// The most of a path that is quoted in a notice, in cells.
const QUOTED: usize = 40;

/// An export, where one is under way, and the file that may be replaced.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    current: Option<Current>,
    /// It was said that this one is there: the same command again replaces it.
    warned: Option<PathBuf>,
}

#[derive(Debug)]
struct Current {
    path: PathBuf,
    filter: Filter,
    /// Up to where it goes.
    top: u64,
    /// Everything from here on is written, or on its way to the disk.
    before: u64,
    /// How many were written.
    written: usize,
    /// The page that was asked for.
    asked: Option<PageRequest>,
    /// The disk is ready for a page.
    ready: bool,
    /// It was ready once: a file is being written.
    begun: bool,
    /// Nothing is left to ask for.
    last: bool,
}

impl Exports {
    /// How far it has come, from 0 to 100, and how many results that are.
    pub(crate) fn progress(&self) -> Option<(u64, usize)> {
        let current = self.current.as_ref()?;
        let done =
            if current.last { current.top } else { current.top.saturating_sub(current.before.saturating_sub(1)) };
        Some((done.saturating_mul(100) / current.top.max(1), current.written))
    }

    /// The page under way will not come.
    pub(super) fn lost(&mut self) {
        if let Some(current) = &mut self.current {
            current.asked = None;
        }
    }

    /// Another command was entered, or the question was answered with no. Whether there was one.
    pub(super) fn forget_warning(&mut self) -> bool {
        self.warned.take().is_some()
    }
}

impl App {
    /// Begins an export. Whether the command was understood.
    pub(super) fn export(&mut self, argument: &str, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let warned = self.exports.warned.take();
        let wrong = |app: &mut Self, words: &str| {
            app.notices.show(Gravity::Error, words.to_owned(), now);
            false
        };
        if self.exports.current.is_some() {
            return wrong(self, self.strings.export_busy);
        }
        let name = argument.trim().trim_matches(['"', '\'']);
        let path = PathBuf::from(name);
        let Some(format) = Format::of(&path) else { return wrong(self, self.strings.export_usage) };
        let replace = warned.as_ref() == Some(&path);
        let top = self.whole_feed().newest_known();
        self.exports.current = Some(Current {
            path: path.clone(),
            filter: self.feed.filter.clone(),
            top,
            before: top.saturating_add(1),
            written: 0,
            asked: None,
            ready: false,
            begun: false,
            last: top == 0,
        });
        effects.push(Effect::BeginExport { path, format, replace });
        true
    }

    /// Gives it up. Whether there was one.
    pub(super) fn stop_export(&mut self, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let stopped = self.exports.current.take().is_some();
        if stopped {
            effects.push(Effect::StopExport);
            self.notices.show(Gravity::Info, self.strings.export_stopped.to_owned(), now);
        }
        stopped
    }

    /// Another ledger, or a page that the server refused: what was begun cannot be finished.
    pub(super) fn fail_export(&mut self, why: &str, now: Instant, effects: &mut Vec<Effect>) {
        if let Some(current) = self.exports.current.take() {
            effects.push(Effect::StopExport);
            self.say_export_failed(&current.path, why, now);
        }
    }

    /// The command stands in the line again, to be mended, unless something else is being typed.
    fn give_back(&mut self, path: &std::path::Path) {
        if self.input.is_empty() {
            self.input.set(&format!("/export {}", path.display()));
            self.recheck();
        }
    }

    fn say_export_failed(&mut self, path: &std::path::Path, why: &str, now: Instant) {
        let why = text::printable(why).into_owned();
        let sentence = (self.strings.export_failed)(&self.quoted(path), &why);
        self.notices.show_while_typing(Gravity::Error, sentence, now);
    }

    fn quoted(&self, path: &std::path::Path) -> String {
        let shown = path.to_string_lossy().into_owned();
        text::shorten(&text::printable(&shown), QUOTED, self.glyphs.ellipsis).into_owned()
    }

    /// Where results are being written to, and how many they may become.
    pub(crate) fn exporting(&self) -> Option<(String, usize)> {
        let current = self.exports.current.as_ref().filter(|current| current.begun)?;
        Some((self.quoted(&current.path), usize::try_from(current.top).unwrap_or(usize::MAX)))
    }

    /// Asks for the next page, once the disk is ready for it.
    pub(super) fn settle_export(&mut self, effects: &mut Vec<Effect>) {
        let joined = self.connection.is_joined();
        let Some(current) = &mut self.exports.current else { return };
        if !current.ready || current.asked.is_some() {
            return;
        }
        if current.last {
            current.ready = false;
            effects.push(Effect::EndExport);
        } else if joined {
            let student = current.filter.student.as_ref().map(|whose| whose.id.clone());
            let request = PageRequest { before: Some(current.before), limit: Some(MAX_PAGE), student, after: None };
            current.asked = Some(request.clone());
            effects.push(Effect::Page { owner: PageOwner::Export, request });
        }
    }

    /// A page of history, which may be the one that was asked for.
    pub(super) fn export_page(&mut self, request: &PageRequest, page: &Page, now: Instant, effects: &mut Vec<Effect>) {
        let Some(current) = &mut self.exports.current else { return };
        if current.asked.as_ref() != Some(request) {
            return;
        }
        current.asked = None;
        let wanted = |result: &&SquareResult| result.seq < current.before && current.filter.row(result).is_some();
        let results: Vec<SquareResult> = page.results.iter().filter(wanted).cloned().collect();
        let first = page.results.first().map_or(current.before, |first| first.seq.min(current.before));
        // What is there and was not given is missing: the newest that is known, or anything where there is more.
        let begins_late = current.filter == Filter::default()
            && current.before > current.top
            && page.results.last().is_none_or(|last| last.seq < current.top);
        if begins_late || (page.more && first == current.before) {
            return self.fail_export(self.strings.export_incomplete, now, effects);
        }
        current.last = !page.more;
        current.before = first;
        current.written += results.len();
        if !results.is_empty() {
            current.ready = false;
            effects.push(Effect::ExportPage(results));
        }
    }

    /// What the disk says.
    pub(super) fn export_news(&mut self, news: ExportNews, now: Instant) {
        if news == ExportNews::Ready {
            if let Some(current) = &mut self.exports.current {
                current.ready = true;
                current.begun = true;
            }
            return;
        }
        let Some(Current { path, written, .. }) = self.exports.current.take() else { return };
        match news {
            ExportNews::Done => {
                let sentence = (self.strings.exported)(&text::grouped(written), &self.quoted(&path));
                self.notices.show_while_typing(Gravity::Info, sentence, now);
            }
            ExportNews::Exists => {
                let sentence = (self.strings.export_exists)(&self.quoted(&path));
                self.notices.show_while_typing(Gravity::Warning, sentence, now);
                self.give_back(&path);
                self.exports.warned = Some(path);
            }
            ExportNews::Failed(kind, words) => {
                let why = (self.strings.system)(kind).map_or(words, str::to_owned);
                self.say_export_failed(&path, &why, now);
                self.give_back(&path);
            }
            ExportNews::Ready => {}
        }
    }
}
