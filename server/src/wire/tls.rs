//! A TLS connection. The session, which reads and writes, and the relay, which writes, share its state: each locks it
//! only while it moves bytes, and neither waits meanwhile. The handshake is part of reading and writing, so that it
//! counts towards a session's time to join, and accepting never waits for it. Only `wire` uses it.

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

use crate::http_detection;

/// The most bytes that are held encrypted, or before the handshake is done. What does not fit stays with the writer.
const HELD: usize = 64 << 10;

/// The first byte of every TLS handshake.
const HANDSHAKE: u8 = 22;

/// The TLS side of one connection.
#[derive(Debug)]
pub(crate) struct TlsStream {
    tcp: TcpStream,
    state: Mutex<TlsState>,
}

#[derive(Debug)]
struct TlsState {
    session: ServerConnection,
    /// Bytes that are decrypted and not read yet.
    left: usize,
    /// Something was received, and it was TLS.
    is_tls: bool,
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

/// The same, for the first read, which shows whether the client speaks TLS.
struct FirstRead<'a> {
    tcp: &'a TcpStream,
    first: Option<u8>,
}

impl io::Read for FirstRead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.try_read(buffer)?;
        self.first = buffer[..count].first().copied();
        Ok(count)
    }
}

impl TlsStream {
    pub(crate) fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
        session.set_buffer_limit(Some(HELD));
        Ok(Self { tcp, state: Mutex::new(TlsState { session, left: 0, is_tls: false, ended: false }) })
    }

    /// The TCP connection under it.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.tcp
    }

    /// As [`super::Wire::rebind`].
    pub(crate) fn rebind(self) -> io::Result<Self> {
        Ok(Self { tcp: TcpStream::from_std(self.tcp.into_std()?)?, state: self.state })
    }

    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket does not report bytes that are already decrypted.
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
            if state.is_tls {
                state.ended = state.session.read_tls(&mut Socket(&self.tcp))? == 0;
            } else {
                let mut read = FirstRead { tcp: &self.tcp, first: None };
                state.ended = state.session.read_tls(&mut read)? == 0;
                if read.first.is_some_and(|first| first != HANDSHAKE) {
                    // A browser gets an answer that it can display.
                    let is_http = read.first.is_some_and(|first| first.is_ascii_alphabetic());
                    self.refuse_plain(is_http);
                    return Err(not_tls());
                }
                state.is_tls = !state.ended;
            }
            match state.session.process_new_packets() {
                Ok(went) => state.left = went.plaintext_bytes_to_read(),
                Err(error) => {
                    // The alert says why; sending it may fail.
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

    /// Whether something encrypted waits for the socket. What waits for the handshake does not count.
    pub(crate) fn holds(&self) -> bool {
        self.state.lock().session.wants_write()
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        self.state.lock().flush(&self.tcp)
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.state.lock().session.is_handshaking()
    }

    /// Whether nothing was received, as from a client that waits for a `hello` without TLS.
    pub(crate) fn is_silent(&self) -> bool {
        !self.state.lock().is_tls
    }

    /// Tells a client without TLS that this is TLS, as an error of the protocol or of HTTP.
    pub(crate) fn refuse_plain(&self, is_http: bool) {
        if is_http {
            let _ = self.tcp.try_write(http_detection::refusal().as_bytes());
            return;
        }
        let message =
            "This server speaks TLS, and this connection does not; connect with TLS, such as with squares --tls.";
        let error = ErrorMessage::new(ErrorCode::BadMessage, message);
        // A few bytes fit into an unused connection.
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

impl TlsState {
    /// Writes what is encrypted to the socket, as far as it takes it.
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

/// The error that ends the connection of a client without TLS.
pub(crate) fn not_tls() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS")
}
