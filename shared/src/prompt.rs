//! Asking for a PIN on the terminal, unseen. Called by plain mode of the client, and by `squares-server pin`.
//!
//! However it ends, by a signal too, the terminal shows again what is typed: `prompt/signals.rs` hears what the
//! system asks meanwhile.

#[cfg(unix)]
mod signals;

#[cfg(unix)]
use std::{
    fs::File,
    io::{self, Read, Write},
    sync::atomic::{AtomicBool, Ordering},
};

#[cfg(unix)]
use parking_lot::Mutex;
#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
#[cfg(unix)]
use signals::{Heard, Signals};

/// The most bytes of a PIN that is typed; what comes beyond is not taken.
#[cfg(unix)]
const MOST: usize = 1024;

/// How long one wait for a key lasts, in tenths of a second: signals are looked at in between.
#[cfg(unix)]
const WAIT: u8 = 1;

/// Told in place of a key where none came for that long. As a key it is nobody's.
#[cfg(unix)]
const PAUSE: u8 = 0;

/// Held while a question is asked: there is one terminal.
#[cfg(unix)]
static ASKING: Mutex<()> = Mutex::new(());

/// Nothing is asked any more.
#[cfg(unix)]
static CALLED_OFF: AtomicBool = AtomicBool::new(false);

/// Asks on the controlling terminal, whatever standard input and output are. `None` where there is none, where
/// nothing was typed, and where Ctrl-C or Ctrl-D was.
///
/// A signal that ends programs ends this one, as soon as the terminal is as it was before. Where another part of the
/// program answers to SIGINT and SIGTERM, they are left to it (`ends_at_signals` is false), and it calls the question
/// off ([`call_off`]).
#[cfg(unix)]
#[must_use]
pub fn ask_unseen(question: &str, ends_at_signals: bool) -> Option<String> {
    let _asking = ASKING.lock();
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    let signals = Signals::hear(ends_at_signals).ok()?;
    let typed = loop {
        let unseen = Unseen::begin(&terminal, question).ok()?;
        let asked = read_keys(Keys { terminal: &terminal, signals: &signals });
        drop(unseen);
        let _ = terminal.write_all(b"\n");
        match asked {
            Ok(Asked::Typed(typed)) => break Some(typed),
            Ok(Asked::Stopped) => signals.stop(),
            // Whoever had the terminal meanwhile may have changed it, and written on it.
            Ok(Asked::Continued) => {}
            Ok(Asked::CalledOff) | Err(_) => break None,
        }
    };
    // Here the program ends, where that is what was asked.
    drop(signals);
    typed.filter(|typed| !typed.is_empty())
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
#[must_use]
pub fn ask_unseen(_question: &str, _ends_at_signals: bool) -> Option<String> {
    None
}

/// Calls off what another thread may be asking, now and from now on, and waits until the terminal is as it was
/// before. For a program that ends.
pub fn call_off() {
    #[cfg(unix)]
    {
        CALLED_OFF.store(true, Ordering::SeqCst);
        drop(ASKING.lock());
    }
}

/// A terminal that does not show what is typed, until this is dropped.
#[cfg(unix)]
struct Unseen<'a> {
    terminal: &'a File,
    before: Termios,
}

#[cfg(unix)]
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
}

#[cfg(unix)]
impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// What came of asking.
#[cfg(unix)]
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Typed(String),
    CalledOff,
    /// The program is to stop until it is continued.
    Stopped,
    /// It was stopped, and is continued.
    Continued,
}

/// The keys of a terminal, or what the system asks in place of one.
#[cfg(unix)]
struct Keys<'a> {
    terminal: &'a File,
    signals: &'a Signals,
}

#[cfg(unix)]
impl Iterator for Keys<'_> {
    type Item = io::Result<Result<u8, Asked>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut key = [0];
        loop {
            if CALLED_OFF.load(Ordering::SeqCst) {
                return Some(Ok(Err(Asked::CalledOff)));
            }
            match self.signals.heard() {
                Some(Heard::End) => return Some(Ok(Err(Asked::CalledOff))),
                Some(Heard::Stop) => return Some(Ok(Err(Asked::Stopped))),
                Some(Heard::Continue) => return Some(Ok(Err(Asked::Continued))),
                None => {}
            }
            match (&mut &*self.terminal).read(&mut key) {
                // Nothing was typed for a while; or the terminal is gone, which its modes tell.
                Ok(0) => return Some(tcgetattr(self.terminal).map(|_| Ok(PAUSE)).map_err(Into::into)),
                Ok(_) => return Some(Ok(Ok(key[0]))),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// What an ESC begins: a report of the terminal, an answer to what another program asked, or a key that is no
/// character. Nothing of that kind is a part of a PIN.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// The ESC alone.
    Begun,
    /// `ESC [`, up to a letter or the like.
    Control,
    /// `ESC O` and one key.
    Key,
    /// A string, up to BEL or `ESC \`, which [`Self::Begun`] passes over.
    String,
}

#[cfg(unix)]
impl Sequence {
    /// Where it is behind this byte; none where it is over. Gives the byte back where that is typing.
    fn behind(self, byte: u8) -> (Option<Self>, Option<u8>) {
        match (self, byte) {
            (_, b'\x1b') => (Some(Self::Begun), None),
            (Self::Begun, PAUSE | b'\\') => (None, None),
            (Self::Begun, b'[') => (Some(Self::Control), None),
            // `ESC [ [ A` is F1 on the Linux console.
            (Self::Begun, b'O') | (Self::Control, b'[') => (Some(Self::Key), None),
            (Self::Begun, b']' | b'P' | b'X' | b'^' | b'_') => (Some(Self::String), None),
            (Self::Control, b'@'..=b'~') | (Self::Key, b' '..=b'~') | (Self::String, 0x07) => (None, None),
            (Self::Control, b' '..=b'?') | (Self::String, b' '..) | (_, PAUSE) => (Some(self), None),
            // What is no part of it ends it, as Enter and Ctrl-C do.
            _ => (None, Some(byte)),
        }
    }
}

/// Reads keys to the end of the line, or until it is called off.
#[cfg(unix)]
fn read_keys(keys: impl Iterator<Item = io::Result<Result<u8, Asked>>>) -> io::Result<Asked> {
    let (mut typed, mut sequence) = (Vec::new(), None);
    for key in keys {
        let mut key = key?;
        if let Ok(byte) = key {
            let typing;
            (sequence, typing) = match sequence {
                Some(begun) => Sequence::behind(begun, byte),
                None if byte == b'\x1b' => (Some(Sequence::Begun), None),
                None => (None, Some(byte)),
            };
            let Some(typing) = typing else { continue };
            key = Ok(typing);
        }
        match key {
            Err(asked) => return Ok(asked),
            Ok(b'\r' | b'\n') => return Ok(String::from_utf8(typed).map_or(Asked::CalledOff, Asked::Typed)),
            // Ctrl-C, Ctrl-D, Ctrl-\.
            Ok(0x03 | 0x04 | 0x1c) => return Ok(Asked::CalledOff),
            // Ctrl-Z.
            Ok(0x1a) => return Ok(Asked::Stopped),
            Ok(0x08 | 0x7f) => {
                // The last character, of however many bytes.
                while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
            }
            // Ctrl-U.
            Ok(0x15) => typed.clear(),
            Ok(byte) if byte >= b' ' && typed.len() < MOST => typed.push(byte),
            Ok(_) => {}
        }
    }
    Ok(Asked::CalledOff)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn keys_become_a_line_that_can_be_mended_and_called_off() {
        let check = |keys: &str, asked: Asked| {
            let pressed = keys.bytes().map(|key| Ok(Ok(key)));
            assert_eq!(read_keys(pressed).unwrap(), asked, "{keys:?}");
        };
        let typed = |text: &str| Asked::Typed(text.to_owned());
        check("4711\r", typed("4711"));
        check("4711\n", typed("4711"));
        check("471가\x7f1\n", typed("4711"));
        check("\x7f99\x154711\n", typed("4711"));
        check("4\x1b711\n", typed("4711"));
        check("47\x03", Asked::CalledOff);
        check("47\x1a", Asked::Stopped);
        check("47", Asked::CalledOff);
        check("\n", typed(""));
    }

    #[test]
    fn what_a_terminal_sends_by_itself_is_no_part_of_a_pin() {
        let check = |keys: &str, asked: Asked| {
            let pressed = keys.bytes().map(|key| Ok(Ok(key)));
            assert_eq!(read_keys(pressed).unwrap(), asked, "{keys:?}");
        };
        for report in [
            "\x1b[?997;1n",
            "\x1b[I",
            "\x1b[O",
            "\x1b[A",
            "\x1bOA",
            "\x1b[1;5C",
            "\x1b[[A",
            "\x1b[<64;10;10M",
            "\x1b[?62;4c",
            "\x1b]11;rgb:ffff/ffff/ffff\x07",
            "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
            "\x1bP>|XTerm(379)\x1b\\",
            "\x1b_Gi=31;OK\x1b\\",
            "\x1b",
            "\x1b\0",
            "\x1b\x1b[A",
            "\x1b\0\0\x1b[\0\0?997;1n",
        ] {
            check(&format!("{report}47{report}11{report}\r"), Asked::Typed("4711".into()));
            check(&format!("4711{report}\x03"), Asked::CalledOff);
        }
        check("\x1b[200~4711\x1b[201~\n", Asked::Typed("4711".into()));
        // Behind Esc, any PIN can be typed; what has no end costs no Enter and no Ctrl-C.
        check("\x1b\0P]O^\r", Asked::Typed("P]O^".into()));
        for begun in ["\x1b[", "\x1b[12", "\x1bO", "\x1b]11;", "\x1bP"] {
            check(&format!("47{begun}\r"), Asked::Typed("47".into()));
            check(&format!("47{begun}\x03"), Asked::CalledOff);
            check(&format!("47{begun}\x1599\r"), Asked::Typed("99".into()));
        }
    }

    #[test]
    fn what_the_system_asks_goes_before_what_is_typed() {
        let keys = [Ok(Ok(b'4')), Ok(Err(Asked::Continued)), Ok(Ok(b'\r'))];
        assert_eq!(read_keys(keys.into_iter()).unwrap(), Asked::Continued);
    }
}
