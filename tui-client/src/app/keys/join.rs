//! What the keys of the join screen do: help, leaving, and the form, which is read and sent.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::message::Auth;

use crate::address::read_servers;
use crate::app::join_form::FormOutcome;
use crate::app::people::Me;
use crate::app::{App, Field, HelpPlace, MainView, commands};
use crate::event::{Effect, Pin};
use crate::keys::{Action, Key, KeyContext};
use crate::link::Command;

impl App {
    /// What a key does to help on the join screen. Whether that was all; otherwise help is closed, and the key is the
    /// form's.
    fn join_help_key(&mut self, key: KeyEvent) -> bool {
        let action = self.setup.keymap.action(Key::of(key), KeyContext { empty: true, chart: false });
        if !matches!(self.main_view, MainView::Help(_)) {
            if action == Some(Action::Help) {
                self.main_view = MainView::Help(HelpPlace::default());
            }
            return action == Some(Action::Help);
        }
        if self.scroll_key(key, self.page()) {
            return true;
        }
        self.main_view = MainView::Feed;
        key.code == KeyCode::Esc || action == Some(Action::Help)
    }

    pub(in crate::app) fn join_key(&mut self, key: KeyEvent) {
        if self.join_help_key(key) {
            return;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let empty = self.form.line(self.form.focus).is_empty();
        match key.code {
            KeyCode::Char('c') if control => self.effects.push(Effect::Quit),
            _ if self.setup.keymap.action(Key::of(key), KeyContext { empty, chart: false }) == Some(Action::Leave) => {
                self.effects.push(Effect::Quit);
            }
            _ => {
                let before = self.form.focus;
                match self.form.key(key, &self.setup.keymap, self.status.connection.auth()) {
                    // Somebody who was taken back to the form may not have noticed, and types /exit here.
                    FormOutcome::Submit if commands::leaves(self.form.line(before).text()) => {
                        self.effects.push(Effect::Quit);
                    }
                    FormOutcome::Submit => self.submit_form(),
                    FormOutcome::Changed if before == Field::Server && self.form.focus != before => {
                        if !self.use_chosen_server() {
                            self.composer.refusals += 1;
                        }
                    }
                    FormOutcome::Changed | FormOutcome::NotMine => {}
                }
            }
        }
    }

    /// Uses the server in the form, if it is another. Whether it can be one.
    fn use_chosen_server(&mut self) -> bool {
        let chosen = self.form.text(Field::Server);
        if !chosen.is_empty() && read_servers(chosen).is_err() {
            self.form.joining = false;
            self.form.error = Some((Some(Field::Server), self.strings.no_address.to_owned()));
            return false;
        }
        if let Some(server) = self.form.other_server() {
            self.form.pin_given = false;
            // What waits for one server is not for another, nor is the PIN; and what the other asks for is not known
            // yet.
            self.reading.feed.pending.clear();
            self.setup.pin = None;
            self.status.connection.hello = None;
            self.status.connection.log = None;
            self.ask_link(Command::UseServer(server));
        }
        true
    }

    /// Sends the form, or says what is wrong with it.
    pub(in crate::app) fn submit_form(&mut self) {
        match self.form.read(self.status.connection.auth()) {
            Ok(entry) => {
                let stays = self.form.text(Field::Server) == self.form.server_in_use();
                if let Some(new) = self.status.connection.to_be_confirmed().filter(|_| stays).cloned() {
                    if !new.shown {
                        // It stands there with the next frame.
                        return;
                    }
                    self.ask_link(Command::Trust { server: new.server, fingerprint: new.fingerprint });
                }
                if !self.use_chosen_server() {
                    self.composer.refusals += 1;
                    self.form.focus = Field::Server;
                    return;
                }
                if entry.student != self.people.me.id {
                    // Another student's squares are another outbox's.
                    self.reading.show_everything();
                    self.reading.feed.pending.clear();
                    let known = !self.people.me.id.is_empty() && self.status.connection.auth() == Some(Auth::Pin);
                    self.people.me = Me { id: entry.student.clone(), ..Me::default() };
                    if known && self.form.line(Field::Pin).is_empty() {
                        self.setup.pin = None;
                        self.ask_link(Command::UsePin(Pin::new("")));
                    }
                }
                self.form.error = None;
                self.form.joining = true;
                self.reconnect();
                if !self.form.line(Field::Pin).is_empty() {
                    let pin = Pin::new(self.form.line(Field::Pin).text());
                    self.setup.pin = Some(pin.clone());
                    self.ask_link(Command::UsePin(pin));
                }
                self.ask_link(Command::Join { student: entry.student, name: entry.name });
            }
            Err((field, fault)) => {
                self.composer.refusals += 1;
                let sentence = match fault {
                    None => self.strings.student_empty.to_owned(),
                    Some(fault) => (self.strings.student_error)(fault),
                };
                self.form.focus = field;
                self.form.error = Some((Some(field), sentence));
            }
        }
    }
}
