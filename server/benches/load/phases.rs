//! What is measured, phase by phase.

#[cfg(feature = "cluster")]
mod cluster;
mod commits;
mod delivery;
#[cfg(feature = "cluster")]
mod failover;
mod huge;
mod ledger;
mod pins;
mod secret;
mod slow;
mod storm;

use std::{io, net::SocketAddr, path::Path, process::Command, time::Duration};

use crate::{
    Arguments,
    crowd::Crowd,
    process::Process,
    table::{figure, say},
};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A part of the bench that can be asked for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The cost of a line, a join, an idle client, a visit.
    Delivery,
    /// Everybody comes back after a restart.
    Storm,
    /// Many read slowly or not at all.
    Slow,
    /// One student squares numbers of thousands of digits.
    Huge,
    /// Durable acknowledgements.
    Commits,
    /// The same lines inside TLS and outside it.
    Tls,
    /// A class that joins with PINs, and a flood of guesses.
    Pins,
    /// A ledger that grows.
    Ledger,
    /// Servers that share a log.
    #[cfg(feature = "cluster")]
    Cluster,
}

impl Phase {
    /// All but the growing ledger, which takes minutes and gigabytes.
    pub(crate) const USUAL: [Self; 7] =
        [Self::Delivery, Self::Storm, Self::Slow, Self::Huge, Self::Commits, Self::Tls, Self::Pins];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "delivery" => Self::Delivery,
            "storm" => Self::Storm,
            "slow" => Self::Slow,
            "huge" => Self::Huge,
            "commits" => Self::Commits,
            "tls" => Self::Tls,
            "pins" => Self::Pins,
            "ledger" => Self::Ledger,
            #[cfg(feature = "cluster")]
            "cluster" => Self::Cluster,
            _ => return None,
        })
    }
}

/// The server under measurement. It ends with this value, by a kill.
struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts one that may serve any crowd, with its ledger in this folder.
    fn start(folder: &Path) -> io::Result<Self> {
        Self::start_with(folder, "127.0.0.1:0", &["--rate", "0"])
    }

    fn start_with(folder: &Path, listen: &str, flags: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_squares-server"));
        command.args(["--listen", listen, "--max-connections", "19000", "--data"]).arg(folder).args(flags);
        let (process, address) = Process::listening(command.env("RUST_LOG", "warn"))?;
        Ok(Self { process, address })
    }
}

/// The size in MiB of a file of the ledger.
fn file_size(folder: &Path, name: &str) -> f64 {
    folder.join(name).metadata().map_or(0.0, |metadata| metadata.len() as f64 / f64::from(1 << 20))
}

/// Any line missing, doubled or out of order is the end.
fn without_any(crowd: &Crowd) -> Outcome {
    let faults = crowd.seen.faults;
    if faults > 0 { Err(format!("{faults} lines missing, doubled or out of order").into()) } else { Ok(()) }
}

/// The same, said in the table.
fn without_faults(crowd: &Crowd) -> Outcome {
    figure("lines missing, doubled or out of order", &crowd.seen.faults.to_string(), "0");
    without_any(crowd)
}

/// Everything that is asked for, as often and for as many clients as asked.
pub(crate) fn run(asked: &Arguments) -> Outcome {
    let time = Duration::from_secs_f64(asked.seconds);
    let wanted = |phase| asked.phases.contains(&phase);
    for run in 1..=asked.runs {
        for &clients in &asked.clients {
            let of_many = [Phase::Delivery, Phase::Storm, Phase::Slow, Phase::Huge, Phase::Tls, Phase::Pins];
            if of_many.into_iter().any(wanted) {
                say(&format!("\nrun {run}, {clients} clients\n\n| figure | value |\n| --- | --- |"));
            }
            if wanted(Phase::Delivery) {
                delivery::with_clients(clients, time)?;
                delivery::peers(clients, time)?;
            }
            if wanted(Phase::Storm) {
                storm::measure(clients, time)?;
            }
            if wanted(Phase::Slow) {
                slow::measure(clients, time)?;
            }
            if wanted(Phase::Huge) {
                huge::measure(clients, time)?;
            }
            if wanted(Phase::Tls) {
                secret::measure(clients, time)?;
            }
            if wanted(Phase::Pins) {
                pins::measure(clients, time)?;
            }
        }
        if wanted(Phase::Commits) {
            commits::acknowledgements(time)?;
        }
        #[cfg(feature = "cluster")]
        if wanted(Phase::Cluster) {
            let clients = asked.clients.first().copied().unwrap_or(20);
            cluster::measure(asked.results, clients, time)?;
        }
        if wanted(Phase::Ledger) {
            ledger::measure(asked.results, asked.ledger.as_deref(), time)?;
        }
    }
    Ok(())
}
