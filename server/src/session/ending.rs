//! How a session ends: its requests are answered, its send queue is written, and the client has a moment to read it.
//! The session's loop asks after each step.

use std::{sync::Arc, time::Duration};

use squares_shared::message::{ErrorCode, FromServer, to_line};
use tokio::time::Instant;

use super::{CLOSING_TIME, Ending, Session, rejection};
use crate::limits::Full;

/// How long the server waits after its last line for the client to close: if the server closed first, with something
/// unread received, the system would discard that line.
const LINGER: Duration = Duration::from_secs(2);

impl Session {
    /// Begins to end in this way.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = ending;
        self.deadline = Instant::now() + CLOSING_TIME;
    }

    /// Once all requests are answered, says goodbye if that is due, and begins to close.
    pub(super) fn finish(&mut self) {
        let Ending::Finishing { bye, target } = &mut self.ending else { return };
        let waits_for_a_line = bye.is_none() && self.lines.has_line();
        if self.request.is_some() || waits_for_a_line {
            return;
        }
        if let Some(member) = self.member.as_deref() {
            if member.in_flight.is_awaited() {
                return;
            }
            // All that was asked for is in the feed by now, and what comes later need not be waited for.
            let target = *target.get_or_insert_with(|| self.room.feed.latest());
            if member.reached < target || member.in_flight.has_repeats() {
                return;
            }
        }
        if let Some(reason) = *bye {
            self.out.push(to_line(&FromServer::Bye { reason }).into());
        }
        self.ending = Ending::Closing;
    }

    pub(super) fn is_over(&self) -> bool {
        self.ending == Ending::Closing && self.all_is_written()
    }

    /// Whether everything that was queued has left this process.
    pub(super) fn all_is_written(&self) -> bool {
        self.out.is_empty() && !self.writer.wire().holds()
    }

    /// Gives the client time to read the last line before the connection closes, unless it is evicted.
    pub(super) async fn linger(self: Box<Self>) {
        tokio::select! {
            _ = tokio::time::timeout(LINGER, self.writer.wire().end()) => {}
            () = self.permit.evicted() => {}
        }
    }

    /// Tells a client that it was evicted, behind what is queued already.
    pub(super) async fn reject_evicted(mut self: Box<Self>) {
        self.room.metrics.refused.inc();
        if self.ending == Ending::Open {
            self.room.metrics.error(ErrorCode::ServerFull);
            self.out.push(rejection::server_full(Full::Server).into());
        }
        let wire = self.writer.wire();
        if self.out.write(wire).is_ok() && self.out.is_empty() {
            match Arc::clone(&self.room.rejections).try_acquire_owned() {
                Ok(permit) => rejection::send(permit, wire, &[]).await,
                Err(_) => wire.end_now(&[]),
            }
        }
    }
}
