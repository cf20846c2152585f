//! A connection inside TLS. Its state is shared by the session, which reads and writes, and the relay, which writes:
//! each holds it only while it moves bytes, and neither waits while it does. The handshake is part of reading and
//! writing, so that it runs under the time a session has to join, and accepting never waits for it. Used by `wire`
//! alone.

use std::{
    io::{self, IoSlice, Read as _, Write as _},
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;
use squares_shared::message::{ErrorCode, ErrorMessage, FromServer, to_line};
use tokio::net::TcpStream;

use crate::http;

/// The most bytes that are held encrypted, or before the handshake is done. What does not fit stays where it was.
const HELD: usize = 64 << 10;

/// The first byte of every handshake.
const HANDSHAKE: u8 = 22;

/// The TLS side of one connection.
#[derive(Debug)]
pub(crate) struct Tls {
    tcp: TcpStream,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    session: ServerConnection,
    /// Bytes that were decrypted and not yet read.
    left: usize,
    /// The client has said something, and it was TLS.
    heard: bool,
    ended: bool,
}

/// The socket as rustls wants it.
struct Socket<'a>(&'a TcpStream);

impl io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same, until the first byte has told whether it is TLS.
struct Begin<'a> {
    tcp: &'a TcpStream,
    first: Option<u8>,
}

impl io::Read for Begin<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.try_read(buffer)?;
        self.first = buffer[..count].first().copied();
        Ok(count)
    }
}

impl Tls {
    pub(crate) fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
        session.set_buffer_limit(Some(HELD));
        Ok(Self { tcp, state: Mutex::new(State { session, left: 0, heard: false, ended: false }) })
    }

    /// What carries it.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.tcp
    }

    /// As [`super::Wire::taken_along`].
    pub(crate) fn taken_along(self) -> io::Result<Self> {
        Ok(Self { tcp: super::taken_along(self.tcp)?, state: self.state })
    }

    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is decrypted already, the socket does not tell of.
        if self.state.lock().left > 0 { Poll::Ready(Ok(())) } else { self.tcp.poll_read_ready(context) }
    }

    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(context)
    }

    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.state.lock();
        loop {
            match state.session.reader().read(buffer) {
                Ok(count) => {
                    state.left = state.left.saturating_sub(count);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !state.ended => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Err(error) => return Err(error),
            }
            if state.heard {
                state.ended = state.session.read_tls(&mut Socket(&self.tcp))? == 0;
            } else {
                let mut begin = Begin { tcp: &self.tcp, first: None };
                state.ended = state.session.read_tls(&mut begin)? == 0;
                if begin.first.is_some_and(|first| first != HANDSHAKE) {
                    // A browser gets an answer that it can show.
                    let is_http = begin.first.is_some_and(|first| first.is_ascii_alphabetic());
                    self.say_that_it_is_tls(is_http);
                    return Err(not_tls());
                }
                state.heard = !state.ended;
            }
            match state.session.process_new_packets() {
                Ok(went) => state.left = went.plaintext_bytes_to_read(),
                Err(error) => {
                    // It says why, in an alert that is worth a try.
                    let _ = state.flush(&self.tcp);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
        }
    }

    pub(crate) fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let state = &mut *self.state.lock();
        state.flush(&self.tcp)?;
        if state.session.wants_write() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = state.session.writer().write_vectored(pieces)?;
        state.flush(&self.tcp)?;
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Whether something encrypted waits for the socket. What waits for the handshake does not count: no socket can
    /// help it.
    pub(crate) fn holds(&self) -> bool {
        self.state.lock().session.wants_write()
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        self.state.lock().flush(&self.tcp)
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.state.lock().session.is_handshaking()
    }

    /// Whether the client has said nothing at all, as one does that waits for a `hello` without TLS.
    pub(crate) fn is_silent(&self) -> bool {
        !self.state.lock().heard
    }

    /// Tells a client that speaks no TLS, in the protocol's own words, or in those of HTTP.
    pub(crate) fn say_that_it_is_tls(&self, is_http: bool) {
        if is_http {
            let _ = self.tcp.try_write(http::refusal().as_bytes());
            return;
        }
        let error = ErrorMessage {
            code: ErrorCode::BadMessage,
            message:
                "This server speaks TLS, and this connection does not; connect with TLS, such as with squares --tls."
                    .to_owned(),
            id: None,
            retry_after_ms: None,
        };
        // A few bytes fit into a connection that has carried none.
        let _ = self.tcp.try_write(&to_line(&FromServer::Error(error)));
    }

    pub(crate) fn shutdown(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.session.send_close_notify();
        let flushed = state.flush(&self.tcp);
        SockRef::from(&self.tcp).shutdown(Shutdown::Write)?;
        flushed
    }
}

impl State {
    /// Gives the socket what is encrypted, as far as it takes it.
    fn flush(&mut self, tcp: &TcpStream) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Socket(tcp)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What ends the connection of a client that speaks no TLS.
pub(crate) fn not_tls() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS")
}
