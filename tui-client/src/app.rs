//! Everything the full-screen client knows, and what it makes of what happens: [`App::update`] takes an event and gives
//! back what is to be done. It knows no terminal and no socket, reads no clock and never waits. `run` drives it, and
//! [`crate::view`] shows it.

mod commands;
mod composer;
mod help;
mod invite;
mod join_form;
mod keys;
mod layout;
mod link_events;
mod main_view;
mod people;
mod reading;
mod status;
mod status_message;

use std::path::PathBuf;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::config::Notify;
use crate::event::{Effect, Event, Pin, TerminalEffect};
use crate::keys::{Action, Key, KeyContext, Keymap};
use crate::lang::Lang;
use crate::link::Command;
use crate::store::history::HistoryNews;
use crate::store::settings::Remembered;
use crate::strings::Strings;
use crate::theme::{Appearance, Glyphs, Theme};

pub(crate) use commands::{CommandSpec, candidates};
pub(crate) use composer::{Check, Composer, Pasted, Search};
pub(crate) use help::{HelpLine, HelpLineKind, HelpPlace, KEY_COLUMN, indent};
pub(crate) use join_form::{Field, JoinForm};
pub(crate) use layout::{
    JOIN_LABEL, Layout, SMALLEST, WIDTH_OF_ONE_LINE, is_large_enough, join_field_width, layout, layout_above,
};
pub(crate) use main_view::{MainView, list_lines};
pub(crate) use people::People;
#[cfg(test)]
pub(crate) use reading::Point;
pub(crate) use reading::{
    Chart, Copied, Detail, DetailLine, Feed, Item, Pane, PendingSquare, Plot, Reading, Row, Top, curve, head_lines,
};
pub(crate) use status::{ConnectionStatus, Severity, State, Status, seconds_until};
pub(crate) use status_message::StatusMessage;

/// What the app starts with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The language of every sentence.
    pub lang: Lang,
    /// What decides the styles.
    pub appearance: Appearance,
    /// What tells of results of mine that come while somebody looks elsewhere.
    pub notify: Notify,
    /// ASCII in place of the glyphs that some terminals draw too wide.
    pub ascii: bool,
    /// A student id given by flag: joins at once.
    pub student: Option<String>,
    /// A name given by flag.
    pub name: Option<String>,
    /// A server given by flag; without one the default address is used, hosted where nobody listens.
    pub server: Option<String>,
    /// Where the ledger is when this process hosts, to be told; none where that is not known.
    pub data: Option<PathBuf>,
    /// A PIN given by the environment: what equals it is neither squared nor kept.
    pub pin: Option<Pin>,
    /// What the last run kept.
    pub remembered: Remembered,
    /// The size of the screen, in cells.
    pub size: (u16, u16),
    /// Where the clock on the wall is.
    pub time_zone: jiff::tz::TimeZone,
    /// What `TZ` says, where it is the name of no time zone.
    pub unknown_time_zone: Option<String>,
    /// The settings file that cannot be read, and why.
    pub unread_settings: Option<(PathBuf, String)>,
    /// Which key does what.
    pub keymap: Keymap,
    /// The mouse is ours: help names what it does.
    pub mouse: bool,
    /// The terminal is tmux's, which keeps what is copied only where it is told to.
    pub in_tmux: bool,
    /// The terminal takes what is copied.
    pub can_copy: bool,
    /// The machine is not the student's own: nothing is kept, no file is written, and the server stays the same.
    pub guest: bool,
}

impl Default for Setup {
    /// Nothing given and nothing remembered, in English, where the clock shows UTC.
    fn default() -> Self {
        Self {
            lang: Lang::En,
            appearance: Appearance::default(),
            notify: Notify::Off,
            ascii: false,
            student: None,
            name: None,
            server: None,
            data: None,
            pin: None,
            remembered: Remembered::default(),
            size: (0, 0),
            time_zone: jiff::tz::TimeZone::UTC,
            unknown_time_zone: None,
            unread_settings: None,
            keymap: Keymap::default(),
            mouse: true,
            in_tmux: false,
            can_copy: true,
            guest: false,
        }
    }
}

/// The key that stops a program, where the system or a setting gave it to nothing else.
const CTRL_Z: Key = Key::control('z');

/// How soon a change should be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// With the next frame, at most sixty a second.
    Soon,
    /// At once: somebody pressed a key.
    Now,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Join,
    Room,
}

/// Everything the full-screen client knows.
#[derive(Debug)]
pub struct App {
    /// What it started with, and what of that was changed since.
    pub(crate) setup: Setup,
    pub(crate) strings: &'static Strings,
    pub(crate) theme: Theme,
    pub(crate) glyphs: Glyphs,
    pub(crate) screen: Screen,
    pub(crate) main_view: MainView,
    pub(crate) form: JoinForm,
    pub(crate) composer: Composer,
    pub(crate) reading: Reading,
    pub(crate) people: People,
    pub(crate) status: Status,
    /// What is to be done about the event of this moment.
    effects: Vec<Effect>,
    stale: Option<Urgency>,
    now: Instant,
}

impl App {
    /// The app at its start, and what is to be done at once: where a student id is given, joining.
    #[must_use]
    pub fn new(setup: Setup, now: Instant) -> (Self, Vec<Effect>) {
        let remembered = &setup.remembered;
        let student = setup.student.as_ref().or(remembered.student.as_ref()).map_or("", String::as_str);
        let same = remembered.student.as_deref() == Some(student);
        let name = setup.name.as_ref().or(remembered.name.as_ref().filter(|_| same)).map_or("", String::as_str);
        let server = setup.server.as_deref().unwrap_or_default();
        let form = if setup.guest {
            JoinForm::for_guest(student, name, server)
        } else {
            JoinForm::new(student, name, server, remembered.server.as_deref())
        };
        let mut app = Self {
            strings: Strings::of(setup.lang),
            theme: setup.appearance.theme(),
            glyphs: Glyphs::new(setup.ascii),
            screen: Screen::Join,
            main_view: MainView::Feed,
            form,
            composer: Composer::default(),
            reading: Reading::new(usize::from(layout(setup.size.0, setup.size.1).feed.height)),
            people: People::default(),
            status: Status::new(server),
            setup,
            effects: Vec::new(),
            stale: Some(Urgency::Now),
            now,
        };
        if app.setup.student.is_some() {
            app.submit_form();
            if !app.effects.is_empty() {
                app.screen = Screen::Room;
            }
        }
        app.reconcile();
        let effects = std::mem::take(&mut app.effects);
        (app, effects)
    }

    /// What is to be done about an event.
    pub fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        if matches!(&event, Event::Key(key) if key.kind == KeyEventKind::Release) {
            return Vec::new();
        }
        // Countdowns were last seen as they were at the event before.
        let seen_at = std::mem::replace(&mut self.now, now);
        self.status.notices.read_by(now);
        match event {
            Event::Key(key) => {
                self.redraw(Urgency::Now);
                self.key(lower(key));
                if self.status.connection.wants_round_trip(now) {
                    self.ask_link(Command::Ping);
                }
            }
            Event::Paste(pasted) => {
                self.redraw(Urgency::Now);
                match self.screen {
                    Screen::Join => self.form.paste(&pasted),
                    Screen::Room => self.paste(&pasted),
                }
            }
            Event::Mouse(mouse) => {
                if self.mouse(mouse) {
                    self.redraw(Urgency::Now);
                }
            }
            Event::Resize(width, height) => {
                self.redraw(Urgency::Now);
                self.setup.size = (width, height);
                self.resize_feeds(true);
                // What was asked about may stand elsewhere now.
                if let MainView::Help(HelpPlace { found: Some(found), .. }) = self.main_view {
                    self.open_help_at(found);
                }
            }
            Event::History(HistoryNews::Opened { student, lines, draft }) => {
                self.history_opened(&student, lines, &draft);
            }
            Event::History(HistoryNews::Unkept(unkept)) => self.unkept(&unkept),
            Event::Background(background) => {
                self.setup.appearance.background = Some(background);
                self.restyle();
            }
            Event::Focus(focused) => self.focus(focused),
            Event::OwnLedger(log) => self.own_ledger(&log),
            Event::Export(news) => {
                self.redraw(Urgency::Soon);
                self.export_news(news);
            }
            Event::Wake => {}
            Event::Link(event) => self.link_event(event),
            Event::LinkBusy(command) => self.link_busy(&command),
        }
        if self.status.expire(seen_at, now)
            | self.form.next_wake(seen_at).is_some_and(|wake| wake <= now)
            | self.reading.feed.pending.expire(now)
            | self.people.active.expire(now)
        {
            self.redraw(Urgency::Soon);
        }
        if self.screen == Screen::Room {
            self.status.notices.show_next(now);
        }
        self.reconcile();
        std::mem::take(&mut self.effects)
    }

    /// When the screen looks different by time alone, and [`Event::Wake`] is due; none while nothing on it counts
    /// down or goes away. It may lie in the past, until the event has come.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let wakes = [
            self.status.next_wake(self.now),
            self.form.next_wake(self.now),
            self.reading.feed.pending.next_wake(),
            self.people.active.next_wake(),
        ];
        wakes.into_iter().flatten().min()
    }

    /// Whether the screen is behind what is known, and how soon that should be mended. Asking takes it as mended.
    pub fn needs_draw(&mut self) -> Option<Urgency> {
        let stale = self.stale.take();
        if let Some(new) = &mut self.status.connection.first_seen
            && stale.is_some()
        {
            let seen = self.screen == Screen::Join && matches!(self.main_view, MainView::Feed);
            new.shown |= seen && is_large_enough(self.setup.size.0, self.setup.size.1);
        }
        stale
    }

    /// The styles are others.
    fn restyle(&mut self) {
        let theme = self.setup.appearance.theme();
        if theme != self.theme {
            self.theme = theme;
            self.redraw(Urgency::Now);
        }
    }

    fn redraw(&mut self, urgency: Urgency) {
        self.stale = self.stale.max(Some(urgency));
    }

    fn ask_link(&mut self, command: Command) {
        self.effects.push(Effect::Link(command));
    }

    /// Says something until the next key.
    fn say(&mut self, severity: Severity, words: impl Into<String>) {
        self.status.notices.show(severity, words.into(), self.now);
    }

    /// Says what is wrong with what was entered, which was therefore not understood.
    fn refuse(&mut self, words: &str) -> bool {
        self.say(Severity::Error, words);
        false
    }

    /// Says something that keys do not take away.
    fn say_while_typing(&mut self, severity: Severity, words: impl Into<String>) {
        self.status.notices.show_while_typing(severity, words.into(), self.now);
    }

    /// Brings what depends on sizes and on one another in line, and asks for the page that scrolling came near to.
    fn reconcile(&mut self) {
        let in_feed = matches!(self.main_view, MainView::Feed);
        let beside = in_feed && self.layout().chart.width > 0;
        self.reading.reconcile(in_feed, matches!(self.main_view, MainView::Chart), beside, &self.people.me.id);
        self.reconcile_draft();
        self.reconcile_export();
        self.form.keep_focus_visible(self.status.connection.auth());
        self.form.reveal(usize::from(join_field_width(self.setup.size.0)));
        self.composer.input.reveal(usize::from(input_width(self.layout().input.width)));
        self.resize_feeds(false);
        if self.screen == Screen::Room && self.status.connection.is_joined() {
            self.effects.extend(self.reading.wanted().map(Effect::Link));
        }
    }

    /// Where nobody reads further up, the newest results make room for a sentence. What is being read never moves for
    /// one.
    fn resize_feeds(&mut self, even_if_read: bool) {
        let height = usize::from(self.layout().feed.height);
        self.reading.each_feed(|feed| {
            if even_if_read || feed.is_following() {
                feed.resize(height);
            }
        });
    }

    fn key(&mut self, key: KeyEvent) {
        match self.setup.keymap.action(Key::of(key), KeyContext::default()) {
            Some(Action::Repaint) => self.effects.push(Effect::Terminal(TerminalEffect::Repaint)),
            Some(Action::Suspend) => self.suspend(),
            Some(Action::Reconnect) => self.reconnect(),
            None if self.setup.guest && Key::of(key) == CTRL_Z => self.say_guest_cannot_stop(),
            _ => match self.screen {
                Screen::Join => self.join_key(key),
                Screen::Room => self.room_key(key),
            },
        }
    }

    /// Tries again to connect, where there is no connection.
    fn reconnect(&mut self) {
        if matches!(self.status.connection.state, State::Disconnected { .. }) {
            self.ask_link(Command::ReconnectNow);
        }
    }
}

/// The cells of the input line that are left for its text, behind the prompt.
pub(crate) const fn input_width(width: u16) -> u16 {
    width.saturating_sub(PROMPT.len() as u16)
}

/// What stands before the text in the input line.
pub(crate) const PROMPT: &str = "> ";

/// Ctrl-Shift-C is Ctrl-C: which of them arrives depends on the terminal.
fn lower(mut key: KeyEvent) -> KeyEvent {
    if let (KeyCode::Char(c), true) = (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        key.code = KeyCode::Char(c.to_ascii_lowercase());
    }
    key
}

#[cfg(test)]
mod tests;
