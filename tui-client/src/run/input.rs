//! What the terminal sends, one thing at a time: bytes as they are read, and what they mean. Called by `run`.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::terminal::input::source::{self, Chunk};
use crate::terminal::input::{Decoder, Input};

/// What came, and what is still to come.
pub(super) struct Inputs {
    reads: mpsc::Receiver<Chunk>,
    decoder: Decoder,
    waiting: VecDeque<Input>,
    /// The window has another size.
    resized: bool,
}

/// What happened at the terminal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Input(Input),
    Resized,
}

impl Inputs {
    /// Reads from now on.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub(super) fn start() -> io::Result<Self> {
        let reads = source::start()?;
        Ok(Self { reads, decoder: Decoder::default(), waiting: VecDeque::new(), resized: false })
    }

    /// Waits for the next; none where nothing can come any more. Dropped at any time, nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Came> {
        loop {
            if let Some(came) = self.take() {
                return Some(came);
            }
            let deadline = self.decoder.deadline();
            tokio::select! {
                // What has come goes before what should have.
                biased;
                read = self.reads.recv() => match read {
                    Some(read) => self.read(read),
                    // Nothing comes any more: what was held back is all of it.
                    None => self.waiting.extend(self.decoder.timeout(deadline?)),
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {
                    self.waiting.extend(self.decoder.timeout(Instant::now()));
                }
            }
        }
    }

    /// The next, where it has come already.
    pub(super) fn next_now(&mut self) -> Option<Came> {
        loop {
            if let Some(came) = self.take() {
                return Some(came);
            }
            let read = self.reads.try_recv().ok()?;
            self.read(read);
        }
    }

    fn take(&mut self) -> Option<Came> {
        if std::mem::take(&mut self.resized) {
            return Some(Came::Resized);
        }
        self.waiting.pop_front().map(Came::Input)
    }

    fn read(&mut self, read: Chunk) {
        match read {
            Chunk::Bytes(bytes, at) => self.waiting.extend(self.decoder.feed(&bytes, at)),
            #[cfg(not(unix))]
            Chunk::Input(input) => self.waiting.push_back(input),
            #[cfg(not(unix))]
            Chunk::Resized => self.resized = true,
        }
    }
}
