//! Turns off the echo, reads keys, and restores the terminal, on Unix. Used by `prompt` alone.

use std::{
    fs::File,
    io::{self, ErrorKind, Read as _, Write as _},
    sync::atomic::Ordering,
};

use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};

use super::{
    ASKING, CALLED_OFF,
    keys::{Heard, PAUSE, read_keys},
    signals::Signals,
};

/// How long one wait for a key lasts, in tenths of a second: signals are looked at in between.
const WAIT: u8 = 1;

/// Asks on the controlling terminal, whatever standard input and output are. `None` where there is none, where
/// nothing was typed, and where Ctrl-C or Ctrl-D was.
///
/// A signal that ends programs ends this one, as soon as the terminal is as it was before. Where another part of the
/// program answers to SIGINT and SIGTERM, they are left to it (`ends_at_signals` is false), and it calls the question
/// off ([`super::call_off`]).
#[must_use]
pub fn ask_unseen(question: &str, ends_at_signals: bool) -> Option<String> {
    let _asking = ASKING.lock();
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    let signals = Signals::hear(ends_at_signals).ok()?;
    let typed = loop {
        let unseen = Unseen::begin(&terminal, question).ok()?;
        let asked = read_keys(Keys { terminal: &terminal, signals: &signals });
        if asked.is_err() {
            unseen.discard_typed();
        }
        drop(unseen);
        let _ = terminal.write_all(b"\n");
        match asked {
            Ok(typed) => break Some(typed),
            Err(Heard::Stop) => signals.stop(),
            // Another program may have changed the terminal meanwhile, and written on it.
            Err(Heard::Continue) => {}
            Err(Heard::End) => break None,
        }
    };
    // Here the program ends, where that is what was asked.
    drop(signals);
    typed.filter(|typed| !typed.is_empty())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Unseen<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Unseen<'a> {
    fn begin(mut terminal: &'a File, question: &str) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut unseen = before.clone();
        // Keys come one by one, and Ctrl-C and Ctrl-Z are among them.
        unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        unseen.special_codes[SpecialCodeIndex::VMIN] = 0;
        unseen.special_codes[SpecialCodeIndex::VTIME] = WAIT;
        let begun = Self { terminal, before };
        tcsetattr(terminal, OptionalActions::Flush, &unseen)?;
        terminal.write_all(question.as_bytes())?;
        Ok(begun)
    }

    /// Discards what was typed and not read, for a question that ends before Enter: part of a PIN would be echoed once
    /// the echo is back. `tcflush` reaches bytes that the kernel has not yet given to the terminal, which flushing by
    /// `tcsetattr` leaves to come.
    fn discard_typed(&self) {
        let _ = tcflush(self.terminal, QueueSelector::IFlush);
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// The keys of a terminal, or what the system asks in place of one.
struct Keys<'a> {
    terminal: &'a File,
    signals: &'a Signals,
}

impl Iterator for Keys<'_> {
    type Item = Result<u8, Heard>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut key = [0];
        loop {
            if CALLED_OFF.load(Ordering::SeqCst) {
                return Some(Err(Heard::End));
            }
            if let Some(heard) = self.signals.heard() {
                return Some(Err(heard));
            }
            match (&mut &*self.terminal).read(&mut key) {
                // Nothing was typed for a while; or the terminal is gone, which its modes tell.
                Ok(0) => return Some(tcgetattr(self.terminal).map(|_| PAUSE).map_err(|_| Heard::End)),
                Ok(_) => return Some(Ok(key[0])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Some(Err(Heard::End)),
            }
        }
    }
}
