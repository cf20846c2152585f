//! How long to wait before the next try to connect: exponential backoff with jitter, up to ten seconds, so that a class
//! that lost its server does not come back in one moment (reconnect storm). Pure; the conversation keeps it, and its
//! drivers ask it.

use std::time::Duration;

/// The longest wait before the second try.
const FIRST: Duration = Duration::from_millis(250);

/// The longest wait ever.
const LONGEST: Duration = Duration::from_secs(10);

/// The shortest wait: whatever happens, a loop of tries must not keep a processor busy.
const SHORTEST: Duration = Duration::from_millis(20);

/// How long somebody must have been in the room for the waits to start anew: a server that lets go of whoever it let
/// in, at once, is not asked again and again at full speed.
const STEADY: Duration = Duration::from_secs(5);

/// Counts tries that failed, and stays that were too short to count.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait before the next try. `random` is 0 to 1 and says which part of the longest one.
    pub fn next(&mut self, random: f64) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(random.clamp(0.0, 1.0)).max(SHORTEST)
    }

    /// Another server is asked.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// A connection ended in which the server had let us in for so long.
    pub fn left(&mut self, stayed: Duration) {
        if stayed >= STEADY {
            self.failures = 0;
        }
    }

    /// Whether nothing has failed yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.failures == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds_and_start_anew_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next(1.0).as_millis() as u64).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        for _ in 0..100 {
            assert!(backoff.next(1.0) <= LONGEST);
        }
        backoff.reset();
        assert_eq!(backoff.next(1.0), FIRST);
    }

    #[test]
    fn only_some_seconds_in_the_room_start_the_waits_anew() {
        let mut backoff = Backoff::default();
        for wait in [250, 500, 1000, 2000] {
            assert_eq!(backoff.next(1.0).as_millis(), wait);
            backoff.left(Duration::from_millis(4_999));
        }
        backoff.left(STEADY);
        assert!(backoff.is_fresh());
        assert_eq!(backoff.next(1.0), FIRST);
    }

    #[test]
    fn the_wait_is_any_part_of_the_longest_but_never_nothing() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(0.0), SHORTEST);
        assert_eq!(backoff.next(0.5), Duration::from_millis(250));
    }
}
