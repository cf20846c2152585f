//! The command line of `squares`, and the environment variables that stand in for it. Called by `main`.

mod conflicts;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{
    BoolishValueParser, NonEmptyStringValueParser, OsStringValueParser, PathBufValueParser, PossibleValuesParser,
    TypedValueParser,
};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};
use serde::de::DeserializeOwned;
use squares_shared::flags::{Completions, is_empty, trimmed, typed, without_empty_variables};
use squares_shared::typed;

use crate::address::{AddressError, read_servers};
use crate::config::{Notify, keyword};
use crate::lang::Lang;
use crate::link::read_fingerprint;
use crate::theme::Choice;

/// Square numbers together with your class.
///
/// With a terminal and no NUMBER, a full-screen room. With NUMBERs, or numbers one a line on standard input,
/// their squares on standard output, once a server is there: start squares-server, or squares on a screen.
#[derive(Debug, Clone, Parser)]
#[command(name = "squares", version, after_help = AFTER_HELP, max_term_width = 100, args_override_self = true, disable_help_subcommand = true)]
pub struct Flags {
    /// What to do in place of squaring.
    #[command(subcommand)]
    pub command: Option<Subcommand>,

    /// The server, as HOST or HOST:PORT, or several of one room with commas between them [default: 127.0.0.1:7878;
    /// where nobody listens there, the full screen hosts a room itself]
    #[arg(long, value_name = "ADDR", env = "SQUARES_SERVER", value_parser = server)]
    pub server: Option<String>,

    /// Your student id (학번)
    #[arg(long, value_name = "ID", env = "SQUARES_STUDENT", value_parser = id)]
    pub student: Option<String>,

    /// Your name, where the server has no roster
    #[arg(long, value_name = "NAME", env = "SQUARES_NAME", value_parser = text)]
    pub name: Option<String>,

    /// The language of the screen [default: the locale's]
    #[arg(long, value_name = "LANG", env = "SQUARES_LANG", value_parser = one_of::<Lang, _>(["ko", "en"]))]
    pub lang: Option<Lang>,

    /// Print results as JSON, one a line
    #[arg(long, env = "SQUARES_JSON", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub json: bool,

    /// Print everybody's results until interrupted
    #[arg(long, env = "SQUARES_FOLLOW", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub follow: bool,

    /// Show the room large, for a projector: how to join, the latest results and the parabola. Needs no student id, and
    /// nobody is told
    #[arg(long, env = "SQUARES_PRESENT", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub present: bool,

    /// Draw with ASCII only, for terminals that show ² or … too wide
    #[arg(long, env = "SQUARES_ASCII", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub ascii: bool,

    /// Lines one after another in place of a full screen, for screen readers
    #[arg(long, env = "SQUARES_LINEAR", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub linear: bool,

    /// Leave the mouse to the terminal, so that it selects text as usual
    #[arg(long, env = "SQUARES_NO_MOUSE", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub no_mouse: bool,

    /// The colours: auto, dark, light, contrast or mono [default: by the terminal's background]
    #[arg(long, value_name = "NAME", env = "SQUARES_THEME", value_parser = one_of::<Choice, _>(["auto", "dark", "light", "contrast", "mono"]))]
    pub theme: Option<Choice>,

    /// Tell of results of mine that come while the window is not looked at: off, bell, title or desktop [default: off]
    #[arg(long, value_name = "HOW", env = "SQUARES_NOTIFY", value_parser = one_of::<Notify, _>(["off", "bell", "title", "desktop"]))]
    pub notify: Option<Notify>,

    /// The settings file, with keys of your own [default: squares/config.toml in the folder for settings]
    #[arg(long, value_name = "FILE", env = "SQUARES_CONFIG", value_parser = trimmed(PathBufValueParser::new()))]
    pub config: Option<PathBuf>,

    /// Speak TLS with the server; a certificate that leads to no root of the system is trusted when it is seen first,
    /// and refused when it changes
    #[arg(long, env = "SQUARES_TLS", action = ArgAction::SetTrue, value_parser = typed(NonEmptyStringValueParser::new().map(|value| !matches!(&*value.to_lowercase(), "0" | "f" | "false" | "n" | "no" | "off"))))]
    pub tls: bool,

    /// Speak TLS, and trust only certificates that lead to this one (PEM)
    #[arg(long, value_name = "FILE", env = "SQUARES_TLS_CA", value_parser = trimmed(PathBufValueParser::new()))]
    pub tls_ca: Option<PathBuf>,

    /// Speak TLS, and trust only the certificate of this fingerprint, which the server's log shows
    #[arg(long, value_name = "SHA256", env = "SQUARES_FINGERPRINT", value_parser = fingerprint)]
    pub fingerprint: Option<String>,

    /// The full screen for a machine that is not the student's own, such as behind an SSH server: it keeps nothing,
    /// reads no settings, hosts no room, writes no file and starts no program
    #[arg(long, env = "SQUARES_GUEST", action = ArgAction::SetTrue, value_parser = typed(BoolishValueParser::new()))]
    pub guest: bool,

    /// Numbers to square, such as 12, -0.5 or 2.5e3
    // What is not UTF-8 is no number, which holds up no other one.
    #[arg(value_name = "NUMBER", value_parser = OsStringValueParser::new().try_map(|number| text(&number.to_string_lossy())))]
    pub numbers: Vec<String>,
}

/// What the program does besides squaring.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Subcommand {
    /// Print completions for a shell
    Completions(Completions),
}

const AFTER_HELP: &str = "A PIN, where the server asks for one, is read from SQUARES_PIN.\n\n\
    A server takes 20 squares a second from a student, after 50 at once, unless its --rate and --burst say otherwise; \
    what comes faster waits for its turn.\n\n\
    Exit codes: 0 all squared, 1 some number was rejected, 2 bad usage, 3 no server or not let in.";

/// Stands before an argument that is a negative number, so that clap does not take it for a flag. No argument of a
/// process can contain it.
const MARK: char = '\0';

impl Flags {
    /// Reads the command line and the environment of this process.
    ///
    /// # Errors
    /// What clap prints and exits with: 2 for bad usage, 0 for `--help` and `--version`.
    pub fn read() -> Result<Self, clap::Error> {
        Self::read_from(std::env::args_os(), is_empty)
    }

    /// Reads this command line. `is_empty` says of an environment variable whether it is set to nothing, which
    /// counts as not set.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_from(
        arguments: impl IntoIterator<Item = OsString>,
        is_empty: impl Fn(&OsStr) -> bool,
    ) -> Result<Self, clap::Error> {
        let mut command = without_empty_variables(Self::command(), is_empty);
        let matches = command.try_get_matches_from_mut(mark_numbers(arguments))?;
        let mut flags = Self::from_arg_matches(&matches)?;
        conflicts::check(&mut flags, &matches, &mut command)?;
        Ok(flags)
    }
}

/// Marks every argument that begins with a dash and is no flag. `--` ends that, as it ends flags.
fn mark_numbers(arguments: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut flags_end = false;
    arguments.into_iter().map(move |argument| {
        flags_end |= argument == "--";
        // A flag is a letter behind one dash, or a word behind two. Whatever else begins with a dash is meant as a
        // number, if perhaps a wrong one, and is told so without holding up the others.
        let argument = without_return(argument);
        let begins = argument.to_str().and_then(|text| text.strip_prefix('-')?.chars().next());
        let number = begins.is_some_and(|first| first != '-' && !first.is_ascii_alphabetic());
        if number && !flags_end {
            let mut marked = OsString::from(MARK.to_string());
            marked.push(argument);
            marked
        } else {
            argument
        }
    })
}

/// An argument without the line end that a script of Windows puts behind the last one.
fn without_return(argument: OsString) -> OsString {
    match argument.to_str().map(|text| (text, text.trim_end_matches(['\r', '\n']))) {
        Some((text, whole)) if whole.len() < text.len() => whole.into(),
        _ => argument,
    }
}

/// Takes the mark off again, and white space at either end. It never fails; clap wants a result.
fn text(argument: &str) -> Result<String, std::convert::Infallible> {
    Ok(unmarked(argument).trim().to_owned())
}

/// A student id, which may come full-width from an input method.
fn id(argument: &str) -> Result<String, std::convert::Infallible> {
    Ok(typed::read(unmarked(argument)).into_owned())
}

fn unmarked(argument: &str) -> &str {
    argument.strip_prefix(MARK).unwrap_or(argument)
}

/// A value that is one of these words.
fn one_of<T, const N: usize>(words: [&'static str; N]) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    typed(PossibleValuesParser::new(words).try_map(|word| keyword::<T>(&word)))
}

fn fingerprint(argument: &str) -> Result<String, &'static str> {
    read_fingerprint(unmarked(argument))
}

fn server(argument: &str) -> Result<String, AddressError> {
    read_servers(unmarked(argument))
}

#[cfg(test)]
#[path = "../../tests/flags.rs"]
mod shared;

#[cfg(test)]
mod tests;
