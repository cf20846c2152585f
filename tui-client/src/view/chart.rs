//! The results as a picture: the parabola with everybody's results on it, the results in each minute, and who squared
//! how much. What fits is decided here, the numbers come from the app. The parabola also stands beside the feed.

mod plane;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{Paint, Segment};
use super::{figures, local_time};
use crate::app::{App, Pane};
use crate::keys::{Action, Hint};
use crate::text;
use crate::theme::Glyphs;
pub(super) use plane::{Plane, marks};

/// From this width on everything stands side by side.
const WIDE: u16 = 72;

/// Whether both parts of the picture fit side by side.
pub(super) const fn shows_all(width: u16) -> bool {
    width >= WIDE
}

/// Whether a key of the chart has nothing to do just now.
pub(super) fn does_nothing(app: &App, hint: Hint) -> bool {
    match hint {
        Hint::Word("Home") | Hint::Of([Action::PanLeft, ..]) => app.reading.chart.is_fit(),
        Hint::Word("End") => app.reading.chart.is_forced(),
        _ => false,
    }
}

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    if shows_all(area.width) {
        let side = (area.width / 3).min(48);
        let main = Rect { width: area.width - side - 2, ..area };
        parabola(app, paint, main);
        counts(app, paint, Rect { x: main.right() + 2, width: side, ..area });
        return;
    }
    match app.reading.chart.pane {
        Pane::Parabola => parabola(app, paint, area),
        Pane::Counts => counts(app, paint, area),
    }
}

/// The results on their curve, with axes, and a line that says what is shown.
pub(super) fn parabola(app: &App, paint: &mut Paint<'_>, area: Rect) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let (theme, strings, glyphs) = (&app.theme, app.strings, &app.glyphs);
    let (plot, marks) = (app.reading.chart.plot(), marks(theme, glyphs));
    let count = (strings.chart_of)(&text::grouped(plot.points.len()), app.reading.feed.is_whole());
    // That the scale is another than one expects is said before anything else.
    let left = vec![
        Segment::new(count, theme.strong, 1),
        Segment::new(if plot.powers { strings.chart_powers } else { "" }, theme.notice, 0),
        Segment::new(format!("{} {}", marks[1], strings.me), theme.mine, 2),
        Segment::new(format!("{} {}", marks[0], strings.chart_others), theme.plain, 3),
    ];
    paint.parts(Rect { height: 1, ..area }, left, Vec::new(), glyphs.dot);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let Some(inner) = axes(app, paint, below, [plot.x, plot.y], plot.powers) else { return };
    Plane::new(inner, &plot, app.setup.ascii).draw(paint, theme, marks);
}

/// Draws the axes and their labels. Gives back what they leave, if anything.
fn axes(app: &App, paint: &mut Paint<'_>, area: Rect, [x, y]: [[f64; 2]; 2], powers: bool) -> Option<Rect> {
    let (theme, glyphs) = (&app.theme, &app.glyphs);
    let across = labels(x, if area.width < 50 { 3 } else { 5 }, powers);
    let up = labels(y, if area.height < 8 { 2 } else { 4 }, powers);
    let wide = |words: &String| u16::try_from(words.len()).unwrap_or(u16::MAX);
    let left = up.iter().map(wide).max().unwrap_or(0);
    let inner = Rect {
        x: area.x + left + 1,
        width: area.width.checked_sub(left + 1).filter(|width| *width > 2)?,
        height: area.height.checked_sub(2).filter(|height| *height > 0)?,
        ..area
    };
    paint.column(Rect { x: inner.x - 1, width: 1, ..inner }, glyphs.vertical, theme.rule);
    paint.put(inner.x - 1, inner.bottom(), 1, glyphs.corner, theme.rule);
    paint.rule(Rect { y: inner.bottom(), height: 1, ..inner }, glyphs.horizontal, theme.rule);
    let steps = u16::try_from(up.len() - 1).unwrap_or(1).max(1);
    for (at, words) in (0..).zip(&up) {
        let y = inner.bottom() - 1 - (inner.height - 1) * at / steps;
        paint.put(inner.x - 1 - wide(words), y, wide(words), words, theme.dim);
    }
    let steps = u16::try_from(across.len() - 1).unwrap_or(1).max(1);
    let mut free = area.x;
    for (at, words) in (0..).zip(&across) {
        // In the middle below its place, as far as there is room.
        let middle = inner.x + (inner.width - 1) * at / steps;
        let x = middle.saturating_sub(wide(words) / 2).max(area.x).min(area.right().saturating_sub(wide(words)));
        if x >= free {
            paint.put(x, inner.bottom() + 1, wide(words), words, theme.dim);
            free = x + wide(words) + 1;
        }
    }
    Some(inner)
}

/// Labels at even distances.
fn labels(bounds: [f64; 2], count: u32, powers: bool) -> Vec<String> {
    let step = (bounds[1] - bounds[0]) / f64::from(count - 1);
    (0..count).map(|at| label(bounds[0] + step * f64::from(at), step, powers)).collect()
}

/// A value on an axis whose labels are `step` apart.
fn label(value: f64, step: f64, powers: bool) -> String {
    if powers {
        let sign = if value < 0.0 { "-" } else { "" };
        let size = value.abs();
        if size < 0.05 {
            return "0".to_owned();
        }
        if size < 3.0 {
            return format!("{sign}{:.0}", 10_f64.powf(size) - 1.0);
        }
        return format!("{sign}1e{size:.0}");
    }
    if value.abs() < step.abs() * 1e-6 {
        return "0".to_owned();
    }
    let size = value.abs().max(step.abs());
    if !(1e-3..1e6).contains(&size) {
        // As many decimals as tell two labels apart.
        let apart = (value.abs() / step.abs().max(f64::MIN_POSITIVE)).log10().ceil();
        let decimals = [1, 2, 3, 4].into_iter().find(|&decimals| f64::from(decimals) >= apart).unwrap_or(5);
        return format!("{value:.*e}", usize::try_from(decimals).unwrap_or(1));
    }
    // As few as the distance between labels needs.
    let exact = |decimals: i32| {
        let step = step.abs() * 10_f64.powi(decimals);
        (step - step.round()).abs() < step * 1e-9
    };
    let decimals = (0..4).find(|&decimals| exact(decimals)).and_then(|decimals| usize::try_from(decimals).ok());
    let decimals = decimals.unwrap_or(if step.abs() >= 10.0 { 0 } else { 4 });
    format!("{value:.decimals$}")
}

fn counts(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let (theme, strings, tally) = (&app.theme, app.strings, &app.reading.chart.tally);
    let most = usize::from(area.width);
    let minutes = tally.by_minute(most);
    let peak = minutes.iter().copied().max().unwrap_or(0);
    let line_at = |y: u16| Rect { y, ..area };
    // A heading and at least a line of each; the line of times comes where there is room.
    let (spark, times) = match area.height {
        0..=5 => (1, 0),
        6..=11 => (2, 0),
        _ => (3, 1),
    };
    paint.put_cut(area, &(strings.per_minute)(&text::grouped(peak)), theme.strong);
    let line = Rect { y: area.y + 1, height: spark.min(area.height - 1), ..area };
    figures::columns(app, paint, line, &minutes, peak);
    if let (1, Some((first, last))) = (times, tally.span(most)) {
        let clock = |minute: i64| {
            jiff::Timestamp::from_second(minute * 60).map(|at| local_time(app, at, "%H:%M")).unwrap_or_default()
        };
        paint.put_cut(line_at(line.bottom()), &format!("{} - {}", clock(first), clock(last)), theme.plain);
    }
    let top = line.bottom() + times + u16::from(area.height > 11);
    if top >= area.bottom() {
        return;
    }
    let heading = (strings.who_squared)(&text::grouped(tally.total()), tally.is_whole());
    paint.put_cut(line_at(top), &heading, theme.strong);
    let list = Rect { y: top + 1, height: area.bottom() - top - 1, ..area };
    let most = tally.leaders(list.height.into()).into_iter().map(|one| {
        let mine = one.id == app.people.me.id;
        let styles = if mine { [theme.mine; 2] } else { [theme.name(&one.id), theme.plain] };
        (app.name_of(one), one.results, styles)
    });
    leaders(paint, list, &most.collect::<Vec<_>>(), &app.glyphs);
}

/// Who squared how much, most first: a name, its bar and its count on each line, with the styles of names and counts.
/// The wall shows it too.
pub(super) fn leaders(paint: &mut Paint<'_>, area: Rect, leaders: &[(&str, u64, [Style; 2])], glyphs: &Glyphs) {
    let Some((_, most, _)) = leaders.first() else { return };
    let longest = leaders.iter().map(|(name, ..)| text::width(name)).max().unwrap_or(0);
    let name_width = u16::try_from(longest).unwrap_or(u16::MAX).min(area.width / 3);
    let count_width = u16::try_from(text::grouped(most).len()).unwrap_or(0);
    for (y, (name, results, [named, counted])) in (area.top()..area.bottom()).zip(leaders) {
        let line = Rect { y, height: 1, ..area };
        paint.put_cut(Rect { width: name_width, ..line }, name, *named);
        let count = text::grouped(results);
        let x = area.right().saturating_sub(u16::try_from(count.len()).unwrap_or(0));
        paint.put(x, y, area.right() - x, &count, *counted);
        let room =
            Rect { x: area.x + name_width + 1, width: area.width.saturating_sub(name_width + count_width + 2), ..line };
        bar(paint, room, (*results, *most), *named, glyphs);
    }
}

/// A bar as long as its part of the most, in half cells: thinner than a line is high, so that bars do not merge.
fn bar(paint: &mut Paint<'_>, area: Rect, (count, most): (u64, u64), style: Style, glyphs: &Glyphs) {
    let [whole, half] = glyphs.bar;
    let halves = (u64::from(area.width) * 2 * count).div_ceil(most.max(1));
    let cells = usize::try_from(halves / 2).unwrap_or(0);
    let words = format!("{}{}", whole.repeat(cells), if halves % 2 == 1 { half } else { "" });
    paint.put(area.x, area.y, area.width, &words, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_their_places_apart() {
        let check = |bounds, powers, expect: &[&str]| {
            assert_eq!(labels(bounds, 3, powers), expect, "{bounds:?}");
        };
        check([-33.0, 33.0], false, &["-33", "0", "33"]);
        check([0.0, 0.5], false, &["0", "0.25", "0.50"]);
        check([-12.0, 12.0], false, &["-12", "0", "12"]);
        check([0.0, 3.0], false, &["0", "1.5", "3.0"]);
        check([0.0, 4.4e8], false, &["0", "2.2e8", "4.4e8"]);
        check([1.66e10, 1.7e10], false, &["1.66e10", "1.68e10", "1.70e10"]);
        check([-3.0, 36.0], true, &["-1e3", "1e16", "1e36"]);
        check([0.0, 2.0], true, &["0", "9", "99"]);
        check([0.0, 1e-9], false, &["0", "5.0e-10", "1.0e-9"]);
    }
}
