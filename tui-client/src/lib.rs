//! The Squares client for the terminal, as a library: the full-screen room and plain mode. The program `squares` and
//! the tests use it.
//!
//! The map: `run` is the one loop of the room. It turns input, signals and the news of `link` into events for `app`,
//! carries out the effects that come back, and lets `view` draw. `plain` is the other way to use the program.

pub mod address;
pub mod app;
pub mod config;
pub mod conversation;
pub mod event;
pub mod flags;
pub mod host;
pub mod keys;
pub mod lang;
pub mod link;
mod nearest;
pub mod pin;
pub mod plain;
pub mod run;
mod signals;
pub mod store;
pub mod strings;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod time_zone;
pub mod view;
