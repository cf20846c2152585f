//! Streams that are no TCP sockets, handed to the server in this process, as a simulated network does.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr},
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

/// What a server with this configuration answers to these lines, when they come from this address.
async fn lines_of(config: Config, address: IpAddr, lines: &'static str) -> Vec<String> {
    let (hand_over, streams) = mpsc::channel(1);
    let server = Server::start_with(config, streams).await.unwrap();
    let (ours, theirs) = unix::net::UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let given = Box::new(Given(UnixStream::from_std(theirs).unwrap()));
    hand_over.send((given, SocketAddr::from((address, 1)))).await.unwrap();
    let talk = tokio::task::spawn_blocking(move || {
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        (&ours).write_all(lines.as_bytes()).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        BufReader::new(ours).lines().map(Result::unwrap).collect::<Vec<_>>()
    });
    let lines = talk.await.unwrap();
    server.stop().await;
    lines
}

#[tokio::test]
async fn a_stream_that_is_no_socket_is_served_like_one() {
    let folder = tempfile::tempdir().unwrap();
    let requests = "{\"type\":\"join\",\"student\":\"a\"}\n{\"type\":\"square\",\"number\":\"12\"}\n";
    let lines = lines_of(Config::new(folder.path()), Ipv4Addr::LOCALHOST.into(), requests).await;
    assert!(lines[0].starts_with("{\"type\":\"hello\""), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("\"square\":\"144\"")), "{lines:?}");
}

#[tokio::test]
async fn a_room_with_a_roster_is_watched_from_its_own_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::write(&roster, "id,name\na,A\n").unwrap();
    let requests = "{\"type\":\"watch\"}\n{\"type\":\"join\",\"student\":\"a\"}\n";
    for (roster, address, codes) in [
        (Some(&roster), "192.0.2.7", ["not_allowed", "welcome"]),
        (Some(&roster), "2001:db8::7", ["not_allowed", "welcome"]),
        (Some(&roster), "127.9.9.9", ["welcome", "already_joined"]),
        (Some(&roster), "::1", ["welcome", "already_joined"]),
        (Some(&roster), "::ffff:127.0.0.1", ["welcome", "already_joined"]),
        (None, "192.0.2.7", ["welcome", "already_joined"]),
    ] {
        let config = Config { roster: roster.cloned(), ..Config::new(folder.path().join("data")) };
        let lines = lines_of(config, address.parse().unwrap(), requests).await;
        for (line, code) in lines[1..].iter().zip(codes) {
            assert!(line.contains(&format!("\"{code}\"")), "{address}: {code}, {lines:?}");
        }
    }
}
