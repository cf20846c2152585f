//! The calls of the Windows API, through crates whose interfaces are safe. Part of `console`.

use std::io;

use crossterm_winapi::{Console, ConsoleMode, Handle, HandleType, InputRecord};

use super::keys::{KeyBytes, KeyRecord};

/// Input modes: records of the window's size, selecting with the mouse, its flag, and keys as sequences. Left out are
/// lines, their echo, and signals for Ctrl-C.
const WINDOW_INPUT: u32 = 0x0008;
const QUICK_EDIT: u32 = 0x0040;
const EXTENDED_FLAGS: u32 = 0x0080;
const SEQUENCE_INPUT: u32 = 0x0200;

/// Output modes: control characters, and sequences.
const PROCESSED_OUTPUT: u32 = 0x0001;
const SEQUENCE_OUTPUT: u32 = 0x0004;

/// Right and left Alt, right and left Ctrl, Shift.
const HELD: [u32; 5] = [0x0001, 0x0002, 0x0004, 0x0008, 0x0010];

/// The modes of the program's console, as they were before it took them over.
#[derive(Debug)]
pub struct ConsoleModes {
    input: (ConsoleMode, u32),
    output: Option<(ConsoleMode, u32)>,
}

impl ConsoleModes {
    /// Has keys come one by one, unseen and as sequences, and has the output understand sequences. The mouse selects
    /// text where `mouse_selects`, as far as it did before.
    ///
    /// # Errors
    /// The system's, where there is no console, or one that is older than sequences (Windows 10).
    pub fn take_over(mouse_selects: bool) -> io::Result<Self> {
        let input = ConsoleMode::from(Handle::new(HandleType::CurrentInputHandle)?);
        let before = input.mode()?;
        let quick_edit = if mouse_selects { before & QUICK_EDIT } else { 0 };
        input.set_mode(WINDOW_INPUT | EXTENDED_FLAGS | SEQUENCE_INPUT | quick_edit)?;
        let mut modes = Self { input: (input, before), output: None };
        // Standard output may be a pipe to what shows it.
        if let Ok((output, before)) = output() {
            modes.output = Some((output.clone(), before));
            if let Err(error) = output.set_mode(before | PROCESSED_OUTPUT | SEQUENCE_OUTPUT) {
                modes.restore();
                return Err(error);
            }
        }
        Ok(modes)
    }

    /// Sets them back.
    pub fn restore(&self) {
        for (mode, before) in [Some(&self.input), self.output.as_ref()].into_iter().flatten() {
            // A console that is gone needs nothing set.
            let _ = mode.set_mode(*before);
        }
    }
}

fn output() -> io::Result<(ConsoleMode, u32)> {
    let output = ConsoleMode::from(Handle::new(HandleType::CurrentOutputHandle)?);
    let before = output.mode()?;
    Ok((output, before))
}

/// Has the console's output understand sequences from now on; whether it does.
#[must_use]
pub fn understands_sequences() -> bool {
    output().and_then(|(output, before)| output.set_mode(before | PROCESSED_OUTPUT | SEQUENCE_OUTPUT)).is_ok()
}

/// What is typed on the console, whatever standard input is.
#[derive(Debug)]
pub struct ConsoleInput {
    console: Console,
    keys: KeyBytes,
}

/// What one read gave.
#[derive(Debug, Default)]
pub struct ConsoleRead {
    /// As a terminal would send it. Empty where keys came that type nothing.
    pub bytes: Vec<u8>,
    /// The window has another size.
    pub is_resized: bool,
}

impl ConsoleInput {
    /// The console of the program.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open() -> io::Result<Self> {
        let console = Console::from(Handle::new(HandleType::CurrentInputHandle)?);
        Ok(Self { console, keys: KeyBytes::default() })
    }

    /// Waits for something, and takes all that has come.
    ///
    /// # Errors
    /// The system's: the console is gone.
    pub fn wait(&mut self) -> io::Result<ConsoleRead> {
        let mut read = ConsoleRead::default();
        self.take(&self.console.read_single_input_event()?, &mut read);
        self.take_rest(&mut read)?;
        Ok(read)
    }

    /// Takes what has come, without waiting.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn read_now(&mut self) -> io::Result<ConsoleRead> {
        let mut read = ConsoleRead::default();
        self.take_rest(&mut read)?;
        Ok(read)
    }

    fn take_rest(&mut self, read: &mut ConsoleRead) -> io::Result<()> {
        for record in self.console.read_console_input()? {
            self.take(&record, read);
        }
        Ok(())
    }

    fn take(&mut self, record: &InputRecord, read: &mut ConsoleRead) {
        match record {
            InputRecord::KeyEvent(key) => self.keys.push(
                KeyRecord {
                    is_down: key.key_down,
                    repeat: key.repeat_count,
                    key: key.virtual_key_code,
                    unit: key.u_char,
                    held: HELD.into_iter().filter(|mask| key.control_key_state.has_state(*mask)).sum(),
                },
                &mut read.bytes,
            ),
            InputRecord::WindowBufferSizeEvent(_) => read.is_resized = true,
            InputRecord::MouseEvent(_) | InputRecord::FocusEvent(_) | InputRecord::MenuEvent(_) => {}
        }
    }
}
