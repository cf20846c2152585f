//! The lines that were entered before, called back with Up and Down. The line that was being typed is kept, and comes
//! back below the newest of them.

/// The most lines that are kept.
const MOST: usize = 500;

/// Earlier lines, oldest first, and where one stands among them.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    lines: Vec<String>,
    /// Which line is shown; none while the draft is.
    at: Option<usize>,
    draft: String,
}

impl Recall {
    /// Keeps a line that was entered, and returns to the draft, which is empty now.
    pub(crate) fn entered(&mut self, line: &str) {
        self.at = None;
        self.draft.clear();
        if line.is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == MOST {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
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
    fn only_the_latest_lines_are_kept() {
        let mut recall = Recall::default();
        for number in 0..2 * MOST {
            recall.entered(&number.to_string());
        }
        assert_eq!(recall.lines.len(), MOST);
        assert_eq!(recall.earlier(""), Some(&*(2 * MOST - 1).to_string()));
    }
}
