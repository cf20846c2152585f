//! The link to a server: one task that connects or hosts, joins, resumes after a loss, sends what is unanswered again
//! and backs off between tries. `run` gives it [`Command`]s and hears [`LinkEvent`]s; it keeps squares through
//! the outbox's worker before it sends them.
//!
//! It never sleeps to look: it wakes for a command, for the socket, for the disk, and for a moment that it is waiting
//! for. Idle, there is no such moment. It has a thread of its own, which may therefore pause while results gather.

pub mod connection;
mod environment;
mod happy_eyeballs;
mod known;
mod nobody;
pub mod peer_detection;
mod servers;
mod session;
mod state;
mod task;
mod trust;
mod wire;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

pub use crate::conversation::{Continues, PageOwner};
pub(crate) use environment::System;
pub use environment::{Connecting, Environment, Work};
pub use known::KnownHosts;
pub use servers::{Missed, Reached, Reaching, Servers};
use squares_shared::message::PageRequest;
pub use task::MAX_WAITING;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
pub use trust::{FirstSeen, Rootless, Trust, read_fingerprint};
pub use wire::Connected;

use crate::conversation::LinkEvent;
use crate::pin::Pin;

/// The most commands that wait for the link. Squares are refused before the last of this room, which is for all else.
const COMMANDS: usize = MAX_WAITING + NOT_SQUARES;
const NOT_SQUARES: usize = 256;

/// The most events that wait for the screen. While they do, the link reads nothing, and the server keeps what it
/// would send.
const EVENTS: usize = 64;

/// What the link needs to know of the world.
#[derive(Clone)]
pub struct LinkOptions {
    /// The server, or several of one room, as [`read_servers`](crate::address::read_servers) gives them; none: the
    /// default address, where this process hosts one if nobody listens.
    pub server: Option<String>,
    /// The address to use, and to host at, where no server is named.
    pub default_address: String,
    /// The folder of the ledger when hosting; none: the user's data folder.
    pub data: Option<PathBuf>,
    /// The folder of the outbox; none where there is none, and squares wait in memory alone.
    pub outbox: Option<PathBuf>,
    /// The PIN, for a server that asks for one.
    pub pin: Option<Pin>,
    /// Whom to trust inside TLS; none: without TLS.
    pub trust: Option<Trust>,
    /// Which servers spoke TLS before: without it, none of them gets a PIN.
    pub known: KnownHosts,
    /// To watch without taking part, from the start and on every reconnect: so many earlier results are asked for.
    /// None: somebody joins.
    pub watch: Option<u64>,
}

/// What the link is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Join as this student, now and on every reconnect.
    Join {
        /// The student id.
        student: String,
        /// The name, where one was typed.
        name: Option<String>,
    },
    /// Give this PIN where a server asks for one, from now on; empty: none is known any more.
    UsePin(Pin),
    /// Somebody has been shown this certificate: it is trusted from now on, and a PIN may go to whoever has it.
    Trust {
        /// The server.
        server: String,
        /// The fingerprint.
        fingerprint: String,
    },
    /// Use this server from now on; empty: the default one, hosted where nobody listens.
    UseServer(String),
    /// Keep this number, in canonical form, and have it squared.
    Square(String),
    /// Ask for a page of history.
    Page {
        /// Who asks.
        owner: PageOwner,
        /// Which page.
        request: PageRequest,
    },
    /// Connect now instead of when the wait ends.
    ReconnectNow,
    /// Find out how long a round trip takes.
    Ping,
}

/// The handle of a running link. Dropped, it leaves the server as [`Link::leave`] does, but nobody waits for it.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::Sender<Command>,
    ended: oneshot::Receiver<()>,
}

impl Link {
    /// Starts the link, which connects at once.
    ///
    /// # Errors
    /// Where the system gives no thread, or nothing to wait on sockets with.
    pub fn start(options: LinkOptions) -> io::Result<(Self, mpsc::Receiver<LinkEvent>)> {
        let (link, events, task) = Self::start_at(options, Arc::new(System));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("link".into()).spawn(move || runtime.block_on(task))?;
        Ok((link, events))
    }

    /// The link with the network and the disk that it is given, and its task, which runs as long as somebody polls
    /// it: in a simulation, on one thread and a clock of its own.
    pub fn start_at(
        options: LinkOptions,
        environment: Arc<dyn Environment>,
    ) -> (Self, mpsc::Receiver<LinkEvent>, impl Future<Output = ()> + Send) {
        let (commands, to_do) = mpsc::channel(COMMANDS);
        let (told, events) = mpsc::channel(EVENTS);
        let (end, ended) = oneshot::channel();
        let task = task::Task::new(options, environment, to_do, told);
        let task = async move {
            task.run().await;
            // Nobody may be waiting.
            let _ = end.send(());
        };
        (Self { commands, ended }, events, task)
    }

    /// Gives it a command without ever waiting.
    ///
    /// # Errors
    /// The command, where too many wait already: the disk, which the link waits for, hangs.
    pub fn ask(&self, command: Command) -> Result<(), Command> {
        if matches!(command, Command::Square(_)) && self.commands.capacity() <= NOT_SQUARES {
            return Err(command);
        }
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(command) | TrySendError::Closed(command) => command,
        })
    }

    /// Where commands go.
    #[must_use]
    pub const fn commands(&self) -> &mpsc::Sender<Command> {
        &self.commands
    }

    /// Says goodbye to the server, lets the disk finish, and stops the server if it is hosted here.
    pub async fn leave(self) {
        drop(self.commands);
        // A link that panicked has nothing left to finish; the squares are on the disk.
        let _ = self.ended.await;
    }
}

/// The time as the runtime has it: the system's, unless a simulation rules it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_hangs_gives_numbers_back_and_has_room_for_all_else() {
        let options = LinkOptions {
            server: None,
            default_address: String::new(),
            data: None,
            outbox: None,
            pin: None,
            trust: None,
            known: KnownHosts::default(),
            watch: None,
        };
        let (link, _events, _never_polled) = Link::start_at(options, Arc::new(System));
        let square = |number: usize| Command::Square(number.to_string());
        for number in 0..MAX_WAITING {
            link.ask(square(number)).unwrap();
        }
        assert_eq!(link.ask(square(MAX_WAITING)), Err(square(MAX_WAITING)));
        for _ in 0..NOT_SQUARES {
            link.ask(Command::Ping).unwrap();
        }
        assert_eq!(link.ask(Command::Ping), Err(Command::Ping));
    }
}
