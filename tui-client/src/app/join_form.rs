//! The form on the join screen: student id, name, server, and what is wrong with them. The app gives it keys and turns
//! what comes of them into effects; the view draws it.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares_shared::message::Auth;
use squares_shared::student::{StudentError, check_id, read_name};
use squares_shared::typed;

use super::composer::{Edit, LineEditor};
use super::status::next_second;
use crate::keys::Keymap;

/// A field of the form. A PIN is shown as so many marks, and forgotten once it let somebody in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Field {
    #[default]
    Student,
    Name,
    Pin,
    Server,
}

/// What a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormOutcome {
    /// The key is none of the form's.
    NotMine,
    /// The form may look different.
    Changed,
    /// The form is to be sent.
    Submit,
}

/// What stands in the form, once nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinDetails {
    pub(crate) student: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct JoinForm {
    /// What stands in each field. An empty server is the default one.
    lines: [LineEditor; 4],
    /// One is known, from a variable, and waits for a certificate to be looked at.
    pub(crate) pin_given: bool,
    /// Until when the server looks at no PIN.
    pub(crate) held_until: Option<Instant>,
    pub(crate) focus: Field,
    /// What is wrong, and with which field; without one, with the whole.
    pub(crate) error: Option<(Option<Field>, String)>,
    /// The form was sent, and no answer has come.
    pub(crate) joining: bool,
    /// The servers that Up and Down choose from.
    choices: Vec<String>,
    in_use: String,
    /// It stays the same: a guest is at somebody else's machine, whose network is not theirs to look around in.
    fixed: bool,
}

impl JoinForm {
    pub(crate) fn new(student: &str, name: &str, server: &str, remembered_server: Option<&str>) -> Self {
        let mut choices = vec![String::new()];
        for choice in [server].into_iter().chain(remembered_server) {
            if !choices.iter().any(|known| known == choice) {
                choices.push(choice.to_owned());
            }
        }
        Self {
            lines: [student, name, "", server].map(LineEditor::new),
            choices,
            in_use: server.to_owned(),
            ..Self::default()
        }
    }

    /// The same for a guest, who has the server that was given.
    pub(crate) fn for_guest(student: &str, name: &str, server: &str) -> Self {
        Self { fixed: true, ..Self::new(student, name, server, None) }
    }

    /// The fields that are shown: a name is asked for only where the server takes one, or has not said, and the server
    /// only where it is to be chosen.
    pub(crate) const fn fields(&self, auth: Option<Auth>) -> &'static [Field] {
        match (auth, self.fixed) {
            (None | Some(Auth::Open), false) => &[Field::Student, Field::Name, Field::Server],
            (None | Some(Auth::Open), true) => &[Field::Student, Field::Name],
            (Some(Auth::Roster), false) => &[Field::Student, Field::Server],
            (Some(Auth::Roster), true) => &[Field::Student],
            (Some(Auth::Pin), false) => &[Field::Student, Field::Pin, Field::Server],
            (Some(Auth::Pin), true) => &[Field::Student, Field::Pin],
        }
    }

    pub(crate) const fn line(&self, field: Field) -> &LineEditor {
        &self.lines[field as usize]
    }

    /// What stands in a field, without white space around it.
    pub(crate) fn text(&self, field: Field) -> &str {
        self.line(field).text().trim()
    }

    pub(crate) fn forget_pin(&mut self) {
        self.lines[Field::Pin as usize] = LineEditor::default();
    }

    /// Whether Up and Down choose among servers here.
    pub(crate) fn has_choices(&self) -> bool {
        self.choices.len() > 1
    }

    pub(crate) fn key(&mut self, key: KeyEvent, keymap: &Keymap, auth: Option<Auth>) -> FormOutcome {
        let choosing = self.focus == Field::Server && self.has_choices();
        match key.code {
            KeyCode::Enter => FormOutcome::Submit,
            KeyCode::Char('j') if key.modifiers == KeyModifiers::CONTROL => FormOutcome::Submit,
            KeyCode::Tab => self.move_focus(1, auth),
            KeyCode::BackTab => self.move_focus(-1, auth),
            KeyCode::Down if choosing => self.choose(1),
            KeyCode::Up if choosing => self.choose(-1),
            KeyCode::Down => self.move_focus(1, auth),
            KeyCode::Up => self.move_focus(-1, auth),
            _ => match self.lines[self.focus as usize].key(key, keymap) {
                Edit::NotMine => FormOutcome::NotMine,
                Edit::Moved => FormOutcome::Changed,
                Edit::Changed | Edit::Full => self.edited(),
            },
        }
    }

    /// Text was pasted; of several lines, the first.
    pub(crate) fn paste(&mut self, pasted: &str) {
        let line = pasted.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
        self.lines[self.focus as usize].insert(line.trim());
        self.edited();
    }

    /// The focus never stands on a field that is not shown.
    pub(crate) fn keep_focus_visible(&mut self, auth: Option<Auth>) {
        if !self.fields(auth).contains(&self.focus) {
            self.focus = Field::Student;
        }
    }

    pub(crate) fn reveal(&mut self, cells: usize) {
        self.lines.iter_mut().for_each(|line| line.reveal(cells));
    }

    /// When the countdown shows another number; none where there is none.
    pub(crate) fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.held_until.and_then(|until| next_second(until, now))
    }

    /// What is wrong with the student id as far as it is typed.
    pub(crate) fn student_fault(&self) -> Option<StudentError> {
        let student = typed::read(self.text(Field::Student));
        if student.is_empty() { None } else { check_id(&student).err() }
    }

    /// What stands in the form, or the field with a mistake and what it is; no mistake means that the id is missing.
    pub(crate) fn read(&self, auth: Option<Auth>) -> Result<JoinDetails, (Field, Option<StudentError>)> {
        let student = typed::read(self.text(Field::Student)).into_owned();
        if student.is_empty() {
            return Err((Field::Student, None));
        }
        check_id(&student).map_err(|error| (Field::Student, Some(error)))?;
        let asked = self.fields(auth).contains(&Field::Name);
        let name = if !asked || self.text(Field::Name).is_empty() {
            None
        } else {
            Some(read_name(self.text(Field::Name)).map_err(|error| (Field::Name, Some(error)))?)
        };
        Ok(JoinDetails { student, name })
    }

    /// The server that was chosen, if it is not the one in use. It counts as in use from then on.
    pub(crate) fn other_server(&mut self) -> Option<String> {
        let chosen = self.text(Field::Server).to_owned();
        (chosen != self.in_use).then(|| {
            self.in_use.clone_from(&chosen);
            chosen
        })
    }

    pub(crate) fn joined(&mut self) {
        self.joining = false;
        self.error = None;
        self.held_until = None;
        self.forget_pin();
    }

    /// The server in use; empty: the default one.
    pub(crate) fn server_in_use(&self) -> &str {
        &self.in_use
    }

    /// What is wrong with a field is told until that field is another.
    fn edited(&mut self) -> FormOutcome {
        self.error.take_if(|(about, _)| about.is_none_or(|field| field == self.focus));
        self.joining = false;
        FormOutcome::Changed
    }

    fn move_focus(&mut self, step: isize, auth: Option<Auth>) -> FormOutcome {
        let fields = self.fields(auth);
        let at = fields.iter().position(|field| *field == self.focus).unwrap_or(0);
        let next = if step > 0 { at + 1 } else { at + fields.len() - 1 };
        self.focus = fields[next % fields.len()];
        FormOutcome::Changed
    }

    fn choose(&mut self, step: isize) -> FormOutcome {
        let typed = self.text(Field::Server).to_owned();
        let next = match self.choices.iter().position(|choice| *choice == typed) {
            Some(at) if step > 0 => (at + 1) % self.choices.len(),
            Some(at) => (at + self.choices.len() - 1) % self.choices.len(),
            None => {
                // A server that was typed is kept among the choices, so that moving on does not lose it.
                self.choices.push(typed);
                0
            }
        };
        let choice = self.choices[next].clone();
        self.lines[Field::Server as usize].set(&choice);
        self.edited()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(form: &mut JoinForm, code: KeyCode) -> FormOutcome {
        form.key(KeyEvent::new(code, KeyModifiers::NONE), &Keymap::default(), Some(Auth::Open))
    }

    #[test]
    fn the_focus_goes_round() {
        let mut form = JoinForm::new("", "", "", None);
        for focus in [Field::Name, Field::Server, Field::Student] {
            press(&mut form, KeyCode::Tab);
            assert_eq!(form.focus, focus);
        }
        press(&mut form, KeyCode::Up);
        assert_eq!(form.focus, Field::Server);
        form.focus = Field::Name;
        form.keep_focus_visible(Some(Auth::Roster));
        assert_eq!(form.focus, Field::Student);
    }

    #[test]
    fn a_guest_is_asked_for_everything_but_the_server() {
        let mut form = JoinForm::for_guest("", "", "192.0.2.7:7878");
        for auth in [None, Some(Auth::Open), Some(Auth::Roster), Some(Auth::Pin)] {
            assert!(!form.fields(auth).contains(&Field::Server));
            assert!(form.fields(auth).contains(&Field::Student));
        }
        for _ in 0..4 {
            press(&mut form, KeyCode::Tab);
            assert_ne!(form.focus, Field::Server);
        }
        assert_eq!((form.other_server(), form.server_in_use()), (None, "192.0.2.7:7878"));
    }

    #[test]
    fn what_is_wrong_with_a_field_is_told_until_that_field_changes() {
        let mut form = JoinForm::new("s1", "", "", None);
        form.error = Some((Some(Field::Student), "not on the roster".into()));
        form.focus = Field::Name;
        press(&mut form, KeyCode::Char('n'));
        form.focus = Field::Student;
        press(&mut form, KeyCode::Left);
        assert!(form.error.is_some(), "another field changed, and the caret moved");
        press(&mut form, KeyCode::Char('2'));
        assert_eq!(form.error, None);
        form.error = Some((None, "the server is full".into()));
        form.focus = Field::Name;
        press(&mut form, KeyCode::Char('n'));
        assert_eq!(form.error, None, "it is about no field");
    }

    #[test]
    fn up_and_down_choose_among_servers_and_keep_a_typed_one() {
        let mut form = JoinForm::new("", "", "", Some("10.0.0.1:7878"));
        form.focus = Field::Server;
        press(&mut form, KeyCode::Down);
        assert_eq!(form.text(Field::Server), "10.0.0.1:7878");
        assert_eq!(form.other_server().as_deref(), Some("10.0.0.1:7878"));
        assert_eq!(form.other_server(), None);
        press(&mut form, KeyCode::Char('9'));
        press(&mut form, KeyCode::Down);
        assert_eq!(form.text(Field::Server), "");
        press(&mut form, KeyCode::Up);
        assert_eq!(form.text(Field::Server), "10.0.0.1:78789");
    }

    #[test]
    fn a_form_is_read_as_it_was_meant() {
        let read = |student: &str, name: &str, auth| JoinForm::new(student, name, "", None).read(auth);
        let entry =
            |student: &str, name: Option<&str>| JoinDetails { student: student.into(), name: name.map(Into::into) };
        assert_eq!(read(" ２０２６0001 ", "", None), Ok(entry("20260001", None)));
        assert_eq!(read("20260001", " 가람 ", Some(Auth::Open)), Ok(entry("20260001", Some("가람"))));
        assert_eq!(read("20260001", "가람", Some(Auth::Roster)), Ok(entry("20260001", None)));
        assert_eq!(read("", "", None), Err((Field::Student, None)));
        assert_eq!(read("a b", "", None), Err((Field::Student, Some(StudentError::Id))));
        assert_eq!(read("a", "\u{200b}", None), Err((Field::Name, Some(StudentError::NameInvisible))));
    }
}
