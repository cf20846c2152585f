//! What the app hears ([`Event`], [`LinkEvent`]) and what it asks of the world ([`Effect`]). The one loop in
//! `run` turns terminal input, what the link tells and due timers into events, gives each to `App::update`, and
//! executes the effects that come back. Nothing here does anything: it is the border between deciding and acting.

use std::path::PathBuf;

pub use crate::conversation::{ConnectionError, LinkEvent, Pending};
use crate::link::Command;
pub use crate::pin::Pin;
use crate::store::export::{ExportCommand, ExportNews};
use crate::store::history::{HistoryCommand, HistoryNews};
use crate::theme::Rgb;
use crossterm::event::{KeyEvent, MouseEvent};

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
    /// The link's queue is full: this was not asked of it.
    LinkBusy(Command),
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
    /// Have the desktop notify of this.
    Notify {
        /// What it is from.
        title: String,
        /// One line.
        text: String,
    },
    /// Put this text on the clipboard (OSC 52).
    Copy(String),
}
