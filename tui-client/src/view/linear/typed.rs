//! The line that is being typed, as it stands at the end of what was said. A letter behind its end is just written, and one taken
//! away there is wiped, so that a screen reader says that letter and nothing else. Pure; called by the linear view.

use std::fmt::Write as _;

use crate::text;

/// The line as it stands in the terminal.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// Whether it stands there at all.
    shown: bool,
    prompt: String,
    text: String,
    caret: usize,
}

impl Typed {
    /// It is not there any more.
    pub(super) fn forget(&mut self) {
        self.shown = false;
    }

    /// The bytes that say these lines and leave the line as it is now, its caret before so many cells of it.
    pub(super) fn change(&mut self, prompt: &str, text: &str, caret: usize, lines: &[String]) -> String {
        let mut bytes = String::new();
        let end = self.caret == text::width(&self.text) && caret == text::width(text);
        let same = self.shown && self.prompt == prompt;
        let entered = same && text.is_empty() && text::width(&self.text) > 0 && self.text.chars().count() > 1;
        if lines.is_empty() && same && text == self.text && caret == self.caret {
            return bytes;
        }
        let added = text.strip_prefix(&*self.text).filter(|_| end);
        let removed = self.text.strip_prefix(text).filter(|_| end && !entered);
        match (added, removed) {
            (Some(added), _) if same && lines.is_empty() => bytes.push_str(added),
            (_, Some(removed)) if same && lines.is_empty() => {
                let cells = text::width(removed);
                for part in ["\x08", " ", "\x08"] {
                    bytes.push_str(&part.repeat(cells));
                }
            }
            _ => {
                if self.shown && (entered || (!same && !self.text.is_empty())) {
                    // What was entered stays where it was typed.
                    bytes.push_str("\r\n");
                } else if self.shown {
                    bytes.push_str("\r\x1b[K");
                }
                for line in lines {
                    bytes.push_str(line);
                    bytes.push_str("\r\n");
                }
                bytes.push_str(prompt);
                bytes.push_str(text);
                let back = text::width(text) - caret.min(text::width(text));
                if back > 0 {
                    // Writing into a string does not fail.
                    let _ = write!(bytes, "\x1b[{back}D");
                }
            }
        }
        *self = Self { shown: true, prompt: prompt.to_owned(), text: text.to_owned(), caret };
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_written_and_wiped_one_by_one_and_lines_come_before_the_line() {
        let mut typed = Typed::default();
        let mut check = |text: &str, caret: usize, lines: &[&str], bytes: &str| {
            let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            assert_eq!(typed.change("> ", text, caret, &lines), bytes, "{text}");
        };
        check("", 0, &["Squares"], "Squares\r\n> ");
        check("1", 1, &[], "1");
        check("12", 2, &[], "2");
        check("12", 2, &[], "");
        check("1", 1, &[], "\x08 \x08");
        check("1가", 3, &[], "가");
        check("1", 1, &[], "\x08\x08  \x08\x08");
        check("1", 0, &[], "\r\x1b[K> 1\x1b[1D");
        check("21", 1, &[], "\r\x1b[K> 21\x1b[1D");
        check("21", 1, &["lost"], "\r\x1b[Klost\r\n> 21\x1b[1D");
        check("", 0, &[], "\r\n> ");
        check("", 0, &["me: 21² = 441"], "\r\x1b[Kme: 21² = 441\r\n> ");
    }
}
