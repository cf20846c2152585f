//! The terminal while it is ours: given back while the program is stopped, then taken again, measured, and asked for
//! its background. The room's loop and the wall's each hold one, and do with it what [`OwnsTerminal`] says.

use std::io;
use std::time::Duration;

use super::input::Inputs;
use crate::signals::Signal;
use crate::terminal::input::Input;
use crate::terminal::{self, BackgroundQuery, Modes};

/// How long the end waits for a reply of the terminal that was just asked for.
const LATE_REPLY: Duration = Duration::from_millis(100);

/// What is known of the terminal.
pub(super) struct OwnedTerminal {
    pub(super) modes: Modes,
    /// Its size when it was last asked.
    size: (u16, u16),
    pub(super) background: BackgroundQuery,
    /// Stopped, or about to be: the terminal is not ours.
    pub(super) stopped: bool,
}

impl OwnedTerminal {
    /// It has been entered with these modes; whether it may be asked for its background.
    pub(super) const fn new(modes: Modes, size: (u16, u16), may_ask: bool) -> Self {
        Self { modes, size, background: BackgroundQuery::new(may_ask), stopped: false }
    }

    /// Gives a reply that is on its way a moment, so that it does not arrive in the shell.
    pub(super) async fn await_reply(&self, inputs: &mut Inputs) {
        let reply = async {
            while self.background.is_pending() {
                match inputs.next().await {
                    None | Some(Input::Background(_)) => break,
                    Some(_) => {}
                }
            }
        };
        let _ = tokio::time::timeout(LATE_REPLY, reply).await;
    }

    /// What follows is [`Signal::Continue`].
    fn stop(&mut self) -> io::Result<()> {
        terminal::leave();
        self.stopped = true;
        terminal::stop()
    }

    /// Also where somebody stopped us in a way that could not be answered (SIGSTOP).
    fn take_again(&mut self) -> io::Result<()> {
        terminal::leave();
        self.stopped = false;
        terminal::enter(self.modes)
    }
}

/// A loop that owns the terminal.
pub(super) trait OwnsTerminal {
    fn owned(&mut self) -> &mut OwnedTerminal;

    /// The terminal is about to be given back.
    fn before_leaving(&mut self);

    /// What the terminal shows is not known any more: all of it is painted, at once.
    fn repaint(&mut self);

    /// A person who comes back to the terminal may see nothing yet.
    fn uncover(&mut self);

    /// The terminal has this size.
    fn resize(&mut self, size: (u16, u16));

    /// Whether the colours go by the terminal's background.
    fn wants_background(&self) -> bool;

    /// Nothing more can be shown.
    fn end(&mut self);

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End => self.end(),
            Signal::Stop => self.stop(),
            Signal::Continue => self.go_on(),
            Signal::Resize => self.resized(),
        }
    }

    /// Gives the terminal back and stops.
    fn stop(&mut self) {
        if self.owned().stopped {
            return;
        }
        self.before_leaving();
        if self.owned().stop().is_err() {
            self.go_on();
        }
    }

    /// Takes the terminal again, and paints all of it.
    fn go_on(&mut self) {
        if self.owned().take_again().is_err() {
            return self.end();
        }
        self.resized();
        // It may be another terminal by now, or have other colours.
        if self.wants_background() {
            self.owned().background.send();
        }
        self.repaint();
    }

    /// The terminal may have another size. Where it has not, somebody came back to it who sees nothing yet (dtach),
    /// and all of it is painted.
    fn resized(&mut self) {
        let Ok(size) = terminal::size() else { return };
        if std::mem::replace(&mut self.owned().size, size) == size {
            self.uncover();
        }
        self.resize(size);
    }
}
