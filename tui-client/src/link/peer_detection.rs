//! What answers in place of a room, by the first bytes that it sends: a person who gave the wrong port wants to know
//! whose it is. Pure; called while a connection is made.

use std::io;
use std::time::Duration;

use crate::conversation::ConnectionError;

/// How long a connection may take to be made, and how long `hello` may take to come after it: a person who waits is
/// told within ten seconds what is wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// The most of what came first that is kept to judge by.
pub(super) const FIRST: usize = 64;

/// The first byte of everything that a room says: a JSON object.
const OBJECT: u8 = b'{';

/// Who begins how.
const BEGINNINGS: [(&[u8], &str); 14] = [
    (b"SSH-", "SSH"),
    (b"HTTP/", "HTTP"),
    (b"<!DOCTYPE", "HTTP"),
    (b"<html", "HTTP"),
    (b"+OK", "POP3"),
    (b"* OK", "IMAP"),
    (b"RFB ", "VNC"),
    (b"-ERR", "Redis"),
    (b"-NOAUTH", "Redis"),
    (b"-DENIED", "Redis"),
    (b"ERROR\r\n", "memcached"),
    (b"INFO {", "NATS"),
    (b"@RSYNCD:", "rsync"),
    (b"AMQP", "AMQP"),
];

/// Whether this is how TLS begins: one of its records.
pub(super) fn is_tls(begins: &[u8]) -> bool {
    // A record has its kind (20 to 24), then the version, whose first byte is 3 in every one of them.
    matches!(begins, [20..=24]) || matches!(begins, [20..=24, 3, ..])
}

/// Whether this is how a room begins, without TLS.
pub(super) fn is_a_room(begins: &[u8]) -> bool {
    let begins = begins.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begins);
    begins.first() == Some(&OBJECT)
}

/// Who it is that begins so; none where that is not known, or not yet.
pub(super) fn who(begins: &[u8]) -> Option<ConnectionError> {
    if begins.len() > 1 && is_tls(begins) {
        return Some(ConnectionError::WantsTls);
    }
    if begins.starts_with(b"220") {
        // Mail and files greet alike.
        let line = begins.split(|byte| *byte == b'\n').next().unwrap_or_default().to_ascii_uppercase();
        let whole = line.len() < begins.len() || begins.len() >= FIRST;
        let mail = line.windows(4).any(|four| four == b"SMTP");
        return (whole || mail).then_some(ConnectionError::Stranger(if mail { "SMTP" } else { "FTP" }));
    }
    if let [_, _, _, 0, 10, b'0'..=b'9', ..] = begins {
        return Some(ConnectionError::Stranger("MySQL"));
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| {
        begins.len() >= beginning.len() && begins[..beginning.len()].eq_ignore_ascii_case(beginning)
    });
    known.map(|(_, name)| ConnectionError::Stranger(name))
}

/// Why there is no connection.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub why: ConnectionError,
    /// Nobody listens there, which is where one may host.
    pub nobody: bool,
}

impl From<ConnectionError> for Refused {
    fn from(why: ConnectionError) -> Self {
        Self { why, nobody: false }
    }
}

/// The system's words for an error, without its number.
#[must_use]
pub fn plain_words(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_is_told_by_how_it_begins() {
        for (begins, who_it_is) in [
            (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], ConnectionError::Stranger("SSH")),
            (b"HTTP/1.1 400 Bad Request\r\n", ConnectionError::Stranger("HTTP")),
            (b"<html><head>", ConnectionError::Stranger("HTTP")),
            (b"220 mail.example ESMTP\r\n", ConnectionError::Stranger("SMTP")),
            (b"220 (vsFTPd 3.0.3)\r\n", ConnectionError::Stranger("FTP")),
            (b"+OK ready\r\n", ConnectionError::Stranger("POP3")),
            (b"* OK [CAPABILITY IMAP4rev1]", ConnectionError::Stranger("IMAP")),
            (b"RFB 003.008\n", ConnectionError::Stranger("VNC")),
            (b"-ERR unknown command\r\n", ConnectionError::Stranger("Redis")),
            (b"\x4a\0\0\0\x0a8.0.36\0", ConnectionError::Stranger("MySQL")),
            (b"\x15\x03\x01\0\x02\x02\x46", ConnectionError::WantsTls),
            (b"\x16\x03", ConnectionError::WantsTls),
        ] {
            assert_eq!(who(begins), Some(who_it_is), "{begins:?}");
        }
        for unknown in [&b""[..], b"S", b"SSH", b"220 ", b"220 mail", b"{\"type\":", b"\x15", b"\x15\x04", b"\xff\xfb"]
        {
            assert_eq!(who(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_room_and_tls_are_told_by_their_first_bytes() {
        assert!(is_a_room(b"{") && is_a_room("\u{feff}{".as_bytes()) && !is_a_room(b"") && !is_a_room(b"SSH"));
        assert!(is_tls(b"\x16") && is_tls(b"\x16\x03\x03") && !is_tls(b"\x16\x02") && !is_tls(b"{") && !is_tls(b""));
    }
}
