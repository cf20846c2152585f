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

use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(windows)]
pub use console::ask_unseen;
use parking_lot::Mutex;
#[cfg(unix)]
pub use terminal::ask_unseen;

/// Held while a question is asked, since there is one terminal.
static ASKING: Mutex<()> = Mutex::new(());

/// The program ends, and asks nothing any more.
static CALLED_OFF: AtomicBool = AtomicBool::new(false);

/// Calls off what another thread may be asking, now and from now on, and waits until the terminal is as it was before.
/// For a program that ends.
pub fn call_off() {
    CALLED_OFF.store(true, Ordering::SeqCst);
    drop(ASKING.lock());
}
