//! What the system asks of the program. It is heard in a thread of its own, so that the end comes even where all else
//! hangs, because a terminal that was stopped, or a reader that does not read, takes no bytes. Called by `run`, and by
//! `plain` where it follows the room; while a PIN is asked for, `squares_shared::prompt` hears for itself.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::terminal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(windows, expect(dead_code, reason = "no program is stopped there, and the console tells its size"))]
pub(crate) enum Signal {
    /// To end: SIGTERM, SIGINT, SIGHUP, SIGQUIT, and every other that would end it with the terminal left as it is.
    End,
    /// To stop until it is continued: SIGTSTP.
    Stop,
    /// It was continued: SIGCONT.
    Continue,
    /// The window has another size, or somebody has come back to it who sees nothing yet: SIGWINCH.
    Resize,
}

/// The most signals that wait. Of sizes only a few do: the last one is asked for.
const SIGNALS: usize = 16;

/// Answers to all of them from now on.
///
/// # Errors
/// As the system reports them.
pub(crate) fn hear_all() -> io::Result<mpsc::Receiver<Signal>> {
    /// How long ending may take in all, whatever hangs.
    const LAST_MOMENT: Duration = Duration::from_secs(8);
    // Answered to by nobody, it does not end the program: the write that was too long fails, which is told.
    #[cfg(unix)]
    signal_hook::flag::register(System::XFSZ.as_raw(), std::sync::Arc::default())?;
    hear(ALL, LAST_MOMENT)
}

/// Answers to those alone by which people end a program that would go on for ever.
///
/// # Errors
/// As the system reports them.
pub(crate) fn hear_interrupts() -> io::Result<mpsc::Receiver<Signal>> {
    /// How long a reader of ours that does not read may hold up the end.
    const PATIENCE: Duration = Duration::from_millis(500);
    hear(INTERRUPTS, PATIENCE)
}

/// The thread's: hands a signal on, and sees to it that the end comes.
fn tell(signal: Signal, queue: &mpsc::Sender<Signal>, patience: Duration) {
    // A full queue holds the same signals already, and those that matter more have room left by sizes.
    if signal != Signal::Resize || queue.capacity() > SIGNALS / 2 {
        let _ = queue.try_send(signal);
    }
    if signal == Signal::End {
        std::thread::sleep(patience);
        terminal::give_up();
        std::process::exit(0);
    }
}

#[cfg(unix)]
use rustix::process::Signal as System;

/// What ends a program that does not answer to it, and what else the full-screen client answers to. SIGKILL cannot be
/// answered, and the faults of the program itself are panics or beyond help.
#[cfg(unix)]
const ALL: &[(System, Signal)] = &[
    (System::TERM, Signal::End),
    (System::INT, Signal::End),
    (System::HUP, Signal::End),
    (System::QUIT, Signal::End),
    (System::ABORT, Signal::End),
    (System::ALARM, Signal::End),
    (System::IO, Signal::End),
    (System::PROF, Signal::End),
    (System::SYS, Signal::End),
    (System::TRAP, Signal::End),
    (System::USR1, Signal::End),
    (System::USR2, Signal::End),
    (System::VTALARM, Signal::End),
    (System::XCPU, Signal::End),
    (System::TSTP, Signal::Stop),
    (System::CONT, Signal::Continue),
    (System::WINCH, Signal::Resize),
];

#[cfg(unix)]
const INTERRUPTS: &[(System, Signal)] = &[(System::INT, Signal::End), (System::TERM, Signal::End)];

#[cfg(unix)]
fn hear(signals: &'static [(System, Signal)], patience: Duration) -> io::Result<mpsc::Receiver<Signal>> {
    let (queue, heard) = mpsc::channel(SIGNALS);
    let mut systems = signal_hook::iterator::Signals::new(signals.iter().map(|(system, _)| system.as_raw()))?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for number in systems.forever() {
            let signal = signals.iter().find(|(system, _)| system.as_raw() == number);
            signal.inspect(|(_, signal)| tell(*signal, &queue, patience));
        }
    })?;
    Ok(heard)
}

/// All that Windows has: Ctrl-C, Ctrl-Break, the console's window closed, the user logging off, the machine shutting
/// down. The last three end the program some seconds after they were told, whatever it does.
#[cfg(windows)]
const ALL: () = ();
#[cfg(windows)]
const INTERRUPTS: () = ();

#[cfg(windows)]
fn hear((): (), patience: Duration) -> io::Result<mpsc::Receiver<Signal>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (queue, heard) = mpsc::channel(SIGNALS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut broken) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = broken.recv() => {}
                _ = close.recv() => {}
                _ = logoff.recv() => {}
                _ = shutdown.recv() => {}
            }
        });
        tell(Signal::End, &queue, patience);
    })?;
    Ok(heard)
}
