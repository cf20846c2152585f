//! The results as a picture: the parabola with everybody's results on it, the results in each minute, and who squared
//! how much. Drawn with the library's own widgets; which of them fit is decided here, the numbers come from the app.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::{self, Marker};
use ratatui::text::Line;
use ratatui::widgets::{Axis, Bar, BarChart, Chart, Dataset, GraphType, Sparkline, Widget};

use super::paint::{Paint, Segment};
use crate::app::{App, Pane, curve};
use crate::keys::{Action, Hint};
use crate::text;

/// From this width on everything stands side by side.
const WIDE: u16 = 72;

/// The points that the curve is drawn through.
const CURVE: u32 = 400;

/// Bars of ASCII, for terminals that draw the others too wide.
const ASCII_BARS: symbols::bar::Set<'static> = symbols::bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "#",
    five_eighths: "=",
    half: "=",
    three_eighths: "-",
    one_quarter: "-",
    one_eighth: ".",
    empty: " ",
};

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

fn bars(app: &App) -> symbols::bar::Set<'static> {
    if app.setup.ascii { ASCII_BARS } else { symbols::bar::NINE_LEVELS }
}

fn parabola(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let (theme, strings, glyphs) = (&app.theme, app.strings, &app.glyphs);
    let plot = app.reading.chart.plot();
    let title = Rect { height: 1, ..area };
    let left = vec![
        Segment::new(
            (strings.chart_of)(&text::grouped(plot.points.len()), app.reading.feed.is_whole()),
            theme.strong,
            0,
        ),
        Segment::new(format!("{} {}", glyphs.point_mine, strings.me), theme.mine, 1),
        Segment::new(format!("{} {}", glyphs.point, strings.chart_others), theme.plain, 2),
        Segment::new(if plot.powers { strings.chart_powers } else { "" }, theme.plain, 3),
    ];
    paint.parts(title, left, Vec::new(), glyphs.dot);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if below.height < 2 {
        return;
    }
    let span = plot.x[1] - plot.x[0];
    let line: Vec<(f64, f64)> = (0..=CURVE)
        .map(|step| plot.x[0] + span * f64::from(step) / f64::from(CURVE))
        .map(|x| (x, curve(x, plot.powers)))
        .collect();
    let points = |mine: bool| -> Vec<(f64, f64)> {
        let inside = plot.points.iter().filter(|point| point.mine == mine);
        inside.map(|point| (point.x, point.y)).collect()
    };
    let (mine, others) = (points(true), points(false));
    // Braille dots are drawn fine; ASCII has only whole cells. Mine come last, over the others.
    let curve = if app.setup.ascii { custom(".") } else { Marker::Braille };
    let dataset =
        |data, marker, style| Dataset::default().marker(marker).graph_type(GraphType::Scatter).style(style).data(data);
    let datasets = vec![
        dataset(&line, curve, theme.rule),
        dataset(&others, custom(glyphs.point), theme.plain),
        dataset(&mine, custom(glyphs.point_mine), theme.mine),
    ];
    let x_count = if below.width < 50 { 3 } else { 5 };
    let y_count = if below.height < 8 { 2 } else { 4 };
    let axis = |bounds: [f64; 2], count| {
        Axis::default().bounds(bounds).labels(labels(bounds, count, plot.powers)).style(theme.plain)
    };
    let chart = Chart::new(datasets).legend_position(None).x_axis(axis(plot.x, x_count)).y_axis(axis(plot.y, y_count));
    render(app, paint, chart, below);
}

/// A marker of one glyph a cell.
fn custom(glyph: &'static str) -> Marker {
    glyph.chars().next().map_or(Marker::Dot, Marker::Custom)
}

/// Labels at even distances.
fn labels(bounds: [f64; 2], count: u32, powers: bool) -> Vec<Line<'static>> {
    let step = (bounds[1] - bounds[0]) / f64::from(count - 1);
    (0..count).map(|at| Line::from(label(bounds[0] + step * f64::from(at), step, powers))).collect()
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

/// Draws a widget, in ASCII where that is asked for: axes know only lines of boxes.
fn render(app: &App, paint: &mut Paint<'_>, widget: impl Widget, area: Rect) {
    let mut buffer = Buffer::empty(area);
    widget.render(area, &mut buffer);
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let cell = &buffer[(x, y)];
            let symbol = match cell.symbol() {
                "│" if app.setup.ascii => "|",
                "─" if app.setup.ascii => "-",
                "└" if app.setup.ascii => "+",
                symbol => symbol,
            };
            let cells = u16::try_from(text::width(symbol)).unwrap_or(1).max(1);
            paint.put(x, y, area.right() - x, symbol, cell.style());
            x += cells;
        }
    }
}

fn counts(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let (theme, strings, tally) = (&app.theme, app.strings, &app.reading.chart.tally);
    let most = usize::from(area.width);
    let minutes = tally.by_minute(most);
    let peak = minutes.iter().copied().max().unwrap_or(0);
    let put = |paint: &mut Paint<'_>, y: u16, words: &str, style: Style| {
        paint.put(area.x, y, area.width, &text::cut(words, area.width.into(), app.glyphs.ellipsis), style);
    };
    // A heading and at least a line of each; the line of times comes where there is room.
    let (spark, times) = match area.height {
        0..=5 => (1, 0),
        6..=11 => (2, 0),
        _ => (3, 1),
    };
    put(paint, area.y, &(strings.per_minute)(&text::grouped(peak)), theme.strong);
    let line = Rect { y: area.y + 1, height: spark.min(area.height - 1), ..area };
    if line.height > 0 {
        // A minute with any result at all has a visible bar.
        let least = peak.div_ceil(u64::from(line.height) * 8);
        let minutes = minutes.into_iter().map(|count| if count > 0 { count.max(least) } else { 0 });
        let sparkline = Sparkline::default().data(minutes).bar_set(bars(app)).style(theme.plain).max(peak.max(1));
        render(app, paint, sparkline, line);
    }
    if let (1, Some((first, last))) = (times, tally.span(most)) {
        let clock = |minute: i64| {
            jiff::Timestamp::from_second(minute * 60).map_or_else(
                |_| String::new(),
                |at| at.to_zoned(app.setup.time_zone.clone()).strftime("%H:%M").to_string(),
            )
        };
        put(paint, line.bottom(), &format!("{} - {}", clock(first), clock(last)), theme.plain);
    }
    let top = line.bottom() + times + u16::from(area.height > 11);
    if top >= area.bottom() {
        return;
    }
    put(paint, top, &(strings.who_squared)(&text::grouped(tally.total()), tally.is_whole()), theme.strong);
    let list = Rect { y: top + 1, height: area.bottom() - top - 1, ..area };
    leaders(app, paint, list);
}

/// Who squared how much: a name, its bar and its count on each line.
fn leaders(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let leaders = app.reading.chart.tally.leaders(area.height.into());
    let Some(most) = leaders.first().map(|first| first.results) else { return };
    let name =
        leaders.iter().map(|one| text::width(app.name_of(one))).max().unwrap_or(0).min(usize::from(area.width) / 3);
    let name = u16::try_from(name).unwrap_or(0);
    let counts = u16::try_from(text::width(&text::grouped(most))).unwrap_or(0);
    let room = Rect { x: area.x + name + 1, width: area.width.saturating_sub(name + counts + 2), ..area };
    let mut bars = Vec::new();
    for (y, one) in (area.top()..area.bottom()).zip(&leaders) {
        let style = if one.id == app.people.me.id { app.theme.mine } else { app.theme.plain };
        let shown = text::column(app.name_of(one), name.into(), app.glyphs.ellipsis);
        paint.put(area.x, y, name, &shown, style);
        let words = text::grouped(one.results);
        let x = area.right().saturating_sub(u16::try_from(text::width(&words)).unwrap_or(0));
        paint.put(x, y, area.right() - x, &words, style);
        bars.push(Bar::new(one.results).text_value(String::new()).style(style));
    }
    if room.width > 0 && room.height > 0 {
        let bars = BarChart::horizontal(bars).bar_width(1).bar_gap(0).max(most.max(1)).bar_set(self::bars(app));
        render(app, paint, bars, room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_their_places_apart() {
        let check = |bounds, powers, expect: &[&str]| {
            let words: Vec<String> = labels(bounds, 3, powers).iter().map(ToString::to_string).collect();
            assert_eq!(words, expect, "{bounds:?}");
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
