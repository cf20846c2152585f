//! One client of the crowd: what it sends, and the check of each line that it gets.

use std::{
    io::{self, Read as _, Write as _},
    time::Instant,
};

use mio::{event::Event, net::TcpStream};

use super::Counts;
use crate::measure::Times;

const RESULT: &[u8] = br#"{"type":"result","seq":"#;
const WELCOME: &[u8] = br#"{"type":"welcome""#;
const LATEST: &[u8] = br#""latest":"#;
const REPLAY_AFTER: &[u8] = br#""replay_after":"#;
const ID: &[u8] = br#""id":""#;
const SQUARE: &[u8] = br#""square":""#;

/// Results that a server replays at least, whatever it leaves out.
const FEWEST_REPLAYED: u64 = 1000;

/// How a sender makes its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Each greater than the one before, as the client of this project makes them.
    Ordered,
    /// In no order at all.
    Random,
}

/// How a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Whatever comes, at once.
    Full,
    /// Only what [`Client::trickle`] takes.
    Trickle,
    /// Nothing at all.
    Nothing,
}

pub(super) struct Client {
    stream: TcpStream,
    number: usize,
    /// Its student as it stands in a result.
    student: String,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    pace: Pace,
    /// Whether it ever had another pace than [`Pace::Full`].
    was_slow: bool,
    last: u64,
    /// Whether it said where it stopped, and must therefore go on there.
    resumes: bool,
    sending: Option<Sending>,
}

struct Sending {
    ids: Ids,
    next: u64,
    window: usize,
    in_flight: Vec<(u64, Instant)>,
}

impl Client {
    /// A client that joins as student `number`, with `fields` added to its `join`.
    pub(super) fn new(stream: TcpStream, number: usize, fields: &str) -> Self {
        Self {
            stream,
            number,
            student: format!(r#""student":"s{number:05}""#),
            partial: Vec::new(),
            unsent: format!("{{\"type\":\"join\",\"student\":\"s{number:05}\"{fields}}}\n").into_bytes(),
            pace: Pace::Full,
            was_slow: false,
            last: 0,
            resumes: false,
            sending: None,
        }
    }

    /// Lets go of its connection.
    pub(super) fn hang_up(&mut self, registry: &mio::Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)?;
        self.stream.shutdown(std::net::Shutdown::Both)
    }

    /// Goes on over another connection, after what it saw last.
    pub(super) fn resume(&mut self, stream: TcpStream) {
        let Self { number, last, .. } = *self;
        self.stream = stream;
        self.partial.clear();
        self.unsent = format!("{{\"type\":\"join\",\"student\":\"s{number:05}\",\"after\":{last}}}\n").into_bytes();
        self.resumes = true;
    }

    /// Says something that is answered, if only by the system that the connection is none any more.
    pub(super) fn ask(&mut self) {
        self.unsent.extend_from_slice(b"{\"type\":\"ping\"}\n");
        // Whatever comes of it is found when the connection is read.
        let _ = self.flush();
    }

    pub(super) fn was_slow(&self) -> bool {
        self.was_slow
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether it got everything up to `latest` and all its answers, as far as it reads at all.
    pub(super) fn has_all(&self, latest: u64) -> bool {
        self.pace != Pace::Full
            || self.last == latest && self.sending.as_ref().is_none_or(|sending| sending.in_flight.is_empty())
    }

    pub(super) fn stop_sending(&mut self) {
        if let Some(sending) = &mut self.sending {
            sending.window = 0;
        }
    }

    pub(super) fn send_ahead(&mut self, window: usize, ids: Ids) -> io::Result<()> {
        let sending = self.sending();
        (sending.window, sending.ids) = (window, ids);
        self.send()
    }

    pub(super) fn go_on_at(&mut self, number: u64) {
        self.sending().next = number;
    }

    pub(super) fn send_one(&mut self) -> io::Result<()> {
        let sending = self.sending();
        sending.window = sending.in_flight.len() + 1;
        self.send()?;
        self.stop_sending();
        Ok(())
    }

    fn sending(&mut self) -> &mut Sending {
        self.sending.get_or_insert_with(|| Sending { ids: Ids::Ordered, next: 0, window: 0, in_flight: Vec::new() })
    }

    pub(super) fn set_pace(
        &mut self,
        pace: Pace,
        buffer: &mut [u8],
        seen: &mut Counts,
        times: &mut Times,
    ) -> io::Result<()> {
        self.pace = pace;
        self.was_slow |= pace != Pace::Full;
        // What came meanwhile is announced by no event.
        if pace == Pace::Full { self.read(buffer, seen, times) } else { Ok(()) }
    }

    /// Reads at most as much as the buffer holds, where it is a client that reads slowly.
    pub(super) fn trickle(&mut self, buffer: &mut [u8], seen: &mut Counts, times: &mut Times) -> io::Result<()> {
        if self.pace != Pace::Trickle {
            return Ok(());
        }
        match self.stream.read(buffer) {
            Ok(0) => Err(self.closed()),
            Ok(count) => self.take(&buffer[..count], seen, times),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn serve(
        &mut self,
        event: &Event,
        buffer: &mut [u8],
        seen: &mut Counts,
        times: &mut Times,
    ) -> io::Result<()> {
        if event.is_writable() {
            self.flush()?;
        }
        if event.is_readable() && self.pace == Pace::Full {
            self.read(buffer, seen, times)?;
            self.send()?;
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], seen: &mut Counts, times: &mut Times) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(self.closed()),
                Ok(count) => self.take(&buffer[..count], seen, times)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn closed(&self) -> io::Error {
        let text = format!("the server closed the connection of client {}", self.number);
        io::Error::new(io::ErrorKind::ConnectionAborted, text)
    }

    fn take(&mut self, mut bytes: &[u8], seen: &mut Counts, times: &mut Times) -> io::Result<()> {
        if !self.partial.is_empty() {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            };
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&bytes[..end]);
            self.line(&line, seen, times)?;
            bytes = &bytes[end + 1..];
        }
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.line(&bytes[..end], seen, times)?;
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, line: &[u8], seen: &mut Counts, times: &mut Times) -> io::Result<()> {
        if let Some(rest) = line.strip_prefix(RESULT) {
            let seq = leading_number(rest);
            if seq != self.last + 1 {
                seen.faults += 1;
            }
            self.last = seq;
            seen.lines += 1;
            if let Some(sending) = &mut self.sending
                && let Some(square) = own(rest, &self.student, sending.ids)
            {
                let at = sending.in_flight.iter().position(|&(sent, _)| sent == square.0);
                match at {
                    Some(at) if square.1 == u128::from(square.0) * u128::from(square.0) => {
                        times.add(sending.in_flight.swap_remove(at).1.elapsed());
                        seen.acks += 1;
                    }
                    _ => seen.faults += 1,
                }
            }
        } else if line.starts_with(WELCOME) {
            let [latest, replay_after] = [LATEST, REPLAY_AFTER].map(|field| last_number(line, field));
            // Who is far behind may be told the newest of it only, and ask for the rest.
            let leaves_out = self.was_slow && replay_after > self.last && latest - replay_after >= FEWEST_REPLAYED;
            if self.resumes && replay_after != self.last && !leaves_out {
                seen.faults += 1;
            }
            self.last = replay_after;
            seen.joined += 1;
        } else if line.starts_with(br#"{"type":"error""#) {
            return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
        }
        Ok(())
    }

    /// Sends what its window has room for.
    fn send(&mut self) -> io::Result<()> {
        let Some(sending) = &mut self.sending else { return Ok(()) };
        if sending.in_flight.len() >= sending.window {
            return Ok(());
        }
        let now = Instant::now();
        while sending.in_flight.len() < sending.window {
            let number = sending.next;
            sending.next += 1;
            sending.in_flight.push((number, now));
            let id = sending.ids.of(number);
            writeln!(self.unsent, "{{\"type\":\"square\",\"number\":\"{number}\",\"id\":\"{id}\"}}")?;
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Ids {
    fn of(self, number: u64) -> String {
        match self {
            Self::Ordered => format!("b{number:012}"),
            // An odd factor makes every product different, and their order is no order.
            Self::Random => format!("r{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        }
    }
}

/// The number and the square of a result, where it is this student's.
fn own(rest: &[u8], student: &str, ids: Ids) -> Option<(u64, u128)> {
    memchr::memmem::find(rest, student.as_bytes())?;
    let at = memchr::memmem::find(rest, br#""number":""#)? + br#""number":""#.len();
    let number = leading_number(&rest[at..]);
    let at = memchr::memmem::find(rest, SQUARE)? + SQUARE.len();
    let square = rest[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let square = square.fold(0u128, |value, byte| value * 10 + u128::from(byte - b'0'));
    let at = memchr::memmem::rfind(rest, ID)? + ID.len();
    rest[at..].starts_with(ids.of(number).as_bytes()).then_some((number, square))
}

/// The number of the last field of this name.
fn last_number(line: &[u8], field: &[u8]) -> u64 {
    let at = memchr::memmem::rfind(line, field).map_or(line.len(), |at| at + field.len());
    leading_number(&line[at..])
}

fn leading_number(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |value, byte| value * 10 + u64::from(byte - b'0'))
}
