//! What connections take of the server's attention beside squares. Squares have limits of their own and are free
//! here; everything else that is sent, and pages that are fetched, cost about their bytes, pages twice. Each
//! connection may take a little without being noticed. What it takes above that, it waits for in one queue with all
//! others that ask for much: together they get a part of the machine, and however many of them there are, whoever
//! squares numbers does not feel it. Nothing is refused: what is sent waits at its sender.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Bytes that one connection may take at once unnoticed.
const UNNOTICED: usize = 256 << 10;

/// And bytes a second in the long run.
const MADE_UP: usize = 32 << 10;

/// Bytes a second for all connections together that ask for more.
const SHARED: u32 = 32 << 20;

/// How far those may fall behind before one of them has to wait: less than a moment is not worth a wake-up.
const MOMENT: Duration = Duration::from_millis(5);

/// What a request costs besides its bytes.
pub(super) const REQUEST: usize = 1 << 10;

/// When all that was asked for above what goes unnoticed is made up for.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Option<Instant>>);

impl Queue {
    /// Goes to its end with this many bytes, and tells until when to wait.
    fn go_to_end(&self, bytes: usize, now: Instant) -> Instant {
        let mut end = self.0.lock();
        let begin = end.map_or(now, |end| end.max(now));
        let takes = Duration::from_secs(1).saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / SHARED;
        *end = Some(begin + takes);
        begin + takes
    }
}

/// What one connection has taken.
#[derive(Debug)]
pub(super) struct Attention {
    taken: usize,
    /// When `taken` was last made less by the time that had passed.
    at: Instant,
    /// What the last request cost.
    last: usize,
}

impl Attention {
    pub(super) fn new() -> Self {
        Self { taken: 0, at: Instant::now(), last: 0 }
    }

    /// These bytes came.
    pub(super) fn take(&mut self, bytes: usize) {
        self.taken = self.taken.saturating_add(bytes);
    }

    /// A page of this many bytes goes: it was read and made too.
    pub(super) fn take_page(&mut self, bytes: usize) {
        self.take(2 * bytes);
    }

    /// A line that came, of this many bytes, is a request.
    pub(super) fn take_request(&mut self, bytes: usize) {
        self.take(REQUEST);
        // With its end.
        self.last = bytes + 1 + REQUEST;
    }

    /// It was a square that is paid for.
    pub(super) fn give_back(&mut self) {
        self.taken = self.taken.saturating_sub(std::mem::take(&mut self.last));
    }

    /// When the connection may be read from again; `None` for at once. As long as it took little the clock is not
    /// looked at.
    pub(super) fn paused_until(&mut self, queue: &Queue) -> Option<Instant> {
        if self.taken <= UNNOTICED {
            return None;
        }
        self.paused_at(Instant::now(), queue)
    }

    fn paused_at(&mut self, now: Instant, queue: &Queue) -> Option<Instant> {
        let made_up = now.duration_since(self.at).as_micros().saturating_mul(MADE_UP as u128) / 1_000_000;
        self.taken = self.taken.saturating_sub(usize::try_from(made_up).unwrap_or(usize::MAX));
        self.at = now;
        let above = self.taken.checked_sub(UNNOTICED).filter(|above| *above > 0)?;
        self.taken = UNNOTICED;
        let until = queue.go_to_end(above, now);
        (until > now + MOMENT).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_not_noticed_and_much_takes_its_time() {
        let (queue, mut attention, mut now) = (Queue::default(), Attention::new(), Instant::now());
        attention.take(UNNOTICED);
        assert_eq!(attention.paused_at(now, &queue), None);
        attention.take(SHARED as usize / 2);
        let until = attention.paused_at(now, &queue).expect("more came than goes unnoticed");
        assert!(until <= now + Duration::from_millis(500) && until > now + Duration::from_millis(499));
        now = until;
        assert_eq!(attention.paused_at(now, &queue), None);
        // One that keeps to what goes unnoticed is never held up.
        for _ in 0..100 {
            now += Duration::from_millis(100);
            attention.take(MADE_UP / 10);
            assert_eq!(attention.paused_at(now, &queue), None);
        }
        assert_eq!(*queue.0.lock(), Some(until), "nobody went to the queue since");
    }

    #[test]
    fn those_who_ask_for_much_wait_for_each_other_and_for_nobody_else() {
        let (queue, now) = (Queue::default(), Instant::now());
        let mut last = now;
        for _ in 0..100 {
            let mut attention = Attention::new();
            attention.take(UNNOTICED + SHARED as usize / 8);
            let until = attention.paused_at(now, &queue).expect("it asks for much");
            assert_eq!(until - last, Duration::from_millis(125), "each in its turn");
            last = until;
        }
        let mut modest = Attention::new();
        modest.take(UNNOTICED);
        assert_eq!(modest.paused_at(now, &queue), None);
    }

    #[test]
    fn squares_are_free() {
        let (queue, mut attention) = (Queue::default(), Attention::new());
        for _ in 0..100_000 {
            attention.take(101);
            attention.take_request(100);
            attention.give_back();
            assert_eq!(attention.paused_until(&queue), None);
        }
        assert_eq!(attention.taken, 0);
    }
}
