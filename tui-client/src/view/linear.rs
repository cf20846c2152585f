//! The room as lines, for screen readers (`--linear`): what is new since the last time is said once, each thing in a
//! line of its own, and nothing that was said is overwritten. The app and all keys and commands are those of the full
//! screen; help, the online list, a result in full and pages of the feed are said when they are opened. Called by `run`
//! in place of [`super::draw`].
//!
//! While a line is being typed, others' results wait: nothing may break into a word that is being read back. What is
//! an answer to the person (an error, a notice, the state of the connection) is said at once, and the typed line
//! after it again.

mod bodies;
mod exporting;
mod results;
mod typed_line;

use std::mem::discriminant;
use std::time::Instant;

use super::{filter, header, input};
use crate::app::{App, Field, Item, MainView, PROMPT, Row, Screen, State, StatusMessage, Top, seconds_until};
use crate::event::ConnectionError;
use crate::keys::Action;
use crate::text;
use exporting::Exporting;
use results::Speaker;
use typed_line::{LineState, TypedLine};

/// The columns that the app lays out for: no line is cut.
const COLUMNS: u16 = 1_000;

/// The rows: what is said of a page of the feed at once.
const ROWS: u16 = 16;

/// The most results of others that are said at once; how many were passed over is said too.
const AT_ONCE: usize = 10;

/// What was said so far. It is compared with what the app knows: were sentences pushed where something happens instead,
/// some twenty places of the app would push, and twelve of these fields would stay to tell what was said already.
#[derive(Debug, Default)]
pub struct Linear {
    typed: TypedLine,
    /// The columns and rows of the terminal.
    terminal: (u16, u16),
    /// How often a line was entered.
    entered: usize,
    exporting: Exporting,
    started: bool,
    /// The server whose room was said, as it is before anybody joins.
    room_of: Option<String>,
    /// It was said what to do in an empty room.
    invited: bool,
    state: String,
    unanswered: usize,
    hosting: bool,
    throttled: Option<Instant>,
    refused: Vec<String>,
    sentence: String,
    /// Until when the notice stands that was said last.
    notice: Option<Instant>,
    /// Why there is no connection, as it was said.
    why_lost: String,
    /// How often Enter had been refused.
    refusals: usize,
    form_error: String,
    /// What was said of a certificate.
    first_seen: String,
    pin_held: Option<Instant>,
    field_fault: String,
    main_view: Option<std::mem::Discriminant<MainView>>,
    pasted: usize,
    found: Option<usize>,
    /// The ledger that results are counted in, and the newest of it that was said.
    log: Option<String>,
    newest: u64,
    filter: String,
    /// Results of another filter are to be said once they are there.
    filtering: bool,
    selected: Option<u64>,
    /// The first result in sight, where the newest is not followed.
    place: Option<u64>,
}

/// What is to be written, and what follows from it.
#[derive(Debug)]
pub struct Said {
    /// The bytes for the terminal.
    pub bytes: String,
    /// What stands over the feed has been said, and is to be closed.
    pub close: bool,
    /// As many results were said as are said at once, and the next may wait.
    pub many: bool,
}

impl Linear {
    /// The size that the app is to lay out for, whatever the terminal has.
    pub const SIZE: (u16, u16) = (COLUMNS, ROWS);

    /// Nothing said yet; `bare` where the terminal takes nothing but text.
    #[must_use]
    pub fn new(bare: bool) -> Self {
        Self { typed: TypedLine::new(bare), ..Self::default() }
    }

    /// The typed line is not on the screen any more.
    pub fn forget_line(&mut self) {
        self.typed.forget();
    }

    /// The bytes that move the cursor behind the typed line.
    pub fn leave_line(&mut self) -> String {
        self.typed.leave()
    }

    /// The terminal has so many columns and rows.
    pub const fn resize(&mut self, terminal: (u16, u16)) {
        self.terminal = terminal;
    }

    /// Says what is new.
    pub fn say(&mut self, app: &App, now: Instant) -> Said {
        let mut lines = Vec::new();
        if !self.started {
            self.started = true;
            lines.push(format!("{}. {}", app.strings.program, app.strings.tagline));
            if app.setup.guest {
                lines.push(app.strings.guest.to_owned());
            }
            let key = app.setup.keymap.name(Action::Help, app.strings.lang);
            lines.push((app.strings.how_to_get_help)(key.as_deref()));
        }
        self.connection(app, now, &mut lines);
        self.outcomes(app, now, &mut lines);
        self.opened(app, &mut lines);
        let many = self.feed(app, &mut lines);
        let (prompt, line) = match (app.screen, &app.composer.search) {
            (Screen::Join, _) => {
                (format!("{}: ", super::join::label(app, app.form.focus)), app.form.line(app.form.focus))
            }
            (Screen::Room, Some(search)) => (input::SEARCH_PROMPT.to_owned(), &search.text),
            (Screen::Room, None) => (PROMPT.to_owned(), &app.composer.input),
        };
        let secret = app.screen == Screen::Join && app.form.focus == Field::Pin;
        let shown = |text| if secret { "*".repeat(text::width(text)).into() } else { text::printable(text) };
        let (before, behind) = line.text().split_at(line.caret());
        let (before, behind) = (shown(before), shown(behind));
        let entered = changed(&mut self.entered, app.composer.input.taken());
        let text = format!("{before}{behind}");
        let line = LineState { prompt: &prompt, text: &text, caret: before.len(), entered };
        // A terminal that does not tell its size is taken for 80x24.
        let (columns, rows) = if self.terminal.0 == 0 || self.terminal.1 == 0 { (80, 24) } else { self.terminal };
        let bytes = self.typed.change(line, &lines, (columns.into(), rows.into()));
        let close = !matches!(app.main_view, MainView::Feed | MainView::Paste(_))
            && self.main_view == Some(discriminant(&app.main_view));
        if close {
            // The same may be opened again before anything else is said.
            self.main_view = Some(discriminant(&MainView::Feed));
        }
        Said { bytes, close, many }
    }

    fn connection(&mut self, app: &App, now: Instant, lines: &mut Vec<String>) {
        let strings = app.strings;
        // Trying again is said once, not with every try.
        let passing =
            matches!(app.status.connection.state, State::Connecting | State::Connected) && !self.state.is_empty();
        let state = match &app.status.connection.state {
            State::Disconnected { why, .. } => (strings.lost)(why),
            State::Idle => format!("{} {}", strings.idle, app.status.connection.server),
            State::Joined => format!("{} {}", strings.joined, app.status.connection.log.as_deref().unwrap_or_default()),
            _ => strings.connecting.to_owned(),
        };
        if !passing && changed(&mut self.state, state) {
            let mut words: Vec<String> = header::state(app, now, false).into_iter().map(|part| part.text).collect();
            if app.status.connection.is_joined() {
                words.extend([app.people.me.name.clone(), (strings.online)(app.people.online.count)]);
            } else if let State::Disconnected {
                why: ConnectionError::CannotHost(_) | ConnectionError::LedgerInUse(_) | ConnectionError::NoLedger { .. },
                ..
            } = &app.status.connection.state
            {
                words.extend(app.status.connection.why_lost().and_then(strings.cannot_host));
            } else {
                words.insert(0, app.status.connection.server.clone());
            }
            words.retain(|words| !words.is_empty());
            lines.push(words.join(", "));
        }
        self.room_now(app, lines);
        if changed(&mut self.hosting, app.status.connection.hosting) && self.hosting {
            lines.push(strings.hosting.to_owned());
        }
        let unanswered = if app.status.connection.is_joined() { 0 } else { app.reading.feed.pending.unanswered() };
        if std::mem::replace(&mut self.unanswered, unanswered) < unanswered {
            lines.push((strings.waiting)(unanswered));
        }
        let throttled = app.status.connection.throttled.as_ref();
        if changed(&mut self.throttled, throttled.map(|(_, until)| *until))
            && let (Some((error, _)), Some(seconds)) = (throttled, app.status.connection.throttled_for(now))
        {
            lines.push((strings.error)(error));
            lines.push((strings.sent_again_in)(seconds));
        }
    }

    /// How the room is that is not entered yet, once for each server: it may be connected to again and again.
    fn room_now(&mut self, app: &App, lines: &mut Vec<String>) {
        let Some(room) = app.status.connection.room_now().filter(|_| app.screen == Screen::Join) else { return };
        if changed(&mut self.room_of, Some(app.status.connection.server.clone())) {
            let last = room.last.as_ref().map(|last| {
                let name = text::printable(&last.name);
                let (number, square) = (text::printable_number(&last.number), text::printable_number(&last.square));
                let squared = Speaker::of(app).squared(&number, &square);
                (app.strings.last_result)(&text::name_in_line(&name), &squared)
            });
            let words = std::iter::once((app.strings.online)(room.online)).chain(last);
            lines.push(words.collect::<Vec<_>>().join(". "));
        }
    }

    /// What became of what the person did.
    fn outcomes(&mut self, app: &App, now: Instant, lines: &mut Vec<String>) {
        let mut refused = Vec::new();
        for square in (0..app.reading.feed.pending.len()).filter_map(|at| app.reading.feed.pending.get(at)) {
            if let Some(why) = square.refusal() {
                if !self.refused.iter().any(|id| id == square.id()) {
                    lines.push(Speaker::of(app).refused(&square.number, why));
                }
                refused.push(square.id().to_owned());
            }
        }
        self.refused = refused;
        let StatusMessage { words, passing, .. } = app.status_message(COLUMNS.into());
        let sentence = if passing || app.screen == Screen::Join { String::new() } else { words };
        let notice = app.status.notices.current().map(|notice| notice.until);
        // Every try tells again why there is no connection; it is said once.
        if app.status.connection.is_joined() {
            self.why_lost.clear();
        }
        let lost = app.status.notices.current().filter(|notice| notice.while_lost && notice.text == sentence);
        let sentence = if lost.is_some() && self.why_lost == sentence { String::new() } else { sentence };
        if lost.is_some() && !sentence.is_empty() {
            self.why_lost.clone_from(&sentence);
        }
        // The same may be said of another try.
        let renewed = changed(&mut self.notice, notice) && notice.is_some();
        // What is wrong is said with every Enter, or a second one would seem to have done something.
        let again = changed(&mut self.refusals, app.composer.refusals);
        say_changed(&mut self.sentence, sentence, renewed || again, lines);
        let joining = app.screen == Screen::Join;
        let error = app.form.error.as_ref().map(|(_, words)| words.clone()).filter(|_| joining).unwrap_or_default();
        say_changed(&mut self.form_error, error, again, lines);
        let first_seen = super::join::first_seen(app).filter(|_| joining).unwrap_or_default();
        say_changed(&mut self.first_seen, first_seen, false, lines);
        let held = app.form.held_until.filter(|_| joining);
        if changed(&mut self.pin_held, held)
            && let Some(seconds) = held.and_then(|until| seconds_until(until, now))
        {
            lines.push((app.strings.pin_throttled)(seconds));
        }
        self.exporting.say(app, now, lines);
        let fault = app.form.student_fault().filter(|_| joining).map(|fault| (app.strings.student_error)(fault));
        say_changed(&mut self.field_fault, fault.unwrap_or_default(), false, lines);
    }

    /// What was opened over the feed.
    fn opened(&mut self, app: &App, lines: &mut Vec<String>) {
        let pasted = if let MainView::Paste(question) = &app.main_view { question.lines().len() } else { 0 };
        let body = discriminant(&app.main_view);
        // The chart is loaded while it is open, and counts are said once they are known.
        let counting = matches!(app.main_view, MainView::Chart) && app.reading.feed.is_asking();
        if (self.main_view != Some(body) && !counting) || self.pasted != pasted {
            (self.main_view, self.pasted) = (Some(body), pasted);
            bodies::say(app, lines);
        }
        let found = app.composer.search.as_ref().and_then(|search| search.found);
        if changed(&mut self.found, found) {
            lines.extend(
                found.and_then(|at| app.composer.history.line(at)).map(|line| text::printable(line).into_owned()),
            );
        }
    }

    /// Results, and whether many were said.
    fn feed(&mut self, app: &App, lines: &mut Vec<String>) -> bool {
        if app.screen != Screen::Room {
            return false;
        }
        if changed(&mut self.log, app.status.connection.log.clone()) {
            self.newest = 0;
        }
        self.invite(app, lines);
        let summed_up = self.filter(app, lines);
        let selected = app.reading.feed.selected();
        let moved = changed(&mut self.selected, selected.map(Row::seq));
        let place = if app.reading.feed.is_following() { None } else { self.first_visible(app).map(Row::seq) };
        let before = std::mem::replace(&mut self.place, place);
        let paged = before != place && place.is_some();
        match selected {
            // What is selected stands among what was found, or will.
            _ if summed_up || self.filtering => {}
            Some(row) if moved => lines.push(format!("{} {}", super::feed::SELECTED, results::row(app, row))),
            Some(_) => {}
            None if paged => results::page(app, ROWS, lines),
            None => {}
        }
        if paged && before.is_none() {
            // From here on nothing new is said.
            lines.push(app.strings.back_to_newest.to_owned());
        }
        app.reading.feed.is_following() && app.composer.input.is_empty() && !self.filtering && self.live(app, lines)
    }

    /// An empty room says what to do, once.
    fn invite(&mut self, app: &App, lines: &mut Vec<String>) {
        let feed = &app.reading.feed;
        let first = (0..ROWS.into()).find_map(|line| feed.line(line));
        let empty = matches!(first, Some(Item::Top(Top::Empty))) && feed.filter.is_all();
        if !self.invited && empty && feed.pending.len() == 0 && app.status.connection.is_joined() {
            self.invited = true;
            lines.push(app.strings.no_results.join(" "));
        }
    }

    /// The first visible result.
    fn first_visible<'a>(&self, app: &'a App) -> Option<&'a Row> {
        (0..ROWS.into()).find_map(|line| match app.reading.feed.line(line) {
            Some(Item::Row(row)) => Some(row),
            _ => None,
        })
    }

    /// Whose results are said, and those that are there already when that changes. Whether they were said now.
    fn filter(&mut self, app: &App, lines: &mut Vec<String>) -> bool {
        let all = app.reading.feed.filter.is_all();
        let whose = app.reading.feed.filter.student.as_ref().map_or("", |whose| &whose.id);
        let typed = app.reading.feed.filter.text.as_ref().map_or("", |search_text| &search_text.typed);
        let filter = if all { String::new() } else { format!("{whose}\n{typed}") };
        if changed(&mut self.filter, filter) {
            self.filtering = !all;
            if all {
                lines.push(app.strings.everybody.to_owned());
            } else if app.reading.feed.is_asking() {
                lines.push(app.strings.searching.to_owned());
            }
        }
        let now = self.filtering && !app.reading.feed.is_asking();
        if now {
            self.filtering = false;
            lines.push(filter::parts(app).into_iter().map(|part| part.text).collect::<Vec<_>>().join(", "));
            results::page(app, ROWS, lines);
            self.newest = self.newest.max(app.reading.feed.rows().next_back().map_or(0, Row::seq));
        }
        now
    }

    /// Results as they come. Whether as many were said as are said at once.
    fn live(&mut self, app: &App, lines: &mut Vec<String>) -> bool {
        let newest = self.newest;
        let new: Vec<&Row> = app.reading.feed.rows().rev().take_while(|row| row.seq() > newest).collect();
        let mut skipped = 0;
        let mut said = Vec::new();
        for (at, row) in new.iter().enumerate() {
            // My own are answers, however many others came with them.
            if at < AT_ONCE || (row.student() == app.people.me.id && said.len() < 5 * AT_ONCE) {
                said.push(results::row(app, row));
            } else {
                skipped += 1;
            }
        }
        let many = said.len() >= AT_ONCE;
        if skipped > 0 {
            let key = app.setup.keymap.name(Action::PageUp, app.strings.lang);
            lines.push((app.strings.passed_over)(&text::grouped(skipped), key.as_deref()));
        }
        lines.extend(said.into_iter().rev());
        self.newest = new.first().map_or(newest, |row| row.seq());
        many
    }
}

/// Stores the value of now, and gives back whether it differs from the one before.
fn changed<T: PartialEq>(before: &mut T, now: T) -> bool {
    let differs = *before != now;
    *before = now;
    differs
}

/// Says a sentence where it has changed, or is to be said `again`; an empty one is not said.
fn say_changed(before: &mut String, now: String, again: bool, lines: &mut Vec<String>) {
    if changed(before, now) | again && !before.is_empty() {
        lines.push(before.clone());
    }
}
