//! The terminal's input, one event at a time: joins the thread that reads with the decoder. Called by `run`.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::terminal::input::source::{self, Chunk};
use crate::terminal::input::{Decoder, Input};

/// What the terminal sent, read and still unread.
pub(super) struct Inputs {
    chunks: mpsc::Receiver<Chunk>,
    decoder: Decoder,
    decoded: VecDeque<Input>,
}

impl Inputs {
    /// Reads from now on.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self { chunks: source::start()?, decoder: Decoder::default(), decoded: VecDeque::new() })
    }

    /// Waits for the next; none where nothing can come any more. Dropped at any time, nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Input> {
        loop {
            if let Some(input) = self.decoded.pop_front() {
                return Some(input);
            }
            let deadline = self.decoder.deadline();
            tokio::select! {
                // What has come is decoded before a deadline counts.
                biased;
                chunk = self.chunks.recv() => match chunk {
                    Some(chunk) => self.decode(chunk),
                    // Nothing comes any more: what was held back is all of it.
                    None => self.decoded.extend(self.decoder.timeout(deadline?)),
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {
                    self.decoded.extend(self.decoder.timeout(Instant::now()));
                }
            }
        }
    }

    /// The next, where it has come already.
    pub(super) fn next_now(&mut self) -> Option<Input> {
        while self.decoded.is_empty() {
            let chunk = self.chunks.try_recv().ok()?;
            self.decode(chunk);
        }
        self.decoded.pop_front()
    }

    fn decode(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Bytes(bytes, at) => self.decoded.extend(self.decoder.feed(&bytes, at)),
            #[cfg(windows)]
            Chunk::Resized => self.decoded.push_back(Input::Resized),
        }
    }
}
