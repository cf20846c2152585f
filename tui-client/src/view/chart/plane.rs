//! A plane of dots, eight in each cell, on which the curve and the results are drawn alike, so that a result lies on
//! its curve. A result of others is a spot of four dots and one of mine of nine, so that both are seen on the line
//! without any colour. In ASCII a cell is one dot. The chart and the wall draw with it.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Plot, curve};
use crate::theme::{Glyphs, Theme};
use crate::view::paint::Paint;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    /// A bit for each dot, as in the code of a braille character.
    dots: u8,
    /// The most important of what is there.
    what: What,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    #[default]
    Nothing,
    Curve,
    Others,
    Mine,
}

/// The bits of a braille cell, by column and row.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// The dots of an area.
pub(in crate::view) struct Plane {
    area: Rect,
    /// Dots across and down in a cell.
    per_cell: (i32, i32),
    cells: Vec<Cell>,
}

impl Plane {
    /// The curve and the results, drawn on as many dots as the area has.
    pub(in crate::view) fn new(area: Rect, plot: &Plot, ascii: bool) -> Self {
        let per_cell = if ascii { (1, 1) } else { (2, 4) };
        let cells = vec![Cell::default(); usize::from(area.width) * usize::from(area.height)];
        let mut plane = Self { area, per_cell, cells };
        plane.curve(plot);
        let (across, down) = plane.size();
        for mine in [false, true] {
            // Of thousands of results, many stand on the same dot.
            let mut marked = vec![false; usize::try_from(across * down).unwrap_or(0)];
            for point in plot.points.iter().filter(|point| point.mine == mine) {
                if !(plot.x[0]..=plot.x[1]).contains(&point.x) || !(plot.y[0]..=plot.y[1]).contains(&point.y) {
                    continue;
                }
                let (x, y) = plane.at(plot, point.x, point.y);
                let marked = usize::try_from(y * across + x).ok().and_then(|at| marked.get_mut(at));
                if marked.is_some_and(|marked| !std::mem::replace(marked, true)) {
                    plane.spot((x, y), if mine { What::Mine } else { What::Others });
                }
            }
        }
        plane
    }

    fn size(&self) -> (i32, i32) {
        (i32::from(self.area.width) * self.per_cell.0, i32::from(self.area.height) * self.per_cell.1)
    }

    /// The dot, counted from the upper left, at which a value stands; it may lie outside.
    fn at(&self, plot: &Plot, x: f64, y: f64) -> (i32, i32) {
        let place = |value: f64, [low, high]: [f64; 2], dots: i32| {
            let part = (value - low) / (high - low);
            #[expect(clippy::cast_possible_truncation, reason = "a float is cut off at the ends of the integers")]
            let dot = (part * f64::from(dots - 1)).round().clamp(-1e6, 1e6) as i32;
            dot
        };
        let (across, down) = self.size();
        (place(x, plot.x, across), down - 1 - place(y, plot.y, down))
    }

    /// A line without gaps: each column is filled from the height of the one before.
    fn curve(&mut self, plot: &Plot) {
        let (across, down) = self.size();
        let step = (plot.x[1] - plot.x[0]) / f64::from((across - 1).max(1));
        let mut before: Option<i32> = None;
        for dot in 0..across {
            let x = plot.x[0] + step * f64::from(dot);
            let (_, y) = self.at(plot, x, curve(x, plot.powers));
            let from = before.map_or(y, |before| if y > before { before + 1 } else { (before - 1).max(y) });
            let (low, high) = (from.min(y).max(0), from.max(y).min(down - 1));
            for y in low..=high {
                self.dot((dot, y), What::Curve);
            }
            before = Some(y);
        }
    }

    /// A spot that is thicker than a line.
    fn spot(&mut self, (x, y): (i32, i32), what: What) {
        if self.per_cell == (1, 1) {
            return self.dot((x, y), what);
        }
        let wide = if what == What::Mine { 3 } else { 2 };
        let (across, down) = self.size();
        // At an edge, the spot grows inwards.
        let (left, top) =
            ((x - wide / 3).clamp(0, (across - wide).max(0)), (y - wide / 3).clamp(0, (down - wide).max(0)));
        for (x, y) in (left..left + wide).flat_map(|x| (top..top + wide).map(move |y| (x, y))) {
            self.dot((x, y), what);
        }
    }

    fn dot(&mut self, (x, y): (i32, i32), what: What) {
        let (across, down) = self.size();
        if !(0..across).contains(&x) || !(0..down).contains(&y) {
            return;
        }
        let (column, row) = (x / self.per_cell.0, y / self.per_cell.1);
        let at = usize::try_from(row * i32::from(self.area.width) + column).unwrap_or(usize::MAX);
        let Some(cell) = self.cells.get_mut(at) else { return };
        let inside = |value: i32, of: i32| usize::try_from(value % of).unwrap_or(0);
        cell.dots |= BITS[inside(x, self.per_cell.0)][inside(y, self.per_cell.1)];
        cell.what = cell.what.max(what);
    }

    /// Writes the cells that hold anything; `points` are the marks of others and of mine, for ASCII and, of mine, for a
    /// theme without colours.
    pub(in crate::view) fn draw(&self, paint: &mut Paint<'_>, theme: &Theme, points: [&str; 2]) {
        for (at, cell) in self.cells.iter().enumerate() {
            let (style, mark): (Style, &str) = match cell.what {
                What::Nothing => continue,
                What::Curve => (theme.dim, "."),
                What::Others => (theme.plain, points[0]),
                What::Mine => (theme.mine, points[1]),
            };
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            let (x, y) = (self.area.x + at % self.area.width, self.area.y + at / self.area.width);
            if self.per_cell == (1, 1) || (cell.what == What::Mine && points[1] == MINE) {
                paint.put(x, y, 1, mark, style);
            } else {
                paint.put_char(x, y, braille(cell.dots), style);
            }
        }
    }
}

/// The mark of my points where no colour tells them apart.
const MINE: &str = "*";

/// The marks of points of others and of mine. Dots of a size are told apart by their colour alone.
pub(in crate::view) fn marks(theme: &Theme, glyphs: &Glyphs) -> [&'static str; 2] {
    [glyphs.point, if theme.mine.fg == theme.plain.fg { MINE } else { glyphs.point_mine }]
}

fn braille(dots: u8) -> char {
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Point;
    use ratatui::style::Color;

    fn plane(points: &[f64], ascii: bool) -> Plane {
        let points = points.iter().map(|&x| Point { x, y: x * x, mine: x > 0.0 }).collect();
        let plot = Plot { points, powers: false, x: [-10.0, 10.0], y: [0.0, 100.0] };
        Plane::new(Rect::new(0, 0, 40, 12), &plot, ascii)
    }

    #[test]
    fn a_result_lies_on_the_curve_and_is_thicker_than_it() {
        let curve = plane(&[], false);
        for x in -10..=10 {
            let x = f64::from(x);
            let with = plane(&[x], false);
            let changed: Vec<usize> = (0..with.cells.len()).filter(|at| with.cells[*at].what > What::Curve).collect();
            assert!((1..=4).contains(&changed.len()), "{x}: {changed:?}");
            assert!(changed.iter().any(|at| curve.cells[*at].what == What::Curve), "{x} lies beside the curve");
            let dots = |plane: &Plane| plane.cells.iter().map(|cell| cell.dots.count_ones()).sum::<u32>();
            assert!(dots(&with) > dots(&curve), "{x} is not seen without colours");
        }
    }

    #[test]
    fn without_colours_mine_have_a_mark_of_their_own() {
        let glyphs = Glyphs::new(false);
        assert_eq!(marks(&Theme::mono(), &glyphs), ["⠶", "*"]);
        let coloured = Theme { mine: Style::new().fg(Color::Green), ..Theme::mono() };
        assert_eq!(marks(&coloured, &glyphs), [glyphs.point, glyphs.point_mine]);
    }

    #[test]
    fn the_curve_has_no_gap_between_columns() {
        for ascii in [false, true] {
            let plane = plane(&[], ascii);
            for column in 0..40 {
                assert!((0..12).any(|row| plane.cells[row * 40 + column].what == What::Curve), "{ascii} {column}");
            }
        }
    }

    #[test]
    fn mine_are_over_the_others_and_nothing_outside_is_drawn() {
        let points = [(3.0, true), (3.0, false), (50.0, true)];
        let points = points.map(|(x, mine)| Point { x, y: x * x, mine }).to_vec();
        let plot = Plot { points, powers: false, x: [-10.0, 10.0], y: [0.0, 100.0] };
        let plane = Plane::new(Rect::new(0, 0, 40, 12), &plot, false);
        assert!(plane.cells.iter().any(|cell| cell.what == What::Mine));
        assert!(plane.cells.iter().all(|cell| cell.what != What::Others));
        let empty = Plane::new(Rect::new(0, 0, 0, 0), &plot, true);
        assert!(empty.cells.is_empty());
    }
}
