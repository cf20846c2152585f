//! What all sessions of a server share.

use std::sync::Arc;

use squares_shared::message::{Auth, LastResult, Limits, RoomNow, SquareResult};
use tokio::sync::Semaphore;

use crate::{
    feed::Feed,
    invite::Inviter,
    ledger::Ledger,
    limits::{SharedBudget, SquareLimits},
    metrics::Metrics,
    pins::PinVerifier,
    presence::Presence,
    relay::Relay,
    roster::Admission,
    session::join_pool::JoinPool,
    worker_pool::WorkerPool,
};

/// The longest line of a result that a `hello` tells of, in bytes: every connection is sent one.
const LONGEST_TOLD: usize = 512;

/// The room: made when the server starts, and dropped with its last session.
pub(crate) struct Room {
    pub(crate) ledger: Ledger,
    pub(crate) workers: Arc<WorkerPool>,
    pub(crate) join_pool: JoinPool,
    pub(crate) feed: Arc<Feed>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) admission: Admission,
    pub(crate) pins: PinVerifier,
    pub(crate) squares: SquareLimits,
    pub(crate) shared_budget: SharedBudget,
    /// For refused and evicted connections that are waited for.
    pub(crate) rejections: Arc<Semaphore>,
    pub(crate) max_per_student: u32,
    pub(crate) limits: Limits,
    /// Other servers may have shown results that are not applied here yet.
    pub(crate) shares_log: bool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) inviter: Inviter,
}

impl Room {
    /// What anybody is told who connects, of what `watch` would show them; nothing where only students may see the room.
    pub(crate) fn now(&self) -> Option<RoomNow> {
        if self.admission.auth != Auth::Open {
            return None;
        }
        let line = self.feed.last_line().filter(|line| line.len() <= LONGEST_TOLD);
        let result = line.and_then(|line| serde_json::from_slice::<SquareResult>(&line).ok());
        let last = result.map(|SquareResult { name, number, square, .. }| LastResult { name, number, square });
        Some(RoomNow { online: self.presence.students(), last })
    }
}
