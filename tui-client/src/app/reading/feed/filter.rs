//! What a feed lets through: everything, one student's results, or those in which a text occurs. The feed asks it about
//! every result; the view asks where the text stands, to mark it.

use std::ops::Range;

use squares_shared::message::SquareResult;
use unicode_normalization::UnicodeNormalization;

use crate::app::Row;

/// What a feed lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Only this student's results.
    pub(crate) student: Option<StudentFilter>,
    /// Only results in which this text occurs.
    pub(crate) text: Option<SearchText>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StudentFilter {
    pub(crate) id: String,
    pub(crate) name: String,
    /// It is the one who looks.
    pub(crate) me: bool,
}

impl Filter {
    /// Whether anything is left out at all.
    pub(crate) const fn is_all(&self) -> bool {
        self.student.is_none() && self.text.is_none()
    }

    /// Whether my squares that wait belong among what is let through.
    pub(crate) fn shows_pending(&self) -> bool {
        self.text.is_none() && self.student.as_ref().is_none_or(|whose| whose.me)
    }

    /// The result as a row, if it is let through.
    pub(crate) fn row(&self, result: &SquareResult) -> Option<Row> {
        if self.student.as_ref().is_some_and(|whose| whose.id != result.student) {
            return None;
        }
        Some(Row::new(result)).filter(|row| self.text.as_ref().is_none_or(|text| text.occurs_in(row)))
    }

    /// Whether a row is let through.
    pub(crate) fn matches(&self, row: &Row) -> bool {
        self.student.as_ref().is_none_or(|whose| whose.id == row.student())
            && self.text.as_ref().is_none_or(|text| text.occurs_in(row))
    }
}

/// A text that is searched for, in numbers, squares, names and student ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchText {
    pub(crate) typed: String,
    /// In lower case and composed, as names are compared.
    words: String,
    /// As it would stand in a number: without separators, full-width digits made plain. Empty where it is no part of
    /// a number.
    digits: String,
}

impl SearchText {
    /// A text to search for; none where nothing was typed.
    pub(crate) fn new(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let plain: String = typed.nfkc().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
        let plain = plain.replace('\u{2212}', "-");
        let number = plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
        let digits = if number { plain } else { String::new() };
        let words = folded(typed);
        (!words.is_empty()).then(|| Self { typed: typed.to_owned(), words, digits })
    }

    pub(crate) fn occurs_in(&self, row: &Row) -> bool {
        let in_number =
            !self.digits.is_empty() && (row.number().contains(&self.digits) || row.square().contains(&self.digits));
        in_number || self.is_in_words(row.name()) || self.is_in_words(row.student())
    }

    fn is_in_words(&self, text: &str) -> bool {
        // ASCII is never composed with anything that is worth finding, and needs no folding, which a flood would pay
        // for.
        if self.words.is_ascii() {
            let (text, words) = (text.as_bytes(), self.words.as_bytes());
            return text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
        }
        folded(text).contains(&self.words)
    }

    /// Where it stands in words as they are shown, in bytes.
    pub(crate) fn places_in_words(&self, shown: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut at = 0;
        while at < shown.len() {
            // Folding may change a text's length, so that every beginning is tried; names are short.
            let end = shown[at..].char_indices().map(|(from, c)| at + from + c.len_utf8());
            match end.clone().find(|&end| folded(&shown[at..end]) == self.words) {
                Some(end) => {
                    places.push(at..end);
                    at = end;
                }
                None => at = end.min().unwrap_or(shown.len()),
            }
        }
        places
    }

    /// Where it stands in a number as it is shown, in bytes; the commas between its groups are passed over.
    pub(crate) fn places_in_number(&self, shown: &str) -> Vec<Range<usize>> {
        if self.digits.is_empty() {
            return Vec::new();
        }
        let at: Vec<usize> = shown.bytes().enumerate().filter(|(_, byte)| *byte != b',').map(|(at, _)| at).collect();
        let plain = shown.replace(',', "");
        let places = plain.match_indices(&self.digits);
        places.filter_map(|(from, part)| Some(*at.get(from)?..at.get(from + part.len() - 1)? + 1)).collect()
    }

    /// Whether it occurs in this number in full.
    pub(crate) fn is_in_number(&self, number: &str) -> bool {
        !self.digits.is_empty() && number.contains(&self.digits)
    }
}

/// Composed and in lower case.
fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, number: &str, square: &str) -> Row {
        Row::new(&SquareResult {
            seq: 1,
            at: String::new(),
            student: "s-1".into(),
            name: name.into(),
            number: number.into(),
            square: square.into(),
            id: None,
        })
    }

    #[test]
    fn a_text_is_found_in_numbers_squares_names_and_ids() {
        let row = row("예시 Nara", "-1234.5", "1523990.25");
        for text in
            ["1234", "1,234", "１２３４", "-12", "4.5", "23990.2", "예시", "nara", "\u{110B}\u{1168}", "S-1", " 990 "]
        {
            assert!(SearchText::new(text).is_some_and(|text| text.occurs_in(&row)), "{text}");
        }
        for text in ["1235", "나래", "12-", "s-2"] {
            assert!(!SearchText::new(text).is_some_and(|text| text.occurs_in(&row)), "{text}");
        }
        assert_eq!(SearchText::new("  "), None);
    }

    #[test]
    fn its_places_are_told_for_marking() {
        let text = SearchText::new("12").unwrap();
        assert_eq!(text.places_in_number("1212"), [0..2, 2..4]);
        assert_eq!(SearchText::new("1234").unwrap().places_in_number("(-51,234,567)").first(), Some(&(3..8)));
        assert_eq!(SearchText::new("NA").unwrap().places_in_words("가Nana"), [3..5, 5..7]);
        assert!(SearchText::new("가").unwrap().places_in_number("1").is_empty());
    }
}
