//! When what was written is to be synced: once nothing was written for a moment, and while writing goes on, once a
//! second. Pure; asked by the history's thread.

use std::time::{Duration, Instant};

/// How long nothing is written before it counts as a pause.
const PAUSE: Duration = Duration::from_millis(250);

/// The least time between two syncs, and the most that something written waits for one.
const SPACING: Duration = Duration::from_secs(1);

/// What was written since the last sync.
#[derive(Debug, Default)]
pub(super) struct Syncing {
    first: Option<Instant>,
    latest: Option<Instant>,
    synced: Option<Instant>,
}

impl Syncing {
    pub(super) fn written(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.latest = Some(now);
    }

    pub(super) fn synced(&mut self, now: Instant) {
        *self = Self { synced: Some(now), ..Self::default() };
    }

    /// When to sync; never while nothing was written.
    pub(super) fn due(&self) -> Option<Instant> {
        let due = (self.latest? + PAUSE).min(self.first? + SPACING);
        Some(self.synced.map_or(due, |synced| due.max(synced + SPACING)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes at these milliseconds, and gives those at which it is synced.
    fn syncs(written: &[u64]) -> Vec<u64> {
        let start = Instant::now();
        let (mut syncing, mut syncs) = (Syncing::default(), Vec::new());
        for now in 0..10_000 {
            let at = start + Duration::from_millis(now);
            if written.contains(&now) {
                syncing.written(at);
            }
            if syncing.due().is_some_and(|due| due <= at) {
                syncing.synced(at);
                syncs.push(now);
            }
        }
        assert_eq!(syncing.due(), None);
        syncs
    }

    #[test]
    fn what_is_written_is_synced_at_a_pause_and_once_a_second_at_the_most() {
        assert_eq!(syncs(&[]), [] as [u64; 0]);
        assert_eq!(syncs(&[100]), [350]);
        assert_eq!(syncs(&[100, 200, 300]), [550]);
        assert_eq!(syncs(&[100, 400, 3_000]), [350, 1_350, 3_250]);
        // Without a pause for three seconds.
        let typed: Vec<u64> = (0..30).map(|key| key * 100).collect();
        assert_eq!(syncs(&typed), [1_000, 2_100, 3_150]);
        // With a pause after each key.
        let typed: Vec<u64> = (0..8).map(|key| key * 400).collect();
        assert_eq!(syncs(&typed), [250, 1_400, 2_600, 3_600]);
    }
}
