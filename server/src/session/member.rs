//! What a session has once its student has joined, or somebody watches.

use std::{pin::Pin, sync::Arc};

use tokio::sync::mpsc;

use super::in_flight::InFlight;
use crate::{
    ledger::{Answer, PageQuery, ReadFailed, Replay},
    limits::{Allowance, Payment},
    presence::{Cursor, PresenceGuard},
    relay::Registration,
};

/// Slow work for the client, during which everything else of the session goes on.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The part of a session that begins with its `welcome`.
pub(super) struct Member {
    /// `None` if it only watches.
    pub(super) identity: Option<Identity>,
    /// Everything up to this `seq` was sent.
    pub(super) reached: u64,
    pub(super) presence: Cursor,
    /// Where the relay serves it, once it has left the join pool.
    pub(super) registration: Registration,
    /// A read of the ledger for what the feed no longer holds, up to this `seq`.
    pub(super) replay: Option<(u64, Work<Result<Replay, ReadFailed>>)>,
    /// The ledger's answers; the channel is made with the first square.
    pub(super) answers: Option<(mpsc::Sender<Answer>, mpsc::Receiver<Answer>)>,
    pub(super) in_flight: InFlight,
    /// A page that is read once the squares sent before it are recorded, since requests are executed in order.
    pub(super) page: Option<PageQuery>,
}

/// Who a student is in the room.
pub(super) struct Identity {
    pub(super) student: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) allowance: Arc<Allowance>,
    pub(super) _guard: PresenceGuard,
}

impl Member {
    /// The student id; empty if it only watches.
    pub(super) fn student(&self) -> &str {
        self.identity.as_ref().map_or("", |identity| &identity.student)
    }

    /// Refunds what was paid for a square that was not recorded.
    pub(super) fn refund(&self, paid: Option<Payment>) {
        if let (Some(paid), Some(identity)) = (paid, &self.identity) {
            identity.allowance.refund(paid);
        }
    }
}
