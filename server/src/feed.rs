//! The recent past as ready-made bytes, and the news that there is more of it. The ledger's writer pushes each
//! committed batch, encoded once; every session reads from it with nothing but the `seq` it has reached. What the
//! feed no longer holds is read back from the ledger, so a reader that lags costs no memory here.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::watch;

/// The bytes of encoded results that a feed keeps: some 50,000 lines of ordinary length.
pub(crate) const CAPACITY: usize = 8 << 20;

/// Where each line of some bytes ends: its `seq`, and the offset behind its `\n`. Ascending in both.
pub(crate) type LineEnds = Vec<(u64, usize)>;

/// Results that were committed together, as the lines that everybody gets.
#[derive(Debug)]
pub(crate) struct Chunk {
    lines: Bytes,
    /// A [`LineEnds`] that is never empty.
    ends: Box<[(u64, usize)]>,
}

impl Chunk {
    /// A chunk of `lines`, of which each ends as `ends` says; `None` where there is no line.
    pub(crate) fn new(lines: Bytes, ends: LineEnds) -> Option<Self> {
        debug_assert!(ends.is_sorted() && ends.last().is_none_or(|&(_, end)| end == lines.len()));
        (!ends.is_empty()).then(|| Self { lines, ends: ends.into_boxed_slice() })
    }

    /// How many lines it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn last(&self) -> u64 {
        self.ends.last().map_or(0, |&(seq, _)| seq)
    }

    /// The lines with a higher `seq`.
    fn after(&self, seq: u64) -> Bytes {
        match self.ends.partition_point(|&(line, _)| line <= seq) {
            0 => self.lines.clone(),
            passed => self.lines.slice(self.ends[passed - 1].1..),
        }
    }
}

/// What [`Feed::read`] found behind a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedRead {
    /// Nothing newer.
    UpToDate,
    /// Lines were taken; the cursor is at this `seq` now.
    Taken(u64),
    /// The next lines are older than what the feed holds. Whatever the ledger has up to and with `floor` comes first.
    Behind {
        /// The `seq` behind which the feed goes on.
        floor: u64,
    },
}

#[derive(Debug, Default)]
struct Recent {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    /// The feed holds every result with a higher `seq`.
    floor: u64,
}

/// The recent results, shared by the ledger's writer and all sessions.
#[derive(Debug)]
pub(crate) struct Feed {
    capacity: usize,
    recent: RwLock<Recent>,
    latest: watch::Sender<u64>,
}

impl Feed {
    /// A feed that goes on behind `floor`, and keeps at most about `capacity` bytes.
    pub(crate) fn new(floor: u64, capacity: usize) -> Self {
        let recent = Recent { floor, ..Recent::default() };
        Self { capacity, recent: RwLock::new(recent), latest: watch::Sender::new(floor) }
    }

    /// Makes a committed batch known to everybody. Only the ledger calls it, once the batch is durable.
    pub(crate) fn push(&self, chunk: Chunk) {
        let last = chunk.last();
        {
            let mut recent = self.recent.write();
            recent.bytes += chunk.lines.len();
            recent.chunks.push_back(chunk);
            // The newest chunk stays whatever its size: those who wait for it should not have to read it back.
            while recent.bytes > self.capacity && recent.chunks.len() > 1 {
                if let Some(oldest) = recent.chunks.pop_front() {
                    recent.bytes -= oldest.lines.len();
                    recent.floor = oldest.last();
                }
            }
        }
        // Readers are woken without the lock: the first of them would only wait for it.
        self.latest.send_replace(last);
    }

    /// Takes what follows `cursor` into `out`, chunk after chunk, until it has `enough` bytes or there is no more.
    pub(crate) fn read(&self, cursor: u64, enough: usize, out: &mut VecDeque<Bytes>) -> FeedRead {
        let recent = self.recent.read();
        if cursor < recent.floor {
            return FeedRead::Behind { floor: recent.floor };
        }
        let first = recent.chunks.partition_point(|chunk| chunk.last() <= cursor);
        let (mut reached, mut taken) = (None, 0);
        for chunk in recent.chunks.range(first..) {
            let lines = chunk.after(cursor);
            taken += lines.len();
            out.push_back(lines);
            reached = Some(chunk.last());
            if taken >= enough {
                break;
            }
        }
        reached.map_or(FeedRead::UpToDate, FeedRead::Taken)
    }

    /// The last line; `None` where there is none.
    pub(crate) fn last_line(&self) -> Option<Bytes> {
        let recent = self.recent.read();
        let chunk = recent.chunks.back()?;
        let before = chunk.ends.iter().rev().nth(1).map_or(0, |&(seq, _)| seq);
        Some(chunk.after(before))
    }

    /// The highest `seq` that anybody may know of; 0 where there is none.
    pub(crate) fn latest(&self) -> u64 {
        *self.latest.borrow()
    }

    /// Tells whenever [`Feed::latest`] has grown.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(seqs: std::ops::RangeInclusive<u64>) -> Chunk {
        let (mut lines, mut ends) = (Vec::new(), Vec::new());
        for seq in seqs {
            lines.extend_from_slice(format!("{seq:03}\n").as_bytes());
            ends.push((seq, lines.len()));
        }
        Chunk::new(lines.into(), ends).expect("at least one line")
    }

    fn check(feed: &Feed, cursor: u64, enough: usize, read: FeedRead, text: &str) {
        let mut out = VecDeque::new();
        assert_eq!(feed.read(cursor, enough, &mut out), read);
        let taken: Vec<u8> = out.into_iter().flatten().collect();
        assert_eq!(String::from_utf8_lossy(&taken), text);
    }

    #[test]
    fn a_cursor_is_all_a_reader_needs() {
        let feed = Feed::new(10, 1000);
        check(&feed, 10, 99, FeedRead::UpToDate, "");
        feed.push(chunk(11..=12));
        feed.push(chunk(14..=15));
        assert_eq!(feed.latest(), 15);
        assert_eq!(feed.last_line().as_deref(), Some(&b"015\n"[..]));
        check(&feed, 10, 99, FeedRead::Taken(15), "011\n012\n014\n015\n");
        check(&feed, 11, 99, FeedRead::Taken(15), "012\n014\n015\n");
        check(&feed, 13, 99, FeedRead::Taken(15), "014\n015\n");
        check(&feed, 10, 1, FeedRead::Taken(12), "011\n012\n");
        check(&feed, 15, 99, FeedRead::UpToDate, "");
        check(&feed, 9, 99, FeedRead::Behind { floor: 10 }, "");
    }

    #[test]
    fn what_is_dropped_is_known_to_be_missing() {
        let feed = Feed::new(0, 12);
        assert_eq!(feed.last_line(), None);
        feed.push(chunk(1..=2));
        feed.push(chunk(3..=3));
        assert_eq!(feed.last_line().as_deref(), Some(&b"003\n"[..]));
        check(&feed, 0, 99, FeedRead::Taken(3), "001\n002\n003\n");
        feed.push(chunk(4..=4));
        check(&feed, 1, 99, FeedRead::Behind { floor: 2 }, "");
        check(&feed, 2, 99, FeedRead::Taken(4), "003\n004\n");
        feed.push(chunk(5..=9));
        check(&feed, 4, 99, FeedRead::Taken(9), "005\n006\n007\n008\n009\n");
        check(&feed, 3, 99, FeedRead::Behind { floor: 4 }, "");
    }
}
