//! How much one student, one address, and everybody together may ask for. Sessions ask a student's
//! [`Allowance`] before each square; `listen` asks [`Connections`] before each session.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// Squares a second that each student may have recorded, and how many at once.
#[derive(Debug)]
pub(crate) struct SquareLimits {
    quota: Option<Quota>,
    students: Mutex<HashMap<Arc<str>, Arc<Allowance>>>,
}

/// What one student may still ask for. It is the student's, not the connection's: who reconnects has no more.
#[derive(Debug)]
pub(crate) struct Allowance {
    limiter: Option<DefaultDirectRateLimiter>,
    burst: u32,
    /// Squares that were paid for and not recorded.
    credit: AtomicU32,
}

impl SquareLimits {
    /// `rate` squares a second and `burst` at once for each student; a `rate` of 0 lifts the limit.
    pub(crate) fn new(rate: u32, burst: u32) -> Self {
        let quota = NonZeroU32::new(rate)
            .map(|rate| Quota::per_second(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)));
        Self { quota, students: Mutex::default() }
    }

    /// The allowance of a student, for a session to hold.
    pub(crate) fn of(&self, student: &Arc<str>) -> Arc<Allowance> {
        /// Below this many, looking for allowances that may be forgotten is not worth it.
        const FEW: usize = 256;
        let mut students = lock(&self.students);
        if students.len() >= FEW && students.len() == students.capacity() {
            // One that nobody holds, and that is whole again, is as good as a new one.
            students.retain(|_, allowance| Arc::strong_count(allowance) > 1 || !allowance.is_whole());
        }
        let new = || {
            Arc::new(Allowance {
                limiter: self.quota.map(RateLimiter::direct),
                burst: self.quota.map_or(0, |quota| quota.burst_size().get()),
                credit: AtomicU32::new(0),
            })
        };
        Arc::clone(students.entry(Arc::clone(student)).or_insert_with(new))
    }
}

impl Allowance {
    /// Pays for one square.
    ///
    /// # Errors
    /// How long to wait before it can be paid for.
    pub(crate) fn pay(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let spend = |credit: u32| credit.checked_sub(1);
        if self.credit.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok() {
            return Ok(());
        }
        limiter.check().map_err(|early| early.wait_time_from(DefaultClock::default().now()))
    }

    /// Takes back the payment for a square that was not recorded, such as a repeat: only what is recorded counts.
    pub(crate) fn refund(&self) {
        let add = |credit: u32| (credit < self.burst).then(|| credit + 1);
        // At its bound the credit is as good as a whole burst; more would let a student save up.
        let _ = self.credit.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    fn is_whole(&self) -> bool {
        let (Some(limiter), Some(burst)) = (&self.limiter, NonZeroU32::new(self.burst)) else { return true };
        // Only an allowance about to be forgotten is asked, so what this takes is missed by nobody.
        limiter.check_n(burst).is_ok_and(|whole| whole.is_ok())
    }
}

/// Counts connections, in all and from each address.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    /// 0: no limit.
    most_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one connection, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, open: Mutex::default() }
    }

    /// A slot for a connection from this address; `None` where a limit is reached.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Slot> {
        // An IPv4 client of a dual-stack listener is the same client.
        let address = address.to_canonical();
        let mut open = lock(&self.open);
        let from_there = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.most || (self.most_per_address > 0 && from_there >= self.most_per_address) {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, from_there + 1);
        Some(Slot { connections: Arc::clone(self), address })
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        lock(&self.open).all
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = lock(&self.connections.open);
        open.all -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let allowance = SquareLimits::new(1, 3).of(&Arc::from("a"));
        for _ in 0..3 {
            assert_eq!(allowance.pay(), Ok(()));
        }
        let wait = allowance.pay().expect_err("the burst is spent");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        allowance.refund();
        assert_eq!(allowance.pay(), Ok(()));
        assert!(allowance.pay().is_err());
    }

    #[test]
    fn an_allowance_outlives_its_connection() {
        let limits = SquareLimits::new(1, 1);
        let student = Arc::from("a");
        assert_eq!(limits.of(&student).pay(), Ok(()));
        assert!(limits.of(&student).pay().is_err());
        for other in 0..2000 {
            limits.of(&Arc::from(other.to_string()));
        }
        assert!(limits.of(&student).pay().is_err());
        assert!(lock(&limits.students).len() < 1500, "whole allowances that nobody holds are forgotten");
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let allowance = SquareLimits::new(0, 1).of(&Arc::from("a"));
        assert!((0..10_000).all(|_| allowance.pay().is_ok()));
    }

    #[test]
    fn connections_are_counted_in_all_and_by_address() {
        let connections = Arc::new(Connections::new(3, 2));
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = connections.take(here);
        let _second = connections.take(here);
        assert!(connections.take(here).is_none());
        let third = connections.take(there);
        assert!(third.is_some());
        assert!(connections.take(there).is_none());
        drop(first);
        assert!(connections.take("::ffff:127.0.0.1".parse().unwrap()).is_some());
    }
}
