//! One connection of the link: bytes between the socket and the conversation, and what the screen is told of it.
//! Driven by the link's task.

use std::io;
use std::time::{Duration, Instant};

use squares_shared::message::Hello;

use super::connection::{BATCH, ServerConnection};
use super::now;
use super::peer_detection::plain_words;
use super::state::LinkState;
use crate::conversation::ConnectionError;

/// After results, bytes that come within this time are taken together: a thousand results a second, or ten thousand,
/// then wake the link and the screen forty times, and what waits longest is seen after 25 ms and a frame. The first
/// result after a pause is never delayed.
const GATHER: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: ServerConnection,
    /// When results were last taken, where none were left behind.
    results_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(connection: ServerConnection, hello: Hello, state: &mut LinkState) -> Self {
        state.conversation.connected(hello);
        Self { connection, results_at: None }
    }

    /// Sends and receives what the socket allows.
    pub(super) fn exchange(&mut self, socket: &io::Result<()>, state: &mut LinkState) -> Result<(), ConnectionError> {
        if let Err(error) = socket {
            return Err(ConnectionError::Closed(Some(plain_words(error))));
        }
        self.send(state);
        if !state.events.is_empty() {
            // Only the writing side was waited for: the screen has not taken what it was told.
            return Ok(());
        }
        self.gather();
        self.receive(state)
    }

    pub(super) fn time(&mut self, now: Instant, state: &mut LinkState) -> Result<(), ConnectionError> {
        self.send(state);
        if state.conversation.is_overdue(now) {
            self.receive(state)?;
            state.conversation.overdue(now)?;
            self.send(state);
        }
        Ok(())
    }

    /// Sends what was asked for, and the squares that may go.
    pub(super) fn send(&mut self, state: &mut LinkState) {
        state.conversation.send_squares(now(), self.connection.room());
        self.connection.send(state.conversation.output());
        state.forward_events();
    }

    /// Lets results gather, where the last were taken just now. What the link keeps waiting meanwhile, a square that
    /// was just typed, waits 25 ms at most.
    fn gather(&self) {
        if let Some(left) = self.results_at.and_then(|at| GATHER.checked_sub(now() - at)) {
            self.connection.gather(left);
        }
    }

    /// Takes what came and does what it means. What was said before the end of a connection counts.
    fn receive(&mut self, state: &mut LinkState) -> Result<(), ConnectionError> {
        let taken = self.connection.take();
        let more = matches!(taken, Ok(BATCH..));
        if matches!(taken, Ok(1..)) {
            state.conversation.note_traffic();
        }
        let mut ended = taken.map(drop);
        let now = now();
        while let Some(line) = self.connection.next_line() {
            if let Err(why) = state.conversation.receive(line, now) {
                ended = Err(why);
                break;
            }
        }
        if state.forward_events() {
            self.results_at = Some(now).filter(|_| !more);
        }
        self.send(state);
        ended
    }
}
