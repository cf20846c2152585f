//! Throttles guesses at PINs (brute force): counts wrong PINs, and right ones, and tells how long tries are refused
//! after too many. Pure: the caller gives the time. The rule is the protocol's row `bad_pin`; only `pins` uses it.

use std::{collections::HashMap, hash::Hash, net::IpAddr, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::limits::network;

/// Failures that are free: for one student from one address, for one student, and from one address.
const FREE_FAILURES: (u32, u32, u32) = (5, 50, 100);

/// The wait after the last free failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// A count with no failure for so long is forgotten. In a day, waiting for that gains fewer tries than the longest
/// wait allows.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The most counts of one kind. Beyond it the older half is forgotten, which somebody with tens of thousands of
/// addresses can bring about; the count of a student, whatever the address, is bounded by the roster and stays.
const MAX: usize = 32 << 10;

/// From so many failures on without a success, an address comes last where others wait.
const SUSPECT: u32 = 10;

/// Joins of a student that are let through at once, each made up for in [`JOIN`]: more than anybody has terminals,
/// twice over.
const JOINS: u32 = 32;

/// One join a second in the long run: a check takes a part of a processor, whether the PIN is right or not.
const JOIN: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct GuessThrottle {
    pairs: FailureCounts<(Arc<str>, IpAddr)>,
    students: FailureCounts<Arc<str>>,
    addresses: FailureCounts<IpAddr>,
    /// When each student's joins are made up for.
    joins: HashMap<Arc<str>, Instant>,
}

#[derive(Debug)]
struct FailureCounts<K>(HashMap<K, Count>);

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: Instant,
    until: Instant,
}

impl<K> Default for FailureCounts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl GuessThrottle {
    /// For how long no PIN of this student from this address is looked at; `None`: it may be tried.
    pub(super) fn throttled(&self, student: &Arc<str>, address: IpAddr, now: Instant) -> Option<Duration> {
        let address = network(address);
        let pair = self.pairs.wait(&(Arc::clone(student), address), now);
        [pair, self.students.wait(student, now), self.addresses.wait(&address, now)].into_iter().flatten().max()
    }

    pub(super) fn failed(&mut self, student: &Arc<str>, address: IpAddr, now: Instant) {
        let address = network(address);
        self.pairs.failed((Arc::clone(student), address), FREE_FAILURES.0, now);
        self.students.failed(Arc::clone(student), FREE_FAILURES.1, now);
        self.addresses.failed(address, FREE_FAILURES.2, now);
    }

    /// Whether checks from this address come after all others.
    pub(super) fn is_suspect(&self, address: IpAddr) -> bool {
        self.addresses.0.get(&network(address)).is_some_and(|count| count.failures >= SUSPECT)
    }

    /// For how long no PIN of this student is looked at, since right ones came too often; `None`: it may be.
    pub(super) fn joined_too_often(&self, student: &Arc<str>, now: Instant) -> Option<Duration> {
        let behind = self.joins.get(student)?.saturating_duration_since(now);
        (behind + JOIN).checked_sub(JOINS * JOIN).filter(|wait| !wait.is_zero())
    }

    /// A success resets the counts: of the student there, of the student, and of the address. It is counted as well.
    pub(super) fn succeeded(&mut self, student: &Arc<str>, address: IpAddr, now: Instant) {
        if self.joins.len() >= MAX {
            self.joins.retain(|_, refilled_at| *refilled_at > now);
        }
        let refilled_at = self.joins.entry(Arc::clone(student)).or_insert(now);
        *refilled_at = now.max(*refilled_at) + JOIN;
        let address = network(address);
        self.pairs.0.remove(&(Arc::clone(student), address));
        self.students.0.remove(student);
        self.addresses.0.remove(&address);
    }
}

impl<K: Eq + Hash> FailureCounts<K> {
    fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let left = self.0.get(key)?.until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn failed(&mut self, key: K, free: u32, now: Instant) {
        if self.0.len() >= MAX {
            self.forget(now);
        }
        let new = Count { failures: 0, last: now, until: now };
        let count = self.0.entry(key).or_insert(new);
        if now.duration_since(count.last) >= FORGOTTEN_AFTER {
            *count = new;
        }
        count.failures = count.failures.saturating_add(1);
        count.last = now;
        if let Some(further) = count.failures.checked_sub(free) {
            let wait = FIRST_WAIT.saturating_mul(1_u32.checked_shl(further).unwrap_or(u32::MAX));
            count.until = now + wait.min(LONGEST_WAIT);
        }
    }

    /// Makes room: what is too old to count goes, and where that is not enough, the older half.
    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, count| now.duration_since(count.last) < FORGOTTEN_AFTER);
        if self.0.len() >= MAX {
            let mut times: Vec<Instant> = self.0.values().map(|count| count.last).collect();
            let middle = times.len() / 2;
            let (_, &mut middle, _) = times.select_nth_unstable(middle);
            self.0.retain(|_, count| count.last > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [u8; 4] = [10, 0, 0, 1];

    fn student(name: &str) -> Arc<str> {
        Arc::from(name)
    }

    #[test]
    fn the_wait_doubles_from_the_fifth_failure_up_to_five_minutes() {
        let (mut guesses, s, mut now) = (GuessThrottle::default(), student("s"), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..15 {
            guesses.failed(&s, HERE.into(), now);
            let wait = guesses.throttled(&s, HERE.into(), now).map_or(0, |wait| wait.as_secs());
            waits.push(wait);
            now += Duration::from_secs(wait);
            assert_eq!(guesses.throttled(&s, HERE.into(), now), None);
        }
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn one_student_from_many_addresses_is_held_up_after_fifty() {
        let (mut guesses, s, now) = (GuessThrottle::default(), student("s"), Instant::now());
        for at in 0..50_u8 {
            assert_eq!(guesses.throttled(&s, [10, 0, 1, at].into(), now), None);
            guesses.failed(&s, [10, 0, 1, at].into(), now);
        }
        assert!(guesses.throttled(&s, HERE.into(), now).is_some());
        assert_eq!(guesses.throttled(&student("t"), HERE.into(), now), None);
    }

    #[test]
    fn one_address_with_many_students_is_held_up_after_a_hundred() {
        let (mut guesses, now) = (GuessThrottle::default(), Instant::now());
        for at in 0..100 {
            assert_eq!(guesses.throttled(&student("new"), HERE.into(), now), None);
            guesses.failed(&student(&at.to_string()), HERE.into(), now);
        }
        assert!(guesses.throttled(&student("new"), HERE.into(), now).is_some());
        assert_eq!(guesses.throttled(&student("new"), [10, 0, 0, 2].into(), now), None);
    }

    #[test]
    fn a_success_starts_anew() {
        let (mut guesses, s, now) = (GuessThrottle::default(), student("s"), Instant::now());
        for _ in 0..6 {
            guesses.failed(&s, HERE.into(), now);
        }
        guesses.succeeded(&s, HERE.into(), now);
        for _ in 0..4 {
            guesses.failed(&s, HERE.into(), now);
            assert_eq!(guesses.throttled(&s, HERE.into(), now), None);
        }
        guesses.failed(&s, HERE.into(), now);
        assert!(guesses.throttled(&s, HERE.into(), now).is_some());
    }

    #[test]
    fn joins_are_counted_and_made_up_for() {
        let (mut guesses, s, mut now) = (GuessThrottle::default(), student("s"), Instant::now());
        for _ in 0..JOINS {
            assert_eq!(guesses.joined_too_often(&s, now), None);
            guesses.succeeded(&s, HERE.into(), now);
        }
        assert_eq!(guesses.joined_too_often(&s, now), Some(JOIN));
        assert_eq!(guesses.joined_too_often(&student("t"), now), None);
        now += JOIN;
        assert_eq!(guesses.joined_too_often(&s, now), None);
        guesses.succeeded(&s, HERE.into(), now);
        assert_eq!(guesses.joined_too_often(&s, now), Some(JOIN));
        assert_eq!(guesses.joined_too_often(&s, now + JOINS * JOIN), None);
    }

    #[test]
    fn an_address_is_suspect_once_it_has_only_guessed() {
        let (mut guesses, now) = (GuessThrottle::default(), Instant::now());
        for n in 0..SUSPECT {
            assert!(!guesses.is_suspect(HERE.into()));
            guesses.failed(&student(&n.to_string()), HERE.into(), now);
        }
        assert!(guesses.is_suspect(HERE.into()) && !guesses.is_suspect([10, 0, 0, 2].into()));
        guesses.succeeded(&student("s"), HERE.into(), now);
        assert!(!guesses.is_suspect(HERE.into()));
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_mapped_one_is_ipv4() {
        let (mut guesses, s, now) = (GuessThrottle::default(), student("s"), Instant::now());
        for at in 0..5 {
            guesses.failed(&s, format!("2001:db8::{at}").parse().unwrap(), now);
        }
        assert!(guesses.throttled(&s, "2001:db8::ffff".parse().unwrap(), now).is_some());
        assert_eq!(guesses.throttled(&s, "2001:db8:0:1::1".parse().unwrap(), now), None);
        for _ in 0..5 {
            guesses.failed(&s, "::ffff:10.0.0.1".parse().unwrap(), now);
        }
        assert!(guesses.throttled(&s, HERE.into(), now).is_some());
    }

    #[test]
    fn the_counts_are_bounded_and_the_old_ones_go_first() {
        let (mut tally, start) = (FailureCounts::default(), Instant::now());
        for at in 0..3 * MAX {
            tally.failed(at, 1, start + Duration::from_millis(at as u64));
            assert!(tally.0.len() <= MAX);
        }
        let now = start + Duration::from_millis(3 * MAX as u64);
        assert!(tally.wait(&(3 * MAX - 1), now).is_some());
        let much_later = now + FORGOTTEN_AFTER;
        assert_eq!(tally.wait(&(3 * MAX - 1), much_later), None);
        tally.failed(3 * MAX - 1, 2, much_later);
        assert_eq!(tally.wait(&(3 * MAX - 1), much_later), None, "what was a day ago is forgotten");
    }
}
