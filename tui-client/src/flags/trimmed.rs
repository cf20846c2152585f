//! Values without what a file of environment variables, a script with the line ends of Windows, or a mouse left
//! around them, and with the digits of an input method. Used by `flags`.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};

/// Reads a value as it was meant, before it is judged by another parser.
#[derive(Clone)]
pub(super) struct Trimmed<P> {
    read: fn(&str) -> Cow<'_, str>,
    parser: P,
}

/// A path: without white space at either end.
pub(super) fn path<P>(parser: P) -> Trimmed<P> {
    Trimmed { read: |path| path.trim().into(), parser }
}

/// A word: without white space at either end, and with ASCII for full-width characters.
pub(super) fn word<P>(parser: P) -> Trimmed<P> {
    Trimmed { read: squares_shared::typed::read, parser }
}

impl<P: TypedValueParser> TypedValueParser for Trimmed<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        // What is not UTF-8 is a path, and is not trimmed.
        let read = value.to_str().map(self.read);
        self.parser.parse_ref(command, argument, read.as_deref().map_or(value, OsStr::new))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.parser.possible_values()
    }
}

/// An argument without the line end that a script of Windows puts behind the last one.
pub(super) fn without_return(argument: OsString) -> OsString {
    match argument.to_str().map(|text| (text, text.trim_end_matches(['\r', '\n']))) {
        Some((text, whole)) if whole.len() < text.len() => whole.into(),
        _ => argument,
    }
}
