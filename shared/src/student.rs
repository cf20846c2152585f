//! Which characters ids, names, and all other text that reaches another person's screen may have. The server applies it
//! on the wire and in the roster, the client while a person types, so that both say the same.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The most characters a student id may have.
pub const MAX_ID_CHARS: usize = 32;

/// The most characters a name may have, after normalisation to NFC.
pub const MAX_NAME_CHARS: usize = 64;

/// The most combining marks that one character of a name may have, those of composed letters counted. Writing takes
/// three at the most (Tibetan); a pile of them covers the lines around it.
pub const MAX_MARKS: usize = 4;

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
    /// The name has a character that cannot be seen; see [`is_visible`].
    #[error("the name has control or invisible characters, which some emoji bring along; type it again without them")]
    NameInvisible,
    /// A character of the name has over [`MAX_MARKS`] combining marks, or a mark stands on none.
    #[error("the name has too many combining marks on one character, or a mark on none; type it again with fewer")]
    NameMarks,
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
/// A [`StudentError`] where nothing is left, more than [`MAX_NAME_CHARS`] characters are, one of
/// them cannot be seen, or one has more than [`MAX_MARKS`] marks.
pub fn read_name(name: &str) -> Result<String, StudentError> {
    // Names that differ only in the blanks around them look the same.
    let name = name.trim_matches(is_blank);
    // A name is at most 64 characters, and no character decomposes into more than a few dozen, so
    // anything far longer need not be composed to know that it is too long.
    if name.chars().nth(MAX_NAME_CHARS * 18).is_some() {
        return Err(StudentError::NameTooLong);
    }
    if !name.chars().all(is_visible) {
        return Err(StudentError::NameInvisible);
    }
    let name: String = if is_nfc(name) { name.to_owned() } else { name.nfc().collect() };
    if name.is_empty() {
        return Err(StudentError::NameEmpty);
    }
    if name.chars().nth(MAX_NAME_CHARS).is_some() {
        return Err(StudentError::NameTooLong);
    }
    if !marks_fit(&name) {
        return Err(StudentError::NameMarks);
    }
    Ok(name)
}

/// Whether every mark has a character to stand on, and no character too many of them.
fn marks_fit(name: &str) -> bool {
    let mut marks = MAX_MARKS;
    // Decomposed, so that it does not matter which of them have a composed form.
    name.nfd().all(|character| {
        marks = match character {
            _ if is_mark(character) => marks + 1,
            _ if is_blank(character) => MAX_MARKS,
            _ => 0,
        };
        marks <= MAX_MARKS
    })
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
        || !character.is_ascii() && character.general_category() == GeneralCategory::SpaceSeparator
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

/// Whether a character is printable and leaves something to see, a blank included: two names that differ in others
/// look alike. Not the default-ignorable characters (joiners, variation selectors, Hangul fillers and what is
/// reserved for more of them: Unicode's `DerivedCoreProperties.txt`), nor the blank pattern of Braille, nor a note
/// without its head.
#[must_use]
pub fn is_visible(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    !matches!(
        character,
        '\u{34F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{2065}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1D159}'
            | '\u{E0000}'..='\u{E0FFF}'
    ) && is_printable(character)
}

/// Whether a character is drawn onto the one before it: a combining mark, or the vowel or last consonant of a Hangul
/// syllable that NFC does not compose. Spacing marks of Myanmar's stand beside their letter, and its words take five
/// of them.
#[must_use]
pub fn is_mark(character: char) -> bool {
    match character {
        _ if character.is_ascii() => false,
        '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' => true,
        _ => match character.general_category() {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => true,
            GeneralCategory::SpacingMark => !matches!(character, '\u{1000}'..='\u{109F}'),
            _ => false,
        },
    }
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
            ("a\x1b[31mb", StudentError::NameInvisible),
            ("a\nb", StudentError::NameInvisible),
            ("a\n", StudentError::NameInvisible),
        ] {
            assert_eq!(read_name(bad), Err(why), "{bad:?}");
        }
        assert_eq!(read_name(&"가".repeat(65)), Err(StudentError::NameTooLong));
        assert_eq!(read_name(&"a".repeat(1 << 20)), Err(StudentError::NameTooLong));
    }
    #[test]
    fn a_name_with_a_character_that_leaves_nothing_to_see_is_refused() {
        let invisible = "\u{7f} \u{9b} \u{ad} \u{34f} \u{61c} \u{115f} \u{1160} \u{17b4} \u{17b5} \u{180b} \u{180e} \u{180f} \
            \u{200b} \u{200c} \u{200d} \u{200e} \u{2028} \u{2029} \u{202e} \u{2060} \u{2065} \u{2069} \u{206f} \u{2800} \
            \u{3164} \u{fe00} \u{fe0f} \u{feff} \u{ffa0} \u{fff0} \u{fffb} \u{1bca0} \u{1d159} \u{1d173} \u{e0001} \u{e0020} \
            \u{e0100} \u{e0fff}";
        for bad in invisible.split_whitespace() {
            for name in [bad.to_owned(), format!("김{bad}철수"), format!("{bad}a"), format!("a{bad}")] {
                assert_eq!(read_name(&name), Err(StudentError::NameInvisible), "{}", name.escape_unicode());
                assert_eq!(check_id(&name), Err(StudentError::Id));
            }
        }
    }

    #[test]
    fn a_pile_of_marks_is_refused_and_so_is_a_mark_on_nothing() {
        for mark in
            ['\u{301}', '\u{483}', '\u{5b0}', '\u{64b}', '\u{e49}', '\u{903}', '\u{20dd}', '\u{302e}', '\u{1161}']
        {
            let name = |marks: usize| format!("b{}b", String::from(mark).repeat(marks));
            assert!(read_name(&name(4)).is_ok(), "{}", name(4).escape_unicode());
            for bad in [name(5), name(40), format!("{mark}b"), format!("b {mark}")] {
                assert_eq!(read_name(&bad), Err(StudentError::NameMarks), "{}", bad.escape_unicode());
            }
        }
        // One of them is composed with its letter, and counts all the same.
        assert!(read_name("a\u{301}\u{301}\u{301}\u{301}").is_ok());
        for bad in ["a\u{301}\u{301}\u{301}\u{301}\u{301}", "á\u{301}\u{301}\u{301}\u{301}"] {
            assert_eq!(read_name(bad), Err(StudentError::NameMarks));
        }
    }

    #[test]
    fn names_of_the_world_are_names() {
        for name in [
            "김철수",
            "\u{1100}\u{1175}\u{11b7}\u{110e}\u{1165}\u{11af}\u{1109}\u{116e}",
            "남궁 민수",
            "ㅇㅇ",
            "李小龍",
            "やまだ たろう",
            "か\u{3099}く",
            "Nguyễn Thị Hồng Nhung",
            "Nguye\u{302}\u{303}n Thi\u{323} Ho\u{302}\u{300}ng",
            "Zoë O’Connor-Núñez",
            "Łukasz Żółć",
            "Ελένη Παπαδοπούλου",
            "Йосип Ґалаґан",
            "प्रियंका श्रीवास्तव",
            "ஸ்ரீநிவாசன்",
            "শ্রীমন্ত চক্রবর্ত্তী",
            "ปิ่นเกล้า ก็น้ำผึ้ง",
            "မျှော်လင့် လျှော့",
            "བསྒྲུབས་མཐའ",
            "ស្រីមុំ",
            "مُحَمَّدٌ عَبْدُ اللّٰهِ",
            "שָׁלוֹם בֶּן־דָּוִד",
            "ሰላም ተስፋዬ",
            "😀 👍🏽",
        ] {
            assert_eq!(read_name(name).as_deref(), Ok(&*name.nfc().collect::<String>()), "{name}");
        }
    }
}
