//! Which addresses of this machine lead to sockets that listen. Asked by `invite` when the server starts, and while it
//! runs, since a machine changes its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::SockRef;

/// An address that a socket listens on, and for one that stands for all addresses, of which kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    address: SocketAddr,
    /// It takes connections to addresses of IPv4 too, where it stands for all addresses of IPv6.
    takes_v4: bool,
}

impl Bound {
    pub(crate) fn of(sockets: &[(TcpListener, SocketAddr)]) -> Vec<Self> {
        let bound = |(socket, address): &(TcpListener, SocketAddr)| Self {
            address: *address,
            takes_v4: address.is_ipv6() && SockRef::from(socket).only_v6().is_ok_and(|only_v6| !only_v6),
        };
        sockets.iter().map(bound).collect()
    }

    /// Whether a connection to this address of the machine is accepted.
    fn takes(&self, address: IpAddr) -> bool {
        match self.address.ip() {
            IpAddr::V4(any) if any.is_unspecified() => address.is_ipv4(),
            IpAddr::V6(any) if any.is_unspecified() => address.is_ipv6() || self.takes_v4,
            one => one == address,
        }
    }
}

/// Where others reach these sockets, the likeliest first, given the machine's addresses in the network; where nobody
/// does, where this machine itself does.
pub(crate) fn reachable(bound: &[Bound], network: &[IpAddr]) -> Vec<SocketAddr> {
    let port_of = |address: &IpAddr| bound.iter().find(|bound| bound.takes(*address)).map(|bound| bound.address.port());
    let listed = |address: &IpAddr| Some(SocketAddr::new(*address, port_of(address)?));
    let mut all: Vec<SocketAddr> = network.iter().filter_map(listed).collect();
    // An address that was given stands for itself, also where the system does not list it.
    for address in bound.iter().map(|bound| bound.address) {
        if !address.ip().is_unspecified() && !address.ip().is_loopback() && !all.contains(&address) {
            all.push(address);
        }
    }
    if all.is_empty() {
        all.extend(bound.iter().map(|bound| bound.address).filter(|address| address.ip().is_loopback()));
    }
    if all.is_empty() {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        all.extend(loopback.iter().find_map(listed));
    }
    all
}

/// The addresses of this machine that others on its networks may reach, the likeliest first: those through which it
/// reaches the world itself, IPv4 before IPv6, and last those of networks within the machine.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let found = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::debug!(%error, "the system does not tell its addresses");
        Vec::new()
    });
    let found = found.iter().map(|interface| (&*interface.name, interface.ip())).collect::<Vec<_>>();
    in_order(&found, &[outgoing(Ipv4Addr::UNSPECIFIED.into()), outgoing(Ipv6Addr::UNSPECIFIED.into())])
}

/// The address that this machine sends from. No packet is sent: the system only looks up the way to an address that
/// is reserved for examples.
fn outgoing(any: IpAddr) -> Option<IpAddr> {
    let far: SocketAddr = if any.is_ipv4() { ([192, 0, 2, 1], 9).into() } else { "[2001:db8::1]:9".parse().ok()? };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn in_order(found: &[(&str, IpAddr)], outgoing: &[Option<IpAddr>]) -> Vec<IpAddr> {
    let mut ranked: Vec<(bool, bool, bool, IpAddr)> = found
        .iter()
        .filter(|(_, address)| is_for_others(*address))
        .map(|&(name, address)| (is_within(name), !outgoing.contains(&Some(address)), address.is_ipv6(), address))
        .collect();
    // Stable, so that the system's own order decides between equals.
    ranked.sort_by_key(|&(within, aside, v6, _)| (within, v6, aside));
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (.., address) in ranked {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Whether anybody else could use it: one of this machine alone, or one that needs the name of an interface behind it,
/// is none.
fn is_for_others(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !address.is_loopback() && !address.is_unspecified() && !address.is_multicast() && !link_local
}

/// Whether an interface of this name leads to containers or virtual machines on this machine.
fn is_within(name: &str) -> bool {
    ["docker", "br-", "veth", "virbr", "vboxnet", "vmnet", "cni", "podman", "lxc", "lxd", "vEthernet"]
        .iter()
        .any(|within| name.starts_with(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn bound(address: &str, takes_v4: bool) -> Bound {
        Bound { address: address.parse().unwrap(), takes_v4 }
    }

    #[test]
    fn only_addresses_that_are_listened_on_are_named() {
        let network = [ip("192.0.2.7"), ip("198.51.100.3"), ip("2001:db8::7")];
        for (bound, named) in [
            (&[bound("0.0.0.0:7878", false)][..], &["192.0.2.7:7878", "198.51.100.3:7878"][..]),
            (&[bound("[::]:1", true)], &["192.0.2.7:1", "198.51.100.3:1", "[2001:db8::7]:1"]),
            (&[bound("[::]:1", false)], &["[2001:db8::7]:1"]),
            (&[bound("198.51.100.3:1", false)], &["198.51.100.3:1"]),
            (&[bound("203.0.113.9:1", false)], &["203.0.113.9:1"]),
            (&[bound("127.0.0.1:1", false), bound("[::1]:1", false)], &["127.0.0.1:1", "[::1]:1"]),
            (&[bound("127.0.0.1:1", false), bound("192.0.2.7:1", false)], &["192.0.2.7:1"]),
            (&[], &[]),
        ] {
            let named: Vec<SocketAddr> = named.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(reachable(bound, &network), named, "{bound:?}");
        }
    }

    #[test]
    fn a_machine_in_no_network_reaches_itself() {
        for (any, named) in [
            (bound("0.0.0.0:1", false), "127.0.0.1:1"),
            (bound("[::]:1", true), "127.0.0.1:1"),
            (bound("[::]:1", false), "[::1]:1"),
        ] {
            assert_eq!(reachable(&[any], &[]), [named.parse().unwrap()], "{any:?}");
        }
    }

    #[test]
    fn what_the_machine_sends_from_comes_first_and_what_lies_within_it_last() {
        let found = [
            ("lo", ip("127.0.0.1")),
            ("docker0", ip("172.17.0.1")),
            ("eth1", ip("198.51.100.3")),
            ("eth0", ip("2001:db8::7")),
            ("eth0", ip("fe80::1")),
            ("eth0", ip("192.0.2.7")),
            ("eth0", ip("192.0.2.7")),
            ("wlan0", ip("169.254.1.1")),
        ];
        let order = in_order(&found, &[Some(ip("192.0.2.7")), None]);
        assert_eq!(order, [ip("192.0.2.7"), ip("198.51.100.3"), ip("2001:db8::7"), ip("172.17.0.1")]);
    }

    #[test]
    fn a_socket_says_itself_whether_it_takes_both_kinds() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(Bound::of(&[(socket, address)]), [Bound { address, takes_v4: false }]);
    }
}
