//! The lower end of the room: the rule that says what is new below, the input line, what is to be said about it, and
//! the keys.

use std::time::Instant;

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::paint::{Paint, Segment};
use super::{chart, filter};
use crate::app::{App, Check, Layout, MainView, PROMPT, Search, Severity, StatusMessage, input_width};
use crate::keys::Hint;
use crate::text;

/// What stands before a text that is searched for among earlier lines.
pub(super) const SEARCH_PROMPT: &str = "? ";

/// Draws it. Gives back where the caret is.
pub(super) fn draw(app: &App, paint: &mut Paint<'_>, parts: &Layout, now: Instant) -> Position {
    rule(app, paint, parts, now);
    footer(app, paint, parts.footer);
    hint(app, paint, parts);
    line(app, paint, parts.input)
}

fn rule(app: &App, paint: &mut Paint<'_>, parts: &Layout, now: Instant) {
    let (theme, strings, glyphs) = (&app.theme, app.strings, &app.glyphs);
    let area = parts.rule;
    paint.rule(area, glyphs.horizontal, theme.rule);
    if matches!(app.main_view, MainView::Feed) {
        for separator in parts.separators.iter().filter(|separator| separator.width > 0) {
            paint.put(separator.x, area.y, 1, glyphs.tee_up, theme.rule);
        }
    }
    let mut left = filter::parts(app);
    let looking = matches!(app.main_view, MainView::Feed);
    if let Some((at, all)) = app.reading.feed.place().filter(|_| looking) {
        let words = (strings.place)(&text::grouped(at), &text::grouped(all));
        left.push(Segment::new(words, theme.plain, 1));
    }
    // Under help or the chart, what comes is counted too.
    let new = if looking { app.reading.feed.new_below() } else { app.reading.feed.new_since_divider() };
    if new > 0 {
        let words = format!("{} {}", (strings.new_below)(&text::grouped(new)), glyphs.down);
        left.push(Segment::new(words, theme.notice, 0));
    }
    if looking && !app.reading.feed.is_following() && app.reading.feed.filter.is_all() {
        left.push(Segment::new(strings.scrolled_up, theme.dim, 2));
    }
    if app.goes_on_below() {
        left.push(Segment::new(format!("{} {}", strings.more_below, glyphs.down), theme.plain, 1));
    }
    if let Some((percent, written)) = app.reading.exports.progress() {
        left.push(Segment::new(bar(percent), theme.notice, 0));
        left.push(Segment::new((strings.exporting)(percent, &text::grouped(written)), theme.notice, 0));
        left.push(Segment::new(strings.stop_export, theme.plain, 3));
    }
    if let (Some((error, _)), Some(seconds)) =
        (&app.status.connection.throttled, app.status.connection.throttled_for(now))
    {
        left.push(Segment::new((strings.error)(error).trim_end_matches('.'), theme.notice, 3));
        left.push(Segment::new((strings.sent_again_in)(seconds), theme.notice, 1));
    }
    if !left.is_empty() {
        let inner = Rect { x: area.x + 3, width: area.width.saturating_sub(6), ..area };
        paint.put(area.x + 2, area.y, 1, " ", theme.plain);
        let end = paint.parts(inner, left, Vec::new(), glyphs.dot);
        paint.put(end, area.y, 1, " ", theme.plain);
    }
}

/// How far something has come, of ASCII, so that every terminal draws it as wide.
fn bar(percent: u64) -> String {
    let done = usize::try_from(percent / 10).unwrap_or(0).min(10);
    format!("[{}{}]", "#".repeat(done), "-".repeat(10 - done))
}

fn line(app: &App, paint: &mut Paint<'_>, area: Rect) -> Position {
    let cells = input_width(area.width);
    let (line, prompt) = match &app.composer.search {
        Some(search) => (&search.text, SEARCH_PROMPT),
        None => (&app.composer.input, PROMPT),
    };
    let prompt = if line.is_scrolled() { "< " } else { prompt };
    let x = paint.put(area.x, area.y, area.width, prompt, app.theme.strong);
    let (shown, caret) = line.visible(cells.into());
    paint.put(x, area.y, cells, &text::printable(shown), app.theme.plain);
    let caret = u16::try_from(caret).unwrap_or(u16::MAX).min(cells.saturating_sub(1));
    Position::new(x.saturating_add(caret), area.y)
}

/// The earlier line that was found, what is searched for marked in it.
fn found(app: &App, paint: &mut Paint<'_>, area: Rect, search: &Search) {
    let (theme, strings) = (&app.theme, app.strings);
    let Some(line) = search.found.and_then(|at| app.composer.history.line(at)) else {
        let words = if app.composer.history.len() == 0 || !search.text.is_empty() {
            strings.history_none
        } else {
            strings.history_search
        };
        paint.put(area.x, area.y, area.width, words, theme.plain);
        return;
    };
    let line = text::printable(line);
    let lower = line.to_lowercase();
    // Where lower case has another length, offsets differ, and nothing is marked.
    let place = lower.find(&search.text.text().to_lowercase()).filter(|_| lower.len() == line.len());
    let place = place.map(|at| at..at + search.text.text().len()).filter(|place| line.get(place.clone()).is_some());
    let note = if search.last { format!("  ({})", strings.history_last) } else { String::new() };
    let cells = usize::from(area.width.saturating_sub(2)).saturating_sub(text::width(&note));
    let start = match &place {
        // What is marked is in sight, with some of what stands before it.
        Some(place) if !text::fits(&line[..place.end], cells) => {
            place.start - text::tail(&line[..place.start], cells / 3).len()
        }
        _ => 0,
    };
    let shown = text::cut(&line[start..], cells, app.glyphs.ellipsis);
    let x = paint.put(area.x, area.y, area.width, "  ", theme.plain);
    let end = paint.put(x, area.y, area.width.saturating_sub(2), &shown, theme.plain);
    paint.put(end, area.y, area.right().saturating_sub(end), &note, theme.plain);
    if let Some(place) = place
        && let (Some(before), Some(part)) = (line.get(start..place.start), line.get(place.start..place.end))
        && shown.len() >= before.len() + part.len()
    {
        let from = x + u16::try_from(text::width(before)).unwrap_or(0);
        let width = u16::try_from(text::width(part)).unwrap_or(0);
        paint.restyle(Rect { x: from, width, ..area }.intersection(area), theme.found);
    }
}

/// What is to be said: below the input, over the keys too if it is long, and above the input where the screen is so
/// small that it would not fit below.
fn hint(app: &App, paint: &mut Paint<'_>, parts: &Layout) {
    if let Some(search) = &app.composer.search {
        return found(app, paint, parts.hint, search);
    }
    if matches!(app.main_view, MainView::Paste(_)) && app.status.notices.current().is_none() {
        // The question is not about the line; what answers it is said here where there is no footer.
        if parts.footer.height == 0 {
            footer(app, paint, parts.hint);
        }
        return;
    }
    let reading = !matches!(app.main_view, MainView::Feed)
        || !app.reading.feed.is_following()
        || !app.reading.feed.filter.is_all();
    if parts.footer.height == 0
        && reading
        && app.composer.check == Check::Empty
        && app.status.notices.current().is_none()
    {
        // Where there is no footer, what the keys do is worth more than being told to type.
        return footer(app, paint, parts.hint);
    }
    let cells = usize::from(parts.hint.width);
    let StatusMessage { words, severity, passing } = app.status_message(cells);
    let style = style(app, severity);
    let lines = text::wrap(&words, cells);
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let below = parts.hint.height + parts.footer.height;
    if count <= 1 || (passing && count > below) {
        paint.put_cut(parts.hint, &words, style);
        return;
    }
    let area = match app.rows_above(parts) {
        0 => Rect { height: below, ..parts.hint },
        height => Rect { y: parts.rule.bottom() - height, height, ..parts.hint },
    };
    paint.clear(area);
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        paint.put(area.x, y, area.width, line, style);
    }
}

const fn style(app: &App, severity: Severity) -> Style {
    match severity {
        Severity::Info => app.theme.plain,
        Severity::Warning => app.theme.notice,
        Severity::Error => app.theme.error,
    }
}

fn footer(app: &App, paint: &mut Paint<'_>, area: Rect) {
    let strings = app.strings;
    let keys = match app.main_view {
        MainView::Paste(ref question) if question.counts().0 == 0 => strings.paste_keys_none,
        MainView::Paste(_) => strings.paste_keys,
        _ if app.composer.search.is_some() => strings.history_keys,
        _ if matches!(app.composer.check, Check::Command) => strings.footer_command,
        MainView::Help(_) => strings.help_keys,
        // Enter takes the line, whoever is chosen.
        MainView::Online if !app.composer.input.is_empty() => strings.footer_typing,
        MainView::Online => strings.online_keys,
        MainView::Detail(_) => strings.detail_keys,
        MainView::Chart if chart::shows_all(area.width) => strings.chart_keys,
        MainView::Chart => strings.chart_keys_small,
        MainView::Feed if !app.composer.input.is_empty() => strings.footer_typing,
        MainView::Feed if !app.reading.feed.filter.is_all() && app.reading.feed.rows().len() == 0 => {
            if app.reading.feed.is_asking() { strings.footer_none_yet } else { strings.footer_none }
        }
        MainView::Feed if app.reading.feed.filter.text.is_some() => strings.footer_found,
        MainView::Feed if app.reading.feed.selected().is_some() => strings.footer_selected,
        MainView::Feed if !app.reading.feed.filter.is_all() => strings.footer_filtered,
        MainView::Feed if !app.reading.feed.is_following() => strings.footer_scrolled,
        MainView::Feed if app.status.connection.why_lost().is_some() => strings.footer_lost,
        MainView::Feed => strings.footer,
    };
    self::keys(app, paint, area, keys);
}

/// Keys and what they do; those of the keymap by the names that they have now.
pub(super) fn keys(app: &App, paint: &mut Paint<'_>, area: Rect, keys: &[(Hint, &'static str)]) {
    let hint = |(hint, what): &(Hint, &'static str)| {
        let idle = matches!(app.main_view, MainView::Chart) && chart::does_nothing(app, *hint);
        let even = matches!((&app.main_view, hint), (MainView::Chart, Hint::Word("End")))
            && app.reading.chart.divides_by_powers();
        let what = if even { app.strings.chart_even } else { what };
        Some((app.setup.keymap.hint(*hint, app.strings.lang).filter(|_| !idle)?, what))
    };
    let keys: Vec<(String, &str)> = keys.iter().filter_map(hint).collect();
    paint.keys(area, &keys, app.theme.key, app.theme.dim);
}
