//! The Squares client for the terminal, as a library: the full-screen room and plain mode. The program `squares` and
//! the tests use it.
//!
//! The map, from the outside to the ground:
//!
//! - `flags`, `config` and `plain` for scripts; `run` is the one loop of the room. It turns input, signals and what
//!   `link` tells into events for `app`, executes the effects that come back, and lets `view` draw.
//! - `app` decides, in the types of `event`, and `present` does for the room on the wall; `view` shows both. None of
//!   them knows a socket, a disk or a terminal.
//! - `link` connects, hosts (`host`) and drives the `conversation`, which is the protocol without a socket; `store`
//!   keeps what outlives a run; `terminal` and `signals` are the terminal and the system.
//! - `keys`, `strings` and `theme` are tables that app and view read; `lang`, `text`, `digits`, `address`, `pin`,
//!   `nearest` and `time_zone` stand below everything.

/// What the app's own tests share with those beside `src` names this crate as those do.
#[cfg(test)]
extern crate self as squares;

pub mod address;
pub mod app;
pub mod config;
pub mod conversation;
pub mod digits;
pub mod event;
pub mod flags;
pub mod host;
pub mod keys;
pub mod lang;
pub mod link;
mod nearest;
pub mod pin;
pub mod plain;
pub mod present;
pub mod run;
mod signals;
pub mod store;
pub mod strings;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod time_zone;
pub mod view;
