//! Raw mode: keys come one by one, unseen. Called by `terminal`.

#[cfg(unix)]
pub use unix::mend;
#[cfg(unix)]
pub(super) use unix::{enter, leave};
#[cfg(windows)]
pub use windows::mend;
#[cfg(windows)]
pub(super) use windows::{enter, leave};

#[cfg(unix)]
mod unix {
    use std::io;

    use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

    /// Sets a terminal that is in raw mode back to cooked mode before it is first taken over: a killed client left it so,
    /// and the modes found now are those that are restored at the end.
    pub fn mend() {
        use rustix::termios::{InputModes, LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};
        let input = io::stdin();
        let Ok(mut modes) = tcgetattr(&input) else { return };
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        if !modes.local_modes.intersects(cooked) {
            modes.local_modes |= cooked | LocalModes::IEXTEN;
            modes.input_modes |= InputModes::ICRNL | InputModes::IXON;
            modes.output_modes |= OutputModes::OPOST;
            // Where the terminal refuses, everything else still works.
            let _ = tcsetattr(&input, OptionalActions::Now, &modes);
        }
    }

    /// Takes over what the terminal does with keys, in full even where it was taken over already.
    pub(in crate::terminal) fn enter(_mouse: bool) -> io::Result<()> {
        // Crossterm does nothing while it holds the modes that it found; they are dropped first.
        disable_raw_mode()?;
        enable_raw_mode()
    }

    pub(in crate::terminal) fn leave() {
        // A terminal that is gone needs nothing set.
        let _ = disable_raw_mode();
    }
}

#[cfg(windows)]
mod windows {
    use std::io;

    use parking_lot::Mutex;
    use squares_shared::console::ConsoleModes;

    /// The console's modes before it was taken over.
    static BEFORE: Mutex<Option<ConsoleModes>> = Mutex::new(None);

    /// Nothing: a shell sets the modes of its console for itself.
    pub fn mend() {}

    /// Takes over what the console does with keys, and with the mouse: it would select text with it.
    pub(in crate::terminal) fn enter(mouse: bool) -> io::Result<()> {
        leave();
        let modes = ConsoleModes::take_over(!mouse)?;
        *BEFORE.lock() = Some(modes);
        Ok(())
    }

    pub(in crate::terminal) fn leave() {
        if let Some(before) = BEFORE.lock().take() {
            before.restore();
        }
    }
}
