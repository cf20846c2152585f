//! How a connection comes to its end: what was asked is answered, what waits is written, and the other side has a
//! moment to read it. The session's loop asks after each step.

use std::time::Duration;

use squares_shared::message::{ByeReason, ErrorCode, FromServer, to_line};
use tokio::time::Instant;

use super::{CLOSING_TIME, Session};
use crate::{limits::Full, listen};

/// How long the server waits, after its last line, for the other side to close: closing first while
/// something unread has arrived would make the system throw that last line away.
const LINGER: Duration = Duration::from_secs(2);

/// Whether and how a session comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It does not.
    Open,
    /// No further request is read. What was asked is carried out and answered, results are sent up to `target` once
    /// it is known, then it closes.
    Finishing { bye: Option<ByeReason>, target: Option<u64> },
    /// What is in the queue is written, then it closes.
    Closing,
}

impl Session {
    /// From now on it ends in this way.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = ending;
        self.deadline = Instant::now() + CLOSING_TIME;
    }

    /// Once everything asked for is answered, says goodbye where that is due.
    pub(super) fn finish(&mut self) {
        let Ending::Finishing { bye, target } = &mut self.ending else { return };
        let waits_for_a_line = bye.is_none() && self.lines.has_line();
        if self.request.is_some() || waits_for_a_line {
            return;
        }
        if let Some(member) = self.member.as_deref() {
            if member.under_way.is_awaited() {
                return;
            }
            // Everything asked for is in the feed by now: what comes later need not be waited for.
            let target = *target.get_or_insert_with(|| self.room.feed.latest());
            if member.reached < target || member.under_way.has_repeats() {
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

    /// Whether everything that was said has left this process.
    pub(super) fn all_is_written(&self) -> bool {
        self.out.is_empty() && !self.outlet.wire().holds()
    }

    /// Gives the other side time to read the last line before the connection goes, unless somebody else needs its
    /// place.
    pub(super) async fn linger(self: Box<Self>) {
        tokio::select! {
            _ = tokio::time::timeout(LINGER, self.outlet.wire().end()) => {}
            () = self.slot.taken_away() => {}
        }
    }

    /// Tells a client why its place is gone, behind what it has been told already.
    pub(super) async fn farewell(mut self: Box<Self>) {
        self.room.metrics.refused();
        if self.ending == Ending::Open {
            self.room.metrics.error(ErrorCode::ServerFull);
            self.out.push(listen::server_full(Full::Server).into());
        }
        if self.out.write(self.outlet.wire()).is_ok() && self.out.is_empty() {
            listen::part(self.outlet.wire(), &self.room.farewells).await;
        }
    }
}
