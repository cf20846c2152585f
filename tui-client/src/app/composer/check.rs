//! What is to be said of the input while it is typed: nothing, how many digits it has, or what is wrong with it.

use squares_shared::number::{Fault, Number, NumberError};

use crate::app::commands;

/// What the input is, as far as it is typed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Check {
    #[default]
    Empty,
    /// A number of so many digits.
    Number {
        /// Of the canonical form, zeros counted.
        digits: usize,
    },
    /// Not a number yet, but more typing may make it one.
    Unfinished(Fault),
    Wrong(Fault),
    /// A number with more digits than the server takes.
    TooManyDigits {
        /// The most it takes.
        limit: usize,
    },
    Command,
}

impl Check {
    pub(crate) fn of(text: &str, max_digits: usize) -> Self {
        Self::and_number(text, max_digits).0
    }

    /// The same, and the number, where it is one.
    pub(crate) fn and_number(text: &str, max_digits: usize) -> (Self, Option<Number>) {
        if text.trim().is_empty() {
            return (Self::Empty, None);
        }
        if commands::is_command(text) {
            return (Self::Command, None);
        }
        match Number::parse(text, max_digits) {
            Ok(number) => (Self::Number { digits: number.digits() }, Some(number)),
            Err(NumberError::NotANumber(fault)) if fault.is_incomplete() => (Self::Unfinished(fault), None),
            Err(NumberError::NotANumber(fault)) => (Self::Wrong(fault), None),
            Err(NumberError::TooManyDigits { limit }) => (Self::TooManyDigits { limit }, None),
        }
    }

    /// The same, for a text that was entered: nothing more will be typed.
    pub(crate) const fn entered(self) -> Self {
        match self {
            Self::Unfinished(fault) => Self::Wrong(fault),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_judged_mildly_until_it_is_entered() {
        assert_eq!(Check::of(" ", 5), Check::Empty);
        assert_eq!(Check::of("/exit", 5), Check::Command);
        assert_eq!(Check::of("1,234", 5), Check::Number { digits: 4 });
        assert_eq!(Check::of("123456", 5), Check::TooManyDigits { limit: 5 });
        assert_eq!(Check::of("1.2.", 5), Check::Wrong(Fault::SecondPoint));
        assert_eq!(Check::of("-", 5), Check::Unfinished(Fault::NoDigits));
        assert_eq!(Check::of("-", 5).entered(), Check::Wrong(Fault::NoDigits));
    }
}
