//! What the app hears ([`Event`], [`LinkEvent`]) and what it asks of the world ([`Effect`]). The one loop in
//! `run` turns terminal input, the link's news and due timers into events, gives each to `App::update`, and
//! carries out the effects that come back. Nothing here does anything: it is the border between deciding and acting.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::conversation::{Continues, PageOwner};
pub use crate::conversation::{Lost, Pending};
pub use crate::pin::Pin;
use crate::store::Unkept;
use crate::store::export::Format;
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
    /// What earlier runs of a student left was read.
    Notebook {
        /// Whose it is.
        student: String,
        /// The lines entered, oldest first.
        lines: Vec<String>,
        /// The line that was being typed, or nothing.
        draft: String,
    },
    /// What is typed cannot be kept for later runs. Squares that are sent may still be.
    Unkept(Unkept),
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
    /// News of the connection.
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
    /// The certificate of this server was not seen before. It is believed from now on once [`Effect::Believe`] says
    /// that it was shown.
    FirstSeen {
        /// The server.
        server: String,
        /// The fingerprint of its certificate.
        fingerprint: String,
    },
    /// The server asks for a PIN, one is known, and its certificate was not seen before: the PIN is not sent before
    /// [`Effect::Believe`] and another [`Effect::Join`].
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

/// What comes of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportNews {
    /// The disk is ready for a page.
    Ready,
    /// A file of that name is there; nothing was written.
    Exists,
    /// It could not be written: which of the usual errors it is, and the system's words. Nothing is left.
    Failed(io::ErrorKind, String),
    /// The file is complete.
    Done,
}

impl ExportNews {
    /// It could not be written.
    #[must_use]
    pub fn failed(error: &io::Error) -> Self {
        Self::Failed(error.kind(), error.to_string())
    }
}

/// What the app asks of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Join as this student, now and on every reconnect.
    Join {
        /// The student id.
        student: String,
        /// The name, where one was typed.
        name: Option<String>,
    },
    /// See whether the ledger in this folder, which would be hosted here, has results.
    LookForOwnLedger(PathBuf),
    /// Give this PIN where a server asks for one, from now on; empty: none is known any more.
    UsePin(Pin),
    /// Somebody has been shown this certificate of a server: it is believed from now on.
    Believe {
        /// The server.
        server: String,
        /// The fingerprint.
        fingerprint: String,
    },
    /// Use this server from now on; empty: the default one, hosted where nobody listens.
    UseServer(String),
    /// Keep this number in the outbox and send it.
    Square {
        /// The number, in canonical form.
        number: String,
    },
    /// Ask for a page of history.
    Page {
        /// Who asks; the page comes back to it.
        owner: PageOwner,
        /// Which page.
        request: PageRequest,
    },
    /// Try to connect now instead of when the countdown ends.
    ReconnectNow,
    /// Find out how long a round trip takes.
    Ping,
    /// Leave the server and end the program.
    Quit,
    /// Stop until the shell continues the program (Ctrl-Z).
    Suspend,
    /// Clear the screen and paint all of it.
    Repaint,
    /// Read what earlier runs of this student left; [`Event::Notebook`] follows.
    OpenNotebook(String),
    /// Keep a line that was entered for later runs.
    NoteLine(String),
    /// Keep the line that is being typed, in place of the last one.
    NoteDraft(String),
    /// Keep what was chosen for the next run, now.
    Remember,
    /// Ask the terminal for its background; [`Event::Background`] follows where it answers.
    AskBackground,
    /// Ring the terminal's bell.
    Bell,
    /// Write this in the window's title.
    Title(String),
    /// Begin a file of results; [`Event::Export`] follows.
    BeginExport {
        /// The file.
        path: PathBuf,
        /// How results are written.
        format: Format,
        /// Whether it may take the place of a file that is there.
        replace: bool,
    },
    /// Write results, earlier than those before; [`ExportNews::Ready`] follows.
    ExportPage(Vec<SquareResult>),
    /// The file is complete; [`ExportNews::Done`] follows.
    EndExport,
    /// Give the file up.
    StopExport,
    /// Give this text to the terminal's clipboard (OSC 52).
    Copy(String),
}
