//! The parabola in small, over the title of the join screen where there is room for it. Drawn by `join`.

use ratatui::layout::Rect;

use super::paint::Paint;
use crate::app::App;

/// The lines that it takes, with a blank one below it.
pub(super) const HEIGHT: u16 = 6;

/// The cells that it takes; each line is as wide.
pub(super) const WIDTH: u16 = 15;

const CURVE: [&str; 5] =
    ["⢳             ⡞", "⠈⢧           ⡼⠁", " ⠈⢧         ⡼⠁ ", "  ⠈⢳⡀     ⢀⡞⠁  ", "    ⠙⠦⣄⣀⣠⠴⠋    "];
const ASCII_CURVE: [&str; 5] =
    ["*             *", " *           * ", "  *         *  ", "   **     **   ", "     *****     "];

/// Draws it in the middle of the first lines of an area.
pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let curve = if app.setup.ascii { &ASCII_CURVE } else { &CURVE };
    for (y, line) in (area.y..area.bottom()).zip(curve) {
        paint.put_centred(Rect { y, height: 1, ..area }, line, app.theme.strong);
    }
}
