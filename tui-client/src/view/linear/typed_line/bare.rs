//! The line that is being typed where the terminal takes nothing but text (`TERM=dumb`): it stands in one row, and is
//! changed by going back in it, writing, and wiping with spaces. Called by `typed_line`.

use super::{TypedLine, same_start};
use crate::text;

impl TypedLine {
    /// The bytes that say these lines and then show the line.
    pub(super) fn change_bare(&self, before: &Self, entered: bool, lines: &[String], bytes: &mut String) {
        let elsewhere = before.prompt != self.prompt;
        if before.shown && !before.text.is_empty() && (entered || elsewhere) {
            // What was entered, and what was typed elsewhere, stays where it was typed.
            bytes.push_str(&before.text[before.caret..]);
            bytes.push_str("\r\n");
        } else if before.shown && lines.is_empty() && !elsewhere && before.first == self.first {
            return self.edit_bare(before, bytes);
        } else if before.shown {
            let cells = text::width(before.before()) + text::width(&before.text);
            bytes.push('\r');
            bytes.push_str(&" ".repeat(cells));
            bytes.push('\r');
        }
        self.write_text(lines, bytes);
        back(&self.text[self.caret..], bytes);
    }

    /// What changed of the text.
    fn edit_bare(&self, before: &Self, bytes: &mut String) {
        // Where only the caret moves, nothing is rewritten.
        let same =
            if before.text == self.text { self.caret.min(before.caret) } else { same_start(&before.text, &self.text) };
        match before.text.get(same..before.caret) {
            Some(part) => back(part, bytes),
            None => bytes.push_str(&before.text[before.caret..same]),
        }
        if before.text == self.text {
            return bytes.push_str(&self.text[same..self.caret]);
        }
        bytes.push_str(&self.text[same..]);
        let spare = text::width(&before.text[same..]).saturating_sub(text::width(&self.text[same..]));
        bytes.push_str(&" ".repeat(spare));
        bytes.push_str(&"\x08".repeat(spare));
        back(&self.text[self.caret..], bytes);
    }
}

/// Goes back over a text.
fn back(over: &str, bytes: &mut String) {
    bytes.push_str(&"\x08".repeat(text::width(over)));
}
