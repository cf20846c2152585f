//! Reads a session's requests and executes them in order. Backpressure: it reads no further while too much is in flight
//! or unsent. Fairness: it executes only so many before others have their turn. The session's loop calls it.

use std::io;

use squares_shared::{
    line::Line,
    message::{ErrorCode, request},
};

use super::{Broken, Ending, Session, in_flight::MAX_IN_FLIGHT, member::Member};
use crate::http_detection;

/// Backpressure: with this many bytes queued for the client, or in flight to it, no further request of it is read.
const MAX_UNSENT_FOR_REQUESTS: usize = 256 << 10;

/// Fairness: requests that are executed before every other connection has its turn. Clients that ask without end delay
/// the others for a moment only.
const QUANTUM: usize = 16;

/// The same for a client that has not read its earlier answers: hundreds that only ask must not delay those that also
/// read.
const QUANTUM_UNREAD: usize = 4;

/// Bytes read from the socket at once.
const READ: usize = 16 << 10;

impl Session {
    pub(super) fn read(&mut self) -> Result<(), Broken> {
        // On the stack, not in the session: most sessions wait for input most of the time.
        let mut buffer = [0; READ];
        match self.writer.wire().try_read(&mut buffer) {
            Ok(0) => {
                // A last line without its end counts too.
                self.lines.push(b"\n");
                self.end(Ending::Finishing { bye: None, target: None });
            }
            Ok(count) => {
                self.throttle.charge(count);
                self.lines.push(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // Somebody may have cut the connection: whole lines are executed, a piece of one is not.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end(Ending::Finishing { bye: None, target: None });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    pub(super) fn wants_input(&self) -> bool {
        self.ending == Ending::Open && self.may_execute() && !self.lines.has_line()
    }

    pub(super) fn may_execute(&self) -> bool {
        let has_room = |member: &Member| {
            let answers = member.in_flight.bytes() + self.out.bytes();
            member.page.is_none() && member.in_flight.count() < MAX_IN_FLIGHT && answers < MAX_UNSENT_FOR_REQUESTS
        };
        let member_has_room = self.member.as_deref().is_none_or(has_room);
        self.request.is_none()
            && self.paused_until.is_none()
            && member_has_room
            && self.out.bytes() < MAX_UNSENT_FOR_REQUESTS
    }

    pub(super) fn can_execute(&self) -> bool {
        let reads_requests = match self.ending {
            Ending::Open => true,
            Ending::Finishing { bye, .. } => bye.is_none(),
            Ending::Closing => false,
        };
        reads_requests && self.may_execute() && self.lines.has_line()
    }

    /// Executes the requests that were received, one quantum of them at most.
    pub(super) fn execute_requests(&mut self) {
        let quantum = if self.all_is_written() { QUANTUM } else { QUANTUM_UNREAD };
        for _ in 0..quantum {
            if !self.can_execute() {
                break;
            }
            if !self.received_line && http_detection::is_request(self.lines.peek()) {
                tracing::info!(address = %self.address, "refused: a request of HTTP");
                self.out.push(http_detection::refusal().into());
                return self.end(Ending::Closing);
            }
            let taken = match self.lines.next_line() {
                Some(Line::Whole(line)) => {
                    self.throttle.charge_request(line.len());
                    request::read_with_id(line).map_err(Some)
                }
                Some(Line::TooLong) => Err(None),
                None => break,
            };
            self.received_line = true;
            match taken {
                Ok((request, id)) => {
                    self.request_id = id;
                    self.execute(request);
                }
                Err(Some(refusal)) => self.refuse_line(refusal),
                Err(None) => {
                    let limit = self.room.limits.line;
                    self.error(
                        ErrorCode::TooLong,
                        &format!("The line is longer than {limit} bytes; send a shorter one."),
                        None,
                    );
                }
            }
        }
    }
}
