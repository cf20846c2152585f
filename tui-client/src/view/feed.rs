//! The feed's lines: results in columns, my waiting squares, and the markers above and below what is loaded.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::expression::Writer;
use super::paint::Paint;
use crate::app::{App, Item, PendingSquare, Row, Top};
use crate::text;

/// The mark of a result of mine, for those who see no colour.
const MINE: &str = "*";
/// The mark of the selected result.
pub(super) const SELECTED: &str = ">";

/// Where the columns of a row are. Their widths depend on what is loaded, never on what is in sight, so that they do
/// not jump while scrolling.
struct Columns {
    time: usize,
    name: usize,
    id: usize,
    result: usize,
}

impl Columns {
    fn new(app: &App, cells: usize) -> Self {
        // The results and whose they are is what is looked at: the time comes only where there is room for all.
        let time = match cells {
            0..36 => 0,
            36..60 => 5,
            _ => 8,
        };
        let most_name = match cells {
            0..36 => 10,
            36..44 => 6,
            44..64 => 10,
            _ => 16,
        };
        let name = app.reading.feed.name_width.max(text::width(&app.people.me.name)).clamp(4, most_name);
        let id =
            if cells < 50 { 0 } else { app.reading.feed.id_width.max(text::width(&app.people.me.id)).clamp(4, 12) };
        let mut columns = Self { time, name, id, result: 0 };
        columns.result = cells.saturating_sub(columns.result_at());
        columns
    }

    /// The column of a row at which the name begins.
    fn name_at(&self) -> usize {
        if self.time > 0 { 2 + self.time + 1 } else { 2 }
    }

    /// The column of a row at which the result begins.
    fn result_at(&self) -> usize {
        let id = if self.id > 0 { 1 + self.id + 2 } else { 0 };
        self.name_at() + self.name + 1 + id
    }
}

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let columns = Columns::new(app, area.width.into());
    let selected = app.reading.feed.selected().map(Row::seq);
    for line in 0..area.height {
        let Some(item) = app.reading.feed.line(line.into()) else { continue };
        let line = Rect { y: area.y + line, height: 1, ..area };
        match item {
            Item::Top(Top::Empty) if !app.reading.feed.filter.is_all() => {
                marker(app, paint, line, app.strings.nothing_here);
            }
            Item::Top(Top::Empty) if app.reading.feed.pending.len() == 0 => invite(app, paint, area),
            Item::Top(top) => marker(app, paint, line, top_words(app, top)),
            Item::Row(row) => {
                self::row(app, paint, line, &columns, row, selected == Some(row.seq()));
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

fn row(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, row: &Row, selected: bool) {
    let mine = row.student() == app.people.me.id;
    let style = if mine { app.theme.mine } else { app.theme.plain };
    let mark = match (selected, mine) {
        (true, _) => SELECTED,
        (false, true) => MINE,
        (false, false) => " ",
    };
    let time = match row.at() {
        Some(at) => {
            let format = if columns.time < 8 { "%H:%M" } else { "%H:%M:%S" };
            at.to_zoned(app.setup.time_zone.clone()).strftime(format).to_string()
        }
        None => "-".to_owned(),
    };
    let writer = Writer { strings: app.strings, glyphs: &app.glyphs };
    let result_words = writer.squared(row.number(), row.square(), row.digits(), columns.result);
    cells(app, paint, line, columns, [mark, &time, row.name(), row.student(), &result_words], style);
    if selected {
        paint.restyle(line, app.theme.selected);
    }
    if let Some(search_text) = &app.reading.feed.filter.text {
        let (name, result) = (columns.name_at(), columns.result_at());
        let shown = text::column(row.name(), columns.name, app.glyphs.ellipsis);
        for place in search_text.places_in_words(&shown) {
            highlight(app, paint, line, name, &shown, place);
        }
        let places = search_text.places_in_number(&result_words);
        // The match may be in the middle, which was left out.
        let left_out = result_words.find(app.glyphs.ellipsis).filter(|_| places.is_empty());
        let hidden =
            left_out.filter(|_| search_text.is_in_number(row.number()) || search_text.is_in_number(row.square()));
        let hidden = hidden.map(|at| at..at + app.glyphs.ellipsis.len());
        for place in places.into_iter().chain(hidden) {
            highlight(app, paint, line, result, &result_words, place);
        }
    }
}

/// Marks a part of a text that begins at a column of the line.
fn highlight(app: &App, paint: &mut Paint<'_>, line: Rect, column: usize, shown: &str, place: Range<usize>) {
    let (Some(before), Some(part)) = (shown.get(..place.start), shown.get(place)) else { return };
    let from = u16::try_from(column + text::width(before)).unwrap_or(u16::MAX);
    let width = u16::try_from(text::width(part)).unwrap_or(0).min(line.width.saturating_sub(from));
    paint.restyle(Rect { x: line.x.saturating_add(from), width, ..line }, app.theme.found);
}

/// Where somebody stopped reading: a rule across the feed.
fn divider(app: &App, paint: &mut Paint<'_>, line: Rect) {
    paint.rule(line, app.glyphs.horizontal, app.theme.rule);
    let words = text::cut(app.strings.divider, usize::from(line.width).saturating_sub(4), app.glyphs.ellipsis);
    paint.put_centred(line.x, line.y, line.width, &format!(" {words} "), app.theme.notice);
}

fn waiting(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, square: &PendingSquare) {
    let writer = Writer { strings: app.strings, glyphs: &app.glyphs };
    if let Some(why) = square.refusal() {
        // The reason needs the columns' room.
        let words = writer.refused(&square.number, why, usize::from(line.width).saturating_sub(2));
        paint.put(line.x, line.y, line.width, &format!("! {words}"), app.theme.error);
        return;
    }
    let result = writer.waiting(&square.number, columns.result);
    let fields = [MINE, app.glyphs.ellipsis, &app.people.me.name, &app.people.me.id, &result];
    cells(app, paint, line, columns, fields, app.theme.waiting);
}

/// A row's mark, time, name, id and result.
fn cells(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, fields: [&str; 5], style: Style) {
    let [mark, time, name, id, result] = fields;
    let ellipsis = app.glyphs.ellipsis;
    let mut whole = format!("{mark} ");
    if columns.time > 0 {
        whole.push_str(&text::column(time, columns.time, ellipsis));
        whole.push(' ');
    }
    whole.push_str(&text::column(name, columns.name, ellipsis));
    whole.push(' ');
    if columns.id > 0 {
        whole.push(' ');
        whole.push_str(&text::column(id, columns.id, ellipsis));
        whole.push_str("  ");
    }
    whole.push_str(result);
    paint.put(line.x, line.y, line.width, &whole, style);
}

/// What is known of what is not loaded, in the middle of a line.
fn marker(app: &App, paint: &mut Paint<'_>, line: Rect, words: &str) {
    if words.is_empty() {
        return;
    }
    let side = app.glyphs.horizontal.repeat(2);
    if !text::fits(words, usize::from(line.width).saturating_sub(6)) {
        // Where there is little room, the words go without the rules beside them.
        let words = text::cut(words, line.width.into(), app.glyphs.ellipsis);
        return paint.put_centred(line.x, line.y, line.width, &words, app.theme.rule);
    }
    paint.put_centred(line.x, line.y, line.width, &format!("{side} {words} {side}"), app.theme.rule);
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
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = area.y + area.height.saturating_sub(height) / 2;
    for (y, line) in (top..area.bottom()).zip(lines) {
        paint.put_centred(area.x, y, area.width, line, app.theme.plain);
    }
}
