//! The bytes of a connection: a TCP socket, the same inside TLS, or a stream that somebody hands over. Reading and writing
//! never wait. Made for each try to connect; used by `connection` alone.

mod tls;

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use squares_shared::stream::Stream;
use tls::Secret;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{PATIENCE, Refused, plain_words};
use super::trust::Trust;
use crate::event::Lost;

/// Keepalive: a machine that vanished is noticed after about a minute, without a single timer of ours.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);

/// The bytes of a connection.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Secret(Box<Secret>),
    Given(Box<dyn Stream>),
}

/// A connection that was made, on which nothing was said yet.
#[derive(Debug)]
pub struct Connected {
    pub(super) wire: Wire,
    /// The fingerprint of the server's certificate, where it is believed because it is the first.
    pub(super) first_seen: Option<String>,
}

impl From<Box<dyn Stream>> for Connected {
    fn from(stream: Box<dyn Stream>) -> Self {
        Self { wire: Wire::Given(stream), first_seen: None }
    }
}

/// Connects by TCP, inside TLS where there is a rule whom to believe.
pub(super) async fn connect(address: &str, trust: Option<&Trust>) -> Result<Connected, Refused> {
    let connecting = timeout(PATIENCE, TcpStream::connect(address)).await;
    let tcp = match connecting {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) => {
            let nobody = error.kind() == io::ErrorKind::ConnectionRefused;
            return Err(Refused { why: Lost::Unreachable(plain_words(&error)), nobody });
        }
        Err(_) => return Err(Lost::Unreachable(format!("no answer within {} s", PATIENCE.as_secs())).into()),
    };
    if is_its_own_peer(&tcp) {
        return Err(Refused { why: Lost::Unreachable("connection refused".into()), nobody: true });
    }
    prepare(&tcp).map_err(|error| Lost::Unreachable(plain_words(&error)))?;
    let Some(trust) = trust else { return Ok(Connected { wire: Wire::Plain(tcp), first_seen: None }) };
    let (secret, first_seen) = match timeout(PATIENCE, Secret::open(tcp, address, trust)).await {
        Ok(secret) => secret?,
        Err(_) => return Err(Lost::SpeaksNoTls.into()),
    };
    Ok(Connected { wire: Wire::Secret(Box::new(secret)), first_seen })
}

impl Wire {
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.try_read(buffer),
            Self::Secret(secret) => secret.try_read(buffer),
            Self::Given(stream) => stream.try_read(buffer),
        }
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.try_write(bytes),
            Self::Secret(secret) => secret.try_write(bytes),
            Self::Given(stream) => stream.try_write(bytes),
        }
    }

    /// Whether something that was written has not left yet.
    pub(super) fn holds(&self) -> bool {
        matches!(self, Self::Secret(secret) if secret.holds())
    }

    /// Gives the socket what has not left, as far as it takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Given(_) => Ok(()),
            Self::Secret(secret) => secret.flush(),
        }
    }

    /// Waits until something of this may get further.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.ready(interest).await.map(drop),
            Self::Secret(secret) => secret.ready(interest).await,
            Self::Given(stream) => {
                poll_fn(|context| {
                    if interest.is_readable()
                        && let Poll::Ready(readable) = stream.poll_readable(context)
                    {
                        return Poll::Ready(readable);
                    }
                    if interest.is_writable() { stream.poll_writable(context) } else { Poll::Pending }
                })
                .await
            }
        }
    }

    /// Lets bytes gather for so long. The thread itself sleeps, because a runtime that waits is woken for every packet; a stream that
    /// is no socket wakes nobody.
    pub(super) fn gather(&self, pause: Duration) {
        if !matches!(self, Self::Given(_)) {
            std::thread::sleep(pause);
        }
    }
}

/// A loopback connection to a port where nobody listens may, by chance, be given that same port as its own,
/// and then reaches itself.
fn is_its_own_peer(tcp: &TcpStream) -> bool {
    matches!((tcp.local_addr(), tcp.peer_addr()), (Ok(ours), Ok(theirs)) if ours == theirs)
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY);
    socket2::SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}
