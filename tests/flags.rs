//! What holds for the flags of both programs: each has a variable of its name, and the man pages and completions in
//! `assets` say what they are. A part of the tests of both `flags.rs`, each of which gives its own command.

use std::{ffi::OsStr, path::Path};

use clap::Command;
use clap_complete::Shell;

/// The files are rewritten where this variable is set: `WRITE_MAN_PAGES=1 cargo test man_pages`.
const WRITE: &str = "WRITE_MAN_PAGES";

/// Compares the variable of each flag with its name.
pub(crate) fn assert_variables(command: &Command) {
    for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
        let Some(name) = argument.get_long().filter(|name| !["help", "version"].contains(name)) else { continue };
        let variable = format!("SQUARES_{}", name.to_uppercase().replace('-', "_"));
        assert_eq!(argument.get_env(), Some(OsStr::new(&variable)), "--{name}");
    }
}

/// Compares the man pages and the completions of this program with those in `assets`.
pub(crate) fn assert_assets_are_current(command: &Command, program: &str) {
    let pages = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(command.clone().disable_help_subcommand(true), &pages).unwrap();
    assert!(compare(pages.path(), "man") > 1);
    let completions = tempfile::tempdir().unwrap();
    for shell in [Shell::Bash, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
        clap_complete::generate_to(shell, &mut command.clone(), program, completions.path()).unwrap();
    }
    assert_eq!(compare(completions.path(), "completions"), 4);
}

/// Compares what was made with what that folder of `assets` has, and counts it.
fn compare(made: &Path, kept: &str) -> usize {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(kept);
    let made = std::fs::read_dir(made).unwrap().map(Result::unwrap);
    made.map(|page| {
        let (text, file) = (std::fs::read(page.path()).unwrap(), kept.join(page.file_name()));
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        assert!(std::fs::read(&file).is_ok_and(|kept| kept == text), "rewrite it with {WRITE}=1: {file:?}");
    })
    .count()
}
