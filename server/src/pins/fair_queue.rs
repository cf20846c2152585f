//! Whose PIN is checked next. A check takes a processor for a while, so a student has one at a time, students have
//! theirs by turns, and nobody's waits behind a queue of somebody else's. Pure; only `pins` uses it.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
};

/// Checks of one student that may wait at one address: as many as a student has terminals.
const WAITING: usize = 16;

/// Those who wait and those whose turn it is.
#[derive(Debug)]
pub(super) struct FairQueue {
    at_once: usize,
    /// Whose turn it is, and from where.
    checked: HashMap<Arc<str>, IpAddr>,
    /// Students for whom somebody waits; who stands first has waited longest for a turn.
    order: VecDeque<Arc<str>>,
    /// For each of them, the addresses from which somebody waits, by turns as well, each with its numbers in their
    /// order.
    waiting: HashMap<Arc<str>, VecDeque<(IpAddr, VecDeque<u64>)>>,
    next: u64,
}

impl FairQueue {
    /// So many at once.
    pub(super) fn new(at_once: usize) -> Self {
        Self { at_once, checked: HashMap::new(), order: VecDeque::new(), waiting: HashMap::new(), next: 0 }
    }

    /// Lets somebody wait for a turn of this student from this address: the number to wait for. `None` where as many
    /// wait there as may.
    pub(super) fn wait(&mut self, student: &Arc<str>, address: IpAddr) -> Option<u64> {
        let number = self.next;
        let lines = self.waiting.entry(Arc::clone(student)).or_default();
        match lines.iter_mut().find(|(from, _)| *from == address) {
            Some((_, line)) if line.len() >= WAITING => return None,
            Some((_, line)) => line.push_back(number),
            None => lines.push_back((address, VecDeque::from([number]))),
        }
        if !self.order.contains(student) {
            self.order.push_back(Arc::clone(student));
        }
        self.next += 1;
        Some(number)
    }

    /// Somebody no longer waits.
    pub(super) fn leave(&mut self, student: &Arc<str>, number: u64) {
        if let Some(lines) = self.waiting.get_mut(student) {
            for (_, line) in lines.iter_mut() {
                line.retain(|other| *other != number);
            }
            lines.retain(|(_, line)| !line.is_empty());
        }
        self.tidy(student);
    }

    /// Whose turn it is now, where one more may be checked: never a student who is being checked, and behind all
    /// others whoever comes from an address that `is_suspect`, or that has as many checked as is its share.
    pub(super) fn next(&mut self, is_suspect: impl Fn(IpAddr) -> bool) -> Option<u64> {
        if self.checked.len() >= self.at_once {
            return None;
        }
        let share = (self.at_once / 2).max(1);
        let rank = |address: IpAddr| {
            let has_its_share = self.checked.values().filter(|from| **from == address).count() >= share;
            u8::from(has_its_share) + 2 * u8::from(is_suspect(address))
        };
        let free = self.order.iter().filter(|student| !self.checked.contains_key(&**student));
        let candidates = free.flat_map(|student| {
            let lines = self.waiting.get(student).into_iter().flatten();
            lines.map(move |(address, _)| (address, student))
        });
        // Of those with the same rank the first.
        let (&address, student) = candidates.min_by_key(|(address, _)| rank(**address))?;
        let student = Arc::clone(student);
        let lines = self.waiting.get_mut(&student)?;
        let at = lines.iter().position(|(from, _)| *from == address)?;
        let (_, mut line) = lines.remove(at)?;
        let number = line.pop_front()?;
        if !line.is_empty() {
            lines.push_back((address, line));
        }
        self.order.retain(|other| *other != student);
        self.order.push_back(Arc::clone(&student));
        self.tidy(&student);
        self.checked.insert(student, address);
        Some(number)
    }

    /// This student's check is over.
    pub(super) fn done(&mut self, student: &Arc<str>) {
        self.checked.remove(student);
    }

    /// Forgets a student for whom nobody waits.
    fn tidy(&mut self, student: &Arc<str>) {
        if self.waiting.get(student).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(student);
            self.order.retain(|other| other != student);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn student(name: &str) -> Arc<str> {
        Arc::from(name)
    }

    fn innocent(_: IpAddr) -> bool {
        false
    }

    #[test]
    fn a_student_is_checked_one_at_a_time_and_others_do_not_wait_for_that() {
        let (mut turns, eager, other) = (FairQueue::new(4), student("eager"), student("other"));
        let numbers: Vec<u64> = (0..600).filter_map(|_| turns.wait(&eager, HERE)).collect();
        assert_eq!(numbers.len(), WAITING, "the others are turned away at once");
        assert_eq!((turns.next(innocent), turns.next(innocent)), (Some(0), None));
        let number = turns.wait(&other, HERE).unwrap();
        assert_eq!((turns.next(innocent), turns.next(innocent)), (Some(number), None));
        turns.done(&eager);
        assert_eq!(turns.next(innocent), Some(1));
    }

    #[test]
    fn students_have_their_turns_one_after_the_other() {
        let mut turns = FairQueue::new(1);
        let class: Vec<Arc<str>> = ["a", "b", "c"].map(student).into();
        let mut numbers = HashMap::new();
        for student in class.iter().cycle().take(9) {
            numbers.insert(turns.wait(student, HERE).unwrap(), Arc::clone(student));
        }
        let mut seen = String::new();
        while let Some(number) = turns.next(innocent) {
            seen.push_str(&numbers[&number]);
            turns.done(&numbers[&number]);
        }
        assert_eq!(seen, "abcabcabc");
        assert!(turns.order.is_empty() && turns.waiting.is_empty() && turns.checked.is_empty());
    }

    #[test]
    fn who_tries_a_students_pin_elsewhere_takes_turns_with_the_student() {
        let (mut turns, victim) = (FairQueue::new(1), student("victim"));
        let guesses: Vec<u64> = (0..3).filter_map(|_| turns.wait(&victim, THERE)).collect();
        let own = turns.wait(&victim, HERE).unwrap();
        let mut seen = Vec::new();
        while let Some(number) = turns.next(innocent) {
            seen.push(number);
            turns.done(&victim);
        }
        assert_eq!(seen, [guesses[0], own, guesses[1], guesses[2]]);
    }

    #[test]
    fn addresses_that_guess_or_have_their_share_come_last() {
        let mut turns = FairQueue::new(2);
        let all: Vec<u64> = ["a", "b"].iter().map(|name| turns.wait(&student(name), THERE).unwrap()).collect();
        let own = turns.wait(&student("c"), HERE).unwrap();
        assert_eq!(turns.next(|from| from == THERE), Some(own));
        assert_eq!(turns.next(|from| from == THERE), Some(all[0]), "nobody else waits");
        turns.done(&student("c"));
        let own = turns.wait(&student("d"), HERE).unwrap();
        assert_eq!(turns.next(innocent), Some(own), "one of two is of the other address already");
        turns.done(&student("d"));
        assert_eq!(turns.next(innocent), Some(all[1]), "a share is not more than others want");
    }

    #[test]
    fn who_is_gone_has_no_turn() {
        let (mut turns, gone, here) = (FairQueue::new(1), student("gone"), student("here"));
        let numbers: Vec<u64> = (0..5).filter_map(|_| turns.wait(&gone, HERE)).collect();
        let number = turns.wait(&here, HERE).unwrap();
        numbers.into_iter().for_each(|number| turns.leave(&gone, number));
        turns.leave(&gone, 77);
        assert_eq!((turns.next(innocent), turns.order.len(), turns.waiting.len()), (Some(number), 0, 0));
    }
}
