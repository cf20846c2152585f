//! The squares of one connection whose answers are still to come, with the memory that their answers may take:
//! whoever asks for more than that is not read from. Kept by the session; it reads and writes nothing itself.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{ledger::LedgerEntry, limits::Payment};

/// What an answer takes beside the number, its square and its name.
const AROUND: usize = 256;

/// Squares at the ledger, and results that stood already and are to be sent again.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// The bytes that the answer to each may have and what was paid for it, oldest first: the ledger answers a
    /// session in its order.
    submitted: VecDeque<(usize, Option<Payment>)>,
    /// Results sent before, each to be sent again once everything up to its `seq` was.
    repeats: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

/// The bytes that the answer to this square may have.
pub(super) fn size_of(entry: &LedgerEntry) -> usize {
    entry.number.len() + entry.square.len() + entry.name.len() + AROUND
}

impl UnderWay {
    /// A square is at the ledger. One that was let through as a repeat is not paid for.
    pub(super) fn submitted(&mut self, size: usize, paid: Option<Payment>) {
        self.submitted.push_back((size, paid));
        self.bytes += size;
    }

    /// The ledger has answered the oldest; gives what was paid for it.
    pub(super) fn answered(&mut self) -> Option<Payment> {
        let (size, paid) = self.submitted.pop_front()?;
        self.bytes -= size;
        if self.submitted.is_empty() {
            self.submitted = VecDeque::new();
        }
        paid
    }

    /// This line is to be sent again once everything up to its `seq` was.
    pub(super) fn repeat(&mut self, seq: u64, line: Bytes) {
        self.bytes += line.len();
        self.repeats.push_back((seq, line));
    }

    /// A line that is to be sent again now that everything up to `reached` was.
    pub(super) fn due(&mut self, reached: u64) -> Option<Bytes> {
        let at = self.repeats.iter().position(|&(seq, _)| seq <= reached)?;
        let (_, line) = self.repeats.remove(at)?;
        self.bytes -= line.len();
        Some(line)
    }

    /// Whether the ledger has still to answer.
    pub(super) fn is_awaited(&self) -> bool {
        !self.submitted.is_empty()
    }

    /// Whether something is to be sent again.
    pub(super) fn has_repeats(&self) -> bool {
        !self.repeats.is_empty()
    }

    /// How many answers are still to come.
    pub(super) fn count(&self) -> usize {
        self.submitted.len() + self.repeats.len()
    }

    /// The bytes that they may have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_and_sent_again_takes_nothing_any_more() {
        let mut under_way = UnderWay::default();
        let paid = crate::limits::SquareLimits::new(0, 0, 0).of(&"s".into()).pay(1).ok();
        under_way.submitted(300, paid);
        under_way.submitted(700, None);
        assert_eq!((under_way.count(), under_way.bytes(), under_way.is_awaited()), (2, 1000, true));
        assert_eq!(under_way.answered(), paid);
        under_way.repeat(9, Bytes::from_static(b"line"));
        assert_eq!(under_way.answered(), None);
        assert_eq!((under_way.count(), under_way.bytes(), under_way.is_awaited()), (1, 4, false));
        assert_eq!(under_way.due(8), None);
        assert_eq!(under_way.due(9).as_deref(), Some(&b"line"[..]));
        assert_eq!((under_way.count(), under_way.bytes(), under_way.has_repeats()), (0, 0, false));
    }
}
