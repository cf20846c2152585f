//! Searching what was entered before (Ctrl-R): the text that is searched for is typed in place of the line, which comes
//! back as it was, or as what was found.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Edit, LineEditor};
use crate::app::App;
use crate::keys::{Action, Key, KeyContext};

#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) text: LineEditor,
    /// Which of the earlier lines is found.
    pub(crate) found: Option<usize>,
    /// There is no other one in the direction that was last gone.
    pub(crate) last: bool,
}

impl Search {
    /// To the next find, where there is one.
    fn step(&mut self, find: impl Fn(&str, usize) -> Option<usize>) {
        let next = self.found.and_then(|at| find(self.text.text(), at));
        self.last = next.is_none();
        self.found = next.or(self.found);
    }
}

impl App {
    /// Begins a search. What is typed stays.
    pub(in crate::app) fn search_history(&mut self) {
        let found = self.composer.history.find("", usize::MAX);
        self.composer.search = Some(Search { text: LineEditor::default(), found, last: false });
    }

    /// What a key does while somebody searches. Whether that was all; otherwise the line is what was found, and the key
    /// means what it usually does.
    pub(in crate::app) fn search_key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let action = self.setup.keymap.action(Key::of(key), KeyContext::default());
        let Some(search) = &mut self.composer.search else { return false };
        match (key.code, action) {
            (KeyCode::Esc, _) | (KeyCode::Char('g' | 'c'), _) if control || key.code == KeyCode::Esc => {
                self.composer.search = None;
                return true;
            }
            (KeyCode::Enter, _) => {
                self.take_found();
                self.enter();
                return true;
            }
            (_, Some(Action::HistorySearch | Action::HistoryEarlier)) => {
                search.step(|text, at| self.composer.history.find(text, at));
                return true;
            }
            (code, action) if action == Some(Action::HistoryLater) || control && code == KeyCode::Char('s') => {
                search.step(|text, at| self.composer.history.find_later(text, at));
                return true;
            }
            _ => {}
        }
        let edit = match action {
            Some(action @ (Action::DeleteBack | Action::CutToStart | Action::CutWordBack | Action::CutPartBack)) => {
                search.text.act(action)
            }
            Some(_) => Edit::NotMine,
            None => search.text.type_key(key),
        };
        match edit {
            Edit::NotMine => {
                self.take_found();
                false
            }
            Edit::Changed => {
                // What was found stays as long as it fits, as the text grows.
                let upto = search.found.map_or(usize::MAX, |at| at + 1);
                let found = self.composer.history.find(search.text.text(), upto);
                search.found = found.or_else(|| self.composer.history.find(search.text.text(), usize::MAX));
                search.last = false;
                true
            }
            Edit::Moved | Edit::Full => true,
        }
    }

    pub(in crate::app) fn search_paste(&mut self, pasted: &str) {
        if let Some(search) = &mut self.composer.search {
            search.text.insert(pasted);
            search.found = self.composer.history.find(search.text.text(), usize::MAX);
        }
    }

    /// The search ends; the line is what was found, if anything was.
    fn take_found(&mut self) {
        let Some(search) = self.composer.search.take() else { return };
        if let Some(line) = search.found.and_then(|at| self.composer.history.line(at)) {
            self.composer.input.set(line);
            self.recheck();
        }
    }
}
