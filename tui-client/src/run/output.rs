//! What the room is shown on: a screen that is painted, or lines that are said one after another. Called by `run`.

use std::io;
use std::time::Instant;

use super::full_screen::FullScreen;
use crate::app::App;
use crate::terminal::{self, Modes};
use crate::view::Linear;

/// Where the app is shown.
pub(super) enum Output {
    /// The whole screen.
    FullScreen(FullScreen),
    /// Lines, for screen readers.
    Linear(Box<Linear>),
}

/// What came of showing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// What stands over the feed has been said, and is to be closed.
    pub(super) close: bool,
    /// Many lines were said, and the next may wait.
    pub(super) many: bool,
}

impl Output {
    /// One of the two, with nothing on it yet, in a terminal of this size.
    ///
    /// # Errors
    /// None that is known; the library's.
    pub(super) fn new(modes: Modes, terminal: (u16, u16)) -> io::Result<Self> {
        if modes.linear {
            Ok(Self::Linear(Box::new(Linear::new(modes.bare))))
        } else {
            FullScreen::new(terminal).map(Self::FullScreen)
        }
    }

    /// The terminal has this size. Gives back the one to lay out for.
    pub(super) fn resize(&mut self, terminal: (u16, u16)) -> (u16, u16) {
        match self {
            Self::FullScreen(screen) => {
                screen.resize(terminal);
                terminal
            }
            Self::Linear(linear) => {
                linear.resize(terminal);
                Linear::SIZE
            }
        }
    }

    /// The terminal is about to be given back: what is being typed stays whole.
    pub(super) fn leave(&mut self) {
        if let Self::Linear(linear) = self {
            let bytes = linear.leave_line();
            // A terminal that takes nothing any more is left all the same.
            let _ = if bytes.is_empty() { Ok(()) } else { terminal::write(bytes.as_bytes()) };
        }
    }

    /// What is there cannot be relied on.
    pub(super) fn repaint(&mut self) {
        match self {
            Self::FullScreen(screen) => screen.repaint(),
            Self::Linear(linear) => linear.forget_line(),
        }
    }

    /// Whoever looks may see nothing of what was painted. What was said was said.
    pub(super) const fn uncover(&mut self) {
        if let Self::FullScreen(screen) = self {
            screen.repaint();
        }
    }

    /// Shows what changed.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub(super) fn show(&mut self, app: &App, now: Instant) -> io::Result<Shown> {
        match self {
            Self::FullScreen(screen) => screen.draw(app, now).map(|()| Shown::default()),
            Self::Linear(linear) => {
                let bytes = linear.say(app, now);
                if !bytes.is_empty() {
                    terminal::write(bytes.as_bytes())?;
                }
                let close = linear.is_said(app);
                if close {
                    linear.closed();
                }
                Ok(Shown { close, many: linear.were_many() })
            }
        }
    }
}
