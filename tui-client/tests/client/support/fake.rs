//! A server that says only what a test tells it to, line by line, and either end of a raw connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::PATIENCE;

/// A server that says what it is told to.
pub(crate) struct Fake(TcpListener);

impl Fake {
    pub(crate) fn listen() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    pub(crate) fn accept(&self) -> Peer {
        self.0.set_nonblocking(true).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    return Peer::over(stream);
                }
                Err(_) => {
                    assert!(Instant::now() < until, "nobody connects");
                    thread::sleep(Duration::from_millis(2));
                }
            }
        }
    }

    /// Whether nobody connects for this long.
    pub(crate) fn is_left_alone_for(&self, time: Duration) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.0.accept().is_ok() {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Accepts a connection and lets its student in, after this `seq`; gives the join too.
    pub(crate) fn let_in(&self, after: u64) -> (Peer, Value) {
        let mut peer = self.accept();
        peer.hello("log", after);
        let join = peer.hear_type("join");
        peer.welcome(join["student"].as_str().unwrap(), after);
        (peer, join)
    }
}

/// One end of a connection, in lines of JSON.
pub(crate) struct Peer {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Peer {
    pub(crate) fn connect(address: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { reader: BufReader::new(stream.try_clone().unwrap()), writer: stream }
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.say_raw(&message.to_string());
    }

    /// A line as it stands.
    pub(crate) fn say_raw(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Bytes as a line. The other end may be gone already.
    pub(crate) fn say_bytes(&mut self, line: &[u8]) {
        let _ = self.writer.write_all(&[line, b"\n"].concat());
    }

    /// Bytes as they stand. Whether the other end takes them.
    #[cfg(target_os = "linux")]
    pub(crate) fn say_part(&mut self, bytes: &[u8]) -> bool {
        self.writer.write_all(bytes).is_ok()
    }

    /// The next message.
    pub(crate) fn hear(&mut self) -> Value {
        self.try_hear().expect("a message, not the end")
    }

    /// The next message; none at the end.
    pub(crate) fn try_hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("nothing heard: {error}"),
        }
    }

    /// The next message of this type; what comes before it is passed over, and pings are answered.
    pub(crate) fn hear_type(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear();
            if message["type"] == kind {
                return message;
            }
            if message["type"] == "ping" {
                self.say(&json!({"type": "pong", "at": "2026-01-02T03:04:05.678Z"}));
            }
        }
    }

    pub(crate) fn hello(&mut self, log: &str, latest: u64) {
        let limits = json!({"line": 65536, "digits": 10000, "rate": 20, "burst": 50});
        self.say(&json!({"type": "hello", "protocol": 1, "server": "fake 1", "auth": "open", "log": log,
            "latest": latest, "limits": limits}));
    }

    pub(crate) fn welcome(&mut self, student: &str, replay_after: u64) {
        self.welcome_behind(student, replay_after, replay_after);
    }

    pub(crate) fn welcome_behind(&mut self, student: &str, replay_after: u64, latest: u64) {
        let person = json!({"id": student, "name": student, "sessions": 1});
        self.say(&json!({"type": "welcome", "student": {"id": student, "name": student, "department": null},
            "online": {"count": 1, "students": [person]}, "latest": latest, "replay_after": replay_after}));
    }

    pub(crate) fn result(&mut self, seq: u64, student: &str, number: &str, id: Option<&str>) {
        self.say(&result(seq, student, number, id));
    }

    pub(crate) fn error(&mut self, code: &str, id: Option<&str>, retry_after_ms: Option<u64>) {
        self.say(&json!({"type": "error", "code": code, "message": format!("It is {code}."), "id": id,
            "retry_after_ms": retry_after_ms}));
    }

    /// Breaks the connection off.
    pub(crate) fn hang_up(self) {
        let _ = self.writer.shutdown(Shutdown::Both);
    }
}

/// The message of a result.
pub(crate) fn result(seq: u64, student: &str, number: &str, id: Option<&str>) -> Value {
    let value: i64 = number.parse().unwrap();
    let mut result = json!({"type": "result", "seq": seq, "at": "2026-01-02T03:04:05.678Z", "student": student,
        "name": student, "number": number, "square": (value * value).to_string()});
    if let Some(id) = id {
        result["id"] = id.into();
    }
    result
}
