//! One editable line of text: the room's input box and each field of the join screen. It knows readline's keys, moves
//! by grapheme, composes what is typed (NFC), keeps what was cut and what was changed, and the part around the caret
//! visible.

mod undo;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;

use crate::keys::{Action, Key, KeyContext, Keymap};
use crate::text;

use undo::{KillRing, Undo};

/// The most bytes a line holds: any number that a server takes fits, and a pasted book does not.
const MAX_BYTES: usize = 256 * 1024;

/// What a key did to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The key is none of the line's.
    NotMine,
    /// The text is as it was; the caret may have moved.
    Moved,
    /// The text is another.
    Changed,
    /// There is no room for it; nothing was taken in.
    Full,
}

/// A line of text and the caret in it.
#[derive(Debug, Default)]
pub(crate) struct LineEditor {
    text: String,
    /// A byte index between two graphemes.
    caret: usize,
    /// The byte index of the first visible grapheme.
    first: usize,
    cuts: KillRing,
    undo: Undo,
    last: Last,
    /// How often the text was taken out.
    taken: usize,
}

/// What was done last, where that decides what the next thing means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    /// A character was typed: the next one is undone with it.
    Typed,
    /// A character was deleted: the same.
    Deleted,
    /// Something was cut: what is cut next is put back with it.
    Cut,
    /// Something was put back at this byte.
    PutBack(usize),
}

impl LineEditor {
    /// A line that holds `text`, the caret at its end.
    pub(crate) fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.set(text);
        line.undo.clear();
        line
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the text, and puts the caret at its end. It can be undone.
    pub(crate) fn set(&mut self, text: &str) {
        self.changing(Last::Other);
        self.text.clear();
        self.text.extend(text.nfc());
        self.caret = self.text.len();
        self.first = 0;
    }

    /// Takes the text out, for good.
    pub(crate) fn take(&mut self) -> String {
        self.caret = 0;
        self.first = 0;
        self.last = Last::Other;
        self.undo.clear();
        self.taken += 1;
        std::mem::take(&mut self.text)
    }

    /// How often the text was taken out: what is empty now was not just deleted.
    pub(crate) const fn taken(&self) -> usize {
        self.taken
    }

    /// The byte at which the caret is.
    pub(crate) const fn caret(&self) -> usize {
        self.caret
    }

    /// Inserts text at the caret, composed with what stands before it. Control characters become spaces.
    pub(crate) fn insert(&mut self, inserted: &str) -> Edit {
        self.insert_as(inserted, Last::Other)
    }

    fn insert_as(&mut self, inserted: &str, last: Last) -> Edit {
        if inserted.is_empty() {
            self.last = Last::Other;
            return Edit::Moved;
        }
        if self.text.len() + inserted.len() > MAX_BYTES {
            return Edit::Full;
        }
        self.changing(last);
        let start = self.before(self.caret);
        let mut piece: String = self.text[start..self.caret].to_owned();
        piece.extend(inserted.chars().map(|c| if c.is_control() { ' ' } else { c }));
        if !is_nfc(&piece) {
            piece = piece.nfc().collect();
        }
        self.text.replace_range(start..self.caret, &piece);
        self.caret = start + piece.len();
        // A mark typed before others may have melted into a grapheme: the caret must stand between two.
        self.caret = self.boundary_at_or_after(self.caret);
        Edit::Changed
    }

    /// Executes a key, if it types something or the keymap gives it to the line.
    pub(crate) fn key(&mut self, key: KeyEvent, keymap: &Keymap) -> Edit {
        match keymap.action(Key::of(key), KeyContext::default()) {
            Some(action) => self.act(action),
            None => self.type_key(key),
        }
    }

    /// Executes a key that the keymap gives to nobody, if it types something.
    pub(crate) fn type_key(&mut self, key: KeyEvent) -> Edit {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            // AltGr reaches us as both at once.
            KeyCode::Char(c) if control == alt => self.insert_as(c.encode_utf8(&mut [0; 4]), Last::Typed),
            _ => Edit::NotMine,
        }
    }

    /// Executes an action, if it is one of a line's.
    pub(crate) fn act(&mut self, action: Action) -> Edit {
        match action {
            Action::CharLeft => self.go(self.before(self.caret)),
            Action::CharRight => self.go(self.after(self.caret)),
            Action::WordLeft => self.go(self.word_before(char::is_alphanumeric)),
            Action::WordRight => self.go(self.word_after()),
            Action::LineStart => self.go(0),
            Action::LineEnd => self.go(self.text.len()),
            Action::DeleteBack => self.remove(self.before(self.caret), self.caret, Last::Deleted),
            Action::DeleteForward => self.remove(self.caret, self.after(self.caret), Last::Deleted),
            Action::CutPartBack => self.cut(self.word_before(char::is_alphanumeric), self.caret, true),
            Action::CutWordBack => self.cut(self.word_before(|c| !c.is_whitespace()), self.caret, true),
            Action::CutPartForward => self.cut(self.caret, self.word_after(), false),
            Action::CutToStart => self.cut(0, self.caret, true),
            Action::CutToEnd => self.cut(self.caret, self.text.len(), false),
            Action::PutBack => self.yank(),
            Action::PutBackEarlier => self.put_back_earlier(),
            Action::Swap => self.swap(),
            Action::Undo => self.undo(),
            _ => Edit::NotMine,
        }
    }

    /// Scrolls so that the caret stands within `cells`, as little as possible.
    pub(crate) fn reveal(&mut self, cells: usize) {
        self.first = self.first.min(self.caret);
        if !self.text.is_char_boundary(self.first) {
            self.first = 0;
        }
        // One cell stays free for the caret behind the last grapheme.
        let room = cells.saturating_sub(1);
        let before = &self.text[..self.caret];
        let nearest = self.caret - text::tail(before, room).len();
        if self.first < nearest {
            self.first = nearest;
        }
        // Where the end of the text is visible with room to spare, show more of its beginning.
        let fill = self.text.len() - text::tail(&self.text, room).len();
        self.first = self.first.min(fill);
    }

    /// What is visible within `cells`, and the cell of the caret in it.
    pub(crate) fn visible(&self, cells: usize) -> (&str, usize) {
        let first = if self.text.is_char_boundary(self.first) { self.first.min(self.caret) } else { 0 };
        (text::head(&self.text[first..], cells), text::width(&self.text[first..self.caret]))
    }

    /// Whether text is hidden to the left of the visible part.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.first > 0
    }

    fn go(&mut self, to: usize) -> Edit {
        self.caret = to;
        self.last = Last::Other;
        Edit::Moved
    }

    /// The text is about to be another: it is kept, unless what was done last is undone with this.
    fn changing(&mut self, by: Last) {
        let together = matches!(by, Last::Typed | Last::Deleted) && by == self.last;
        if !together {
            self.undo.keep(&self.text, self.caret);
        }
        self.last = by;
    }

    fn undo(&mut self) -> Edit {
        self.last = Last::Other;
        let Some((text, caret)) = self.undo.latest() else { return Edit::Moved };
        (self.text, self.caret) = (text, caret);
        Edit::Changed
    }

    fn remove(&mut self, from: usize, to: usize, last: Last) -> Edit {
        if from == to {
            return Edit::Moved;
        }
        self.changing(last);
        self.text.replace_range(from..to, "");
        self.caret = self.boundary_at_or_after(from);
        Edit::Changed
    }

    /// Cuts that follow one another are put back as one, in the order in which they stood.
    fn cut(&mut self, from: usize, to: usize, backwards: bool) -> Edit {
        let again = self.last == Last::Cut;
        if from == to {
            return Edit::Moved;
        }
        self.cuts.add(&self.text[from..to], again, backwards);
        self.remove(from, to, Last::Cut)
    }

    fn yank(&mut self) -> Edit {
        let Some(piece) = self.cuts.latest().map(str::to_owned) else { return Edit::Moved };
        let from = self.caret;
        self.insert_as(&piece, Last::PutBack(from))
    }

    /// What was just put back becomes what was cut before it.
    fn put_back_earlier(&mut self) -> Edit {
        let Last::PutBack(from) = self.last else { return Edit::Moved };
        let Some(piece) = self.cuts.earlier().map(str::to_owned) else { return Edit::Moved };
        let from = from.min(self.caret);
        self.remove(from, self.caret, Last::Other);
        self.insert_as(&piece, Last::PutBack(from))
    }

    /// Swaps the graphemes around the caret; at the end, the last two.
    fn swap(&mut self) -> Edit {
        let end = if self.caret == self.text.len() { self.caret } else { self.after(self.caret) };
        let middle = self.before(end);
        let start = self.before(middle);
        if start == middle || middle == end {
            return Edit::Moved;
        }
        self.changing(Last::Other);
        let swapped = format!("{}{}", &self.text[middle..end], &self.text[start..middle]);
        self.text.replace_range(start..end, &swapped);
        self.caret = self.boundary_at_or_after(end);
        Edit::Changed
    }

    fn before(&self, at: usize) -> usize {
        self.text[..at].grapheme_indices(true).next_back().map_or(0, |(start, _)| start)
    }

    fn after(&self, at: usize) -> usize {
        self.text[at..].graphemes(true).next().map_or(at, |grapheme| at + grapheme.len())
    }

    /// Editing may join two graphemes into one; the caret must not stand within it.
    fn boundary_at_or_after(&self, at: usize) -> usize {
        let mut cursor = unicode_segmentation::GraphemeCursor::new(at, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
            _ => at,
        }
    }

    fn word_before(&self, in_word: impl Fn(char) -> bool) -> usize {
        let rest = self.text[..self.caret].trim_end_matches(|c| !in_word(c));
        rest.trim_end_matches(&in_word).len()
    }

    fn word_after(&self) -> usize {
        let rest = &self.text[self.caret..];
        let skipped = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - skipped.trim_start_matches(char::is_alphanumeric).len()
    }
}

#[cfg(test)]
mod tests;
