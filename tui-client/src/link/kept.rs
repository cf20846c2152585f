//! What outlives a connection of the link: who wants to be in, what was seen, what is unanswered, and what the screen
//! has not been told yet. The task and its session both work on it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Disk;
use super::edge::Edge;
use super::{Backoff, Cursor, Options, Window};
use crate::event::{LinkEvent, Pin};
use crate::outbox::Owner;

/// Who joins, now and on every reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) student: String,
    pub(super) name: Option<String>,
    /// The server has let this student in before.
    pub(super) was_in: bool,
}

/// What outlives a connection.
pub(super) struct Kept {
    pub(super) edge: Arc<dyn Edge>,
    pub(super) pin: Option<Pin>,
    pub(super) wanted: Option<Wanted>,
    /// The folder of the outbox.
    outbox: PathBuf,
    /// Whose squares are kept there: whoever wants to join, at the server in use.
    pub(super) owner: Option<Owner>,
    pub(super) cursor: Cursor,
    pub(super) window: Window,
    pub(super) disk: Option<Disk>,
    pub(super) backoff: Backoff,
    /// Events that the screen has not taken yet; while there are any, nothing is read from the server.
    pub(super) told: VecDeque<LinkEvent>,
}

impl Kept {
    pub(super) fn new(options: &Options, edge: Arc<dyn Edge>) -> Self {
        Self {
            edge,
            pin: options.pin.clone(),
            wanted: None,
            outbox: options.outbox.clone(),
            owner: None,
            cursor: Cursor::default(),
            window: Window::default(),
            disk: None,
            backoff: Backoff::default(),
            told: VecDeque::new(),
        }
    }

    pub(super) fn tell(&mut self, event: LinkEvent) {
        self.told.push_back(event);
    }

    /// The disk thread, started where it is not running yet.
    pub(super) fn open_disk(&mut self) -> Result<&mut Disk, String> {
        let owner = self.owner.as_ref().ok_or("nobody has joined yet")?;
        match &mut self.disk {
            Some(disk) => Ok(disk),
            none => {
                let disk = Disk::start(&*self.edge, self.outbox.clone(), owner.clone());
                let disk = disk.map_err(|error| error.to_string())?;
                Ok(none.insert(disk))
            }
        }
    }

    /// A square was answered, for good or ill.
    pub(super) fn let_go(&mut self, id: String) {
        if let Some(disk) = &mut self.disk {
            disk.forget(id);
        }
    }

    /// Another student or another server: what was seen means nothing any more, and what is unanswered stays on the
    /// disk for the next client of its owner.
    pub(super) async fn forget_everything(&mut self) {
        self.cursor = Cursor::default();
        self.window = Window::default();
        if let Some(disk) = self.disk.take() {
            // Waited for: its file must be free before the same owner's squares are looked for again.
            disk.finish().await;
        }
    }
}
