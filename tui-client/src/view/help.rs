//! Help: every key and command, with what was asked about marked.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::app::{App, HelpLineKind, HelpPlace, KEY_COLUMN, indent};
use crate::text;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect, HelpPlace { scrolled, found }: HelpPlace) {
    let cells = usize::from(area.width);
    let lines = app.help(cells);
    let scrolled = scrolled.min(lines.len().saturating_sub(area.height.into()));
    let indent = u16::try_from(indent(cells)).unwrap_or(0);
    for (y, line) in (area.top()..area.bottom()).zip(&lines[scrolled..]) {
        match &line.kind {
            HelpLineKind::Blank => continue,
            HelpLineKind::Heading(words) => {
                paint.put(area.x, y, area.width, words, app.theme.strong);
            }
            HelpLineKind::Key(key, what) => {
                let key = text::column(
                    &paint.key_name(key),
                    if what.is_empty() { cells.saturating_sub(2) } else { KEY_COLUMN.min(cells) },
                    app.glyphs.ellipsis,
                );
                paint.put(area.x + 2, y, area.width - 2, &key, app.theme.key);
                paint.put(area.x + indent, y, area.width - indent, what, app.theme.plain);
            }
            HelpLineKind::More(what) => {
                paint.put(area.x + indent, y, area.width - indent, what, app.theme.plain);
            }
        }
        if found == Some(line.item) {
            paint.restyle(Rect { y, height: 1, ..area }, app.theme.selected);
        }
    }
}
