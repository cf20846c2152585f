//! The `id`s of requests, by which the server records each square exactly once, and other unique names. Called by the
//! link, plain mode and the outbox.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Makes the `id`s of requests: never the same in two clients, and ascending within one, and mostly from one client
/// to the next, because the server's index stores neighbours together.
#[derive(Debug)]
pub struct RequestIds {
    prefix: String,
    next: u64,
}

impl Default for RequestIds {
    /// A maker of `id`s unlike any other.
    fn default() -> Self {
        Self { prefix: format!("{}{}", base32(since_1970().as_secs(), 7), base32(random(), 8)), next: 0 }
    }
}

impl RequestIds {
    /// An `id` not given before, that sorts behind all those given.
    pub fn fresh(&mut self) -> String {
        self.next += 1;
        format!("{}-{}", self.prefix, base32(self.next, 6))
    }
}

/// A name that nobody else gives, and that sorts behind those that were given before.
pub(crate) fn unique_name() -> String {
    let microseconds = since_1970().as_micros();
    format!("{}{}", base32(u64::try_from(microseconds).unwrap_or(u64::MAX), 11), base32(random(), 8))
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The keys of a `RandomState` come from the system, so two machines that boot together differ too.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The lowest `digits` digits of a number in base 32, whose digits sort as text does.
fn base32(number: u64, digits: u32) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    (0..digits).rev().map(|place| char::from(DIGITS[(number >> (5 * place)) as usize & 31])).collect()
}
