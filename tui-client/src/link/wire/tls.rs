//! The bytes of a connection inside TLS. Reading and writing never wait, as with the socket itself.

use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, PoisonError};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::event::Lost;
use crate::link::connection::plain_words;
use crate::link::trust::{self, Trust, Verdict};

/// The most bytes that are held encrypted.
const HELD: usize = 64 << 10;

/// The first byte that a server without TLS says: that of its `hello`.
const PLAIN: u8 = b'{';

/// A connection inside TLS.
#[derive(Debug)]
pub(in crate::link) struct Secret {
    tcp: TcpStream,
    session: ClientConnection,
    /// Bytes that were decrypted and not yet read.
    left: usize,
    heard: bool,
    ended: bool,
}

/// The socket as rustls wants it; it tells what came first.
struct Socket<'a> {
    tcp: &'a TcpStream,
    first: Option<u8>,
}

impl io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.try_read(buffer)?;
        self.first = buffer[..count].first().copied();
        Ok(count)
    }
}

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Secret {
    /// Goes into TLS, up to the end of the handshake; gives the fingerprint too where it is believed because it is the first.
    ///
    /// # Errors
    /// Where the server speaks no TLS, or is not believed.
    pub(super) async fn open(tcp: TcpStream, address: &str, trust: &Trust) -> Result<(Self, Option<String>), Lost> {
        let (config, verdict) = trust::config(trust, address).map_err(Lost::Untrusted)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| Lost::Untrusted(format!("no name for TLS: {host}")))?;
        let session =
            ClientConnection::new(Arc::new(config), name).map_err(|error| Lost::Untrusted(error.to_string()))?;
        let mut secret = Self { tcp, session, left: 0, heard: false, ended: false };
        secret.session.set_buffer_limit(Some(HELD));
        let done = secret.shake_hands().await;
        let verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (done, verdict) {
            (Ok(()), Some(Verdict::First(fingerprint))) => Ok((secret, Some(fingerprint))),
            (Ok(()), _) => Ok((secret, None)),
            (Err(_), Some(Verdict::Changed { before, now, known })) => Err(Lost::Changed { before, now, known }),
            (Err(lost), _) => Err(lost),
        }
    }

    /// Whether something that was written has not left yet.
    pub(super) fn holds(&self) -> bool {
        self.session.wants_write()
    }

    /// Waits until something of this may get further.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<()> {
        // What is decrypted already, the socket does not tell of.
        if self.left > 0 && interest.is_readable() {
            return Ok(());
        }
        self.tcp.ready(interest).await.map(drop)
    }

    async fn shake_hands(&mut self) -> Result<(), Lost> {
        while self.session.is_handshaking() || self.session.wants_write() {
            self.flush().map_err(|error| closed(&error))?;
            let interest = if self.session.wants_write() { Interest::WRITABLE } else { Interest::READABLE };
            if !self.session.is_handshaking() && interest.is_readable() {
                break;
            }
            self.tcp.ready(interest).await.map_err(|error| closed(&error))?;
            if interest.is_readable() {
                match self.take_in() {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(lost(&error)),
                }
            }
            if self.ended {
                return Err(Lost::Closed(None));
            }
        }
        Ok(())
    }

    /// Takes what the socket holds.
    fn take_in(&mut self) -> io::Result<()> {
        let mut socket = Socket { tcp: &self.tcp, first: None };
        self.ended = self.session.read_tls(&mut socket)? == 0;
        if !self.heard && socket.first == Some(PLAIN) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NoTls));
        }
        self.heard = true;
        match self.session.process_new_packets() {
            Ok(went) => {
                self.left = went.plaintext_bytes_to_read();
                Ok(())
            }
            Err(error) => {
                // An alert tells the server why.
                let _ = self.flush();
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(count) => {
                    self.left = self.left.saturating_sub(count);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.ended => {}
                // However it ended, there is no more.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::UnexpectedEof) => {
                    return Ok(0);
                }
                Err(error) => return Err(error),
            }
            self.take_in()?;
        }
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let count = self.session.writer().write(bytes)?;
        self.flush()?;
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Gives the socket what has not left, as far as it takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Socket { tcp: &self.tcp, first: None }) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The server answered without TLS.
#[derive(Debug, thiserror::Error)]
#[error("it speaks no TLS")]
struct NoTls;

fn closed(error: &io::Error) -> Lost {
    Lost::Closed(Some(plain_words(error)))
}

fn lost(error: &io::Error) -> Lost {
    match error.get_ref() {
        Some(inner) if inner.is::<NoTls>() => Lost::SpeaksNoTls,
        Some(inner) if inner.is::<rustls::Error>() => Lost::Untrusted(inner.to_string()),
        _ => Lost::Closed(Some(plain_words(error))),
    }
}
