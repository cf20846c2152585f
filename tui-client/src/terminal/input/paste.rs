//! A bracketed paste: everything between `ESC [ 200 ~` and `ESC [ 201 ~` is text, whatever it looks like. Called by
//! the decoder, which also knows when the end does not come.

use super::sequence::CTRL_C;
use super::{Input, keys};

/// What ends a paste.
const END: &[u8] = b"\x1b[201~";

/// What ends a paste that was begun with an 8-bit control, raw or in UTF-8.
const END_OF_EIGHT_BITS: &[u8] = b"\x9b201~";

/// The most bytes that are gathered; a larger paste arrives in pieces.
pub(super) const LARGEST: usize = 4 << 20;

/// A paste whose end has not come.
#[derive(Debug, Default)]
pub(super) struct Paste {
    bytes: Vec<u8>,
    /// The terminal writes 8-bit controls.
    of_eight_bits: bool,
}

pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(END.len()).position(|part| part == END)
}

/// The text of what was pasted, without controls but ends of lines and tabs. None is left out without a trace: what
/// stands on both sides of one is not one number.
pub(super) fn text(bytes: &[u8]) -> String {
    let shown = |c: char| match c {
        '\r' | '\n' | '\t' => c,
        // What Unicode calls ends of lines, besides.
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    String::from_utf8_lossy(bytes).chars().map(shown).collect()
}

/// Where a paste that is too large may be cut: behind a line, or, where there is none, before what may begin the end.
pub(super) fn cut(bytes: &[u8]) -> usize {
    let line = bytes.iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    line.map_or(bytes.len() - (END.len() - 1), |at| at + 1)
}

/// Where such an end is: its beginning, and what is behind it. Half of a character is none.
fn end_of_eight_bits(bytes: &[u8]) -> Option<(usize, usize)> {
    let ends = bytes.windows(END_OF_EIGHT_BITS.len()).enumerate().filter(|(_, part)| *part == END_OF_EIGHT_BITS);
    ends.map(|(at, _)| at).find_map(|at| match at.checked_sub(1).map(|before| bytes[before]) {
        Some(0xc2) => Some((at - 1, at + END_OF_EIGHT_BITS.len())),
        Some(0x80..) => None,
        _ => Some((at, at + END_OF_EIGHT_BITS.len())),
    })
}

impl Paste {
    /// One that this sequence began.
    pub(super) fn begun_by(opening: &[u8]) -> Self {
        Self { bytes: Vec::new(), of_eight_bits: !opening.is_ascii() }
    }

    /// Takes bytes up to the end. Gives back what is behind it, or none where it has not come.
    pub(super) fn take<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<Input>) -> Option<&'a [u8]> {
        // The end may have come in pieces.
        let from = self.bytes.len().saturating_sub(END.len() - 1);
        let before = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let new = &self.bytes[from..];
        let eight = if self.of_eight_bits { end_of_eight_bits(new) } else { None };
        if let Some((at, end)) = end(new).map(|at| (at, at + END.len())).into_iter().chain(eight).min() {
            let behind = &bytes[from + end - before..];
            self.bytes.truncate(from + at);
            self.push(out);
            return Some(behind);
        }
        if self.bytes.len() >= LARGEST {
            let kept = self.bytes.split_off(cut(&self.bytes));
            self.push(out);
            self.bytes = kept;
        }
        None
    }

    /// The end does not come. Ctrl-C pressed meanwhile was meant to end the paste, and perhaps the program.
    pub(super) fn give_up(mut self, out: &mut Vec<Input>) {
        let pressed = self.bytes.iter().rev().take_while(|byte| **byte == CTRL_C).count();
        let interrupts = pressed.max(usize::from(self.bytes.contains(&CTRL_C)));
        self.bytes.truncate(self.bytes.len() - pressed);
        // Of the end, a part may have come.
        let part = (1..END.len()).rev().find(|&part| self.bytes.ends_with(&END[..part]));
        self.bytes.truncate(self.bytes.len() - part.unwrap_or(0));
        self.push(out);
        out.extend(std::iter::repeat_n(Input::Key(keys::CTRL_C), interrupts));
    }

    fn push(&mut self, out: &mut Vec<Input>) {
        let text = text(&std::mem::take(&mut self.bytes));
        if !text.is_empty() {
            out.push(Input::Paste(text));
        }
    }
}
