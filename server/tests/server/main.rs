//! The server as its clients meet it: the real program, real sockets, and one file for each kind of trouble. One test
//! program holds them all, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test that fails says where")]
#![allow(clippy::print_stderr, reason = "what was measured is shown with --nocapture")]

#[cfg(target_os = "linux")]
mod abuse;
mod cable;
#[cfg(all(unix, feature = "cluster"))]
mod cluster;
mod commands;
mod conversation;
mod crash;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod faults;
mod files;
#[cfg(unix)]
mod given;
mod hostile;
mod http;
mod invite;
mod limits;
mod metrics;
#[cfg(target_os = "linux")]
mod namespaces;
mod pins;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod power;
mod program;
mod resume;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod shim;
#[cfg(target_os = "linux")]
mod slow_reader;
mod storage;
// The same on every system; a program that was built for Windows elsewhere has no cargo to ask.
#[cfg(not(windows))]
mod supply;
mod support;
mod tls;
#[cfg(target_os = "linux")]
mod unseen;
mod watch;
mod windows;
