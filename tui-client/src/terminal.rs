//! The terminal as a thing with a state that must be undone: raw mode, the other screen, bracketed paste, mouse, cursor.
//! Also what the system says of it: signals, stopping and going on, a hangup. Called by `run`; plain mode asks it
//! whether its reader is gone.
//!
//! [`leave`] may be called from anywhere and any number of times, the panic hook included: it takes no lock that
//! drawing holds.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};

/// Whether the terminal is in our hands, and whether with a screen of its own.
static ENTERED: AtomicBool = AtomicBool::new(false);
static PAINTED: AtomicBool = AtomicBool::new(false);

/// Whether the window's title is ours.
static TITLED: AtomicBool = AtomicBool::new(false);

/// What of the terminal is taken over, besides its screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes {
    /// The mouse.
    pub mouse: bool,
    /// That it says who looks at it.
    pub focus: bool,
    /// Lines, one after another, where the shell's stand: the screen is not ours.
    pub linear: bool,
    /// The window's title. What it was is kept by the terminal.
    pub title: bool,
}

/// Makes a terminal that is raw already cooked again, before it is taken over for the first time: a client that was killed
/// left it so, and what is found is what will be left behind.
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
        // A terminal that refuses stays as it is; everything else works.
        let _ = tcsetattr(&input, OptionalActions::Now, &modes);
    }
}

/// Nothing is known of modes here.
#[cfg(not(unix))]
pub fn mend() {}

/// Takes the terminal over. Where it was ours already, it is taken over again in full, since a shell may have had it meanwhile.
///
/// # Errors
/// As the system reports them; then nothing is left taken over.
pub fn enter(modes: Modes) -> io::Result<()> {
    // Crossterm keeps the modes it found the first time, and does nothing while it has them.
    disable_raw_mode()?;
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    PAINTED.store(!modes.linear, Ordering::SeqCst);
    if !modes.linear {
        queue!(bytes, EnterAlternateScreen, Hide)?;
    }
    queue!(bytes, EnableBracketedPaste)?;
    if modes.mouse && !modes.linear {
        queue!(bytes, EnableMouseCapture)?;
    }
    if modes.focus {
        queue!(bytes, EnableFocusChange)?;
    }
    if modes.title && !TITLED.swap(true, Ordering::SeqCst) {
        bytes.extend(b"\x1b[22;2t");
    }
    write(&bytes).inspect_err(|_| leave())
}

/// Gives the terminal back as it was. Nothing happens where it is not ours.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = Vec::new();
    if TITLED.swap(false, Ordering::SeqCst) {
        bytes.extend(b"\x1b[23;2t");
    }
    if !PAINTED.load(Ordering::SeqCst) {
        // The other screen was never entered, and leaving it would move the cursor. What was typed stays on its line.
        let written = queue!(bytes, DisableFocusChange, DisableBracketedPaste);
        bytes.extend_from_slice(b"\r\n");
        let _ = written.and_then(|()| write(&bytes));
        let _ = disable_raw_mode();
        return;
    }
    // A frame may have been cut short, so its end comes first.
    let written = queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    // A terminal that is gone needs nothing undone.
    let _ = written.and_then(|()| write(&bytes));
    let _ = disable_raw_mode();
}

/// Gives back what can be given back to a terminal that takes no bytes any more.
pub fn give_up() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
}

/// Makes a panic anywhere give the terminal back before it says what happened, and end the program.
pub fn leave_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let was_ours = ENTERED.load(Ordering::SeqCst);
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
        if let Some(mut out) = out.as_ref() {
            return out.write_all(bytes);
        }
    }
    let mut out = io::stdout();
    out.write_all(bytes)?;
    out.flush()
}

/// Gives a text to the terminal's clipboard by OSC 52, the one way that also works over SSH. Terminals do not answer.
///
/// # Errors
/// As the system reports them: the terminal is gone.
pub fn copy(text: &str) -> io::Result<()> {
    write(format!("\x1b]52;c;{}\x07", base64(text.as_bytes())).as_bytes())
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

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at > three.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

/// The bytes of a terminal command.
pub fn append(bytes: &mut Vec<u8>, command: impl Command) {
    // Writing into memory does not fail.
    let _ = queue!(bytes, command);
}

/// Ends when whoever is at the other end of a terminal or a pipe is gone; never, where that cannot be told.
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

/// Ends when whoever is at the other end is gone; here that cannot be told.
#[cfg(not(unix))]
pub async fn gone<T>(_end: &T) {
    std::future::pending::<()>().await;
}

/// What the system asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To end: SIGTERM, SIGINT, SIGHUP, SIGQUIT.
    End,
    /// To stop until it is continued: SIGTSTP.
    Stop,
    /// It was continued: SIGCONT.
    Continue,
}

/// The signals that the program answers to itself.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    streams: [(Signal, tokio::signal::unix::Signal); 6],
}

#[cfg(unix)]
impl Signals {
    /// Answers to them from now on. Needs a tokio runtime.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn listen() -> io::Result<Self> {
        use rustix::process::Signal as System;
        use tokio::signal::unix::{SignalKind, signal};
        let on = |meaning, system: System| io::Result::Ok((meaning, signal(SignalKind::from_raw(system.as_raw()))?));
        let end = |system| on(Signal::End, system);
        let streams = [
            end(System::TERM)?,
            end(System::INT)?,
            end(System::HUP)?,
            end(System::QUIT)?,
            on(Signal::Stop, System::TSTP)?,
            on(Signal::Continue, System::CONT)?,
        ];
        Ok(Self { streams })
    }

    /// The next signal. Dropped at any time, nothing is lost.
    pub async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (meaning, stream) in &mut self.streams {
                if stream.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*meaning);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Answers to them from now on. Needs a tokio runtime.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The next signal. Dropped at any time, nothing is lost.
    pub async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::End,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Stops this process and its group until the shell continues them; [`Signal::Continue`] follows. The whole group, as the
/// terminal's own Ctrl-Z would: `cargo run` waits for us as its child, and must stop with us for the shell to notice.
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
    fn base64_is_as_the_rfc_has_it() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }
}
