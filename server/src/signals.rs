//! Signals: those to stop the server or to read the roster again, which `main` waits for, and those that interrupt a
//! command ([`Interrupt`]).

mod interrupt;
#[cfg(unix)]
mod terminal;

pub(crate) use interrupt::Interrupt;

/// What a signal asks of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Read the roster again.
    #[cfg_attr(windows, expect(dead_code, reason = "no signal there asks for it"))]
    Reload,
    Stop,
}

#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    _file_size: tokio::signal::unix::Signal,
    /// The terminal whose end is the program's, where it was started in one.
    terminal: Option<terminal::Terminal>,
}

impl Signals {
    /// Waits for the signal to stop.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Signal::Stop {}
    }
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        /// SIGXFSZ, the same on every system that Rust runs on. Left alone it kills the process that meets a limit
        /// on the size of files, where the ledger would only have to say that it is full.
        const FILE_SIZE: i32 = 25;
        // Before its signal is listened to, which `nohup` may have asked not to be.
        let terminal = terminal::Terminal::of_the_program();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
            terminal,
        })
    }

    pub(crate) async fn next(&mut self) -> Signal {
        let terminal = self.terminal.as_ref();
        let ended = async {
            match terminal {
                Some(terminal) => terminal.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // First, so that the log tells of a roster that was read before the end, however soon that comes.
            _ = self.hang_up.recv() => match terminal {
                Some(terminal) if terminal.is_gone() => Signal::Stop,
                _ => Signal::Reload,
            },
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            () = ended => Signal::Stop,
        }
    }
}

/// Ctrl-C, Ctrl-Break, the console's window closed, the user logging off, the machine shutting down. After the last
/// three the system ends the program within some seconds.
#[cfg(windows)]
pub(crate) struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    broken: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        Ok(Self {
            interrupt: ctrl_c()?,
            broken: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits for the next signal. A changed roster is read again without one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.broken.recv() => {}
            _ = self.close.recv() => {}
            _ = self.logoff.recv() => {}
            _ = self.shutdown.recv() => {}
        }
        Signal::Stop
    }
}
