//! Programs under measurement, each a process of its own that ends with its [`Process`], and what the system says of
//! them.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

/// The unit of the times in `/proc/PID/stat`, which is the same on every Linux that Rust runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// A running program.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts a program whose standard output begins with a line that ends in its address.
    pub(crate) fn listening(command: &mut Command) -> io::Result<(Self, SocketAddr)> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let process = Self(child);
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.split_whitespace().last().and_then(|address| address.parse().ok());
        address.map(|address| (process, address)).ok_or_else(|| io::Error::other(format!("no address in: {line:?}")))
    }

    /// Starts a program that says nothing.
    pub(crate) fn silent(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }

    /// The CPU time that it has used, user and system, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(&self.0.id().to_string())
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it has had, in KiB.
    pub(crate) fn most_resident(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN)
    }
}

/// The CPU time of this program itself, in seconds: a load generator that is near its limit measures nothing else.
pub(crate) fn own_cpu() -> f64 {
    cpu("self")
}

fn cpu(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The second field is the program's name in brackets, and may have spaces in it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => (user + system) / TICKS_A_SECOND,
        _ => f64::NAN,
    }
}
