//! Asks the terminal for its background colour (OSC 11), and reads the reply. Only the end of the program waits for it,
//! so that it does not arrive in the shell. Called by `run`.

use std::time::{Duration, Instant};

use crate::theme::Rgb;

const QUERY: &[u8] = b"\x1b]11;?\x1b\\";

/// How long after the query its reply is expected.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the terminal owes a reply.
#[derive(Debug)]
pub struct BackgroundQuery {
    /// Some terminals print such a query.
    allowed: bool,
    sent: Option<Instant>,
}

impl BackgroundQuery {
    /// Nothing is asked yet, nor ever where it is not `allowed`.
    #[must_use]
    pub const fn new(allowed: bool) -> Self {
        Self { allowed, sent: None }
    }

    /// Asks.
    pub fn send(&mut self) {
        if self.allowed && super::write(QUERY).is_ok() {
            self.sent = Some(Instant::now());
        }
    }

    /// The reply has come.
    pub const fn replied(&mut self) {
        self.sent = None;
    }

    /// Whether a reply is still expected.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.sent.is_some_and(|sent| sent.elapsed() < PATIENCE)
    }
}

/// Reads a reply: `rgb:1e1e/1e1e/1e1e`, with one to four digits a channel.
pub(super) fn parse_reply(reply: &str) -> Option<Rgb> {
    let channels = reply.strip_prefix("rgb:").or_else(|| reply.strip_prefix("rgba:"))?;
    let mut channels = channels.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|digits| (1..=4).contains(digits))?)? - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(value * 255 / most).ok()
    });
    Some(Rgb(channels.next()??, channels.next()??, channels.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_reply_is_read() {
        for (reply, colour) in [
            ("rgb:ffff/ffff/ffff", Some(Rgb(255, 255, 255))),
            ("rgb:1e1e/2828/0000", Some(Rgb(0x1e, 0x28, 0))),
            ("rgb:ff/80/0", Some(Rgb(255, 128, 0))),
            ("rgba:0000/0000/0000/ffff", Some(Rgb(0, 0, 0))),
            ("rgb:fffff/0/0", None),
            ("rgb:1/2", None),
            ("rgb://", None),
            ("?", None),
        ] {
            assert_eq!(parse_reply(reply), colour, "{reply}");
        }
    }
}
