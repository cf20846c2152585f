//! The join screen: what this is, how the connection is, and the form.

use std::time::Instant;

use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::paint::{Paint, Part};
use super::{header, help, input};
use crate::app::{App, Body, Field, JOIN_LABEL, JoinForm, join_field_width, seconds_until};
use crate::text;

/// From this height on there is air between the lines.
const ROOMY: u16 = 16;

/// The most cells of the form.
const WIDEST: u16 = 72;

/// Draws it. Gives back where the caret is.
pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect, now: Instant) -> Position {
    let (theme, strings) = (&app.theme, app.strings);
    if let Body::Help(scrolled) = app.body {
        let keys = Rect { y: area.bottom() - 1, height: 1, ..area };
        help::draw(app, paint, Rect { height: area.height - 1, ..area }, scrolled);
        input::keys(app, paint, keys, strings.help_keys);
        return Position::new(keys.x, keys.y);
    }
    let roomy = area.height >= ROOMY;
    let fields = JoinForm::fields(app.connection.auth());
    let step = if roomy { 2 } else { 1 };
    let field_lines = u16::try_from(fields.len()).unwrap_or(0) * step;
    let height = if roomy { 5 + field_lines + 4 } else { area.height };
    let x = area.x + area.width.saturating_sub(WIDEST) / 2;
    let width = area.width.min(WIDEST);
    let mut y = area.y + (area.height - height.min(area.height)) / 3;
    let line = |y: u16| Rect::new(x, y, width, 1);

    let server = Part::new(&*app.connection.server, theme.plain, 2);
    let program = Part::new(strings.program, theme.strong, 0);
    let mut connection = header::state(app, now, !roomy);
    if app.connection.hosting {
        connection.push(Part::new(strings.hosting, theme.plain, 3));
    }
    if roomy {
        paint.parts(line(y), vec![program], Vec::new(), "");
        paint.put(x, y + 1, width, &text::cut(strings.tagline, width.into(), app.glyphs.ellipsis), theme.plain);
        connection.insert(0, server);
        paint.parts(line(y + 3), connection, Vec::new(), app.glyphs.dot);
        y += 5;
    } else {
        paint.parts(line(y), vec![program, server], Vec::new(), app.glyphs.dot);
        paint.parts(line(y + 1), connection, Vec::new(), app.glyphs.dot);
        y += 2;
    }

    let mut caret = Position::new(x, y);
    // The cells below a field, for what is wrong with it.
    let room = if roomy { usize::from(area.right().saturating_sub(x + JOIN_LABEL)) } else { 0 };
    for field in fields {
        let at = self::field(app, paint, line(y), *field);
        if *field == app.form.focus {
            caret = at;
        }
        if let Some((style, words)) = field_words(app, *field, now).filter(|(_, words)| text::fits(words, room)) {
            paint.put(x + JOIN_LABEL, y + 1, area.right() - x - JOIN_LABEL, &words, style);
        }
        y += step;
    }

    let (style, words) = message(app, room, now);
    let mut lines = text::wrap(&words, width.into());
    let below = y.saturating_add(u16::try_from(lines.len()).unwrap_or(u16::MAX).max(1)).saturating_add(1);
    let footer = if roomy { below.min(area.bottom() - 1) } else { area.bottom() - 1 };
    if app.connection.first_seen.as_ref() == Some(&words) && lines.len() > usize::from(footer.saturating_sub(y)) {
        // A certificate is shown whole or, on a screen that is too small, once the room is entered.
        lines.clear();
    }
    for (y, line) in (y..footer).zip(lines) {
        paint.put(x, y, width, line, style);
    }
    input::keys(app, paint, line(footer), strings.join_keys);
    caret
}

/// A label and its field. Gives back where the caret would be in it.
fn field(app: &App, paint: &mut Paint<'_>, line: Rect, field: Field) -> Position {
    let (theme, strings) = (&app.theme, app.strings);
    let focused = field == app.form.focus;
    let label = match field {
        Field::Student => strings.student,
        Field::Name => strings.name,
        Field::Pin => strings.pin,
        Field::Server => strings.server,
    };
    let label_style = if focused { theme.strong } else { theme.plain };
    let mark = if focused { ">" } else { " " };
    paint.put(line.x, line.y, JOIN_LABEL, &format!("{mark} {label}"), label_style);

    let x = line.x + JOIN_LABEL;
    let cells = join_field_width(line.width).min(line.width.saturating_sub(JOIN_LABEL));
    let underlined = Style::new().add_modifier(Modifier::UNDERLINED);
    let (shown, caret) = app.form.line(field).in_sight(cells.into());
    if field == Field::Server && app.form.server.is_empty() {
        paint.put(x, line.y, cells, strings.this_machine, theme.plain);
    } else if field == Field::Pin {
        // As many marks as cells, so that the caret stands behind them.
        paint.put(x, line.y, cells, &"*".repeat(text::width(shown)), theme.plain);
    } else {
        paint.put(x, line.y, cells, &text::printable(shown), theme.plain);
    }
    paint.restyle(Rect::new(x, line.y, cells, 1), underlined);

    let note = match field {
        Field::Name if app.form.name.is_empty() => strings.name_optional.to_owned(),
        Field::Server if focused && app.form.has_choices() => {
            format!("{} {}", app.glyphs.up_down, strings.choose_server)
        }
        _ => String::new(),
    };
    let room = line.width.saturating_sub(JOIN_LABEL + cells + 2);
    if text::fits(&note, room.into()) {
        paint.put(x + cells + 2, line.y, room, &note, theme.plain);
    }
    let caret = u16::try_from(caret).unwrap_or(u16::MAX).min(cells.saturating_sub(1));
    Position::new(x + caret, line.y)
}

/// What is wrong with a field.
fn field_words(app: &App, field: Field, now: Instant) -> Option<(Style, String)> {
    if field == Field::Pin
        && let Some(seconds) = app.form.held_until.and_then(|until| seconds_until(until, now))
    {
        return Some((app.theme.error, (app.strings.pin_held_up)(seconds)));
    }
    if let Some((about, words)) = &app.form.error
        && *about == Some(field)
    {
        return Some((app.theme.error, words.clone()));
    }
    if field == Field::Student {
        let fault = app.form.student_fault()?;
        return Some((app.theme.error, (app.strings.student_error)(fault)));
    }
    None
}

/// What is to be said below the form; also what is wrong with a field, where that does not fit into the `room` below it.
fn message(app: &App, room: usize, now: Instant) -> (Style, String) {
    let (theme, strings) = (&app.theme, app.strings);
    match &app.form.error {
        Some((about, words)) if about.is_none() || !text::fits(words, room) => return (theme.error, words.clone()),
        _ => {}
    }
    for field in [Field::Pin, Field::Student] {
        if let Some(words) = field_words(app, field, now).filter(|(_, words)| !text::fits(words, room)) {
            return words;
        }
    }
    if let Some(why) = app.connection.why_lost().and_then(strings.cannot_host) {
        return (theme.notice, why);
    }
    match &app.connection.first_seen {
        Some(sentence) => (theme.notice, sentence.clone()),
        None => (theme.plain, String::new()),
    }
}
