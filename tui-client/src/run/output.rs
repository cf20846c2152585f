//! Where the app is shown: on a full screen, or as lines for screen readers. Called by `run`.

use std::io;
use std::time::Instant;

use super::full_screen::FullScreen;
use crate::app::App;
use crate::terminal::{self, Modes};
use crate::view::{self, Linear, Said};

pub(super) enum Output {
    /// The whole screen.
    FullScreen(FullScreen),
    /// Lines, for screen readers.
    Linear(Box<Linear>),
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
            // A terminal that takes no bytes any more is left all the same.
            let _ = if bytes.is_empty() { Ok(()) } else { terminal::write(bytes.as_bytes()) };
        }
    }

    /// What the terminal shows is not known any more.
    pub(super) fn repaint(&mut self) {
        match self {
            Self::FullScreen(screen) => screen.repaint(),
            Self::Linear(linear) => linear.forget_line(),
        }
    }

    /// A person who comes back to the terminal may see nothing yet: a screen is painted again, lines are not.
    pub(super) const fn uncover(&mut self) {
        if let Self::FullScreen(screen) = self {
            screen.repaint();
        }
    }

    /// Shows what changed. Gives back whether what stands over the feed is to be closed, since it has been said, and
    /// whether many lines were said, so that the next may wait.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub(super) fn show(&mut self, app: &App, now: Instant) -> io::Result<(bool, bool)> {
        match self {
            Self::FullScreen(screen) => screen.draw(|frame| view::draw(app, frame, now)).map(|()| (false, false)),
            Self::Linear(linear) => {
                let Said { bytes, close, many } = linear.say(app, now);
                if !bytes.is_empty() {
                    terminal::write(bytes.as_bytes())?;
                }
                Ok((close, many))
            }
        }
    }
}
