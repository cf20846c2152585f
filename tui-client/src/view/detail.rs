//! A result in full: who and when, then all digits of the number and of its square.

use ratatui::layout::Rect;

use super::local_time;
use super::paint::{Paint, Segment};
use crate::app::{App, Detail, DetailLine, head_lines};
use crate::text;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect, detail: &Detail) {
    let (theme, strings, row) = (&app.theme, app.strings, &detail.row);
    let style = if row.student() == app.people.me.id { theme.mine } else { theme.plain };
    let when = row.at().map(|at| local_time(app, at, "%Y-%m-%d %H:%M:%S")).unwrap_or_default();
    let who = vec![Segment::new(row.name(), theme.strong, 0), Segment::new(row.student(), style, 1)];
    paint.parts(
        Rect { height: area.height.min(1), ..area },
        who,
        vec![Segment::new(when, theme.plain, 2)],
        app.glyphs.dot,
    );
    let heading = |words: &str, digits: usize| format!("{words} ({})", (strings.digits)(&text::grouped(digits)));
    for (index, y) in (area.top() + head_lines(area.height)..area.bottom()).enumerate() {
        match detail.line(index, area.width.into()) {
            None => break,
            Some(DetailLine::Blank) => {}
            Some(DetailLine::NumberHeading) => {
                paint.put(area.x, y, area.width, &heading(strings.number, row.digits().0), theme.strong);
            }
            Some(DetailLine::SquareHeading) => {
                paint.put(area.x, y, area.width, &heading(strings.square, row.digits().1), theme.strong);
            }
            Some(DetailLine::Digits(digits)) => {
                paint.put(area.x, y, area.width, &digits, theme.plain);
            }
        }
    }
}
