//! What can be wrong with the text of a number. The server sends these sentences in its `error` messages; the
//! client matches on the variants to say the same in the student's language while the number is being typed.

use std::fmt;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Why a text was not taken as a number. The text of the error is one sentence for the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not one number; the protocol's `not_a_number`.
    #[error("not a number: {0}")]
    NotANumber(Fault),
    /// The text is a number with more digits than are allowed; the protocol's `too_many_digits`.
    #[error("too many digits: at most {limit} are allowed, zeros counted; send a shorter number")]
    TooManyDigits {
        /// The most digits a number may have in canonical form, as the caller gave it.
        limit: usize,
    },
}

/// The first thing, from the left, that keeps a text from being a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing but spaces.
    Empty,
    /// Nothing but a sign or a point so far: `-`, `.`, `-.`.
    NoDigits,
    /// A character that no number has.
    UnexpectedCharacter(char),
    /// A space, a tab or a line break between other characters, as in `1 2`.
    Space,
    /// A sign after a sign, as in `--5` or `1e+-5`.
    SecondSign,
    /// A point after a point, as in `1.2.3`.
    SecondPoint,
    /// A `_` that does not stand between two digits: `_1`, `1__2`, `1_.5`.
    StrayUnderscore,
    /// A `_` at the very end, where a digit is still to come: `1_`.
    UnderscoreAtEnd,
    /// Commas that do not part the integer into threes: `12,34,567`, `1,234567`, `,5`.
    BadGrouping,
    /// A comma behind a 0 at the front, which may be a decimal comma: `0,001`, `0,5`.
    DecimalComma,
    /// The last group of three is not yet full, at the very end: `1,` or `1,23`.
    ShortGroup,
    /// A comma to the right of the decimal point: `1.234,5`.
    CommaInFraction,
    /// Both `,` and `_` in one number: `1,234_567`.
    MixedSeparators,
    /// An `e` without its power of ten, at the very end: `1e` or `1e-`.
    MissingExponent,
    /// A `,` or a `_` in the exponent: `1e1_000`.
    SeparatorInExponent,
    /// A point in the exponent: `1e2.5`.
    PointInExponent,
    /// A fraction: `1/2`.
    Fraction,
    /// Something to be worked out first: `2+3`, `2^10`, `(1)`.
    Expression,
    /// A numeral that is not one of the ten digits: `²`, `Ⅷ`, `٣`, `½`.
    OtherNumeral(char),
}

impl Fault {
    /// Whether the text is only unfinished: more typing at its end could still make it a number, as for the
    /// empty text, `-`, `1,23` or `1e`. The text is judged as trimmed.
    ///
    /// ```
    /// use squares_shared::number::{Fault, Number, NumberError};
    ///
    /// let Err(NumberError::NotANumber(fault)) = Number::parse("1e", 10) else { unreachable!() };
    /// assert_eq!(fault, Fault::MissingExponent);
    /// assert!(fault.is_incomplete());
    /// assert!(!Fault::SecondPoint.is_incomplete());
    /// ```
    #[must_use]
    pub const fn is_incomplete(self) -> bool {
        matches!(self, Self::Empty | Self::NoDigits | Self::UnderscoreAtEnd | Self::ShortGroup | Self::MissingExponent)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::Empty => "there is nothing in it; send digits, such as 12 or -0.5",
            Self::NoDigits => "there is no digit in it; send digits, such as 12 or -0.5",
            Self::UnexpectedCharacter(character) => {
                return write!(f, "it contains {}; send digits only, such as 12, -0.5 or 2.5e-3", Shown(character));
            }
            Self::Space => "there is a space or a line break inside it; send one number at a time, without spaces",
            Self::SecondSign => "there is a second sign in it; keep only one",
            Self::SecondPoint => "there is a second decimal point in it; keep only one",
            Self::StrayUnderscore | Self::UnderscoreAtEnd => {
                "a _ in it does not stand between two digits; take it out, or write it as in 1_000"
            }
            Self::BadGrouping | Self::ShortGroup => {
                "its commas do not part it into groups of three digits; write 1,234,567 or no commas, and . for a decimal point"
            }
            Self::DecimalComma => {
                "it begins with 0 and a comma, which may mean a decimal comma; write . for a decimal point, as in 0.001"
            }
            Self::CommaInFraction => "there is a comma after the decimal point; write it as in 1,234.5",
            Self::MixedSeparators => "both , and _ part its digits; use only one of them, or none",
            Self::MissingExponent => "there is no digit after the e; write the exponent as in 1e10",
            Self::SeparatorInExponent => "there is a , or _ in its exponent; write the exponent as in 1e1000",
            Self::PointInExponent => "there is a decimal point in its exponent; write a whole exponent, as in 2.5e-3",
            Self::Fraction => "it is a fraction; send it as a decimal number, such as 0.5 for 1/2",
            Self::Expression => "it is an expression; work it out first and send the one number that comes of it",
            Self::OtherNumeral(character) => {
                return write!(f, "it contains the numeral {}; write it with the digits 0 to 9", Shown(character));
            }
        })
    }
}

/// A character as it may safely stand in a sentence: by its number where it is invisible, moves the cursor,
/// changes the direction of writing or would melt into its neighbour.
struct Shown(char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use GeneralCategory as Category;
        let hidden = match self.0.general_category() {
            Category::Control
            | Category::Format
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::SpaceSeparator
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::NonspacingMark
            | Category::SpacingMark
            | Category::EnclosingMark => true,
            // These letters of the Hangul block are blank: they are made to fill a place.
            _ => matches!(self.0, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}'),
        };
        if hidden { write!(f, "U+{:04X}", u32::from(self.0)) } else { write!(f, "'{}'", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_cannot_be_seen_are_named_by_their_number() {
        for (character, shown) in [
            ('x', "'x'"),
            ('가', "'가'"),
            ('\u{7}', "U+0007"),
            ('\u{1B}', "U+001B"),
            ('\u{202E}', "U+202E"),
            ('\u{200B}', "U+200B"),
            ('\u{2028}', "U+2028"),
            ('\u{301}', "U+0301"),
            ('\u{3164}', "U+3164"),
            ('\u{E0001}', "U+E0001"),
        ] {
            assert_eq!(Shown(character).to_string(), shown);
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_how_to_mend_it() {
        assert_eq!(
            NumberError::NotANumber(Fault::UnexpectedCharacter('\u{1B}')).to_string(),
            "not a number: it contains U+001B; send digits only, such as 12, -0.5 or 2.5e-3"
        );
        assert_eq!(
            NumberError::TooManyDigits { limit: 10_000 }.to_string(),
            "too many digits: at most 10000 are allowed, zeros counted; send a shorter number"
        );
    }
}
