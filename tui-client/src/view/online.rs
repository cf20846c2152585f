//! The online list: names, ids, and how many terminals each has. It stands beside the feed, or fills the middle.

use ratatui::layout::Rect;
use squares_shared::message::Person;

use super::paint::Paint;
use crate::app::{App, MainView, list_lines};
use crate::text;

/// The most cells of an id.
const ID: usize = 12;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (theme, ellipsis) = (&app.theme, app.glyphs.ellipsis);
    // Without a connection the list is the last that was known, and its count would promise too much.
    let (strings, fills) = (app.strings, matches!(app.main_view, MainView::Online));
    let joined = app.status.connection.is_joined();
    let title = if joined { (strings.online)(app.people.online.count) } else { strings.online_unknown.to_owned() };
    paint.put(area.x, area.y, area.width, &title, theme.strong);

    let (people, more) = app.people.online.visible(list_lines(area.height));
    let width = usize::from(area.width);
    let terminals =
        |sessions: u32| if sessions > 1 { format!(" {}{sessions}", app.glyphs.times) } else { String::new() };
    // Beside the feed an id stands only where two have one name; where the list fills the middle there is room.
    let id_of = |person: &Person| if fills || app.people.online.is_alike(person) { text::width(&person.id) } else { 0 };
    let id_cells = people.iter().map(id_of).max().unwrap_or(0).min(ID);
    let id_gap = usize::from(id_cells > 0);
    let behind = people.iter().map(|person| text::width(&terminals(person.sessions))).max().unwrap_or(0);
    // Where the list fills the middle, its columns stay together.
    let name_cells = width.saturating_sub(2 + id_gap + id_cells + behind).min(24);
    let cells = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
    let mut y = area.y + 1;
    for person in people {
        let me = person.id == app.people.me.id;
        let chosen = fills && app.people.online.cursor().is_some_and(|one| one.id == person.id);
        let (style, dim) = if me { (theme.mine, theme.mine) } else { (theme.name(&person.id), theme.dim) };
        let active = !fills && app.people.active.contains(&person.id);
        let (mark, mark_style) = match (chosen, active, me) {
            (true, ..) => (">", style),
            (_, true, _) => (app.glyphs.active, style.patch(theme.strong)),
            (_, _, true) => ("*", style),
            _ => ("", style),
        };
        paint.put(area.x, y, area.width.min(1), mark, mark_style);
        let name = text::cut(&person.name, name_cells, ellipsis);
        let at = area.x + 2;
        let mut end = paint.put(at, y, area.right().saturating_sub(at), &name, style);
        if id_of(person) > 0 {
            let at = at + cells(name_cells + id_gap);
            end = paint.put(at, y, area.right().saturating_sub(at), &text::cut(&person.id, id_cells, ellipsis), dim);
        }
        let at = if fills || id_cells > 0 { area.x + 2 + cells(name_cells + id_gap + id_cells) } else { end };
        paint.put(at, y, area.right().saturating_sub(at), &terminals(person.sessions), dim);
        if chosen {
            paint.restyle(Rect { y, height: 1, ..area }, theme.selected);
        }
        y += 1;
    }
    if more > 0 && y < area.bottom() {
        let words = format!("  {}", (app.strings.more_online)(&text::grouped(more)));
        paint.put(area.x, y, area.width, &words, theme.dim);
    }
}
