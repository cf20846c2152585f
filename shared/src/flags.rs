//! What the command lines of both programs share: values as they were meant, variables that are set to nothing, and
//! completions. Called by the `flags` of each.

use std::{
    borrow::Cow,
    ffi::OsStr,
    io::{self, Write as _},
};

use clap::{
    Arg, Command, Error,
    builder::{PossibleValue, TypedValueParser},
};
use clap_complete::Shell;

/// Reads a value as it was meant, before it is judged by another parser.
#[derive(Clone)]
struct Meant<P> {
    read: fn(&str) -> Cow<'_, str>,
    parser: P,
}

/// A word or a number: without white space around it, such as the line end that a script of Windows leaves, and with
/// ASCII for full-width characters.
pub fn typed<P: TypedValueParser>(parser: P) -> impl TypedValueParser<Value = P::Value> {
    Meant { read: crate::typed::read, parser }
}

/// A value that may have any character but white space around it, such as a path.
pub fn trimmed<P: TypedValueParser>(parser: P) -> impl TypedValueParser<Value = P::Value> {
    Meant { read: |text| text.trim().into(), parser }
}

impl<P: TypedValueParser> TypedValueParser for Meant<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        // What is no text is a path, and stays as it is.
        let read = value.to_str().map(self.read);
        self.parser.parse_ref(command, argument, read.as_deref().map_or(value, OsStr::new))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.parser.possible_values()
    }
}

/// Whether a variable of the environment is set to nothing.
#[must_use]
pub fn is_empty(variable: &OsStr) -> bool {
    std::env::var_os(variable).is_some_and(|value| value.to_str().is_some_and(|value| value.trim().is_empty()))
}

/// The command line without the variables that are set to nothing, as `is_empty` says: they count as not set.
#[must_use]
pub fn without_empty_variables(command: Command, is_empty: impl Fn(&OsStr) -> bool) -> Command {
    command.mut_args(|argument| match argument.get_env() {
        Some(variable) if is_empty(variable) => argument.env(None::<&str>),
        _ => argument,
    })
}

/// Print completions for a shell
#[derive(Debug, Clone, clap::Args)]
pub struct Completions {
    /// The shell that they are for
    #[arg(ignore_case = true)]
    shell: Shell,
}

impl Completions {
    /// Prints those for a command line, which has the program's name.
    ///
    /// # Errors
    /// Where standard output cannot be written to. Whoever reads it, such as `head`, may have enough.
    pub fn print(&self, mut command: Command) -> io::Result<()> {
        let (name, mut script) = (command.get_name().to_owned(), Vec::new());
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let mut out = io::stdout();
        match out.write_all(&script).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}
