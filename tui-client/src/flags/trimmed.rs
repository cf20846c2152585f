//! Values without what a file of environment variables, a script with the line ends of Windows, or a mouse left
//! around them. Used by `flags`.

use std::ffi::{OsStr, OsString};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};

/// Reads a value without white space at either end.
#[derive(Clone)]
pub(super) struct Trimmed<P>(pub(super) P);

impl<P: TypedValueParser> TypedValueParser for Trimmed<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        // What is not UTF-8 is a path, and is not trimmed.
        let value = value.to_str().map_or(value, |text| OsStr::new(text.trim()));
        self.0.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// An argument without the line end that a script of Windows puts behind the last one.
pub(super) fn without_return(argument: OsString) -> OsString {
    match argument.to_str().map(|text| (text, text.trim_end_matches(['\r', '\n']))) {
        Some((text, whole)) if whole.len() < text.len() => whole.into(),
        _ => argument,
    }
}
