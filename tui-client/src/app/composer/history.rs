//! The lines that were entered before, in this run and in earlier ones, called back with Up and Down or searched with
//! Ctrl-R. The line that was being typed is kept, and comes back below the newest of them.

use std::collections::VecDeque;

use crate::store::history::{MAX_BYTES, MAX_LINES};

/// Earlier lines, oldest first, and where one stands among them.
#[derive(Debug, Default)]
pub(crate) struct InputHistory {
    lines: VecDeque<String>,
    bytes: usize,
    /// Which line is shown; none while the draft is.
    at: Option<usize>,
    draft: String,
}

impl InputHistory {
    /// What earlier runs left comes before what was entered since.
    pub(crate) fn load(&mut self, earlier: Vec<String>) {
        let since = std::mem::take(&mut self.lines);
        (self.bytes, self.at) = (0, None);
        for line in earlier.into_iter().chain(since) {
            self.keep(line);
        }
    }

    /// Another student's lines are not this one's.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Keeps a line that was entered, and returns to the draft, which is empty now. Whether it is a new one.
    pub(crate) fn entered(&mut self, line: &str) -> bool {
        self.at = None;
        self.draft.clear();
        self.keep(line.to_owned())
    }

    fn keep(&mut self, line: String) -> bool {
        if line.is_empty() || line.len() > MAX_BYTES / 4 || self.lines.back() == Some(&line) {
            return false;
        }
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
        true
    }

    /// The oldest line; `shown` is kept if it is the draft.
    pub(crate) fn oldest(&mut self, shown: &str) -> Option<&str> {
        if self.at == Some(0) { None } else { self.go_to(0, shown) }
    }

    pub(crate) fn newest(&mut self) -> Option<&str> {
        self.at.take().map(|_| self.draft.as_str())
    }

    /// The latest line before the `before`th in which a text occurs, whatever its case; and which one it is.
    pub(crate) fn find(&self, text: &str, before: usize) -> Option<usize> {
        let text = text.to_lowercase();
        (0..before.min(self.lines.len())).rev().find(|at| self.lines[*at].to_lowercase().contains(&text))
    }

    /// The same, behind the `behind`th.
    pub(crate) fn find_later(&self, text: &str, behind: usize) -> Option<usize> {
        let text = text.to_lowercase();
        (behind + 1..self.lines.len()).find(|at| self.lines[*at].to_lowercase().contains(&text))
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn line(&self, at: usize) -> Option<&str> {
        self.lines.get(at).map(String::as_str)
    }

    /// The line before the one shown; `shown` is kept if it is the draft.
    pub(crate) fn earlier(&mut self, shown: &str) -> Option<&str> {
        self.go_to(self.at.unwrap_or(self.lines.len()).checked_sub(1)?, shown)
    }

    /// The line behind the one shown; behind the newest, the draft.
    pub(crate) fn later(&mut self) -> Option<&str> {
        let next = self.at? + 1;
        if next < self.lines.len() { self.go_to(next, "") } else { self.newest() }
    }

    fn go_to(&mut self, at: usize, shown: &str) -> Option<&str> {
        let line = self.lines.get(at)?;
        if self.at.replace(at).is_none() {
            shown.clone_into(&mut self.draft);
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_comes_back_below_the_newest_line() {
        let mut history = InputHistory::default();
        assert_eq!(history.earlier("draft"), None);
        for line in ["1", "2", "2", ""] {
            history.entered(line);
        }
        assert_eq!(history.earlier("draft"), Some("2"));
        assert_eq!(history.earlier("2"), Some("1"));
        assert_eq!(history.earlier("1"), None);
        assert_eq!(history.later(), Some("2"));
        assert_eq!(history.later(), Some("draft"));
        assert_eq!(history.later(), None);
    }

    #[test]
    fn what_earlier_runs_left_comes_first_and_is_searched() {
        let mut history = InputHistory::default();
        history.entered("12");
        history.load(vec!["/find AB".into(), "7".into()]);
        assert_eq!((history.find("ab", 3), history.find("", 3), history.find("9", 3)), (Some(0), Some(2), None));
        assert_eq!(
            (history.find("7", 1), history.find_later("7", 0), history.find_later("7", 1)),
            (None, Some(1), None)
        );
        assert_eq!(history.oldest("draft"), Some("/find AB"));
        assert_eq!(history.newest(), Some("draft"));
        assert_eq!(history.newest(), None);
        assert_eq!(history.line(history.len() - 1), Some("12"));
    }

    #[test]
    fn only_the_latest_lines_are_kept() {
        let mut history = InputHistory::default();
        for number in 0..2 * MAX_LINES {
            history.entered(&number.to_string());
        }
        assert_eq!(history.lines.len(), MAX_LINES);
        assert_eq!(history.earlier(""), Some(&*(2 * MAX_LINES - 1).to_string()));
        for _ in 0..20 {
            history.entered(&"7".repeat(MAX_BYTES / 5));
            history.entered(&"8".repeat(MAX_BYTES / 5));
        }
        assert!(history.bytes <= MAX_BYTES);
    }
}
