//! Lending the connection to the relay while a session waits, and going on from where the relay is. The session's loop
//! does both around each wait.

use std::collections::VecDeque;

use super::{Ending, Member, Session};
use crate::relay::Position;

impl Session {
    /// Lets the relay write what is new, where nothing of the session's own comes before it; tells whether it does.
    pub(super) fn lend(&mut self) -> bool {
        let Some(member) = self.member.as_deref() else { return false };
        let lends = member.place.is_served()
            && self.all_is_written()
            && member.replay.is_none()
            && self.ending != Ending::Closing;
        if lends {
            let only_calls = self.ending != Ending::Open || member.under_way.has_repeats();
            let Member { reached, presence, .. } = *member;
            self.outlet.lend(Position { reached, presence, rest: VecDeque::new(), only_calls });
        }
        lends
    }

    /// Whether there is anything that this client has not had.
    pub(super) fn has_news(&self) -> bool {
        let room = &self.room;
        let news = |member: &Member| room.feed.latest() > member.reached || room.presence.is_ahead_of(&member.presence);
        self.member.as_deref().is_some_and(news)
    }

    /// Goes on from where the relay is.
    pub(super) fn take_back(&mut self) {
        let Some(position) = self.outlet.take_back() else { return };
        let Some(member) = self.member.as_deref_mut() else { return };
        (member.reached, member.presence) = (position.reached, position.presence);
        for piece in position.rest {
            self.out.push(piece);
        }
    }
}
