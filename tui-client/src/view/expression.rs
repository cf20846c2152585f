//! A number that has no square yet, or gets none, in as many cells as there are: what does not fit is shortened in its
//! middle. The feed and the question about a paste write with it.

use crate::text;
use crate::theme::Glyphs;

/// A number whose square is still to come.
pub(super) fn waiting(number: &str, cells: usize, glyphs: &Glyphs) -> String {
    let equals = format!("{} = {}", glyphs.squared, glyphs.ellipsis);
    format!("{}{equals}", base(number, cells.saturating_sub(text::width(&equals)), glyphs))
}

/// A number that was refused, and why.
pub(super) fn refused(number: &str, why: &str, cells: usize, glyphs: &Glyphs) -> String {
    let taken = text::width(glyphs.squared) + 2 + text::width(why);
    let room = cells.saturating_sub(taken).max(cells / 4);
    let all = format!("{}{}  {why}", base(number, room, glyphs), glyphs.squared);
    text::cut(&all, cells, glyphs.ellipsis).into_owned()
}

/// A text that is no number, and why.
pub(super) fn wrong(text: &str, why: &str, cells: usize, glyphs: &Glyphs) -> String {
    let room = cells.saturating_sub(2 + text::width(why)).max(cells / 4);
    let all = format!("{}  {why}", text::shorten(text, room, glyphs.ellipsis));
    text::cut(&all, cells, glyphs.ellipsis).into_owned()
}

/// A negative number is squared in brackets.
fn base(number: &str, cells: usize, glyphs: &Glyphs) -> String {
    let (open, digits, close) = match number.strip_prefix('-') {
        Some(digits) => ("(-", digits, ")"),
        None => ("", number, ""),
    };
    format!("{open}{}{close}", text::shorten(digits, cells.saturating_sub(open.len() + close.len()), glyphs.ellipsis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_number_stands_in_brackets_and_a_long_one_is_shortened() {
        let glyphs = &Glyphs::new(false);
        assert_eq!(waiting("-5", 20, glyphs), "(-5)² = …");
        assert_eq!(waiting("-1234567890", 13, glyphs), "(-12…90)² = …");
        assert_eq!(refused("1234567890", "why", 12, glyphs), "123…90²  why");
    }

    #[test]
    fn no_width_is_ever_exceeded() {
        for glyphs in [Glyphs::new(false), Glyphs::new(true)] {
            for number in ["7", "-12345678901234567890", &"9".repeat(5_000)] {
                for cells in 0..120 {
                    assert!(text::width(&refused(number, "이유", cells, &glyphs)) <= cells);
                    assert!(text::width(&wrong(number, "이유", cells, &glyphs)) <= cells);
                }
            }
        }
    }
}
