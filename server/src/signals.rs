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
    Reload,
    /// Stop.
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
    /// Listens from now on.
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

    /// Waits for the next signal.
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

#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Listens from now on.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        let _ = tokio::signal::ctrl_c().await;
        Signal::Stop
    }
}
