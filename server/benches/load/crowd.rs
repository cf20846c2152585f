//! Many clients in one thread, over bare readiness events. Each checks the order of every result that it gets.

use std::{
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, event::Event, net::TcpStream};

use crate::measure::Times;

/// Connections that are being made at the same time: fewer than the server's listen backlog.
const CONNECTING: usize = 512;

/// Bytes read at once.
const READ: usize = 256 << 10;

const RESULT: &[u8] = br#"{"type":"result","seq":"#;
const WELCOME: &[u8] = br#"{"type":"welcome""#;
const REPLAY_AFTER: &[u8] = br#""replay_after":"#;
const ID: &[u8] = br#""id":""#;
const SQUARE: &[u8] = br#""square":""#;

/// What was seen on all connections together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Results.
    pub(crate) lines: u64,
    /// Acknowledgements: results of a sender, at that sender.
    pub(crate) acks: u64,
    /// Results that were skipped, came again or came late, wrong squares, and errors.
    pub(crate) faults: u64,
    /// Clients that are in.
    pub(crate) joined: usize,
}

/// How a sender makes its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Each greater than the one before, as the client of this project makes them.
    Ordered,
    /// In no order at all.
    Random,
}

struct Client {
    stream: TcpStream,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    joined: bool,
    last: u64,
    sending: Option<Sending>,
}

struct Sending {
    ids: Ids,
    next: u64,
    window: usize,
    under_way: Vec<(u64, Instant)>,
}

/// The clients, and the loop that serves them.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    pub(crate) seen: Seen,
    pub(crate) round_trips: Times,
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            address,
            clients: Vec::new(),
            buffer: vec![0; READ],
            seen: Seen::default(),
            round_trips: Times::default(),
        })
    }

    /// Adds clients and waits until all of them are in; `fields` are added to each `join`.
    pub(crate) fn join(&mut self, count: usize, fields: &str) -> io::Result<()> {
        let until = self.clients.len() + count;
        while self.clients.len() < until {
            if self.clients.len() - self.seen.joined >= CONNECTING {
                self.step(Duration::from_millis(100))?;
                continue;
            }
            let number = self.clients.len();
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            self.poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
            let unsent = format!("{{\"type\":\"join\",\"student\":\"s{number:05}\"{fields}}}\n").into_bytes();
            let partial = Vec::new();
            self.clients.push(Client { stream, partial, unsent, joined: false, last: 0, sending: None });
        }
        self.until(Duration::from_secs(60), |seen| seen.joined == until)
    }

    /// Drops the clients after the first `count`.
    pub(crate) fn keep(&mut self, count: usize) {
        self.clients.truncate(count);
        self.seen.joined = self.clients.len();
    }

    /// Lets a client send squares, as many ahead of their answers as its window.
    pub(crate) fn send_from(&mut self, client: usize, window: usize, ids: Ids) -> io::Result<()> {
        self.clients[client].sending(window, ids);
        self.clients[client].send()
    }

    /// Lets a client send one more square.
    pub(crate) fn send_one(&mut self, client: usize) -> io::Result<()> {
        let client = &mut self.clients[client];
        let sending = client.sending(0, Ids::Ordered);
        sending.window = sending.under_way.len() + 1;
        client.send()?;
        client.sending(0, Ids::Ordered);
        Ok(())
    }

    /// Stops sending, and waits until everything sent is answered and everybody has everything.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        for client in &mut self.clients {
            if let Some(sending) = &mut client.sending {
                sending.window = 0;
            }
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let latest = self.clients.iter().map(|client| client.last).max().unwrap_or(0);
            let quiet = self.clients.iter().all(|client| {
                client.last == latest && client.sending.as_ref().is_none_or(|sending| sending.under_way.is_empty())
            });
            if quiet {
                return Ok(());
            }
            if Instant::now() > deadline {
                let behind = self.clients.iter().filter(|client| client.last < latest).count();
                return Err(io::Error::other(format!("{behind} clients did not get everything in 30 s")));
            }
            self.step(Duration::from_millis(50))?;
        }
    }

    /// Serves the clients for a time.
    pub(crate) fn run(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.step(left)?;
        }
    }

    /// Serves the clients until something is seen.
    pub(crate) fn until(&mut self, most: Duration, done: impl Fn(&Seen) -> bool) -> io::Result<()> {
        let end = Instant::now() + most;
        while !done(&self.seen) {
            if Instant::now() > end {
                return Err(io::Error::other(format!("not seen within {most:?}; so far: {:?}", self.seen)));
            }
            self.step(Duration::from_millis(100))?;
        }
        Ok(())
    }

    fn step(&mut self, most: Duration) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(most)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            // Events of a client that was dropped in the meantime are of no use.
            let Some(client) = self.clients.get_mut(event.token().0) else { continue };
            client.serve(event, event.token().0, &mut self.buffer, &mut self.seen, &mut self.round_trips)?;
        }
        Ok(())
    }
}

impl Client {
    fn sending(&mut self, window: usize, ids: Ids) -> &mut Sending {
        let sending = self.sending.get_or_insert_with(|| Sending { ids, next: 0, window, under_way: Vec::new() });
        (sending.window, sending.ids) = (window, ids);
        sending
    }

    fn serve(
        &mut self,
        event: &Event,
        number: usize,
        buffer: &mut [u8],
        seen: &mut Seen,
        times: &mut Times,
    ) -> io::Result<()> {
        if event.is_writable() {
            self.flush()?;
        }
        if event.is_readable() {
            loop {
                match self.stream.read(buffer) {
                    Ok(0) => {
                        return Err(io::Error::other(format!("the server closed the connection of client {number}")));
                    }
                    Ok(count) => self.take(&buffer[..count], number, seen, times)?,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            self.send()?;
        }
        Ok(())
    }

    fn take(&mut self, mut bytes: &[u8], number: usize, seen: &mut Seen, times: &mut Times) -> io::Result<()> {
        if !self.partial.is_empty() {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            };
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&bytes[..end]);
            self.line(&line, number, seen, times)?;
            bytes = &bytes[end + 1..];
        }
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.line(&bytes[..end], number, seen, times)?;
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, line: &[u8], number: usize, seen: &mut Seen, times: &mut Times) -> io::Result<()> {
        if let Some(rest) = line.strip_prefix(RESULT) {
            let seq = leading_number(rest);
            if seq != self.last + 1 {
                seen.faults += 1;
            }
            self.last = seq;
            seen.lines += 1;
            if let Some(sending) = &mut self.sending
                && let Some(square) = own(rest, number, sending.ids)
            {
                let at = sending.under_way.iter().position(|&(sent, _)| sent == square.0);
                match at {
                    Some(at) if square.1 == u128::from(square.0) * u128::from(square.0) => {
                        times.add(sending.under_way.swap_remove(at).1.elapsed());
                        seen.acks += 1;
                    }
                    _ => seen.faults += 1,
                }
            }
        } else if line.starts_with(WELCOME) {
            let at = memchr::memmem::rfind(line, REPLAY_AFTER).map_or(line.len(), |at| at + REPLAY_AFTER.len());
            self.last = leading_number(&line[at..]);
            self.joined = true;
            seen.joined += 1;
        } else if line.starts_with(br#"{"type":"error""#) {
            return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
        }
        Ok(())
    }

    /// Sends what its window has room for.
    fn send(&mut self) -> io::Result<()> {
        let Some(sending) = &mut self.sending else { return Ok(()) };
        if sending.under_way.len() >= sending.window {
            return Ok(());
        }
        let now = Instant::now();
        while sending.under_way.len() < sending.window {
            let number = sending.next;
            sending.next += 1;
            sending.under_way.push((number, now));
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

/// The number and the square of a result, where it is this client's.
fn own(rest: &[u8], client: usize, ids: Ids) -> Option<(u64, u128)> {
    let student = format!(r#""student":"s{client:05}""#);
    memchr::memmem::find(rest, student.as_bytes())?;
    let at = memchr::memmem::find(rest, br#""number":""#)? + br#""number":""#.len();
    let number = leading_number(&rest[at..]);
    let at = memchr::memmem::find(rest, SQUARE)? + SQUARE.len();
    let square = rest[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let square = square.fold(0u128, |value, byte| value * 10 + u128::from(byte - b'0'));
    let at = memchr::memmem::rfind(rest, ID)? + ID.len();
    rest[at..].starts_with(ids.of(number).as_bytes()).then_some((number, square))
}

fn leading_number(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |value, byte| value * 10 + u64::from(byte - b'0'))
}
