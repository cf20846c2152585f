//! Fills the send queue with what a session's client is to be sent: from the feed, or from the ledger what the feed no
//! longer holds, with repeats and presence lines. The session's loop calls it before each write.

use std::sync::Arc;

use squares_shared::message::ErrorCode;

use super::{Ending, Session, member::Member};
use crate::{
    feed::FeedRead,
    ledger::{ReadFailed, Replay},
};

/// Backpressure towards the feed: results are taken from it while fewer bytes than this are queued for the client.
const MAX_UNSENT_FOR_RESULTS: usize = 64 << 10;

impl Session {
    /// Whether its student has joined, and has all that was missed.
    pub(super) fn has_caught_up(&self) -> bool {
        let has_all = |member: &Member| !member.registration.is_served() && member.replay.is_none();
        self.ending == Ending::Open && self.all_is_written() && self.member.as_deref().is_some_and(has_all)
    }

    /// Whether the feed has something for the client, and the send queue is short.
    pub(super) fn can_fill_send_queue(&self) -> bool {
        let Some(member) = self.member.as_deref() else { return false };
        self.out.bytes() < MAX_UNSENT_FOR_RESULTS
            && member.replay.is_none()
            && self.room.feed.latest() > member.reached
            && self.ending != Ending::Closing
    }

    /// Appends results, repeats and presence lines to the send queue while that is short.
    pub(super) fn fill_send_queue(&mut self) {
        if self.ending == Ending::Closing {
            return;
        }
        if let Some(member) = self.member.as_deref_mut() {
            while self.out.bytes() < MAX_UNSENT_FOR_RESULTS && member.replay.is_none() {
                match self.room.feed.read(member.reached, MAX_UNSENT_FOR_RESULTS, self.out.pieces()) {
                    FeedRead::UpToDate => break,
                    FeedRead::Taken(reached) => member.reached = reached,
                    FeedRead::Behind { floor } => {
                        let readers = Arc::clone(&self.room.ledger.readers);
                        member.replay = Some((floor, Box::pin(readers.replay(member.reached, floor))));
                    }
                }
                self.out.count();
            }
            let reached = member.reached;
            self.writer.note(reached);
            while let Some(line) = member.in_flight.due(reached) {
                self.out.push(line);
            }
            if self.out.bytes() < MAX_UNSENT_FOR_RESULTS {
                self.room.presence.read(&mut member.presence, self.out.pieces());
                self.out.count();
            }
        }
        self.finish();
    }

    /// Queues lines that were read back from the ledger, or ends the session if they cannot be read.
    pub(super) fn replayed(&mut self, read: Result<Replay, ReadFailed>) {
        let Some(member) = self.member.as_deref_mut() else { return };
        let Some((floor, _)) = member.replay.take() else { return };
        match read {
            Ok(Replay { lines, reached }) => {
                // If the ledger has nothing more below it, the feed continues from its floor.
                member.reached = reached.unwrap_or(floor);
                self.out.push(lines);
            }
            Err(ReadFailed) => {
                // The client would otherwise have a gap; its next join resumes after what it has.
                self.error(
                    ErrorCode::StorageUnavailable,
                    "Earlier results cannot be read just now; connect again later and join with 'after'.",
                    None,
                );
                self.end(Ending::Closing);
            }
        }
    }
}
