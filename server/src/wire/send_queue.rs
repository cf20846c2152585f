//! The bytes that wait to be sent to one client: pieces, most of them shared with all other clients, written with one
//! system call for as many as fit. Its session keeps it short by taking no more, never by dropping.

use std::{collections::VecDeque, io, io::IoSlice};

use bytes::{Buf as _, Bytes, BytesMut};

use crate::wire::Wire;

/// Pieces of one write; the system takes no more than 1,024.
const PIECES: usize = 64;

/// Shorter pieces are joined into one: alone, the bookkeeping of a short answer takes several times its bytes.
const SHORT: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    pieces: VecDeque<Bytes>,
    /// Short pieces behind all others, counted in `bytes`.
    tail: BytesMut,
    /// How many of `pieces` are counted in `bytes`.
    counted: usize,
    bytes: usize,
}

impl SendQueue {
    pub(crate) fn push(&mut self, piece: Bytes) {
        if piece.len() < SHORT {
            self.bytes += piece.len();
            self.tail.extend_from_slice(&piece);
            return;
        }
        self.pieces().push_back(piece);
        self.count();
    }

    /// The queue itself, to be appended to; [`SendQueue::count`] must follow.
    pub(crate) fn pieces(&mut self) -> &mut VecDeque<Bytes> {
        self.seal();
        &mut self.pieces
    }

    /// Makes the joined short pieces one piece.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(self.tail.split().freeze());
            self.counted = self.pieces.len();
        }
    }

    /// Counts the pieces that were appended.
    pub(crate) fn count(&mut self) {
        self.bytes += self.pieces.range(self.counted..).map(Bytes::len).sum::<usize>();
        self.counted = self.pieces.len();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Writes as much as the connection takes now, beginning with what it holds, and returns how many bytes that was.
    pub(crate) fn write(&mut self, wire: &Wire) -> io::Result<usize> {
        wire.flush()?;
        self.seal();
        let wrote = write_pieces(wire, &mut self.pieces)?;
        self.bytes -= wrote;
        self.counted = self.pieces.len();
        if self.bytes == 0 {
            // An idle client keeps no buffer.
            *self = Self::default();
        }
        Ok(wrote)
    }
}

/// Writes as much of these pieces as the connection takes now, and returns how many bytes that was.
pub(crate) fn write_pieces(wire: &Wire, pieces: &mut VecDeque<Bytes>) -> io::Result<usize> {
    let mut all = 0;
    // No write may be empty: it would look like the end.
    remove(pieces, 0);
    while let Some(first) = pieces.front() {
        let wrote = if pieces.len() == 1 {
            // Most often there is one piece, and write is cheaper than writev.
            wire.try_write(first)
        } else {
            let mut slices = [IoSlice::new(&[]); PIECES];
            slices.iter_mut().zip(&*pieces).for_each(|(slice, piece)| *slice = IoSlice::new(piece));
            wire.try_write_vectored(&slices[..pieces.len().min(PIECES)])
        };
        match wrote {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                remove(pieces, count);
                all += count;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Removes the first bytes, which were written, and empty pieces behind them.
fn remove(pieces: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(piece) = pieces.front_mut() {
        if count < piece.len() {
            piece.advance(count);
            break;
        }
        count -= piece.len();
        pieces.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_are_put_together_and_all_keep_their_order() {
        let mut out = SendQueue::default();
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
        remove(&mut out.pieces, 5035);
        assert_eq!(out.pieces.iter().flatten().copied().collect::<Vec<_>>(), &expected[5035..]);
    }
}
