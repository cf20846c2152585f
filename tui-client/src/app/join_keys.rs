//! What the keys of the join screen do: help, leaving, and the form, which is read and sent.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::message::Auth;

use super::connection::State;
use super::join::{Field, Outcome};
use super::{App, Body, Me, commands};
use crate::address::read_servers;
use crate::event::{Effect, Pin};
use crate::keys::{Action, Key, KeyContext};

impl App {
    /// What a key does to help on the join screen. Whether that was all; otherwise help is closed, and the key is the
    /// form's.
    fn join_help_key(&mut self, key: KeyEvent) -> bool {
        let action = self.keymap.action(Key::of(key), KeyContext { empty: true, chart: false });
        if !matches!(self.body, Body::Help(_)) {
            if action == Some(Action::Help) {
                self.body = Body::Help(0);
            }
            return action == Some(Action::Help);
        }
        match (key.code, action) {
            (KeyCode::Up, _) => self.scroll_body(-1),
            (KeyCode::Down, _) => self.scroll_body(1),
            (KeyCode::Home, _) | (_, Some(Action::Oldest)) => self.scroll_body(isize::MIN / 2),
            (KeyCode::End, _) | (_, Some(Action::Newest)) => self.scroll_body(isize::MAX / 2),
            (_, Some(Action::PageUp)) => self.scroll_body(-self.page()),
            (_, Some(Action::PageDown)) => self.scroll_body(self.page()),
            _ => {
                self.body = Body::Feed;
                return key.code == KeyCode::Esc || action == Some(Action::Help);
            }
        }
        true
    }

    pub(super) fn join_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if self.join_help_key(key) {
            return;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let empty = self.form.line(self.form.focus).is_empty();
        match key.code {
            KeyCode::Char('c') if control => effects.push(Effect::Quit),
            _ if self.keymap.action(Key::of(key), KeyContext { empty, chart: false }) == Some(Action::Leave) => {
                effects.push(Effect::Quit);
            }
            _ => {
                let before = self.form.focus;
                match self.form.key(key, &self.keymap, self.connection.auth()) {
                    // Whoever was taken back to the form may not have noticed, and wants to leave all the same.
                    Outcome::Submit if commands::leaves(self.form.line(before).text()) => {
                        effects.push(Effect::Quit);
                    }
                    Outcome::Submit => self.submit_form(effects),
                    Outcome::Changed if before == Field::Server && self.form.focus != before => {
                        if !self.use_chosen_server(effects) {
                            self.refusals += 1;
                        }
                    }
                    Outcome::Changed | Outcome::NotMine => {}
                }
            }
        }
    }

    /// Uses the server in the form, if it is another. Whether it can be one.
    fn use_chosen_server(&mut self, effects: &mut Vec<Effect>) -> bool {
        let chosen = self.form.server.text().trim();
        if !chosen.is_empty() && read_servers(chosen).is_err() {
            self.form.joining = false;
            self.form.error = Some((Some(Field::Server), self.strings.no_address.to_owned()));
            return false;
        }
        if let Some(server) = self.form.other_server() {
            self.form.pin_given = false;
            // What waits for one server is not for another, nor is the PIN; and what the other asks for is not known
            // yet.
            self.feed.waiting.clear();
            self.pin = None;
            self.connection.hello = None;
            self.connection.log = None;
            effects.push(Effect::UseServer(server));
        }
        true
    }

    /// Sends the form, or says what is wrong with it.
    pub(super) fn submit_form(&mut self, effects: &mut Vec<Effect>) {
        match self.form.read(self.connection.auth()) {
            Ok(entry) => {
                let stays = self.form.server.text().trim() == self.form.server_in_use();
                if let Some(new) = self.connection.to_be_confirmed().filter(|_| stays).cloned() {
                    if !new.shown {
                        // It stands there with the next frame.
                        return;
                    }
                    effects.push(Effect::Believe { server: new.server, fingerprint: new.fingerprint });
                }
                if !self.use_chosen_server(effects) {
                    self.refusals += 1;
                    self.form.focus = Field::Server;
                    return;
                }
                if entry.student != self.me.id {
                    // Another student's squares are another outbox's.
                    self.show_everything();
                    self.feed.waiting.clear();
                    let known = !self.me.id.is_empty() && self.connection.auth() == Some(Auth::Pin);
                    self.me = Me { id: entry.student.clone(), ..Me::default() };
                    if known && self.form.pin.is_empty() {
                        self.pin = None;
                        effects.push(Effect::UsePin(Pin::new("")));
                    }
                }
                self.form.error = None;
                self.form.joining = true;
                if matches!(self.connection.state, State::Lost { .. }) {
                    effects.push(Effect::ReconnectNow);
                }
                if !self.form.pin.is_empty() {
                    let pin = Pin::new(self.form.pin.text());
                    self.pin = Some(pin.clone());
                    effects.push(Effect::UsePin(pin));
                }
                effects.push(Effect::Join { student: entry.student, name: entry.name });
            }
            Err((field, fault)) => {
                self.refusals += 1;
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
