//! Why a server cannot join a cluster, in one line that says how to mend it.

use std::{io, path::PathBuf};

use crate::LedgerError;

/// Why a server cannot join a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No NATS server answers, or none lets this server in.
    #[error("cannot join NATS at {0}: {1}; check --cluster, --cluster-credentials and that nats-server runs there")]
    Unreachable(String, String),
    /// The credentials cannot be read.
    #[error("cannot read {0}: {1}; give a NATS .creds file with --cluster-credentials")]
    Credentials(PathBuf, io::Error),
    /// The NATS server is too old.
    #[error("the NATS server is of version {0:?}, which cannot sync each record; use 2.10 or newer (docs/cluster.md)")]
    TooOld(String),
    /// The NATS server says something else than a version.
    #[error("the NATS server gives {0:?} as its version, which cannot be read; use 2.10 or newer (docs/cluster.md)")]
    UnknownVersion(String),
    /// The NATS server keeps no streams.
    #[error("the NATS server has no JetStream for this account; start nats-server with JetStream (docs/cluster.md)")]
    NoJetStream,
    /// The stream did not get ready in time.
    #[error(
        "the shared log is not ready: {0}; check that JetStream is on at every NATS server, and that most of them run"
    )]
    NotReady(String),
    /// The NATS server does not make such a stream.
    #[error("NATS does not make the shared log: {0}; give --cluster-replicas 1 where one server is meant")]
    Refused(String),
    /// The stream that stands may lose records, or is something else.
    #[error("the stream {0} stands with other settings ({1}), and is left as it is; give another --cluster-name")]
    OtherSettings(String, String),
    /// The stream that stands is kept on more or fewer servers than is expected.
    #[error(
        "the stream {stream} is kept on {found} servers, not {expected}; where that is meant, give --cluster-replicas {found}"
    )]
    OtherReplicas {
        /// Its name.
        stream: String,
        /// On how many servers it is kept.
        found: usize,
        /// On how many it should be.
        expected: usize,
    },
    /// The beginning of the stream is gone.
    #[error("the beginning of the stream {0} is gone; restore it, or give another --cluster-name")]
    Cut(String),
    /// The stream does not begin with the name of a log.
    #[error("the stream {0} is no log of Squares of a version that this program knows; give another --cluster-name")]
    NoLog(String),
    /// Numbers may be longer than a record.
    #[error("numbers of {0} digits do not fit into a record of the shared log; give --max-digits {1} or less")]
    TooLong(usize, usize),
    /// The ledger cannot be this server's part of the log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The system has no threads or random numbers left.
    #[error("cannot join the cluster: {0}; end other programs")]
    System(#[from] io::Error),
}
