//! The online list: names, ids, and how many terminals each has. It stands beside the feed, or fills the middle.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::app::{App, Body, list_lines};
use crate::text;

/// The most cells of an id.
const ID: usize = 12;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (theme, ellipsis) = (&app.theme, app.glyphs.ellipsis);
    // Without a connection the list is the last that was known, and its count would promise too much.
    let strings = app.strings;
    let joined = app.status.connection.is_joined();
    let title = if joined { (strings.online)(app.people.online.count) } else { strings.online_unknown.to_owned() };
    paint.put(area.x, area.y, area.width, &title, theme.strong);

    let (people, more) = app.people.online.visible(list_lines(area.height));
    let width = usize::from(area.width);
    let terminals =
        |sessions: u32| if sessions > 1 { format!(" {}{sessions}", app.glyphs.times) } else { String::new() };
    let id_cells = people.iter().map(|person| text::width(&person.id)).max().unwrap_or(0).clamp(4, ID);
    let behind = people.iter().map(|person| text::width(&terminals(person.sessions))).max().unwrap_or(0);
    // Where the list fills the middle, its columns stay together.
    let name_cells = width.saturating_sub(2 + 1 + id_cells + behind).min(24);
    let mut y = area.y + 1;
    for person in people {
        let me = person.id == app.people.me.id;
        let chosen =
            matches!(app.body, Body::Online) && app.people.online.cursor().is_some_and(|one| one.id == person.id);
        let mark = match (chosen, me) {
            (true, _) => ">",
            (false, true) => "*",
            (false, false) => " ",
        };
        let line = format!(
            "{mark} {} {}{}",
            text::column(&person.name, name_cells, ellipsis),
            text::column(&person.id, id_cells, ellipsis),
            terminals(person.sessions)
        );
        paint.put(area.x, y, area.width, &line, if me { theme.mine } else { theme.plain });
        if chosen {
            paint.restyle(Rect { y, height: 1, ..area }, theme.selected);
        }
        y += 1;
    }
    if more > 0 && y < area.bottom() {
        let words = format!("  {}", (app.strings.more_online)(&text::grouped(more)));
        paint.put(area.x, y, area.width, &words, theme.plain);
    }
}
