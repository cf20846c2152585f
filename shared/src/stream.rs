//! A byte stream that is no socket, such as one of a simulated network: the server takes its clients from it, and the
//! client's link its server, in place of TCP.

use std::{
    fmt::Debug,
    io,
    task::{Context, Poll},
};

/// A byte stream that is no socket. Reading and writing never wait: where nothing can be done they fail with
/// [`io::ErrorKind::WouldBlock`], and the polls then tell when to try again.
pub trait Stream: Debug + Send + Sync {
    /// Reads what has arrived; 0 is the end.
    ///
    /// # Errors
    /// `WouldBlock` where nothing has; anything else ends the connection.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as fits.
    ///
    /// # Errors
    /// `WouldBlock` where nothing does; anything else ends the connection.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Ready when reading may give something. Only the waker of the last call is woken.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when writing may take something. Only the waker of the last call is woken.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says to the other side that nothing more will be written.
    ///
    /// # Errors
    /// Where the other side is gone.
    fn shutdown(&self) -> io::Result<()>;
}
