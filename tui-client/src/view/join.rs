//! The join screen: what this is, how the connection is, and the form.

use std::time::Instant;

use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::equation::Equation;
use super::paint::{Paint, Segment};
use super::{header, help, input, welcome};
use crate::app::{App, Field, JOIN_LABEL, MainView, join_field_width, seconds_until};
use crate::text;

/// From this height on there are blank lines between the fields.
const ROOMY: u16 = 16;

/// The most cells of the form.
const WIDEST: u16 = 72;

/// The most cells of the last result, and of the name of whose it is.
const LONGEST_EQUATION: usize = 32;
const LONGEST_NAME: usize = 16;

/// Draws it. Gives back where the caret is.
pub(super) fn draw(app: &App, paint: &mut Paint<'_>, area: Rect, now: Instant) -> Position {
    let strings = app.strings;
    if let MainView::Help(place) = app.main_view {
        let keys = Rect { y: area.bottom() - 1, height: 1, ..area };
        help::draw(app, paint, Rect { height: area.height - 1, ..area }, place);
        input::keys(app, paint, keys, strings.help_keys);
        return Position::new(keys.x, keys.y);
    }
    let roomy = area.height >= ROOMY;
    let fields = app.form.fields(app.status.connection.auth());
    let step = if roomy { 2 } else { 1 };
    let field_lines = u16::try_from(fields.len()).unwrap_or(0) * step;
    let x = area.x + area.width.saturating_sub(WIDEST) / 2;
    let block = Rect { x, width: area.width.min(WIDEST), ..area };
    let (style, words) = message(app, if roomy { area.width.into() } else { 0 }, now);
    let message_lines = u16::try_from(text::wrap(&words, block.width.into()).len()).unwrap_or(u16::MAX);

    // What is above the fields, the fields, and what is below them.
    let head = 5 + u16::from(last_result(app).is_some());
    let height = if roomy { head + field_lines + 4 } else { area.height };
    let needed = height.saturating_add(welcome::HEIGHT).saturating_add(message_lines.saturating_sub(2));
    let curve = roomy && area.height >= needed && area.width >= welcome::WIDTH;
    let height = if curve { height + welcome::HEIGHT } else { height };
    let mut y = area.y + (area.height - height.min(area.height)) / 3;
    if curve {
        welcome::draw(app, paint, Rect { y, height: welcome::HEIGHT, ..area });
        y += welcome::HEIGHT;
    }
    let message_at = y + if roomy { head } else { 2 } + field_lines;
    let room_for_it = (area.bottom() - 1).saturating_sub(message_at);
    if let Some(caret) = small_confirmation(app, paint, block, (fields, room_for_it)) {
        return caret;
    }

    y = title(app, paint, area, (y, roomy), now);
    let form = if roomy { centred(area, JOIN_LABEL + join_field_width(area.width)) } else { block };
    let mut caret = Position::new(form.x, y);
    for field in fields {
        let at = self::field(app, paint, Rect { y, height: 1, ..form }, *field);
        if *field == app.form.focus {
            caret = at;
        }
        if roomy && let Some((style, words)) = field_words(app, *field, now) {
            below_field(paint, Rect { y: y + 1, height: 1, ..area }, form.x + JOIN_LABEL, (&words, style));
        }
        y += step;
    }

    // It begins where the form does, if it fits there on one line.
    let place = if text::fits(&words, form.width.into()) { form } else { block };
    let mut lines = text::wrap(&words, place.width.into());
    let below = y.saturating_add(u16::try_from(lines.len()).unwrap_or(u16::MAX).max(1)).saturating_add(1);
    let footer = if roomy { below.min(area.bottom() - 1) } else { area.bottom() - 1 };
    let new = app.status.connection.first_seen.is_some() && app.status.connection.to_be_confirmed().is_none();
    if new && first_seen(app).as_ref() == Some(&words) && lines.len() > usize::from(footer.saturating_sub(y)) {
        // A certificate is shown whole or, on a screen that is too small, once the room is entered.
        lines.clear();
    }
    let last = usize::from(footer.saturating_sub(y)).min(lines.len());
    for (at, (y, line)) in (y..footer).zip(&lines).enumerate() {
        // What has no room is marked as missing.
        let is_cut = at + 1 == last && last < lines.len();
        let line = if is_cut { format!("{line} {}", app.glyphs.ellipsis) } else { (*line).to_owned() };
        paint.put_cut(Rect { y, height: 1, ..place }, &line, style);
    }
    input::keys(app, paint, Rect { y: footer, height: 1, ..form }, strings.join_keys);
    caret
}

/// Who squared last in the room that is not entered yet, and what came of it.
fn last_result(app: &App) -> Option<String> {
    let last = app.status.connection.room_now()?.last.as_ref()?;
    let name = text::printable(&last.name);
    let name = text::cut(&name, LONGEST_NAME, app.glyphs.ellipsis);
    let Equation { number, between, square } = Equation::new(&last.number, &last.square, LONGEST_EQUATION, &app.glyphs);
    Some((app.strings.last_result)(&name, &format!("{number}{between}{square}")))
}

/// The part of an area in whose middle so many cells are, from their beginning to the area's end.
const fn centred(area: Rect, cells: u16) -> Rect {
    let left = area.width.saturating_sub(cells) / 2;
    Rect { x: area.x + left, width: area.width - left, ..area }
}

/// What this is, and how the connection is, from a line on; with blank lines and in the middle where it is `roomy`.
/// Gives back the line of the first field.
fn title(app: &App, paint: &mut Paint<'_>, area: Rect, (y, roomy): (u16, bool), now: Instant) -> u16 {
    let (theme, strings) = (&app.theme, app.strings);
    let server = Segment::new(&*app.status.connection.server, theme.plain, 2);
    let mut connection = header::state(app, now, !roomy);
    let words: Vec<&str> = connection.iter().map(|part| &*part.text).collect();
    if !text::fits(&words.join(" . "), area.width.into()) {
        // How long until the next try says nothing without why.
        connection = vec![Segment::new(header::short_state(app, now), theme.notice, 0)];
    }
    if app.status.connection.hosting {
        connection.push(Segment::new(strings.hosting, theme.plain, 3));
    }
    if let Some(room) = app.status.connection.room_now() {
        connection.push(Segment::new((strings.online)(room.online), theme.plain, 4));
    }
    let line = |y: u16| Rect { y, height: 1, ..area };
    if roomy {
        paint.put_centred(line(y), strings.program, theme.strong);
        paint.put_centred(line(y + 1), if app.setup.guest { strings.guest } else { strings.tagline }, theme.plain);
        connection.insert(0, server);
        paint.parts_centred(line(y + 3), connection, app.glyphs.dot);
        let Some(last) = last_result(app) else { return y + 5 };
        paint.put_centred(line(y + 4), &last, theme.plain);
        y + 6
    } else {
        let x = area.x + area.width.saturating_sub(WIDEST) / 2;
        let line = |y: u16| Rect { x, width: area.width.min(WIDEST), ..line(y) };
        let program = Segment::new(strings.program, theme.strong, 0);
        paint.parts(line(y), vec![program, server], Vec::new(), app.glyphs.dot);
        paint.parts(line(y + 1), connection, Vec::new(), app.glyphs.dot);
        y + 2
    }
}

/// What is wrong with a field, on the line below it: from where the field begins, or as far before that as it takes to
/// fit.
fn below_field(paint: &mut Paint<'_>, line: Rect, field_at: u16, (words, style): (&str, Style)) {
    let cells = u16::try_from(text::width(words)).unwrap_or(u16::MAX);
    if cells <= line.width {
        let x = field_at.min(line.right() - cells);
        paint.put(x, line.y, cells, words, style);
    }
}

/// The form on a screen that does not hold it together with a certificate that a PIN is about to be given to: the
/// certificate comes first, whole, and of the fields what is left room for. Gives back where the caret is; nothing
/// where the usual form leaves it so many lines as it takes.
fn small_confirmation(
    app: &App,
    paint: &mut Paint<'_>,
    area: Rect,
    (fields, lines_left): (&[Field], u16),
) -> Option<Position> {
    app.status.connection.to_be_confirmed()?;
    let words = first_seen(app)?;
    let lines = text::wrap(&words, area.width.into());
    let (needed, all) = (u16::try_from(lines.len()).ok()?, u16::try_from(fields.len()).ok()?);
    if needed <= lines_left {
        return None;
    }
    let theme = &app.theme;
    let footer = area.bottom() - 1;
    let shown = if needed + all < area.height { fields } else { std::slice::from_ref(&app.form.focus) };
    let first_field = footer - u16::try_from(shown.len()).ok()?;
    // The fingerprint stands at the end.
    let skipped = usize::from(needed.saturating_sub(first_field - area.y));
    for (y, words) in (area.y..first_field).zip(lines.into_iter().skip(skipped)) {
        paint.put(area.x, y, area.width, words, theme.notice);
    }
    let mut caret = Position::new(area.x, first_field);
    for (y, field) in (first_field..).zip(shown) {
        let at = self::field(app, paint, Rect { y, height: 1, ..area }, *field);
        if *field == app.form.focus {
            caret = at;
        }
    }
    input::keys(app, paint, Rect { y: footer, height: 1, ..area }, app.strings.join_keys);
    Some(caret)
}

/// What is said of a certificate that was not seen before.
pub(super) fn first_seen(app: &App) -> Option<String> {
    let new = app.status.connection.first_seen.as_ref()?;
    let confirmed = app.status.connection.to_be_confirmed().is_none();
    let words = if confirmed { app.strings.first_seen } else { app.strings.first_seen_pin };
    Some(words(&text::printable(&new.server), &new.fingerprint))
}

pub(super) fn label(app: &App, field: Field) -> &'static str {
    match field {
        Field::Student => app.strings.student,
        Field::Name => app.strings.name,
        Field::Pin => app.strings.pin,
        Field::Server => app.strings.server,
    }
}

/// A label and its field. Gives back where the caret would be in it.
fn field(app: &App, paint: &mut Paint<'_>, line: Rect, field: Field) -> Position {
    let (theme, strings) = (&app.theme, app.strings);
    let focused = field == app.form.focus;
    let label_style = if focused { theme.strong } else { theme.plain };
    let mark = if focused { ">" } else { " " };
    paint.put(line.x, line.y, JOIN_LABEL, &format!("{mark} {}", label(app, field)), label_style);

    let x = line.x + JOIN_LABEL;
    let cells = join_field_width(line.width).min(line.width.saturating_sub(JOIN_LABEL));
    let underlined = Style::new().add_modifier(Modifier::UNDERLINED);
    let (shown, caret) = app.form.line(field).visible(cells.into());
    if field == Field::Server && app.form.line(field).is_empty() {
        paint.put(x, line.y, cells, strings.this_machine, theme.plain);
    } else if field == Field::Pin {
        // As many marks as cells, so that the caret stands behind them.
        let known = if shown.is_empty() && app.form.pin_given { app.strings.pin_given } else { "" };
        paint.put(x, line.y, cells, &format!("{}{known}", "*".repeat(text::width(shown))), theme.plain);
    } else {
        paint.put(x, line.y, cells, &text::printable(shown), theme.plain);
    }
    paint.restyle(Rect::new(x, line.y, cells, 1), underlined);

    let note = match field {
        Field::Name if app.form.line(field).is_empty() => strings.name_optional.to_owned(),
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

fn field_words(app: &App, field: Field, now: Instant) -> Option<(Style, String)> {
    if field == Field::Pin
        && let Some(seconds) = app.form.held_until.and_then(|until| seconds_until(until, now))
    {
        return Some((app.theme.error, (app.strings.pin_throttled)(seconds)));
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

/// What is to be said below the form; also what is wrong with a field, where that does not fit into the `room` below
/// it.
fn message(app: &App, room: usize, now: Instant) -> (Style, String) {
    let (theme, strings) = (&app.theme, app.strings);
    if app.status.connection.to_be_confirmed().is_some() {
        return (theme.notice, first_seen(app).unwrap_or_default());
    }
    match &app.form.error {
        Some((about, words)) if about.is_none() || !text::fits(words, room) => return (theme.error, words.clone()),
        _ => {}
    }
    for field in [Field::Pin, Field::Student] {
        if let Some(words) = field_words(app, field, now).filter(|(_, words)| !text::fits(words, room)) {
            return words;
        }
    }
    if let Some(why) = app.status.connection.why_lost().and_then(strings.cannot_host) {
        return (theme.notice, why);
    }
    match first_seen(app) {
        Some(sentence) => (theme.notice, sentence),
        None => (theme.plain, String::new()),
    }
}
