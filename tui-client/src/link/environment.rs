//! Where the link meets the network and the disk: the one thing that is another in a simulation. Handed to the link
//! when it starts.

use std::io;
use std::pin::Pin;
use std::thread;

use tokio::runtime::Builder;

use super::peer_detection::Refused;
use super::trust::Trust;
use super::wire::{self, Connected};

/// A connection that is being made.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Connected, Refused>> + Send>>;

/// The work of an outbox: it waits for nothing but what it is asked to do, and ends when nobody asks any more.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the link meets the network and the disk.
pub trait Environment: Send + Sync {
    /// Connects to this address, inside TLS where there is a rule whom to trust.
    fn connect(&self, address: &str, trust: Option<&Trust>) -> Connecting;

    /// Carries this out beside the link, which does not wait for it.
    ///
    /// # Errors
    /// Where there is nothing to carry it out on.
    fn work(&self, work: Work) -> io::Result<()>;
}

/// The system's: sockets, and a thread for the disk.
pub(crate) struct System;

impl Environment for System {
    fn connect(&self, address: &str, trust: Option<&Trust>) -> Connecting {
        let (address, trust) = (address.to_owned(), trust.cloned());
        Box::pin(async move { wire::connect(&address, trust.as_ref()).await })
    }

    fn work(&self, work: Work) -> io::Result<()> {
        let runtime = Builder::new_current_thread().build()?;
        thread::Builder::new().name("outbox".into()).spawn(move || runtime.block_on(work)).map(drop)
    }
}
