//! Bytes to lines, with a limit. A [`LineReader`] takes bytes as they come from a socket and gives back whole
//! lines; it never holds more of a line than the limit allows. The server's sessions and the client's link
//! read through it.

use memchr::memchr;

/// The byte-order mark in UTF-8, which some programs put before the first line.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// What [`LineReader::next_line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A whole line without its end (`\n` or `\r\n`), at most the limit long, never empty.
    Whole(&'a [u8]),
    /// A line that has just become longer than the limit. Said once for each such line; the rest of it is discarded.
    TooLong,
}

/// Collects bytes and cuts them into lines of at most `limit` bytes.
///
/// Memory: what was pushed and not yet taken, so a caller that takes all lines after each push holds one
/// push and at most `limit` bytes before it. Once everything is taken, the buffer is given back.
///
/// ```
/// use squares_shared::line::{Line, LineReader};
/// let mut reader = LineReader::new(5);
/// reader.push(b"12\r\n\n123456789\n34");
/// assert_eq!(reader.next_line(), Some(Line::Whole(b"12")));
/// assert_eq!(reader.next_line(), Some(Line::TooLong));
/// assert_eq!(reader.next_line(), None);
/// reader.push(b"\n");
/// assert_eq!(reader.next_line(), Some(Line::Whole(b"34")));
/// ```
#[derive(Debug)]
pub struct LineReader {
    limit: usize,
    bytes: Vec<u8>,
    /// Where the first line not yet taken begins.
    start: usize,
    /// Where that line ends: at its `\n`, once that has come. Each byte is looked at once, however the line arrives.
    end: Option<usize>,
    /// Inside a line that was too long: everything up to its end is thrown away.
    discarding: bool,
    /// Whether all that has come may be a byte-order mark, or its beginning.
    may_be_mark: bool,
}

impl LineReader {
    /// A reader of lines of at most `limit` bytes, their ends not counted.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), start: 0, end: None, discarding: false, may_be_mark: true }
    }

    /// Takes longer lines from here on, or only shorter ones; one that is being discarded is still.
    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, mut incoming: &[u8]) {
        if self.discarding {
            // Nothing of a line that is too long is kept, not even until the next call.
            match memchr(b'\n', incoming) {
                Some(end) => {
                    self.discarding = false;
                    incoming = &incoming[end + 1..];
                }
                None => return,
            }
        }
        if self.start == self.bytes.len() {
            self.start_anew();
        } else if self.start > 0 {
            self.bytes.drain(..self.start);
            self.end = self.end.map(|end| end - self.start);
            self.start = 0;
        }
        let held = self.bytes.len();
        self.bytes.extend_from_slice(incoming);
        if self.may_be_mark {
            self.pass_over_mark();
        }
        if self.end.is_none() {
            self.look_for_end(held.max(self.start));
        }
    }

    /// The next whole line, or the news that one is too long; `None` until more bytes come. Empty lines are passed
    /// over.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        loop {
            let Some(end) = self.end else { return self.unfinished() };
            let (from, to) = (self.start, without_return(&self.bytes, self.start, end));
            self.start = end + 1;
            self.look_for_end(self.start);
            if to - from > self.limit {
                return Some(Line::TooLong);
            }
            if to > from {
                return Some(Line::Whole(&self.bytes[from..to]));
            }
        }
    }

    /// Whether [`LineReader::next_line`] has something to tell. A sender that closes without ending its last line
    /// has ended it all the same: push a `\n` for it.
    #[must_use]
    pub fn has_line(&self) -> bool {
        self.end.is_some() || !self.could_still_fit()
    }

    /// The bytes held at present.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The bytes that the next call of [`LineReader::next_line`] decides about, and what has come behind them.
    #[must_use]
    pub fn peek(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Skips a byte-order mark at the beginning, once enough bytes have come to recognise it.
    fn pass_over_mark(&mut self) {
        if self.bytes.len() < MARK.len() && MARK.starts_with(&self.bytes) {
            return;
        }
        self.may_be_mark = false;
        if self.bytes.starts_with(MARK) {
            self.start = MARK.len();
        }
    }

    /// Looks for the end of the first line not yet taken, from the first byte not yet searched.
    fn look_for_end(&mut self, from: usize) {
        self.end = memchr(b'\n', &self.bytes[from..]).map(|at| from + at);
    }

    /// Decides about a line whose end has not come: only a line that no ending can save is too long.
    fn unfinished(&mut self) -> Option<Line<'_>> {
        if self.could_still_fit() {
            if self.held() == 0 {
                self.start_anew();
            }
            return None;
        }
        self.discarding = true;
        self.start_anew();
        Some(Line::TooLong)
    }

    /// Whether the bytes held may still become a line within the limit, or several.
    fn could_still_fit(&self) -> bool {
        self.may_be_mark || self.held() <= self.limit || (self.held() == self.limit + 1 && self.bytes.ends_with(b"\r"))
    }

    /// Forgets what was taken, and gives a large buffer back: most connections are idle most of the time.
    fn start_anew(&mut self) {
        const KEEP: usize = 1024;
        self.bytes.clear();
        if self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
        }
        self.start = 0;
        self.end = None;
    }
}

/// The end of the line `bytes[from..end]` once a `\r` before its `\n` is left out.
fn without_return(bytes: &[u8], from: usize, end: usize) -> usize {
    if end > from && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Taken {
        Whole(Vec<u8>),
        TooLong,
    }

    fn take_all(reader: &mut LineReader, taken: &mut Vec<Taken>) {
        while let Some(line) = reader.next_line() {
            taken.push(match line {
                Line::Whole(bytes) => Taken::Whole(bytes.to_vec()),
                Line::TooLong => Taken::TooLong,
            });
        }
    }

    fn read_in_pieces(limit: usize, input: &[u8], pieces: &[usize]) -> Vec<Taken> {
        let mut reader = LineReader::new(limit);
        let mut taken = Vec::new();
        let (mut rest, mut sizes) = (input, pieces.iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(rest.len(), |&size| size.clamp(1, rest.len()));
            reader.push(&rest[..size]);
            take_all(&mut reader, &mut taken);
            assert!(reader.held() <= limit + 1, "held {} of a limit of {limit}", reader.held());
            rest = &rest[size..];
        }
        taken
    }

    /// The rule itself, on the whole input at once: split at `\n`, drop one `\r`, compare with the limit.
    fn by_the_rule(limit: usize, input: &[u8]) -> Vec<Taken> {
        let mut lines: Vec<&[u8]> = input.split(|&byte| byte == b'\n').collect();
        let unfinished = lines.pop().unwrap_or_default();
        let mut taken: Vec<Taken> = lines
            .into_iter()
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty())
            .map(|line| if line.len() > limit { Taken::TooLong } else { Taken::Whole(line.to_vec()) })
            .collect();
        let open_end = unfinished.len() > limit + 1 || (unfinished.len() == limit + 1 && !unfinished.ends_with(b"\r"));
        if open_end {
            taken.push(Taken::TooLong);
        }
        taken
    }

    #[test]
    fn too_long_is_said_before_the_line_ends_and_once() {
        let mut reader = LineReader::new(4);
        let mut taken = Vec::new();
        reader.push(b"1234");
        take_all(&mut reader, &mut taken);
        assert_eq!(taken, []);
        reader.push(b"5");
        take_all(&mut reader, &mut taken);
        assert_eq!(taken, [Taken::TooLong]);
        for _ in 0..1000 {
            reader.push(&[b'x'; 1000]);
            take_all(&mut reader, &mut taken);
            assert_eq!(reader.held(), 0);
        }
        reader.push(b"x\n12\n");
        take_all(&mut reader, &mut taken);
        assert_eq!(taken, [Taken::TooLong, Taken::Whole(b"12".to_vec())]);
    }

    #[test]
    fn the_limit_does_not_count_the_end() {
        assert_eq!(read_in_pieces(4, b"1234\r\n", &[5, 1]), [Taken::Whole(b"1234".to_vec())]);
        assert_eq!(read_in_pieces(4, b"1234\rx\n1\n", &[5, 1]), [Taken::TooLong, Taken::Whole(b"1".to_vec())]);
    }

    #[test]
    fn a_byte_order_mark_before_the_first_line_is_passed_over() {
        let whole = |text: &str| Taken::Whole(text.as_bytes().to_vec());
        for pieces in [[1, 1], [2, 1], [3, 9], [4, 1], [9, 9]] {
            assert_eq!(read_in_pieces(4, "\u{feff}1234\n".as_bytes(), &pieces), [whole("1234")]);
            assert_eq!(read_in_pieces(4, "\u{feff}\r\n1\n".as_bytes(), &pieces), [whole("1")]);
            assert_eq!(read_in_pieces(1, "\u{feff}12\n1\n".as_bytes(), &pieces), [Taken::TooLong, whole("1")]);
            // Once, and at the beginning alone.
            assert_eq!(read_in_pieces(4, "\u{feff}\u{feff}\n".as_bytes(), &pieces), [whole("\u{feff}")]);
            assert_eq!(read_in_pieces(4, "1\n\u{feff}\n".as_bytes(), &pieces), [whole("1"), whole("\u{feff}")]);
            // Another character that begins as it does.
            assert_eq!(read_in_pieces(4, "\u{fef0}\n".as_bytes(), &pieces), [whole("\u{fef0}")]);
        }
        let mut reader = LineReader::new(1);
        reader.push(&MARK[..2]);
        assert_eq!((reader.has_line(), reader.next_line()), (false, None));
    }

    #[test]
    fn whether_there_is_a_line_is_known_before_it_is_taken() {
        let mut reader = LineReader::new(4);
        for (bytes, has_line) in [(&b""[..], false), (b"12", false), (b"34", false), (b"\r", false), (b"\n", true)] {
            reader.push(bytes);
            assert_eq!(reader.has_line(), has_line, "after {bytes:?}");
        }
        assert_eq!(reader.next_line(), Some(Line::Whole(b"1234")));
        assert!(!reader.has_line());
        reader.push(b"12345");
        assert!(reader.has_line());
        assert_eq!(reader.next_line(), Some(Line::TooLong));
        assert!(!reader.has_line());
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_lines_are_the_same(
            input in proptest::collection::vec(prop_oneof![3 => Just(b'\n'), 2 => Just(b'\r'), 8 => Just(b'x')], 0..200),
            pieces in proptest::collection::vec(1usize..20, 1..8),
            limit in 1usize..12,
        ) {
            prop_assert_eq!(read_in_pieces(limit, &input, &pieces), by_the_rule(limit, &input));
        }
    }
}
