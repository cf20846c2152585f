//! `squares-server completions`: what a shell needs to complete the program's flags and commands.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use clap_complete::Shell;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell that they are for
    #[arg(ignore_case = true)]
    shell: Shell,
}

impl Completions {
    /// Prints those for this command line.
    pub(crate) fn run(&self, mut program: clap::Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "squares-server", &mut script);
        let mut out = io::stdout();
        match out.write_all(&script).and_then(|()| out.flush()) {
            // Whoever reads it, such as `head`, has enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write"),
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}
