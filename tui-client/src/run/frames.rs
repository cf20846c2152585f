//! When to draw: at once after a key, at most sixty times a second for everything else. Pure; called by `run`.

use std::time::{Duration, Instant};

use crate::app::Urgency;

/// The least time between two frames that nobody is waiting for.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// The same in linear mode after many lines, which a screen reader is still reading.
const LINES: Duration = Duration::from_millis(500);

/// Remembers when the last frame was drawn.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The last one was many lines.
    many: bool,
    drawn: Option<Instant>,
}

impl Frames {
    /// When a change of this urgency is to be drawn. What else changes before then is drawn with it.
    pub(super) fn due(&self, urgency: Urgency, now: Instant) -> Instant {
        match (urgency, self.drawn) {
            (Urgency::Soon, Some(drawn)) => (drawn + if self.many { LINES } else { FRAME }).max(now),
            (Urgency::Soon, None) | (Urgency::Now, _) => now,
        }
    }

    /// A frame was drawn.
    pub(super) const fn drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
    }

    /// Whether it was many lines, so that the next is to wait.
    pub(super) const fn were_many(&mut self, many: bool) {
        self.many = many;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_drawn_sixty_times_a_second_at_most() {
        let start = Instant::now();
        let mut frames = Frames::default();
        let mut drawn = 0;
        // A change every 100 microseconds, for a second.
        for step in 0..10_000 {
            let now = start + Duration::from_micros(100) * step;
            if frames.due(Urgency::Soon, now) <= now {
                frames.drawn(now);
                drawn += 1;
            }
        }
        assert!((58..=60).contains(&drawn), "{drawn}");
    }

    #[test]
    fn a_key_is_drawn_at_once_and_so_is_the_first_change_after_a_pause() {
        let now = Instant::now();
        let mut frames = Frames::default();
        assert_eq!(frames.due(Urgency::Soon, now), now);
        frames.drawn(now);
        let soon = now + Duration::from_millis(1);
        assert_eq!(frames.due(Urgency::Soon, soon), now + FRAME);
        assert_eq!(frames.due(Urgency::Now, soon), soon);
        let later = now + Duration::from_secs(1);
        assert_eq!(frames.due(Urgency::Soon, later), later);
    }
}
