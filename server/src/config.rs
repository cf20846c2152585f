//! How a server is set up, with the defaults of the program's flags.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use squares_shared::message::Auth;

use crate::{invite::SshGuests, ledger::LedgerError, tls::TlsSource};

/// How a server is set up. [`Config::new`] has the defaults of the program's flags.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen, as `host:port`; port 0 picks a free one.
    pub listen: String,
    /// The folder of the ledger; made if missing.
    pub data: PathBuf,
    /// The roster file, where there is one.
    pub roster: Option<PathBuf>,
    /// How students are let in; `None`: by the roster where there is one, else anyone.
    pub auth: Option<Auth>,
    /// Squares a second for one student; 0: no limit.
    pub rate: u32,
    /// Squares at once for one student before `rate` counts.
    pub burst: u32,
    /// Digits of squared numbers a second for one student, ten seconds' worth at once; 0, or a `rate` of 0: no limit.
    pub digit_rate: u32,
    /// The most digits of a number, in canonical form.
    pub max_digits: usize,
    /// The most bytes of a line, its end not counted.
    pub max_line: usize,
    /// The most connections in all.
    pub max_connections: usize,
    /// The most connections from one address, of IPv6 from one network of 64 bits; 0: no limit.
    pub max_per_address: usize,
    /// The most terminals of one student; 0: no limit.
    pub max_per_student: u32,
    /// Where metrics and health are served over HTTP, as `host:port`; `None`: nowhere.
    pub metrics: Option<String>,
    /// The certificate of a server that speaks TLS; `None`: it does not.
    pub tls: Option<TlsSource>,
    /// The account that shows the room over ssh, where one is set up; others are told of it.
    pub ssh: Option<SshGuests>,
    /// The log that is shared with other servers; `None`: the ledger is this server's own.
    pub cluster: Option<ClusterConfig>,
    /// A ledger that was a server's part of a cluster goes on alone, under a new name; otherwise it is refused.
    pub leave_cluster: bool,
}

/// A log that several servers share, kept by NATS JetStream. A server takes it only where it is built with the feature
/// `cluster`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The NATS servers, as `nats://host:port` or `tls://host:port`.
    pub servers: Vec<String>,
    /// Which room of that NATS system: 1 to 32 of `a-z`, `0-9` and `-`.
    pub name: String,
    /// A NATS `.creds` file.
    pub credentials: Option<PathBuf>,
    /// On how many NATS servers the log is kept; `None`: three, or one where the NATS server is alone.
    pub replicas: Option<usize>,
}

/// The address that servers listen on, and clients look at, where nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:7878";

/// The port of [`DEFAULT_ADDRESS`], for an address that is given without one.
pub const DEFAULT_PORT: u16 = 7878;

impl Config {
    /// The defaults, with the ledger in this folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: DEFAULT_ADDRESS.to_owned(),
            data: data.into(),
            roster: None,
            auth: None,
            rate: 20,
            burst: 50,
            digit_rate: 20_000,
            max_digits: 10_000,
            max_line: 65_536,
            max_connections: 10_000,
            max_per_address: 0,
            max_per_student: 16,
            metrics: None,
            tls: None,
            ssh: None,
            cluster: None,
            leave_cluster: false,
        }
    }
}

/// The folder for the ledger if no other is given: `squares` in the user's data directory (XDG), or in the local
/// application data of Windows.
///
/// # Errors
/// Where the user has no home directory.
pub fn default_data_dir() -> Result<PathBuf, LedgerError> {
    let base =
        etcetera::choose_base_strategy().map_err(|error| LedgerError::Unusable("~".into(), error.to_string()))?;
    // What the crate calls the cache on Windows is the local application data: profiles that roam are copied about.
    Ok(if cfg!(windows) { base.cache_dir() } else { base.data_dir() }.join("squares"))
}
