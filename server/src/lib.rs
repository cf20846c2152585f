//! The Squares server as a library, so that a client can host it in its own process.
//!
//! The map: `server` assembles a `room` from a `config`, and `listen` accepts connections and gives each to a
//! `session`, which speaks the protocol from `hello` to `bye`, in the join pool until its student has caught up. A
//! session submits squares to the `ledger`, which makes them durable in one order and pushes each batch to the `feed`;
//! every session is a cursor into it, and the `relay` writes to those that wait. `presence` knows who is online,
//! `roster` who may join, `pins` whether it is they, and `limits` how much anybody may ask for. Slow work runs in the
//! `worker_pool`. All report to `metrics`. `invite` says how others join.

#[cfg(feature = "cluster")]
mod cluster;
mod config;
mod feed;
mod http_detection;
mod invite;
mod ledger;
mod limits;
mod listen;
mod metrics;
mod permissions;
mod pins;
mod presence;
mod relay;
mod room;
mod roster;
mod server;
mod session;
mod start_error;
mod threads;
mod tls;
mod wire;
mod worker_pool;

#[cfg(feature = "cluster")]
pub use cluster::{ClusterError, compare};
pub use config::{ClusterConfig, Config, DEFAULT_ADDRESS, DEFAULT_PORT, default_data_dir};
pub use invite::SshGuests;
pub use ledger::{BackupError, Findings, LedgerError, LedgerFile, LedgerStudent, ResultRow};
pub use pins::{PinError, hash_pin};
pub use roster::{LONGEST_ROSTER, MadePins, RosterError, make_pins, read_roster};
pub use server::{Server, runtime};
pub use start_error::StartError;
pub use tls::{TlsError, TlsSource};
