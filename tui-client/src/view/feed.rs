//! The feed's lines: results in columns, my waiting squares, and the markers above and below what is loaded.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::equation::{Equation, WHOLE};
use super::paint::Paint;
use super::{expression, local_time};
use crate::app::{App, Item, PendingSquare, Row, Top};
use crate::digits::grouped;
use crate::text;

/// The mark of a result of mine, for those who see no colour.
const MINE: &str = "*";
/// The mark of the selected result.
pub(super) const SELECTED: &str = ">";

/// Where the columns of a row are. Their widths depend on what is loaded, never on what is in sight, so that they do
/// not jump while scrolling.
struct Columns {
    time: u16,
    /// The name, and the id of somebody whose name others have too.
    who: u16,
    /// Of that, what is left for the name where an id follows.
    name: u16,
    result: u16,
}

impl Columns {
    fn new(app: &App, cells: u16) -> Self {
        let names = &app.reading.feed.names;
        let most_name = match cells {
            0..44 => 10,
            44..64 if names.any_alike() => 10,
            _ => 16,
        };
        let name = clamped(names.width.max(text::width(&app.people.me.name)), most_name);
        let id = if cells >= 50 && names.any_alike() { 1 + clamped(names.id_width, 12) } else { 0 };
        let left = cells.saturating_sub(MARKS + name + id + 1);
        // The result is what is looked at: the time comes only where a square of usual size stands whole beside it.
        let spare = left.saturating_sub(u16::try_from(WHOLE).unwrap_or(u16::MAX));
        let time = match spare {
            0..6 => 0,
            9.. if cells >= 60 => 8,
            _ => 5,
        };
        let result = left - if time > 0 { time + 1 } else { 0 };
        Self { time, who: name + id, name, result }
    }

    /// The column of a row at which the name begins.
    const fn who_at(&self) -> u16 {
        if self.time > 0 { MARKS + self.time + 1 } else { MARKS }
    }

    /// The column of a row at which the result begins.
    const fn result_at(&self) -> u16 {
        self.who_at() + self.who + 1
    }
}

/// The cells of the marks before a row.
const MARKS: u16 = 2;

fn clamped(width: usize, most: u16) -> u16 {
    u16::try_from(width).unwrap_or(most).clamp(4, most)
}

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let columns = Columns::new(app, area.width);
    let selected = app.reading.feed.selected().map(Row::seq);
    // Whose row stands above, and of which minute.
    let mut above = None;
    for line in 0..area.height {
        let Some(item) = app.reading.feed.line(line.into()) else { continue };
        let line = Rect { y: area.y + line, height: 1, ..area };
        let before = above.take();
        match item {
            Item::Top(Top::Empty) if !app.reading.feed.filter.is_all() => {
                marker(app, paint, line, app.strings.nothing_here);
            }
            Item::Top(Top::Empty) if app.reading.feed.pending.len() == 0 => invite(app, paint, area),
            Item::Top(top) => marker(app, paint, line, top_words(app, top)),
            Item::Row(row) => {
                let speaker = (row.student(), row.name(), row.at().map(|at| at.as_second().div_euclid(60)));
                let goes_on = before == Some(speaker);
                above = Some(speaker);
                self::row(app, paint, line, &columns, row, (selected == Some(row.seq()), goes_on));
            }
            Item::Divider => divider(app, paint, line),
            Item::Gap => marker(app, paint, line, app.strings.cut),
            Item::MorePending(count) => {
                marker(app, paint, line, &(app.strings.more_waiting)(&text::grouped(count)));
            }
            Item::Pending(square) => waiting(app, paint, line, &columns, square),
        }
    }
}

/// A result. One that `goes_on` is of the student and of the minute of the one above, and does not say either again;
/// the selected one says everything.
fn row(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, row: &Row, (selected, goes_on): (bool, bool)) {
    let theme = &app.theme;
    let mine = row.student() == app.people.me.id;
    let style = if mine { theme.mine } else { theme.plain };
    let dim = if mine { theme.mine } else { theme.dim };
    let marks = match (selected, mine) {
        (true, true) => ">*",
        (true, false) => SELECTED,
        (false, true) => MINE,
        (false, false) => "",
    };
    paint.put(line.x, line.y, line.width.min(MARKS), marks, style);
    let mut name_shown = "".into();
    if selected || !goes_on {
        if columns.time > 0 {
            let time = match row.at() {
                Some(at) => local_time(app, at, if columns.time < 8 { "%H:%M" } else { "%H:%M:%S" }),
                None => "-".to_owned(),
            };
            put(paint, line, (MARKS, columns.time), &time, dim);
        }
        let alike = columns.who > columns.name && app.reading.feed.names.are_alike(row.name());
        let cells = if alike { columns.name } else { columns.who };
        name_shown = text::cut(row.name(), cells.into(), app.glyphs.ellipsis);
        let end = put(
            paint,
            line,
            (columns.who_at(), cells),
            &name_shown,
            if mine { style } else { theme.name(row.student()) },
        );
        if alike {
            let at = end - line.x + 1;
            let cells = (columns.who_at() + columns.who).saturating_sub(at);
            put(paint, line, (at, cells), &text::cut(row.student(), cells.into(), app.glyphs.ellipsis), dim);
        }
    }
    let equation = Equation::new(row.number(), row.square(), columns.result.into(), &app.glyphs);
    let square_at = equation_at(app, paint, line, columns, &equation, (style, dim, style.patch(theme.square)));
    if selected {
        paint.restyle(line, theme.selected);
    }
    if let Some(search_text) = &app.reading.feed.filter.text {
        for place in search_text.places_in_words(&name_shown) {
            highlight(app, paint, line, columns.who_at(), &name_shown, place);
        }
        let shown =
            [(columns.result_at(), &*equation.number, row.number()), (square_at, &equation.square, row.square())];
        for (at, shown, whole) in shown {
            let mut places = search_text.places_in_number(shown);
            if places.is_empty() && search_text.is_in_number(whole) {
                // The match is among the digits that were left out.
                places.push(0..shown.len());
            }
            for place in places {
                highlight(app, paint, line, at, shown, place);
            }
        }
    }
}

/// Writes a number and its square. Gives back the column at which the square begins.
fn equation_at(
    app: &App,
    paint: &mut Paint<'_>,
    line: Rect,
    columns: &Columns,
    equation: &Equation<'_>,
    (style, dim, bold): (Style, Style, Style),
) -> u16 {
    let (squared, equals) = equation.between.split_at(app.glyphs.squared.len().min(equation.between.len()));
    let mut at = columns.result_at();
    for (words, style) in [(&*equation.number, style), (squared, style), (equals, dim)] {
        at = put(paint, line, (at, u16::MAX), words, style) - line.x;
    }
    put(paint, line, (at, u16::MAX), &equation.square, bold);
    at
}

/// Writes into a column of a row. Gives back the cell behind it.
fn put(paint: &mut Paint<'_>, line: Rect, (at, cells): (u16, u16), words: &str, style: Style) -> u16 {
    let at = at.min(line.width);
    paint.put(line.x + at, line.y, cells.min(line.width - at), words, style)
}

/// Marks a part of a text that begins at a column of the line.
fn highlight(app: &App, paint: &mut Paint<'_>, line: Rect, column: u16, shown: &str, place: Range<usize>) {
    let (Some(before), Some(part)) = (shown.get(..place.start), shown.get(place)) else { return };
    let from = column.saturating_add(u16::try_from(text::width(before)).unwrap_or(u16::MAX));
    let width = u16::try_from(text::width(part)).unwrap_or(0).min(line.width.saturating_sub(from));
    paint.restyle(Rect { x: line.x.saturating_add(from), width, ..line }, app.theme.found);
}

/// Where somebody stopped reading: a rule across the feed.
fn divider(app: &App, paint: &mut Paint<'_>, line: Rect) {
    paint.rule(line, app.glyphs.horizontal, app.theme.rule);
    let words = text::cut(app.strings.divider, usize::from(line.width).saturating_sub(4), app.glyphs.ellipsis);
    paint.put_centred(line, &format!(" {words} "), app.theme.notice);
}

fn waiting(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, square: &PendingSquare) {
    if let Some(why) = square.refusal() {
        // The reason needs the columns' room.
        let words = expression::refused(&square.number, why, usize::from(line.width).saturating_sub(2), &app.glyphs);
        paint.put(line.x, line.y, line.width, &format!("! {words}"), app.theme.error);
        return;
    }
    let style = app.theme.waiting;
    put(paint, line, (0, MARKS), MINE, style);
    put(paint, line, (MARKS, columns.time), app.glyphs.ellipsis, style);
    let name = text::cut(&app.people.me.name, columns.who.into(), app.glyphs.ellipsis);
    put(paint, line, (columns.who_at(), columns.who), &name, style);
    let result = expression::waiting(&grouped(&square.number), columns.result.into(), &app.glyphs);
    put(paint, line, (columns.result_at(), columns.result), &result, style);
}

/// What is known of what is not loaded, in the middle of a line.
fn marker(app: &App, paint: &mut Paint<'_>, line: Rect, words: &str) {
    if words.is_empty() {
        return;
    }
    let side = app.glyphs.horizontal.repeat(2);
    if !text::fits(words, usize::from(line.width).saturating_sub(6)) {
        // Where there is little room, the words go without the rules beside them.
        return paint.put_centred(line, words, app.theme.rule);
    }
    paint.put_centred(line, &format!("{side} {words} {side}"), app.theme.rule);
}

pub(super) fn top_words(app: &App, top: Top) -> &'static str {
    match top {
        Top::Unknown | Top::Empty => "",
        Top::Beginning => app.strings.beginning,
        Top::More => app.strings.more_above,
        Top::Loading => app.strings.loading,
    }
}

/// An empty room says what to do.
fn invite(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let cells = usize::from(area.width).saturating_sub(2);
    let lines: Vec<&str> = app.strings.no_results.iter().flat_map(|words| text::wrap(words, cells)).collect();
    paint.put_in_the_middle(area, &lines, app.theme.plain);
}
