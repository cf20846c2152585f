//! The line that is being typed, as it stands at the end of what was said, on as many rows as it takes. A letter
//! behind its end is just written, and one taken away there is wiped, so that a screen reader says that letter and
//! nothing else; where the middle changes, what stands before it stays. Pure; called by the linear view.
//!
//! The cursor is moved relatively, since nobody knows where on the screen the line begins. A terminal wraps what does
//! not fit into a row, a wide glyph as a whole; [`Spot::behind`] does the same.

mod bare;

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use crate::text;

/// What stands before a line whose beginning is not shown.
const SCROLLED: &str = "< ";

/// The most cells of a line that are shown, however large the terminal is: changing its middle writes what is behind.
const MOST: usize = 1_000;

/// The line that is to be shown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineState<'a> {
    pub(super) prompt: &'a str,
    pub(super) text: &'a str,
    /// The byte of the text at which the caret is.
    pub(super) caret: usize,
    /// The line before it was entered, and stays where it is.
    pub(super) entered: bool,
}

/// The line as it stands in the terminal.
#[derive(Debug, Default)]
pub(super) struct TypedLine {
    /// The terminal takes nothing but text.
    bare: bool,
    /// Whether it stands there at all.
    shown: bool,
    /// The columns of the terminal that it was written for.
    columns: usize,
    prompt: String,
    /// The byte of the whole text at which what is shown begins.
    first: usize,
    text: String,
    /// The byte of what is shown at which the caret is.
    caret: usize,
}

/// A cell, counted from where the prompt begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Spot {
    row: usize,
    column: usize,
}

impl TypedLine {
    /// Not shown yet.
    pub(super) fn new(bare: bool) -> Self {
        Self { bare, ..Self::default() }
    }

    /// It is not on the screen any more.
    pub(super) fn forget(&mut self) {
        self.shown = false;
    }

    /// The bytes that move the cursor behind the line.
    pub(super) fn leave(&mut self) -> String {
        let mut bytes = String::new();
        if self.shown && self.bare {
            bytes.push_str(&self.text[self.caret..]);
        } else if self.shown {
            self.spot_of_caret().go(self.end(), &mut bytes);
        }
        self.caret = self.text.len();
        bytes
    }

    /// The bytes that say these lines and then show the line, in a terminal of so many columns and rows.
    pub(super) fn change(&mut self, line: LineState<'_>, lines: &[String], (columns, rows): (usize, usize)) -> String {
        let before = std::mem::take(self);
        // Without sequences the cursor does not leave its row.
        let rows = if before.bare { 1 } else { rows.saturating_sub(1) };
        let room = columns.saturating_mul(rows).min(MOST).saturating_sub(text::width(line.prompt) + 1);
        let first = first(line, before.first, room);
        let text = text::head(&line.text[first..], room.max(2));
        *self = Self {
            bare: before.bare,
            shown: true,
            columns,
            prompt: line.prompt.to_owned(),
            first,
            text: text.to_owned(),
            caret: (line.caret - first).min(text.len()),
        };
        let mut bytes = String::new();
        if self.bare {
            self.change_bare(&before, line.entered, lines, &mut bytes);
        } else if !before.shown {
            self.write(lines, &mut bytes);
        } else if line.entered && !before.text.is_empty() || before.prompt != line.prompt && !before.text.is_empty() {
            // What was entered, and what was typed elsewhere, stays where it was typed.
            let end = before.end();
            before.spot_of_caret().go(end, &mut bytes);
            if end.column > 0 || end.row == 0 {
                bytes.push_str("\r\n");
            }
            self.write(lines, &mut bytes);
        } else if lines.is_empty() && before.prompt == line.prompt && before.first == first && before.stands_in(columns)
        {
            self.edit(&before, &mut bytes);
        } else {
            // Some terminals rewrap what is there when their width changes, and some do not: nothing above the
            // line is wiped in either.
            let here = before.spot_of_caret().row;
            let here = here.min(Self { columns, ..before }.spot_of_caret().row);
            if here > 0 {
                // Writing into a string does not fail.
                let _ = write!(bytes, "\x1b[{here}A");
            }
            bytes.push_str("\r\x1b[J");
            self.write(lines, &mut bytes);
        }
        bytes
    }

    /// The lines, and the whole line below them.
    fn write(&self, lines: &[String], bytes: &mut String) {
        self.write_text(lines, bytes);
        self.end().wrap(bytes);
        self.end().go(self.spot_of_caret(), bytes);
    }

    /// The same, with the cursor left behind it.
    fn write_text(&self, lines: &[String], bytes: &mut String) {
        for line in lines {
            bytes.push_str(line);
            bytes.push_str("\r\n");
        }
        bytes.push_str(self.before());
        bytes.push_str(&self.text);
    }

    /// What changed of the text.
    fn edit(&self, before: &Self, bytes: &mut String) {
        let same = same_start(&before.text, &self.text);
        let (gone, new) = (&before.text[same..], &self.text[same..]);
        let here = before.spot_of_caret();
        let from = self.spot_behind(same);
        let end = self.end();
        if new.is_empty() && before.caret == before.text.len() && here.row == from.row {
            for part in ["\x08", " ", "\x08"] {
                bytes.push_str(&part.repeat(here.column - from.column));
            }
            return from.go(self.spot_of_caret(), bytes);
        }
        if gone.is_empty() && new.is_empty() {
            return here.go(self.spot_of_caret(), bytes);
        }
        here.go(from, bytes);
        if !gone.is_empty() {
            bytes.push_str("\x1b[J");
        }
        bytes.push_str(new);
        if !new.is_empty() {
            end.wrap(bytes);
        }
        end.go(self.spot_of_caret(), bytes);
    }

    /// What stands before the text.
    fn before(&self) -> &str {
        if self.first > 0 { SCROLLED } else { &self.prompt }
    }

    /// Where the cursor is once what stands before this byte is written.
    fn spot_behind(&self, at: usize) -> Spot {
        Spot::default().behind(self.before(), self.columns).behind(&self.text[..at], self.columns)
    }

    /// Where what stands at this byte is shown: a wide glyph may not have fitted into the row.
    fn spot(&self, at: usize) -> Spot {
        let spot = self.spot_behind(at);
        let next = self.text[at..].graphemes(true).next().map_or(0, text::grapheme_width);
        if spot.column + next > self.columns { Spot { row: spot.row + 1, column: 0 } } else { spot }
    }

    fn end(&self) -> Spot {
        self.spot_behind(self.text.len())
    }

    fn spot_of_caret(&self) -> Spot {
        self.spot(self.caret)
    }

    /// Whether it stands as it did in a terminal of so many columns.
    fn stands_in(&self, columns: usize) -> bool {
        let cells = text::width(self.before()) + text::width(&self.text);
        self.columns == columns || cells < columns.min(self.columns)
    }
}

impl Spot {
    /// Where the cursor is behind a text that is written here. It is never beyond the last column: the next row
    /// begins there.
    fn behind(self, text: &str, columns: usize) -> Self {
        text.graphemes(true).map(text::grapheme_width).fold(self, |Self { row, column }, cells| {
            let (row, column) = if column + cells > columns { (row + 1, cells) } else { (row, column + cells) };
            if column >= columns { Self { row: row + 1, column: 0 } } else { Self { row, column } }
        })
    }

    /// A terminal that has filled a row goes to the next one only with the next glyph.
    fn wrap(self, bytes: &mut String) {
        if self.column == 0 && self.row > 0 {
            bytes.push_str(" \r");
        }
    }

    /// Moves the cursor from here.
    fn go(self, to: Self, bytes: &mut String) {
        let mut by = |count: usize, way: char| {
            if count > 0 {
                // Writing into a string does not fail.
                let _ = write!(bytes, "\x1b[{count}{way}");
            }
        };
        by(self.row.saturating_sub(to.row), 'A');
        by(to.row.saturating_sub(self.row), 'B');
        by(self.column.saturating_sub(to.column), 'D');
        by(to.column.saturating_sub(self.column), 'C');
    }
}

/// From which byte on a text is shown, where `room` cells are: from where it was shown before, if the caret is in
/// sight so. Where that changes, half of the room is left before the caret, so that it changes seldom.
fn first(line: LineState<'_>, before: usize, room: usize) -> usize {
    if text::fits(line.text, room) {
        return 0;
    }
    let visible = line.text.get(before..line.caret).is_some_and(|part| text::fits(part, room.saturating_sub(1)))
        && (before == 0 || !text::fits(&line.text[before..], room / 4));
    if visible { before } else { line.caret - text::tail(&line.text[..line.caret], room / 2).len() }
}

/// How many bytes two texts have in common at their beginning, in whole graphemes.
fn same_start(one: &str, other: &str) -> usize {
    let pairs = one.graphemes(true).zip(other.graphemes(true));
    pairs.take_while(|(one, other)| one == other).map(|(one, _)| one.len()).sum()
}

#[cfg(test)]
mod tests;
