//! What the tests of the server share: a real `squares-server` in a folder of its own, and peers that speak to it
//! over real sockets, a line at a time.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// No wait of a test is longer: whatever takes this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_squares-server");

/// A `squares-server` program that listens on a free port.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Kept open: a server whose log nobody takes would get errors.
    _out: BufReader<ChildStdout>,
    log: Option<ChildStderr>,
}

impl Program {
    /// Starts it on this data folder, with further flags, and waits until it is ready.
    pub(crate) fn start(data: &Path, flags: &[&str]) -> Self {
        let mut command = command(data);
        command.args(["--listen", "127.0.0.1:0"]).args(flags);
        Self::start_as(command)
    }

    /// Starts it as this command says, and waits until it is ready.
    pub(crate) fn start_as(command: Command) -> Self {
        Self::try_start_as(command).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts it as this command says, and waits until it is ready or has ended; then gives its log.
    pub(crate) fn try_start_as(mut command: Command) -> Result<Self, String> {
        let mut child = command.spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("its output is text");
        let address = line.strip_prefix("listening on ").and_then(|rest| rest.trim_end().parse().ok());
        let Some(address) = address else {
            let mut log = String::new();
            let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
            let status = child.wait().expect("it was started here");
            return Err(format!("not ready: {line:?}, {status}; {log}"));
        };
        let log = child.stderr.take();
        Ok(Self { child, address, _out: out, log })
    }

    #[cfg(unix)]
    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it runs");
    }

    /// Ends it as a power switch would, as far as a process can tell.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
    }

    /// Waits until it has ended by itself, and gives its exit status and its log.
    #[cfg(feature = "cluster")]
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        if let Some(mut stderr) = self.log.take() {
            stderr.read_to_string(&mut log).expect("the log is text");
        }
        (self.child.wait().expect("it was started here"), log)
    }

    /// Waits until its log says this, and gives the log so far; nothing more is read of it after that.
    #[cfg(feature = "cluster")]
    pub(crate) fn until_logged(&mut self, what: &str) -> String {
        read_until(&self.log_lines(), what)
    }

    /// Its log, line by line as it is written.
    #[cfg(any(windows, feature = "cluster"))]
    fn log_lines(&mut self) -> std::sync::mpsc::Receiver<String> {
        let log = BufReader::new(self.log.take().expect("nobody has read it"));
        let (read, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(read.send(line + "\n"))));
        lines
    }

    /// Asks it to stop, and gives its exit status and its log.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.signal(rustix::process::Signal::TERM);
        let mut log = String::new();
        if let Some(mut stderr) = self.log.take() {
            stderr.read_to_string(&mut log).expect("the log is text");
        }
        (self.child.wait().expect("it was started here"), log)
    }

    /// Kills it, and gives its exit status and its log: the event that asks a program to stop can only be sent by
    /// unsafe code. What it does up to then is on the log, as it has told of a last connection.
    #[cfg(windows)]
    pub(crate) fn stop(self) -> (ExitStatus, String) {
        let last = TcpStream::connect(self.address).expect("the server accepts");
        let address = last.local_addr().expect("a TCP stream");
        self.stop_once_logged(&format!("address={address}"))
    }

    /// The same once its log says this, as one that is killed writes nothing more; one that stops writes all of it.
    #[cfg(unix)]
    pub(crate) fn stop_once_logged(self, _what: &str) -> (ExitStatus, String) {
        self.stop()
    }

    #[cfg(windows)]
    pub(crate) fn stop_once_logged(mut self, what: &str) -> (ExitStatus, String) {
        let lines = self.log_lines();
        let log = read_until(&lines, what);
        self.child.kill().expect("it runs");
        let log = lines.into_iter().fold(log, |log, line| log + &line);
        (self.child.wait().expect("it was started here"), log)
    }
}

/// Reads lines until one of them says this, and gives them.
#[cfg(any(windows, feature = "cluster"))]
fn read_until(lines: &std::sync::mpsc::Receiver<String>, what: &str) -> String {
    let mut so_far = String::new();
    while !so_far.contains(what) {
        so_far += &lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("in vain: {what}; {so_far}"));
    }
    so_far
}

/// Whether a program has ended as it was asked to; on Windows it was killed, as [`Program::stop`] says.
pub(crate) fn ended_well(status: ExitStatus) -> bool {
    cfg!(windows) || status.success()
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with its data folder set, its output piped, and no setting of the environment.
pub(crate) fn command(data: &Path) -> Command {
    command_by(PROGRAM, data)
}

/// The same, started by another program, such as one that gives it a file system of its own.
pub(crate) fn command_by(starter: &str, data: &Path) -> Command {
    let mut command = Command::new(starter);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SQUARES_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("RUST_LOG")
        .env("SQUARES_DATA", data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server in a folder that goes with it.
pub(crate) fn server(flags: &[&str]) -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (Program::start(folder.path(), flags), folder)
}

/// One connection.
pub(crate) struct Peer {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
    pub(crate) hello: Value,
}

impl Peer {
    /// Connects and reads the `hello`.
    pub(crate) fn connect(program: &Program) -> Self {
        Self::connect_to(program.address)
    }

    /// Connects to an address and reads the `hello`.
    pub(crate) fn connect_to(address: SocketAddr) -> Self {
        Self::greeted(open(address))
    }

    /// The same, from another address of this machine.
    #[cfg(target_os = "linux")]
    pub(crate) fn connect_from(own: std::net::Ipv4Addr, address: SocketAddr) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((own, 0)).into()).expect("an address of this machine");
        socket.connect(&address.into()).expect("the server accepts");
        Self::greeted(set_up(socket.into()))
    }

    fn greeted((stream, lines): (TcpStream, BufReader<TcpStream>)) -> Self {
        let mut peer = Self { stream, lines, hello: Value::Null };
        peer.hello = peer.next();
        assert_eq!(peer.hello["type"], "hello");
        peer
    }

    /// Connects and joins as a student, with further fields of `join`; gives the `welcome` too.
    pub(crate) fn join(program: &Program, student: &str, fields: Value) -> (Self, Value) {
        let mut peer = Self::connect(program);
        let mut join = serde_json::json!({"type": "join", "student": student});
        if let (Value::Object(join), Value::Object(fields)) = (&mut join, fields) {
            join.extend(fields);
        }
        peer.send(&join);
        let welcome = peer.next();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (peer, welcome)
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_raw(format!("{message}\n").as_bytes());
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// Sends, unless the connection is gone.
    pub(crate) fn try_send(&mut self, message: &Value) -> bool {
        self.try_send_raw(format!("{message}\n").as_bytes())
    }

    /// Sends, unless the connection is gone or takes nothing any more.
    pub(crate) fn try_send_raw(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn give_up_writing_after(&mut self, time: Duration) {
        self.stream.set_write_timeout(Some(time)).expect("a TCP stream");
    }

    pub(crate) fn square(&mut self, number: impl Into<Value>, id: &str) {
        self.send(&serde_json::json!({"type": "square", "number": number.into(), "id": id}));
    }

    /// Closes the sending side.
    pub(crate) fn end(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// The next message, whatever it is; `None` once the server has closed.
    pub(crate) fn try_next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line);
        message(read, &line)
    }

    /// The same, and `None` too where nothing has come for a second from a server that is gone: of some programs that
    /// are killed, wine keeps connections open.
    pub(crate) fn try_next_unless(&mut self, is_gone: &AtomicBool) -> Option<Value> {
        self.stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a TCP stream");
        let until = Instant::now() + PATIENCE;
        let mut line = String::new();
        loop {
            match self.lines.read_line(&mut line) {
                Err(error) if cfg!(windows) && is_timeout(&error) && is_gone.load(Ordering::Relaxed) => return None,
                Err(error) if is_timeout(&error) && Instant::now() < until => {}
                read => return message(read, &line),
            }
        }
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Value {
        self.try_next().expect("the server closed the connection")
    }

    /// The next message that is not about presence.
    pub(crate) fn reply(&mut self) -> Value {
        loop {
            let message = self.next();
            if !matches!(message["type"].as_str(), Some("presence" | "online")) {
                return message;
            }
        }
    }

    /// The next message of this type; the ones before it are passed over.
    pub(crate) fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The `seq`s of the next `count` results.
    pub(crate) fn seqs(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.next_of("result")["seq"].as_u64().expect("a result has a seq")).collect()
    }

    /// Asserts that the server closes now, with nothing more to say.
    pub(crate) fn closed(&mut self) {
        assert_eq!(self.try_next(), None);
    }
}

fn is_timeout(error: &io::Error) -> bool {
    // On Unix it is told by the first, on Windows by the second.
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The message of a line as it was read; `None` where the server has closed.
fn message(read: io::Result<usize>, line: &str) -> Option<Value> {
    match read {
        Ok(0) => None,
        Ok(_) => {
            assert!(line.ends_with('\n'), "half a line: {line:?}");
            Some(serde_json::from_str(line).expect("the server speaks JSON"))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
        Err(error) => panic!("nothing came: {error}"),
    }
}

/// A connection and its lines, neither of which waits for ever.
pub(crate) fn open(address: SocketAddr) -> (TcpStream, BufReader<TcpStream>) {
    set_up(TcpStream::connect(address).expect("the server accepts"))
}

fn set_up(stream: TcpStream) -> (TcpStream, BufReader<TcpStream>) {
    stream.set_nodelay(true).expect("a TCP stream");
    stream.set_read_timeout(Some(PATIENCE)).expect("a TCP stream");
    stream.set_write_timeout(Some(PATIENCE)).expect("a TCP stream");
    let lines = BufReader::new(stream.try_clone().expect("a TCP stream"));
    (stream, lines)
}

/// How often a test tries: as often as this variable says, for a long run, or as often as is short.
pub(crate) fn how_many(variable: &str, short: u64) -> u64 {
    std::env::var(variable).map_or(short, |times| times.parse().expect("it is a number"))
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The memory that a process has in use, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn resident(pid: rustix::process::Pid) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).expect("the process runs");
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a count of pages");
    pages * 4096
}
