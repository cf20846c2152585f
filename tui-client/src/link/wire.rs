//! The bytes of a connection: a TCP socket, the same inside TLS, or a stream that somebody hands over. Reading and
//! writing never wait. Made for each try to connect; used by `connection` alone.

mod tls;

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use squares_shared::stream::Stream;
use tls::TlsStream;
use tokio::io::Interest;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::race::{Way, by_turns, race};
use super::refused::{PATIENCE, Refused, plain_words};
use super::trust::{FirstSeen, Trust};
use crate::address::host_and_port;
use crate::conversation::Lost;

/// Keepalive: a machine that vanished is noticed after about a minute, without a single timer of ours.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);

/// The most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The bytes of a connection.
#[derive(Debug)]
pub(super) enum Transport {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
    Given(Box<dyn Stream>),
}

/// A connection that was made, on which nothing was said yet.
#[derive(Debug)]
pub struct Connected {
    pub(super) wire: Transport,
    /// The server's certificate, where it is trusted because it is the first.
    pub(super) first_seen: Option<FirstSeen>,
    /// Until when it may say hello.
    pub(super) until: Instant,
}

impl From<Box<dyn Stream>> for Connected {
    fn from(stream: Box<dyn Stream>) -> Self {
        Self { wire: Transport::Given(stream), first_seen: None, until: Instant::now() + PATIENCE }
    }
}

/// Connects by TCP, inside TLS where there is a rule whom to trust.
pub(super) async fn connect(address: &str, trust: Option<&Trust>) -> Result<Connected, Refused> {
    let until = Instant::now() + PATIENCE;
    let tcp = match timeout_at(until, dial(address)).await {
        Ok(dialled) => dialled?,
        Err(_) => return Err(Lost::Unreachable(format!("no answer within {} s", PATIENCE.as_secs())).into()),
    };
    prepare(&tcp).map_err(|error| Lost::Unreachable(plain_words(&error)))?;
    let Some(trust) = trust else { return Ok(Connected { wire: Transport::Tcp(tcp), first_seen: None, until }) };
    let (tls, first_seen) = TlsStream::open(tcp, address, trust, until).await?;
    Ok(Connected { wire: Transport::Tls(Box::new(tls)), first_seen, until })
}

/// Connects to whichever address of a name answers first.
async fn dial(address: &str) -> Result<TcpStream, Refused> {
    let unreachable = |error: &io::Error, nobody| Refused { why: Lost::Unreachable(plain_words(error)), nobody };
    let found = lookup_host(host_and_port(address)).await.map_err(|error| unreachable(&error, false))?;
    let ways = by_turns(found).into_iter().take(MOST_ADDRESSES).map(|one| -> Way<TcpStream, io::Error> {
        Box::pin(async move {
            let tcp = TcpStream::connect(one).await?;
            if is_its_own_peer(&tcp) { Err(io::ErrorKind::ConnectionRefused.into()) } else { Ok(tcp) }
        })
    });
    race(ways).await.map_err(|faults| {
        let nobody = !faults.is_empty() && faults.iter().all(|fault| fault.kind() == io::ErrorKind::ConnectionRefused);
        // An address of a family that this machine has no way to says less than any other.
        let no_way = [io::ErrorKind::NetworkUnreachable, io::ErrorKind::AddrNotAvailable];
        let telling = faults.iter().find(|fault| !no_way.contains(&fault.kind())).or(faults.first());
        match telling {
            Some(fault) => unreachable(fault, nobody),
            None => Lost::Unreachable("the name has no address".into()).into(),
        }
    })
}

impl Transport {
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read(buffer),
            Self::Tls(tls) => tls.try_read(buffer),
            Self::Given(stream) => stream.try_read(buffer),
        }
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_write(bytes),
            Self::Tls(tls) => tls.try_write(bytes),
            Self::Given(stream) => stream.try_write(bytes),
        }
    }

    /// Whether something that was written has not left yet.
    pub(super) fn holds(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.holds())
    }

    /// Gives the socket what has not left, as far as it takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Given(_) => Ok(()),
            Self::Tls(tls) => tls.flush(),
        }
    }

    /// Waits until something of this may get further.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.ready(interest).await.map(drop),
            Self::Tls(tls) => tls.ready(interest).await,
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

    /// Lets bytes gather for so long. The thread itself sleeps, because a runtime that waits is woken for every
    /// packet; a stream that is no socket wakes nobody.
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
