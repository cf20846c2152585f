//! What a line keeps of what stood in it: the pieces that were cut, for putting back, and the texts before each
//! change, for undoing. Both are bounded.

use std::collections::VecDeque;

/// The most pieces that are kept.
const CUTS: usize = 20;

/// The most changes that can be undone, and the most bytes that are kept for it.
const CHANGES: usize = 200;
const CHANGED_BYTES: usize = 1 << 20;

/// The pieces that were cut, the latest last.
#[derive(Debug, Default)]
pub(super) struct KillRing {
    pieces: VecDeque<String>,
    /// How many pieces before the latest the one stands that was put back.
    back: usize,
}

impl KillRing {
    /// Keeps a piece; as a part of the latest, if it was cut right behind it.
    pub(super) fn add(&mut self, piece: &str, again: bool, backwards: bool) {
        self.back = 0;
        match self.pieces.back_mut().filter(|_| again) {
            Some(latest) if backwards => latest.insert_str(0, piece),
            Some(latest) => latest.push_str(piece),
            None => {
                if self.pieces.len() == CUTS {
                    self.pieces.pop_front();
                }
                self.pieces.push_back(piece.to_owned());
            }
        }
    }

    pub(super) fn latest(&mut self) -> Option<&str> {
        self.back = 0;
        self.pieces.back().map(String::as_str)
    }

    /// The piece before the one that was asked for last; before the oldest, the latest again.
    pub(super) fn earlier(&mut self) -> Option<&str> {
        self.back = (self.back + 1) % self.pieces.len().max(1);
        let at = self.pieces.len().checked_sub(self.back + 1)?;
        self.pieces.get(at).map(String::as_str)
    }
}

/// The texts before each change, with their carets, the latest last.
#[derive(Debug, Default)]
pub(super) struct Undo {
    before: VecDeque<(String, usize)>,
    bytes: usize,
}

impl Undo {
    /// Keeps a text that is about to change.
    pub(super) fn keep(&mut self, text: &str, caret: usize) {
        self.bytes += text.len();
        self.before.push_back((text.to_owned(), caret));
        while self.before.len() > CHANGES || (self.bytes > CHANGED_BYTES && self.before.len() > 1) {
            self.bytes -= self.before.pop_front().map_or(0, |(text, _)| text.len());
        }
    }

    /// Takes out the latest text.
    pub(super) fn latest(&mut self) -> Option<(String, usize)> {
        let latest = self.before.pop_back()?;
        self.bytes -= latest.0.len();
        Some(latest)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut undo = Undo::default();
        for _ in 0..4 {
            undo.keep(&"7".repeat(CHANGED_BYTES / 2), 0);
        }
        assert_eq!((undo.before.len(), undo.bytes), (2, CHANGED_BYTES));
        for number in 0..2 * CHANGES {
            undo.keep(&number.to_string(), 0);
        }
        assert!(undo.before.len() <= CHANGES && undo.bytes <= CHANGED_BYTES);
        let mut cuts = KillRing::default();
        for number in 0..2 * CUTS {
            cuts.add(&number.to_string(), false, true);
        }
        assert_eq!(cuts.pieces.len(), CUTS);
    }
}
