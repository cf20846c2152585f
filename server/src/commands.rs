//! What the program does for a person besides serving: a command each, in a file of its own. Called by `main` in
//! place of the server; each command ends the program with the code that it returns.

mod backup;
mod check;
mod completions;
mod export;
mod pin;
mod progress;
mod roster;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use squares_server::default_data_dir;

/// `1 student`, `2 students`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A command; without one, the program serves.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Backup(backup::Backup),
    Check(check::Check),
    Completions(completions::Completions),
    Export(export::Export),
    Pin(pin::Pin),
    Roster(roster::MakePins),
}

/// The data folder, for the commands that read the ledger.
#[derive(Debug, Args)]
struct Folder {
    /// Where the ledger lives [env: SQUARES_DATA] [default: squares in the user's data directory]
    // The variable is read before the command, where a flag goes before it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Folder {
    /// What was given behind the command, else before it, else the usual one.
    fn path(&self, before: Option<PathBuf>) -> anyhow::Result<PathBuf> {
        Ok(self.data.clone().or(before).map_or_else(default_data_dir, Ok)?)
    }
}

impl Command {
    /// Carries it out. `data` is the data folder, where one was named before the command; `program` the whole command
    /// line.
    ///
    /// # Errors
    /// Where it could not be carried out; the program then ends with 1.
    pub(crate) fn run(self, data: Option<PathBuf>, program: clap::Command) -> anyhow::Result<ExitCode> {
        match self {
            Self::Backup(backup) => backup.run(data),
            Self::Check(check) => check.run(data),
            Self::Completions(completions) => Ok(completions.run(program)),
            Self::Export(export) => export.run(data),
            Self::Pin(pin) => pin.run(),
            Self::Roster(roster) => roster.run(),
        }
    }
}
