//! Why a server cannot start, in one line that says how to mend it.

use std::io;

use crate::{ledger::LedgerError, roster::RosterError, tls::TlsError};

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}; choose another address with {flag}")]
    Listen {
        /// The flag that gave it.
        flag: &'static str,
        /// The address as it was given.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// The address is none.
    #[error("cannot listen on {address}, given with {flag}: {why}")]
    Address {
        /// The flag that gave it.
        flag: &'static str,
        /// The address as it was given.
        address: String,
        /// What is wrong with it and how it is written.
        why: String,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The roster cannot be used.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// There is no certificate that can be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system has no descriptors or threads left.
    #[error("cannot start: {0}; end other programs, or raise the limit of open files (ulimit -n)")]
    System(#[from] io::Error),
    /// The system does not give as many threads as a server needs.
    #[error(
        "cannot start {wanted} threads: {error}; raise the limit of processes (ulimit -u, or TasksMax of the unit)"
    )]
    Threads {
        /// How many a server needs.
        wanted: usize,
        /// The system's words.
        error: io::Error,
    },
    /// A roster is asked for, and none is given.
    #[error("this way of letting students in needs a roster; give one with --roster")]
    NoRoster,
    /// The cluster cannot be joined.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] crate::cluster::ClusterError),
    /// A cluster is named, and this program has no part of one.
    #[error("this server was built without the feature 'cluster', and serves alone")]
    NoCluster,
}
