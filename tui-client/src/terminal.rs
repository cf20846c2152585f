//! The terminal as a thing with a state that must be undone: raw mode, the other screen, bracketed paste, mouse,
//! cursor. Also what the system says of it: stopping, a hangup. Called by `run`; plain mode
//! asks it whether its reader is gone.
//!
//! [`leave`] may be called from anywhere and any number of times, the panic hook included: the one lock that it takes is
//! never held while something is written.

use std::io::{self, Write};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};
use parking_lot::Mutex;

mod background_query;
pub mod clipboard;
pub mod input;

pub use background_query::BackgroundQuery;

/// The bytes that give the terminal back, while it is ours.
static UNDO: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// What another program may have left behind, set right: the characters that draw lines, inserting, an Enter that is
/// two bytes, the keypad and the arrows of applications, no wrapping, colours. None of it moves the cursor.
const SET_RIGHT: &[u8] = b"\x0f\x1b(B\x1b[4l\x1b[20l\x1b>\x1b[?1l\x1b[?7h\x1b[m";

/// The same, of what moves the cursor: margins, and an origin within them.
const SET_RIGHT_MOVING: &[u8] = b"\x1b[?6l\x1b[?69l\x1b[r";

/// What another program may have left of the mouse: every motion, and forms of its own.
const MOUSE_SET_RIGHT: &[u8] = b"\x1b[?1003l\x1b[?1002l\x1b[?1016l\x1b[?1015l\x1b[?1005l";

/// Buttons and the wheel, in SGR's form. Motion is of no use here, and each would be a sequence that a slow line may
/// break.
#[cfg(unix)]
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// No mouse, and no arrows made of the wheel, which would walk through the history of the input.
const MOUSE_OFF: &[u8] = b"\x1b[?1000l\x1b[?1006l\x1b[?1007l";

/// What makes arrows of the wheel again, as terminals do that know of it.
const WHEEL_BACK: &[u8] = b"\x1b[?1007h";

/// xterm alone does not from the start; it keeps aside what was, and puts it back.
const WHEEL_KEPT: &[u8] = b"\x1b[?1007s";
const WHEEL_BACK_IN_XTERM: &[u8] = b"\x1b[?1007r";

/// What of the terminal is taken over, besides its screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes {
    /// The mouse.
    pub mouse: bool,
    /// That it says who looks at it.
    pub focus: bool,
    /// Lines, one after another, where the shell's stand: the screen is not ours.
    pub linear: bool,
    /// Nothing but text: the terminal knows no sequences.
    pub bare: bool,
    /// The terminal is xterm itself.
    pub xterm: bool,
    /// The window's title. What it was is kept by the terminal.
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

/// Makes a terminal that is raw already cooked again, before it is taken over for the first time: a client that was
/// killed left it so, and what is found is what will be left behind.
#[cfg(unix)]
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

/// Nothing is known of modes here.
#[cfg(not(unix))]
pub fn mend() {}

/// Takes the terminal over. Where it was ours already, it is taken over again in full, since a shell may have had it
/// meanwhile.
///
/// # Errors
/// As the system reports them; then nothing is left taken over.
pub fn enter(modes: Modes) -> io::Result<()> {
    let (mut bytes, mut undo) = (Vec::new(), Vec::new());
    if modes.bare {
        undo.extend(b"\r\n");
    } else {
        take_over(modes, &mut bytes, &mut undo);
    }
    // Crossterm keeps the modes it found the first time, and does nothing while it has them.
    disable_raw_mode()?;
    enable_raw_mode()?;
    *UNDO.lock() = Some(undo);
    write(&bytes).inspect_err(|_| leave())
}

/// The bytes that take over a terminal that knows sequences, and those that give it back.
fn take_over(modes: Modes, bytes: &mut Vec<u8>, undo: &mut Vec<u8>) {
    // What the other screen puts back when it is left is what stands here.
    bytes.extend(SET_RIGHT);
    if modes.title {
        bytes.extend(b"\x1b[22;2t");
        undo.extend(b"\x1b[23;2t");
    }
    if modes.linear {
        // The other screen is never entered, and leaving it would move the cursor. What was typed stays on its line.
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
            #[cfg(unix)]
            bytes.extend(MOUSE_ON);
            #[cfg(not(unix))]
            append(bytes, crossterm::event::EnableMouseCapture);
        } else if modes.xterm {
            bytes.extend([WHEEL_KEPT, MOUSE_OFF].concat());
            undo.extend(WHEEL_BACK_IN_XTERM);
        } else {
            bytes.extend(MOUSE_OFF);
            undo.extend(WHEEL_BACK);
        }
        // A frame may have been cut short, so its end comes first.
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

/// The size of the terminal, in cells. One that does not tell is taken for one of the usual.
///
/// # Errors
/// Where there is no terminal.
pub fn size() -> io::Result<(u16, u16)> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok((if columns == 0 { 80 } else { columns }, if rows == 0 { 24 } else { rows }))
}

/// Gives the terminal back as it was. Nothing happens where it is not ours.
pub fn leave() {
    let undo = UNDO.lock().take();
    if let Some(undo) = undo {
        // A terminal that is gone needs nothing undone.
        let _ = write(&undo);
        let _ = disable_raw_mode();
    }
}

/// Gives back what can be given back to a terminal that takes no bytes any more.
pub fn give_up() {
    if UNDO.lock().take().is_some() {
        let _ = disable_raw_mode();
    }
}

/// Makes a panic anywhere give the terminal back before it says what happened, and end the program.
pub fn leave_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let was_ours = UNDO.lock().is_some();
        leave();
        before(panic);
        if was_ours {
            // Whichever thread it was: a client that lost a part of itself must not look as if it were well.
            std::process::exit(101);
        }
    }));
}

/// Writes to the terminal in one go, without the lock of standard output, which a thread that is stuck may hold.
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

/// Writes all of it, also where somebody left the terminal so that writing does not wait.
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

/// The bytes of a terminal command.
pub fn append(bytes: &mut Vec<u8>, command: impl Command) {
    // Writing into memory does not fail.
    let _ = queue!(bytes, command);
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

/// Never ends: this system does not tell when the other end is closed.
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

/// Nothing stops a program here.
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
    fn a_terminal_that_knows_no_sequences_is_known_by_its_name() {
        for bare in ["", "dumb", "unknown", "network", "switch", "vt52", "emacs", "dumb-emacs-ansi", "unknown-color"] {
            assert!(is_bare(bare), "{bare}");
        }
        for able in ["xterm", "xterm-256color", "linux", "vt100", "vt220", "screen.xterm-256color", "tmux", "ansi"] {
            assert!(!is_bare(able), "{able}");
        }
    }
}
