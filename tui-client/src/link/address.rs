//! Where a server is: reads what a person or a flag gives (`host`, `host:port`, `[::1]:7878`) into the one form
//! that the link connects to and that the outbox files squares under. Called by `flags` and by the link.

use std::net::Ipv6Addr;

/// Where a server is looked for, and hosted, when nobody says otherwise.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:7878";

/// The port where none is given.
pub const DEFAULT_PORT: u16 = 7878;

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a server address: {0}; give a host, or a host and a port such as 192.0.2.7:7878")]
pub struct AddressError(String);

/// Reads an address: a host name, an IPv4 or an IPv6 address, with or without a port.
///
/// # Errors
/// Where the text is no host, or its port is not 1 to 65535.
///
/// ```
/// use squares::link::read_address;
/// assert_eq!(read_address(" school.example ").as_deref(), Ok("school.example:7878"));
/// assert_eq!(read_address("::1").as_deref(), Ok("[::1]:7878"));
/// assert_eq!(read_address("[::1]:9").as_deref(), Ok("[::1]:9"));
/// assert!(read_address("school.example:http").is_err());
/// ```
pub fn read_address(text: &str) -> Result<String, AddressError> {
    let refused =
        || AddressError(text.chars().filter(|c| squares_shared::student::is_printable(*c)).take(80).collect());
    let trimmed = text.trim();
    if let Ok(v6) = trimmed.parse::<Ipv6Addr>() {
        return Ok(format!("[{v6}]:{DEFAULT_PORT}"));
    }
    let (host, port) = match trimmed.rsplit_once(':') {
        Some((host, port)) if !trimmed.ends_with(']') => {
            // `parse` alone would take a plus sign.
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            (host, port.parse().ok().filter(|&port: &u16| digits && port > 0).ok_or_else(refused)?)
        }
        _ => (trimmed, DEFAULT_PORT),
    };
    match host.strip_prefix('[') {
        Some(rest) => {
            let v6: Ipv6Addr = rest.strip_suffix(']').and_then(|v6| v6.parse().ok()).ok_or_else(refused)?;
            Ok(format!("[{v6}]:{port}"))
        }
        None if is_host(host) => Ok(format!("{}:{port}", host.to_ascii_lowercase())),
        None => Err(refused()),
    }
}

/// Whether a text may be a host name; names beyond ASCII are left to the resolver.
fn is_host(host: &str) -> bool {
    !host.is_empty() && host.len() <= 253 && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
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
            ("학교.example:7", "학교.example:7"),
        ] {
            assert_eq!(read_address(text).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_text() {
        for text in ["", ":", ":80", "a b", "a:", "a:0", "a:65536", "a:+80", "a:b:c", "[::1", "http://a", "a\x1b[2J"] {
            let error = read_address(text).unwrap_err().to_string();
            assert!(error.starts_with("not a server address: "), "{text}");
            assert!(!error.contains('\x1b'));
        }
    }
}
