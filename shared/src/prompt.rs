//! Asking for a PIN on the terminal, unseen. Called by plain mode of the client, and by `squares-server pin`.
//!
//! However the question ends, by a signal too, the terminal echoes again: `prompt/signals.rs` notes the signals that
//! arrive meanwhile. On Windows, `prompt/console.rs` asks.

#[cfg(windows)]
mod console;
mod keys;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;

#[cfg(windows)]
pub use console::{ask_unseen, call_off};
#[cfg(unix)]
pub use terminal::{ask_unseen, call_off};
