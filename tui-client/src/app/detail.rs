//! One result in full: which of its lines exist at a given width, and how far they are scrolled. The app opens and
//! scrolls it; the view draws the lines in sight.

use super::row::Row;

/// A line of a result in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Nothing.
    Blank,
    /// The heading of the number.
    NumberHeading,
    /// The heading of the square.
    SquareHeading,
    /// Digits of either.
    Digits(&'a str),
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

    /// The line `index` of those in sight, laid out in `cells`.
    pub(crate) fn line(&self, index: usize, cells: usize) -> Option<Line<'_>> {
        let cells = cells.max(1);
        let index = index + self.scroll;
        let number_lines = self.row.number().len().div_ceil(cells);
        let square_lines = self.row.square().len().div_ceil(cells);
        // Bytes are cells here: a `Row`'s numbers are ASCII.
        let digits = |text: &str, line: usize| (line * cells, ((line + 1) * cells).min(text.len()));
        let square_at = number_lines + 2;
        if index == 0 {
            Some(Line::NumberHeading)
        } else if index <= number_lines {
            let (from, to) = digits(self.row.number(), index - 1);
            self.row.number().get(from..to).map(Line::Digits)
        } else if index < square_at {
            Some(Line::Blank)
        } else if index == square_at {
            Some(Line::SquareHeading)
        } else if index - square_at <= square_lines {
            let (from, to) = digits(self.row.square(), index - square_at - 1);
            self.row.square().get(from..to).map(Line::Digits)
        } else {
            None
        }
    }

    /// Moves what is in sight, as far as there are lines.
    pub(crate) fn scroll(&mut self, by: isize, cells: usize, height: usize) {
        let cells = cells.max(1);
        let lines = self.row.number().len().div_ceil(cells) + self.row.square().len().div_ceil(cells) + 3;
        let most = lines.saturating_sub(height);
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }
}
