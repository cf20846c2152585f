//! One connection to a server: the socket, lines in and lines out. It decides nothing. The link and plain mode
//! drive it, each in its own loop.

use std::io;
use std::time::Duration;

use squares_shared::line::{Line, LineReader};
use squares_shared::message::{ErrorCode, FromClient, FromServer, Hello, PROTOCOL, to_line};
use tokio::io::Interest;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::peer_detection::{self, FIRST, PATIENCE, Refused, plain_words};
use super::trust::FirstSeen;
use super::wire::{Connected, Transport};
use crate::conversation::{ConnectionError, read_line, without_mark};

/// The longest line taken from a server before it said hello.
const LONGEST_HELLO: usize = 64 << 10;

/// The most bytes taken from it before it said hello, whatever lines they are.
const LONGEST_BEGINNING: usize = 128 << 10;

/// The longest line taken from it then, besides the digits of one result: far above a page of history or a list of
/// who is online, which stay within 1 MiB.
const LONGEST_LINE: usize = 4 << 20;

/// The longest line that is sent, and as many digits, whatever a server says that it takes.
const LONGEST_REQUEST: usize = 8 << 20;

/// The most bytes that wait for a server to take them before more is said.
const UNSENT: usize = 256 << 10;

/// Who has said nothing for so long is asked with a `ping`: a room may answer it, and others show by their answer who
/// they are.
const ASK_AFTER: Duration = Duration::from_secs(3);

/// The bytes taken from the socket in one go.
const CHUNK: usize = 64 << 10;

/// The most bytes of one batch of lines: what is worth showing at once.
pub const BATCH: usize = 256 << 10;

/// A connection, from connecting to its end.
#[derive(Debug)]
pub struct ServerConnection {
    wire: Transport,
    lines: LineReader,
    /// Taken from the socket into here; allocated once.
    chunk: Box<[u8]>,
    /// Said, but not yet taken by the socket.
    out: Vec<u8>,
    /// How much of `out` the socket took.
    written: usize,
    /// Writing failed. What the server said before that may still be read, and often says why.
    broken: Option<io::Error>,
    /// What came first, until `hello` has.
    begins: Option<Vec<u8>>,
    /// It said nothing for so long that it was asked.
    asked: bool,
    /// The server's certificate, where it is trusted because it is the first.
    first_seen: Option<FirstSeen>,
}

impl ServerConnection {
    /// Waits for `hello` on a connection that was made.
    ///
    /// # Errors
    /// Where it does not come.
    pub(super) async fn over(connected: Connected) -> Result<(Self, Hello), Refused> {
        let Connected { wire, first_seen, until } = connected;
        let mut connection = Self {
            wire,
            lines: LineReader::new(LONGEST_HELLO),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            out: Vec::new(),
            written: 0,
            broken: None,
            begins: Some(Vec::new()),
            asked: false,
            first_seen,
        };
        let said = match timeout_at(until, connection.hello()).await {
            Ok(Ok(mut hello)) => {
                connection.begins = None;
                // A number must fit into a line, and a server cannot make us hold more than that.
                hello.limits.line = hello.limits.line.min(LONGEST_REQUEST);
                hello.limits.digits = hello.limits.digits.min(hello.limits.line);
                connection.lines.set_limit(LONGEST_LINE + 4 * hello.limits.digits);
                return Ok((connection, hello));
            }
            Ok(Err(lost)) => Some(lost),
            Err(_) => None,
        };
        let begins = connection.begins.unwrap_or_default();
        let seconds = PATIENCE.as_secs();
        Err(Refused::from(match (peer_detection::who(&begins), said) {
            (Some(who), _) => who,
            (None, Some(ConnectionError::Closed(_))) if begins.is_empty() && connection.asked => ConnectionError::Mute,
            (None, Some(ConnectionError::Closed(_))) if begins.is_empty() => ConnectionError::HungUp,
            (None, Some(lost)) => lost,
            (None, None) if begins.is_empty() => ConnectionError::Silent(seconds),
            (None, None) if peer_detection::is_a_room(&begins) => ConnectionError::Slow(seconds),
            (None, None) => ConnectionError::NotSquares(format!("it did not say hello within {seconds} s")),
        }))
    }

    /// The server's certificate, told once, where it is trusted because it is the first from there.
    pub fn take_first_seen(&mut self) -> Option<FirstSeen> {
        self.first_seen.take()
    }

    /// Sends these requests, as far as the socket takes them; the rest leaves with the next [`Self::flush`].
    pub fn send(&mut self, requests: &mut Vec<u8>) {
        self.out.append(requests);
        self.flush();
    }

    /// Waits until the socket has bytes for us, where `listening`, or takes some of ours. Dropped at any time, nothing
    /// is lost.
    ///
    /// # Errors
    /// As the system reports them; the connection is of no more use.
    pub async fn ready(&self, listening: bool) -> io::Result<()> {
        let interest = match (listening, self.wants_to_write()) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return std::future::pending().await,
        };
        self.wire.ready(interest).await
    }

    /// Whether something said has not left yet.
    #[must_use]
    pub fn wants_to_write(&self) -> bool {
        (self.written < self.out.len() || self.wire.holds()) && self.broken.is_none()
    }

    /// Lets bytes gather for so long before they are taken.
    pub(super) fn gather(&self, pause: Duration) {
        self.wire.gather(pause);
    }

    /// How many bytes more may be said before the server has taken what was.
    #[must_use]
    pub const fn room(&self) -> usize {
        UNSENT.saturating_sub(self.out.len() - self.written)
    }

    /// Gives the socket what was said, as much as it takes, without waiting.
    pub fn flush(&mut self) {
        if let Err(error) = self.wire.flush() {
            self.broken = Some(error);
        }
        while self.written < self.out.len() && self.broken.is_none() {
            match self.wire.try_write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken = Some(error),
            }
        }
        self.out.clear();
        self.out.shrink_to(CHUNK);
        self.written = 0;
    }

    /// Takes what the socket holds, up to one batch, without waiting; lines are then had from [`Self::next_line`].
    /// Gives how many bytes came; a full [`BATCH`] means that there is more.
    ///
    /// # Errors
    /// Where the connection is at its end.
    pub fn take(&mut self) -> Result<usize, ConnectionError> {
        let mut taken = 0;
        while taken < BATCH {
            match self.wire.try_read(&mut self.chunk) {
                Ok(0) if taken > 0 => break,
                Ok(0) => return Err(ConnectionError::Closed(None)),
                Ok(count) => {
                    self.lines.push(&self.chunk[..count]);
                    if let Some(begins) = &mut self.begins {
                        begins.extend(self.chunk[..count].iter().take(FIRST - begins.len()));
                    }
                    taken += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match self.broken.take() {
                    Some(error) if taken == 0 => return Err(ConnectionError::Closed(Some(plain_words(&error)))),
                    broken => {
                        self.broken = broken;
                        break;
                    }
                },
                Err(_) if taken > 0 => break,
                Err(error) => return Err(ConnectionError::Closed(Some(plain_words(&error)))),
            }
        }
        Ok(taken)
    }

    /// The next line among the bytes taken.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        self.lines.next_line()
    }

    /// The next message among the bytes taken; those of unknown types are passed over. A `hello` may be one of
    /// another version of the protocol, which need not be like ours but for its number.
    fn first_message(&mut self) -> Option<Result<FromServer, ConnectionError>> {
        loop {
            let line = self.lines.next_line()?;
            if let Some(spoken) = other_protocol(line) {
                return Some(Err(ConnectionError::OtherProtocol(spoken)));
            }
            match read_line(line) {
                Ok(None) => {}
                Ok(Some(message)) => return Some(Ok(message)),
                Err(lost) => return Some(Err(lost)),
            }
        }
    }

    async fn hello(&mut self) -> Result<Hello, ConnectionError> {
        let ask_at = Instant::now() + ASK_AFTER;
        let mut came = 0;
        loop {
            let silent = self.begins.as_ref().is_some_and(Vec::is_empty);
            let ready = tokio::select! {
                ready = self.ready(true) => ready,
                () = sleep_until(ask_at), if silent && !self.asked => {
                    self.asked = true;
                    self.send(&mut to_line(&FromClient::Ping));
                    Ok(())
                }
            };
            self.flush();
            let went = match ready {
                Ok(()) => self.take(),
                Err(error) => Err(ConnectionError::Closed(Some(plain_words(&error)))),
            };
            if let Some(who) = self.begins.as_deref().and_then(peer_detection::who) {
                return Err(who);
            }
            match self.first_message() {
                Some(Ok(FromServer::Hello(hello))) => return Ok(hello),
                Some(Ok(FromServer::Error(error))) if error.code == ErrorCode::ServerFull => {
                    return Err(ConnectionError::Full);
                }
                // The one other thing that a server says first, in plain: that it speaks TLS.
                Some(Ok(FromServer::Error(error))) if error.code == ErrorCode::BadMessage => {
                    return Err(ConnectionError::WantsTls);
                }
                Some(Ok(FromServer::Bye { .. })) => return Err(ConnectionError::Shutdown),
                Some(Ok(_)) => return Err(ConnectionError::NotSquares("it did not say hello".into())),
                Some(Err(lost)) => return Err(lost),
                None => {}
            }
            came += went?;
            if came > LONGEST_BEGINNING {
                return Err(ConnectionError::NotSquares("it said much, and not hello".into()));
            }
            // Where there is always more to take, the end of patience is to be noticed all the same.
            tokio::task::consume_budget().await;
        }
    }
}

/// Which version of the protocol this `hello` is of, where it is another than ours.
fn other_protocol(line: Line<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct AnyHello {
        r#type: String,
        protocol: serde_json::Number,
    }

    let Line::Whole(bytes) = line else { return None };
    let hello: AnyHello = serde_json::from_slice(without_mark(bytes)).ok()?;
    let other = hello.r#type == "hello" && hello.protocol.as_u64() != Some(PROTOCOL.into());
    other.then(|| hello.protocol.to_string())
}
