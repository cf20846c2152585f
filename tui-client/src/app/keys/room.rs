//! Keys in the room: which go to the input, which scroll, which select, and what Enter means.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::number::Number;

use crate::app::composer::{Check, Edit};
use crate::app::status::{LeaveDecision, Severity};
use crate::app::{App, Copied, Detail, HelpPlace, MainView, Row, commands};
use crate::digits;
use crate::event::Effect;
use crate::keys::{Action, Key, KeyContext};
use crate::link::Command;

impl App {
    pub(in crate::app) fn room_key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let interrupts = key.code == KeyCode::Char('c') && control;
        if self.is_confirming_paste() {
            self.status.notices.typed();
            return self.paste_key(key);
        }
        if interrupts && self.composer.search.is_none() {
            return self.interrupt();
        }
        self.status.leaving.forget_key();
        self.status.notices.typed();
        if self.composer.search.is_some() && self.search_key(key) {
            return;
        }

        let over = !matches!(self.main_view, MainView::Feed);
        let empty = self.composer.input.is_empty();
        match key.code {
            KeyCode::Tab if !empty => return self.complete(1),
            KeyCode::BackTab if !empty => return self.complete(-1),
            _ => self.composer.completion = None,
        }
        match key.code {
            // The line stays, to be given another name.
            KeyCode::Esc if self.reading.exports.forget_warning() => self.status.notices.take_away(),
            KeyCode::Esc if over => self.show(MainView::Feed),
            KeyCode::Esc => {
                if !self.escape_filter() {
                    self.reading.feed.follow_newest();
                }
            }
            KeyCode::Enter => self.enter(),
            KeyCode::Char('j') if control => self.enter(),
            KeyCode::Tab if matches!(self.main_view, MainView::Chart) => self.reading.chart.toggle_pane(),
            KeyCode::Home if empty => self.scroll_body(isize::MIN / 2),
            KeyCode::End if empty && matches!(self.main_view, MainView::Chart) => self.rescale_chart(),
            KeyCode::End if empty => self.scroll_body(isize::MAX / 2),
            KeyCode::Up if over => self.scroll_body(-1),
            KeyCode::Down if over => self.scroll_body(1),
            _ => {
                let place = KeyContext { empty, chart: matches!(self.main_view, MainView::Chart) };
                match self.setup.keymap.action(Key::of(key), place) {
                    Some(action) => self.execute_key(action),
                    None => {
                        let edit = self.composer.input.type_key(key);
                        self.edited(edit);
                    }
                }
            }
        }
    }

    fn execute_key(&mut self, action: Action) {
        match action {
            Action::Leave => self.leave(),
            Action::Help if matches!(self.main_view, MainView::Help(_)) => self.show(MainView::Feed),
            Action::Help => self.show(MainView::Help(HelpPlace::default())),
            Action::Online if matches!(self.main_view, MainView::Online) => self.show(MainView::Feed),
            Action::Online => self.show(MainView::Online),
            Action::FindEarlier => self.find_next(-1),
            Action::FindLater => self.find_next(1),
            Action::Chart if matches!(self.main_view, MainView::Chart) => self.show(MainView::Feed),
            Action::Chart => self.open_chart(),
            Action::CopyNumber => self.copy(Copied::Number),
            Action::CopySquare => self.copy(Copied::Square),
            Action::OnlyStudent => self.filter_selected(),
            Action::PanLeft => self.pan_chart(-1),
            Action::PanRight => self.pan_chart(1),
            Action::ListUp => self.scroll_online(-1),
            Action::ListDown => self.scroll_online(1),
            Action::PageUp => self.scroll_body(-self.page()),
            Action::PageDown => self.scroll_body(self.page()),
            Action::Oldest => self.scroll_body(isize::MIN / 2),
            Action::Newest if matches!(self.main_view, MainView::Chart) => self.rescale_chart(),
            Action::Newest => self.scroll_body(isize::MAX / 2),
            Action::SelectEarlier if !matches!(self.main_view, MainView::Feed) => self.scroll_body(-1),
            Action::SelectLater if !matches!(self.main_view, MainView::Feed) => self.scroll_body(1),
            Action::SelectEarlier => self.reading.feed.select(-1),
            Action::SelectLater => self.reading.feed.select(1),
            Action::HistorySearch => self.search_history(),
            Action::HistoryEarlier | Action::HistoryOldest | Action::HistoryLater | Action::HistoryNewest => {
                if self.composer.call_back(action) {
                    self.recheck();
                }
            }
            action => {
                let edit = self.composer.input.act(action);
                self.edited(edit);
            }
        }
    }

    fn edited(&mut self, edit: Edit) {
        match edit {
            Edit::Changed => self.recheck(),
            Edit::Full => self.say(Severity::Warning, self.strings.too_long),
            Edit::Moved | Edit::NotMine => {}
        }
    }

    /// Checks the input again: its text changed, or the server's limit did.
    pub(in crate::app) fn recheck(&mut self) {
        let max_digits = self.status.connection.max_digits();
        let (check, number) = Check::and_number(self.composer.input.text(), max_digits);
        self.composer.check = check;
        let newest = || self.reading.feed.rows().next_back().map(Row::seq);
        let before = self.composer.newest_before.or_else(newest);
        self.composer.newest_before = before.filter(|_| !self.composer.input.is_empty());
        self.composer.read_as = number.map(|number| digits::grouped(&number.to_string()).into_owned());
    }

    /// The same where the limit may be another than before; what was entered and found wrong stays so.
    pub(in crate::app) fn recheck_if_undecided(&mut self) {
        let before = self.composer.check;
        self.recheck();
        if self.composer.check.entered() == before {
            self.composer.check = before;
        }
    }

    /// Puts another text in the input.
    pub(in crate::app) fn set_input(&mut self, text: &str) {
        self.composer.input.set(text);
        self.recheck();
    }

    pub(in crate::app) fn enter(&mut self) {
        let typed = self.composer.input.text();
        if typed.trim().is_empty() {
            self.composer.input.take();
            self.recheck();
            if let (MainView::Online, Some(person)) = (&self.main_view, self.people.online.cursor()) {
                let id = person.id.clone();
                self.filter_person(&id);
            } else if !matches!(self.main_view, MainView::Feed) {
                self.show(MainView::Feed);
            } else if let Some(row) = self.reading.feed.selected() {
                self.main_view = MainView::Detail(Detail::new(row.clone()));
            } else {
                self.reconnect();
            }
            return;
        }
        if commands::is_command(typed) {
            // What was said before is about something else by now.
            self.status.notices.take_away();
            return self.command();
        }
        if self.has_pin(typed) {
            // It does not stay on the screen either.
            self.composer.input.take();
            self.recheck();
            return self.withhold();
        }
        match Number::parse(typed, self.status.connection.max_digits()) {
            Ok(_) if self.must_wait() => self.composer.refusals += 1,
            Ok(number) => {
                self.status.notices.take_away();
                self.ask_link(Command::Square(number.to_string()));
                self.reading.exports.forget_warning();
                self.entered();
                self.status.leaving.forget();
                self.show_what_was_sent();
            }
            Err(_) => {
                // What was wrong with what was entered before is not what is wrong with this.
                self.status.notices.make_way();
                self.composer.check = self.composer.check.entered();
                self.composer.refusals += 1;
            }
        }
    }

    /// Whether nothing may be squared yet, which is said: a server may still ask for a PIN, and what is typed may be
    /// one.
    pub(in crate::app) fn must_wait(&mut self) -> bool {
        let waits = self.status.connection.hello.is_none();
        if waits {
            self.say(Severity::Warning, self.strings.wait_for_server);
        }
        waits
    }

    /// What was to be squared is the PIN in use, which everybody would see.
    pub(in crate::app) fn withhold(&mut self) {
        self.composer.refusals += 1;
        self.say_while_typing(Severity::Error, self.strings.pin_withheld);
    }

    /// The input was taken as a whole.
    pub(in crate::app) fn entered(&mut self) {
        let line = self.composer.input.take();
        self.note(line.trim());
        self.recheck();
    }

    /// Ctrl-C: clears the input, and asks; a second one leaves. An export is stopped before.
    fn interrupt(&mut self) {
        if !self.composer.input.is_empty() {
            let line = self.composer.input.text().trim().to_owned();
            // What was cleared by mistake is called back with Up, or undone.
            self.composer.input.set("");
            self.note(&line);
            self.status.leaving.forget_key();
            self.status.notices.typed();
            self.recheck();
            if self.reading.exports.forget_warning() {
                // It was the answer to a question.
                return self.status.notices.take_away();
            }
            if self.reading.exports.progress().is_some() {
                return;
            }
        } else if self.stop_export() {
            return;
        }
        match self.status.leaving.key(self.others_hosted(), self.now) {
            LeaveDecision::Leave => self.effects.push(Effect::Quit),
            LeaveDecision::Ask => self.say(Severity::Warning, self.strings.press_again),
            LeaveDecision::Warn(others) => self.say(Severity::Warning, (self.strings.host_leaves_again)(others)),
        }
    }
}
