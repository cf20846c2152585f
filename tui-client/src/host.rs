//! Hosting a server in this process: the only file that names the server's crate. The link calls it where
//! nobody listens at the default address.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use squares_server::{Config, LedgerError, LedgerFile, Server, StartError};
use tokio::runtime::Runtime;

/// The server's threads: a class that is hosted by one of its terminals is small.
const WORKERS: usize = 2;

/// A server in this process, with threads of its own: neither the screen nor the link waits for it, nor it for them.
pub struct Host {
    server: Server,
    runtime: Runtime,
}

/// Why hosting failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostError {
    /// Somebody else took the address first, so there is a server now: connect to it.
    AddressTaken,
    /// Another server has the ledger in this folder open.
    LedgerInUse(String),
    /// The ledger cannot be kept there, or nowhere; the system's words.
    NoLedger(Option<PathBuf>, String),
    /// Anything else, in the system's words.
    Failed(String),
}

/// Where the ledger of a hosted server is, as the user's environment has it. A home that is no absolute path is none.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    squares_server::default_data_dir().ok().filter(|folder| folder.is_absolute())
}

/// The name of the ledger in this folder, where it has results. It is only read, also while a server has it.
#[must_use]
pub fn own_ledger(data: &Path) -> Option<String> {
    let ledger = LedgerFile::open(data).ok()?;
    (ledger.latest > 0).then_some(ledger.ledger_id)
}

/// The error without its advice, which names flags that only the server's program has.
fn without_flags(error: &StartError) -> HostError {
    let text = error.to_string();
    HostError::Failed(text.split_once(';').map_or(&*text, |(what, _)| what).to_owned())
}

impl Host {
    /// Starts a server at this address, with its ledger in `data`, or in the user's data folder.
    ///
    /// # Errors
    /// Why it did not start.
    pub async fn start(listen: String, data: Option<PathBuf>) -> Result<Self, HostError> {
        let data = match data {
            Some(data) => data,
            None => data_folder().ok_or_else(|| HostError::NoLedger(None, String::new()))?,
        };
        let runtime = squares_server::runtime(WORKERS).map_err(|error| without_flags(&error))?;
        let error = match runtime.spawn(Server::start(Config { listen, ..Config::new(data) })).await {
            Ok(Ok(server)) => return Ok(Self { server, runtime }),
            Ok(Err(StartError::Listen { error, .. })) if error.kind() == ErrorKind::AddrInUse => {
                HostError::AddressTaken
            }
            Ok(Err(StartError::Ledger(LedgerError::InUse(folder)))) => {
                HostError::LedgerInUse(folder.display().to_string())
            }
            Ok(Err(StartError::Ledger(LedgerError::Unusable(path, error)))) => HostError::NoLedger(Some(path), error),
            Ok(Err(error)) => without_flags(&error),
            Err(panic) => HostError::Failed(panic.to_string()),
        };
        // Dropping a runtime waits for its tasks, which tokio forbids inside another runtime.
        runtime.shutdown_background();
        Err(error)
    }

    /// Says goodbye to every client and closes the ledger.
    pub async fn stop(self) {
        // A server that panicked has recorded what it answered.
        let _ = self.runtime.spawn(self.server.stop()).await;
        self.runtime.shutdown_background();
    }
}
