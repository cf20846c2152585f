//! Many clients in one thread, over bare readiness events. Each checks the order of every result that it gets.

mod client;

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use client::Client;
pub(crate) use client::{Ids, Pace};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::measure::Times;

/// Connections that are being made at the same time: fewer than the server's listen backlog.
const CONNECTING: usize = 512;

/// Bytes read at once.
const READ: usize = 256 << 10;

/// How long a crowd may take to join, or to get everything.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a client that waits for what it missed asks whether its connection is still one.
const ASKED: Duration = Duration::from_secs(5);

/// What was seen on all connections together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Results.
    pub(crate) lines: u64,
    /// Acknowledgements: results of a sender, at that sender.
    pub(crate) acks: u64,
    /// Results that were skipped, came again or came late, wrong squares, and errors.
    pub(crate) faults: u64,
    /// Clients that are in.
    pub(crate) joined: usize,
}

/// The clients, and the loop that serves them.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    /// Clients that had read slowly, and whose connections have ended.
    cut: Vec<usize>,
    /// The number in the id of the first client.
    first: usize,
    pub(crate) seen: Counts,
    pub(crate) round_trips: Times,
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        Self::of(address, 0)
    }

    /// A crowd whose first client is student number `first`, and whose others follow.
    pub(crate) fn of(address: SocketAddr, first: usize) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            address,
            clients: Vec::new(),
            buffer: vec![0; READ],
            cut: Vec::new(),
            first,
            seen: Counts::default(),
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
            let stream = self.connect(number)?;
            self.clients.push(Client::new(stream, self.first + number, fields));
        }
        self.until(PATIENCE, |seen| seen.joined == until)
    }

    /// Has clients connect to another server from now on.
    #[cfg(feature = "cluster")]
    pub(crate) fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// Lets go of every connection; what was on its way is lost.
    pub(crate) fn hang_up(&mut self) -> io::Result<()> {
        let Self { clients, poll, .. } = self;
        clients.iter_mut().try_for_each(|client| client.hang_up(poll.registry()))
    }

    /// Connects the clients of a range anew, as after a restart of the server: each says what it saw last, and goes
    /// on there.
    pub(crate) fn resume(&mut self, clients: std::ops::Range<usize>) -> io::Result<()> {
        let already = if clients.start == 0 { 0 } else { self.seen.joined };
        let (first, until) = (clients.start, already + clients.len());
        self.seen.joined = already;
        for number in clients {
            while number - first + already >= self.seen.joined + CONNECTING {
                self.step(Duration::from_millis(100))?;
            }
            let stream = self.connect(number)?;
            self.clients[number].resume(stream);
        }
        self.until(PATIENCE, |seen| seen.joined == until)
    }

    fn connect(&self, number: usize) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        self.poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        Ok(stream)
    }

    /// Drops the clients after the first `count`.
    pub(crate) fn keep(&mut self, count: usize) {
        self.clients.truncate(count);
        self.seen.joined = self.clients.len();
    }

    /// Lets a client send squares, as many ahead of their answers as its window.
    pub(crate) fn send_from(&mut self, client: usize, window: usize, ids: Ids) -> io::Result<()> {
        self.clients[client].send_ahead(window, ids)
    }

    /// Lets a client's next square be of this number, and those after it follow.
    pub(crate) fn go_on_at(&mut self, client: usize, number: u64) {
        self.clients[client].go_on_at(number);
    }

    /// Lets a client send one more square.
    pub(crate) fn send_one(&mut self, client: usize) -> io::Result<()> {
        self.clients[client].send_one()
    }

    /// The highest `seq` that any client has seen.
    pub(crate) fn latest(&self) -> u64 {
        self.clients.iter().map(Client::last).max().unwrap_or(0)
    }

    /// Lets a client read slower, or again as fast as it can.
    pub(crate) fn pace(&mut self, client: usize, pace: Pace) -> io::Result<()> {
        let Self { clients, buffer, seen, round_trips, .. } = self;
        clients[client].set_pace(pace, buffer, seen, round_trips)
    }

    /// Lets every client that reads slowly read as many bytes.
    pub(crate) fn trickle(&mut self, bytes: usize) -> io::Result<()> {
        let Self { clients, buffer, seen, round_trips, .. } = self;
        clients.iter_mut().try_for_each(|client| match client.trickle(&mut buffer[..bytes], seen, round_trips) {
            // It is found again once it reads as fast as it can.
            Err(error) if is_cut(&error) => Ok(()),
            read => read,
        })
    }

    /// Stops sending, and waits until everything sent is answered and everybody who reads has everything.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.clients.iter_mut().for_each(Client::stop_sending);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let latest = self.latest();
            if self.clients.iter().all(|client| client.has_all(latest)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let behind = self.clients.iter().filter(|client| client.last() < latest).count();
                return Err(io::Error::other(format!("{behind} clients did not get everything in {PATIENCE:?}")));
            }
            self.step(Duration::from_millis(50))?;
        }
    }

    /// Lets all clients read as fast as they can, and waits until everybody has everything. The system lets go of a
    /// client that took nothing for a minute, without a word: such a one learns it by asking, and comes in again.
    /// Gives how many did.
    pub(crate) fn catch_up(&mut self, slow: std::ops::Range<usize>) -> io::Result<usize> {
        for client in slow.clone() {
            match self.pace(client, Pace::Full) {
                Err(error) if is_cut(&error) => self.cut.push(client),
                read => read?,
            }
        }
        let (deadline, latest, mut came_again) = (Instant::now() + PATIENCE, self.latest(), 0);
        let mut asked = Instant::now();
        while !self.clients.iter().all(|client| client.has_all(latest)) {
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("not everybody got everything in {PATIENCE:?}")));
            }
            self.step(Duration::from_millis(50))?;
            if asked.elapsed() > ASKED {
                asked = Instant::now();
                let behind = self.clients[slow.clone()].iter_mut().filter(|client| !client.has_all(latest));
                behind.for_each(Client::ask);
            }
            for number in std::mem::take(&mut self.cut) {
                let stream = self.connect(number)?;
                self.clients[number].resume(stream);
                self.seen.joined -= 1;
                came_again += 1;
            }
        }
        Ok(came_again)
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

    /// Serves the clients for a time while the first one sends, one square after another, so many a second.
    pub(crate) fn run_with_squares(&mut self, time: Duration, a_second: f64) -> io::Result<()> {
        let (begin, mut sent) = (Instant::now(), 0);
        while begin.elapsed() < time {
            self.send_one(0)?;
            sent += 1;
            let next = Duration::from_secs_f64(f64::from(sent) / a_second);
            self.run(next.saturating_sub(begin.elapsed()))?;
        }
        Ok(())
    }

    /// Serves the clients until something is seen.
    pub(crate) fn until(&mut self, most: Duration, done: impl Fn(&Counts) -> bool) -> io::Result<()> {
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
            match client.serve(event, &mut self.buffer, &mut self.seen, &mut self.round_trips) {
                Err(error) if client.was_slow() && is_cut(&error) => self.cut.push(event.token().0),
                served => served?,
            }
        }
        Ok(())
    }
}

/// Whether it is the end of a connection from which nothing was taken for long.
fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut)
}
