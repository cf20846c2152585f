//! Fairness: throttles everything but squares, which have limits of their own. Each connection has a byte budget:
//! requests cost about their bytes, pages twice theirs. What exceeds it shares one global budget, in which connections
//! wait for each other, so that however many ask for much, those who square numbers do not feel it. Nothing is refused:
//! the session stops reading, and what is sent waits at its sender.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Bytes of one connection's own budget.
const OWN_BURST: usize = 256 << 10;

/// Bytes a second by which it refills.
const OWN_RATE: usize = 32 << 10;

/// Bytes a second of the shared budget.
const SHARED_RATE: u32 = 32 << 20;

/// A shorter pause is not worth a wake-up.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// What a request costs besides its bytes.
const REQUEST: usize = 1 << 10;

/// What all connections together may take beyond their own budgets: the time at which it is paid off (GCRA).
#[derive(Debug, Default)]
pub(crate) struct SharedBudget(Mutex<Option<Instant>>);

impl SharedBudget {
    /// Reserves this many bytes behind all others, and returns when their turn is over.
    fn reserve(&self, bytes: usize, now: Instant) -> Instant {
        let mut end = self.0.lock();
        let begin = end.map_or(now, |end| end.max(now));
        let takes = Duration::from_secs(1).saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / SHARED_RATE;
        *end = Some(begin + takes);
        begin + takes
    }
}

/// The budget of one connection.
#[derive(Debug)]
pub(crate) struct Throttle {
    taken: usize,
    /// When `taken` was last reduced by [`OWN_RATE`].
    at: Instant,
    /// What the last request cost, for [`Throttle::refund`].
    last: usize,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { taken: 0, at: Instant::now(), last: 0 }
    }

    /// Charges bytes that were received.
    pub(crate) fn charge(&mut self, bytes: usize) {
        self.taken = self.taken.saturating_add(bytes);
    }

    /// Charges a page of this many bytes: reading and encoding it costs as much again as sending it.
    pub(crate) fn charge_page(&mut self, bytes: usize) {
        self.charge(2 * bytes);
    }

    /// Charges the fixed cost of a request with a line of this many bytes.
    pub(crate) fn charge_request(&mut self, bytes: usize) {
        self.charge(REQUEST);
        // With its end.
        self.last = bytes + 1 + REQUEST;
    }

    /// Takes back what the last request cost: it was a square, which has limits of its own.
    pub(crate) fn refund(&mut self) {
        self.taken = self.taken.saturating_sub(std::mem::take(&mut self.last));
    }

    /// When the connection may be read from again; `None` for at once. Reads no clock while the own budget suffices.
    pub(crate) fn paused_until(&mut self, budget: &SharedBudget) -> Option<Instant> {
        if self.taken <= OWN_BURST {
            return None;
        }
        self.paused_at(Instant::now(), budget)
    }

    fn paused_at(&mut self, now: Instant, budget: &SharedBudget) -> Option<Instant> {
        let refilled = now.duration_since(self.at).as_micros().saturating_mul(OWN_RATE as u128) / 1_000_000;
        self.taken = self.taken.saturating_sub(usize::try_from(refilled).unwrap_or(usize::MAX));
        self.at = now;
        let above = self.taken.checked_sub(OWN_BURST).filter(|above| *above > 0)?;
        self.taken = OWN_BURST;
        let until = budget.reserve(above, now);
        (until > now + SHORTEST_PAUSE).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_not_noticed_and_much_takes_its_time() {
        let (budget, mut throttle, mut now) = (SharedBudget::default(), Throttle::new(), Instant::now());
        throttle.charge(OWN_BURST);
        assert_eq!(throttle.paused_at(now, &budget), None);
        throttle.charge(SHARED_RATE as usize / 2);
        let until = throttle.paused_at(now, &budget).expect("more came than goes unnoticed");
        assert!(until <= now + Duration::from_millis(500) && until > now + Duration::from_millis(499));
        now = until;
        assert_eq!(throttle.paused_at(now, &budget), None);
        // One that keeps to what goes unnoticed is never held up.
        for _ in 0..100 {
            now += Duration::from_millis(100);
            throttle.charge(OWN_RATE / 10);
            assert_eq!(throttle.paused_at(now, &budget), None);
        }
        assert_eq!(*budget.0.lock(), Some(until), "nobody went to the budget since");
    }

    #[test]
    fn those_who_ask_for_much_wait_for_each_other_and_for_nobody_else() {
        let (budget, now) = (SharedBudget::default(), Instant::now());
        let mut last = now;
        for _ in 0..100 {
            let mut throttle = Throttle::new();
            throttle.charge(OWN_BURST + SHARED_RATE as usize / 8);
            let until = throttle.paused_at(now, &budget).expect("it asks for much");
            assert_eq!(until - last, Duration::from_millis(125), "each in its turn");
            last = until;
        }
        let mut modest = Throttle::new();
        modest.charge(OWN_BURST);
        assert_eq!(modest.paused_at(now, &budget), None);
    }

    #[test]
    fn squares_are_free() {
        let (budget, mut throttle) = (SharedBudget::default(), Throttle::new());
        for _ in 0..100_000 {
            throttle.charge(101);
            throttle.charge_request(100);
            throttle.refund();
            assert_eq!(throttle.paused_until(&budget), None);
        }
        assert_eq!(throttle.taken, 0);
    }
}
