//! Pasted text, by bracketed paste or as a burst of keys: one line is typed; before several are squared, each is judged
//! and the user is asked for confirmation (the paste question).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::number::Number;

use super::{Check, Edit};
use crate::app::status::Severity;
use crate::app::{App, MainView, Screen};
use crate::link::Command;
use crate::text;

/// The most lines of one paste. More are a file, and belong to plain mode.
const MAX_PASTED_LINES: usize = 1_000;

/// A pasted line, and what is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PastedLine {
    /// Which line it was, from 1.
    pub(crate) line: usize,
    /// As it was pasted; a number in canonical form.
    pub(crate) text: String,
    /// Why it is not a number; nothing where it is one.
    pub(crate) fault: Option<Check>,
}

#[derive(Debug, Default)]
pub(crate) struct Pasted {
    /// Those that are not numbers first, each kind in its order.
    lines: Vec<PastedLine>,
    bad: usize,
    scroll: usize,
}

impl Pasted {
    pub(crate) fn lines(&self) -> &[PastedLine] {
        &self.lines
    }

    /// The first visible line.
    pub(crate) fn scrolled(&self, height: usize) -> usize {
        self.scroll.min(self.lines.len().saturating_sub(height))
    }

    /// How many lines are numbers, and how many are not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.lines.len() - self.bad, self.bad)
    }

    pub(in crate::app) fn scroll(&mut self, by: isize, height: usize) {
        let most = self.lines.len().saturating_sub(height);
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }

    fn add(&mut self, lines: &[&str], max_digits: usize) {
        for line in lines {
            let number = self.lines.len() + 1;
            match Number::parse(line, max_digits) {
                Ok(read) => self.lines.push(PastedLine { line: number, text: read.to_string(), fault: None }),
                Err(_) => {
                    let fault = Some(Check::of(line, max_digits).entered());
                    let judged = PastedLine { line: number, text: (*line).to_owned(), fault };
                    self.lines.insert(self.bad, judged);
                    self.bad += 1;
                }
            }
        }
    }
}

impl App {
    /// Pasted text. One line is typed, silently: it is how some terminals commit what an input method composed.
    pub(in crate::app) fn paste(&mut self, pasted: &str) {
        self.status.leaving.forget_key();
        self.status.notices.typed();
        let mut lines: Vec<&str> = pasted.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        let asked = matches!(self.main_view, MainView::Paste(_));
        if lines.len() == 1 && !asked {
            if self.composer.search.is_some() {
                return self.search_paste(lines[0]);
            }
            match self.composer.input.insert(lines[0]) {
                Edit::Full => self.say(Severity::Warning, self.strings.too_long),
                _ => self.recheck(),
            }
            return;
        }
        self.composer.search = None;
        // A terminal may give one paste in pieces: they are one question.
        let mut question = match std::mem::replace(&mut self.main_view, MainView::Feed) {
            MainView::Paste(question) => question,
            body => {
                self.main_view = body;
                Pasted::default()
            }
        };
        let most = MAX_PASTED_LINES.saturating_sub(question.lines.len());
        if lines.len() > most {
            let sentence = (self.strings.pasted_too_many)(&text::grouped(MAX_PASTED_LINES));
            self.say(Severity::Warning, sentence);
            if !asked {
                return;
            }
            lines.truncate(most);
        }
        question.add(&lines, self.status.connection.max_digits());
        self.show(MainView::Paste(question));
    }

    /// What a key does while it is asked whether to square what was pasted. Nothing that is typed goes into the line
    /// meanwhile.
    pub(in crate::app) fn paste_key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => self.show(MainView::Feed),
            KeyCode::Char('c' | 'g') if control => self.show(MainView::Feed),
            KeyCode::Enter => self.square_pasted(),
            // The question stands above the lines.
            _ => drop(self.scroll_key(key, (self.page() - 1).max(1))),
        }
    }

    fn square_pasted(&mut self) {
        if self.must_wait() {
            return;
        }
        let MainView::Paste(question) = std::mem::replace(&mut self.main_view, MainView::Feed) else { return };
        let (good, _) = question.counts();
        for judged in question.lines.into_iter().filter(|judged| judged.fault.is_none()) {
            if self.has_pin(&judged.text) {
                self.withhold();
                continue;
            }
            self.note(&judged.text);
            self.ask_link(Command::Square(judged.text));
        }
        if good > 0 {
            self.status.leaving.forget();
            self.show_what_was_sent();
        }
    }

    /// The server's limit may be another than it was when lines were judged.
    pub(in crate::app) fn judge_pasted_again(&mut self) {
        let max_digits = self.status.connection.max_digits();
        if let MainView::Paste(question) = &mut self.main_view {
            let mut judged = std::mem::take(&mut question.lines);
            judged.sort_by_key(|judged| judged.line);
            let texts: Vec<&str> = judged.iter().map(|judged| judged.text.as_str()).collect();
            question.bad = 0;
            question.add(&texts, max_digits);
        }
    }

    /// Whether nothing is to be typed into the line just now.
    pub(crate) fn is_confirming_paste(&self) -> bool {
        self.screen == Screen::Room && matches!(self.main_view, MainView::Paste(_))
    }
}
