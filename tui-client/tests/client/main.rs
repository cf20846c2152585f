//! The client as people and servers meet it: the real program in a terminal or a pipe, its link against the real
//! server and against a scripted one, every screen as a picture. One test program holds them all, so that it is
//! linked once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "what was tried is shown with --nocapture")]

mod connecting;
mod corpus;
// On Windows, crossterm draws by asking the process's console, and a run of tests has none.
#[cfg(unix)]
mod ghosts;
#[cfg(unix)]
mod guest;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod linear;
mod link;
#[cfg(target_os = "linux")]
mod lying;
mod outbox;
#[cfg(unix)]
mod pictures;
#[cfg(unix)]
mod pin;
mod plain;
#[cfg(unix)]
mod pty;
mod screens;
mod server_lines;
mod servers;
mod simulation;
#[cfg(target_os = "linux")]
mod ssh;
mod stage;
mod support;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod trust;
#[cfg(unix)]
mod wall;
#[cfg(target_os = "linux")]
mod wine;
