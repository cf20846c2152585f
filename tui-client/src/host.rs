//! Hosting a server in this process: the only file that names the server's crate. The link calls it where
//! nobody listens at the default address.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use squares_server::{Config, Server, StartError};

/// A server in this process.
pub struct Host {
    server: Server,
}

/// Why hosting did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostError {
    /// Somebody else took the address first, so there is a server now: connect to it.
    AddressTaken,
    /// Anything else, as one line that says how to mend it.
    Failed(String),
}

impl Host {
    /// Starts a server at this address, with its ledger in `data`, or in the user's data folder.
    ///
    /// # Errors
    /// Why it did not start.
    pub async fn start(listen: String, data: Option<PathBuf>) -> Result<Self, HostError> {
        let failed = |error: &dyn std::fmt::Display| HostError::Failed(error.to_string());
        let data = match data {
            Some(data) => data,
            None => squares_server::default_data_dir().map_err(|error| failed(&error))?,
        };
        match Server::start(Config { listen, ..Config::new(data) }).await {
            Ok(server) => Ok(Self { server }),
            Err(StartError::Listen { error, .. }) if error.kind() == ErrorKind::AddrInUse => {
                Err(HostError::AddressTaken)
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Says goodbye to every client and closes the ledger.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
