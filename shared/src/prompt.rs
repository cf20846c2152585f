//! Asking for a PIN on the terminal, unseen. Called by plain mode of the client, and by `squares-server pin`.
//!
//! However the question ends, by a signal too, the terminal echoes again: `prompt/signals.rs` notes the signals that
//! arrive meanwhile.

#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;

#[cfg(unix)]
pub use terminal::{ask_unseen, call_off};

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
#[must_use]
pub fn ask_unseen(_question: &str, _ends_at_signals: bool) -> Option<String> {
    None
}

/// Elsewhere nothing is asked.
#[cfg(not(unix))]
pub fn call_off() {}
