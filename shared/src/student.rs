//! What may stand in the ids and names of people, and in any other text that one person's program sends to
//! another's screen. The server judges by it at the wire and in the roster; the client judges by it while
//! somebody types, so that both say the same.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The most characters a student id may have.
pub const MAX_ID_CHARS: usize = 32;

/// The most characters a name may have, after normalisation to NFC.
pub const MAX_NAME_CHARS: usize = 64;

/// Why an id or a name was refused, and how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StudentError {
    /// The id is empty, over [`MAX_ID_CHARS`] characters, or has a character that no id has.
    #[error("not a student id: it takes 1 to 32 ASCII letters, digits, '-', '_' or '.'; check the id and try again")]
    Id,
    /// The name is empty, or blank.
    #[error("the name is empty; give 1 to 64 characters, or leave it out")]
    NameEmpty,
    /// The name is over [`MAX_NAME_CHARS`] characters.
    #[error("the name is longer than 64 characters; give a shorter one")]
    NameTooLong,
    /// The name has a character that cannot be seen: a control or an invisible formatting character.
    #[error("the name has control or invisible formatting characters; type it again without them")]
    NameUnprintable,
}

/// Checks a student id (학번): 1 to 32 ASCII letters, digits, `-`, `_` or `.`, case kept.
///
/// # Errors
/// [`StudentError::Id`] for anything else; nothing is trimmed.
///
/// ```
/// use squares_shared::student::check_id;
/// assert!(check_id("2026-0001").is_ok());
/// assert!(check_id("2026 0001").is_err());
/// ```
pub fn check_id(id: &str) -> Result<(), StudentError> {
    let fits = (1..=MAX_ID_CHARS).contains(&id.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if fits && id.bytes().all(plain) { Ok(()) } else { Err(StudentError::Id) }
}

/// Reads a person's name: trimmed, and composed (NFC), so that a name typed on a system that
/// decomposes Hangul is the same name everywhere.
///
/// # Errors
/// A [`StudentError`] where nothing is left, more than [`MAX_NAME_CHARS`] characters are, or one of
/// them is not printable.
pub fn read_name(name: &str) -> Result<String, StudentError> {
    let name = name.trim_matches([' ', '\t', '\u{3000}']);
    // A name is at most 64 characters, and no character decomposes into more than a few dozen, so
    // anything far longer need not be composed to know that it is too long.
    if name.chars().nth(MAX_NAME_CHARS * 18).is_some() {
        return Err(StudentError::NameTooLong);
    }
    if !name.chars().all(is_printable) {
        return Err(StudentError::NameUnprintable);
    }
    let name: String = if is_nfc(name) { name.to_owned() } else { name.nfc().collect() };
    if name.trim().is_empty() {
        return Err(StudentError::NameEmpty);
    }
    if name.chars().nth(MAX_NAME_CHARS).is_some() {
        return Err(StudentError::NameTooLong);
    }
    Ok(name)
}

/// Whether a character may stand in text that reaches somebody's terminal: not a control (Cc), not an
/// invisible formatting character (Cf: bidi overrides, zero-width joiners, soft hyphens), not a line or
/// paragraph separator (Zl, Zp).
#[must_use]
pub fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    !matches!(
        character.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_ascii_letters_digits_and_three_marks() {
        for good in ["1", "20260001", "a-b_c.D", &"x".repeat(32)] {
            assert_eq!(check_id(good), Ok(()), "{good}");
        }
        for bad in ["", " 1", "1 ", "학번", "a/b", "a\n", "a\u{200b}", "１２", &"x".repeat(33)] {
            assert_eq!(check_id(bad), Err(StudentError::Id), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_composed_and_trimmed() {
        assert_eq!(read_name(" \u{1100}\u{1161} "), Ok("가".to_owned()));
        assert_eq!(read_name("Ada Lovelace").as_deref(), Ok("Ada Lovelace"));
        assert_eq!(read_name(&"가".repeat(64)).map(|name| name.chars().count()), Ok(64));
    }

    #[test]
    fn a_name_nobody_can_see_is_refused() {
        for (bad, why) in [
            ("", StudentError::NameEmpty),
            (" \u{3000}", StudentError::NameEmpty),
            ("\u{a0}", StudentError::NameEmpty),
            ("a\x1b[31mb", StudentError::NameUnprintable),
            ("a\u{9b}b", StudentError::NameUnprintable),
            ("a\u{202e}b", StudentError::NameUnprintable),
            ("a\u{200b}b", StudentError::NameUnprintable),
            ("a\u{2028}b", StudentError::NameUnprintable),
            ("a\nb", StudentError::NameUnprintable),
        ] {
            assert_eq!(read_name(bad), Err(why), "{bad:?}");
        }
        assert_eq!(read_name(&"가".repeat(65)), Err(StudentError::NameTooLong));
        assert_eq!(read_name(&"a".repeat(1 << 20)), Err(StudentError::NameTooLong));
    }
}
