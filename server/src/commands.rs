//! What the program does for a person besides serving: a command each, in a file of its own, and what they share.
//! `flags` lists them; each command ends the program with the code that it returns.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod export;
pub(crate) mod pin;
mod progress;
pub(crate) mod roster;

use std::path::PathBuf;

use clap::Args;
use squares_server::default_data_dir;

/// `1 student`, `2 students`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
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
