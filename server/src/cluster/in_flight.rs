//! The batches that this server has published and not seen in the log yet. Pure: `writer.rs` asks it what to send.
//!
//! **The log alone decides.** A batch is recorded once it is read back. It is known never to be once a later one of
//! this run is read before it: every server passes over a record whose counter is not above the last one of its run
//! (`ledger/projection.rs`), however late it turns up. So nobody has to trust an acknowledgement, a timeout, or the
//! stream's memory of what it has stored.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::{Duration, Instant};

use super::stream_channel::{MAX_IN_FLIGHT, Publish, PublishOutcome};
use crate::ledger::{LedgerEntry, Pending};

/// How long until a batch is sent again whose attempt failed.
pub(super) const RESEND: Duration = Duration::from_millis(250);

/// How long until a batch is sent again that was acknowledged and was not read back: the stream may have lost it.
pub(super) const CONFIRMED: Duration = Duration::from_secs(10);

/// How long squares wait for the log before those who sent them are told to send them again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Published {
    counter: u64,
    /// When it was published: milliseconds since 1970, UTC.
    at: i64,
    record: Bytes,
    pending: Pending,
    since: Instant,
    /// It was read back, and is not applied yet.
    is_read: bool,
    /// An attempt is on its way.
    is_tried: bool,
    /// Attempts that may have reached the stream.
    maybe: u32,
    /// Where the stream says that it is.
    stored: Option<u64>,
    /// When the next attempt is due.
    due: Instant,
}

/// What applying a record of this run has decided.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// Batches that are in the log nowhere, and never will be: oldest first.
    pub(super) void: Vec<Pending>,
    /// The batch that was recorded.
    pub(super) recorded: Option<Pending>,
}

#[derive(Debug, Default)]
pub(super) struct BatchesInFlight {
    batches: VecDeque<Published>,
}

impl BatchesInFlight {
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Since when the oldest of them is in flight.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.batches.front().map(|batch| batch.since)
    }

    /// Whether another batch may be published: what failed goes first, so that the order stays.
    pub(super) fn has_room(&self) -> bool {
        self.batches.len() < MAX_IN_FLIGHT && self.batches.iter().all(|batch| batch.is_tried || batch.stored.is_some())
    }

    /// Adds a batch whose first attempt is being made.
    pub(super) fn add(&mut self, (counter, at): (u64, i64), record: Bytes, pending: Pending, now: Instant) {
        self.batches.push_back(Published {
            counter,
            at,
            record,
            pending,
            since: now,
            is_read: false,
            is_tried: true,
            maybe: 1,
            stored: None,
            due: now,
        });
    }

    /// Notes that a record was read back, where it is one of these byte by byte; its counter. Until it is applied,
    /// [`Self::entries`] has what it records.
    pub(super) fn read_back(&mut self, record: &Bytes) -> Option<u64> {
        let batch = self.batches.iter_mut().find(|batch| batch.record == record)?;
        batch.is_read = true;
        Some(batch.counter)
    }

    /// When the batch with this counter was published, and its entries.
    pub(super) fn entries(&self, counter: u64) -> Option<(i64, &[LedgerEntry])> {
        let batch = self.batches.iter().find(|batch| batch.counter == counter)?;
        Some((batch.at, &batch.pending.entries))
    }

    /// Notes what became of an attempt.
    pub(super) fn published(&mut self, counter: u64, outcome: PublishOutcome, now: Instant) {
        let Some(batch) = self.batches.iter_mut().find(|batch| batch.counter == counter) else { return };
        batch.is_tried = false;
        batch.due = now + RESEND;
        match outcome {
            PublishOutcome::Stored(sequence) => {
                batch.stored = Some(sequence);
                batch.due = now + CONFIRMED;
            }
            PublishOutcome::NotStored => batch.maybe = batch.maybe.saturating_sub(1),
            PublishOutcome::Unknown => {}
        }
    }

    /// The next batch that is to be sent again now; the attempt counts as made.
    pub(super) fn resend(&mut self, now: Instant) -> Option<Publish> {
        let waits = |batch: &&mut Published| !batch.is_tried && batch.due <= now;
        let batch = self.batches.iter_mut().find(waits)?;
        batch.is_tried = true;
        batch.maybe = batch.maybe.saturating_add(1);
        Some(Publish { counter: batch.counter, record: batch.record.clone() })
    }

    /// When there is something to send again, or somebody has waited too long, at the earliest.
    pub(super) fn next_due(&self, is_connected: bool) -> Option<Instant> {
        let resend = |batch: &&Published| is_connected && !batch.is_tried;
        let resends = self.batches.iter().filter(resend).map(|batch| batch.due);
        let refusable = |batch: &&Published| !batch.is_read && !batch.is_tried && batch.maybe == 0;
        resends.chain(self.batches.iter().filter(refusable).map(|batch| batch.since + PATIENCE)).min()
    }

    /// Every attempt that was on its way may have arrived or not: the connection is gone.
    pub(super) fn disconnected(&mut self, now: Instant) {
        for batch in &mut self.batches {
            batch.is_tried = false;
            batch.due = if batch.stored.is_some() { now + CONFIRMED } else { now };
        }
    }

    /// A record of this run was applied, or found to be late. Whatever was published before it is void.
    pub(super) fn applied(&mut self, counter: u64) -> Decided {
        let mut decided = Decided::default();
        while self.batches.front().is_some_and(|batch| batch.counter <= counter) {
            let Some(batch) = self.batches.pop_front() else { break };
            if batch.counter == counter {
                decided.recorded = Some(batch.pending);
            } else {
                decided.void.push(batch.pending);
            }
        }
        decided
    }

    /// Whether the stream has said of a batch where it is, and something else stands there. An empty batch behind it
    /// decides that it is void.
    pub(super) fn has_lost(&self, applied: u64) -> bool {
        let is_lost = |batch: &Published| batch.stored.is_some_and(|sequence| sequence <= applied);
        !self.batches.is_empty() && self.batches.iter().all(is_lost)
    }

    /// Takes out what no attempt can have brought into the log, and has waited long enough.
    pub(super) fn refused(&mut self, now: Instant) -> Vec<Pending> {
        let is_refused =
            |batch: &Published| !batch.is_read && !batch.is_tried && batch.maybe == 0 && now >= batch.since + PATIENCE;
        let mut refused = Vec::new();
        self.batches = std::mem::take(&mut self.batches)
            .into_iter()
            .filter_map(|mut batch| {
                if is_refused(&batch) {
                    refused.push(std::mem::take(&mut batch.pending));
                    return None;
                }
                Some(batch)
            })
            .collect();
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_flight(counters: std::ops::RangeInclusive<u64>, now: Instant) -> BatchesInFlight {
        let mut in_flight = BatchesInFlight::default();
        counters
            .for_each(|counter| in_flight.add((counter, 0), Bytes::from(vec![counter as u8]), Pending::default(), now));
        in_flight
    }

    #[test]
    fn what_was_read_back_is_recorded_and_what_it_overtook_is_void() {
        let mut batches = in_flight(1..=4, Instant::now());
        let decided = batches.applied(3);
        assert_eq!((decided.void.len(), decided.recorded.is_some()), (2, true));
        let decided = batches.applied(3);
        assert_eq!((decided.void.len(), decided.recorded.is_some()), (0, false));
        assert!(!batches.is_empty());
        assert!(batches.applied(4).recorded.is_some() && batches.is_empty());
    }

    #[test]
    fn what_may_be_in_the_log_is_sent_again_and_never_refused() {
        let now = Instant::now();
        let mut batches = in_flight(1..=2, now);
        assert!(batches.has_room());
        batches.published(1, PublishOutcome::Unknown, now);
        assert!(!batches.has_room() && batches.resend(now).is_none());
        let later = now + PATIENCE;
        assert_eq!(batches.resend(later).map(|publish| publish.counter), Some(1));
        assert!(batches.resend(later).is_none());
        batches.published(1, PublishOutcome::NotStored, later);
        assert!(batches.refused(later + PATIENCE).is_empty(), "its first attempt may have arrived");
        batches.disconnected(later);
        assert_eq!(batches.resend(later).map(|publish| publish.counter), Some(1));
        assert_eq!(batches.resend(later).map(|publish| publish.counter), Some(2));
    }

    #[test]
    fn what_no_attempt_has_brought_to_a_stream_is_refused_in_time() {
        let now = Instant::now();
        let mut batches = in_flight(1..=2, now);
        batches.published(2, PublishOutcome::NotStored, now);
        assert!(batches.refused(now).is_empty());
        assert_eq!(batches.next_due(false), Some(now + PATIENCE));
        assert_eq!(batches.refused(now + PATIENCE).len(), 1);
        assert!(batches.applied(1).recorded.is_some() && batches.is_empty());
    }

    #[test]
    fn what_was_read_back_stays_until_it_is_applied() {
        let now = Instant::now();
        let mut batches = in_flight(1..=2, now);
        assert_eq!(batches.read_back(&Bytes::from_static(&[3])), None);
        assert_eq!(batches.read_back(&Bytes::from_static(&[2])), Some(2));
        batches.published(1, PublishOutcome::NotStored, now);
        batches.published(2, PublishOutcome::NotStored, now);
        assert_eq!(batches.refused(now + PATIENCE).len(), 1, "the one that was not read back");
        assert!(batches.entries(1).is_none() && batches.entries(2).is_some());
        assert!(batches.applied(2).recorded.is_some() && batches.entries(2).is_none());
    }

    #[test]
    fn a_batch_that_is_not_where_the_stream_said_is_lost() {
        let now = Instant::now();
        let mut batches = in_flight(1..=1, now);
        batches.published(1, PublishOutcome::Stored(9), now);
        assert!(!batches.has_lost(8) && batches.has_lost(9) && batches.resend(now + PATIENCE).is_none());
    }

    #[test]
    fn a_batch_that_was_acknowledged_and_does_not_come_back_is_sent_again() {
        let now = Instant::now();
        let mut batches = in_flight(1..=1, now);
        batches.published(1, PublishOutcome::Stored(9), now);
        assert!(batches.has_room() && batches.next_due(true) == Some(now + CONFIRMED));
        let later = now + Duration::from_secs(1);
        batches.disconnected(later);
        assert!(batches.resend(now + CONFIRMED).is_none(), "it may come as soon as reading goes on");
        assert_eq!(batches.resend(later + CONFIRMED).map(|publish| publish.counter), Some(1));
        assert!(batches.has_room(), "others need not wait for it");
        batches.published(1, PublishOutcome::NotStored, later + CONFIRMED);
        assert!(batches.refused(later + CONFIRMED + PATIENCE).is_empty(), "its first attempt may have arrived");
    }
}
