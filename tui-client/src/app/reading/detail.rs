//! One result in full: which of its lines exist at a given width, and how far they are scrolled. Digits stand in groups
//! of three, so that they can be read and counted. The app opens and scrolls it; the view draws the visible lines.

use super::row::Row;

/// A line of a result in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DetailLine {
    Blank,
    NumberHeading,
    SquareHeading,
    Digits(String),
}

/// A number in lines of whole groups: the integer part in threes parted by commas, the fraction in threes parted by
/// spaces. Every group takes four cells, so that groups stand below one another.
#[derive(Debug, Clone, Copy)]
struct Grouped<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    /// The groups on a line.
    across: usize,
}

impl<'a> Grouped<'a> {
    fn new(number: &'a str, cells: usize) -> Self {
        let digits = number.strip_prefix('-');
        let (negative, digits) = (digits.is_some(), digits.unwrap_or(number));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        // A sign stands in a column of its own.
        let room = cells.saturating_sub(usize::from(negative));
        Self { negative, whole, fraction, across: (room / 4).max(1) }
    }

    fn groups(&self) -> (usize, usize) {
        (self.whole.len().div_ceil(3), self.fraction.len().div_ceil(3))
    }

    fn lines(&self) -> usize {
        let (whole, fraction) = self.groups();
        (whole + fraction).div_ceil(self.across)
    }

    fn line(&self, line: usize) -> String {
        let (whole, fraction) = self.groups();
        // A number of one line needs no column to stand in.
        let padded = self.lines() > 1;
        let first = (self.whole.len() + 2) % 3 + 1;
        let mut out = String::with_capacity(self.across * 4 + 1);
        if self.negative && line > 0 {
            out.push(' ');
        }
        for group in (line * self.across..whole + fraction).take(self.across) {
            if group >= whole {
                let from = (group - whole) * 3;
                out.push_str(&self.fraction[from..(from + 3).min(self.fraction.len())]);
                out.push(' ');
                continue;
            }
            if group == 0 {
                if padded {
                    out.extend(std::iter::repeat_n(' ', 3 - first.min(self.whole.len())));
                }
                if self.negative {
                    out.push('-');
                }
            }
            let from = if group == 0 { 0 } else { first + (group - 1) * 3 };
            out.push_str(&self.whole[from..(first + group * 3).min(self.whole.len())]);
            out.push_str(match (group + 1 < whole, fraction > 0) {
                (true, _) => ",",
                (false, true) => ".",
                (false, false) => "",
            });
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// The lines above those that scroll: whose it is, and air where there is room.
pub(crate) const fn head_lines(height: u16) -> u16 {
    if height < 8 { 1 } else { 2 }
}

/// A result in full. It holds the result itself, which the feed may let go.
#[derive(Debug)]
pub(crate) struct Detail {
    pub(crate) row: Row,
    scroll: usize,
}

impl Detail {
    pub(crate) const fn new(row: Row) -> Self {
        Self { row, scroll: 0 }
    }

    /// The line `index` of the visible ones, laid out in `cells`.
    pub(crate) fn line(&self, index: usize, cells: usize) -> Option<DetailLine> {
        let index = index + self.scroll;
        let number = Grouped::new(self.row.number(), cells);
        let square = Grouped::new(self.row.square(), cells);
        let square_at = number.lines() + 2;
        if index == 0 {
            Some(DetailLine::NumberHeading)
        } else if index < square_at - 1 {
            Some(DetailLine::Digits(number.line(index - 1)))
        } else if index < square_at {
            Some(DetailLine::Blank)
        } else if index == square_at {
            Some(DetailLine::SquareHeading)
        } else if index - square_at <= square.lines() {
            Some(DetailLine::Digits(square.line(index - square_at - 1)))
        } else {
            None
        }
    }

    /// Scrolls, as far as there are lines.
    pub(crate) fn scroll(&mut self, by: isize, cells: usize, height: usize) {
        let lines = Grouped::new(self.row.number(), cells).lines() + Grouped::new(self.row.square(), cells).lines() + 3;
        let most = lines.saturating_sub(height);
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: &str, cells: usize, expect: &[&str]) {
        let grouped = Grouped::new(number, cells);
        let lines: Vec<String> = (0..grouped.lines()).map(|line| grouped.line(line)).collect();
        assert_eq!(lines, expect, "{number} in {cells}");
        assert!(lines.iter().all(|line| line.len() <= cells.max(5)), "{lines:?}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        assert_eq!(digits(&lines.concat()), digits(number), "no digit is lost or made");
    }

    #[test]
    fn digits_stand_in_groups_of_three_below_one_another() {
        check("144", 80, &["144"]);
        check("1234567", 80, &["1,234,567"]);
        check("-1234567.89", 80, &["-1,234,567.89"]);
        check("0.000123", 80, &["0.000 123"]);
        check("12345678901234567890", 12, &[" 12,345,678,", "901,234,567,", "890"]);
        check("-1234567890.12345", 13, &["  -1,234,567,", " 890.123 45"]);
        check("123456", 1, &["123,", "456"]);
    }
}
