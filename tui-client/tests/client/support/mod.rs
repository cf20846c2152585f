//! What the client's tests share: a home of their own for each, the real server as a process, a server that says only
//! what a test tells it to, and processes that cannot outlive a test.

pub(crate) mod client;
pub(crate) mod fake;
#[cfg(unix)]
pub(crate) mod pty;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use fake::{Fake, Peer};
use serde_json::{Value, json};

/// Longer than anything here takes, shorter than a person's patience.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub(crate) const SQUARES: &str = env!("CARGO_BIN_EXE_squares");

/// The real server's program, beside ours.
fn server_program() -> PathBuf {
    let program = Path::new(SQUARES).with_file_name(format!("squares-server{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "there is no {}; `cargo test --workspace` builds it", program.display());
    program
}

/// Folders of its own for everything that a program keeps.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where `squares` keeps what outlives a run.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state/squares")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.state().join("outbox")
    }

    /// A command that sees these folders and nothing of who runs the test.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SQUARES_")) {
            command.env_remove(name);
        }
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 6] {
        [
            ("HOME", self.path().to_owned()),
            ("XDG_STATE_HOME", self.path().join("state")),
            ("XDG_DATA_HOME", self.path().join("data")),
            ("XDG_CONFIG_HOME", self.path().join("config")),
            ("LC_ALL", "en_US.UTF-8".into()),
            ("NO_COLOR", String::new().into()),
        ]
    }

    pub(crate) fn squares(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(SQUARES);
        command.args(arguments);
        command
    }
}

/// A process that ends with its test.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }

    /// Its exit code; a process that does not end is a failure.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.wait().code()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.wait_for(PATIENCE)
    }

    pub(crate) fn wait_for(&mut self, patience: Duration) -> ExitStatus {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the process does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stdout_lines(&mut self) -> Lines {
        Lines::of(self.0.stdout.take().unwrap())
    }

    pub(crate) fn say(&mut self, text: &str) {
        let input = self.0.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn close_input(&mut self) {
        drop(self.0.stdin.take());
    }

    pub(crate) fn errors(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lines of a process as they come, with an end to patience.
pub(crate) struct Lines(mpsc::Receiver<String>);

impl Lines {
    pub(crate) fn of(source: impl Read + Send + 'static) -> Self {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                let Ok(line) = line else { return };
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self(told)
    }

    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a line")
    }

    /// Every line up to the end.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return lines,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the output does not end"),
            }
        }
    }

    pub(crate) fn is_silent_for(&self, time: Duration) -> bool {
        matches!(self.0.recv_timeout(time), Err(mpsc::RecvTimeoutError::Timeout))
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end with this standard input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Done {
    let mut process = Process::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut stdin = process.0.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that does not read to the end is no fault of the writer.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let (mut stdout, mut stderr) = (process.0.stdout.take().unwrap(), process.0.stderr.take().unwrap());
    let out = thread::spawn(move || read_all(&mut stdout));
    let err = thread::spawn(move || read_all(&mut stderr));
    let code = process.exit_code();
    writer.join().unwrap();
    Done { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

fn read_all(source: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The real server.
pub(crate) struct Server {
    process: Process,
    pub address: String,
    home: Home,
    arguments: Vec<String>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", arguments)
    }

    /// At this address.
    pub(crate) fn start_on(listen: &str, arguments: &[&str]) -> Self {
        let home = Home::new();
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (process, address) = Self::spawn(&home, &arguments, listen);
        Self { process, address, home, arguments }
    }

    fn spawn(home: &Home, arguments: &[String], listen: &str) -> (Process, String) {
        let mut command = home.command(server_program());
        command.args(arguments).args(["--listen", listen, "--data"]).arg(home.path().join("ledger"));
        let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let first = first_line(process.0.stdout.take().unwrap());
        let address = first.strip_prefix("listening on ").unwrap_or_else(|| panic!("{first:?}")).trim().to_owned();
        (process, address)
    }

    /// As a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// As an administrator would.
    #[cfg(unix)]
    pub(crate) fn stop(&mut self) {
        self.process.signal(rustix::process::Signal::TERM);
        assert_eq!(self.process.exit_code(), Some(0));
    }

    /// Starts it again where it was, with the same ledger.
    pub(crate) fn start_again(&mut self) {
        self.process = Self::spawn(&self.home, &self.arguments, &self.address).0;
    }

    /// Where it keeps what it keeps.
    #[cfg(unix)]
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("ledger")
    }

    #[cfg(unix)]
    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Everything in the ledger, as anybody may read it.
    pub(crate) fn ledger(&self) -> Vec<Value> {
        let mut peer = Peer::connect(&self.address);
        peer.hear();
        peer.say(&json!({"type": "join", "student": "reader", "backlog": 0}));
        assert_eq!(peer.hear()["type"], "welcome");
        let mut all: Vec<Value> = Vec::new();
        let mut before = None;
        loop {
            peer.say(&json!({"type": "history", "limit": 500, "before": before}));
            let page = peer.hear_type("history");
            let mut results = page["results"].as_array().unwrap().clone();
            before = results.first().map(|first| first["seq"].as_u64().unwrap());
            results.append(&mut all);
            all = results;
            if page["more"] == false {
                return all;
            }
        }
    }

    /// The numbers in the ledger, in order.
    pub(crate) fn numbers(&self) -> Vec<String> {
        self.ledger().iter().map(|result| result["number"].as_str().unwrap().to_owned()).collect()
    }

    /// Squares a number as another student would, over a connection of its own.
    pub(crate) fn square_as(&self, student: &str, number: &str) {
        let mut peer = Peer::connect(&self.address);
        peer.hear();
        peer.say(&json!({"type": "join", "student": student, "backlog": 0}));
        peer.say(&json!({"type": "square", "number": number}));
        peer.hear_type("result");
    }
}

fn first_line(stdout: ChildStdout) -> String {
    let lines = Lines::of(stdout);
    lines.next()
}
