//! What is known of the connection and what is said of what just happened: the header and the line below the input.

mod connection;
mod leave;
mod notices;
mod notify;

use std::time::Instant;

pub(super) use connection::next_second;
pub(crate) use connection::{ConnectionStatus, NewCertificate, State, seconds_until};
pub(super) use leave::LeaveDecision;
pub(crate) use notices::Severity;

use leave::Leaving;
use notices::Notices;
use notify::MissedResults;

/// How things stand.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) connection: ConnectionStatus,
    pub(crate) notices: Notices,
    pub(super) leaving: Leaving,
    missed: MissedResults,
    /// It was said that what is typed cannot be kept.
    pub(super) told_unkept: bool,
}

impl Status {
    pub(super) fn new(server: &str) -> Self {
        Self { connection: ConnectionStatus::new(server), ..Self::default() }
    }

    /// When the next countdown shows another number, or a notice goes.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.connection.next_wake(now).into_iter().chain(self.notices.next_wake()).min()
    }

    /// Takes away what is over. Whether that shows, where it was last seen at `seen_at`.
    pub(super) fn expire(&mut self, seen_at: Instant, now: Instant) -> bool {
        let counted = self.connection.next_wake(seen_at).is_some_and(|wake| wake <= now);
        self.connection.expire(now);
        let gone = self.notices.expire(now);
        if gone {
            self.leaving.forget_key();
        }
        counted || gone
    }
}
