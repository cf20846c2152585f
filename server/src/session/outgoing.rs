//! What waits for one client: pieces of bytes, most of them shared with everybody else, written with one system call
//! for as many as fit. Only the session uses it; it keeps the queue short by what it takes, not by what it drops.

use std::{collections::VecDeque, io, io::IoSlice};

use bytes::{Buf as _, Bytes, BytesMut};

use crate::wire::Wire;

/// Pieces of one write; the system takes no more than 1,024.
const PIECES: usize = 64;

/// Pieces below this are put together: alone, what is kept of a short answer besides its bytes is several times as
/// much.
const SHORT: usize = 1024;

/// The queue of bytes to a client.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Bytes>,
    /// Short pieces that come after all others, and are counted.
    tail: BytesMut,
    /// The pieces that `bytes` counts already.
    counted: usize,
    bytes: usize,
}

impl Outgoing {
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.len() < SHORT {
            self.bytes += piece.len();
            self.tail.extend_from_slice(&piece);
            return;
        }
        self.pieces().push_back(piece);
        self.count();
    }

    /// The queue itself, for others to add to; [`Outgoing::count`] must follow.
    pub(super) fn pieces(&mut self) -> &mut VecDeque<Bytes> {
        self.seal();
        &mut self.pieces
    }

    /// Makes a piece of what was put together.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(self.tail.split().freeze());
            self.counted = self.pieces.len();
        }
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
        self.seal();
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
            (self.pieces, self.tail) = Default::default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_are_put_together_and_all_keep_their_order() {
        let mut out = Outgoing::default();
        let (mut expected, mut pieces) = (Vec::new(), 0);
        for (number, length) in [10, 20, 5000, 30, 40, 1023, 1024, 1, 0, 2].into_iter().enumerate() {
            let piece = Bytes::from(vec![b'a' + number as u8; length]);
            expected.extend_from_slice(&piece);
            if number == 4 {
                // Somebody else adds to it.
                out.pieces().push_back(piece);
                out.count();
            } else {
                out.push(piece);
            }
            assert_eq!(out.bytes(), expected.len());
            pieces = out.pieces.len();
        }
        assert_eq!(pieces, 6, "10 and 20, 5000, 30, 40, 1023, 1024");
        out.seal();
        assert_eq!(out.pieces.iter().flatten().copied().collect::<Vec<_>>(), expected);
        out.wrote(5035);
        assert_eq!(out.bytes(), expected.len() - 5035);
        assert_eq!(out.pieces.iter().flatten().copied().collect::<Vec<_>>(), &expected[5035..]);
    }
}
