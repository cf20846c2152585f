//! The Squares client for the terminal, as a library.

pub mod event;
