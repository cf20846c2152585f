//! The load bench: the real `squares-server` as a process of its own, a crowd of clients, and its cost for each line
//! that it delivers, beside a floor (the bare system calls) and, where it is installed, Redis. Every line that any
//! client gets is checked: none may be missing, doubled or out of order.
//!
//! `cargo bench -p squares-server --bench load` prints the table; `-- --clients 1000,10000` chooses how many clients,
//! `-- --phases storm,commits` what is measured, and `-- --phases ledger --results 50000000` lets a ledger grow,
//! with `--ledger DIR` one that is kept and gone on with.
//! Built with `--features cluster`, `-- --phases cluster --results 1000000` measures servers that share a log.
//! `cargo test` runs a short form of everything, with the same checks.

mod asker;
mod crowd;
mod floor;
mod measure;
#[cfg(feature = "cluster")]
mod nats;
mod phases;
mod process;
mod redis;
mod table;

use std::{path::PathBuf, process::ExitCode};

use phases::Phase;

/// What is asked on the command line.
struct Arguments {
    /// Clients in the phases that have many, one table for each.
    clients: Vec<usize>,
    /// How long each phase is watched, in seconds.
    seconds: f64,
    /// How often everything is run.
    runs: usize,
    /// What is measured.
    phases: Vec<Phase>,
    /// How far the ledger grows, in the phase of that name.
    results: u64,
    /// Where it is kept for another run, which goes on with it; `None`: it is thrown away.
    ledger: Option<PathBuf>,
}

impl Arguments {
    /// Everything in short, as a test of its answers.
    fn short() -> Self {
        let phases = Phase::USUAL.into_iter().chain([Phase::Ledger]).collect();
        Self { clients: vec![20], seconds: 0.2, runs: 1, phases, results: 3000, ledger: None }
    }

    /// What `cargo bench` measures when nothing else is asked.
    fn long() -> Self {
        let phases = Phase::USUAL.to_vec();
        Self { clients: vec![1000], seconds: 4.0, runs: 1, phases, results: 50_000_000, ledger: None }
    }

    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let [mut clients, mut seconds, mut runs, mut phases, mut results, mut ledger] = [const { None }; 6];
        let mut bench = false;
        while let Some(argument) = arguments.next() {
            let value = match &*argument {
                "--bench" => {
                    bench = true;
                    continue;
                }
                "--clients" => &mut clients,
                "--seconds" => &mut seconds,
                "--runs" => &mut runs,
                "--phases" => &mut phases,
                "--results" => &mut results,
                "--ledger" => &mut ledger,
                // What `cargo test` hands to every test program, such as a filter, chooses nothing here.
                _ => continue,
            };
            *value = Some(arguments.next().ok_or_else(|| format!("{argument} needs a value"))?);
        }
        let named = |name: &str| Phase::named(name).ok_or_else(|| format!("no phase is called {name}"));
        let usual = if bench { Self::long() } else { Self::short() };
        Ok(Self {
            clients: clients.map_or(Ok(usual.clients), |list| list.split(',').map(parsed).collect())?,
            seconds: seconds.map_or(Ok(usual.seconds), |seconds| parsed(&seconds))?,
            runs: runs.map_or(Ok(usual.runs), |runs| parsed(&runs))?,
            phases: phases.map_or(Ok(usual.phases), |list| list.split(',').map(named).collect())?,
            results: results.map_or(Ok(usual.results), |results| parsed(&results))?,
            ledger: ledger.map(PathBuf::from),
        })
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == floor::MODE) {
        return floor::serve(arguments.skip(1));
    }
    let outcome = Arguments::read(arguments).map_err(Into::into).and_then(|asked| phases::run(&asked));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::say(&format!("load: {error}"));
            ExitCode::FAILURE
        }
    }
}
