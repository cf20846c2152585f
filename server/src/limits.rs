//! Limits for one student, one address, and everybody together. Sessions ask a student's [`Allowance`] before each
//! square; `listen` asks [`Connections`] before each session. `eviction` decides which connections may
//! stay, and `fair_share` throttles everything but squares.

mod eviction;
mod fair_share;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use eviction::ConnectionTable;
pub(crate) use eviction::Full;
pub(crate) use fair_share::{SharedBudget, Throttle};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

/// Seconds' worth of digits that a student may use at once.
const DIGITS_FOR: u64 = 10;

/// A rate limit by GCRA: so many units a second, and a burst.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: NonZeroU32,
    /// The time in which a whole burst is paid off.
    burst: Duration,
}

/// The limits of squares, and of their digits, that each student may have recorded.
#[derive(Debug)]
pub(crate) struct SquareLimits {
    rates: Rates,
    students: Mutex<HashMap<Arc<str>, Arc<Allowance>>>,
}

#[derive(Debug, Clone, Copy)]
struct Rates {
    squares: Option<Rate>,
    digits: Option<Rate>,
}

/// What one student may still use. It belongs to the student, not to the connection: reconnecting gains nothing.
#[derive(Debug)]
pub(crate) struct Allowance {
    rates: Rates,
    spent: Mutex<Spent>,
}

/// When all that was spent is paid off (GCRA's theoretical arrival time). Any time in the past counts the same, so that
/// neither waiting nor refunds save up more than a burst.
#[derive(Debug)]
struct Spent {
    squares: Instant,
    digits: Instant,
}

/// What was paid for one square, to be refunded if it is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Payment {
    digits: usize,
}

impl Rate {
    /// `None` for a rate of 0: no limit.
    fn new(per_second: u32, burst: u64) -> Option<Self> {
        NonZeroU32::new(per_second).map(|per_second| Self { per_second, burst: takes(burst.max(1), per_second) })
    }

    /// When all is paid off once these units are spent too, or how long to wait before they may be spent. More units
    /// than a burst pass when nothing else is owed, and are paid off afterwards: otherwise they never could pass.
    fn spend(&self, spent: Instant, units: u64, now: Instant) -> Result<Instant, Duration> {
        let behind = spent.saturating_duration_since(now);
        let cost = takes(units, self.per_second);
        if behind.is_zero() || behind + cost <= self.burst {
            return Ok(now + behind + cost);
        }
        Err(behind.min((behind + cost).saturating_sub(self.burst)))
    }
}

/// The time in which so many units are paid off.
fn takes(units: u64, per_second: NonZeroU32) -> Duration {
    Duration::from_nanos(units.saturating_mul(1_000_000_000) / u64::from(per_second.get()))
}

impl SquareLimits {
    /// `rate` squares a second and `burst` at once for each student, and `digit_rate` digits a second with ten
    /// seconds' worth at once. A `digit_rate` of 0 lifts the limit of digits, a `rate` of 0 both.
    pub(crate) fn new(rate: u32, burst: u32, digit_rate: u32) -> Self {
        let squares = Rate::new(rate, u64::from(burst));
        let digits = squares.and_then(|_| Rate::new(digit_rate, DIGITS_FOR * u64::from(digit_rate)));
        Self { rates: Rates { squares, digits }, students: Mutex::default() }
    }

    /// Digits a second for one student; 0: no limit.
    pub(crate) fn digit_rate(&self) -> u32 {
        self.rates.digits.map_or(0, |rate| rate.per_second.get())
    }

    /// The allowance of a student, for a session to hold.
    pub(crate) fn of(&self, student: &Arc<str>) -> Arc<Allowance> {
        /// Below this many, looking for allowances to forget is not worth it.
        const MIN_SWEPT: usize = 256;
        let now = Instant::now();
        let mut students = self.students.lock();
        if students.len() >= MIN_SWEPT && students.len() == students.capacity() {
            // One that no session holds, and that owes nothing, is the same as a new one.
            students.retain(|_, allowance| Arc::strong_count(allowance) > 1 || !allowance.owes_nothing(now));
        }
        let new = || {
            let spent = Mutex::new(Spent { squares: now, digits: now });
            Arc::new(Allowance { rates: self.rates, spent })
        };
        Arc::clone(students.entry(Arc::clone(student)).or_insert_with(new))
    }
}

impl Allowance {
    /// Pays for one square of a number with so many digits.
    ///
    /// # Errors
    /// How long to wait before it can be paid for.
    pub(crate) fn pay(&self, digits: usize) -> Result<Payment, Duration> {
        if self.rates.squares.is_none() {
            return Ok(Payment { digits });
        }
        self.pay_at(digits, Instant::now())
    }

    fn pay_at(&self, digits: usize, now: Instant) -> Result<Payment, Duration> {
        let spend = |rate: Option<Rate>, spent: Instant, units: usize| {
            rate.map_or(Ok(spent), |rate| rate.spend(spent, units as u64, now))
        };
        let spent = &mut *self.spent.lock();
        match (spend(self.rates.squares, spent.squares, 1), spend(self.rates.digits, spent.digits, digits)) {
            (Ok(squares), Ok(digits_spent)) => {
                *spent = Spent { squares, digits: digits_spent };
                Ok(Payment { digits })
            }
            (squares, digits) => Err(squares.err().max(digits.err()).unwrap_or_default()),
        }
    }

    /// Refunds a square that was not recorded, such as a repeat: only what is recorded counts.
    pub(crate) fn refund(&self, payment: Payment) {
        let back = |rate: Option<Rate>, spent: &mut Instant, units: usize| {
            let back = rate.and_then(|rate| spent.checked_sub(takes(units as u64, rate.per_second)));
            *spent = back.unwrap_or(*spent);
        };
        let spent = &mut *self.spent.lock();
        back(self.rates.squares, &mut spent.squares, 1);
        back(self.rates.digits, &mut spent.digits, payment.digits);
    }

    fn owes_nothing(&self, now: Instant) -> bool {
        let spent = self.spent.lock();
        spent.squares <= now && spent.digits <= now
    }
}

/// The open connections, in all and from each address.
#[derive(Debug)]
pub(crate) struct Connections(Mutex<ConnectionTable<Arc<Notify>>>);

/// The right to one connection, returned when it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    connections: Arc<Connections>,
    address: IpAddr,
    /// Until somebody has joined on it: its number, and what is notified when it is evicted.
    unjoined: Option<(u64, Arc<Notify>)>,
}

impl Connections {
    /// At most so many in all, and from one address (0: no limit).
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        Self(Mutex::new(ConnectionTable::new(most, most_per_address)))
    }

    /// A permit for a connection from this address, for which others may be evicted on which nobody has joined.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionPermit, Full> {
        let (address, notify) = (network(address), Arc::new(Notify::new()));
        let mut table = self.0.lock();
        let (number, evicted) = table.take(address, Arc::clone(&notify), Instant::now())?;
        drop(table);
        evicted.iter().for_each(|notify| notify.notify_one());
        Ok(ConnectionPermit { connections: Arc::clone(self), address, unjoined: Some((number, notify)) })
    }

    pub(crate) fn open(&self) -> usize {
        self.0.lock().taken()
    }
}

impl ConnectionPermit {
    /// Keeps it from being evicted, since somebody has joined. Returns whether it was still there.
    pub(crate) fn join(&mut self) -> bool {
        let Some((number, notify)) = self.unjoined.take() else { return true };
        let is_there = self.connections.0.lock().join(self.address, number);
        if !is_there {
            self.unjoined = Some((number, notify));
        }
        is_there
    }

    /// Waits until it is evicted, which does not happen once somebody has joined.
    pub(crate) async fn evicted(&self) {
        match &self.unjoined {
            Some((_, notify)) => notify.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.connections.0.lock().leave(self.address, self.unjoined.as_ref().map(|(number, _)| *number));
    }
}

/// What counts as one address: for IPv6 its /64 network, since a client usually has all addresses of one. An IPv4
/// client of a dual-stack listener counts by its IPv4 address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(rate: u32, burst: u32, digit_rate: u32) -> Arc<Allowance> {
        SquareLimits::new(rate, burst, digit_rate).of(&Arc::from("a"))
    }

    /// How many squares of so many digits pass at this moment.
    fn pass(allowance: &Allowance, digits: usize, now: Instant) -> usize {
        (0..10_000).take_while(|_| allowance.pay_at(digits, now).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let (allowance, now) = (allowance(20, 50, 0), Instant::now());
        assert_eq!(pass(&allowance, 1, now), 50);
        assert_eq!(allowance.pay_at(1, now), Err(Duration::from_millis(50)));
        assert_eq!(pass(&allowance, 1, now + Duration::from_millis(49)), 0);
        assert_eq!(pass(&allowance, 1, now + Duration::from_secs(1)), 20);
        assert_eq!(pass(&allowance, 1, now + Duration::from_secs(1000)), 50);
    }

    #[test]
    fn what_is_given_back_is_never_more_than_what_may_be_had_at_once() {
        let (allowance, now) = (allowance(20, 50, 20_000), Instant::now());
        let paid: Vec<Payment> = (0..50).map(|_| allowance.pay_at(100, now).unwrap()).collect();
        paid.into_iter().for_each(|payment| allowance.refund(payment));
        assert_eq!(pass(&allowance, 100, now), 50, "at once");
        let later = now + Duration::from_secs(60);
        let paid: Vec<Payment> = (0..50).map(|_| allowance.pay_at(4000, later).unwrap()).collect();
        let much_later = later + Duration::from_secs(60);
        paid.into_iter().for_each(|payment| allowance.refund(payment));
        assert_eq!(pass(&allowance, 4000, much_later), 50, "after a rest");
    }

    #[test]
    fn ten_seconds_of_digits_pass_at_once_and_then_their_rate_counts() {
        let (allowance, now) = (allowance(20, 50, 20_000), Instant::now());
        assert_eq!(pass(&allowance, 10_000, now), 20);
        assert_eq!(allowance.pay_at(10_000, now), Err(Duration::from_millis(500)));
        assert!(allowance.pay_at(1, now).is_err(), "a short one waits as well");
        assert_eq!(pass(&allowance, 10_000, now + Duration::from_secs(1)), 2);
        let later = now + Duration::from_secs(100);
        assert_eq!(pass(&allowance, 10_000, later), 20, "the squares that did not pass cost nothing");
        assert_eq!(pass(&allowance, 0, later), 30);
    }

    #[test]
    fn a_number_of_more_digits_than_all_that_are_allowed_waits_for_its_turn_and_is_made_up_for() {
        let (allowance, now) = (allowance(20, 50, 1), Instant::now());
        assert!(allowance.pay_at(100, now).is_ok());
        assert_eq!(allowance.pay_at(100, now), Err(Duration::from_secs(100)));
        assert_eq!(allowance.pay_at(1, now), Err(Duration::from_secs(91)));
        assert!(allowance.pay_at(100, now + Duration::from_secs(100)).is_ok());
    }

    #[test]
    fn an_allowance_outlives_its_connection() {
        let limits = SquareLimits::new(1, 1, 20_000);
        let student = Arc::from("a");
        assert!(limits.of(&student).pay(1).is_ok());
        assert!(limits.of(&student).pay(1).is_err());
        for other in 0..2000 {
            limits.of(&Arc::from(other.to_string()));
        }
        assert!(limits.of(&student).pay(1).is_err());
        assert!(limits.students.lock().len() < 1500, "whole allowances that nobody holds are forgotten");
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let lifted = allowance(0, 1, 1);
        assert!((0..10_000).all(|_| lifted.pay(10_000).is_ok()));
        assert_eq!(SquareLimits::new(0, 1, 1).digit_rate(), 0);
        assert_eq!(pass(&allowance(20, 50, 0), 1_000_000, Instant::now()), 50, "no limit of digits");
        assert_eq!(pass(&allowance(u32::MAX, u32::MAX, u32::MAX), 1_000_000, Instant::now()), 10_000);
    }

    #[tokio::test]
    async fn an_ipv6_network_is_one_address() {
        let connections = Arc::new(Connections::new(100, 2));
        let take = |address: &str| {
            connections.take(address.parse().unwrap()).map(|mut permit| {
                assert!(permit.join());
                permit
            })
        };
        let _held = (take("2001:db8:1:2::1").unwrap(), take("2001:db8:1:2:ffff::2").unwrap());
        assert_eq!(take("2001:db8:1:2:3:4:5:6").err(), Some(Full::Address));
        assert!(take("2001:db8:1:3::1").is_ok());
        let _held = (take("10.0.0.1").unwrap(), take("::ffff:10.0.0.1").unwrap());
        assert_eq!(take("10.0.0.1").err(), Some(Full::Address));
        assert!(take("10.0.0.2").is_ok());
    }

    #[tokio::test]
    async fn whose_place_is_given_to_another_hears_of_it_and_who_has_joined_keeps_it() {
        let connections = Arc::new(Connections::new(100, 0));
        let here = IpAddr::from([127, 0, 0, 1]);
        let mut joined = connections.take(here).unwrap();
        assert!(joined.join());
        let mut oldest = connections.take(here).unwrap();
        let mut others: Vec<ConnectionPermit> = (0..100).map(|_| connections.take(here).unwrap()).collect();
        oldest.evicted().await;
        assert!(!oldest.join(), "it is gone");
        drop(oldest);
        assert_eq!(connections.open(), 51, "half of them may be of those who have not joined");
        assert!(others.pop().unwrap().join());
        drop((joined, others));
        assert_eq!(connections.open(), 0);
    }
}
