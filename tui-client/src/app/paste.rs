//! Pasted text: one line is typed; of several, each is judged, and whether to square them is asked.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::number::Number;

use super::input::Edit;
use super::notices::Gravity;
use super::{App, Body, Check, Screen};
use crate::event::Effect;
use crate::keys::{Action, Key, KeyContext};
use crate::text;

/// The most lines of one paste. More are a file, and belong to plain mode.
const MOST_PASTED: usize = 1_000;

/// A pasted line, and what is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Which line it was, from 1.
    pub(crate) line: usize,
    /// As it was pasted; a number in canonical form.
    pub(crate) text: String,
    /// Why it is not a number; nothing where it is one.
    pub(crate) fault: Option<Check>,
}

/// Several lines that were pasted.
#[derive(Debug, Default)]
pub(crate) struct Pasted {
    /// Those that are not numbers first, each kind in its order.
    lines: Vec<Judged>,
    bad: usize,
    scroll: usize,
}

impl Pasted {
    pub(crate) fn lines(&self) -> &[Judged] {
        &self.lines
    }

    /// The first line in sight.
    pub(crate) fn scrolled(&self, height: usize) -> usize {
        self.scroll.min(self.lines.len().saturating_sub(height))
    }

    /// How many lines are numbers, and how many are not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.lines.len() - self.bad, self.bad)
    }

    pub(super) fn scroll(&mut self, by: isize, height: usize) {
        let most = self.lines.len().saturating_sub(height);
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }

    fn add(&mut self, lines: &[&str], max_digits: usize) {
        for line in lines {
            let number = self.lines.len() + 1;
            match Number::parse(line, max_digits) {
                Ok(read) => self.lines.push(Judged { line: number, text: read.to_string(), fault: None }),
                Err(_) => {
                    let fault = Some(Check::of(line, max_digits).entered());
                    let judged = Judged { line: number, text: (*line).to_owned(), fault };
                    self.lines.insert(self.bad, judged);
                    self.bad += 1;
                }
            }
        }
    }
}

impl App {
    /// Pasted text. One line is typed, silently: it is how some terminals commit what an input method composed.
    pub(super) fn paste(&mut self, pasted: &str, now: Instant) {
        self.leaving.forget_key();
        self.notices.typed();
        let mut lines: Vec<&str> = pasted.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        let asked = matches!(self.body, Body::Paste(_));
        if lines.len() == 1 && !asked {
            if self.search.is_some() {
                return self.search_paste(lines[0]);
            }
            match self.input.insert(lines[0]) {
                Edit::Full => self.notices.show(Gravity::Warning, self.strings.too_long.to_owned(), now),
                _ => self.recheck(),
            }
            return;
        }
        self.search = None;
        // A terminal may give one paste in pieces: they are one question.
        let mut question = match std::mem::replace(&mut self.body, Body::Feed) {
            Body::Paste(question) => question,
            body => {
                self.body = body;
                Pasted::default()
            }
        };
        let most = MOST_PASTED.saturating_sub(question.lines.len());
        if lines.len() > most {
            let sentence = (self.strings.pasted_too_many)(&text::grouped(MOST_PASTED));
            self.notices.show(Gravity::Warning, sentence, now);
            if !asked {
                return;
            }
            lines.truncate(most);
        }
        question.add(&lines, self.connection.max_digits());
        self.show(Body::Paste(question));
    }

    /// What a key does while it is asked whether to square what was pasted. Nothing that is typed goes into the line
    /// meanwhile.
    pub(super) fn paste_key(&mut self, key: KeyEvent, now: Instant, effects: &mut Vec<Effect>) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let height = isize::try_from(self.pasted_height()).unwrap_or(1).max(2) - 1;
        let action = self.keymap.action(Key::of(key), KeyContext { empty: true, chart: false });
        match (key.code, action) {
            (KeyCode::Esc, _) => self.show(Body::Feed),
            (KeyCode::Char('c' | 'g'), _) if control => self.show(Body::Feed),
            (KeyCode::Enter, _) => self.square_pasted(now, effects),
            (KeyCode::Up, _) => self.scroll_body(-1),
            (KeyCode::Down, _) => self.scroll_body(1),
            (KeyCode::Home, _) => self.scroll_body(isize::MIN / 2),
            (KeyCode::End, _) => self.scroll_body(isize::MAX / 2),
            (_, Some(Action::PageUp)) => self.scroll_body(-height),
            (_, Some(Action::PageDown)) => self.scroll_body(height),
            _ => {}
        }
    }

    fn square_pasted(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.must_wait(now) {
            return;
        }
        let Body::Paste(question) = std::mem::replace(&mut self.body, Body::Feed) else { return };
        let (good, _) = question.counts();
        for judged in question.lines.into_iter().filter(|judged| judged.fault.is_none()) {
            if self.has_pin(&judged.text) {
                self.withhold(now);
                continue;
            }
            self.note(&judged.text, effects);
            effects.push(Effect::Square { number: judged.text });
        }
        if good > 0 {
            self.leaving.forget();
            self.show_what_was_sent();
        }
    }

    /// The lines that are left for what was pasted, below the question.
    pub(super) fn pasted_height(&self) -> usize {
        usize::from(self.layout().body.height.saturating_sub(1))
    }

    /// The server's limit may be another than it was when lines were judged.
    pub(super) fn judge_pasted_anew(&mut self) {
        let max_digits = self.connection.max_digits();
        if let Body::Paste(question) = &mut self.body {
            let mut judged = std::mem::take(&mut question.lines);
            judged.sort_by_key(|judged| judged.line);
            let texts: Vec<&str> = judged.iter().map(|judged| judged.text.as_str()).collect();
            question.bad = 0;
            question.add(&texts, max_digits);
        }
    }

    /// Whether nothing is to be typed into the line just now.
    pub(crate) fn is_asking(&self) -> bool {
        self.screen == Screen::Room && matches!(self.body, Body::Paste(_))
    }
}
