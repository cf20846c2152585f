//! The header: which room this is, where it is, who I am, and how the connection is.

use std::time::Instant;

use ratatui::layout::Rect;

use super::paint::{Paint, Segment};
use crate::app::{App, Layout, State, WIDTH_OF_ONE_LINE};
use crate::keys::Action;

/// From this width on the header has room for a command.
const ROOM_FOR_COMMAND: u16 = 110;

pub(super) fn draw(app: &App, paint: &mut Paint<'_>, parts: &Layout, now: Instant) {
    let (theme, strings) = (&app.theme, app.strings);
    let joined = app.status.connection.is_joined();
    let unanswered = app.reading.feed.pending.unanswered();
    let online = if joined { (strings.online)(app.people.online.count) } else { String::new() };
    let host = if app.status.connection.hosting { format!("[{}]", strings.host) } else { String::new() };
    let name = if app.people.me.name.is_empty() { &*app.people.me.id } else { &*app.people.me.name };
    // Of a room that is hosted here, what others type to join.
    let command = app.hosted_command().filter(|_| parts.header.width >= ROOM_FOR_COMMAND);
    let address = command.unwrap_or_else(|| app.status.connection.server.clone());
    let room = vec![
        Segment::new(strings.program, theme.strong, 0),
        Segment::new(address, theme.dim, 5),
        Segment::new(host, theme.notice, 4),
    ];
    let department = app.people.me.department.as_deref().unwrap_or_default();
    let id = if app.people.me.id == name { "" } else { &*app.people.me.id };
    let me = vec![
        Segment::new(name, theme.mine.patch(theme.strong), 1),
        Segment::new(id, theme.dim, 6),
        Segment::new(department, theme.dim, 8),
    ];
    let line = |at: u16| Rect { y: parts.header.y + at, height: 1, ..parts.header };
    if parts.header.width < WIDTH_OF_ONE_LINE && parts.header.height == 1 {
        let state_style = if joined { theme.plain } else { theme.notice };
        let waiting = if unanswered > 0 && !joined { (strings.waiting_short)(unanswered) } else { String::new() };
        let host = if app.status.connection.hosting { format!("[{}]", strings.host) } else { String::new() };
        let left = vec![
            Segment::new(strings.program, theme.strong, 3),
            Segment::new(short_state(app, now), state_style, 0),
            round_trip(app, 6),
            Segment::new(waiting, state_style, 1),
            Segment::new(host, theme.notice, 4),
            Segment::new(online, theme.plain, 2),
        ];
        let name = Segment::new(name, theme.mine.patch(theme.strong), 5);
        paint.parts(parts.header, left, vec![name], app.glyphs.dot);
        return;
    }
    let mut how = state(app, now, false);
    how.push(round_trip(app, 9));
    if unanswered > 0 {
        how.push(Segment::new((strings.waiting)(unanswered), if joined { theme.plain } else { theme.notice }, 2));
    }
    let online = Segment::new(online, theme.plain, 3);
    if parts.header.height == 1 {
        // The name of the program goes before why there is no connection does.
        let mut left = room;
        left[0].rank = 7;
        left.extend(how);
        left.push(online);
        paint.parts(line(0), left, me, app.glyphs.dot);
    } else {
        paint.parts(line(0), room, me, app.glyphs.dot);
        paint.parts(line(1), how, vec![online], app.glyphs.dot);
    }
    if parts.top_rule.height > 0 {
        paint.rule(parts.top_rule, app.glyphs.horizontal, theme.rule);
        if matches!(app.main_view, crate::app::MainView::Feed) {
            for separator in parts.separators.iter().filter(|separator| separator.width > 0) {
                paint.put(separator.x, parts.top_rule.y, 1, app.glyphs.tee_down, theme.rule);
            }
        }
    }
}

/// How the connection is, and what happens next.
pub(super) fn state(app: &App, now: Instant, narrow: bool) -> Vec<Segment> {
    let (theme, strings) = (&app.theme, app.strings);
    match &app.status.connection.state {
        State::Connecting => vec![Segment::new(strings.connecting, theme.notice, 0)],
        State::Connected | State::Idle if app.form.joining => vec![Segment::new(strings.joining, theme.notice, 0)],
        State::Connected => vec![Segment::new(strings.connected, theme.plain, 0)],
        State::Joined => vec![Segment::new(strings.joined, theme.plain, 0)],
        State::Idle => vec![Segment::new(strings.idle, theme.plain, 0)],
        State::Disconnected { why, retry_at } => {
            let next = match (app.status.connection.countdown(now), retry_at) {
                (Some(seconds), _) if narrow => (strings.retry_in_short)(seconds),
                (Some(seconds), _) => (strings.retry_in)(seconds),
                (None, Some(_)) => strings.retrying.to_owned(),
                (None, None) => retry_by_key(app),
            };
            vec![Segment::new((strings.lost)(why), theme.notice, 1), Segment::new(next, theme.notice, 0)]
        }
    }
}

/// Which key tries again: Enter does where no other was left for it.
fn retry_by_key(app: &App) -> String {
    let key = app.setup.keymap.name(Action::Reconnect, app.strings.lang);
    (app.strings.retry_by_key)(key.as_deref().unwrap_or("Enter"))
}

/// How long an answer takes, where that is known.
fn round_trip(app: &App, rank: u8) -> Segment {
    let (words, slow) = app.status.connection.round_trip().unwrap_or_default();
    Segment::new(words, if slow { app.theme.notice } else { app.theme.plain }, rank)
}

/// The same in so few words that they fit anywhere.
pub(super) fn short_state(app: &App, now: Instant) -> String {
    let strings = app.strings;
    match &app.status.connection.state {
        State::Connecting => strings.connecting.to_owned(),
        State::Connected | State::Joined => strings.joined.to_owned(),
        State::Idle => strings.idle.to_owned(),
        State::Disconnected { retry_at: None, .. } => {
            format!("{} {} {}", strings.lost_short, app.glyphs.dot, retry_by_key(app))
        }
        State::Disconnected { .. } => match app.status.connection.countdown(now) {
            Some(seconds) => {
                format!("{} {} {}", strings.lost_short, app.glyphs.dot, (strings.retry_in_short)(seconds))
            }
            None => strings.retrying.to_owned(),
        },
    }
}
