//! The byte stream of one connection: TCP, TLS, or a stream given in this process. `session` and `relay` wait until it
//! is ready, then read and write without blocking; `listen` makes one for each connection.
//!
//! A TLS connection may hold encrypted bytes that the socket has not taken: [`Wire::holds`] says so, and
//! [`Wire::flush`] writes them.

pub(crate) mod send_queue;
mod tls;

use std::{
    future::poll_fn,
    io::{self, IoSlice, Read as _},
    mem::MaybeUninit,
    net::Shutdown,
    sync::Arc,
    task::Poll,
};

use rustls::ServerConfig;
use socket2::SockRef;
use squares_shared::stream::Stream;
use tls::TlsStream;
use tokio::{io::ReadBuf, net::TcpStream};

/// The byte stream of one connection.
#[derive(Debug)]
pub(crate) enum Wire {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
    Given(Box<dyn Stream>),
}

impl Wire {
    /// This connection, inside TLS if there is a certificate.
    pub(crate) fn over(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        Ok(match tls {
            None => Self::Tcp(stream),
            Some(config) => Self::Tls(Box::new(TlsStream::new(stream, Arc::clone(config))?)),
        })
    }

    /// Moves it to the caller's runtime, which from then on reports when it is ready.
    pub(crate) fn rebind(self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(TcpStream::from_std(stream.into_std()?)?),
            Self::Tls(stream) => Self::Tls(Box::new(stream.rebind()?)),
            Self::Given(stream) => Self::Given(stream),
        })
    }

    /// Waits until there may be something to read. Only one task may wait.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| match self {
            Self::Tcp(stream) => stream.poll_read_ready(context),
            Self::Tls(stream) => stream.poll_readable(context),
            Self::Given(stream) => stream.poll_readable(context),
        })
        .await
    }

    /// Waits until writing, or [`Wire::flush`], may make progress. Only one task may wait.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        poll_fn(|context| match self {
            Self::Tcp(stream) => stream.poll_write_ready(context),
            Self::Tls(stream) => stream.poll_writable(context),
            Self::Given(stream) => stream.poll_writable(context),
        })
        .await
    }

    /// Reads what was received, without waiting; 0 is the end. An end that may have been forged (TLS without its
    /// closing alert) is [`io::ErrorKind::UnexpectedEof`].
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Tls(stream) => stream.try_read(buffer),
            Self::Given(stream) => stream.try_read(buffer),
        }
    }

    /// Writes as much as fits, without waiting.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Tls(stream) => stream.try_write(&[IoSlice::new(bytes)]),
            Self::Given(stream) => stream.try_write(bytes),
        }
    }

    /// Writes as much of these as fits, without waiting. None of them is empty.
    pub(crate) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(pieces),
            Self::Tls(stream) => stream.try_write(pieces),
            Self::Given(stream) => pieces.first().map_or(Ok(0), |piece| stream.try_write(piece)),
        }
    }

    /// Waits until the client has reset the connection. A client that only shut down its sending side still listens,
    /// and while something is unread a reset cannot be seen. Nobody may wait to read meanwhile.
    pub(crate) async fn broken(&self) -> io::Error {
        let mut buffer = [MaybeUninit::uninit()];
        poll_fn(|context| {
            let Some(stream) = self.socket() else { return Poll::Pending };
            match stream.poll_peek(context, &mut ReadBuf::uninit(&mut buffer)) {
                Poll::Ready(Err(error)) => Poll::Ready(error),
                Poll::Ready(Ok(_)) | Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Whether the client has reset the connection.
    pub(crate) fn is_broken(&self) -> bool {
        self.socket().is_some_and(|stream| !matches!(stream.take_error(), Ok(None)))
    }

    fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.socket()),
            Self::Given(_) => None,
        }
    }

    /// Whether written bytes are still held here.
    pub(crate) fn holds(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Given(_) => false,
            Self::Tls(stream) => stream.holds(),
        }
    }

    /// Whether it is a TLS connection on which nothing was received. A client that stays silent for longer than a
    /// handshake needs is told.
    pub(crate) fn waits_for_tls(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.is_silent())
    }

    /// Tells a silent client that this is TLS, and returns the error that its connection ends with.
    pub(crate) fn refuse_without_tls(&self) -> io::Error {
        if let Self::Tls(stream) = self {
            stream.refuse_plain(false);
        }
        tls::not_tls()
    }

    /// Writes what is held, as far as it goes without waiting.
    pub(crate) fn flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Given(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }

    /// Sends a last line, and waits until the client has closed: if the server closed first, with something unread
    /// received, the system would discard that line.
    pub(crate) async fn end_with(&self, line: &[u8]) -> io::Result<()> {
        let mut rest = line;
        while !rest.is_empty() {
            match self.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                Err(error) => return Err(error),
            }
        }
        // A line that waits for the handshake, or for the socket, is not sent yet.
        while matches!(self, Self::Tls(stream) if stream.is_handshaking()) {
            self.readable().await?;
            match self.try_read(&mut [0; 1024]) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => self.flush()?,
            }
        }
        while self.holds() {
            self.writable().await?;
            self.flush()?;
        }
        self.end().await
    }

    /// Shuts down the sending side, and waits until the client has closed, discarding what it still sends.
    pub(crate) async fn end(&self) -> io::Result<()> {
        self.shutdown()?;
        loop {
            self.readable().await?;
            // Allocated per iteration to keep it out of the future's state.
            match self.try_read(&mut [0; 1024]) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }

    /// Sends this and shuts down the sending side without waiting at all, as far as that goes. What was received is
    /// read away: closing with something unread would discard what was sent.
    pub(crate) fn end_now(&self, line: &[u8]) {
        /// A client that has only just connected has sent no more than this many buffers.
        const READ_AWAY: usize = 4;
        // The socket itself is used: the runtime does not know yet whether a new connection is ready.
        if let Self::Tcp(stream) = self {
            let socket = SockRef::from(stream);
            let said = if line.is_empty() { Ok(0) } else { socket.send(line) };
            if said.and_then(|_| socket.shutdown(Shutdown::Write)).is_ok() {
                let mut buffer = [0; 4096];
                let _ = (0..READ_AWAY).try_for_each(|_| match (&*socket).read(&mut buffer) {
                    Ok(count) if count > 0 => Some(()),
                    _ => None,
                });
            }
        }
    }

    fn shutdown(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
            Self::Tls(stream) => stream.shutdown(),
            Self::Given(stream) => stream.shutdown(),
        }
    }
}
