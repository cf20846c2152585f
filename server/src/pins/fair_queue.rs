//! Whose PIN is checked next (fairness). A check takes a processor for a while, so a student has one at a time,
//! students take turns, and so do the addresses from which one student's PIN is tried. Pure; only `pins` uses it.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

/// Checks of one student that may wait at one address: as many as a student has terminals.
const WAITING: usize = 16;

/// The checks that wait, each with what wakes it, and those that run.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    at_once: usize,
    /// Whose checks run, and from where.
    running: HashMap<Arc<str>, IpAddr>,
    waiting: Vec<Waiter<T>>,
    /// Counts arrivals and turns.
    clock: u64,
}

#[derive(Debug)]
struct Waiter<T> {
    /// When it arrived, by the queue's clock.
    number: u64,
    student: Arc<str>,
    address: IpAddr,
    /// When its student last had a turn, or began to wait for one.
    student_since: u64,
    /// The same for the student at this address.
    address_since: u64,
    waker: T,
}

impl<T> FairQueue<T> {
    /// A queue that lets so many run at once.
    pub(super) fn new(at_once: usize) -> Self {
        Self { at_once, running: HashMap::new(), waiting: Vec::new(), clock: 0 }
    }

    /// Adds a check for this student from this address, and gives its number. `None` where too many wait there.
    pub(super) fn wait(&mut self, student: &Arc<str>, address: IpAddr, waker: T) -> Option<u64> {
        let of_student = self.waiting.iter().filter(|waiter| waiter.student == *student);
        let at_address = of_student.clone().filter(|waiter| waiter.address == address);
        if at_address.clone().count() >= WAITING {
            return None;
        }
        let number = self.clock;
        let student_since = of_student.map(|waiter| waiter.student_since).next().unwrap_or(number);
        let address_since = at_address.map(|waiter| waiter.address_since).next().unwrap_or(number);
        self.clock += 1;
        self.waiting.push(Waiter {
            number,
            student: Arc::clone(student),
            address,
            student_since,
            address_since,
            waker,
        });
        Some(number)
    }

    /// Removes a check that no longer waits for its turn; tells whether it still did.
    pub(super) fn leave(&mut self, number: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiter| waiter.number != number);
        self.waiting.len() < before
    }

    /// The next check to run, where one more may. A student of whom one runs has to wait; an address that `is_suspect`,
    /// or that has its share of those that run, comes after all others.
    pub(super) fn next(&mut self, is_suspect: impl Fn(IpAddr) -> bool) -> Option<T> {
        if self.running.len() >= self.at_once {
            return None;
        }
        let share = (self.at_once / 2).max(1);
        let rank = |address: IpAddr| {
            let has_its_share = self.running.values().filter(|from| **from == address).count() >= share;
            u8::from(has_its_share) + 2 * u8::from(is_suspect(address))
        };
        let free = self.waiting.iter().enumerate().filter(|(_, waiter)| !self.running.contains_key(&waiter.student));
        let (at, _) = free.min_by_key(|(_, waiter)| {
            (rank(waiter.address), waiter.student_since, waiter.address_since, waiter.number)
        })?;
        let Waiter { student, address, waker, .. } = self.waiting.swap_remove(at);
        for other in self.waiting.iter_mut().filter(|other| other.student == student) {
            other.student_since = self.clock;
            if other.address == address {
                other.address_since = self.clock;
            }
        }
        self.clock += 1;
        self.running.insert(student, address);
        Some(waker)
    }

    /// Ends this student's running check.
    pub(super) fn done(&mut self, student: &Arc<str>) {
        self.running.remove(student);
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

    /// Adds a check that is known by its number.
    fn wait(queue: &mut FairQueue<u64>, student: &Arc<str>, address: IpAddr) -> Option<u64> {
        queue.wait(student, address, queue.clock)
    }

    #[test]
    fn a_student_is_checked_one_at_a_time_and_others_do_not_wait_for_that() {
        let (mut queue, eager, other) = (FairQueue::new(4), student("eager"), student("other"));
        let numbers: Vec<u64> = (0..600).filter_map(|_| wait(&mut queue, &eager, HERE)).collect();
        assert_eq!(numbers.len(), WAITING, "the others are turned away at once");
        assert_eq!((queue.next(innocent), queue.next(innocent)), (Some(0), None));
        let number = wait(&mut queue, &other, HERE).unwrap();
        assert_eq!((queue.next(innocent), queue.next(innocent)), (Some(number), None));
        queue.done(&eager);
        assert_eq!(queue.next(innocent), Some(1));
    }

    #[test]
    fn students_have_their_turns_one_after_the_other() {
        let mut queue = FairQueue::new(1);
        let class: Vec<Arc<str>> = ["a", "b", "c"].map(student).into();
        let mut numbers = HashMap::new();
        for student in class.iter().cycle().take(9) {
            numbers.insert(wait(&mut queue, student, HERE).unwrap(), Arc::clone(student));
        }
        let mut seen = String::new();
        while let Some(number) = queue.next(innocent) {
            seen.push_str(&numbers[&number]);
            queue.done(&numbers[&number]);
        }
        assert_eq!(seen, "abcabcabc");
        assert!(queue.waiting.is_empty() && queue.running.is_empty());
    }

    #[test]
    fn who_tries_a_students_pin_elsewhere_takes_turns_with_the_student() {
        let (mut queue, victim) = (FairQueue::new(1), student("victim"));
        let guesses: Vec<u64> = (0..3).filter_map(|_| wait(&mut queue, &victim, THERE)).collect();
        let own = wait(&mut queue, &victim, HERE).unwrap();
        let mut seen = Vec::new();
        while let Some(number) = queue.next(innocent) {
            seen.push(number);
            queue.done(&victim);
        }
        assert_eq!(seen, [guesses[0], own, guesses[1], guesses[2]]);
    }

    #[test]
    fn addresses_that_guess_or_have_their_share_come_last() {
        let mut queue = FairQueue::new(2);
        let all: Vec<u64> = ["a", "b"].iter().map(|name| wait(&mut queue, &student(name), THERE).unwrap()).collect();
        let own = wait(&mut queue, &student("c"), HERE).unwrap();
        assert_eq!(queue.next(|from| from == THERE), Some(own));
        assert_eq!(queue.next(|from| from == THERE), Some(all[0]), "nobody else waits");
        queue.done(&student("c"));
        let own = wait(&mut queue, &student("d"), HERE).unwrap();
        assert_eq!(queue.next(innocent), Some(own), "one of two is of the other address already");
        queue.done(&student("d"));
        assert_eq!(queue.next(innocent), Some(all[1]), "a share is not more than others want");
    }

    #[test]
    fn who_is_gone_has_no_turn() {
        let (mut queue, gone, here) = (FairQueue::new(1), student("gone"), student("here"));
        let numbers: Vec<u64> = (0..5).filter_map(|_| wait(&mut queue, &gone, HERE)).collect();
        let number = wait(&mut queue, &here, HERE).unwrap();
        numbers.into_iter().for_each(|number| assert!(queue.leave(number)));
        assert!(!queue.leave(77));
        assert_eq!((queue.next(innocent), queue.waiting.len()), (Some(number), 0));
    }
}
