//! Keys in the room: which go to the input, which scroll, which select, and what Enter means.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::number::Number;

use super::check::Check;
use super::commands;
use super::connection::State;
use super::input::Edit;
use super::leave::Answer;
use super::notices::Gravity;
use super::{App, Body, Copied, Detail, head_lines, help, list_lines};
use crate::event::Effect;
use crate::keys::{Action, Key, KeyContext};

impl App {
    pub(super) fn room_key(&mut self, key: KeyEvent, now: Instant, effects: &mut Vec<Effect>) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let interrupts = key.code == KeyCode::Char('c') && control;
        if self.is_asking() {
            self.notices.typed();
            return self.paste_key(key, now, effects);
        }
        if interrupts && self.search.is_none() {
            return self.interrupt(now, effects);
        }
        self.leaving.forget_key();
        self.notices.typed();
        if self.search.is_some() && self.search_key(key, now, effects) {
            return;
        }

        let over = !matches!(self.body, Body::Feed);
        let empty = self.input.is_empty();
        match key.code {
            KeyCode::Tab if !empty => return self.complete(1),
            KeyCode::BackTab if !empty => return self.complete(-1),
            _ => self.completion = None,
        }
        match key.code {
            // The line stays, to be given another name.
            KeyCode::Esc if self.exports.forget_warning() => self.notices.take_away(),
            KeyCode::Esc if over => self.show(Body::Feed),
            KeyCode::Esc => {
                if !self.escape_filter() {
                    self.feed.follow_newest();
                }
            }
            KeyCode::Enter => self.enter(now, effects),
            KeyCode::Char('j') if control => self.enter(now, effects),
            KeyCode::Tab if matches!(self.body, Body::Chart) => self.turn_chart(),
            KeyCode::Home if empty => self.scroll_body(isize::MIN / 2),
            KeyCode::End if empty && matches!(self.body, Body::Chart) => self.rescale_chart(now),
            KeyCode::End if empty => self.scroll_body(isize::MAX / 2),
            KeyCode::Up if over => self.scroll_body(-1),
            KeyCode::Down if over => self.scroll_body(1),
            _ => {
                let place = KeyContext { empty, chart: matches!(self.body, Body::Chart) };
                match self.keymap.action(Key::of(key), place) {
                    Some(action) => self.carry_out_key(action, now, effects),
                    None => {
                        let edit = self.input.type_key(key);
                        self.edited(edit, now);
                    }
                }
            }
        }
    }

    fn carry_out_key(&mut self, action: Action, now: Instant, effects: &mut Vec<Effect>) {
        match action {
            Action::Leave => self.leave(now, effects),
            Action::Help => self.show(if matches!(self.body, Body::Help(_)) { Body::Feed } else { Body::Help(0) }),
            Action::Online => self.show(if matches!(self.body, Body::Online) { Body::Feed } else { Body::Online }),
            Action::FindEarlier => self.find_next(-1, now),
            Action::FindLater => self.find_next(1, now),
            Action::Chart => self.toggle_chart(),
            Action::CopyNumber => self.copy(Copied::Number, now, effects),
            Action::CopySquare => self.copy(Copied::Square, now, effects),
            Action::OnlyStudent => self.filter_selected(now),
            Action::PanLeft => self.pan_chart(-1, now),
            Action::PanRight => self.pan_chart(1, now),
            Action::ListUp => self.scroll_online(-1),
            Action::ListDown => self.scroll_online(1),
            Action::PageUp => self.scroll_body(-self.page()),
            Action::PageDown => self.scroll_body(self.page()),
            Action::Oldest => self.scroll_body(isize::MIN / 2),
            Action::Newest if matches!(self.body, Body::Chart) => self.rescale_chart(now),
            Action::Newest => self.scroll_body(isize::MAX / 2),
            Action::SelectEarlier if !matches!(self.body, Body::Feed) => self.scroll_body(-1),
            Action::SelectLater if !matches!(self.body, Body::Feed) => self.scroll_body(1),
            Action::SelectEarlier => self.feed.select(-1),
            Action::SelectLater => self.feed.select(1),
            Action::HistorySearch => self.search_history(),
            Action::HistoryEarlier => {
                let line = self.recall.earlier(self.input.text()).map(str::to_owned);
                self.call_back(line);
            }
            Action::HistoryOldest => {
                let line = self.recall.oldest(self.input.text()).map(str::to_owned);
                self.call_back(line);
            }
            Action::HistoryLater => {
                let line = self.recall.later().map(str::to_owned);
                self.call_back(line);
            }
            Action::HistoryNewest => {
                let line = self.recall.newest().map(str::to_owned);
                self.call_back(line);
            }
            action => {
                let edit = self.input.act(action);
                self.edited(edit, now);
            }
        }
    }

    fn call_back(&mut self, line: Option<String>) {
        if let Some(line) = line {
            self.input.set(&line);
            self.recheck();
        }
    }

    fn edited(&mut self, edit: Edit, now: Instant) {
        match edit {
            Edit::Changed => self.recheck(),
            Edit::Full => self.notices.show(Gravity::Warning, self.strings.too_long.to_owned(), now),
            Edit::Moved | Edit::NotMine => {}
        }
    }

    /// Judges the input anew: its text is another, or the server's limit is.
    pub(super) fn recheck(&mut self) {
        self.check = Check::of(self.input.text(), self.connection.max_digits());
    }

    /// Scrolls whatever fills the middle.
    pub(super) fn scroll_body(&mut self, lines: isize) {
        let parts = self.layout();
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
                let most =
                    help(self.strings, &self.keymap, self.ascii, self.screen, cells).len().saturating_sub(height);
                *scrolled = (*scrolled).min(most).saturating_add_signed(lines).min(most);
            }
            Body::Detail(detail) => {
                let head = usize::from(head_lines(parts.body.height));
                detail.scroll(lines, cells, height.saturating_sub(head));
            }
            Body::Paste(question) => question.scroll(lines, height.saturating_sub(1)),
            Body::Online => self.online.move_cursor(lines, list_lines(parts.body.height)),
            Body::Chart if lines < isize::MIN / 4 => self.chart.fit(),
            Body::Chart => self.chart.zoom(if lines < 0 { 1 } else { -1 }),
        }
    }

    /// Whether what fills the middle goes on below what is in sight.
    pub(crate) fn goes_on_below(&self) -> bool {
        let body = self.layout().body;
        let (cells, height) = (usize::from(body.width), usize::from(body.height));
        match &self.body {
            Body::Help(scrolled) => {
                help(self.strings, &self.keymap, self.ascii, self.screen, cells).len() > scrolled.saturating_add(height)
            }
            Body::Detail(detail) => detail.line(height.saturating_sub(head_lines(body.height).into()), cells).is_some(),
            Body::Paste(question) => {
                let height = height.saturating_sub(1);
                question.lines().len() > question.scrolled(height) + height
            }
            Body::Feed | Body::Online | Body::Chart => false,
        }
    }

    fn scroll_online(&mut self, pages: isize) {
        let lines = list_lines(self.layout().body.height);
        self.online.scroll(pages * isize::try_from(lines.max(2) - 1).unwrap_or(1), lines);
    }

    /// A page keeps one line in sight.
    pub(super) fn page(&self) -> isize {
        let height = self.layout().body.height;
        isize::try_from(height.max(2) - 1).unwrap_or(1)
    }

    pub(super) fn show(&mut self, body: Body) {
        if matches!(body, Body::Online) {
            self.online.start_at(&self.me.id);
            // However far the list was scrolled, who is chosen is seen.
            self.online.move_cursor(0, list_lines(self.layout().body.height));
        }
        if matches!(self.body, Body::Feed) && !matches!(body, Body::Feed) {
            self.feed.stop_reading();
        }
        self.body = body;
    }

    pub(super) fn enter(&mut self, now: Instant, effects: &mut Vec<Effect>) {
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
            // What was said before is about something else by now.
            self.notices.take_away();
            return self.command(now, effects);
        }
        if self.has_pin(typed) {
            // It does not stay on the screen either.
            self.input.take();
            self.recheck();
            return self.withhold(now);
        }
        match Number::parse(typed, self.connection.max_digits()) {
            Ok(_) if self.must_wait(now) => self.refusals += 1,
            Ok(number) => {
                self.notices.take_away();
                effects.push(Effect::Square { number: number.to_string() });
                self.exports.forget_warning();
                self.entered(effects);
                self.leaving.forget();
                self.show_what_was_sent();
            }
            Err(_) => {
                // What was wrong with what was entered before is not what is wrong with this.
                self.notices.make_way();
                self.check = self.check.entered();
                self.refusals += 1;
            }
        }
    }

    /// Whether nothing may be squared yet, which is said: a server may still ask for a PIN, and what is typed may be
    /// one.
    pub(super) fn must_wait(&mut self, now: Instant) -> bool {
        let waits = self.connection.hello.is_none();
        if waits {
            self.notices.show(Gravity::Warning, self.strings.wait_for_server.to_owned(), now);
        }
        waits
    }

    /// What was to be squared is the PIN in use, which everybody would see.
    pub(super) fn withhold(&mut self, now: Instant) {
        self.refusals += 1;
        self.notices.show_while_typing(Gravity::Error, self.strings.pin_withheld.to_owned(), now);
    }

    /// The input was taken as a whole.
    pub(super) fn entered(&mut self, effects: &mut Vec<Effect>) {
        let line = self.input.take();
        self.note(line.trim(), effects);
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

    /// Ctrl-C: clears the input, and asks; a second one leaves. An export is stopped before.
    fn interrupt(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if !self.input.is_empty() {
            let line = self.input.text().trim().to_owned();
            // What was cleared by mistake is called back with Up, or undone.
            self.input.set("");
            self.note(&line, effects);
            self.leaving.forget_key();
            self.notices.typed();
            self.recheck();
            if self.exports.forget_warning() {
                // It was the answer to a question.
                return self.notices.take_away();
            }
            if self.exports.progress().is_some() {
                return;
            }
        } else if self.stop_export(now, effects) {
            return;
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
                let key = self.keymap.name(Action::Suspend, self.strings.lang).unwrap_or_default();
                self.notices.show_while_typing(Gravity::Warning, (self.strings.host_stops)(others, &key), now);
            }
            Answer::Leave | Answer::Ask => effects.push(Effect::Suspend),
        }
    }

    /// How many others lose their server for a moment if I leave.
    fn others_hosted(&self) -> usize {
        if self.connection.hosting { self.online.others(&self.me.id) } else { 0 }
    }
}
