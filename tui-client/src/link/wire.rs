//! The bytes of a connection: a TCP socket, the same inside TLS, or a stream that somebody hands over. Reading and
//! writing never wait. Made for each try to connect; used by `connection` alone.

mod tls;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use squares_shared::stream::Stream;
use tls::TlsStream;
use tokio::io::Interest;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::happy_eyeballs::{Way, interleaved, race};
use super::peer_detection::{PATIENCE, Refused, plain_words};
use super::trust::{FirstSeen, Trust};
use crate::address::host_and_port;
use crate::conversation::ConnectionError;

/// Keepalive: a machine that vanished is noticed after about a minute, without a single timer of ours.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);

/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// How long an address of several may say nothing and be taken all the same, where no other says anything.
const SPEAKS_FIRST: Duration = Duration::from_secs(3);

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
    let connecting = async {
        let unreachable = |error| Refused { why: ConnectionError::Unreachable(plain_words(&error)), nobody: false };
        let found = lookup_host(host_and_port(address)).await.map_err(unreachable)?;
        connect_to_any(found, address, trust, until).await
    };
    match timeout_at(until, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(ConnectionError::Unreachable(format!("no answer within {} s", PATIENCE.as_secs())).into()),
    }
}

/// Connects to whichever of a name's addresses answers first. One that takes connections and says nothing, as a server
/// that hangs does, is passed over where another says something: a room speaks first.
async fn connect_to_any(
    found: impl IntoIterator<Item = SocketAddr>,
    address: &str,
    trust: Option<&Trust>,
    until: Instant,
) -> Result<Connected, Refused> {
    let mut all = interleaved(found);
    all.truncate(MAX_ADDRESSES);
    let are_several = all.len() > 1;
    let ways = all.into_iter().map(|one| -> Way<Connected, AddressFault> {
        let (address, trust) = (address.to_owned(), trust.cloned());
        Box::pin(async move {
            let tcp = TcpStream::connect(one).await.map_err(AddressFault::Unreachable)?;
            if is_its_own_peer(&tcp) {
                return Err(AddressFault::Unreachable(io::ErrorKind::ConnectionRefused.into()));
            }
            prepare(&tcp).map_err(AddressFault::Unreachable)?;
            let connected = match trust {
                None => Connected { wire: Transport::Tcp(tcp), first_seen: None, until },
                Some(trust) => {
                    let (tls, first_seen) =
                        TlsStream::open(tcp, &address, &trust, until).await.map_err(AddressFault::Refused)?;
                    Connected { wire: Transport::Tls(Box::new(tls)), first_seen, until }
                }
            };
            if are_several {
                let _ = timeout(SPEAKS_FIRST, connected.wire.ready(Interest::READABLE)).await;
            }
            Ok(connected)
        })
    });
    race(ways).await.map_err(|faults| told(&faults))
}

/// Why an address was not to be had.
enum AddressFault {
    Unreachable(io::Error),
    /// It was, and is not trusted, or no server of ours.
    Refused(ConnectionError),
}

/// What is told of a name whose addresses were all not to be had: what is wrong with one that is there goes before that
/// others are not, and an address of a family that this machine has no way to says least.
fn told(faults: &[AddressFault]) -> Refused {
    let rank = |fault: &&AddressFault| match fault {
        AddressFault::Refused(_) => 0,
        AddressFault::Unreachable(error) => match error.kind() {
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => 2,
            _ => 1,
        },
    };
    let is_refused = |fault: &AddressFault| matches!(fault, AddressFault::Unreachable(error) if error.kind() == io::ErrorKind::ConnectionRefused);
    match faults.iter().min_by_key(rank) {
        Some(AddressFault::Refused(why)) => why.clone().into(),
        Some(AddressFault::Unreachable(error)) => {
            Refused { why: ConnectionError::Unreachable(plain_words(error)), nobody: faults.iter().all(is_refused) }
        }
        None => ConnectionError::Unreachable("the name has no address".into()).into(),
    }
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn of_a_name_with_several_addresses_one_that_hangs_is_passed_over() {
        let [gone, hangs, speaks] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let all = [&gone, &hangs, &speaks].map(|listener| listener.local_addr().unwrap());
        drop(gone);
        let speaking = std::thread::spawn(move || {
            let (mut stream, _) = speaks.accept().unwrap();
            stream.write_all(b"hello").unwrap();
            stream
        });
        let until = Instant::now() + PATIENCE;
        let mut connected = connect_to_any(all, "name.example:1", None, until).await.unwrap();
        let mut first = [0; 8];
        assert_eq!(connected.wire.try_read(&mut first).unwrap(), 5, "this one speaks");
        drop(speaking.join().unwrap());
        // Alone it is taken, and the time for a hello decides.
        connect_to_any([all[1]], "name.example:1", None, until).await.unwrap();
        let refused = connect_to_any([all[0], all[0]], "name.example:1", None, until).await.unwrap_err();
        assert!(refused.nobody && matches!(refused.why, ConnectionError::Unreachable(_)));
    }

    #[test]
    fn what_is_wrong_with_an_address_that_is_there_is_told_before_the_others() {
        let gone = |kind: io::ErrorKind| AddressFault::Unreachable(kind.into());
        let refused = || gone(io::ErrorKind::ConnectionRefused);
        let no_way = || gone(io::ErrorKind::NetworkUnreachable);
        assert!(!told(&[no_way(), refused()]).nobody);
        assert!(
            matches!(told(&[no_way(), refused()]).why, ConnectionError::Unreachable(why) if why.contains("refused"))
        );
        assert_eq!(
            told(&[refused(), AddressFault::Refused(ConnectionError::SpeaksNoTls), no_way()]).why,
            ConnectionError::SpeaksNoTls
        );
        assert!(!told(&[]).nobody);
    }
}
