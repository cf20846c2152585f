//! Writing into the frame's cells: nothing lands outside of them, no glyph is cut in half, and lines of several parts
//! drop the least important where there is no room. Every part of the view draws through it.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text;
use crate::theme::Glyphs;

/// The frame's cells.
pub(super) struct Paint<'a> {
    buffer: &'a mut Buffer,
    ascii: bool,
    ellipsis: &'static str,
    /// What a blank cell looks like.
    blank: Style,
}

/// A part of a line.
pub(super) struct Segment {
    pub(super) text: String,
    pub(super) style: Style,
    /// The part with the highest is left out first.
    pub(super) rank: u8,
}

impl Segment {
    pub(super) fn new(text: impl Into<String>, style: Style, rank: u8) -> Self {
        Self { text: text.into(), style, rank }
    }
}

impl<'a> Paint<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, ascii: bool, blank: Style) -> Self {
        if blank != Style::new() {
            buffer.set_style(buffer.area, blank);
        }
        Self { buffer, ascii, ellipsis: Glyphs::new(ascii).ellipsis, blank }
    }

    /// Writes text into at most `cells` cells. Gives back the column behind it.
    pub(super) fn put(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if cells == 0 || !area.contains((x, y).into()) {
            return x;
        }
        if text.chars().any(|c| text::plain_width(c).is_none()) {
            return self.buffer.set_stringn(x, y, text, cells.into(), style).0;
        }
        let end = area.right().min(x.saturating_add(cells));
        let mut x = x;
        for c in text.chars() {
            let width = text::plain_width(c).unwrap_or(0);
            if end - x < width {
                break;
            }
            self.buffer[(x, y)].set_char(c).set_style(style);
            if width == 2 {
                // What a wide glyph covers must be blank, or it would be printed over the glyph.
                self.buffer[(x + 1, y)].reset();
            }
            x += width;
        }
        x
    }

    /// Writes one character of one cell.
    pub(super) fn put_char(&mut self, x: u16, y: u16, c: char, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(c).set_style(style);
        }
    }

    /// Writes text into the first line of an area, its end cut off where it is too long. Gives back the column behind it.
    pub(super) fn put_cut(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        self.put(area.x, area.y, area.width, &text::cut(text, area.width.into(), self.ellipsis), style)
    }

    /// The same in the middle of the line.
    pub(super) fn put_centred(&mut self, area: Rect, text: &str, style: Style) {
        let shown = text::cut(text, area.width.into(), self.ellipsis);
        let left = u16::try_from((usize::from(area.width) - text::width(&shown)) / 2).unwrap_or(0);
        self.put(area.x + left, area.y, area.width - left, &shown, style);
    }

    /// Writes lines in the middle of an area, as many as there is room for.
    pub(super) fn put_in_the_middle(&mut self, area: Rect, lines: &[&str], style: Style) {
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let top = area.y + area.height.saturating_sub(height) / 2;
        for (y, line) in (top..area.bottom()).zip(lines) {
            self.put_centred(Rect { y, height: 1, ..area }, line, style);
        }
    }

    /// Writes parts in the middle of a line, with `between` between them.
    pub(super) fn parts_centred(&mut self, area: Rect, parts: Vec<Segment>, between: &str) {
        let texts = parts.iter().map(|part| text::width(&part.text)).filter(|width| *width > 0);
        let gap = text::width(between) + 2;
        let cells = texts.map(|width| width + gap).sum::<usize>().saturating_sub(gap);
        let left = u16::try_from(cells).map_or(0, |cells| area.width.saturating_sub(cells) / 2);
        self.parts(Rect { x: area.x + left, width: area.width - left, ..area }, parts, Vec::new(), between);
    }

    /// Fills the first line of `area` with a glyph.
    pub(super) fn rule(&mut self, area: Rect, glyph: &str, style: Style) {
        if area.height > 0 {
            self.put(area.x, area.y, area.width, &glyph.repeat(area.width.into()), style);
        }
    }

    /// Fills the first column of `area` with a glyph.
    pub(super) fn column(&mut self, area: Rect, glyph: &str, style: Style) {
        if area.width > 0 {
            for y in area.top()..area.bottom() {
                self.put(area.x, y, 1, glyph, style);
            }
        }
    }

    /// Makes every cell of an area blank.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
                self.buffer[(x, y)].set_style(self.blank);
            }
        }
    }

    /// Adds a style to cells, whatever they hold.
    pub(super) fn restyle(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// Writes parts from the left and parts up to the right end, with `between` between those of the left. Gives back
    /// the column behind those of the left.
    pub(super) fn parts(&mut self, area: Rect, mut left: Vec<Segment>, mut right: Vec<Segment>, between: &str) -> u16 {
        if area.height == 0 {
            return area.x;
        }
        left.retain(|part| !part.text.is_empty());
        right.retain(|part| !part.text.is_empty());
        let gap = text::width(between) + 2;
        let cells = |left: &[Segment], right: &[Segment]| {
            let texts: usize = left.iter().chain(right).map(|part| text::width(&part.text)).sum();
            let gaps = left.len().saturating_sub(1) * gap + right.len().saturating_sub(1);
            texts + gaps + if left.is_empty() || right.is_empty() { 0 } else { 2 }
        };
        while left.len() + right.len() > 1 && cells(&left, &right) > area.width.into() {
            // Of those of one rank the last is left out first.
            let ranks = left.iter().chain(&right).map(|part| part.rank).enumerate();
            let Some((least, _)) = ranks.max_by_key(|(_, rank)| *rank) else { break };
            match least.checked_sub(left.len()) {
                Some(at) => drop(right.remove(at)),
                None => drop(left.remove(least)),
            }
        }
        let mut x = area.x;
        for (at, part) in left.iter().enumerate() {
            if at > 0 {
                x = self.put(x, area.y, area.right() - x, &format!(" {between} "), Style::new());
            }
            x = self.put(x, area.y, area.right() - x, &part.text, part.style);
        }
        let taken: usize = right.iter().map(|part| text::width(&part.text) + 1).sum::<usize>().saturating_sub(1);
        let mut at = area.right().saturating_sub(u16::try_from(taken).unwrap_or(u16::MAX)).max(area.x);
        for part in &right {
            at = self.put(at, area.y, area.right().saturating_sub(at), &part.text, part.style) + 1;
        }
        x
    }

    /// Keys and what they do, as many as there is room for: the last ones are left out first, the one that closes last.
    pub(super) fn keys(&mut self, area: Rect, keys: &[(String, &str)], key_style: Style, style: Style) {
        if area.height == 0 {
            return;
        }
        const BETWEEN: u16 = 3;
        let mut keys: Vec<(Cow<'_, str>, &str)> = keys.iter().map(|(key, what)| (self.key_name(key), *what)).collect();
        let cells = |keys: &[(Cow<'_, str>, &str)]| {
            let each = keys.iter().map(|(key, what)| text::width(key) + 1 + text::width(what));
            each.sum::<usize>() + keys.len().saturating_sub(1) * usize::from(BETWEEN)
        };
        while cells(&keys) > area.width.into() {
            let closes = keys.iter().rposition(|(key, _)| key == "Esc");
            match (0..keys.len()).rev().find(|at| Some(*at) != closes || keys.len() == 1) {
                Some(least) => drop(keys.remove(least)),
                None => return,
            }
        }
        let mut x = area.x;
        for (key, what) in keys {
            let before = if x > area.x { BETWEEN } else { 0 };
            x = self.put(x + before, area.y, area.right() - x, &key, key_style);
            x = self.put(x + 1, area.y, area.right() - x, what, style);
        }
    }

    /// The name of a key, without arrows where the screen is ASCII.
    pub(super) fn key_name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        if !self.ascii || !name.contains(['↑', '↓', '←', '→']) {
            return Cow::Borrowed(name);
        }
        let words = name.replace("↑↓", "Up/Down").replace('↑', "Up").replace('↓', "Down");
        Cow::Owned(words.replace('←', "Left").replace('→', "Right"))
    }
}
