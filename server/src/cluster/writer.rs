//! The ledger's writer where several servers share the log, in the same three steps: [`Waiting`] gathers, the stream
//! makes durable, and what is read back from it is applied and shown. Publishing and reading go on side by side; the
//! only order that counts is that of the stream. While a record is on its way, the next one fills up (group commit),
//! and records that wait are applied in one transaction. Called by `cluster`, on the thread that the ledger gives its
//! writer.
//!
//! Nothing is shown, and nobody is answered, before the record was read back from the stream and its transaction is
//! committed here.

mod read;
mod waiting;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use read::{Content, Read};
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, sleep_until},
};
use waiting::Waiting;

use super::{
    in_flight::{BatchesInFlight, PATIENCE},
    record::{self, Parsed},
    status::Status,
    stream_channel::{Publish, StreamEvent, WriterEnd},
};
use crate::ledger::{Applied, Outcome, Pending, Projection, Submission, answer};

/// The most squares of one record.
const BATCH: usize = 256;

/// About the most squares of records that are applied in one transaction: what a long log takes falls with it, and it
/// bounds how long the first of them waits for the last.
const APPLIED_TOGETHER: usize = 1024;

/// How long a record waits to fill up while none is in flight.
const LINGER: Duration = Duration::from_millis(1);

/// How long until records that could not be applied are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a server that stops waits for the log to decide on what it has published.
const CLOSING: Duration = Duration::from_secs(5);

/// Records that could not be applied.
#[derive(Debug)]
struct Unapplied {
    records: Vec<Read>,
    retry_at: Instant,
}

/// Why the writer cannot go on.
struct Fatal(String);

/// The writer and all that it knows of the stream.
#[derive(Debug)]
pub(crate) struct ReplicatedWriter {
    projection: Projection,
    /// This run of the server.
    node: String,
    /// Counts its records.
    counter: u64,
    /// The most squares of one record.
    batch: usize,
    in_flight: BatchesInFlight,
    waiting: Waiting,
    /// How many squares the record had that was published last.
    last: usize,
    /// Batches that were found to be void, and when: they are published anew before anything else, the last one first.
    void: Vec<(Pending, Instant)>,
    unapplied: Option<Unapplied>,
    is_connected: bool,
    /// Whether it was told that the log takes records.
    told_reachable: Option<bool>,
    /// Since when nothing could be published, or applied.
    away_since: Option<Instant>,
    status: Arc<Status>,
}

impl ReplicatedWriter {
    pub(crate) fn new(projection: Projection, node: String, status: Arc<Status>) -> Self {
        status.applied(projection.place(), 0);
        Self {
            projection,
            node,
            counter: 0,
            batch: BATCH,
            in_flight: BatchesInFlight::default(),
            waiting: Waiting::default(),
            last: 0,
            void: Vec::new(),
            unapplied: None,
            is_connected: false,
            told_reachable: None,
            away_since: Some(Instant::now()),
            status,
        }
    }

    /// The same with small records, so that few squares fill several of them.
    #[cfg(test)]
    pub(crate) fn with_records_of(self, squares: usize) -> Self {
        Self { batch: squares, ..self }
    }

    /// Serves the queue and the stream until all who could submit are gone, or this server must not go on.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Submission>, mut port: WriterEnd) {
        let mut closing = None;
        loop {
            self.publish(&port);
            let is_over = closing.is_some_and(|end| end <= Instant::now());
            let is_idle = self.in_flight.is_empty() && self.waiting.is_empty() && self.void.is_empty();
            if is_over || (closing.is_some() && is_idle) {
                break;
            }
            let due = self.next_due().into_iter().chain(closing).min();
            let stepped = tokio::select! {
                biased;
                event = port.events.recv(), if self.unapplied.is_none() => match event {
                    Some(event) => self.events(event, &mut port.events),
                    None => break,
                },
                submission = queue.recv(), if closing.is_none() && self.waiting.has_room(self.batch) => {
                    match submission {
                        Some(first) => {
                            self.waiting.add(first);
                            self.waiting.gather(self.batch, &mut queue);
                        }
                        None => closing = Some(Instant::now() + CLOSING),
                    }
                    Ok(())
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.retry();
                    Ok(())
                }
            };
            if let Err(Fatal(why)) = stepped {
                // Whatever was asked stays unanswered: nobody knows here what became of it.
                self.status.fail(why);
                break;
            }
            self.refuse();
            self.tell_reachable();
        }
        self.projection.close();
    }

    /// Publishes what failed before, then what waits.
    fn publish(&mut self, port: &WriterEnd) {
        if !self.is_connected || self.unapplied.is_some() {
            return;
        }
        let now = Instant::now();
        while let Some(again) = self.in_flight.resend(now) {
            self.send(port, again);
        }
        while self.in_flight.has_room() {
            let pending = match self.void.pop() {
                Some((pending, _)) => pending,
                None if !self.waiting.has_room(self.batch) => self.waiting.take(),
                // Group commit: while a record is on its way, the next one fills up.
                None if self.linger_ends().is_some_and(|end| end <= now) => self.waiting.take(),
                None => break,
            };
            self.publish_batch(port, pending, now);
        }
        if self.in_flight.has_lost(self.projection.place().applied) {
            tracing::error!("the log does not have a record that it has acknowledged; its squares are published again");
            self.publish_batch(port, Pending::default(), now);
        }
    }

    /// When what waits is published though there is room for more; `None` while a record is in flight. Those who were
    /// answered together send their next squares together: as many as the last record had are waited for a little.
    fn linger_ends(&self) -> Option<Instant> {
        let since = self.waiting.since.filter(|_| self.in_flight.is_empty())?;
        Some(if self.waiting.len() < self.last { since + LINGER } else { since })
    }

    fn publish_batch(&mut self, port: &WriterEnd, pending: Pending, now: Instant) {
        self.counter += 1;
        self.last = pending.entries.len();
        let at = Timestamp::now().as_millisecond();
        let record = Bytes::from(record::write(&self.node, self.counter, at, &pending.entries));
        self.in_flight.add((self.counter, at), record.clone(), pending, now);
        self.send(port, Publish { counter: self.counter, record });
    }

    fn send(&mut self, port: &WriterEnd, publish: Publish) {
        let counter = publish.counter;
        // There is room for all that are in flight, except where attempts before a disconnection still stand in it.
        if port.publish.try_send(publish).is_err() {
            self.in_flight.published(counter, super::stream_channel::PublishOutcome::Unknown, Instant::now());
        }
    }

    /// Handles an event and what waits behind it; records that follow each other are applied together.
    fn events(&mut self, first: StreamEvent, waiting: &mut mpsc::Receiver<StreamEvent>) -> Result<(), Fatal> {
        let (mut records, mut squares) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(event) = next {
            match event {
                StreamEvent::Connected => {
                    self.is_connected = true;
                }
                StreamEvent::Disconnected => {
                    self.is_connected = false;
                    self.in_flight.disconnected(Instant::now());
                }
                StreamEvent::Published { counter, outcome } => {
                    self.in_flight.published(counter, outcome, Instant::now());
                }
                StreamEvent::Delivered { sequence, record, behind } => {
                    let read = self.read(records.last(), sequence, &record, behind)?;
                    squares += read.as_ref().map_or(0, |read| read.record(&self.node, &self.in_flight).entries.len());
                    records.extend(read);
                }
                StreamEvent::Failed(why) => return Err(Fatal(why)),
            }
            let is_full = squares >= APPLIED_TOGETHER || records.len() >= BATCH;
            next = if is_full { None } else { waiting.try_recv().ok() };
        }
        self.apply(records);
        self.note_away();
        Ok(())
    }

    fn note_away(&mut self) {
        let is_away = !self.is_connected || self.unapplied.is_some();
        if !is_away {
            self.away_since = None;
        } else if self.away_since.is_none() {
            self.away_since = Some(Instant::now());
        }
    }

    /// Reads the next record of the stream, behind the last that was read or applied; `None` where that was done on an
    /// earlier connection.
    fn read(&mut self, last: Option<&Read>, sequence: u64, record: &Bytes, behind: u64) -> Result<Option<Read>, Fatal> {
        let place = self.projection.place();
        let (before, chain) = last.map_or((place.applied, place.chain), |last| (last.sequence, last.chain));
        if sequence <= before {
            return Ok(None);
        }
        if sequence != before + 1 {
            return Err(Fatal(format!(
                "the shared log has a gap: record {sequence} follows {before}; \
                 see docs/cluster.md, 'When something is wrong'"
            )));
        }
        let parsed = |record| match record::read(record) {
            Parsed::Batch(batch) => Ok(Content::Batch(batch)),
            Parsed::Foreign => {
                tracing::warn!(sequence, "a record of the log was written by no server of Squares, and is passed over");
                Ok(Content::Foreign)
            }
            Parsed::Newer => {
                Err(Fatal("a newer server has written into the shared log; use the newer program here too".to_owned()))
            }
        };
        let content = match self.in_flight.read_back(record) {
            Some(counter) => Content::InFlight(counter),
            None => parsed(record)?,
        };
        Ok(Some(Read { sequence, chain: record::chain(&chain, sequence, record), content, behind }))
    }

    /// Applies records, shows what is new, and answers those who submitted it here.
    fn apply(&mut self, records: Vec<Read>) {
        let applied = match &records[..] {
            [] => return,
            records => {
                let record = |read| Read::record(read, &self.node, &self.in_flight);
                self.projection.apply(&records.iter().map(record).collect::<Vec<_>>())
            }
        };
        match applied {
            Ok(applied) => {
                for (Read { content, behind, .. }, Applied { place, outcomes }) in records.into_iter().zip(applied) {
                    match content {
                        Content::InFlight(counter) => self.decided(counter, outcomes),
                        Content::Batch(batch) if batch.node == self.node => self.decided(batch.counter, outcomes),
                        Content::Batch(_) | Content::Foreign => {}
                    }
                    self.status.applied(place, behind);
                }
            }
            Err(error) => {
                tracing::warn!(%error, records = records.len(), "cannot apply records of the log; trying again");
                self.unapplied = Some(Unapplied { records, retry_at: Instant::now() + RETRY });
            }
        }
    }

    /// A record of this run was applied: with it, every batch published before it is decided.
    fn decided(&mut self, counter: u64, outcomes: Option<Vec<Outcome>>) {
        let decided = self.in_flight.applied(counter);
        let now = Instant::now();
        let void = decided.void.into_iter().filter(|pending| !pending.entries.is_empty());
        self.void.extend(void.rev().map(|pending| (pending, now)));
        match (decided.recorded, outcomes) {
            (Some(mut pending), Some(outcomes)) => answer(&mut pending, Some(outcomes)),
            (Some(pending), None) => self.void.push((pending, now)),
            (None, _) => {}
        }
    }

    /// Tries again what is due.
    fn retry(&mut self) {
        if let Some(unapplied) = self.unapplied.take_if(|unapplied| unapplied.retry_at <= Instant::now()) {
            self.apply(unapplied.records);
            self.note_away();
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let retry = self.unapplied.as_ref().map(|unapplied| unapplied.retry_at);
        let refusal = self.patience_ends();
        let stuck = self.stuck_from().filter(|_| self.told_reachable == Some(true));
        let can_publish = self.is_connected && self.unapplied.is_none();
        let linger = self.linger_ends().filter(|_| can_publish);
        [self.in_flight.next_due(can_publish), linger, retry, refusal, stuck].into_iter().flatten().min()
    }

    /// When the oldest batch in flight has waited for so long that the log takes no records, it seems.
    fn stuck_from(&self) -> Option<Instant> {
        Some(self.in_flight.oldest()? + PATIENCE)
    }

    /// Tells whether the log takes records. One that can be reached may have lost most of its servers.
    fn tell_reachable(&mut self) {
        let is_stuck = self.stuck_from().is_some_and(|from| from <= Instant::now());
        let is_reachable = Some(self.is_connected && !is_stuck);
        if self.told_reachable != is_reachable {
            self.told_reachable = is_reachable;
            self.status.connected(is_reachable == Some(true));
        }
    }

    /// When those who wait to be published are told to try again later.
    fn patience_ends(&self) -> Option<Instant> {
        let since = self.waiting.since.into_iter().chain(self.void.iter().map(|&(_, since)| since)).min()?;
        Some(self.away_since.map_or(since, |away| away.min(since)) + PATIENCE)
    }

    /// Tells those whose squares are certainly not in the log, and have waited long enough.
    fn refuse(&mut self) {
        let now = Instant::now();
        for mut refused in self.in_flight.refused(now) {
            self.refused(&refused);
            answer(&mut refused, None);
        }
        if self.patience_ends().is_some_and(|end| end <= now) {
            let void = std::mem::take(&mut self.void).into_iter().map(|(pending, _)| pending);
            for mut refused in void.chain([self.waiting.take()]) {
                self.refused(&refused);
                answer(&mut refused, None);
            }
        }
    }

    fn refused(&self, pending: &Pending) {
        if !pending.entries.is_empty() {
            self.status.refused(pending.entries.len());
        }
    }
}

#[cfg(test)]
mod tests;
