//! Who is online at this server, as the others are told: a list and its changes, or a number where the list would be
//! long. `peers` sends what this gives.

use std::sync::Arc;

use super::message::Told;
use crate::presence::Presence;

/// Beyond so many students here, the others are told only their number.
const MOST_TOLD: usize = 10_000;

/// Students of one message.
const PART: usize = 1000;

pub(super) struct OwnList {
    presence: Arc<Presence>,
    /// The others know only a number, and a change of the list would mean nothing to them.
    is_number: bool,
}

impl OwnList {
    pub(super) const fn new(presence: Arc<Presence>) -> Self {
        Self { presence, is_number: false }
    }

    /// The whole list, or its number.
    pub(super) fn whole(&mut self) -> Vec<Told> {
        let count = self.presence.students_here();
        self.is_number = count > MOST_TOLD;
        if self.is_number {
            return vec![Told::Many { count }];
        }
        let students = self.presence.all_here();
        let parts = students.len().div_ceil(PART).max(1);
        let mut all = students.into_iter();
        let part = |part| Told::Online { part, parts, students: all.by_ref().take(PART).collect() };
        (0..parts).map(part).collect()
    }

    /// What changed since this was asked last.
    pub(super) fn changes(&mut self) -> Vec<Told> {
        let (joined, left) = self.presence.take_changes_here();
        let are_many = joined.len() + left.len() > PART;
        if self.is_number || are_many || self.presence.students_here() > MOST_TOLD {
            return self.whole();
        }
        if joined.is_empty() && left.is_empty() { Vec::new() } else { vec![Told::Changed { joined, left }] }
    }
}
