//! Squares that were not published yet, until they fill a record. `cluster/writer.rs` has it.

use tokio::{sync::mpsc, time::Instant};

use crate::{
    cluster::record::size_of,
    ledger::{Pending, Submission},
};

/// About the most bytes of a record, unless one entry has more: with the longest there is, it stays under 512 KiB.
const BATCH_BYTES: usize = 192 << 10;

/// Squares that were not published yet.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pending: Pending,
    bytes: usize,
    /// When the first of them came.
    pub(super) since: Option<Instant>,
}

impl Waiting {
    pub(super) fn has_room(&self, batch: usize) -> bool {
        self.pending.entries.len() < batch && self.bytes < BATCH_BYTES
    }

    pub(super) fn len(&self) -> usize {
        self.pending.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.entries.is_empty()
    }

    pub(super) fn add(&mut self, Submission { entry, answer }: Submission) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += size_of(&entry);
        self.pending.entries.push(entry);
        self.pending.answers.push(answer);
    }

    /// Takes what else waits, as far as one record goes.
    pub(super) fn gather(&mut self, batch: usize, queue: &mut mpsc::Receiver<Submission>) {
        while self.has_room(batch) {
            let Ok(submission) = queue.try_recv() else { break };
            self.add(submission);
        }
    }

    pub(super) fn take(&mut self) -> Pending {
        std::mem::take(self).pending
    }
}
