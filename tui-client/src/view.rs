//! The screen: from what the app knows to a frame of cells. Nothing here decides, reads or waits, and only what is in
//! sight is laid out, so that a frame costs the same however much is loaded. `run` calls [`draw`] for each frame of
//! the room, and [`draw_wall`] for each of the wall.

mod big;
mod chart;
mod detail;
mod equation;
mod expression;
mod feed;
mod figures;
mod filter;
mod header;
mod help;
mod input;
mod join;
mod linear;
mod online;
mod paint;
mod paste;
mod present;
mod welcome;

use std::time::Instant;

use ratatui::Frame;

use crate::app::{App, MainView, SMALLEST, Screen, is_large_enough};
use crate::text;

pub use linear::{Linear, Said};
use paint::Paint;
pub use present::draw_wall;

/// A time where the reader is, in a format of `strftime`.
fn local_time(app: &App, at: jiff::Timestamp, format: &str) -> String {
    at.to_zoned(app.setup.time_zone.clone()).strftime(format).to_string()
}

/// Draws the whole screen, and places the cursor at the caret, where an input method composes.
pub fn draw(app: &App, frame: &mut Frame<'_>, now: Instant) {
    let area = frame.area();
    let mut paint = Paint::new(frame.buffer_mut(), app.setup.ascii, app.theme.plain);
    if !is_large_enough(area.width, area.height) {
        let sentence = (app.strings.too_small)(SMALLEST.0, SMALLEST.1);
        let mut lines = text::wrap(&sentence, area.width.into());
        let short = (app.strings.too_small_short)(SMALLEST.0, SMALLEST.1);
        if lines.len() > area.height.into() {
            lines = text::wrap(&short, area.width.into());
        }
        for (y, line) in (0..area.height).zip(lines) {
            paint.put(0, y, area.width, line, app.theme.plain);
        }
        return;
    }
    let caret = match app.screen {
        Screen::Join => join::draw(app, &mut paint, area, now),
        Screen::Room => {
            let parts = app.layout();
            header::draw(app, &mut paint, &parts, now);
            match &app.main_view {
                MainView::Feed => {
                    feed::draw(app, &mut paint, parts.feed);
                    chart::parabola(app, &mut paint, parts.chart);
                    online::draw(app, &mut paint, parts.online);
                    figures::draw(app, &mut paint, parts.figures);
                    for separator in parts.separators {
                        paint.column(separator, app.glyphs.vertical, app.theme.rule);
                    }
                }
                MainView::Help(place) => help::draw(app, &mut paint, parts.body, *place),
                MainView::Detail(detail) => detail::draw(app, &mut paint, parts.body, detail),
                MainView::Chart => chart::draw(app, &mut paint, parts.body),
                MainView::Paste(question) => paste::draw(app, &mut paint, parts.body, question),
                MainView::Online => online::draw(app, &mut paint, parts.body),
            }
            input::draw(app, &mut paint, &parts, now)
        }
    };
    frame.set_cursor_position(caret);
}
