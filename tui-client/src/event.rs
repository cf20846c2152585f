//! What the app hears ([`Event`], [`LinkEvent`]) and what it asks of the world ([`Effect`]). The one loop in
//! `run` turns terminal input, what the link tells and due timers into events, gives each to `App::update`, and
//! executes the effects that come back. Nothing here does anything: it is the border between deciding and acting.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::conversation::{Continues, PageOwner};
pub use crate::conversation::{Lost, Pending};
use crate::link::Command;
pub use crate::pin::Pin;
use crate::store::Unkept;
use crate::store::export::{ExportCommand, ExportNews};
use crate::store::history::{HistoryCommand, HistoryNews};
use crate::theme::Rgb;
use crossterm::event::{KeyEvent, MouseEvent};
use squares_shared::message::{ErrorMessage, Hello, Online, Page, PageRequest, Presence, SquareResult, Welcome};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// The screen has another size, in cells.
    Resize(u16, u16),
    /// What the history tells.
    History(HistoryNews),
    /// The terminal said what its background is.
    Background(Rgb),
    /// The terminal is looked at now, or no longer.
    Focus(bool),
    /// What comes of an export.
    Export(ExportNews),
    /// The user's own ledger has results; this is its name.
    OwnLedger(String),
    /// The moment that `App::next_wake` asked for has come.
    Wake,
    /// What the link tells.
    Link(LinkEvent),
}

/// What the link tells the app.
#[derive(Debug, Clone)]
pub enum LinkEvent {
    /// A connection to this address is being tried.
    Connecting {
        /// The address, as it was given.
        server: String,
    },
    /// Of several servers, this one was reached.
    Reached {
        /// Its address.
        server: String,
    },
    /// Connected, not joined yet. Comes again on every reconnect.
    Hello {
        /// What the server said of itself.
        hello: Hello,
        /// Whether this process hosts the server.
        hosting: bool,
    },
    /// The server let the student in. Comes again on every reconnect.
    Joined {
        /// What the server answered.
        welcome: Welcome,
        /// How the results that follow, behind `welcome.replay_after`, continue those seen before.
        continues: Continues,
    },
    /// The certificate of this server was not seen before. It is believed from now on once [`Command::Believe`] says
    /// that it was shown.
    FirstSeen {
        /// The server.
        server: String,
        /// The fingerprint of its certificate.
        fingerprint: String,
    },
    /// The server asks for a PIN, one is known, and its certificate was not seen before: the PIN is not sent before
    /// [`Command::Believe`] and another [`Command::Join`].
    Unconfirmed,
    /// The server asks for a PIN, and none is known; the connection stays, and a try with one may be made.
    PinWanted,
    /// The join was refused; the connection stays, and another try may be made.
    JoinRefused(ErrorMessage),
    /// A square stands in the outbox, on disk where [`LinkEvent::Unkept`] was not told, until its answer is seen.
    /// Also told, once for each, of those that an earlier run of this student left unanswered.
    Queued(Pending),
    /// The disk does not take the outbox; squares are sent from memory. Told once.
    Unkept(Unkept),
    /// Results, ascending by `seq`, each once; repeats are left out already.
    Results(Vec<SquareResult>),
    /// This square was answered: it is in the feed as `seq`, though perhaps earlier than what the feed holds.
    Answered {
        /// The request's `id`.
        id: String,
        /// Its place in the order.
        seq: u64,
    },
    /// This square is the PIN in use. It was not sent, since everybody would see it, and left the outbox.
    Withheld {
        /// The request's `id`.
        id: String,
    },
    /// The server refused this square for good; it left the outbox.
    Rejected {
        /// The square.
        pending: Pending,
        /// Why.
        error: ErrorMessage,
    },
    /// The server cannot take squares just now (too fast, or its storage is full); the link sends them again by itself.
    HeldUp {
        /// Why.
        error: ErrorMessage,
        /// When the link tries again.
        until: Instant,
    },
    /// Who came and left.
    Presence(Presence),
    /// The whole list of students online.
    Online(Online),
    /// A page of history.
    Page {
        /// Who asked for it.
        owner: PageOwner,
        /// What was asked for.
        request: PageRequest,
        /// The answer.
        page: Page,
    },
    /// Another error of the server.
    Refused(ErrorMessage),
    /// How long a `ping`, or a square, took to be answered.
    RoundTrip(Duration),
    /// The connection is gone, or could not be made.
    Lost {
        /// Why.
        why: Lost,
        /// When the next try is made; `None` where there will be none until the person asks.
        retry_at: Option<Instant>,
    },
    /// The square was not queued, and its text should go back to the input: so many wait already that one more is too
    /// many.
    NotQueued {
        /// The number as it was typed.
        number: String,
        /// How many wait.
        waiting: usize,
    },
}

/// What the app asks of the world, by who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The link.
    Link(Command),
    /// The history on disk.
    History(HistoryCommand),
    /// The file of an export.
    Export(ExportCommand),
    /// The terminal.
    Terminal(TerminalEffect),
    /// See whether the ledger in this folder, which would be hosted here, has results; [`Event::OwnLedger`] follows.
    LookForOwnLedger(PathBuf),
    /// Keep what was chosen for the next run, now.
    Remember,
    /// Leave the server and end the program.
    Quit,
}

/// What the terminal is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEffect {
    /// Stop until the shell continues the program (Ctrl-Z).
    Suspend,
    /// Clear the screen and paint all of it.
    Repaint,
    /// Say what its background is; [`Event::Background`] follows where it answers.
    AskBackground,
    /// Ring the bell.
    Bell,
    /// Write this in the window's title.
    Title(String),
    /// Put this text on the clipboard (OSC 52).
    Copy(String),
}
