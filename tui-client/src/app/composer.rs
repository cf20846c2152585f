//! The input line and what belongs to it: what is wrong with it, what was entered before, and the draft that is kept
//! for later runs.

mod check;
mod draft;
mod history;
mod input;
mod paste;
mod search;

pub(crate) use check::Check;
pub(super) use input::Edit;
pub(crate) use input::LineEditor;
pub(crate) use paste::Pasted;
pub(crate) use search::Search;

use super::commands::Completion;
use crate::keys::Action;
use history::InputHistory;

#[derive(Debug, Default)]
pub(crate) struct Composer {
    pub(crate) input: LineEditor,
    pub(crate) check: Check,
    /// The number that the input is read as, in canonical form with its digits in groups.
    pub(crate) read_as: Option<String>,
    /// The newest result when the line was begun, which a command is about.
    pub(crate) newest_before: Option<u64>,
    /// How often Enter left a line to be mended: what is wrong with it is said each time.
    pub(crate) refusals: usize,
    pub(crate) history: InputHistory,
    /// What was entered before is being searched.
    pub(crate) search: Option<Search>,
    pub(super) completion: Option<Completion>,
    /// Whose history was asked for.
    student: String,
    /// The input as it was last given to be kept.
    draft: String,
}

impl Composer {
    /// Puts the line in the input that an action calls back. Whether there was one.
    pub(super) fn call_back(&mut self, action: Action) -> bool {
        let line = match action {
            Action::HistoryEarlier => self.history.earlier(self.input.text()),
            Action::HistoryOldest => self.history.oldest(self.input.text()),
            Action::HistoryLater => self.history.later(),
            _ => self.history.newest(),
        };
        line.map(|line| self.input.set(line)).is_some()
    }
}
