//! The bytes of a connection inside TLS. Reading and writing never wait, as with the socket itself.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::conversation::ConnectionError;

use crate::link::peer_detection::{self, FIRST, PATIENCE, plain_words};
use crate::link::trust::{self, FirstSeen, Trust};

/// The most bytes that are held encrypted.
const HELD: usize = 64 << 10;

#[derive(Debug)]
pub(in crate::link) struct TlsStream {
    tcp: TcpStream,
    session: ClientConnection,
    /// Bytes that were decrypted and not yet read.
    left: usize,
    /// What came first, until it is known to be TLS.
    begins: Vec<u8>,
    /// It is TLS that came.
    is_tls: bool,
    ended: bool,
}

/// The socket as rustls wants it.
struct TcpIo<'a>(&'a TcpStream);

impl io::Read for TcpIo<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl io::Write for TcpIo<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TlsStream {
    /// Goes into TLS, up to the end of the handshake; gives the certificate too where it is trusted because it is
    /// the first.
    ///
    /// # Errors
    /// Where the server speaks no TLS, or is not trusted.
    pub(super) async fn open(
        tcp: TcpStream,
        address: &str,
        trust: &Trust,
        until: Instant,
    ) -> Result<(Self, Option<FirstSeen>), ConnectionError> {
        let (config, verification) = trust::config(trust, address).map_err(ConnectionError::Untrusted)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| ConnectionError::Untrusted(format!("no name for TLS: {host}")))?;
        let session = ClientConnection::new(Arc::new(config), name)
            .map_err(|error| ConnectionError::Untrusted(error.to_string()))?;
        let mut tls = Self { tcp, session, left: 0, begins: Vec::new(), is_tls: false, ended: false };
        tls.session.set_buffer_limit(Some(HELD));
        let done = match timeout_at(until, tls.shake_hands()).await {
            Ok(done) => done,
            Err(_) => Err(tls.not_in_time()),
        };
        match done {
            Ok(()) => Ok((tls, verification.passed())),
            // Whoever answers without TLS where it was before is perhaps not who it was.
            Err(ConnectionError::SpeaksNoTls) if trust.expects_tls(address) => Err(ConnectionError::TlsGone),
            Err(lost) => Err(verification.failed().unwrap_or(lost)),
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

    async fn shake_hands(&mut self) -> Result<(), ConnectionError> {
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
                let word = self.is_tls || !self.begins.is_empty();
                return Err(if word { ConnectionError::Closed(None) } else { ConnectionError::HungUp });
            }
        }
        Ok(())
    }

    /// Why the handshake was not done in time.
    fn not_in_time(&self) -> ConnectionError {
        let seconds = PATIENCE.as_secs();
        match (self.is_tls, self.begins.is_empty()) {
            (false, true) => ConnectionError::Silent(seconds),
            (true, _) => ConnectionError::Slow(seconds),
            (false, false) => {
                ConnectionError::NotSquares(format!("it speaks no TLS, and said nothing whole for {seconds} s"))
            }
        }
    }

    /// Takes what came first, which shows whether it is TLS. Whether that is known now.
    fn recognise(&mut self) -> io::Result<bool> {
        let mut first = [0; FIRST];
        let count = self.tcp.try_read(&mut first)?;
        self.ended = count == 0;
        self.begins.extend_from_slice(&first[..count]);
        if peer_detection::is_tls(&self.begins) {
            let mut begins = std::mem::take(&mut self.begins);
            while !begins.is_empty() {
                let taken = self.session.read_tls(&mut &*begins)?;
                begins.drain(..taken.max(1));
            }
            self.is_tls = true;
            return Ok(true);
        }
        if peer_detection::is_a_room(&self.begins) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NotTls(ConnectionError::SpeaksNoTls)));
        }
        let who = peer_detection::who(&self.begins);
        if who.is_some() || self.ended || self.begins.len() >= FIRST {
            let nobody = || ConnectionError::NotSquares("it speaks neither TLS nor as a room does".into());
            let hung_up = self.ended && self.begins.is_empty();
            let why = who.unwrap_or_else(|| if hung_up { ConnectionError::HungUp } else { nobody() });
            return Err(io::Error::new(io::ErrorKind::InvalidData, NotTls(why)));
        }
        Ok(false)
    }

    /// Takes what the socket holds.
    fn take_in(&mut self) -> io::Result<()> {
        if self.is_tls {
            self.ended = self.session.read_tls(&mut TcpIo(&self.tcp))? == 0;
        } else if !self.recognise()? {
            return Ok(());
        }
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
            match self.session.write_tls(&mut TcpIo(&self.tcp)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The server answered without TLS; who it is.
#[derive(Debug, thiserror::Error)]
#[error("it speaks no TLS")]
struct NotTls(ConnectionError);

fn closed(error: &io::Error) -> ConnectionError {
    ConnectionError::Closed(Some(plain_words(error)))
}

fn lost(error: &io::Error) -> ConnectionError {
    let inner = error.get_ref();
    if let Some(NotTls(why)) = inner.and_then(|inner| inner.downcast_ref()) {
        return why.clone();
    }
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::General(why)) => ConnectionError::Untrusted(why.clone()),
        Some(error @ rustls::Error::InvalidCertificate(_)) => ConnectionError::Untrusted(error.to_string()),
        // Whoever it is, that is no question of whom to trust.
        Some(error) => ConnectionError::NotSquares(format!("TLS with it fails: {error}")),
        None => ConnectionError::Closed(Some(plain_words(error))),
    }
}
