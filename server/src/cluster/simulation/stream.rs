//! The stream of a simulation, and a server's connection to it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    cluster::{
        record::{self, Parsed},
        stream_channel::{Publish, PublishOutcome, StreamEnd, StreamEvent},
    },
    ledger::Answer,
};

/// A fault that is put in on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planted {
    Nothing,
    /// Who asked is answered as soon as the record is on its way.
    AnswerBeforeStored,
    /// Who asked is answered as soon as the stream has the record.
    AnswerBeforeApplied,
    /// One server reads two records in another order.
    OwnOrder,
    /// A batch on its way when the connection breaks is given up.
    DroppedBatch,
    /// A record is read and applied again after the connection broke.
    AppliedTwice,
}

/// What the stream has stored.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) records: Mutex<Vec<Bytes>>,
    ids: Mutex<HashMap<String, u64>>,
    length: watch::Sender<u64>,
    pub(super) random: Mutex<fastrand::Rng>,
    /// Troubles go on.
    pub(super) is_troubled: watch::Sender<bool>,
    pub(super) planted: Planted,
    /// Where the answers to squares go, by their numbers: for the planted faults that answer too early.
    pub(super) askers: Mutex<HashMap<String, mpsc::Sender<Answer>>>,
}

impl Stream {
    pub(super) fn new(seed: u64, planted: Planted, first: Bytes) -> Self {
        Self {
            records: Mutex::new(vec![first]),
            ids: Mutex::default(),
            length: watch::Sender::new(1),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            is_troubled: watch::Sender::new(true),
            planted,
            askers: Mutex::default(),
        }
    }

    pub(super) fn chance(&self, percent: u8) -> bool {
        *self.is_troubled.borrow() && self.random.lock().u8(..100) < percent
    }

    /// A time of up to so many milliseconds.
    pub(super) fn time(&self, most: u64) -> Duration {
        Duration::from_micros(self.random.lock().u64(..=most * 1000))
    }

    pub(super) fn length(&self) -> u64 {
        *self.length.borrow()
    }

    /// Stores a record, unless one with this id is remembered.
    fn store(&self, id: &str, record: &Bytes) -> u64 {
        let mut ids = self.ids.lock();
        if let Some(&sequence) = ids.get(id)
            && !self.chance(20)
        {
            return sequence;
        }
        let mut records = self.records.lock();
        records.push(record.clone());
        let sequence = records.len() as u64;
        ids.insert(id.to_owned(), sequence);
        self.length.send_replace(sequence);
        sequence
    }

    fn answer_early(&self, record: &Bytes, answer: fn() -> Answer) {
        let Parsed::Batch(batch) = record::read(record) else { return };
        let askers = self.askers.lock();
        for entry in batch.entries {
            if let Some(asker) = askers.get(&entry.number) {
                let _ = asker.try_send(answer());
            }
        }
    }
}

/// Connects a writer to the stream again and again.
pub(super) async fn carry(stream: Arc<Stream>, node: String, server: usize, mut end: StreamEnd, mut read: u64) {
    let mut skewed = false;
    loop {
        sleep(stream.time(200)).await;
        while end.publish.try_recv().is_ok() {}
        if end.events.send(StreamEvent::Connected).await.is_err() {
            return;
        }
        // What was read already may come again.
        if stream.chance(30) {
            read = read.saturating_sub(2).max(1);
        }
        let (told, mut outcomes) = mpsc::channel(64);
        let mut length = stream.length.subscribe();
        let mut troubled = stream.is_troubled.subscribe();
        let breaks_at = Instant::now() + stream.time(2000);
        let mut in_flight = Vec::<(u64, Bytes)>::new();
        loop {
            let is_troubled = *troubled.borrow_and_update();
            tokio::select! {
                publish = end.publish.recv() => {
                    let Some(publish) = publish else { return };
                    in_flight.push((publish.counter, publish.record.clone()));
                    tokio::spawn(publish_record(Arc::clone(&stream), node.clone(), publish, told.clone()));
                }
                Some((counter, outcome)) = outcomes.recv() => {
                    in_flight.retain(|(known, _)| *known != counter);
                    if end.events.send(StreamEvent::Published { counter, outcome }).await.is_err() {
                        return;
                    }
                }
                () = longer_than(&mut length, read) => {
                    sleep(stream.time(5)).await;
                    let mut at = read as usize;
                    let records = stream.records.lock().clone();
                    let is_skewed = stream.planted == Planted::OwnOrder && server == 0;
                    if is_skewed && at % 7 == 6 && records.len() > at + 1 {
                        (at, skewed) = (at + 1, true);
                    } else if std::mem::take(&mut skewed) {
                        at -= 1;
                    }
                    read += 1;
                    let behind = records.len() as u64 - read;
                    let record = records[at].clone();
                    let event = StreamEvent::Delivered { sequence: read, record, behind };
                    if end.events.send(event).await.is_err() {
                        return;
                    }
                }
                () = sleep_until(breaks_at), if is_troubled => break,
                _ = troubled.changed() => {}
            }
        }
        if stream.planted == Planted::DroppedBatch {
            in_flight.iter().for_each(|(_, record)| stream.answer_early(record, || Answer::Unavailable(None)));
        }
        if end.events.send(StreamEvent::Disconnected).await.is_err() {
            return;
        }
        if stream.planted == Planted::AppliedTwice && server == 0 && read > 1 {
            let record = stream.records.lock()[read as usize - 1].clone();
            // As a reader that has forgotten how far it was, and counts on.
            let record = relabelled(&record);
            read += 1;
            let event = StreamEvent::Delivered { sequence: read, record, behind: 0 };
            if end.events.send(event).await.is_err() {
                return;
            }
        }
    }
}

async fn longer_than(length: &mut watch::Receiver<u64>, read: u64) {
    let _ = length.wait_for(|&length| length > read).await;
}

/// The same entries as a record of another run, so that nothing tells that they were applied.
fn relabelled(record: &Bytes) -> Bytes {
    match record::read(record) {
        Parsed::Batch(batch) => record::write("again", batch.at.unsigned_abs(), batch.at, &batch.entries).into(),
        _ => record.clone(),
    }
}

/// One attempt to publish, which goes on when the connection is gone.
async fn publish_record(
    stream: Arc<Stream>,
    node: String,
    Publish { counter, record }: Publish,
    told: mpsc::Sender<(u64, PublishOutcome)>,
) {
    if stream.planted == Planted::AnswerBeforeStored {
        stream.answer_early(&record, || Answer::Recorded(u64::MAX));
    }
    if stream.chance(5) {
        let _ = told.send((counter, PublishOutcome::NotStored)).await;
        return;
    }
    if stream.chance(10) {
        // Lost on the way.
        sleep(Duration::from_millis(300)).await;
        let _ = told.send((counter, PublishOutcome::Unknown)).await;
        return;
    }
    sleep(stream.time(if stream.chance(10) { 4000 } else { 10 })).await;
    let id = format!("{node}-{counter}");
    let sequence = stream.store(&id, &record);
    if stream.planted == Planted::AnswerBeforeApplied {
        stream.answer_early(&record, || Answer::Recorded(u64::MAX));
    }
    if stream.chance(10) {
        // Its acknowledgement is lost.
        sleep(Duration::from_millis(300)).await;
        let _ = told.send((counter, PublishOutcome::Unknown)).await;
        return;
    }
    sleep(stream.time(if stream.chance(10) { 2000 } else { 5 })).await;
    let _ = told.send((counter, PublishOutcome::Stored(sequence))).await;
    if stream.chance(5) {
        let _ = told.send((counter, PublishOutcome::Stored(sequence))).await;
    }
}
