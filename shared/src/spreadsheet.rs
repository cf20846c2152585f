//! CSV tables for spreadsheets, with a guard against formula injection: students choose their names and ids, and a
//! professor opens the table. The exports of the server and of the client are written with it, and sheets of new PINs.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::message::SquareResult;

/// The mark by which spreadsheets recognise UTF-8: the beginning of a file for them, and of nothing else.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table that is being written.
pub struct Table<W: Write>(csv::Writer<W>);

impl<W: Write> Table<W> {
    /// Begins with the titles of the columns.
    ///
    /// # Errors
    /// As writing to `out` fails.
    pub fn begin<S: AsRef<str>>(out: W, titles: impl IntoIterator<Item = S>) -> io::Result<Self> {
        let mut table = Self::go_on(out);
        table.row(titles)?;
        Ok(table)
    }

    /// Begins one of results, for [`result`](Self::result).
    ///
    /// # Errors
    /// As writing to `out` fails.
    pub fn of_results(out: W) -> io::Result<Self> {
        Self::begin(out, ["seq", "at", "student", "name", "number", "square", "id"])
    }

    /// Goes on with one, behind what `out` holds of it.
    pub fn go_on(out: W) -> Self {
        Self(csv::Writer::from_writer(out))
    }

    /// Writes a row.
    ///
    /// # Errors
    /// As writing fails.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
        for text in cells {
            self.0.write_field(&*cell(text.as_ref()))?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    /// Writes a result.
    ///
    /// # Errors
    /// As writing fails.
    pub fn result<S: AsRef<str>>(&mut self, result: &SquareResult<S>) -> io::Result<()> {
        let SquareResult { seq, at, student, name, number, square, id } = result;
        let id = id.as_ref().map_or("", AsRef::as_ref);
        let texts = [at, student, name, number, square].map(AsRef::as_ref);
        self.row([&*seq.to_string()].into_iter().chain(texts).chain([id]))
    }

    /// Flushes the table, and gives back the writer.
    ///
    /// # Errors
    /// As writing fails.
    pub fn end(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The text with a `'` before whatever a spreadsheet would take for a formula: at its beginning, and behind a
/// separator that the spreadsheet may guess in place of the comma. A number stays a number.
///
/// ```
/// use squares_shared::spreadsheet::cell;
/// assert_eq!(cell("=1+1"), "'=1+1");
/// assert_eq!(cell("가람;＝1"), "가람;'＝1");
/// assert_eq!(cell("-5"), "-5");
/// ```
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if is_number(text) || !text.chars().any(|c| begins_formula(c) || is_control(c)) {
        return Cow::Borrowed(text);
    }
    let mut guarded = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for (at, c) in text.char_indices() {
        if (begins && begins_formula(c)) || (at == 0 && is_control(c)) {
            guarded.push('\'');
        }
        guarded.push(c);
        // Some spreadsheets skip blanks and quotes before they look for a formula.
        begins = is_separator(c) || (begins && (c.is_whitespace() || matches!(c, '"' | '\'' | '\u{feff}')));
    }
    Cow::Owned(guarded)
}

/// Digits, perhaps a sign before and a point within.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    digits(whole) && digits(fraction)
}

/// Whether a cell that begins so may be a formula. Other forms of the same characters (full-width, small, raised and
/// lowered ones) count, and so do dashes.
const fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\u{207a}'..='\u{207c}' | '\u{208a}'..='\u{208c}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
        | '\u{2a75}' | '\u{2a76}' | '\u{fb29}' | '\u{fe58}' | '\u{fe62}' | '\u{fe63}' | '\u{fe66}' | '\u{fe6b}'
        | '\u{ff0b}' | '\u{ff0d}' | '\u{ff1d}' | '\u{ff20}')
}

const fn is_control(c: char) -> bool {
    matches!(c, '\t' | '\r' | '\n')
}

const fn is_separator(c: char) -> bool {
    is_control(c) || matches!(c, ',' | ';' | '|')
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn every_other_form_of_the_characters_counts() {
        let plain = |c: char| matches!(c, '=' | '+' | '-' | '@');
        for c in '\0'..=char::MAX {
            if c.nfkc().next().is_some_and(plain) {
                assert!(begins_formula(c), "{c:?}");
            }
        }
    }

    #[test]
    fn what_a_spreadsheet_would_carry_out_is_guarded_wherever_it_may_begin_a_cell() {
        for (text, guarded) in [
            ("=1+1", "'=1+1"),
            ("+1+1", "'+1+1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A", "'＠A"),
            ("﹦1", "'﹦1"),
            ("⁺1", "'⁺1"),
            ("−1", "'−1"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\tname", "'\tname"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("가람;=1", "가람;'=1"),
            ("a; ＝1", "a; '＝1"),
            ("a\t@A", "a\t'@A"),
            ("a|=1|-b", "a|'=1|'-b"),
            ("a,=1", "a,'=1"),
            ("a\n=1", "a\n'=1"),
            ("a\";=1", "a\";'=1"),
            ("--1", "'--1"),
            ("-", "'-"),
            ("-1.2.3", "'-1.2.3"),
            ("+5", "'+5"),
        ] {
            assert_eq!(cell(text), guarded, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_names_stay_as_they_are() {
        for text in [
            "",
            "-5",
            "-0.125",
            "12",
            "20260001",
            "가람",
            "Kim-Lee",
            "a=b",
            "s-1_x.y",
            "Kim -Lee",
            "2026-01-02T03:04:05Z",
        ] {
            assert_eq!(cell(text), text);
        }
    }
}
