//! What outlives a connection of the link: the conversation, the outbox, and what the screen has not been told yet. The
//! task and its session both work on it.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use squares_shared::message::{ErrorCode, ErrorMessage, SquareResult};

use super::disk::Disk;
use super::environment::Environment;
use super::{FirstSeen, Options, now};
use crate::conversation::{Conversation, ConversationEvent, Cursor, Pending, Policy};
use crate::event::LinkEvent;
use crate::store::Unkept;
use crate::store::outbox::Owner;

/// Everything is seen from where it was left, and somebody looks on.
const ROOM: Policy = Policy { resumes: true, backlog: None, new_ledger_backlog: None, probes: true };

/// What outlives a connection.
pub(super) struct Resume {
    pub(super) environment: Arc<dyn Environment>,
    pub(super) conversation: Conversation,
    /// The folder of the outbox, where there is one.
    outbox: Option<PathBuf>,
    /// Whose squares are kept there: whoever wants to join, at the server in use.
    pub(super) owner: Option<Owner>,
    pub(super) disk: Option<Disk>,
    /// Squares without an answer that are not on the disk, of owners whose turn it is not.
    left: HashMap<Owner, Vec<Pending>>,
    /// It was told that squares wait in memory alone.
    told_unkept: bool,
    /// The certificate of the last connection, where it was not seen before and nobody has said yet that it was shown.
    pub(super) unconfirmed: Option<FirstSeen>,
    /// New results, to be told together.
    results: Vec<SquareResult>,
    /// Events that the screen has not taken yet; while there are any, nothing is read from the server.
    pub(super) events: VecDeque<LinkEvent>,
}

impl Resume {
    pub(super) fn new(options: &Options, environment: Arc<dyn Environment>) -> Self {
        let mut conversation = Conversation::new(ROOM);
        conversation.pin.clone_from(&options.pin);
        Self {
            environment,
            conversation,
            outbox: options.outbox.clone(),
            owner: None,
            disk: None,
            left: HashMap::new(),
            told_unkept: false,
            unconfirmed: None,
            results: Vec::new(),
            events: VecDeque::new(),
        }
    }

    /// Tells the screen, behind the results before it.
    pub(super) fn emit(&mut self, event: LinkEvent) {
        self.emit_results();
        self.events.push_back(event);
    }

    /// Tells the screen of the results gathered so far; whether there were any.
    pub(super) fn emit_results(&mut self) -> bool {
        let any = !self.results.is_empty();
        if any {
            self.events.push_back(LinkEvent::Results(std::mem::take(&mut self.results)));
        }
        any
    }

    /// Joins, unless that would send a PIN that is not known, or to whom nobody has confirmed.
    pub(super) fn join(&mut self) {
        let hindrance = match (self.conversation.asks_pin(), &self.conversation.pin, &self.unconfirmed) {
            // A join without one would be counted as a wrong one.
            (true, None, _) => LinkEvent::PinWanted,
            // It may be anybody's, and a PIN that was sent cannot be taken back.
            (true, Some(_), Some(_)) => LinkEvent::Unconfirmed,
            _ => return self.conversation.join(now()),
        };
        self.conversation.participant = None;
        self.emit(hindrance);
    }

    /// Does what an event of the conversation means to the outbox and to the next join, and tells the screen.
    pub(super) fn handle(&mut self, event: ConversationEvent) {
        match &event {
            ConversationEvent::Joined { .. } => {
                if let Some(disk) = self.open_disk() {
                    disk.adopt();
                }
                self.conversation.measure(now());
            }
            ConversationEvent::JoinRefused { error, .. } => {
                self.conversation.participant = None;
                if error.code == ErrorCode::BadPin {
                    self.conversation.pin = None;
                }
            }
            ConversationEvent::Result { result, answers, round_trip, .. } => {
                self.events.extend(round_trip.map(LinkEvent::RoundTrip));
                if let Some(id) = result.id.clone().filter(|_| *answers) {
                    self.let_go(id);
                }
            }
            ConversationEvent::Withheld(pending)
            | ConversationEvent::TooLong { pending, .. }
            | ConversationEvent::Rejected { pending, .. } => self.let_go(pending.id.clone()),
            _ => {}
        }
        match event {
            ConversationEvent::Result { result, is_new: true, .. } => self.results.push(result),
            event => self.emit(event.into()),
        }
    }

    /// The disk thread, started where it is not running yet. None where there is no folder, no thread or nobody to
    /// keep squares for.
    pub(super) fn open_disk(&mut self) -> Option<&mut Disk> {
        if self.disk.is_none() {
            let owner = self.owner.clone()?;
            match self.outbox.clone().map(|folder| (Disk::start(&*self.environment, folder.clone(), owner), folder)) {
                Some((Ok(disk), _)) => self.disk = Some(disk),
                Some((Err(error), folder)) => self.tell_unkept(Unkept::new(&folder, &error)),
                None => self.tell_unkept(Unkept::nowhere()),
            }
        }
        self.disk.as_mut()
    }

    /// Says once that squares wait in memory alone.
    pub(super) fn tell_unkept(&mut self, unkept: Unkept) {
        if !std::mem::replace(&mut self.told_unkept, true) {
            self.emit(LinkEvent::Unkept(unkept));
        }
    }

    /// Squares wait for their answer from now on, behind all others.
    pub(super) fn queue(&mut self, squares: Vec<Pending>) {
        for square in squares {
            self.emit(LinkEvent::Queued(square.clone()));
            self.conversation.window.push(square);
        }
    }

    /// A square was answered, for good or ill.
    fn let_go(&mut self, id: String) {
        if let Some(disk) = &mut self.disk {
            disk.forget(id);
        }
    }

    /// Whose squares are kept from now on. What earlier runs of theirs left shows while there is no connection too.
    pub(super) fn begin(&mut self, owner: Owner) {
        let left = self.left.remove(&owner).unwrap_or_default();
        self.owner = Some(owner);
        match self.open_disk() {
            Some(disk) => {
                disk.adopt();
                left.into_iter().for_each(|square| disk.keep(square));
            }
            None => self.queue(left),
        }
    }

    /// Another student or another server: what was seen means nothing any more, and what is unanswered stays on the
    /// disk, or in memory where the disk does not take it, for the next client of its owner.
    pub(super) async fn forget_everything(&mut self) {
        self.conversation.cursor = Cursor::default();
        let window = std::mem::take(&mut self.conversation.window);
        let left = match self.disk.take() {
            // Waited for: its file must be free before the same owner's squares are looked for again.
            Some(disk) => disk.finish().await,
            None => window.into_waiting(),
        };
        if let (Some(owner), false) = (self.owner.take(), left.is_empty()) {
            self.left.insert(owner, left);
        }
    }
}

impl From<ConversationEvent> for LinkEvent {
    fn from(event: ConversationEvent) -> Self {
        match event {
            ConversationEvent::Joined { welcome, continues } => Self::Joined { welcome, continues },
            ConversationEvent::JoinRefused { error, .. } => Self::JoinRefused(error),
            ConversationEvent::Result { result, is_new: true, .. } => Self::Results(vec![result]),
            ConversationEvent::Result { result, .. } => {
                Self::Answered { id: result.id.unwrap_or_default(), seq: result.seq }
            }
            ConversationEvent::Withheld(Pending { id, .. }) => Self::Withheld { id },
            ConversationEvent::TooLong { pending, length, limit } => {
                let message = format!(
                    "The request has {length} bytes, and this server takes at most {limit}; send a shorter number."
                );
                let id = Some(pending.id.clone());
                let error = ErrorMessage { code: ErrorCode::TooLong, message, id, retry_after_ms: None };
                Self::Rejected { pending, error }
            }
            ConversationEvent::Rejected { pending, error } => Self::Rejected { pending, error },
            ConversationEvent::Throttled { error, until } => Self::HeldUp { error, until },
            ConversationEvent::Presence(presence) => Self::Presence(presence),
            ConversationEvent::Online(online) => Self::Online(online),
            ConversationEvent::Page { owner, request, page } => Self::Page { owner, request, page },
            ConversationEvent::Refused(error) => Self::Refused(error),
            ConversationEvent::RoundTrip(time) => Self::RoundTrip(time),
        }
    }
}
