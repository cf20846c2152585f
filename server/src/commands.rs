//! What the program does for a person besides serving: a command each, in a file of its own. Called by `main` in place of
//! the server; each command ends the program with the code that it returns.

mod backup;
mod check;
mod export;
mod pin;
mod progress;
mod roster;

use std::{path::Path, process::ExitCode};

use clap::Subcommand;

/// A command; without one, the program serves.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Backup(backup::Backup),
    Check(check::Check),
    Export(export::Export),
    Pin(pin::Pin),
    Roster(roster::Roster),
}

impl Command {
    /// Carries it out on the ledger in this data folder.
    ///
    /// # Errors
    /// Where it could not be carried out; the program then ends with 1.
    pub(crate) fn run(self, data: &Path) -> anyhow::Result<ExitCode> {
        match self {
            Self::Backup(backup) => backup.run(data),
            Self::Check(check) => check.run(data),
            Self::Export(export) => export.run(data),
            Self::Pin(pin) => pin.run(),
            Self::Roster(roster) => roster.run(),
        }
    }
}
