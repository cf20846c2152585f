//! What the system tells the program: to end, to stop, to go on, and that the window has another size. Called by `run`.

use std::io;

/// What the system asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To end: SIGTERM, SIGINT, SIGHUP, SIGQUIT, and every other that would end it with the terminal left as it is.
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
    streams: Vec<(Signal, tokio::signal::unix::Signal)>,
}

/// What ends a program that does not answer to it. SIGKILL cannot be answered, and the faults of the program itself
/// are panics or beyond help.
#[cfg(unix)]
const ENDS: [rustix::process::Signal; 14] = {
    use rustix::process::Signal as System;
    [
        System::TERM,
        System::INT,
        System::HUP,
        System::QUIT,
        System::ABORT,
        System::ALARM,
        System::IO,
        System::PROF,
        System::SYS,
        System::TRAP,
        System::USR1,
        System::USR2,
        System::VTALARM,
        System::XCPU,
    ]
};

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
        // Answered to by nobody, it does not end the program: the write that was too long fails, which is told.
        drop(signal(SignalKind::from_raw(System::XFSZ.as_raw()))?);
        let ends = ENDS.into_iter().map(|system| on(Signal::End, system));
        let others = [(Signal::Stop, System::TSTP), (Signal::Continue, System::CONT), (Signal::Resize, System::WINCH)];
        let others = others.into_iter().map(|(meaning, system)| on(meaning, system));
        let streams = ends.chain(others).collect::<io::Result<_>>()?;
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
