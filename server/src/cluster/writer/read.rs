//! A record of the stream as `cluster/writer.rs` has read it, until it is applied.

use crate::{
    cluster::{in_flight::BatchesInFlight, record::PublishedBatch},
    ledger::{Chain, LogRecord},
};

/// A record of the stream, as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) sequence: u64,
    /// The hash over the records up to it.
    pub(super) chain: Chain,
    pub(super) content: Content,
    /// How many are known to stand behind it.
    pub(super) behind: u64,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A batch in flight, with this counter: its entries need not be read from the record.
    InFlight(u64),
    Batch(PublishedBatch),
    /// No server of Squares has written it.
    Foreign,
}

impl Read {
    pub(super) fn record<'a>(&'a self, own: &'a str, in_flight: &'a BatchesInFlight) -> LogRecord<'a> {
        let (from, at, entries) = match &self.content {
            &Content::InFlight(counter) => {
                let (at, entries) = in_flight.entries(counter).expect("what was read back stays until it is applied");
                (Some((own, counter)), at, entries)
            }
            Content::Batch(batch) => (Some((&*batch.node, batch.counter)), batch.at, &batch.entries[..]),
            Content::Foreign => (None, 0, &[][..]),
        };
        LogRecord { sequence: self.sequence, chain: self.chain, from, at, entries }
    }
}
