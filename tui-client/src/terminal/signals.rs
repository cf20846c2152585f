//! What the system tells the program: to end, to stop, to go on, and that the window has another size. Called by `run`.

use std::io;

/// What the system asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To end: SIGTERM, SIGINT, SIGHUP, SIGQUIT.
    End,
    /// To stop until it is continued: SIGTSTP.
    Stop,
    /// It was continued: SIGCONT.
    Continue,
    /// The window has another size, or somebody has come back to it who sees nothing yet: SIGWINCH.
    Resize,
}

/// The signals that the program answers to itself.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    streams: [(Signal, tokio::signal::unix::Signal); 7],
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
            on(Signal::Resize, System::WINCH)?,
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
