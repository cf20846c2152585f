//! Reading the roster again while everything else goes on: one at a time, and where its disk hangs, nothing but that
//! hangs. Used by `main`.

use std::{future::Future, pin::Pin, time::Duration};

use squares_server::{RosterError, Server};

/// How long the end waits for a roster that is being read, so that the log tells what came of it.
const LAST: Duration = Duration::from_secs(1);

/// What came of it.
type Reloaded = Result<Option<usize>, RosterError>;

/// The roster that is being read, if it is.
pub(crate) struct Reload<'a> {
    server: &'a Server,
    reading: Option<Pin<Box<dyn Future<Output = Reloaded> + 'a>>>,
    /// It was asked for again meanwhile: the file may have changed behind what was read.
    again: bool,
}

impl<'a> Reload<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, reading: None, again: false }
    }

    /// Begins to read it, or does so once more when it was read.
    pub(crate) fn ask(&mut self) {
        if self.reading.is_some() {
            self.again = true;
            tracing::warn!("the roster is still being read; is its disk there?");
        } else {
            self.reading = Some(Box::pin(self.server.reload_roster()));
        }
    }

    /// Whether it is being read.
    pub(crate) fn is_running(&self) -> bool {
        self.reading.is_some()
    }

    /// Goes on with it, and says on the log what came of it. Waits for ever where nobody asked.
    pub(crate) async fn done(&mut self) {
        let Some(reading) = &mut self.reading else { return std::future::pending().await };
        match reading.await {
            Ok(Some(students)) => tracing::info!(students, "the roster was read again"),
            Ok(None) => tracing::warn!("there is no roster to read again"),
            Err(error) => tracing::error!("{error}; the roster before it stays in force"),
        }
        self.reading = None;
        if std::mem::take(&mut self.again) {
            self.ask();
        }
    }

    /// Waits a moment for what is being read.
    pub(crate) async fn end(mut self) {
        if self.reading.is_some() && tokio::time::timeout(LAST, self.done()).await.is_err() {
            tracing::warn!("the roster is still being read, and nobody waits for it any more");
        }
    }
}
