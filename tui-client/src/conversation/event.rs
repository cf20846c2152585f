//! What a client hears of its server: what the conversation makes of lines, and what the link around it adds.

use std::time::{Duration, Instant};

use squares_shared::message::{ErrorMessage, Hello, Online, Page, PageRequest, Presence, SquareResult, Welcome};

use super::{ConnectionError, Continues, PageOwner, Pending};
use crate::store::Unkept;

/// What the link tells the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// A connection to this address, as it was given, is being tried.
    Connecting(String),
    /// Of several servers, the one at this address was reached.
    Reached(String),
    /// Connected, not joined yet. Comes again on every reconnect.
    Hello {
        /// What the server said of itself.
        hello: Hello,
        /// Whether this process hosts the server.
        hosting: bool,
    },
    /// The server let the student in. Comes again on every reconnect.
    Joined {
        /// What the server answered.
        welcome: Welcome,
        /// How the results that follow, behind `welcome.replay_after`, continue those seen before.
        continues: Continues,
    },
    /// The certificate of this server was not seen before. It is trusted from now on once the link is told that it was
    /// shown.
    FirstSeen {
        /// The server.
        server: String,
        /// The fingerprint of its certificate.
        fingerprint: String,
    },
    /// The server asks for a PIN, one is known, and its certificate was not seen before: the PIN is not sent before
    /// the certificate is trusted and another join is asked for.
    Unconfirmed,
    /// The server asks for a PIN, and none is known; the connection stays, and a try with one may be made.
    PinWanted,
    /// The join was refused; the connection stays, and another try may be made.
    JoinRefused(ErrorMessage),
    /// A square stands in the outbox, on disk where [`LinkEvent::Unkept`] was not told, until its answer is seen.
    /// Also told, once for each, of those that an earlier run of this student left unanswered.
    Queued(Pending),
    /// The disk does not take the outbox; squares are sent from memory. Told once.
    Unkept(Unkept),
    /// Results, ascending by `seq`, each once; repeats are left out already.
    Results(Vec<SquareResult>),
    /// This square was answered: it is in the feed as `seq`, though perhaps earlier than what the feed holds.
    Answered {
        /// The request's `id`.
        id: String,
        /// Its place in the order.
        seq: u64,
    },
    /// The square with this `id` is the PIN in use. It was not sent, since everybody would see it, and left the outbox.
    Withheld(String),
    /// The server refused this square for good; it left the outbox.
    Rejected {
        /// The square.
        pending: Pending,
        /// Why.
        error: ErrorMessage,
    },
    /// The server cannot take squares just now (too fast, or its storage is full); they are sent again without being
    /// asked for.
    Throttled {
        /// Why.
        error: ErrorMessage,
        /// When the link tries again.
        until: Instant,
    },
    /// Who came and left.
    Presence(Presence),
    /// The whole list of students online.
    Online(Online),
    /// A page of history.
    Page {
        /// Who asked for it.
        owner: PageOwner,
        /// What was asked for.
        request: PageRequest,
        /// The answer.
        page: Page,
    },
    /// Another error of the server.
    Refused(ErrorMessage),
    /// How long a `ping`, or a square, took to be answered.
    RoundTrip(Duration),
    /// The connection is gone, or could not be made.
    Disconnected {
        /// Why.
        why: ConnectionError,
        /// When the next try is made; `None` where there will be none until the person asks.
        retry_at: Option<Instant>,
    },
    /// The connection is gone, and nobody had joined: the next one is made when somebody joins or asks for it.
    Idle,
    /// The square was not queued, and its text should go back to the input: so many wait already that one more is too
    /// many.
    NotQueued {
        /// The number as it was typed.
        number: String,
        /// How many wait.
        waiting: usize,
    },
}
