//! `squares-server pin`: reads one PIN, unseen, and prints its hash for a roster.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use squares_server::hash_pin;
use squares_shared::prompt::ask_unseen;
use zeroize::Zeroizing;

/// Read one PIN, unseen, and print its hash for the roster
///
/// It is asked for on the terminal; where standard input is none, its first line is the PIN.
#[derive(Debug, clap::Args)]
pub(crate) struct Pin {}

impl Pin {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let pin = Zeroizing::new(if io::stdin().is_terminal() {
            ask_unseen("PIN: ", true).context("no PIN was typed; run it again and type one")?
        } else {
            let mut line = Zeroizing::new(String::new());
            io::stdin().lock().read_line(&mut line).context("cannot read standard input")?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        });
        if pin.is_empty() {
            bail!("no PIN came on standard input; give it as the first line");
        }
        let hash = hash_pin(&pin)?;
        writeln!(io::stdout(), "{hash}").context("cannot write the hash")?;
        Ok(ExitCode::SUCCESS)
    }
}
