//! Streams that are no TCP sockets, handed to the server in this process, as a simulated network does.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr},
    os::unix,
    task::{Context, Poll},
};

use squares_server::{Config, Server};
use squares_shared::stream::Stream;
use tokio::{net::UnixStream, sync::mpsc};

use crate::support::PATIENCE;

/// One end of a pair of streams within the process.
#[derive(Debug)]
struct Given(UnixStream);

impl Stream for Given {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        // In small pieces, so that what does not fit is met as well.
        self.0.try_write(&bytes[..bytes.len().min(7)])
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read_ready(context)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(context)
    }

    fn shutdown(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.0).shutdown(Shutdown::Write)
    }
}

#[tokio::test]
async fn a_stream_that_is_no_socket_is_served_like_one() {
    let folder = tempfile::tempdir().unwrap();
    let (hand_over, streams) = mpsc::channel(1);
    let server = Server::start_with(Config::new(folder.path()), streams).await.unwrap();
    let (ours, theirs) = unix::net::UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    hand_over.send((Box::new(Given(UnixStream::from_std(theirs).unwrap())), address)).await.unwrap();

    let talk = tokio::task::spawn_blocking(move || {
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        (&ours).write_all(b"{\"type\":\"join\",\"student\":\"a\"}\n{\"type\":\"square\",\"number\":\"12\"}\n").unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        BufReader::new(ours).lines().map(Result::unwrap).collect::<Vec<_>>()
    });
    let lines = talk.await.unwrap();
    assert!(lines[0].starts_with("{\"type\":\"hello\""), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("\"square\":\"144\"")), "{lines:?}");
    server.stop().await;
}
