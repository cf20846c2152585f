//! What outlives a connection of the link: the conversation, the outbox, and what the screen has not been told yet. The
//! task and its session both work on it. Backpressure: while the screen has not taken enough events, nothing is read.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use squares_shared::message::ErrorCode;

use super::environment::Environment;
use super::{FirstSeen, LinkOptions, now};
use crate::conversation::{Conversation, Cursor, LinkEvent, Participant, Pending, Policy};
use crate::store::Unkept;
use crate::store::outbox::Owner;
use crate::store::outbox_worker::OutboxWorker;

/// Everything is seen from where it was left, and somebody looks on.
const ROOM: Policy = Policy { resumes: true, backlog: None, new_ledger_backlog: None, interactive: true };

pub(super) struct LinkState {
    pub(super) environment: Arc<dyn Environment>,
    pub(super) conversation: Conversation,
    outbox: Option<PathBuf>,
    /// Whose squares are kept there: whoever wants to join, at the server in use.
    pub(super) owner: Option<Owner>,
    pub(super) worker: Option<OutboxWorker>,
    /// Squares without an answer that are not on the disk, of owners whose turn it is not.
    left: HashMap<Owner, Vec<Pending>>,
    /// It was told that squares wait in memory alone.
    told_unkept: bool,
    /// The certificate of the last connection, where it was not seen before and nobody has said yet that it was shown.
    pub(super) unconfirmed: Option<FirstSeen>,
    /// Events that the screen has not taken yet; while there are any, nothing is read from the server.
    pub(super) events: VecDeque<LinkEvent>,
}

impl LinkState {
    pub(super) fn new(options: &LinkOptions, environment: Arc<dyn Environment>) -> Self {
        let policy = Policy { backlog: options.watch, new_ledger_backlog: options.watch, ..ROOM };
        let mut conversation = Conversation::new(policy);
        conversation.pin.clone_from(&options.pin);
        conversation.participant = options.watch.map(|_| Participant { student: None, name: None, was_in: false });
        Self {
            environment,
            conversation,
            outbox: options.outbox.clone(),
            owner: None,
            worker: None,
            left: HashMap::new(),
            told_unkept: false,
            unconfirmed: None,
            events: VecDeque::new(),
        }
    }

    pub(super) fn emit(&mut self, event: LinkEvent) {
        self.events.push_back(event);
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

    /// Tells the screen what the conversation made of lines, and the disk which squares have their answer; whether
    /// there were results.
    pub(super) fn forward_events(&mut self) -> bool {
        let mut results = false;
        for id in self.conversation.take_finished() {
            if let Some(worker) = &mut self.worker {
                worker.forget(id);
            }
        }
        while let Some(event) = self.conversation.next_event() {
            match &event {
                LinkEvent::Joined { .. } => {
                    if let Some(worker) = self.open_worker() {
                        worker.adopt();
                    }
                    self.conversation.measure(now());
                }
                // Who watches has nothing else to say, and may be let in when it comes again.
                LinkEvent::JoinRefused(_) if self.watches() => {}
                LinkEvent::JoinRefused(error) => {
                    self.conversation.participant = None;
                    if error.code == ErrorCode::BadPin {
                        self.conversation.pin = None;
                    }
                }
                LinkEvent::Results(_) => results = true,
                _ => {}
            }
            self.emit(event);
        }
        results
    }

    fn watches(&self) -> bool {
        self.conversation.participant.as_ref().is_some_and(|participant| participant.student.is_none())
    }

    /// The outbox's worker, started where it is not running yet. None where there is no folder, no thread or nobody to
    /// keep squares for.
    pub(super) fn open_worker(&mut self) -> Option<&mut OutboxWorker> {
        if self.worker.is_none() {
            let owner = self.owner.clone()?;
            let Some(folder) = self.outbox.clone() else {
                self.tell_unkept(Unkept::nowhere());
                return None;
            };
            let (worker, work) = OutboxWorker::new(folder.clone(), owner);
            match self.environment.work(Box::pin(work)) {
                Ok(()) => self.worker = Some(worker),
                Err(error) => self.tell_unkept(Unkept::new(&folder, &error)),
            }
        }
        self.worker.as_mut()
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

    /// Whose squares are kept from now on. What earlier runs of theirs left shows while there is no connection
    /// too.
    pub(super) fn begin(&mut self, owner: Owner) {
        let left = self.left.remove(&owner).unwrap_or_default();
        self.owner = Some(owner);
        match self.open_worker() {
            Some(worker) => {
                worker.adopt();
                left.into_iter().for_each(|square| worker.keep(square));
            }
            None => self.queue(left),
        }
    }

    /// Another student or another server: what was seen means nothing any more, and what is unanswered stays on the
    /// disk, or in memory where the disk does not take it, for the next client of its owner.
    pub(super) async fn forget_everything(&mut self) {
        self.conversation.cursor = Cursor::default();
        let window = std::mem::take(&mut self.conversation.window);
        let left = match self.worker.take() {
            // Waited for: its file must be free before the same owner's squares are looked for again.
            Some(worker) => worker.finish().await,
            None => window.into_waiting(),
        };
        if let (Some(owner), false) = (self.owner.take(), left.is_empty()) {
            self.left.insert(owner, left);
        }
    }
}
