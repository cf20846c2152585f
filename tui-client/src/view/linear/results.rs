//! Results as lines. A long number is said by how many digits it has, its first and its last ones: nobody listens to
//! two hundred digits of each result. `/read` says all of them. Called by the linear view.

use std::borrow::Cow;

use crate::app::{App, Item, Row, Top};
use crate::strings::Strings;
use crate::text;
use crate::theme::Glyphs;
use crate::view::feed::{SELECTED, top_words};

/// The most digits of a number that is said whole.
const WHOLE: usize = 15;

/// How many digits of either end are said of a longer one.
const SAID: usize = 3;

/// A result in a line.
pub(super) fn row(app: &App, row: &Row) -> String {
    let who = if row.student() == app.people.me.id {
        Cow::Borrowed(app.strings.me)
    } else if row.name() == app.strings.me {
        Cow::Owned(format!("\"{}\"", row.name()))
    } else {
        text::name_in_line(row.name())
    };
    format!("{who}: {}", Speaker::of(app).squared(row.number(), row.square()))
}

/// What of the feed is in sight, of so many `rows`.
pub(super) fn page(app: &App, rows: u16, lines: &mut Vec<String>) {
    let selected = app.reading.feed.selected().map(Row::seq);
    for item in (0..rows.into()).filter_map(|line| app.reading.feed.line(line)) {
        match item {
            Item::Row(row) if selected == Some(row.seq()) => lines.push(format!("{SELECTED} {}", self::row(app, row))),
            Item::Row(row) => lines.push(self::row(app, row)),
            Item::Top(Top::Empty) => lines.push(app.strings.nothing_here.to_owned()),
            Item::Top(top) => lines.push(top_words(app, top).to_owned()),
            Item::Divider => lines.push(app.strings.divider.to_owned()),
            Item::Gap => lines.push(app.strings.cut.to_owned()),
            Item::MorePending(_) | Item::Pending(_) => {}
        }
    }
    lines.retain(|line| !line.is_empty());
}

/// How numbers are said. All of them are in canonical form, or what a server takes for that.
pub(super) struct Speaker<'a> {
    strings: &'a Strings,
    glyphs: &'a Glyphs,
}

impl<'a> Speaker<'a> {
    pub(super) const fn of(app: &'a App) -> Self {
        Self { strings: app.strings, glyphs: &app.glyphs }
    }

    /// A number and its square.
    pub(super) fn squared(&self, number: &str, square: &str) -> String {
        format!("{}{} = {}", self.base(number), self.glyphs.squared, self.spoken(square))
    }

    /// A number that was refused, and why.
    pub(super) fn refused(&self, number: &str, why: &str) -> String {
        format!("{}{}  {why}", self.base(number), self.glyphs.squared)
    }

    /// What is squared: in brackets where it is negative, or said in several words.
    fn base<'n>(&self, number: &'n str) -> Cow<'n, str> {
        let said = self.spoken(number);
        if number.starts_with('-') || text::digits(number) > WHOLE { Cow::Owned(format!("({said})")) } else { said }
    }

    fn spoken<'n>(&self, number: &'n str) -> Cow<'n, str> {
        let count = text::digits(number);
        if count <= WHOLE {
            return Cow::Borrowed(number);
        }
        let (sign, plain) = number.split_at(usize::from(number.starts_with('-')));
        let digits: String = plain.chars().filter(|c| *c != '.').collect();
        let significant = digits.trim_start_matches('0');
        let zeros = digits.len() - significant.len();
        let mut first = significant.chars().take(SAID);
        let mut begins = sign.to_owned();
        begins.extend(first.next());
        if significant.len() > 1 {
            begins.push('.');
        }
        begins.extend(first);
        if let Some(whole) = plain.find('.') {
            // How many digits there are does not say how large it is.
            match whole.checked_sub(zeros + 1) {
                Some(exponent) => begins.push_str(&format!("e{exponent}")),
                None => begins.push_str(&format!("e-{}", zeros + 1 - whole)),
            }
        }
        let ends: String = digits.chars().skip(digits.chars().count().saturating_sub(SAID)).collect();
        Cow::Owned((self.strings.long_number)(&text::grouped(count), &begins, &ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn speaker(lang: Lang, glyphs: &Glyphs) -> Speaker<'_> {
        Speaker { strings: Strings::of(lang), glyphs }
    }

    #[test]
    fn a_long_number_is_said_by_its_length_its_beginning_and_its_end() {
        let glyphs = Glyphs::new(false);
        for (number, expect) in [
            ("144", "144"),
            ("-999999999999999", "-999999999999999"),
            ("0.00000000000001", "0.00000000000001"),
            ("152399025000000000000000000000000000900", "39 digits, begins 1.52, ends 900"),
            ("-1000000000000000", "16 digits, begins -1.00, ends 000"),
            ("1234567890123456.78", "18 digits, begins 1.23e15, ends 678"),
            ("1.2345678901234567", "17 digits, begins 1.23e0, ends 567"),
            ("-0.00001234567890123", "18 digits, begins -1.23e-5, ends 123"),
            ("0.00000000000000005", "18 digits, begins 5e-17, ends 005"),
        ] {
            assert_eq!(speaker(Lang::En, &glyphs).spoken(number), expect, "{number}");
        }
        let number = format!("1{}", "0".repeat(1_500));
        assert_eq!(speaker(Lang::Ko, &glyphs).spoken(&number), "1,501자리, 앞자리 1.00, 끝자리 000");
    }

    #[test]
    fn what_is_squared_stands_in_brackets_where_it_is_more_than_a_number() {
        let (glyphs, ascii) = (Glyphs::new(false), Glyphs::new(true));
        let english = speaker(Lang::En, &glyphs);
        assert_eq!(english.squared("12", "144"), "12² = 144");
        assert_eq!(english.squared("-5", "25"), "(-5)² = 25");
        assert_eq!(speaker(Lang::En, &ascii).squared("-5", "25"), "(-5)^2 = 25");
        assert_eq!(
            english.squared("12345678901234567890", "152415787532388367501905199875019052100"),
            "(20 digits, begins 1.23, ends 890)² = 39 digits, begins 1.52, ends 100"
        );
    }

    #[test]
    fn whatever_a_server_calls_a_number_is_said_without_a_panic() {
        let glyphs = Glyphs::new(false);
        for number in
            ["------------------", "..................", "-.-.-.-.-.-.-.-.-.-.-.-.-.-.-.-.-", "?????????????????????"]
        {
            assert!(!speaker(Lang::Ko, &glyphs).squared(number, number).is_empty(), "{number}");
        }
    }
}
