//! Who has just squared: a mark beside their names, which goes out by itself a little later. The app lights it where
//! the list is in sight, and needs no timer while none is lit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a mark stays.
const STAYS: Duration = Duration::from_secs(4);

/// Marks that are this close to going out go together, so that one wake-up is enough for them.
const TOGETHER: Duration = Duration::from_secs(1);

/// The most marks at once: more than that is everybody.
const MAX_ACTIVE: usize = 32;

/// Who has just squared, longest ago first.
#[derive(Debug, Default)]
pub(crate) struct Active(VecDeque<(String, Instant)>);

impl Active {
    /// These students squared, in this order.
    pub(crate) fn squared<'a>(&mut self, students: impl DoubleEndedIterator<Item = &'a str>, now: Instant) {
        let mut latest: Vec<&str> = Vec::new();
        // In a flood only the latest of each is looked at, and only so many.
        for student in students.rev().take(2 * MAX_ACTIVE) {
            if !latest.contains(&student) {
                latest.push(student);
            }
        }
        for student in latest.into_iter().rev() {
            self.0.retain(|(other, _)| other != student);
            self.0.push_back((student.to_owned(), now));
        }
        while self.0.len() > MAX_ACTIVE {
            self.0.pop_front();
        }
    }

    pub(crate) fn contains(&self, student: &str) -> bool {
        self.0.iter().any(|(other, _)| other == student)
    }

    /// When a mark goes out; none while none is lit.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.0.front().map(|(_, since)| *since + STAYS)
    }

    /// Puts out what was lit long enough. Whether any was.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        if self.next_wake().is_none_or(|wake| wake > now) {
            return false;
        }
        self.0.retain(|(_, since)| *since + STAYS > now + TOGETHER);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_out_together_and_then_nothing_is_waited_for() {
        let (mut active, now) = (Active::default(), Instant::now());
        assert_eq!(active.next_wake(), None);
        active.squared(["a", "b", "a"].into_iter(), now);
        active.squared(["c"].into_iter(), now + Duration::from_millis(900));
        active.squared(["d"].into_iter(), now + Duration::from_secs(3));
        assert!(["a", "b", "c", "d"].iter().all(|student| active.contains(student)) && !active.contains("e"));
        assert!(!active.expire(now + Duration::from_secs(3)));
        assert_eq!(active.next_wake(), Some(now + STAYS));
        assert!(active.expire(now + STAYS));
        assert!(!active.contains("a") && !active.contains("c") && active.contains("d"));
        assert!(active.expire(now + Duration::from_secs(7)));
        assert_eq!(active.next_wake(), None);
    }

    #[test]
    fn a_flood_of_students_lights_only_so_many() {
        let (mut active, now) = (Active::default(), Instant::now());
        let students: Vec<String> = (0..1_000).map(|at| at.to_string()).collect();
        active.squared(students.iter().map(String::as_str), now);
        assert_eq!(active.0.len(), MAX_ACTIVE);
        assert!(active.contains("999") && !active.contains("1"));
    }
}
