//! Keys and pasted text in the room: which go to the input, which scroll, which select, and what Enter means.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::number::Number;

use super::check::Check;
use super::commands;
use super::connection::State;
use super::input::Edit;
use super::leave::Answer;
use super::notices::Gravity;
use super::{App, Body, Copied, Detail, head_lines, help, layout, list_lines};
use crate::event::Effect;
use crate::text;

/// The most lines of one paste. More are a file, and belong to plain mode.
const MOST_PASTED: usize = 1_000;

/// The most of a text that is quoted in a notice, in cells.
const QUOTED: usize = 24;

impl App {
    pub(super) fn room_key(&mut self, key: KeyEvent, now: Instant, effects: &mut Vec<Effect>) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let modified = !key.modifiers.is_empty();
        let empty = self.input.is_empty();
        if key.code == KeyCode::Char('c') && control {
            return self.interrupt(now, effects);
        }
        self.leaving.forget_key();
        self.notices.typed();

        let over = !matches!(self.body, Body::Feed);
        match key.code {
            KeyCode::Tab if !empty => return self.complete(1),
            KeyCode::BackTab if !empty => return self.complete(-1),
            _ => self.completion = None,
        }
        match key.code {
            KeyCode::Char('d') if control && empty => self.leave(now, effects),
            KeyCode::F(1) => self.show(if matches!(self.body, Body::Help(_)) { Body::Feed } else { Body::Help(0) }),
            KeyCode::F(2) => self.show(if matches!(self.body, Body::Online) { Body::Feed } else { Body::Online }),
            KeyCode::F(3) => self.find_next(-1, now),
            KeyCode::F(4) => self.find_next(1, now),
            KeyCode::F(6) => self.toggle_chart(),
            KeyCode::F(7) => self.copy(Copied::Number, now, effects),
            KeyCode::F(8) => self.copy(Copied::Square, now, effects),
            KeyCode::F(9) => self.filter_selected(now),
            KeyCode::Tab if empty && matches!(self.body, Body::Chart) => self.turn_chart(),
            KeyCode::Left if modified && matches!(self.body, Body::Chart) => self.chart.pan(-1),
            KeyCode::Right if modified && matches!(self.body, Body::Chart) => self.chart.pan(1),
            KeyCode::Esc if over => self.show(Body::Feed),
            KeyCode::Esc => {
                if !self.escape_filter() {
                    self.feed.follow_newest();
                }
            }
            KeyCode::Enter => self.enter(now, effects),

            KeyCode::PageUp if alt => self.scroll_online(-1),
            KeyCode::PageDown if alt => self.scroll_online(1),
            KeyCode::PageUp => self.scroll_body(-self.page()),
            KeyCode::PageDown => self.scroll_body(self.page()),
            KeyCode::Home if control || empty => self.scroll_body(isize::MIN / 2),
            KeyCode::End if control || empty => self.scroll_body(isize::MAX / 2),
            KeyCode::Up if over => self.scroll_body(-1),
            KeyCode::Down if over => self.scroll_body(1),
            KeyCode::Up if modified => self.feed.select(-1),
            KeyCode::Down if modified => self.feed.select(1),
            KeyCode::Up => {
                if let Some(line) = self.recall.earlier(self.input.text()) {
                    self.input.set(line);
                    self.recheck();
                }
            }
            KeyCode::Down => {
                if let Some(line) = self.recall.later() {
                    self.input.set(line);
                    self.recheck();
                }
            }
            _ => match self.input.key(key) {
                Edit::Changed => self.recheck(),
                Edit::Full => self.notices.show(Gravity::Warning, self.strings.too_long.to_owned(), now),
                Edit::Moved | Edit::NotMine => {}
            },
        }
    }

    /// Pasted text: one line is typed; of several, each is squared by itself, and the first that is no number is put
    /// into the input, where what is wrong with it can be mended.
    pub(super) fn paste(&mut self, pasted: &str, now: Instant, effects: &mut Vec<Effect>) {
        self.leaving.forget_key();
        self.notices.typed();
        let mut lines = pasted.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        let (Some(first), second) = (lines.next(), lines.next()) else { return };
        let Some(second) = second else {
            match self.input.insert(first) {
                Edit::Full => self.notices.show(Gravity::Warning, self.strings.too_long.to_owned(), now),
                _ => self.recheck(),
            }
            return;
        };
        let lines: Vec<&str> = [first, second].into_iter().chain(lines).take(MOST_PASTED + 1).collect();
        if lines.len() > MOST_PASTED {
            let sentence = (self.strings.pasted_too_many)(&text::grouped(MOST_PASTED));
            return self.notices.show(Gravity::Warning, sentence, now);
        }
        let (mut good, mut bad) = (0, 0);
        let mut first_bad = None;
        for line in lines {
            match Number::parse(line, self.connection.max_digits()) {
                Ok(number) => {
                    effects.push(Effect::Square { number: number.to_string() });
                    self.recall.entered(line);
                    good += 1;
                }
                Err(_) => {
                    first_bad.get_or_insert(line);
                    bad += 1;
                }
            }
        }
        let sentence = match first_bad {
            Some(line) if !self.input.is_empty() => {
                (self.strings.pasted_bad)(good, &text::shorten(&text::printable(line), QUOTED, self.glyphs.ellipsis))
            }
            Some(line) => {
                let taken = self.input.insert(line);
                self.recheck();
                if taken == Edit::Full { self.strings.too_long.to_owned() } else { (self.strings.pasted)(good, bad) }
            }
            None => (self.strings.pasted)(good, bad),
        };
        self.notices.show(if bad > 0 { Gravity::Warning } else { Gravity::Info }, sentence, now);
        if good > 0 {
            self.show_what_was_sent();
        }
    }

    /// Judges the input anew: its text is another, or the server's limit is.
    pub(super) fn recheck(&mut self) {
        self.check = Check::of(self.input.text(), self.connection.max_digits());
    }

    /// Scrolls whatever fills the middle.
    pub(super) fn scroll_body(&mut self, lines: isize) {
        let parts = layout(self.size.0, self.size.1);
        let (cells, height) = (usize::from(parts.body.width), usize::from(parts.body.height));
        match &mut self.body {
            Body::Feed if lines > isize::MAX / 4 => self.feed.follow_newest(),
            Body::Feed if lines < isize::MIN / 4 => {
                if self.connection.is_joined() {
                    self.feed.go_to_beginning();
                }
                self.feed.show_oldest();
            }
            Body::Feed => self.feed.scroll(lines),
            Body::Help(scrolled) => {
                let most = help(self.strings, cells).len().saturating_sub(height);
                *scrolled = (*scrolled).min(most).saturating_add_signed(lines).min(most);
            }
            Body::Detail(detail) => {
                let head = usize::from(head_lines(parts.body.height));
                detail.scroll(lines, cells, height.saturating_sub(head));
            }
            Body::Online => self.online.move_cursor(lines, list_lines(parts.body.height)),
            Body::Chart if lines < isize::MIN / 4 => self.chart.fit(),
            Body::Chart if lines > isize::MAX / 4 => self.rescale_chart(),
            Body::Chart => self.chart.zoom(if lines < 0 { 1 } else { -1 }),
        }
    }

    fn scroll_online(&mut self, pages: isize) {
        let lines = list_lines(layout(self.size.0, self.size.1).body.height);
        self.online.scroll(pages * isize::try_from(lines.max(2) - 1).unwrap_or(1), lines);
    }

    /// A page keeps one line in sight.
    fn page(&self) -> isize {
        let height = layout(self.size.0, self.size.1).body.height;
        isize::try_from(height.max(2) - 1).unwrap_or(1)
    }

    pub(super) fn show(&mut self, body: Body) {
        if matches!(body, Body::Online) {
            self.online.start_at(&self.me.id);
        }
        if matches!(self.body, Body::Feed) && !matches!(body, Body::Feed) {
            self.feed.stop_reading();
        }
        self.body = body;
    }

    fn enter(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let typed = self.input.text();
        if typed.trim().is_empty() {
            self.input.take();
            self.recheck();
            if let (Body::Online, Some(person)) = (&self.body, self.online.cursor()) {
                let id = person.id.clone();
                self.filter_person(&id);
            } else if !matches!(self.body, Body::Feed) {
                self.show(Body::Feed);
            } else if let Some(row) = self.feed.selected() {
                self.body = Body::Detail(Detail::new(row.clone()));
            } else if matches!(self.connection.state, State::Lost { .. }) {
                effects.push(Effect::ReconnectNow);
            }
            return;
        }
        if commands::is_command(typed) {
            return self.command(now, effects);
        }
        match Number::parse(typed, self.connection.max_digits()) {
            Ok(number) => {
                effects.push(Effect::Square { number: number.to_string() });
                self.entered();
                self.leaving.forget();
                self.show_what_was_sent();
            }
            Err(_) => self.check = self.check.entered(),
        }
    }

    /// The input was taken as a whole.
    pub(super) fn entered(&mut self) {
        let line = self.input.take();
        self.recall.entered(line.trim());
        self.recheck();
    }

    pub(super) fn leave(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self.leaving.command(self.others_hosted(), now) {
            Answer::Warn(others) => {
                self.notices.show_while_typing(Gravity::Warning, (self.strings.host_leaves)(others), now);
            }
            Answer::Leave | Answer::Ask => effects.push(Effect::Quit),
        }
    }

    /// Ctrl-C: clears the input, then asks, then leaves.
    fn interrupt(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if !self.input.is_empty() {
            let line = self.input.take();
            self.recall.entered(line.trim());
            self.leaving.forget_key();
            self.notices.typed();
            return self.recheck();
        }
        match self.leaving.key(self.others_hosted(), now) {
            Answer::Leave => effects.push(Effect::Quit),
            Answer::Ask => self.notices.show(Gravity::Warning, self.strings.press_again.to_owned(), now),
            Answer::Warn(others) => {
                self.notices.show(Gravity::Warning, (self.strings.host_leaves_again)(others), now);
            }
        }
    }

    /// Ctrl-Z. A host that is stopped keeps its address and answers nobody, so it is asked first.
    pub(super) fn suspend(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self.leaving.stop(self.others_hosted(), now) {
            Answer::Warn(others) => {
                self.notices.show_while_typing(Gravity::Warning, (self.strings.host_stops)(others), now);
            }
            Answer::Leave | Answer::Ask => effects.push(Effect::Suspend),
        }
    }

    /// How many others lose their server for a moment if I leave.
    fn others_hosted(&self) -> usize {
        if self.connection.hosting { self.online.others(&self.me.id) } else { 0 }
    }
}
