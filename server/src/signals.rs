//! What the system asks of the program: to stop, or to read the roster again, for which `main` waits; and, while a
//! command makes a file, to end ([`Interrupt`]).

mod interrupt;
#[cfg(unix)]
mod terminal;

pub(crate) use interrupt::Interrupt;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
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
    /// Waits for the end.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Asked::Stop {}
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

    /// Waits for the next thing asked.
    pub(crate) async fn next(&mut self) -> Asked {
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
                Some(terminal) if terminal.is_gone() => Asked::Stop,
                _ => Asked::Reload,
            },
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            () = ended => Asked::Stop,
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

    /// Waits for the next thing asked.
    pub(crate) async fn next(&mut self) -> Asked {
        let _ = tokio::signal::ctrl_c().await;
        Asked::Stop
    }
}
