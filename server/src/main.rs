//! The program `squares-server`: flags, log and signals. It assembles a [`Server`] and waits for the end, or carries out a command.

mod commands;
mod log;
mod reload;

use std::{ffi::OsStr, io::Write as _, path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, error::ErrorKind};
use squares_server::{Config, DEFAULT_ADDRESS, Server, Tls, default_data_dir};
use squares_shared::message::Auth;

/// The Squares server: takes numbers, keeps their exact squares in one durable order, and relays them to everybody.
#[derive(Debug, Parser)]
#[command(name = "squares-server", version, about)]
struct Flags {
    #[command(subcommand)]
    command: Option<commands::Command>,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", env = "SQUARES_LISTEN", default_value = DEFAULT_ADDRESS)]
    listen: String,
    /// Where the ledger lives; made if missing [default: squares in the user's data directory]
    #[arg(long, value_name = "DIR", env = "SQUARES_DATA")]
    data: Option<PathBuf>,
    /// The students: JSON or CSV
    #[arg(long, value_name = "FILE", env = "SQUARES_ROSTER")]
    roster: Option<PathBuf>,
    /// Who may join: anyone, or those on the roster [default: roster with a roster, else open]
    #[arg(long, value_name = "HOW", env = "SQUARES_AUTH", value_parser = ["open", "roster", "pin"])]
    auth: Option<String>,
    /// Squares a second for one student; 0 lifts the limit
    #[arg(long, value_name = "N", env = "SQUARES_RATE", default_value_t = 20)]
    rate: u32,
    /// Squares at once for one student before the rate counts
    #[arg(long, value_name = "N", env = "SQUARES_BURST", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    burst: u32,
    /// The most digits of a number
    #[arg(long, value_name = "N", env = "SQUARES_MAX_DIGITS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    max_digits: u32,
    /// The most bytes of a line
    #[arg(long, value_name = "BYTES", env = "SQUARES_MAX_LINE", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(64..=64 << 20))]
    max_line: u32,
    /// The most connections in all
    #[arg(long, value_name = "N", env = "SQUARES_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// The most connections from one address; 0: no limit
    #[arg(long, value_name = "N", env = "SQUARES_MAX_PER_ADDRESS", default_value_t = 0)]
    max_per_address: u32,
    /// Where to serve metrics (/metrics, for Prometheus) and health (/healthz) over HTTP [default: nowhere]
    #[arg(long, value_name = "ADDR", env = "SQUARES_METRICS")]
    metrics: Option<String>,
    /// Speak TLS with this certificate (PEM, with what leads from it to its root)
    #[arg(long, value_name = "FILE", env = "SQUARES_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", env = "SQUARES_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate of the server's own, made once and kept in the data directory; its fingerprint is in the log
    #[arg(long, value_name = "HOW", env = "SQUARES_TLS", value_parser = ["self"], conflicts_with = "tls_cert")]
    tls: Option<String>,
}

impl Flags {
    /// Reads the command line and the environment. A variable that is set to nothing counts as not set.
    fn read() -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(|argument| {
            let empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
            if argument.get_env().is_some_and(empty) { argument.env(None::<&str>) } else { argument }
        });
        let flags = Self::from_arg_matches(&command.try_get_matches()?)?;
        if flags.command.is_none() {
            flags.check()?;
        }
        Ok(flags)
    }

    /// What the flags say together.
    fn check(&self) -> Result<(), clap::Error> {
        let auth = self.auth.as_deref();
        if matches!(auth, Some("roster" | "pin")) && self.roster.is_none() {
            let message = "--auth roster and --auth pin need a roster; give one with --roster FILE";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let mut flags = match Flags::read() {
        Ok(flags) => flags,
        Err(error) => error.exit(),
    };
    let end = match flags.command.take() {
        Some(command) => command.run(flags.data, Flags::command()),
        None => {
            let log = log::start();
            let end = run(flags);
            log.finish();
            end.map(|()| ExitCode::SUCCESS)
        }
    };
    match end {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "squares-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(flags: Flags) -> anyhow::Result<()> {
    let data = flags.data.map_or_else(default_data_dir, Ok)?;
    let auth = flags.auth.as_deref().map(|how| match how {
        "roster" => Auth::Roster,
        "pin" => Auth::Pin,
        _ => Auth::Open,
    });
    let config = Config {
        listen: flags.listen,
        roster: flags.roster,
        auth,
        rate: flags.rate,
        burst: flags.burst,
        max_digits: flags.max_digits as usize,
        max_line: flags.max_line as usize,
        max_connections: flags.max_connections as usize,
        max_per_address: flags.max_per_address as usize,
        metrics: flags.metrics,
        tls: match (flags.tls_cert, flags.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::Files { certificate, key }),
            _ => flags.tls.map(|_| Tls::OfItsOwn),
        },
        ..Config::new(data)
    };
    let mut signals = signals::Signals::new()?;
    raise_descriptor_limit(config.max_connections);
    let server = tokio::select! {
        started = Server::start(config) => started?,
        // The disk of a file that it reads may hang.
        () = signals.end() => return Ok(()),
    };
    // Whoever started it may have closed standard output: it runs all the same.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on {}", server.local_addr()).and_then(|()| out.flush());
    let mut reload = reload::Reload::new(&server);
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                signals::Asked::Reload => reload.ask(),
                signals::Asked::Stop => break,
            },
            () = reload.done() => {}
        }
    }
    reload.end().await;
    server.stop().await;
    Ok(())
}

/// Each connection takes a descriptor, and many systems let a process have no more than 1,024 unless it asks.
fn raise_descriptor_limit(connections: usize) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        const OTHERS: u64 = 64;
        let mut limit = getrlimit(Resource::Nofile);
        let wanted = connections as u64 + OTHERS;
        if limit.current.is_some_and(|current| current < wanted) {
            limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
            if setrlimit(Resource::Nofile, limit).is_err() || limit.current.is_some_and(|current| current < wanted) {
                tracing::warn!(
                    wanted,
                    "the system allows fewer open files than the connection limit needs; raise it with ulimit -n"
                );
            }
        }
    }
    #[cfg(not(unix))]
    let _ = connections;
}

mod signals {
    //! What the system asks of the program.

    /// What was asked.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Asked {
        /// Read the roster again.
        Reload,
        /// Stop.
        Stop,
    }

    #[cfg(unix)]
    pub(crate) struct Signals {
        interrupt: tokio::signal::unix::Signal,
        terminate: tokio::signal::unix::Signal,
        hang_up: tokio::signal::unix::Signal,
        _file_size: tokio::signal::unix::Signal,
    }

    impl Signals {
        /// Waits for the end.
        pub(crate) async fn end(&mut self) {
            while self.next().await != Asked::Stop {}
        }
    }

    #[cfg(unix)]
    impl Signals {
        /// Listens from now on.
        pub(crate) fn new() -> std::io::Result<Self> {
            use tokio::signal::unix::{SignalKind, signal};
            /// SIGXFSZ, the same on every system that Rust runs on. Left alone it kills the process that meets a limit
            /// on the size of files, where the ledger would only have to say that it is full.
            const FILE_SIZE: i32 = 25;
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
            })
        }

        /// Waits for the next thing asked.
        pub(crate) async fn next(&mut self) -> Asked {
            tokio::select! {
                biased;
                // First, so that the log tells of a roster that was read before the end, however soon that comes.
                _ = self.hang_up.recv() => Asked::Reload,
                _ = self.interrupt.recv() => Asked::Stop,
                _ = self.terminate.recv() => Asked::Stop,
            }
        }
    }

    #[cfg(not(unix))]
    pub(crate) struct Signals;

    #[cfg(not(unix))]
    impl Signals {
        /// Listens from now on.
        pub(crate) fn new() -> std::io::Result<Self> {
            Ok(Self)
        }

        /// Waits for the next thing asked.
        pub(crate) async fn next(&mut self) -> Asked {
            let _ = tokio::signal::ctrl_c().await;
            Asked::Stop
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The pages in `assets/man` are made anew where this variable is set: `WRITE_MAN_PAGES=1 cargo test man_pages`.
    const WRITE: &str = "WRITE_MAN_PAGES";

    #[test]
    fn the_man_pages_are_current() {
        let (made, kept) = (tempfile::tempdir().unwrap(), concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/man"));
        clap_mangen::generate_to(Flags::command().disable_help_subcommand(true), &made).unwrap();
        let mut pages = 0;
        for page in std::fs::read_dir(&made).unwrap() {
            let page = page.unwrap();
            let (text, file) = (std::fs::read(page.path()).unwrap(), Path::new(kept).join(page.file_name()));
            if std::env::var_os(WRITE).is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            assert!(std::fs::read(&file).is_ok_and(|kept| kept == text), "write it anew with {WRITE}=1: {file:?}");
            pages += 1;
        }
        assert!(pages > 1, "{pages}");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
    }
}
