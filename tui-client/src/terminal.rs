//! Takes the terminal over and gives it back: raw mode, the alternate screen, bracketed paste, mouse, cursor. Also
//! stops the program with its shell job, and notices a hangup. Called by `run`; plain mode asks it whether its reader
//! is gone.
//!
//! [`leave`] may be called from anywhere and any number of times, the panic hook included: the one lock that it takes
//! is never held while something is written.

use std::io::{self, Write};

use crossterm::Command;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};
use parking_lot::Mutex;

mod background_query;
pub mod clipboard;
pub mod code_page;
pub mod input;
pub mod notification;
mod raw_mode;

pub use background_query::BackgroundQuery;
pub use raw_mode::mend;

/// The bytes that give the terminal back, while it is ours.
static UNDO: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// Resets what another program may have left on: line-drawing characters, insert mode, an Enter that sends two bytes,
/// application keypad and arrows, no wrapping, colours. None of it moves the cursor.
const SET_RIGHT: &[u8] = b"\x0f\x1b(B\x1b[4l\x1b[20l\x1b>\x1b[?1l\x1b[?7h\x1b[m";

/// The same for what moves the cursor: margins, and an origin within them.
const SET_RIGHT_MOVING: &[u8] = b"\x1b[?6l\x1b[?69l\x1b[r";

/// Resets what another program may have left of the mouse: motion tracking, and other encodings.
const MOUSE_SET_RIGHT: &[u8] = b"\x1b[?1003l\x1b[?1002l\x1b[?1016l\x1b[?1015l\x1b[?1005l";

/// Buttons and the wheel, in SGR encoding. Motion is not needed, and each event would be a sequence that a slow line
/// may break.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// No mouse, and no alternate scroll: a wheel that sends arrow keys would walk through the input's history.
const MOUSE_OFF: &[u8] = b"\x1b[?1000l\x1b[?1006l\x1b[?1007l";

/// Alternate scroll on again, the default of terminals that know it.
const WHEEL_BACK: &[u8] = b"\x1b[?1007h";

/// In xterm alone the default is off; it saves the mode, and restores it.
const WHEEL_KEPT: &[u8] = b"\x1b[?1007s";
const WHEEL_BACK_IN_XTERM: &[u8] = b"\x1b[?1007r";

/// What is taken over of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes {
    /// The mouse.
    pub mouse: bool,
    /// It reports when its window gains or loses focus.
    pub focus: bool,
    /// Lines, one after another, below the shell's: the alternate screen is not entered.
    pub linear: bool,
    /// Nothing but text: the terminal knows no sequences.
    pub bare: bool,
    /// The terminal is xterm itself.
    pub xterm: bool,
    /// The window's title. The terminal saves the one before.
    pub title: bool,
}

/// Whether a terminal of this name (`TERM`) takes nothing but text, or has sequences of its own in place of the
/// usual: it says that it knows nothing, or does not say what it is.
#[must_use]
pub fn is_bare(term: &str) -> bool {
    // What follows is a variant of it, such as `dumb-emacs-ansi`.
    let kind = term.split_once('-').map_or(term, |(kind, _)| kind);
    let knows_nothing = matches!(kind, "" | "dumb" | "unknown" | "network" | "switch" | "switchboard" | "dialup");
    knows_nothing || matches!(kind, "ethernet" | "emacs" | "vt52" | "vt50" | "vt05" | "cons25")
}

/// Takes the terminal over, in full even where it was ours already: a shell may have had it meanwhile.
///
/// # Errors
/// As the system reports them; then the terminal is given back.
pub fn enter(modes: Modes) -> io::Result<()> {
    let (mut bytes, mut undo) = (Vec::new(), Vec::new());
    if modes.bare {
        undo.extend(b"\r\n");
    } else {
        take_over(modes, &mut bytes, &mut undo);
    }
    raw_mode::enter(modes.mouse)?;
    *UNDO.lock() = Some(undo);
    write(&bytes).inspect_err(|_| leave())
}

/// The bytes that take over a terminal that knows sequences, and those that give it back.
fn take_over(modes: Modes, bytes: &mut Vec<u8>, undo: &mut Vec<u8>) {
    // Leaving the alternate screen restores what is set here.
    bytes.extend(SET_RIGHT);
    if modes.title {
        bytes.extend(b"\x1b[22;2t");
        undo.extend(b"\x1b[23;2t");
    }
    if modes.linear {
        // The alternate screen was not entered, and leaving it would move the cursor. What was typed stays on its line.
        bytes.extend([b"\x1b7", SET_RIGHT_MOVING, b"\x1b8"].concat());
        append(undo, DisableFocusChange);
        append(undo, DisableBracketedPaste);
        undo.extend(b"\r\n");
    } else {
        append(bytes, EnterAlternateScreen);
        append(bytes, Hide);
        bytes.extend(SET_RIGHT_MOVING);
        bytes.extend(MOUSE_SET_RIGHT);
        if modes.mouse {
            bytes.extend(MOUSE_ON);
        } else if modes.xterm {
            bytes.extend([WHEEL_KEPT, MOUSE_OFF].concat());
            undo.extend(WHEEL_BACK_IN_XTERM);
        } else {
            bytes.extend(MOUSE_OFF);
            undo.extend(WHEEL_BACK);
        }
        // A frame may have been cut short, so synchronized output is ended first.
        append(undo, EndSynchronizedUpdate);
        append(undo, DisableMouseCapture);
        append(undo, DisableFocusChange);
        append(undo, DisableBracketedPaste);
        append(undo, ResetColor);
        append(undo, LeaveAlternateScreen);
        append(undo, Show);
    }
    append(bytes, EnableBracketedPaste);
    if modes.focus {
        append(bytes, EnableFocusChange);
    }
}

/// The size of the terminal, in cells; 80x24 where it does not tell.
///
/// # Errors
/// Where there is no terminal.
pub fn size() -> io::Result<(u16, u16)> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok((if columns == 0 { 80 } else { columns }, if rows == 0 { 24 } else { rows }))
}

/// Gives the terminal back as it was, where it is ours.
pub fn leave() {
    let undo = UNDO.lock().take();
    if let Some(undo) = undo {
        // A terminal that is gone needs nothing undone.
        let _ = write(&undo);
        raw_mode::leave();
    }
}

/// Leaves raw mode, and undoes nothing else: the terminal takes no bytes any more.
pub fn give_up() {
    // Another thread may hang in `leave`, while it writes.
    UNDO.lock().take();
    raw_mode::leave();
}

/// Makes a panic anywhere give the terminal back before it says what happened, and end the program.
pub fn leave_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let was_ours = UNDO.lock().is_some();
        leave();
        before(panic);
        if was_ours {
            // Whichever thread panicked: a client that lost a thread must not look as if it worked.
            std::process::exit(101);
        }
    }));
}

/// Writes to the terminal in one go, without the lock of standard output, which a stuck thread may hold.
///
/// # Errors
/// As the system reports them: the terminal is gone.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::fs::File;
        use std::os::fd::AsFd;
        use std::sync::OnceLock;

        static OUT: OnceLock<Option<File>> = OnceLock::new();
        let out = OUT.get_or_init(|| io::stdout().as_fd().try_clone_to_owned().ok().map(File::from));
        if let Some(out) = out.as_ref() {
            return write_all(out, bytes);
        }
    }
    let mut out = io::stdout();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes all of it, also where another program left the terminal in non-blocking mode.
#[cfg(unix)]
fn write_all(mut out: &std::fs::File, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Where waiting fails, so will writing.
                let _ = poll(&mut [PollFd::new(out, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Rings the bell.
///
/// # Errors
/// As the system reports them: the terminal is gone.
pub fn bell() -> io::Result<()> {
    write(b"\x07")
}

/// Writes in the window's title. The text must be printable.
///
/// # Errors
/// As the system reports them: the terminal is gone.
pub fn title(text: &str) -> io::Result<()> {
    write(format!("\x1b]2;{text}\x1b\\").as_bytes())
}

/// The bytes of a terminal command. On Windows too, where crossterm would call the console for some of them, at once
/// and out of order, and give up what is left of a list where it fails.
pub fn append(bytes: &mut Vec<u8>, command: impl Command) {
    let mut sequence = String::new();
    // Writing into memory does not fail.
    let _ = command.write_ansi(&mut sequence);
    bytes.extend(sequence.into_bytes());
}

/// Ends when the other end of a terminal or a pipe is closed; never, where the system does not tell.
#[cfg(unix)]
pub async fn gone(end: &impl std::os::fd::AsFd) {
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    #[expect(deprecated, reason = "its successor is unsafe; a descriptor of our own is safe in it")]
    if let Ok(end) = end.as_fd().try_clone_to_owned()
        && let Ok(watched) = AsyncFd::with_interest(end, Interest::ERROR)
        && watched.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Never ends: Windows does not tell when the other end is closed. The next write to it does.
#[cfg(not(unix))]
pub async fn gone<T>(_end: &T) {
    std::future::pending::<()>().await;
}

/// Stops this process and its group until the shell continues them; `Signal::Continue` follows. The whole group, as
/// the terminal's own Ctrl-Z would: `cargo run` waits for us as its child, and must stop with us for the shell to
/// notice.
///
/// # Errors
/// Where the system does not let us, or knows no such thing.
#[cfg(unix)]
pub fn stop() -> io::Result<()> {
    Ok(rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?)
}

/// A program cannot be stopped on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn stop() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_taken_over_is_given_back_with_and_without_the_mouse() {
        for mouse in [true, false] {
            let (mut bytes, mut undo) = (Vec::new(), Vec::new());
            take_over(Modes { mouse, ..Modes::default() }, &mut bytes, &mut undo);
            let (bytes, undo) = (String::from_utf8(bytes).unwrap(), String::from_utf8(undo).unwrap());
            // The alternate screen, a hidden cursor, pastes that are marked.
            for (taken, given_back) in
                [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?25l", "\x1b[?25h"), ("\x1b[?2004h", "\x1b[?2004l")]
            {
                assert!(bytes.contains(taken) && undo.contains(given_back), "{mouse} {bytes:?} {undo:?}");
            }
            assert!(undo.contains("\x1b[?1000l"), "{mouse} {undo:?}");
            assert_eq!(bytes.contains("\x1b[?1000h"), mouse);
        }
    }

    #[test]
    fn a_terminal_that_knows_no_sequences_is_known_by_its_name() {
        for bare in ["", "dumb", "unknown", "network", "switch", "vt52", "emacs", "dumb-emacs-ansi", "unknown-color"] {
            assert!(is_bare(bare), "{bare}");
        }
        for able in ["xterm", "xterm-256color", "linux", "vt100", "vt220", "screen.xterm-256color", "tmux", "ansi"] {
            assert!(!is_bare(able), "{able}");
        }
    }
}
