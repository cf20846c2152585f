//! The lines that were entered before, in this run and in earlier ones, called back with Up and Down or searched with
//! Ctrl-R. The line that was being typed is kept, and comes back below the newest of them.

use std::collections::VecDeque;

use crate::store::history::{MOST_BYTES, MOST_LINES};

/// Earlier lines, oldest first, and where one stands among them.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    lines: VecDeque<String>,
    bytes: usize,
    /// Which line is shown; none while the draft is.
    at: Option<usize>,
    draft: String,
}

impl Recall {
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
        if line.is_empty() || line.len() > MOST_BYTES / 4 || self.lines.back() == Some(&line) {
            return false;
        }
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
        true
    }

    /// The oldest line; `shown` is kept if it is the draft.
    pub(crate) fn oldest(&mut self, shown: &str) -> Option<&str> {
        if self.lines.is_empty() || self.at == Some(0) {
            return None;
        }
        if self.at.is_none() {
            shown.clone_into(&mut self.draft);
        }
        self.at = Some(0);
        self.lines.front().map(String::as_str)
    }

    /// The draft.
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

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn line(&self, at: usize) -> Option<&str> {
        self.lines.get(at).map(String::as_str)
    }

    /// The line before the one shown; `shown` is kept if it is the draft.
    pub(crate) fn earlier(&mut self, shown: &str) -> Option<&str> {
        let at = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                let last = self.lines.len().checked_sub(1)?;
                shown.clone_into(&mut self.draft);
                last
            }
        };
        self.at = Some(at);
        Some(&self.lines[at])
    }

    /// The line behind the one shown; behind the newest, the draft.
    pub(crate) fn later(&mut self) -> Option<&str> {
        let next = self.at? + 1;
        if next < self.lines.len() {
            self.at = Some(next);
            Some(&self.lines[next])
        } else {
            self.at = None;
            Some(&self.draft)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_comes_back_below_the_newest_line() {
        let mut recall = Recall::default();
        assert_eq!(recall.earlier("draft"), None);
        for line in ["1", "2", "2", ""] {
            recall.entered(line);
        }
        assert_eq!(recall.earlier("draft"), Some("2"));
        assert_eq!(recall.earlier("2"), Some("1"));
        assert_eq!(recall.earlier("1"), None);
        assert_eq!(recall.later(), Some("2"));
        assert_eq!(recall.later(), Some("draft"));
        assert_eq!(recall.later(), None);
    }

    #[test]
    fn what_earlier_runs_left_comes_first_and_is_searched() {
        let mut recall = Recall::default();
        recall.entered("12");
        recall.load(vec!["/find AB".into(), "7".into()]);
        assert_eq!((recall.find("ab", 3), recall.find("", 3), recall.find("9", 3)), (Some(0), Some(2), None));
        assert_eq!((recall.find("7", 1), recall.find_later("7", 0), recall.find_later("7", 1)), (None, Some(1), None));
        assert_eq!(recall.oldest("draft"), Some("/find AB"));
        assert_eq!(recall.newest(), Some("draft"));
        assert_eq!(recall.newest(), None);
        assert_eq!(recall.line(recall.len() - 1), Some("12"));
    }

    #[test]
    fn only_the_latest_lines_are_kept() {
        let mut recall = Recall::default();
        for number in 0..2 * MOST_LINES {
            recall.entered(&number.to_string());
        }
        assert_eq!(recall.lines.len(), MOST_LINES);
        assert_eq!(recall.earlier(""), Some(&*(2 * MOST_LINES - 1).to_string()));
        for _ in 0..20 {
            recall.entered(&"7".repeat(MOST_BYTES / 5));
            recall.entered(&"8".repeat(MOST_BYTES / 5));
        }
        assert!(recall.bytes <= MOST_BYTES);
    }
}
