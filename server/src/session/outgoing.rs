//! What waits for one client: pieces of bytes, most of them shared with everybody else, written with one system call
//! for as many as fit. Only the session uses it; it keeps the queue short by what it takes, not by what it drops.

use std::{collections::VecDeque, io, io::IoSlice};

use bytes::{Buf as _, Bytes};

use crate::wire::Wire;

/// Pieces of one write; the system takes no more than 1,024.
const PIECES: usize = 64;

/// The queue of bytes to a client.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Bytes>,
    /// The pieces that `bytes` counts already.
    counted: usize,
    bytes: usize,
}

impl Outgoing {
    pub(super) fn push(&mut self, piece: Bytes) {
        self.pieces.push_back(piece);
        self.count();
    }

    /// The queue itself, for others to add to; [`Outgoing::count`] must follow.
    pub(super) fn pieces(&mut self) -> &mut VecDeque<Bytes> {
        &mut self.pieces
    }

    /// Counts the pieces that were added.
    pub(super) fn count(&mut self) {
        self.bytes += self.pieces.range(self.counted..).map(Bytes::len).sum::<usize>();
        self.counted = self.pieces.len();
    }

    /// The bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Writes as much as the connection takes now, what it holds first, and tells how many bytes that was.
    pub(super) fn write(&mut self, wire: &Wire) -> io::Result<usize> {
        wire.flush()?;
        let mut wrote = 0;
        while self.bytes > 0 {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let mut used = 0;
            for (slice, piece) in slices.iter_mut().zip(self.pieces.iter().filter(|piece| !piece.is_empty())) {
                *slice = IoSlice::new(piece);
                used += 1;
            }
            match wire.try_write_vectored(&slices[..used]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.wrote(count);
                    wrote += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.bytes == 0 {
            // An idle client holds no queue at all.
            self.pieces = VecDeque::new();
            self.counted = 0;
        }
        Ok(wrote)
    }

    fn wrote(&mut self, mut count: usize) {
        self.bytes -= count;
        while let Some(piece) = self.pieces.front_mut() {
            if count < piece.len() {
                piece.advance(count);
                break;
            }
            count -= piece.len();
            self.pieces.pop_front();
            self.counted -= 1;
        }
    }
}
