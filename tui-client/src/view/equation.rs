//! `12² = 144` as a row of the feed has it: three parts, so that each has its own weight. Digits stand in groups. What
//! does not fit is shortened by magnitude, `3.86e11² ≈ 1.48e23`: how large it is says more than a few digits of each
//! end.

use std::borrow::Cow;

use crate::digits::{Magnitude, grouped, grouped_width};
use crate::text;
use crate::theme::Glyphs;

/// The most digits of a number that somebody takes in at a glance.
const TAKEN_IN: usize = 24;

/// The cells that a six-digit number and its square take up in full: what a row has to spare before anything that is
/// less than the result gets cells.
pub(super) const WHOLE: usize = 26;

/// A number and its square.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Equation<'a> {
    pub(super) number: Cow<'a, str>,
    /// The signs between them.
    pub(super) between: String,
    pub(super) square: Cow<'a, str>,
}

impl<'a> Equation<'a> {
    /// In at most `cells`.
    pub(super) fn new(number: &'a str, square: &'a str, cells: usize, glyphs: &Glyphs) -> Self {
        let negative = number.starts_with('-');
        let around = 2 * usize::from(negative);
        let equals = |sign: &str| format!("{} {sign} ", glyphs.squared);
        let between = equals("=");
        let room = cells.saturating_sub(around + text::width(&between));
        if grouped_width(number) + grouped_width(square) <= room {
            return Self { number: bracketed(grouped(number), negative), between, square: grouped(square) };
        }
        let (near, rough) = (equals(glyphs.nearly), Magnitude::of(square));
        let sign = |exact| if exact { between.clone() } else { near.clone() };
        if number.len() <= TAKEN_IN && grouped_width(number) + rough.text.len() <= room {
            let number = bracketed(grouped(number), negative);
            return Self { number, between: sign(rough.exact), square: rough.text.into() };
        }
        let both = |digits| (shortest(number, digits), Magnitude::with_digits(square, digits));
        let fitting = [3, 2, 1].into_iter().map(both).find(|(one, other)| one.text.len() + other.text.len() <= room);
        let (number, square) = fitting.unwrap_or_else(|| both(1));
        let between = sign(number.exact && square.exact);
        let room = cells.saturating_sub(text::width(&between));
        let number = bracketed(number.text.into(), negative);
        // Where not even that fits, the number goes before its square does.
        let number = cut(&number, room.saturating_sub(square.text.len()), glyphs);
        let left = cells.saturating_sub(text::width(&number));
        let between = text::head(&between, left).to_owned();
        let square = cut(&square.text, left.saturating_sub(text::width(&between)), glyphs);
        Self { number: number.into(), between, square: square.into() }
    }
}

/// A square alone, for places that have no cells for its number too; `None` where it has none either.
pub(super) fn square_alone(square: &str, cells: usize, glyphs: &Glyphs) -> Option<String> {
    let near = |digits| {
        let Magnitude { text, exact } = shortest(square, digits);
        if exact { text } else { format!("{} {text}", glyphs.nearly) }
    };
    let whole = (grouped_width(square) <= cells).then(|| grouped(square).into_owned());
    whole.or_else(|| [3, 2, 1].into_iter().map(near).find(|words| text::fits(words, cells)))
}

/// A number by its magnitude, unless all of its digits take up no more.
fn shortest(number: &str, digits: usize) -> Magnitude {
    let short = Magnitude::with_digits(number, digits);
    if grouped_width(number) <= short.text.len() {
        return Magnitude { text: grouped(number).into_owned(), exact: true };
    }
    short
}

/// A number in at most `cells`, of which a part stands only beside the mark that something is missing: its first digit
/// alone would be another number.
fn cut(number: &str, cells: usize, glyphs: &Glyphs) -> String {
    if text::fits(number, cells) || text::width(glyphs.ellipsis) < cells {
        text::cut(number, cells, glyphs.ellipsis).into_owned()
    } else {
        text::head(glyphs.ellipsis, cells).to_owned()
    }
}

/// A negative number is squared in brackets.
fn bracketed(number: Cow<'_, str>, negative: bool) -> Cow<'_, str> {
    if negative { Cow::Owned(format!("({number})")) } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: &str, square: &str, cells: usize, ascii: bool) -> String {
        let Equation { number, between, square } = Equation::new(number, square, cells, &Glyphs::new(ascii));
        format!("{number}{between}{square}")
    }

    #[test]
    fn a_number_and_its_square_are_whole_or_shortened_by_magnitude() {
        let check = |number: i128, cells: usize, expect: &str| {
            let square = (number * number).to_string();
            assert_eq!(written(&number.to_string(), &square, cells, false), expect, "{number} in {cells}");
        };
        check(12, 9, "12² = 144");
        check(-5, 20, "(-5)² = 25");
        check(32, 20, "32² = 1,024");
        check(999_999, WHOLE, "999,999² = 999,998,000,001");
        check(999_999, WHOLE - 1, "999,999² ≈ 1.00e12");
        check(-123_456, 21, "(-123,456)² ≈ 1.52e10");
        check(-123_456, 20, "(-1.23e5)² ≈ 1.52e10");
        check(-123_456, 18, "(-1.2e5)² ≈ 1.5e10");
        check(385_600_000_001, 21, "3.86e11² ≈ 1.49e23");
        check(385_600_000_001, 27, "385,600,000,001² ≈ 1.49e23");
        check(1_000_000_000, 13, "1e9² = 1e18");
        check(385_600_000_001, 14, "4e11² ≈ 1e23");
        check(67, 9, "67² ≈ 4e3");
        check(385_600_000_001, 10, "4…² ≈ 1e23");
    }

    #[test]
    fn what_is_cut_is_never_another_number() {
        let (number, square) = ("98765432109876543210", "9754610579850632525677488187778997104100");
        for ascii in [false, true] {
            let glyphs = Glyphs::new(ascii);
            for cells in 0..60 {
                let shown = Equation::new(number, square, cells, &glyphs);
                let is_a_number =
                    !shown.number.is_empty() && shown.number.chars().all(|c| c.is_ascii_digit() || c == ',');
                assert!(!is_a_number || shown.number.replace(',', "") == number, "{cells}: {shown:?}");
            }
        }
    }

    #[test]
    fn no_width_is_ever_exceeded() {
        for ascii in [false, true] {
            for number in ["7", "-12345678901234567890", "0.00012345678901234567890123456789", &"9".repeat(5_000)] {
                for cells in 0..120 {
                    let shown = written(number, &"8".repeat(number.len() * 2), cells, ascii);
                    assert!(text::width(&shown) <= cells, "{number} in {cells}: {shown}");
                    assert!(!ascii || shown.is_ascii());
                }
            }
        }
    }
}
