//! The feed's lines: results in columns, my waiting squares, and the markers above and below what is loaded.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::expression::Writer;
use super::paint::Paint;
use crate::app::{App, Item, Row, Top, Waiting};
use crate::text;

/// The mark of a result of mine, for those who see no colour.
const MINE: &str = "*";
/// The mark of the selected result.
const SELECTED: &str = ">";

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
        let time = if cells < 44 { 5 } else { 8 };
        let most_name = match cells {
            0..44 => 6,
            44..64 => 10,
            _ => 16,
        };
        let name = app.feed.name_width().max(text::width(&app.me.name)).clamp(4, most_name);
        let id = if cells < 50 { 0 } else { app.feed.id_width().max(text::width(&app.me.id)).clamp(4, 12) };
        let gaps = if id > 0 { 2 + 3 * 2 - 1 } else { 2 + 2 };
        Self { time, name, id, result: cells.saturating_sub(gaps + time + name + id) }
    }
}

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let columns = Columns::new(app, area.width.into());
    let selected = app.feed.selected().map(Row::seq);
    for line in 0..area.height {
        let Some(item) = app.feed.line(line.into()) else { continue };
        let line = Rect { y: area.y + line, height: 1, ..area };
        match item {
            Item::Top(Top::Empty) if app.feed.waiting.len() == 0 => invite(app, paint, area),
            Item::Top(top) => marker(app, paint, line, top_words(app, top)),
            Item::Row(row) => {
                self::row(app, paint, line, &columns, row, selected == Some(row.seq()));
            }
            Item::Cut => marker(app, paint, line, app.strings.cut),
            Item::MoreWaiting(count) => {
                marker(app, paint, line, &(app.strings.more_waiting)(&text::grouped(count)));
            }
            Item::Waiting(square) => waiting(app, paint, line, &columns, square),
        }
    }
}

fn row(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, row: &Row, selected: bool) {
    let mine = row.student() == app.me.id;
    let style = if mine { app.theme.mine } else { app.theme.plain };
    let mark = match (selected, mine) {
        (true, _) => SELECTED,
        (false, true) => MINE,
        (false, false) => " ",
    };
    let time = match row.at() {
        Some(at) => {
            let format = if columns.time < 8 { "%H:%M" } else { "%H:%M:%S" };
            at.to_zoned(app.time_zone.clone()).strftime(format).to_string()
        }
        None => "-".to_owned(),
    };
    let writer = Writer { strings: app.strings, glyphs: &app.glyphs };
    let result = writer.squared(row.number(), row.square(), row.digits(), columns.result);
    cells(app, paint, line, columns, [mark, &time, row.name(), row.student(), &result], style);
    if selected {
        paint.restyle(line, app.theme.selected);
    }
}

fn waiting(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, square: &Waiting) {
    let writer = Writer { strings: app.strings, glyphs: &app.glyphs };
    if let Some(why) = square.refusal() {
        // The reason needs the columns' room.
        let words = writer.refused(&square.number, why, usize::from(line.width).saturating_sub(2));
        paint.put(line.x, line.y, line.width, &format!("! {words}"), app.theme.error);
        return;
    }
    let result = writer.waiting(&square.number, columns.result);
    let fields = [MINE, app.glyphs.ellipsis, &app.me.name, &app.me.id, &result];
    cells(app, paint, line, columns, fields, app.theme.waiting);
}

/// A row's mark, time, name, id and result.
fn cells(app: &App, paint: &mut Paint<'_>, line: Rect, columns: &Columns, fields: [&str; 5], style: Style) {
    let [mark, time, name, id, result] = fields;
    let ellipsis = app.glyphs.ellipsis;
    let mut whole = format!("{mark} {} ", text::column(time, columns.time, ellipsis));
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
    let cells = usize::from(line.width).saturating_sub(6);
    let words = text::cut(words, cells, app.glyphs.ellipsis);
    paint.put_centred(line.x, line.y, line.width, &format!("{side} {words} {side}"), app.theme.rule);
}

fn top_words(app: &App, top: Top) -> &'static str {
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
