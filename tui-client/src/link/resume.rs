//! What outlives a connection of the link: who wants to be in, what was seen, what is unanswered, and what the screen
//! has not been told yet. The task and its session both work on it.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Disk;
use super::environment::Environment;
use super::{FirstSeen, Options};
use crate::conversation::{Backoff, Cursor, SendWindow};
use crate::event::{LinkEvent, Pending, Pin};
use crate::store::Unkept;
use crate::store::outbox::Owner;

/// Who joins, now and on every reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) student: String,
    pub(super) name: Option<String>,
    /// The server has let this student in before.
    pub(super) was_in: bool,
}

/// What outlives a connection.
pub(super) struct Resume {
    pub(super) environment: Arc<dyn Environment>,
    pub(super) pin: Option<Pin>,
    pub(super) wanted: Option<Wanted>,
    /// The folder of the outbox, where there is one.
    outbox: Option<PathBuf>,
    /// Whose squares are kept there: whoever wants to join, at the server in use.
    pub(super) owner: Option<Owner>,
    pub(super) cursor: Cursor,
    pub(super) window: SendWindow,
    pub(super) disk: Option<Disk>,
    /// Squares without an answer that are not on the disk, of owners whose turn it is not.
    left: HashMap<Owner, Vec<Pending>>,
    /// It was told that squares wait in memory alone.
    told_unkept: bool,
    pub(super) backoff: Backoff,
    /// The certificate of the last connection, where it was not seen before and nobody has said yet that it was shown.
    pub(super) unconfirmed: Option<FirstSeen>,
    /// Events that the screen has not taken yet; while there are any, nothing is read from the server.
    pub(super) told: VecDeque<LinkEvent>,
}

impl Resume {
    pub(super) fn new(options: &Options, environment: Arc<dyn Environment>) -> Self {
        Self {
            environment,
            pin: options.pin.clone(),
            wanted: None,
            outbox: options.outbox.clone(),
            owner: None,
            cursor: Cursor::default(),
            window: SendWindow::default(),
            disk: None,
            left: HashMap::new(),
            told_unkept: false,
            backoff: Backoff::default(),
            unconfirmed: None,
            told: VecDeque::new(),
        }
    }

    pub(super) fn tell(&mut self, event: LinkEvent) {
        self.told.push_back(event);
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
            self.tell(LinkEvent::Unkept(unkept));
        }
    }

    /// Squares wait for their answer from now on, behind all others.
    pub(super) fn queue(&mut self, squares: Vec<Pending>) {
        for square in squares {
            self.tell(LinkEvent::Queued(square.clone()));
            self.window.push(square);
        }
    }

    /// A square was answered, for good or ill.
    pub(super) fn let_go(&mut self, id: String) {
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
        self.cursor = Cursor::default();
        let window = std::mem::take(&mut self.window);
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
