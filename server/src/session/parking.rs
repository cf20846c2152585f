//! Parks the connection at the relay while a session waits, and takes it back with what the relay has sent. The
//! session's loop does both around each wait.

use std::collections::VecDeque;

use super::{Ending, Session, member::Member};
use crate::relay::ReadCursors;

impl Session {
    /// Lets the relay write what is new, unless something of the session's own comes first. Returns whether it does.
    pub(super) fn park(&mut self) -> bool {
        let Some(member) = self.member.as_deref() else { return false };
        let parks = member.registration.is_served()
            && self.all_is_written()
            && member.replay.is_none()
            && self.ending != Ending::Closing;
        if parks {
            let only_wakes = self.ending != Ending::Open || member.in_flight.has_repeats();
            let Member { reached, presence, .. } = *member;
            self.writer.park(ReadCursors { reached, presence, rest: VecDeque::new(), only_wakes });
        }
        parks
    }

    /// Whether there is anything that this client has not been sent.
    pub(super) fn has_unsent(&self) -> bool {
        let room = &self.room;
        let unsent =
            |member: &Member| room.feed.latest() > member.reached || room.presence.is_ahead_of(&member.presence);
        self.member.as_deref().is_some_and(unsent)
    }

    /// Takes the connection back, and continues after what the relay has sent.
    pub(super) fn unpark(&mut self) {
        let Some(cursors) = self.writer.unpark() else { return };
        let Some(member) = self.member.as_deref_mut() else { return };
        (member.reached, member.presence) = (cursors.reached, cursors.presence);
        for piece in cursors.rest {
            self.out.push(piece);
        }
    }
}
