//! The squares of one connection that are in flight, with the memory that their answers may take: the session reads no
//! further request while that is too much. Pure bookkeeping.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{ledger::LedgerEntry, limits::Payment};

/// Squares of one connection in flight. Beyond it no further request is read until one is answered.
pub(super) const MAX_IN_FLIGHT: usize = 256;

/// Bytes of an answer besides its number, square and name.
const OVERHEAD: usize = 256;

/// Squares at the ledger, and earlier results that are to be sent again.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    /// The most bytes of each answer and what was paid for it, oldest first: the ledger answers a session in order.
    submitted: VecDeque<(usize, Option<Payment>)>,
    /// Results recorded before, each to be sent again once everything up to its `seq` was sent.
    repeats: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

/// The most bytes of the answer to this square.
pub(super) fn size_of(entry: &LedgerEntry) -> usize {
    entry.number.len() + entry.square.len() + entry.name.len() + OVERHEAD
}

impl InFlight {
    /// Adds a square that was given to the ledger. A repeat is not paid for.
    pub(super) fn submitted(&mut self, size: usize, paid: Option<Payment>) {
        self.submitted.push_back((size, paid));
        self.bytes += size;
    }

    /// Removes the oldest square, which the ledger has answered; returns what was paid for it.
    pub(super) fn answered(&mut self) -> Option<Payment> {
        let (size, paid) = self.submitted.pop_front()?;
        self.bytes -= size;
        if self.submitted.is_empty() {
            self.submitted = VecDeque::new();
        }
        paid
    }

    /// Adds a line that is to be sent again once everything up to its `seq` was sent.
    pub(super) fn repeat(&mut self, seq: u64, line: Bytes) {
        self.bytes += line.len();
        self.repeats.push_back((seq, line));
    }

    /// Removes a line that is to be sent again now that everything up to `reached` was sent.
    pub(super) fn due(&mut self, reached: u64) -> Option<Bytes> {
        let at = self.repeats.iter().position(|&(seq, _)| seq <= reached)?;
        let (_, line) = self.repeats.remove(at)?;
        self.bytes -= line.len();
        Some(line)
    }

    /// Whether an answer of the ledger is still to come.
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

    /// The most bytes that they may have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_and_sent_again_takes_nothing_any_more() {
        let mut in_flight = InFlight::default();
        let paid = crate::limits::SquareLimits::new(0, 0, 0).of(&"s".into()).pay(1).ok();
        in_flight.submitted(300, paid);
        in_flight.submitted(700, None);
        assert_eq!((in_flight.count(), in_flight.bytes(), in_flight.is_awaited()), (2, 1000, true));
        assert_eq!(in_flight.answered(), paid);
        in_flight.repeat(9, Bytes::from_static(b"line"));
        assert_eq!(in_flight.answered(), None);
        assert_eq!((in_flight.count(), in_flight.bytes(), in_flight.is_awaited()), (1, 4, false));
        assert_eq!(in_flight.due(8), None);
        assert_eq!(in_flight.due(9).as_deref(), Some(&b"line"[..]));
        assert_eq!((in_flight.count(), in_flight.bytes(), in_flight.has_repeats()), (0, 0, false));
    }
}
