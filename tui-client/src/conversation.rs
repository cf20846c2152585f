//! What a client keeps of the protocol from one line to the next, without a socket, a clock or a disk. The link and
//! plain mode use it.

mod backoff;
mod cursor;
mod plausible;
mod send_window;

pub use backoff::Backoff;
pub use cursor::{Continues, Cursor};
pub(crate) use plausible::{check, keep_asked};
pub use send_window::{SendWindow, WINDOW};
