//! Windows takes two seconds to say that nobody listens at an address of this machine. A client that would host there
//! finds out sooner. Called by the link's task.

use std::future::pending;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::servers::{Missed, Reaching};
use crate::conversation::ConnectionError;

/// Whoever listens on this machine has the connection in less, however busy they are: the system accepts it for them.
const AT_ONCE: Duration = Duration::from_millis(300);

/// The same, or the news that nobody listens at this address, which is to be one of this machine.
pub(super) fn sooner(reaching: Reaching, address: String) -> Reaching {
    Box::pin(async move {
        tokio::select! {
            biased;
            reached = reaching => reached,
            () = nobody_listens(&address) => {
                Err(Missed { server: address, why: ConnectionError::Unreachable("connection refused".into()), nobody: true })
            }
        }
    })
}

/// Ends where nobody does; never where somebody may.
async fn nobody_listens(address: &str) {
    let accepted = timeout(AT_ONCE, TcpStream::connect(address)).await.is_ok_and(|connected| connected.is_ok());
    if accepted || TcpListener::bind(address).await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn that_nobody_listens_is_known_before_the_system_says_so_and_never_where_somebody_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let long = 3 * AT_ONCE;
        assert!(timeout(long, sooner(Box::pin(pending()), address.clone())).await.is_err(), "it is there, and silent");
        drop(listener);
        let missed = sooner(Box::pin(pending()), address.clone()).await.unwrap_err();
        assert_eq!((missed.server, missed.nobody), (address, true));
    }
}
