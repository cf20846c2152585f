//! My squares that wait for their answer, in the order in which they were entered, and those that were refused, for
//! as long as the reason stands beside them.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::event::Pending;
use crate::text;

/// How long the reason of a refusal stands.
const REFUSAL_STANDS: Duration = Duration::from_secs(20);

/// A square of mine that waits, or was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PendingSquare {
    id: String,
    /// The number, in canonical form.
    pub(crate) number: String,
    /// Why it was refused, and until when that stands here.
    refusal: Option<(String, Instant)>,
}

impl PendingSquare {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Why it was refused, if it was.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.refusal.as_ref().map(|(why, _)| why.as_str())
    }
}

/// The squares that wait.
#[derive(Debug, Default)]
pub(crate) struct PendingList {
    squares: VecDeque<PendingSquare>,
    /// The ids of those that are not refused: most results answer none of them, and are told so at once.
    ids: HashSet<String>,
}

impl PendingList {
    /// A square waits from now on.
    pub(crate) fn add(&mut self, pending: Pending) {
        if self.ids.insert(pending.id.clone()) {
            let number = text::printable_number(&pending.number).into_owned();
            self.squares.push_back(PendingSquare { id: pending.id, number, refusal: None });
        }
    }

    /// A square was answered. Whether it was one of these.
    pub(crate) fn answered(&mut self, id: &str) -> bool {
        if !self.ids.remove(id) {
            return false;
        }
        // Answers come in order, so that it is the first or nearly so.
        if let Some(index) = self.squares.iter().position(|square| square.id == id && square.refusal.is_none()) {
            self.squares.remove(index);
        }
        true
    }

    /// A square was refused: the reason takes the place of its result for a while.
    pub(crate) fn refused(&mut self, pending: &Pending, why: String, now: Instant) {
        if !self.ids.contains(&pending.id) {
            self.add(pending.clone());
        }
        self.ids.remove(&pending.id);
        if let Some(square) = self.squares.iter_mut().find(|square| square.id == pending.id && square.refusal.is_none())
        {
            square.refusal = Some((why, now + REFUSAL_STANDS));
        }
    }

    /// Takes away the refusals that have stood long enough. Whether any went.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let before = self.squares.len();
        if before > self.ids.len() {
            self.squares.retain(|square| square.refusal.as_ref().is_none_or(|(_, until)| *until > now));
        }
        self.squares.len() < before
    }

    /// When the next refusal goes.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        if self.squares.len() == self.ids.len() {
            return None;
        }
        self.squares.iter().filter_map(|square| square.refusal.as_ref().map(|(_, until)| *until)).min()
    }

    /// Those that wait and those that were refused.
    pub(crate) fn len(&self) -> usize {
        self.squares.len()
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&PendingSquare> {
        self.squares.get(index)
    }

    /// Forgets all of them: the link tells those of another student.
    pub(crate) fn clear(&mut self) {
        self.squares.clear();
        self.ids.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(id: &str) -> Pending {
        Pending { id: id.into(), number: "12".into() }
    }

    #[test]
    fn squares_wait_in_order_until_they_are_answered() {
        let mut list = PendingList::default();
        for id in ["a", "b", "a", "c"] {
            list.add(pending(id));
        }
        assert_eq!((list.len(), list.unanswered()), (3, 3));
        assert!(list.answered("b"));
        assert!(!list.answered("b") && !list.answered("x"));
        assert_eq!((list.len(), list.next_wake()), (2, None));
    }

    #[test]
    fn a_refusal_goes_by_itself() {
        let now = Instant::now();
        let mut list = PendingList::default();
        list.add(pending("a"));
        list.refused(&pending("a"), "why".into(), now);
        assert_eq!(list.get(0).and_then(PendingSquare::refusal), Some("why"));
        assert_eq!((list.len(), list.unanswered()), (1, 0));
        let gone = list.next_wake().unwrap();
        assert!(!list.expire(now));
        assert!(list.expire(gone));
        assert_eq!((list.len(), list.next_wake()), (0, None));
    }
}
