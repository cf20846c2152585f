//! What the lines of a server mean.

use std::time::{Duration, Instant};

use squares_shared::line::Line;
use squares_shared::message::{ByeReason, ErrorCode, ErrorMessage, FromServer, SquareResult, Welcome};

use super::plausible::{keep_asked, read_line};
use super::{ConnectionError, Conversation, LinkEvent, Stage};

impl Conversation {
    /// Takes a line of the server.
    ///
    /// # Errors
    /// Where the connection is over with it.
    pub fn receive(&mut self, line: Line<'_>, now: Instant) -> Result<(), ConnectionError> {
        let Some(message) = read_line(line)? else { return Ok(()) };
        let event = match message {
            FromServer::Result(result) => self.result(result, now),
            FromServer::Welcome(welcome) => Some(self.welcome(welcome, now)?),
            FromServer::Error(error) => self.error(error, now)?,
            FromServer::Bye { reason: ByeReason::Left } if self.current.leaving => {
                return Err(ConnectionError::Closed(None));
            }
            FromServer::Bye { .. } => return Err(ConnectionError::Shutdown),
            FromServer::Presence(presence) => Some(LinkEvent::Presence(presence)),
            FromServer::Online(online) => Some(LinkEvent::Online(online)),
            // A page that nobody asked for is nobody's.
            FromServer::History(mut page) => self.current.pages.pop_front().map(|(owner, request)| {
                keep_asked(&request, &mut page.results);
                LinkEvent::Page { owner, request, page }
            }),
            FromServer::Pong { .. } => self.current.pinged.take().map(|sent| LinkEvent::RoundTrip(now - sent)),
            // A second hello says nothing new.
            FromServer::Hello(_) => None,
        };
        self.events.extend(event);
        Ok(())
    }

    fn result(&mut self, result: SquareResult, now: Instant) -> Option<LinkEvent> {
        if !self.is_joined() {
            return None;
        }
        let student = self.participant.as_ref().and_then(|participant| participant.student.as_ref());
        let id = result.id.as_ref().filter(|_| student == Some(&result.student)).cloned();
        let answered = id.filter(|id| self.finish(id).is_some());
        let timed = self.current.timed.take_if(|(timed, _)| answered.as_ref() == Some(timed));
        if let Some((_, sent)) = timed {
            self.events.push_front(LinkEvent::RoundTrip(now - sent));
        }
        if !self.cursor.take(result.seq) {
            return answered.map(|id| LinkEvent::Answered { id, seq: result.seq });
        }
        // Results that come together are told together.
        if let Some(LinkEvent::Results(results)) = self.events.back_mut() {
            results.push(result);
            return None;
        }
        Some(LinkEvent::Results(vec![result]))
    }

    fn welcome(&mut self, welcome: Welcome, now: Instant) -> Result<LinkEvent, ConnectionError> {
        let (Some(hello), Stage::Joining) = (&self.current.hello, self.current.stage) else {
            return Err(ConnectionError::NotSquares("it let in whom nobody had asked it to".into()));
        };
        let continues = self.cursor.joined(hello, &welcome);
        self.current.stage = Stage::Joined;
        self.current.joined_at = Some(now);
        if let Some(participant) = &mut self.participant {
            participant.was_in = true;
        }
        Ok(LinkEvent::Joined { welcome, continues })
    }

    fn error(&mut self, error: ErrorMessage, now: Instant) -> Result<Option<LinkEvent>, ConnectionError> {
        let id = error.id.as_ref().filter(|id| self.window.contains(id));
        let throttled = match (error.code, id) {
            (ErrorCode::RateLimited, Some(id)) => {
                self.window.hold_for_rate(id, error.retry_after_ms.map(Duration::from_millis), now)
            }
            (ErrorCode::StorageUnavailable, Some(id)) => self.window.hold_for_storage(id, now),
            (_, Some(_)) => {
                self.reject(error);
                return Ok(None);
            }
            (ErrorCode::ServerFull, None) => return Err(ConnectionError::Full),
            (ErrorCode::JoinTimeout, None) => {
                self.current.too_slow = true;
                return Err(ConnectionError::Closed(Some(error.message)));
            }
            (_, None) if self.current.stage == Stage::Joining => {
                if self.policy.interactive && self.will_pass(&error) {
                    // They come back when the moment has passed; nobody need do anything.
                    return Err(ConnectionError::Closed(Some(error.message)));
                }
                self.current.stage = Stage::Connected;
                return Ok(Some(LinkEvent::JoinRefused(error)));
            }
            (_, None) => {
                if error.id.is_none() {
                    self.current.pages.pop_front();
                }
                return Ok(Some(LinkEvent::Refused(error)));
            }
        };
        Ok(throttled.map(|until| LinkEvent::Throttled { error, until }))
    }
}
