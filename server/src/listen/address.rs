//! Addresses to listen on: parses what a flag gave, and opens the sockets for it.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};
use squares_shared::typed;

use crate::start_error::StartError;

/// Connections that the system may hold until they are accepted: a whole class may reconnect at once.
const BACKLOG: i32 = 4096;

/// How often another free port is tried when one is free at one address of a name but not at the others.
const TRIES: usize = 8;

/// Listens on every address that this flag gave; if it gave no port, on this one.
///
/// # Errors
/// [`StartError::Address`] or [`StartError::Listen`]. An address that this machine does not have is no error as long
/// as another of the same name is one.
pub(crate) async fn listen_on(
    flag: &'static str,
    written: &str,
    port: Option<u16>,
) -> Result<Vec<(TcpListener, SocketAddr)>, StartError> {
    let (host, port) =
        read(written, port).map_err(|why| StartError::Address { flag, address: written.to_owned(), why })?;
    let failed = |error| StartError::Listen { flag, address: typed::read(written).into_owned(), error };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host((&*host, port)).await.map_err(failed)? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    for _ in 1..TRIES {
        match bind_all(&addresses) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port == 0 => {}
            bound => return bound.map_err(failed),
        }
    }
    bind_all(&addresses).map_err(failed)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server must not wait until the system has forgotten its old connections.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Sockets for all of them, at one port.
fn bind_all(addresses: &[SocketAddr]) -> io::Result<Vec<(TcpListener, SocketAddr)>> {
    let mut bound: Vec<(TcpListener, SocketAddr)> = Vec::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name leads to no address");
    for &(mut address) in addresses {
        if let Some((_, first)) = bound.first() {
            address.set_port(first.port());
        }
        match bind(address).and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok((address, listener)) => bound.push((listener, address)),
            // Another program would serve the other half of the name.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => last = error,
        }
    }
    if bound.is_empty() { Err(last) } else { Ok(bound) }
}

/// The host and the port of an address as it was written, or what is wrong with it and how to write it.
fn read(written: &str, usual: Option<u16>) -> Result<(String, u16), String> {
    let written = typed::read(written);
    let unbracketed = |host: &str| {
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inside.filter(|host| host.parse::<IpAddr>().is_ok()).map(str::to_owned)
    };
    let is_host = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let no_port = |host: String| match usual {
        Some(port) => Ok((host, port)),
        None => {
            let host = if host.contains(':') { format!("[{host}]") } else { host };
            Err(format!("it has no port; write one behind it, such as {host}:9100"))
        }
    };
    if written.parse::<IpAddr>().is_ok() {
        return no_port(written.into_owned());
    }
    if let Some(host) = unbracketed(&written) {
        return no_port(host);
    }
    let port = written.strip_prefix(':').or(written.strip_prefix("*:")).unwrap_or(&written);
    if let Ok(port) = port.parse::<u16>() {
        return Err(format!(
            "it has no host; write 127.0.0.1:{port} for this machine alone, or 0.0.0.0:{port} for everybody who reaches it"
        ));
    }
    match written.rsplit_once(':') {
        None if is_host(&written) => no_port(written.into_owned()),
        Some((host, port)) if is_host(host) || unbracketed(host).is_some() => match port.parse() {
            Ok(port) => Ok((unbracketed(host).unwrap_or_else(|| host.to_owned()), port)),
            Err(_) => Err("its port is no number from 0 to 65535; write one, such as 127.0.0.1:7878".to_owned()),
        },
        _ => Err("it is not a host and a port; write it as 127.0.0.1:7878, localhost:7878 or [::1]:7878".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_meant() {
        for (written, host, port) in [
            ("127.0.0.1:7921", "127.0.0.1", 7921),
            ("0.0.0.0", "0.0.0.0", 7878),
            ("localhost", "localhost", 7878),
            ("localhost:0", "localhost", 0),
            ("::", "::", 7878),
            ("::1", "::1", 7878),
            ("[::]", "::", 7878),
            ("[::1]:7921", "::1", 7921),
            (" room.example:7921\r", "room.example", 7921),
            ("１２７.0.0.1:７９２１", "127.0.0.1", 7921),
        ] {
            assert_eq!(read(written, Some(7878)), Ok((host.to_owned(), port)), "{written:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn all_addresses_of_a_name_are_listened_on_at_one_port() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let both = bind_all(&[address("127.0.0.1:0"), address("127.0.0.2:0")]).unwrap();
        let [(_, first), (_, second)] = &both[..] else { panic!("{both:?}") };
        assert_eq!(second.port(), first.port());
        for (_, address) in &both {
            std::net::TcpStream::connect(address).unwrap();
        }
        // One that this machine does not have is passed over; one that somebody else has is not.
        let elsewhere = address("192.0.2.1:0");
        assert_eq!(bind_all(&[elsewhere, address("127.0.0.1:0")]).unwrap().len(), 1);
        assert!(bind_all(&[elsewhere]).is_err() && bind_all(&[]).is_err());
        let taken = bind_all(&[address("127.0.0.3:0"), *second].map(|mut address| {
            address.set_port(second.port());
            address
        }));
        assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn what_is_no_address_is_told_how_it_is_written() {
        for (written, hint) in [
            ("7921", "127.0.0.1:7921 for this machine alone, or 0.0.0.0:7921"),
            (":7921", "0.0.0.0:7921"),
            ("*:7921", "0.0.0.0:7921"),
            ("localhost:", "its port"),
            ("localhost:99999", "its port"),
            ("localhost:http", "its port"),
            ("http://localhost:7878/", "not a host"),
            ("", "not a host"),
            (":", "not a host"),
            ("a b:1", "not a host"),
            ("[::1", "not a host"),
            ("[::1]7921", "not a host"),
        ] {
            let why = read(written, Some(7878)).expect_err(written);
            assert!(why.contains(hint), "{written:?}: {why}");
        }
        assert!(read("localhost", None).unwrap_err().contains("localhost:9100"));
        assert!(read("::1", None).unwrap_err().contains("[::1]:9100"));
    }
}
