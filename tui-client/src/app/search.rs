//! Searching what was entered before (Ctrl-R): the text that is searched for is typed in place of the line, which comes
//! back as it was, or as what was found.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::App;
use super::input::{Edit, Line};
use crate::event::Effect;
use crate::keys::{Action, Key, KeyContext};

/// A search under way.
#[derive(Debug)]
pub(crate) struct Search {
    /// What is searched for.
    pub(crate) text: Line,
    /// Which of the earlier lines is found.
    pub(crate) found: Option<usize>,
    /// There is no other one in the direction that was last gone.
    pub(crate) last: bool,
}

impl App {
    /// Begins a search. What is typed stays.
    pub(super) fn search_history(&mut self) {
        let found = self.recall.find("", usize::MAX);
        self.search = Some(Search { text: Line::default(), found, last: false });
    }

    /// What a key does while somebody searches. Whether that was all; otherwise the line is what was found, and the key
    /// means what it usually does.
    pub(super) fn search_key(&mut self, key: KeyEvent, now: Instant, effects: &mut Vec<Effect>) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let action = self.keymap.action(Key::of(key), KeyContext::default());
        let Some(search) = &mut self.search else { return false };
        match (key.code, action) {
            (KeyCode::Esc, _) | (KeyCode::Char('g' | 'c'), _) if control || key.code == KeyCode::Esc => {
                self.search = None;
                return true;
            }
            (KeyCode::Enter, _) => {
                self.take_found();
                self.enter(now, effects);
                return true;
            }
            (_, Some(Action::HistorySearch | Action::HistoryEarlier)) => {
                let next = search.found.and_then(|at| self.recall.find(search.text.text(), at));
                search.last = next.is_none();
                search.found = next.or(search.found);
                return true;
            }
            (_, Some(Action::HistoryLater)) => return self.search_later(),
            (KeyCode::Char('s'), _) if control => return self.search_later(),
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
                let found = self.recall.find(search.text.text(), upto);
                search.found = found.or_else(|| self.recall.find(search.text.text(), usize::MAX));
                search.last = false;
                true
            }
            Edit::Moved | Edit::Full => true,
        }
    }

    /// Text was pasted into the search.
    pub(super) fn search_paste(&mut self, pasted: &str) {
        if let Some(search) = &mut self.search {
            search.text.insert(pasted);
            search.found = self.recall.find(search.text.text(), usize::MAX);
        }
    }

    fn search_later(&mut self) -> bool {
        if let Some(search) = &mut self.search {
            let next = search.found.and_then(|at| self.recall.find_later(search.text.text(), at));
            search.last = next.is_none();
            search.found = next.or(search.found);
        }
        true
    }

    /// The search ends; the line is what was found, if anything was.
    fn take_found(&mut self) {
        let Some(search) = self.search.take() else { return };
        if let Some(line) = search.found.and_then(|at| self.recall.line(at)) {
            self.input.set(line);
            self.recheck();
        }
    }
}
