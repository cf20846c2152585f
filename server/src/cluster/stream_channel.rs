//! What the replicated writer and its stream say to each other, over bounded channels: NATS JetStream behind them
//! (`nats.rs`), or a stream that a simulation rules.

use bytes::Bytes;
use tokio::sync::mpsc;

/// Records that are on their way to the stream at once, in order.
pub(crate) const MAX_IN_FLIGHT: usize = 4;

/// Events that wait for the writer; the stream is read no further meanwhile.
const EVENTS: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Publish {
    /// Which record of this run it is. The same number is the same record: the stream takes it once.
    pub(crate) counter: u64,
    pub(crate) record: Bytes,
}

/// What became of an attempt to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublishOutcome {
    /// The stream has it, as this sequence.
    Stored(u64),
    /// This attempt reached no stream, certainly.
    NotStored,
    /// It may be in the stream, or may get there yet.
    Unknown,
}

#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// It can be reached, and what follows what was applied is read from now on.
    Connected,
    /// It cannot be reached.
    Disconnected,
    /// The next record, and how many are known to stand behind it.
    Delivered { sequence: u64, record: Bytes, behind: u64 },
    /// What became of an attempt to publish the record with this counter.
    Published { counter: u64, outcome: PublishOutcome },
    /// This server must not go on: why, and how to mend it.
    Failed(String),
}

#[derive(Debug)]
pub(crate) struct WriterEnd {
    pub(super) publish: mpsc::Sender<Publish>,
    pub(super) events: mpsc::Receiver<StreamEvent>,
}

#[derive(Debug)]
pub(crate) struct StreamEnd {
    pub(crate) publish: mpsc::Receiver<Publish>,
    pub(crate) events: mpsc::Sender<StreamEvent>,
}

/// Both ends of a connection between a writer and its stream.
pub(crate) fn open() -> (WriterEnd, StreamEnd) {
    // Each record has one attempt at a time.
    let (publish, published) = mpsc::channel(MAX_IN_FLIGHT);
    let (told, events) = mpsc::channel(EVENTS);
    (WriterEnd { publish, events }, StreamEnd { publish: published, events: told })
}
