//! One client that asks and waits for the answer, over a blocking socket.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that has joined.
pub(crate) struct Asker {
    stream: BufReader<TcpStream>,
    line: String,
}

impl Asker {
    /// Joins, with `fields` added to the `join`, and gets the `welcome`.
    pub(crate) fn join(address: SocketAddr, student: &str, fields: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut asker = Self { stream: BufReader::with_capacity(64 << 10, stream), line: String::new() };
        asker.send(&format!("{{\"type\":\"join\",\"student\":\"{student}\"{fields}}}\n"))?;
        asker.until("welcome")?;
        Ok(asker)
    }

    /// Sends whole lines.
    pub(crate) fn send(&mut self, lines: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(lines.as_bytes())
    }

    /// The next line of this type.
    pub(crate) fn until(&mut self, kind: &str) -> io::Result<&str> {
        self.until_line(|line| of_type(line, kind))
    }

    /// The next line that is looked for. An `error` is one.
    pub(crate) fn until_line(&mut self, found: impl Fn(&str) -> bool) -> io::Result<&str> {
        loop {
            self.line.clear();
            if self.stream.read_line(&mut self.line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if of_type(&self.line, "error") {
                return Err(io::Error::other(self.line.clone()));
            }
            if found(&self.line) {
                return Ok(&self.line);
            }
        }
    }
}

fn of_type(line: &str, kind: &str) -> bool {
    line.strip_prefix(r#"{"type":""#).and_then(|line| line.strip_prefix(kind)).is_some_and(|rest| rest.starts_with('"'))
}
