//! Where a server is: reads what a person or a flag gives (`host`, `host:port`, `[::1]:7878`, a port, what a browser
//! or the server's own line shows; several between commas) into the one form that the link connects to and that the
//! outbox files squares under. Called by `flags`, by the join screen and by the link.

use std::net::Ipv6Addr;

use squares_shared::typed;

/// Where a server is looked for, and hosted, when nobody says otherwise.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:7878";

/// The port where none is given.
pub const DEFAULT_PORT: u16 = 7878;

/// The host where only a port is given: this machine.
const THIS_MACHINE: &str = "127.0.0.1";

/// The most servers of one room.
const MAX_SERVERS: usize = 32;

/// The most of a text that is quoted where it is no address.
const QUOTED: usize = 80;

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is none.
    #[error("not a server address: {0}; give a host, or a host and a port such as 192.0.2.7:7878")]
    NotOne(String),
    /// There are too many between its commas.
    #[error("too many servers: {0}; give at most {MAX_SERVERS}")]
    TooMany(usize),
}

/// Reads the servers of one room, with commas between them, into a list without spaces that names each once.
///
/// # Errors
/// Where one of them is no address, or none is given.
///
/// ```
/// use squares::address::read_servers;
/// assert_eq!(read_servers("a.example, B.example:9,a.example").as_deref(), Ok("a.example:7878,b.example:9"));
/// ```
pub fn read_servers(text: &str) -> Result<String, AddressError> {
    let narrow = typed::read(text);
    let mut servers: Vec<String> = Vec::new();
    for part in narrow.split([',', '、']).filter(|part| !part.trim().is_empty()) {
        let server = read_address(part)?;
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    match servers.len() {
        0 => Err(not_one(text)),
        count if count > MAX_SERVERS => Err(AddressError::TooMany(count)),
        _ => Ok(servers.join(",")),
    }
}

/// The servers of a list that [`read_servers`] gave.
pub fn each_server(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
}

/// Reads one address: a host name, an IPv4 or an IPv6 address, with or without a port; a port alone is one of this
/// machine.
///
/// # Errors
/// Where the text is no host, or its port is not 1 to 65535.
///
/// ```
/// use squares::address::read_address;
/// assert_eq!(read_address(" school.example ").as_deref(), Ok("school.example:7878"));
/// assert_eq!(read_address("::1").as_deref(), Ok("[::1]:7878"));
/// assert_eq!(read_address("[::1]:9").as_deref(), Ok("[::1]:9"));
/// assert_eq!(read_address("7904").as_deref(), Ok("127.0.0.1:7904"));
/// assert!(read_address("school.example:http").is_err());
/// ```
pub fn read_address(text: &str) -> Result<String, AddressError> {
    let refused = || not_one(text);
    // An input method for Korean or Chinese gives these for a point.
    let narrow = typed::read(text).replace(['。', '｡'], ".");
    let bare = without_path(without_scheme(&narrow));
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(format!("{THIS_MACHINE}:{}", port(bare).ok_or_else(refused)?));
    }
    if let Some(v6) = read_v6(bare) {
        return Ok(format!("[{v6}]:{DEFAULT_PORT}"));
    }
    let (host, port) = match bare.rsplit_once([':', ' ']) {
        Some((host, digits)) if !bare.ends_with(']') => (host.trim_end(), port(digits).ok_or_else(refused)?),
        _ => (bare, DEFAULT_PORT),
    };
    match host.strip_prefix('[') {
        Some(rest) => {
            let v6 = rest.strip_suffix(']').and_then(read_v6).ok_or_else(refused)?;
            Ok(format!("[{v6}]:{port}"))
        }
        // What a server that listens everywhere says of itself: from here, that is this machine.
        None if host.is_empty() || host == "0.0.0.0" || host == "*" => Ok(format!("{THIS_MACHINE}:{port}")),
        None if is_host(host) => Ok(format!("{}:{port}", host.to_ascii_lowercase())),
        None => Err(refused()),
    }
}

/// The host of an address that [`read_address`] gave, without brackets, and its port.
pub(crate) fn host_and_port(address: &str) -> (&str, u16) {
    let (host, digits) = address.rsplit_once(':').unwrap_or((address, ""));
    (host.trim_matches(['[', ']']), port(digits).unwrap_or(DEFAULT_PORT))
}

fn not_one(text: &str) -> AddressError {
    let printable = text.trim().chars().filter(|c| squares_shared::student::is_printable(*c));
    AddressError::NotOne(printable.take(QUOTED).collect())
}

/// Without `http://` and its like.
fn without_scheme(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !scheme.is_empty() => rest,
        _ => text,
    }
}

/// Without what stands behind the first slash.
fn without_path(text: &str) -> &str {
    text.split_once(['/', '?', '#']).map_or(text, |(address, _)| address)
}

fn port(digits: &str) -> Option<u16> {
    // `parse` alone would take a plus sign.
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&port: &u16| only_digits && port > 0)
}

/// An IPv6 address, with the zone that one of this link needs (`fe80::1%eth0`). The one that stands for all is this
/// machine.
fn read_v6(text: &str) -> Option<String> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let address: Ipv6Addr = address.parse().ok()?;
    match zone {
        None if address.is_unspecified() => Some(Ipv6Addr::LOCALHOST.to_string()),
        None => Some(address.to_string()),
        Some(zone) => is_host(zone).then(|| format!("{address}%{zone}")),
    }
}

/// Whether a text may be a host name; names beyond ASCII are left to the resolver.
fn is_host(host: &str) -> bool {
    let begins = host.chars().next().is_some_and(|first| first != '-');
    begins && host.len() <= 253 && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_into_one_form() {
        for (text, address) in [
            ("localhost", "localhost:7878"),
            ("LocalHost:80", "localhost:80"),
            ("10.0.0.1", "10.0.0.1:7878"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("[2001:db8::1]", "[2001:db8::1]:7878"),
            ("2001:DB8::1", "[2001:db8::1]:7878"),
            ("fe80::1%eth0", "[fe80::1%eth0]:7878"),
            ("[fe80::1%2]:9", "[fe80::1%2]:9"),
            ("학교.example:7", "학교.example:7"),
        ] {
            assert_eq!(read_address(text).as_deref(), Ok(address), "{text}");
            assert_eq!(read_address(address).as_deref(), Ok(address), "{text}, read again");
        }
    }

    #[test]
    fn what_is_clearly_meant_is_taken() {
        for (text, address) in [
            ("7904", "127.0.0.1:7904"),
            (":7904", "127.0.0.1:7904"),
            ("７９０４", "127.0.0.1:7904"),
            ("0.0.0.0:7904", "127.0.0.1:7904"),
            ("*:7904", "127.0.0.1:7904"),
            ("[::]:7904", "[::1]:7904"),
            ("::", "[::1]:7878"),
            (" localhost:9\r\n", "localhost:9"),
            ("\u{3000}１０．０．０．１：９\u{3000}", "10.0.0.1:9"),
            ("10。0。0。1:9", "10.0.0.1:9"),
            ("10.0.0.1 9", "10.0.0.1:9"),
            ("http://a:9/", "a:9"),
            ("https://A.example/room?x#y", "a.example:7878"),
            ("squares://[::1]:9", "[::1]:9"),
            ("a:9/", "a:9"),
            ("a/", "a:7878"),
        ] {
            assert_eq!(read_address(text).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_text() {
        for text in [
            "",
            ":",
            "0",
            "65536",
            "127001",
            "a b",
            "a:",
            "a:0",
            "a:65536",
            "a:+80",
            "a:b:c",
            "[::1",
            "::1]:9",
            "://a",
            "http://",
            "user@a",
            "a\x1b[2J",
            "[fe80::1%]:9",
            "-1",
            "a:9:9",
            "1.2.3.4:5:6",
        ] {
            let error = read_address(text).unwrap_err().to_string();
            assert!(error.starts_with("not a server address: "), "{text}");
            assert!(!error.contains('\x1b'));
        }
    }

    #[test]
    fn servers_of_one_room_are_a_list_that_names_each_once() {
        for (text, list) in [
            ("a", "a:7878"),
            ("a,b:9", "a:7878,b:9"),
            (" a , b:9 ,", "a:7878,b:9"),
            ("7901,:7902，７９０３、7901", "127.0.0.1:7901,127.0.0.1:7902,127.0.0.1:7903"),
            ("[::1],[::1]:7878,10.0.0.1", "[::1]:7878,10.0.0.1:7878"),
        ] {
            assert_eq!(read_servers(text).as_deref(), Ok(list), "{text}");
        }
        for bad in ["", ",", " , ", "a,b c", "a,:0", &"a,".repeat(40).replace("a,a", "b,c:x")] {
            assert!(read_servers(bad).is_err(), "{bad}");
        }
        let many: Vec<String> = (1..=33).map(|n| format!("h{n}")).collect();
        assert_eq!(read_servers(&many.join(",")), Err(AddressError::TooMany(33)));
        assert_eq!(each_server("a:1,b:2").collect::<Vec<_>>(), ["a:1", "b:2"]);
    }

    #[test]
    fn host_and_port_of_an_address_are_had_apart() {
        assert_eq!(host_and_port("a:9"), ("a", 9));
        assert_eq!(host_and_port("[fe80::1%eth0]:9"), ("fe80::1%eth0", 9));
    }
}
