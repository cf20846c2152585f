//! Redis beside the server, where it is installed: pub/sub to as many clients, and durable writes.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};

use crate::process::Process;

/// The length of a message of 190 bytes as a subscriber gets it.
const DELIVERED: usize = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$190\r\n\r\n".len() + PAYLOAD;
const PAYLOAD: usize = 190;
const SUBSCRIBED: usize = b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n".len();

/// What pub/sub costs: CPU in µs a delivered line, and lines a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    pub(crate) cpu: f64,
    pub(crate) rate: f64,
}

/// A Redis of our own.
pub(crate) struct Redis {
    process: Process,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// Starts it; `None` where it is not installed.
    pub(crate) fn start(durable: bool) -> io::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", ""]);
        command.args(["--maxclients", "19000", "--tcp-backlog", "4096", "--dir"]).arg(folder.path());
        command.args(["--client-output-buffer-limit", "pubsub 0 0 0"]);
        if durable {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        let process = match Process::silent(&mut command) {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err(io::Error::other("redis-server does not listen"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(Self { process, address, _folder: folder }))
    }

    /// Delivers messages to subscribers for a time: so many a round and rounds a second, or flat out.
    pub(crate) fn deliver(&self, clients: usize, rounds_a_second: u32, time: Duration) -> io::Result<Delivery> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(1024);
        let mut streams = Vec::with_capacity(clients);
        for number in 0..clients {
            let mut stream = TcpStream::connect(self.address)?;
            stream.write_all(b"SUBSCRIBE c\r\n")?;
            stream.read_exact(&mut [0; SUBSCRIBED])?;
            stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            streams.push(stream);
        }
        let mut publisher = TcpStream::connect(self.address)?;
        publisher.set_nodelay(true)?;
        let message = format!("*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$190\r\n{}\r\n", "x".repeat(PAYLOAD));
        // Flat out, so many messages are on their way at a time.
        let batch = if rounds_a_second == 0 { 256 } else { 1 };
        let pause = Duration::from_secs(1).checked_div(rounds_a_second).unwrap_or(Duration::ZERO);
        let (begin, cpu) = (Instant::now(), self.process.cpu());
        let (mut read, mut published) = (0, 0);
        let mut next = begin;
        let mut buffer = vec![0; 256 << 10];
        while begin.elapsed() < time {
            let due =
                if rounds_a_second == 0 { read / DELIVERED >= published * clients } else { Instant::now() >= next };
            if due {
                publisher.write_all(message.repeat(batch).as_bytes())?;
                published += batch;
                next += pause;
            }
            let most = if rounds_a_second == 0 {
                Duration::from_millis(100)
            } else {
                next.saturating_duration_since(Instant::now())
            };
            poll.poll(&mut events, Some(most))?;
            for event in &events {
                let stream = &mut streams[event.token().0];
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(count) => read += count,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        let lines = (read / DELIVERED) as f64;
        Ok(Delivery { cpu: (self.process.cpu() - cpu) * 1e6 / lines, rate: lines / begin.elapsed().as_secs_f64() })
    }

    /// Durable writes a second, over so many connections with so many ahead on each; `None` without `redis-benchmark`.
    pub(crate) fn writes(&self, connections: usize, window: usize, requests: usize) -> Option<f64> {
        let port = self.address.port().to_string();
        let [connections, window, requests] = [connections, window, requests].map(|number| number.to_string());
        let output = Command::new("redis-benchmark")
            .args(["-h", "127.0.0.1", "-p", &port, "-t", "set", "-d", "100", "--csv"])
            .args(["-c", &connections, "-P", &window, "-n", &requests])
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let line = text.lines().find(|line| line.starts_with("\"SET\""))?;
        line.split(',').nth(1)?.trim_matches('"').parse().ok()
    }
}
