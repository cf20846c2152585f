//! Which flags do not go together, and what to leave out. Asked by `flags` once all of them are read.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Error, error::ErrorKind};

use super::Flags;

/// Looks for flags that mean nothing together. A variable of the environment holds for every run, so a settings file
/// that one names is passed over where a flag would be refused.
///
/// # Errors
/// Bad usage, with what to leave out.
pub(super) fn check(flags: &mut Flags, matches: &ArgMatches, command: &mut Command) -> Result<(), Error> {
    if flags.present && flags.command.is_none() {
        let senseless = [
            (!flags.numbers.is_empty(), "the wall takes no numbers; leave out NUMBER, or --present"),
            (flags.json || flags.follow, "the wall is a full screen; leave out --json and --follow, or --present"),
            (flags.linear, "the wall is a full screen; for lines use --follow in place of --present"),
            (flags.guest, "the wall is for the professor's machine; leave out --guest, or --present"),
        ];
        refuse(&senseless, command)?;
    }
    if flags.guest && flags.command.is_none() {
        let given = matches.value_source("config") == Some(ValueSource::CommandLine);
        let senseless = [
            (given, "a guest reads no settings; leave out --config"),
            (!flags.numbers.is_empty(), "a guest types numbers on the screen; leave out NUMBER, or --guest"),
            (
                flags.json || flags.follow,
                "a guest has the full screen alone; leave out --json and --follow, or --guest",
            ),
        ];
        refuse(&senseless, command)?;
        flags.config = None;
    }
    Ok(())
}

/// Refuses the first of these that is so.
fn refuse(senseless: &[(bool, &str)], command: &mut Command) -> Result<(), Error> {
    let found = senseless.iter().find(|(is_so, _)| *is_so);
    found.map_or(Ok(()), |(_, why)| Err(command.error(ErrorKind::ArgumentConflict, why)))
}
