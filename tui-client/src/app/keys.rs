//! What keys and the mouse do on each screen.

mod join;
mod mouse;
mod room;
