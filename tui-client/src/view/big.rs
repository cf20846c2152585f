//! Text in large letters, four lines high and made of block glyphs, for whoever sits in the last row. Drawn for the
//! wall by `present`.

use font8x8::legacy::{BASIC_LEGACY, LATIN_LEGACY};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::Paint;
use crate::text;

/// The lines of a large letter.
pub(super) const HEIGHT: u16 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Eight cells: the pixels of the font are as wide as they are high.
    Wide,
    /// Four cells.
    Narrow,
}

/// A cell of four pixels: above left 1, above right 2, below left 4, below right 8.
const QUARTERS: [&str; 16] = [" ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█"];

/// A cell of two pixels: above 1, below 2.
const HALVES: [&str; 4] = [" ", "▀", "▄", "█"];
const ASCII_HALVES: [&str; 4] = [" ", "\"", "_", "#"];

impl Size {
    /// The largest in which a text fits into so many cells, if one does. ASCII has no quarters of a cell.
    pub(super) fn fitting(text: &str, cells: u16, ascii: bool) -> Option<Self> {
        let sizes: &[Self] = if ascii { &[Self::Wide] } else { &[Self::Wide, Self::Narrow] };
        sizes.iter().copied().find(|size| size.width(text) <= cells.into())
    }

    const fn letter(self) -> u16 {
        match self {
            Self::Wide => 8,
            Self::Narrow => 4,
        }
    }

    /// The cells that a text takes.
    pub(super) fn width(self, text: &str) -> usize {
        text.chars().count() * usize::from(self.letter())
    }

    /// How many letters fit into so many cells.
    pub(super) fn letters(self, cells: u16) -> usize {
        usize::from(cells / self.letter())
    }
}

/// Writes a text into the upper left of an area, as much of it as has room.
pub(super) fn put(paint: &mut Paint<'_>, area: Rect, text: &str, size: Size, ascii: bool, style: Style) {
    for (line, y) in (0..HEIGHT).zip(area.top()..area.bottom()) {
        let mut words = String::new();
        for pixels in text.chars().map(pixels) {
            let two = usize::from(2 * line);
            let (above, below) = (usize::from(pixels[two]), usize::from(pixels[two + 1]));
            match size {
                Size::Wide => {
                    let glyphs = if ascii { &ASCII_HALVES } else { &HALVES };
                    (0..8).for_each(|bit| words.push_str(glyphs[(above >> bit & 1) | (below >> bit & 1) << 1]));
                }
                Size::Narrow => (0..4).for_each(|pair| {
                    words.push_str(QUARTERS[(above >> (2 * pair) & 3) | (below >> (2 * pair) & 3) << 2]);
                }),
            }
        }
        paint.put(area.x, y, area.width, text::head(words.trim_end(), area.width.into()), style);
    }
}

/// The eight lines of a letter, its leftmost pixel in the lowest bit. What the font has not is a question mark.
fn pixels(letter: char) -> [u8; 8] {
    let code = usize::try_from(u32::from(letter)).unwrap_or(usize::MAX);
    let found = match code {
        0..0xA0 => BASIC_LEGACY.get(code),
        _ => LATIN_LEGACY.get(code - 0xA0),
    };
    found.copied().unwrap_or(BASIC_LEGACY[usize::from(b'?')])
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;

    fn drawn(text: &str, size: Size, ascii: bool, area: Rect) -> String {
        let mut buffer = Buffer::empty(area);
        put(&mut Paint::new(&mut buffer, ascii, Style::new()), area, text, size, ascii, Style::new());
        let line = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..area.height).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn digits_are_drawn_in_either_width_and_in_ascii() {
        let area = Rect::new(0, 0, 40, 4);
        assert_eq!(drawn("1²", Size::Narrow, false, area), "▗█   ▀▙\n █   ▟▘\n █   ▀▀\n▀▀▀");
        assert_eq!(drawn("1", Size::Wide, false, area), " ▄██\n  ██\n  ██\n▀▀▀▀▀▀");
        assert_eq!(drawn("1", Size::Wide, true, area), " _##\n  ##\n  ##\n\"\"\"\"\"\"");
    }

    #[test]
    fn no_letter_leaves_its_area_and_every_character_is_drawn() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (9, 4), (9, 9)] {
            for size in [Size::Wide, Size::Narrow] {
                drawn("²가\u{1b}\u{10FFFF}=", size, false, Rect::new(0, 0, width, height));
            }
        }
    }
}
