//! What the room is shown on: a screen that is painted, or lines that are said one after another. Called by `run`.

use std::io;
use std::time::Instant;

use super::screen::Screen;
use crate::app::App;
use crate::terminal;
use crate::view::Linear;

/// Where the app is shown.
pub(super) enum Surface {
    /// The whole screen.
    Painted(Screen),
    /// Lines, for screen readers.
    Said(Box<Linear>),
}

/// What came of showing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// What stands over the feed has been said, and is to be closed.
    pub(super) close: bool,
    /// Many lines were said, and the next may wait.
    pub(super) many: bool,
}

impl Surface {
    /// One of the two, with nothing on it yet.
    ///
    /// # Errors
    /// Where the terminal has no size.
    pub(super) fn new(linear: bool) -> io::Result<Self> {
        if linear { Ok(Self::Said(Box::default())) } else { Screen::new().map(Self::Painted) }
    }

    /// The terminal has this size. Gives back the one to lay out for.
    pub(super) fn resize(&mut self, terminal: (u16, u16)) -> (u16, u16) {
        match self {
            Self::Painted(_) => terminal,
            Self::Said(linear) => {
                linear.resize(terminal);
                Linear::SIZE
            }
        }
    }

    /// The terminal is about to be given back: what is being typed stays whole.
    pub(super) fn leave(&mut self) {
        if let Self::Said(linear) = self {
            let bytes = linear.leave_line();
            // A terminal that takes nothing any more is left all the same.
            let _ = if bytes.is_empty() { Ok(()) } else { terminal::write(bytes.as_bytes()) };
        }
    }

    /// What is there cannot be relied on.
    pub(super) fn repaint(&mut self) {
        match self {
            Self::Painted(screen) => screen.repaint(),
            Self::Said(linear) => linear.forget_line(),
        }
    }

    /// Shows what changed.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub(super) fn show(&mut self, app: &App, now: Instant) -> io::Result<Shown> {
        match self {
            Self::Painted(screen) => screen.draw(app, now).map(|()| Shown::default()),
            Self::Said(linear) => {
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
