//! Turns off the echo, reads keys, and restores the console, on Windows. Used by `prompt` alone.

use std::{collections::VecDeque, fs::File, io::Write as _, sync::atomic::Ordering, time::Duration};

use super::{
    ASKING, CALLED_OFF,
    keys::{Heard, PAUSE, read_keys},
};
use crate::console::{ConsoleInput, ConsoleModes};

/// How long one wait for a key lasts: whether the question is called off is looked at in between.
const WAIT: Duration = Duration::from_millis(50);

/// Asks on the program's console, whatever standard input and output are. `None` where there is none, where nothing
/// was typed, and where Ctrl-C or Ctrl-D was. The console sends no signal for Ctrl-C meanwhile.
#[must_use]
pub fn ask_unseen(question: &str, _ends_at_signals: bool) -> Option<String> {
    let _asking = ASKING.lock();
    let mut output = File::options().write(true).open("CONOUT$").ok()?;
    let mut keys = Keys { console: ConsoleInput::open().ok()?, bytes: VecDeque::new() };
    let unseen = Unseen(ConsoleModes::take_over(true).ok()?);
    output.write_all(question.as_bytes()).ok()?;
    let typed = loop {
        match read_keys(&mut keys) {
            Ok(typed) => break Some(typed),
            // No program is stopped here.
            Err(Heard::Stop | Heard::Continue) => {}
            Err(Heard::End) => {
                // Whoever reads the console next would echo what was typed of a PIN.
                let _ = keys.console.read_now();
                break None;
            }
        }
    };
    drop(unseen);
    let _ = output.write_all(b"\r\n");
    typed.filter(|typed| !typed.is_empty())
}

/// A console that does not show what is typed, until this is dropped.
struct Unseen(ConsoleModes);

impl Drop for Unseen {
    fn drop(&mut self) {
        self.0.restore();
    }
}

struct Keys {
    console: ConsoleInput,
    bytes: VecDeque<u8>,
}

impl Iterator for Keys {
    type Item = Result<u8, Heard>;

    fn next(&mut self) -> Option<Self::Item> {
        if CALLED_OFF.load(Ordering::SeqCst) {
            return Some(Err(Heard::End));
        }
        if self.bytes.is_empty() {
            match self.console.read_now() {
                Ok(read) => self.bytes.extend(read.bytes),
                Err(_) => return Some(Err(Heard::End)),
            }
        }
        Some(Ok(self.bytes.pop_front().unwrap_or_else(|| {
            std::thread::sleep(WAIT);
            PAUSE
        })))
    }
}
