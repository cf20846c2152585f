//! The squares that have no answer yet: which of them are in flight, which wait, and which may go next.
//! Pure, it sends nothing itself. The conversation asks it after everything that happens.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// The most squares in flight at once: enough to fill the server's batches, little enough to be sent
/// again in one breath.
pub const WINDOW: usize = 64;

/// The first wait after `storage_unavailable`, doubled with each further one.
const STORAGE_WAIT: Duration = Duration::from_secs(1);

/// The longest wait after `storage_unavailable`.
const LONGEST_STORAGE_WAIT: Duration = Duration::from_secs(8);

/// The wait after `rate_limited` where the server does not say how long.
const RATE_WAIT: Duration = Duration::from_millis(500);

/// The least wait after `rate_limited`, doubled with each further one until a square has its answer: a server that
/// asks for no wait at all is not asked again and again at full speed.
const LEAST_RATE_WAIT: Duration = Duration::from_millis(20);

/// The longest of these.
const LONGEST_LEAST_RATE_WAIT: Duration = Duration::from_secs(2);

/// The longest wait that a server may ask for.
const LONGEST_RATE_WAIT: Duration = Duration::from_secs(300);

/// A square that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The `id` of its request.
    pub id: String,
    /// The number, in canonical form.
    pub number: String,
}

/// Squares without an answer, in the order in which they are to be recorded.
#[derive(Debug)]
pub struct SendWindow {
    /// By their place in the order; the adopted ones have places below zero.
    waiting: BTreeMap<i64, Pending>,
    /// By `id`, with their place.
    in_flight: HashMap<String, (i64, Pending)>,
    lowest: i64,
    highest: i64,
    /// How many may be in flight at present. One after the server held us up, growing with each answer, so that a
    /// server which takes twenty a second is not sent sixty-four again and again.
    room: usize,
    held_until: Option<Instant>,
    storage_failures: u32,
    rate_failures: u32,
}

impl Default for SendWindow {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            in_flight: HashMap::new(),
            lowest: 0,
            highest: 0,
            room: WINDOW,
            held_until: None,
            storage_failures: 0,
            rate_failures: 0,
        }
    }
}

impl SendWindow {
    /// Adds a square behind all others.
    pub fn push(&mut self, square: Pending) {
        self.waiting.insert(self.highest, square);
        self.highest += 1;
    }

    /// Adds squares that are older than all others, in their order.
    pub fn push_older(&mut self, squares: Vec<Pending>) {
        for square in squares.into_iter().rev() {
            self.lowest -= 1;
            self.waiting.insert(self.lowest, square);
        }
    }

    /// Squares may go again, where the wait is over.
    pub fn end_wait(&mut self, now: Instant) {
        self.held_until = self.held_until.filter(|until| *until > now);
    }

    /// The square to send now, which is in flight from here on; `None` where none waits or none may go.
    pub fn take_next(&mut self, now: Instant) -> Option<Pending> {
        self.end_wait(now);
        if self.held_until.is_some() || self.in_flight.len() >= self.room {
            return None;
        }
        let (place, square) = self.waiting.pop_first()?;
        self.in_flight.insert(square.id.clone(), (place, square.clone()));
        Some(square)
    }

    /// The square with this `id` has its answer, for good or ill; gives it back if it was here.
    pub fn finish(&mut self, id: &str) -> Option<Pending> {
        if let Some((_, square)) = self.in_flight.remove(id) {
            self.room = (self.room + 1).min(WINDOW);
            self.storage_failures = 0;
            self.rate_failures = 0;
            return Some(square);
        }
        // A result may overtake the news that its square has to wait, where another terminal sent it too.
        let place = *self.waiting.iter().find(|(_, square)| square.id == id)?.0;
        self.waiting.remove(&place)
    }

    /// The server is too busy for this square: it goes back to its place, and none is sent for a while. Gives
    /// the end of that while, where it was not known before.
    pub fn hold_for_rate(&mut self, id: &str, retry_after: Option<Duration>, now: Instant) -> Option<Instant> {
        self.take_back(id)?;
        let mut wait = retry_after.unwrap_or(RATE_WAIT).min(LONGEST_RATE_WAIT);
        // One breath of squares, refused together, is one failure.
        if self.held_until.is_none_or(|until| until <= now) {
            let least = LEAST_RATE_WAIT.saturating_mul(1 << self.rate_failures.min(8)).min(LONGEST_LEAST_RATE_WAIT);
            self.rate_failures += 1;
            wait = wait.max(least);
        }
        self.hold(now + wait, now)
    }

    /// The server cannot store this square: as [`Self::hold_for_rate`], with waits that grow.
    pub fn hold_for_storage(&mut self, id: &str, now: Instant) -> Option<Instant> {
        self.take_back(id)?;
        if self.held_until.is_some_and(|until| until > now) {
            // One breath of squares, refused together, is one failure.
            return None;
        }
        let wait = STORAGE_WAIT.saturating_mul(1 << self.storage_failures.min(8)).min(LONGEST_STORAGE_WAIT);
        self.storage_failures += 1;
        self.hold(now + wait, now)
    }

    /// The connection is gone: everything on its way goes back to its place, and may be sent again on the next.
    pub fn connection_lost(&mut self) {
        self.waiting.extend(self.in_flight.drain().map(|(_, placed)| placed));
        self.room = WINDOW;
        self.held_until = None;
    }

    /// All of them, in their order.
    #[must_use]
    pub fn into_waiting(mut self) -> Vec<Pending> {
        self.connection_lost();
        self.waiting.into_values().collect()
    }

    /// When to ask [`Self::take_next`] again though nothing else happened.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Instant> {
        self.held_until.filter(|_| !self.waiting.is_empty())
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether a square with this `id` has no answer yet.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.in_flight.contains_key(id) || self.waiting.values().any(|square| square.id == id)
    }

    /// How many squares have no answer yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// Whether every square has its answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }

    fn take_back(&mut self, id: &str) -> Option<()> {
        let (place, square) = self.in_flight.remove(id)?;
        self.waiting.insert(place, square);
        Some(())
    }

    fn hold(&mut self, until: Instant, now: Instant) -> Option<Instant> {
        self.room = 1;
        let held_before = self.held_until.is_some_and(|before| before > now);
        self.held_until = Some(self.held_until.map_or(until, |before| before.max(until)));
        if held_before { None } else { self.held_until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(id: u64) -> Pending {
        Pending { id: format!("{id:03}"), number: id.to_string() }
    }

    fn window(ids: std::ops::Range<u64>) -> SendWindow {
        let mut window = SendWindow::default();
        ids.for_each(|id| window.push(square(id)));
        window
    }

    fn send_all(window: &mut SendWindow, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| window.take_next(now)).map(|square| square.id).collect()
    }

    #[test]
    fn only_so_many_are_in_flight_at_once() {
        let now = Instant::now();
        let mut window = window(0..100);
        assert_eq!(send_all(&mut window, now).len(), WINDOW);
        assert_eq!(window.finish("000"), Some(square(0)));
        assert_eq!(send_all(&mut window, now), ["064"]);
        assert_eq!(window.len(), 99);
    }

    #[test]
    fn a_lost_connection_sends_everything_again_in_order_and_once() {
        let now = Instant::now();
        let mut window = window(0..10);
        assert_eq!(send_all(&mut window, now).len(), 10);
        assert!(window.finish("004").is_some());
        window.connection_lost();
        window.push_older(vec![square(100), square(101)]);
        let again = send_all(&mut window, now);
        assert_eq!(again, ["100", "101", "000", "001", "002", "003", "005", "006", "007", "008", "009"]);
        assert_eq!(window.finish("004"), None);
    }

    #[test]
    fn a_square_too_fast_goes_again_first_and_alone() {
        let now = Instant::now();
        let mut window = window(0..5);
        assert_eq!(send_all(&mut window, now).len(), 5);
        assert!(window.finish("000").is_some());
        let wait = Some(Duration::from_millis(50));
        let until = window.hold_for_rate("001", wait, now);
        assert_eq!(until, Some(now + Duration::from_millis(50)));
        assert_eq!(window.hold_for_rate("002", wait, now), None, "said once");
        assert_eq!(window.hold_for_rate("003", wait, now), None);
        assert!(window.finish("004").is_some());
        assert_eq!(send_all(&mut window, now), [""; 0]);
        assert_eq!(window.wakes_at(), until);
        let later = now + Duration::from_millis(50);
        assert_eq!(send_all(&mut window, later), ["001", "002"], "004's answer made room for a second");
        assert!(window.finish("001").is_some());
        assert_eq!(send_all(&mut window, later), ["003"]);
        assert_eq!(window.wakes_at(), None);
    }

    #[test]
    fn waits_for_storage_grow_until_something_is_stored() {
        let mut now = Instant::now();
        let mut window = window(0..3);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let sent = send_all(&mut window, now);
            let until = sent.iter().filter_map(|id| window.hold_for_storage(id, now)).collect::<Vec<_>>();
            assert_eq!(until.len(), 1);
            waits.push((until[0] - now).as_secs());
            now = until[0];
        }
        assert_eq!(waits, [1, 2, 4, 8, 8]);
        let sent = send_all(&mut window, now);
        assert!(window.finish(&sent[0]).is_some());
        let sent = send_all(&mut window, now);
        assert_eq!(window.hold_for_storage(&sent[0], now), Some(now + STORAGE_WAIT));
    }

    #[test]
    fn waits_for_a_server_that_asks_for_none_grow_until_a_square_has_its_answer() {
        let mut now = Instant::now();
        let mut window = window(0..3);
        let mut waits = Vec::new();
        for _ in 0..9 {
            let sent = send_all(&mut window, now);
            let until: Vec<_> =
                sent.iter().filter_map(|id| window.hold_for_rate(id, Some(Duration::ZERO), now)).collect();
            assert_eq!(until.len(), 1);
            waits.push((until[0] - now).as_millis());
            now = until[0];
        }
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1280, 2000, 2000]);
        let sent = send_all(&mut window, now);
        let asked = Duration::from_secs(3);
        assert_eq!(window.hold_for_rate(&sent[0], Some(asked), now), Some(now + asked), "a longer one is waited for");
        let sent = send_all(&mut window, now + asked);
        assert!(window.finish(&sent[0]).is_some());
        let sent = send_all(&mut window, now + asked);
        let until = window.hold_for_rate(&sent[0], Some(Duration::ZERO), now + asked);
        assert_eq!(until, Some(now + asked + LEAST_RATE_WAIT));
    }

    #[test]
    fn an_answer_to_a_square_that_waits_is_an_answer() {
        let now = Instant::now();
        let mut window = window(0..2);
        send_all(&mut window, now);
        window.hold_for_rate("000", None, now);
        assert_eq!(window.finish("000"), Some(square(0)));
        assert!(window.finish("001").is_some());
        assert!(window.is_empty());
        assert_eq!(window.finish("001"), None);
    }
}
