//! One editable line of text: the room's input box and each field of the join screen. It knows readline's keys, moves
//! by grapheme, composes what is typed (NFC), and keeps the part around the caret in sight.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;

use crate::text;

/// The most bytes a line holds: any number that a server takes fits, and a pasted book does not.
const MOST_BYTES: usize = 256 * 1024;

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
pub(crate) struct Line {
    text: String,
    /// A byte index between two graphemes.
    caret: usize,
    /// The byte index of the first grapheme in sight.
    first: usize,
    killed: String,
    killing: bool,
}

impl Line {
    /// A line that holds `text`, the caret at its end.
    pub(crate) fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.set(text);
        line
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the text, and puts the caret at its end.
    pub(crate) fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.extend(text.nfc());
        self.caret = self.text.len();
        self.first = 0;
        self.killing = false;
    }

    /// Takes the text out.
    pub(crate) fn take(&mut self) -> String {
        self.caret = 0;
        self.first = 0;
        self.killing = false;
        std::mem::take(&mut self.text)
    }

    /// Inserts text at the caret, composed with what stands before it. Control characters become spaces.
    pub(crate) fn insert(&mut self, inserted: &str) -> Edit {
        self.killing = false;
        if inserted.is_empty() {
            return Edit::Moved;
        }
        if self.text.len() + inserted.len() > MOST_BYTES {
            return Edit::Full;
        }
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

    /// Carries out a key, if it is one of readline's.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Edit {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let was_killing = std::mem::take(&mut self.killing);
        match (key.code, control, alt) {
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, false) => self.go(self.before(self.caret)),
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, false) => self.go(self.after(self.caret)),
            (KeyCode::Left, _, _) | (KeyCode::Char('b'), false, true) => {
                self.go(self.word_before(char::is_alphanumeric))
            }
            (KeyCode::Right, _, _) | (KeyCode::Char('f'), false, true) => self.go(self.word_after()),
            (KeyCode::Home, false, _) | (KeyCode::Char('a'), true, false) => self.go(0),
            (KeyCode::End, false, _) | (KeyCode::Char('e'), true, false) => self.go(self.text.len()),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                self.remove(self.before(self.caret), self.caret)
            }
            (KeyCode::Delete, false, false) | (KeyCode::Char('d'), true, false) => {
                self.remove(self.caret, self.after(self.caret))
            }
            (KeyCode::Backspace, _, _) => {
                self.kill(self.word_before(char::is_alphanumeric), self.caret, was_killing, true)
            }
            (KeyCode::Char('w'), true, false) => {
                self.kill(self.word_before(|c| !c.is_whitespace()), self.caret, was_killing, true)
            }
            (KeyCode::Delete, _, _) | (KeyCode::Char('d'), false, true) => {
                self.kill(self.caret, self.word_after(), was_killing, false)
            }
            (KeyCode::Char('u'), true, false) => self.kill(0, self.caret, was_killing, true),
            (KeyCode::Char('k'), true, false) => self.kill(self.caret, self.text.len(), was_killing, false),
            (KeyCode::Char('y'), true, false) => {
                let killed = self.killed.clone();
                self.insert(&killed)
            }
            (KeyCode::Char('t'), true, false) => self.transpose(),
            // AltGr reaches us as both at once.
            (KeyCode::Char(c), control, alt) if control == alt => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => {
                self.killing = was_killing;
                Edit::NotMine
            }
        }
    }

    /// Moves the part in sight so that the caret stands within `cells`, as little as possible.
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
        // Where the end of the text is in sight with room to spare, show more of its beginning.
        let fill = self.text.len() - text::tail(&self.text, room).len();
        self.first = self.first.min(fill);
    }

    /// What is in sight within `cells`, and the cell of the caret in it.
    pub(crate) fn in_sight(&self, cells: usize) -> (&str, usize) {
        let first = if self.text.is_char_boundary(self.first) { self.first.min(self.caret) } else { 0 };
        (text::head(&self.text[first..], cells), text::width(&self.text[first..self.caret]))
    }

    /// Whether text is hidden to the left of what is in sight.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.first > 0
    }

    fn go(&mut self, to: usize) -> Edit {
        self.caret = to;
        Edit::Moved
    }

    fn remove(&mut self, from: usize, to: usize) -> Edit {
        if from == to {
            return Edit::Moved;
        }
        self.text.replace_range(from..to, "");
        self.caret = self.boundary_at_or_after(from);
        Edit::Changed
    }

    /// Kills that follow one another are yanked as one, in the order in which they stood.
    fn kill(&mut self, from: usize, to: usize, again: bool, backwards: bool) -> Edit {
        self.killing = true;
        if from == to {
            self.killing = again;
            return Edit::Moved;
        }
        let piece = &self.text[from..to];
        if !again {
            self.killed.clear();
        }
        if backwards {
            self.killed.insert_str(0, piece);
        } else {
            self.killed.push_str(piece);
        }
        self.remove(from, to)
    }

    /// Swaps the graphemes around the caret; at the end, the last two.
    fn transpose(&mut self) -> Edit {
        let end = if self.caret == self.text.len() { self.caret } else { self.after(self.caret) };
        let middle = self.before(end);
        let start = self.before(middle);
        if start == middle || middle == end {
            return Edit::Moved;
        }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text with its caret as `|`.
    fn line(picture: &str) -> Line {
        let caret = picture.find('|').expect("the picture has a caret");
        let mut line = Line::new(&picture.replace('|', ""));
        line.caret = caret;
        line
    }

    fn picture(line: &Line) -> String {
        let (before, behind) = line.text.split_at(line.caret);
        format!("{before}|{behind}")
    }

    /// `C-` and `M-` before a key's name, or the characters themselves.
    pub(crate) fn keys(names: &str) -> Vec<KeyEvent> {
        names
            .split(' ')
            .map(|name| {
                let (modifiers, name) = match name.split_once('-') {
                    Some(("C", rest)) => (KeyModifiers::CONTROL, rest),
                    Some(("M", rest)) => (KeyModifiers::ALT, rest),
                    _ => (KeyModifiers::NONE, name),
                };
                let code = match name {
                    "left" => KeyCode::Left,
                    "right" => KeyCode::Right,
                    "home" => KeyCode::Home,
                    "end" => KeyCode::End,
                    "back" => KeyCode::Backspace,
                    "del" => KeyCode::Delete,
                    name => KeyCode::Char(name.chars().next().expect("a key has a name")),
                };
                KeyEvent::new(code, modifiers)
            })
            .collect()
    }

    fn check(before: &str, names: &str, after: &str) {
        let mut line = line(before);
        for key in keys(names) {
            assert_ne!(line.key(key), Edit::NotMine, "{names}");
        }
        assert_eq!(picture(&line), after, "{before} {names}");
    }

    #[test]
    fn keys_do_what_readline_does() {
        check("12|", "3 4", "1234|");
        check("12|34", "left 5 right", "152|34");
        check("12|34", "C-a 0 C-e 5", "012345|");
        check("12|34", "home x end y", "x1234y|");
        check("12|34", "C-b C-f C-f", "123|4");
        check("12|34", "back", "1|34");
        check("12|34", "C-h C-h C-h", "|34");
        check("12|34", "C-d", "12|4");
        check("12|34", "del del del", "12|");
        check("12|34", "C-k", "12|");
        check("12|34", "C-u", "|34");
        check("12|34", "C-u C-e C-y", "3412|");
        check("12|34", "C-t", "132|4");
        check("1234|", "C-t", "1243|");
        check("|1234", "C-t", "|1234");
        check("one 2.5|", "M-b", "one 2.|5");
        check("one 2.5|", "C-w", "one |");
        check("one 2.5|", "M-back", "one 2.|");
        check("one two |", "C-w", "one |");
        check("|one two", "M-f", "one| two");
        check("|one two", "M-d", "| two");
        check("|one two", "M-d M-d C-y C-y", "one twoone two|");
        check("one two|", "C-w C-w C-y", "one two|");
        check("one two|", "C-left C-left C-right", "one| two");
    }

    #[test]
    fn the_caret_steps_over_whole_graphemes() {
        check("가나|다", "back", "가|다");
        check("가|나다", "right", "가나|다");
        check("|e\u{302}\u{323}x", "right", "ệ|x");
    }

    #[test]
    fn what_is_typed_decomposed_is_composed() {
        check("|", "ᄀ ᅡ ᆨ", "각|");
        check("e|x", "\u{301}", "é|x");
        let mut line = Line::default();
        assert_eq!(line.insert("\u{1100}\u{1161}\t\u{1102}\u{1161}"), Edit::Changed);
        assert_eq!(line.text(), "가 나");
    }

    #[test]
    fn keys_of_others_are_left_to_them() {
        let mut line = line("12|");
        for key in [KeyCode::Up, KeyCode::Enter, KeyCode::PageUp, KeyCode::F(1), KeyCode::Tab] {
            assert_eq!(line.key(KeyEvent::new(key, KeyModifiers::NONE)), Edit::NotMine);
        }
        for name in ["C-c", "C-l", "C-z", "C-home", "M-x"] {
            assert_eq!(line.key(keys(name)[0]), Edit::NotMine, "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_taken_in_at_all() {
        let mut line = Line::new("12");
        assert_eq!(line.insert(&"3".repeat(MOST_BYTES)), Edit::Full);
        assert_eq!(line.text(), "12");
    }

    #[test]
    fn the_caret_is_always_in_sight() {
        let mut line = Line::new("1234567890");
        line.reveal(5);
        assert_eq!(line.in_sight(5), ("7890", 4));
        line.key(keys("C-a")[0]);
        line.reveal(5);
        assert_eq!(line.in_sight(5), ("12345", 0));
        line.reveal(20);
        assert_eq!(line.in_sight(20), ("1234567890", 0));
    }

    proptest! {
            #[test]
            fn no_keys_break_a_line(start in "[0-9가-각\u{1100}\u{1161}\u{11a8}e\u{301}👨\u{200d} ]{0,8}",
                                    steps in prop::collection::vec(0_usize..24, 0..30), cells in 0_usize..12) {
                let names = "left right C-a C-e C-b C-f back C-h del C-d C-u C-k C-w C-y C-t M-b M-f M-d M-back C-left 가 \u{1161} \u{301} 7";
                let all = keys(names);
                let mut line = Line::new(&start);
                for step in steps {
                    line.key(all[step]);
                    line.reveal(cells);
                    let (shown, caret) = line.in_sight(cells);
                    prop_assert!(text::width(shown) <= cells);
                    prop_assert!(caret < cells.max(1) || cells < 3, "{caret} of {cells}");
    prop_assert!(line.text.is_char_boundary(line.caret));
                }
            }
        }
}
