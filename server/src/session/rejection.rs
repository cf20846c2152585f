//! Refusing or evicting a connection: it is told `server_full`, and for a few at a time the server waits until that was
//! read. `listen` refuses, a session that is evicted says rejection itself.

use std::time::Duration;

use squares_shared::message::{ErrorCode, ErrorMessage, FromServer, to_line};
use tokio::sync::OwnedSemaphorePermit;

use crate::{limits::Full, wire::Wire};

/// Connections that are waited for at the same time, until they have read why. The others are told and closed at once.
pub(crate) const AT_ONCE: usize = 256;

/// How long one of them is waited for.
const TIME: Duration = Duration::from_secs(1);

/// Sends a last line, and waits until the client has closed. The permit is one of [`AT_ONCE`].
pub(crate) async fn send(_permit: OwnedSemaphorePermit, wire: &Wire, line: &[u8]) {
    let _ = tokio::time::timeout(TIME, wire.end_with(line)).await;
}

/// The line for a refused or evicted connection.
pub(crate) fn server_full(full: Full) -> Vec<u8> {
    let message = match full {
        Full::Server => "The server has as many connections as it takes; try again later.",
        Full::Address => {
            "As many connections come from this address as the server takes; close some, or try again later."
        }
    };
    to_line(&FromServer::Error(ErrorMessage::new(ErrorCode::ServerFull, message)))
}
