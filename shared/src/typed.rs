//! Normalizes what a person typed: trims white space, and turns the full-width forms that Korean and Japanese input
//! methods produce into ASCII. The client reads its fields with it, and both programs their flags and PINs.

use std::borrow::Cow;

/// Without white space at either end, and with ASCII for full-width characters (U+FF01 to U+FF5E).
///
/// ```
/// assert_eq!(squares_shared::typed::read("\u{3000}２０２６－０００１\r"), "2026-0001");
/// ```
#[must_use]
pub fn read(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.chars().map(narrow).collect()) }
}

/// The ASCII character of a full-width one; any other character unchanged.
fn narrow(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_go_and_full_width_characters_are_read() {
        for (typed, meant) in [
            ("", ""),
            (" \t\u{3000}\u{a0}\r\n", ""),
            (" 20260001 ", "20260001"),
            ("２０２６０００１", "20260001"),
            ("ｋ７ｍｑ－９３ｘｄ", "k7mq-93xd"),
            ("a b", "a b"),
            ("가람\r", "가람"),
        ] {
            assert_eq!(read(typed), meant, "{typed:?}");
        }
    }
}
