//! `12² = 144` in as many cells as there are: what does not fit is shortened in the middle, with its digits counted
//! behind it. The feed writes its rows with it.

use std::borrow::Cow;

use crate::strings::Strings;
use crate::text;
use crate::theme::Glyphs;

/// The most digits that somebody takes in at a glance.
const TAKEN_IN: usize = 24;

/// The cells that are left for a square at least, where its number stands whole.
const LEFT: usize = 7;

/// How numbers are written in a row.
pub(super) struct Writer<'a> {
    pub(super) strings: &'a Strings,
    pub(super) glyphs: &'a Glyphs,
}

impl Writer<'_> {
    /// A number and its square, of so many digits, in at most `cells`.
    pub(super) fn squared(&self, number: &str, square: &str, counts: (usize, usize), cells: usize) -> String {
        let (open, digits, close) = base(number);
        let equals = format!("{close}{} = ", self.glyphs.squared);
        let around = open.len() + text::width(&equals);
        if around + digits.len() + square.len() <= cells {
            return format!("{open}{digits}{equals}{square}");
        }
        let room = cells.saturating_sub(around);
        // A number that somebody can take in stands whole, as long as something of its square is left.
        let number_cut = |room: usize| digits.len() > (room / 2).max(room.saturating_sub(LEFT).min(TAKEN_IN));
        let of_square = text::grouped(counts.1);
        let of_both = format!("{}{}{of_square}", text::grouped(counts.0), self.glyphs.to);
        let long = |digits: &str| format!(" ({})", (self.strings.digits)(digits));
        // The counts are worth their cells only where enough digits stay in sight. How long a number is that does not
        // stand whole is told beside its square's, and no count of one of them stands without its unit.
        let compact = format!(" ({}{}{})", counts.0, self.glyphs.to, counts.1);
        let candidates = [(long(&of_square), false, 12), (long(&of_both), true, 12), (compact, true, 5)];
        let behind = candidates.into_iter().find_map(|(words, for_cut, least)| {
            let left = room.checked_sub(text::width(&words))?;
            (left >= least && (for_cut || !number_cut(left))).then_some(words)
        });
        if behind.is_none() {
            // Where there is no room for both, how long the square is says more than a few of its digits.
            let count = (self.strings.digits)(&counts.1.to_string());
            let room = room.saturating_sub(text::width(&count));
            if number_cut(cells) && room >= 3 {
                return format!("{open}{}{equals}{count}", self.shorten(digits, room));
            }
        }
        let behind = behind.unwrap_or_default();
        let room = room - text::width(&behind);
        let for_number =
            if number_cut(room) { share(room).max(room.saturating_sub(square.len())) } else { digits.len() };
        let digits = self.shorten(digits, for_number);
        let square = self.shorten(square, room.saturating_sub(text::width(&digits)));
        let whole = format!("{open}{digits}{equals}{square}{behind}");
        text::head(&whole, cells).to_owned()
    }

    /// A number whose square is still to come.
    pub(super) fn waiting(&self, number: &str, cells: usize) -> String {
        let equals = format!("{} = {}", self.glyphs.squared, self.glyphs.ellipsis);
        format!("{}{equals}", self.base(number, cells.saturating_sub(text::width(&equals))))
    }

    /// A number that was refused, and why.
    pub(super) fn refused(&self, number: &str, why: &str, cells: usize) -> String {
        let squared = self.glyphs.squared;
        let taken = text::width(squared) + 2 + text::width(why);
        let room = cells.saturating_sub(taken).max(cells / 4);
        let all = format!("{}{squared}  {why}", self.base(number, room));
        text::cut(&all, cells, self.glyphs.ellipsis).into_owned()
    }

    /// A text that is no number, and why.
    pub(super) fn wrong(&self, text: &str, why: &str, cells: usize) -> String {
        let room = cells.saturating_sub(2 + text::width(why)).max(cells / 4);
        let all = format!("{}  {why}", self.shorten(text, room));
        text::cut(&all, cells, self.glyphs.ellipsis).into_owned()
    }

    fn base(&self, number: &str, cells: usize) -> String {
        let (open, digits, close) = base(number);
        format!("{open}{}{close}", self.shorten(digits, cells.saturating_sub(open.len() + close.len())))
    }

    fn shorten<'t>(&self, digits: &'t str, cells: usize) -> Cow<'t, str> {
        text::shorten(digits, cells, self.glyphs.ellipsis)
    }
}

/// What a number gets of the cells for it and its square: a digit at either end, if there is any room.
fn share(room: usize) -> usize {
    (room * 2 / 5).max(3).min(room.saturating_sub(3))
}

/// A negative number is squared in brackets.
fn base(number: &str) -> (&'static str, &str, &'static str) {
    match number.strip_prefix('-') {
        Some(digits) => ("(-", digits, ")"),
        None => ("", number, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn check(number: &str, square: &str, cells: usize, expect: &str) {
        let writer = Writer { strings: Strings::of(Lang::En), glyphs: &Glyphs::new(false) };
        let counts = (text::digits(number), text::digits(square));
        assert_eq!(writer.squared(number, square, counts, cells), expect, "{number} in {cells}");
    }

    #[test]
    fn what_fits_is_written_in_full() {
        check("12", "144", 9, "12² = 144");
        check("-5", "25", 20, "(-5)² = 25");
    }

    #[test]
    fn long_numbers_share_the_cells_and_are_counted() {
        let (number, square) = (&*"1234567890".repeat(10), &*"1524157875".repeat(20));
        check(number, square, 80, "12345678901…01234567890² = 152415787515241578…41578751524157875 (100→200 digits)");
        check(
            "12345678901234567890",
            &square[..40],
            60,
            "12345678901234567890² = 152415787515…51524157875 (40 digits)",
        );
        check("12345678901234567890", &square[..40], 50, "12345678901234567890² = 1524157…157875 (40 digits)");
        check("12345678901234567890", &square[..40], 43, "12345678901234567890² = 152…875 (40 digits)");
        check("12345678901234567890", &square[..40], 40, "1234…890² = 152415…157875 (20→40 digits)");
        check(&format!("-{number}"), square, 40, "(-123…90)² = 15241…7875 (100→200 digits)");
        check("1234567890", "1524157875019052100", 30, "1234567890² = 1524…100 (10→19)");
        check(number, square, 20, "1…0² = 1…5 (100→200)");
        check(number, square, 19, "1…² = 1…5 (100→200)");
        check(number, square, 18, "12…0² = 200 digits");
        check(number, square, 15, "12…0² = 152…875");
    }

    #[test]
    fn no_width_is_ever_exceeded() {
        for ascii in [false, true] {
            let writer = Writer { strings: Strings::of(Lang::Ko), glyphs: &Glyphs::new(ascii) };
            for number in ["7", "-12345678901234567890", &"9".repeat(5_000)] {
                for cells in 0..120 {
                    assert!(
                        text::width(&writer.squared(number, &"8".repeat(number.len() * 2), (5, 10), cells)) <= cells
                    );
                    assert!(text::width(&writer.refused(number, "이유", cells)) <= cells);
                }
            }
        }
    }
}
