//! How far a command has come, on one line of standard error that is drawn over; only where that is a terminal.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

/// Between two drawings of the line.
const INTERVAL: Duration = Duration::from_millis(100);

/// The line. Dropped, it is wiped away.
#[derive(Debug)]
pub(super) struct Progress {
    doing: &'static str,
    terminal: bool,
    began: Instant,
    /// When it was drawn last.
    drawn: Option<Instant>,
}

impl Progress {
    pub(super) fn new(doing: &'static str) -> Self {
        Self { doing, terminal: stderr().is_terminal(), began: Instant::now(), drawn: None }
    }

    /// Draws a text of its own.
    pub(super) fn says(&mut self, text: &str) {
        if self.terminal {
            let _ = write!(stderr(), "\r{text}\x1b[K");
            self.drawn = Some(Instant::now());
        }
    }

    /// So much of `all` is done.
    pub(super) fn reached(&mut self, done: u64, all: u64) {
        if !self.terminal || self.drawn.is_some_and(|drawn| drawn.elapsed() < INTERVAL) {
            return;
        }
        let percent = (done * 100).checked_div(all).unwrap_or(100);
        let text = format!("{}: {percent}% after {} s", self.doing, self.began.elapsed().as_secs());
        self.says(&text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
