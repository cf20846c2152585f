//! The byte stream of one connection, whatever carries it. `session` and `relay` read and write it without waiting,
//! and wait for it to be ready; `listen` makes one of each connection. A plain TCP connection costs what it costs by
//! itself.
//!
//! Bytes that were taken to be written may still be on their way out of this process: [`Wire::holds`] tells, and
//! [`Wire::flush`] moves them on. A plain connection never holds any.

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
use tls::Tls;
use tokio::{io::ReadBuf, net::TcpStream};

/// The byte stream of one connection.
#[derive(Debug)]
pub(crate) enum Wire {
    Tcp(TcpStream),
    Tls(Box<Tls>),
    Given(Box<dyn Stream>),
}

impl Wire {
    /// This connection, inside TLS where there is a certificate.
    pub(crate) fn over(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        Ok(match tls {
            None => Self::Tcp(stream),
            Some(config) => Self::Tls(Box::new(Tls::new(stream, Arc::clone(config))?)),
        })
    }

    /// Takes it along to the runtime of whoever calls this, which tells from here on when it is ready.
    pub(crate) fn taken_along(self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(taken_along(stream)?),
            Self::Tls(stream) => Self::Tls(Box::new(stream.taken_along()?)),
            Self::Given(stream) => Self::Given(stream),
        })
    }

    /// Waits until reading may give something. Only one task may wait.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| match self {
            Self::Tcp(stream) => stream.poll_read_ready(context),
            Self::Tls(stream) => stream.poll_readable(context),
            Self::Given(stream) => stream.poll_readable(context),
        })
        .await
    }

    /// Waits until writing, or [`Wire::flush`], may get further. Only one task may wait.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        poll_fn(|context| match self {
            Self::Tcp(stream) => stream.poll_write_ready(context),
            Self::Tls(stream) => stream.poll_writable(context),
            Self::Given(stream) => stream.poll_writable(context),
        })
        .await
    }

    /// Reads what has arrived, without waiting; 0 is the end. An end that somebody else may have made is
    /// [`io::ErrorKind::UnexpectedEof`]: what was read before it is whole, but more may have been meant.
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

    /// Waits until the other side has broken the connection off. One that has only said that nothing more comes from
    /// it still listens; where it has said more than was read, nothing can be told. Nobody may wait to read
    /// meanwhile.
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

    /// Whether the other side has broken the connection off.
    pub(crate) fn is_broken(&self) -> bool {
        self.socket().is_some_and(|stream| !matches!(stream.take_error(), Ok(None)))
    }

    /// The socket under it, where there is one.
    fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.socket()),
            Self::Given(_) => None,
        }
    }

    /// Whether bytes that were written are still held here.
    pub(crate) fn holds(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Given(_) => false,
            Self::Tls(stream) => stream.holds(),
        }
    }

    /// Whether it is for TLS, and nothing has come at all; where that is so for longer than a handshake needs, the
    /// client is told.
    pub(crate) fn waits_for_tls(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.is_silent())
    }

    /// Tells a client that says nothing that TLS is spoken here, and gives the error that its connection ends with.
    pub(crate) fn refuse_without_tls(&self) -> io::Error {
        if let Self::Tls(stream) = self {
            stream.say_that_it_is_tls(false);
        }
        tls::not_tls()
    }

    /// Moves what is held on, as far as it goes without waiting.
    pub(crate) fn flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Given(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }

    /// Hands over a last line, and waits until the other side has closed. Closing first, while something unread has
    /// arrived, would make the system throw that line away.
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
        // A line that waits for a handshake, or for the socket, is not said yet.
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

    /// Says that nothing more comes, and waits until the other side has closed, reading what it still says to no end.
    pub(crate) async fn end(&self) -> io::Result<()> {
        self.shutdown()?;
        loop {
            self.readable().await?;
            // Made anew each time, so that nobody carries it along while waiting.
            match self.try_read(&mut [0; 1024]) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }

    /// Says this, and that nothing more comes, without waiting at all: as far as it can be said so. What has come is
    /// read away, since closing would otherwise throw away what was said.
    pub(crate) fn end_now(&self, line: &[u8]) {
        /// More than this nobody has sent who has only just come.
        const READ_AWAY: usize = 4;
        // The socket itself is asked: a connection that is new tells only later whether it is ready.
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

/// The same connection, watched by the runtime of whoever calls this.
fn taken_along(stream: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(stream.into_std()?)
}
