//! The program `squares-server`: flags, log and signals. It assembles a [`Server`] and waits for the end, or carries
//! out a command.

mod commands;
mod flags;
mod log;
mod signals;

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use clap::CommandFactory as _;
use flags::{Flags, Subcommands};
use squares_server::{Config, Server, StartError, TlsSource, default_data_dir};
use squares_shared::message::Auth;

fn main() -> ExitCode {
    let mut flags = match Flags::read() {
        Ok(flags) => flags,
        Err(error) => error.exit(),
    };
    let end = match flags.command.take() {
        Some(Subcommands::Backup(backup)) => backup.run(flags.data),
        Some(Subcommands::Check(check)) => check.run(flags.data),
        Some(Subcommands::Completions(completions)) => {
            completions.print(Flags::command()).context("cannot write").map(|()| ExitCode::SUCCESS)
        }
        Some(Subcommands::Export(export)) => export.run(flags.data),
        Some(Subcommands::Pin(pin)) => pin.run(),
        Some(Subcommands::Roster(make_pins)) => make_pins.run(),
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
            match error.downcast_ref() {
                // As a flag that the command line itself finds wrong.
                Some(StartError::Address { .. }) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn run(flags: Flags) -> anyhow::Result<()> {
    squares_server::runtime(usize::MAX)?.block_on(serve(flags))
}

async fn serve(flags: Flags) -> anyhow::Result<()> {
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
        digit_rate: flags.digit_rate,
        max_digits: flags.max_digits as usize,
        max_line: flags.max_line as usize,
        max_connections: flags.max_connections as usize,
        max_per_address: flags.max_per_address as usize,
        max_per_student: flags.max_per_student,
        metrics: flags.metrics,
        tls: match (flags.tls_cert, flags.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsSource::Files { certificate, key }),
            _ => flags.tls.map(|_| TlsSource::SelfSigned),
        },
        ssh: flags.ssh,
        cluster: flags.cluster.config(Flags::command)?,
        leave_cluster: flags.leave_cluster,
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
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                signals::Signal::Reload => server.reload_roster(),
                _ => break,
            },
            why = server.failed() => anyhow::bail!(why),
        }
    }
    server.stop().await;
    Ok(())
}

/// Each connection takes a descriptor, and many systems let a process have no more than 1,024 unless it asks.
fn raise_descriptor_limit(connections: usize) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        const OTHERS: u64 = 384;
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
