//! The Windows console: what is typed, as the bytes that a terminal sends elsewhere, and the modes that are needed for
//! them. The client reads its screen's input here, `prompt` a PIN; the server's log asks for sequences on the output.
//! Called on Windows alone.

mod keys;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub use windows::{ConsoleInput, ConsoleModes, ConsoleRead, understands_sequences};
