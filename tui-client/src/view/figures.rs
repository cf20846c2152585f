//! The room's figures below the online list: how many results there are, how many of them are mine, and how many came
//! in each of the last minutes.

use ratatui::layout::Rect;

use super::paint::{Paint, Segment};
use crate::app::App;
use crate::text;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (theme, strings, tally) = (&app.theme, app.strings, &app.reading.chart.tally);
    let me = &*app.people.me.id;
    let all = if tally.is_whole() { tally.total() } else { app.reading.whole_feed().newest_known() };
    let counts = vec![
        Segment::new((strings.chart_of)(&text::grouped(all), true), theme.strong, 0),
        Segment::new((strings.mine_count)(&text::grouped(tally.of(me)), !tally.is_whole_of(me)), theme.mine, 1),
    ];
    // Where there is room, air parts them from the list.
    let air = u16::from(area.height >= 4);
    let line = |at: u16, height: u16| Rect { y: area.y + at, height, ..area }.intersection(area);
    paint.parts(line(air, 1), counts, Vec::new(), app.glyphs.dot);
    let caption = u16::from(area.height >= 4);
    let bars = line(air + 1, area.height.saturating_sub(air + 1 + caption));
    let minutes = tally.by_minute(area.width.into());
    let peak = minutes.iter().copied().max().unwrap_or(0);
    columns(app, paint, bars, &minutes, peak);
    if caption > 0 && peak > 0 {
        let words = (strings.per_minute)(&text::grouped(peak));
        paint.put_cut(Rect { y: bars.bottom(), ..area }, &words, theme.dim);
    }
}

/// Bars that stand side by side, the latest last; a minute with any result at all has a visible one. The chart draws
/// its minutes with it too.
pub(super) fn columns(app: &App, paint: &mut Paint<'_>, area: Rect, counts: &[u64], peak: u64) {
    if area.height == 0 || peak == 0 {
        return;
    }
    let steps = u64::from(area.height) * 8;
    let counts = &counts[counts.len().saturating_sub(area.width.into())..];
    for (x, count) in (area.left()..area.right()).zip(counts) {
        let mut left = if *count == 0 { 0 } else { (count * steps).div_ceil(peak).max(1) };
        for y in (area.top()..area.bottom()).rev() {
            let level = usize::try_from(left.min(8)).unwrap_or(0);
            left = left.saturating_sub(8);
            if level > 0 {
                paint.put(x, y, 1, app.glyphs.levels[level], app.theme.plain);
            }
        }
    }
}
