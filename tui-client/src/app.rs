//! Everything the full-screen client knows, and what it makes of what happens: [`App::update`] takes an event and gives
//! back what is to be done. It knows no terminal and no socket, reads no clock and never waits. `run` drives it, and
//! [`crate::view`] shows it.

mod attention;
mod carry_out;
mod chart;
mod check;
mod commands;
mod connection;
mod copy;
mod detail;
mod export;
mod feed;
mod filter;
mod help;
mod hint;
mod input;
mod join;
mod join_keys;
mod layout;
mod leave;
mod mouse;
mod news;
mod notebook;
mod notices;
mod online;
mod paste;
mod recall;
mod room;
mod row;
mod search;

use std::path::PathBuf;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::config::Notify;
use crate::event::{Effect, Event, Pin};
use crate::keys::{Action, Key, KeyContext, Keymap};
use crate::lang::Lang;
use crate::link::PageOwner;
use crate::store::settings::Remembered;
use crate::strings::Strings;
use crate::text;
use crate::theme::{Appearance, Glyphs, Theme};

use attention::Attention;
pub(crate) use chart::{Chart, Pane, curve};
pub(crate) use check::Check;
pub(crate) use commands::{Command, candidates};
pub(crate) use connection::{Connection, NewCertificate, State, seconds_until};
pub(crate) use copy::Copied;
pub(crate) use detail::{Detail, Line as DetailLine, head_lines};
pub(crate) use feed::{Feed, Item, Top, Waiting};
pub(crate) use help::{HelpLine, KEY_COLUMN, help, indent};
pub(crate) use hint::Sentence;
pub(crate) use input::Line;
pub(crate) use join::{Field, JoinForm};
pub(crate) use layout::{JOIN_LABEL, Layout, SMALLEST, is_large_enough, join_field_width, layout};
pub(crate) use notices::{Gravity, Notice, Notices};
pub(crate) use online::OnlineList;
pub(crate) use paste::Pasted;
pub(crate) use row::Row;
pub(crate) use search::Search;

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
    /// The terminal is tmux's, which keeps what is copied only where it is told to.
    pub in_tmux: bool,
    /// The terminal takes what is copied.
    pub can_copy: bool,
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
            in_tmux: false,
            can_copy: true,
        }
    }
}

/// How soon a change should be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// With the next frame, at most sixty a second.
    Soon,
    /// At once: somebody pressed a key.
    Now,
}

/// Which screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Join,
    Room,
}

/// What fills the middle of the room.
#[derive(Debug)]
pub(crate) enum Body {
    Feed,
    /// Help, scrolled down by so many lines.
    Help(usize),
    Detail(Detail),
    /// Who is online, where there is no room for the list beside the feed, or more of it is wanted.
    Online,
    /// The results as a picture.
    Chart,
    /// Whether to square several lines that were pasted.
    Paste(Pasted),
}

/// Who I am.
#[derive(Debug, Clone, Default)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) department: Option<String>,
}

/// Everything the full-screen client knows.
#[derive(Debug)]
pub struct App {
    pub(crate) strings: &'static Strings,
    pub(crate) theme: Theme,
    appearance: Appearance,
    attention: Attention,
    pub(crate) glyphs: Glyphs,
    pub(crate) ascii: bool,
    pub(crate) size: (u16, u16),
    pub(crate) time_zone: jiff::tz::TimeZone,
    pub(crate) screen: Screen,
    pub(crate) body: Body,
    pub(crate) form: JoinForm,
    pub(crate) me: Me,
    pub(crate) connection: Connection,
    pub(crate) online: OnlineList,
    /// The feed that is shown: of everything, or of what a filter lets through.
    pub(crate) feed: Feed,
    /// The feed of everything, while another is shown.
    whole: Option<Feed>,
    pub(crate) chart: Chart,
    pub(crate) input: Line,
    pub(crate) check: Check,
    /// Where the ledger is when this process hosts.
    data: Option<PathBuf>,
    /// The PIN in use: what equals it is neither squared nor kept.
    pin: Option<Pin>,
    pub(crate) notices: Notices,
    /// How often Enter left a line to be mended: what is wrong with it is said each time.
    pub(crate) refusals: usize,
    pub(crate) exports: export::Exports,
    pub(crate) recall: recall::Recall,
    /// What was entered before is being searched.
    pub(crate) search: Option<Search>,
    /// Whose history was asked for.
    notebook: String,
    /// The input as it was last given to be kept.
    draft: String,
    pub(crate) keymap: Keymap,
    /// It was said that what is typed cannot be kept.
    told_unkept: bool,
    /// What tmux needs for copying is yet to be said.
    tell_of_tmux: bool,
    can_copy: bool,
    /// What is no time zone, until it is said.
    unknown_time_zone: Option<String>,
    /// The settings file that cannot be read, until it is said.
    unread_settings: Option<(PathBuf, String)>,
    completion: Option<carry_out::Completion>,
    leaving: leave::Leaving,
    remembered: Remembered,
    stale: Option<Urgency>,
    /// The moment of the last event: countdowns have been seen as they were then.
    updated_at: Instant,
}

impl App {
    /// The app at its start, and what is to be done at once: where a student id is given, joining.
    #[must_use]
    pub fn new(setup: Setup, now: Instant) -> (Self, Vec<Effect>) {
        let given = setup.student.is_some();
        let remembered = setup.remembered;
        let student = setup.student.or_else(|| remembered.student.clone()).unwrap_or_default();
        let same = remembered.student.as_ref().is_some_and(|remembered| *remembered == student);
        let name = setup.name.or_else(|| remembered.name.clone().filter(|_| same)).unwrap_or_default();
        let server = setup.server.unwrap_or_default();
        let strings = Strings::of(setup.lang);
        let mut app = Self {
            strings,
            theme: setup.appearance.theme(),
            appearance: setup.appearance,
            attention: Attention::new(setup.notify),
            glyphs: Glyphs::new(setup.ascii),
            ascii: setup.ascii,
            size: setup.size,
            time_zone: setup.time_zone,
            screen: Screen::Join,
            body: Body::Feed,
            form: JoinForm::new(&student, &name, &server, remembered.server.as_deref()),
            me: Me::default(),
            connection: Connection::new(text::printable(&server).into_owned()),
            online: OnlineList::default(),
            feed: Feed::new(usize::from(layout(setup.size.0, setup.size.1).feed.height)),
            whole: None,
            chart: Chart::default(),
            input: Line::default(),
            check: Check::Empty,
            data: setup.data,
            pin: setup.pin,
            notices: Notices::default(),
            refusals: 0,
            exports: export::Exports::default(),
            recall: recall::Recall::default(),
            search: None,
            notebook: String::new(),
            draft: String::new(),
            keymap: setup.keymap,
            told_unkept: false,
            tell_of_tmux: setup.in_tmux,
            can_copy: setup.can_copy,
            unknown_time_zone: setup.unknown_time_zone,
            unread_settings: setup.unread_settings,
            completion: None,
            leaving: leave::Leaving::default(),
            remembered,
            stale: Some(Urgency::Now),
            updated_at: now,
        };
        let mut effects = Vec::new();
        if given {
            app.submit_form(&mut effects);
            if !effects.is_empty() {
                app.screen = Screen::Room;
            }
        }
        app.settle(&mut effects);
        (app, effects)
    }

    /// What is to be done about an event.
    pub fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.notices.read_by(now);
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return effects,
            Event::Key(key) => {
                self.redraw(Urgency::Now);
                self.key(lower(key), now, &mut effects);
                if self.connection.wants_round_trip(now) {
                    effects.push(Effect::Ping);
                }
            }
            Event::Paste(pasted) => {
                self.redraw(Urgency::Now);
                match self.screen {
                    Screen::Join => self.form.paste(&pasted),
                    Screen::Room => self.paste(&pasted, now),
                }
            }
            Event::Mouse(mouse) => {
                if !self.mouse(mouse) {
                    return effects;
                }
                self.redraw(Urgency::Now);
            }
            Event::Resize(width, height) => {
                self.redraw(Urgency::Now);
                self.size = (width, height);
                self.resize_feeds(true);
            }
            Event::Notebook { student, lines, draft } => self.notebook_opened(&student, lines, &draft, now),
            Event::Unkept(unkept) => self.unkept(&unkept),
            Event::Background(background) => {
                self.appearance.background = Some(background);
                self.restyle();
            }
            Event::Focus(focused) => self.focus(focused, &mut effects),
            Event::OwnLedger(log) => self.own_ledger(&log),
            Event::Export(news) => {
                self.redraw(Urgency::Soon);
                self.export_news(news, now);
            }
            Event::Wake => {}
            Event::Link(news) => self.news(news, now, &mut effects),
        }
        let held = self.form.next_wake(self.updated_at);
        if self.connection.next_wake(self.updated_at).into_iter().chain(held).any(|wake| wake <= now) {
            self.redraw(Urgency::Soon);
        }
        self.connection.expire(now);
        if self.notices.expire(now) {
            self.leaving.forget_key();
            self.redraw(Urgency::Soon);
        }
        if self.feed.waiting.expire(now) {
            self.redraw(Urgency::Soon);
        }
        self.updated_at = now;
        if self.screen == Screen::Room {
            self.notices.settle(now);
        }
        self.settle(&mut effects);
        effects
    }

    /// When the screen looks different by time alone, and [`Event::Wake`] is due; none while nothing on it counts
    /// down or goes away. It may lie in the past, until the event has come.
    #[must_use]
    pub fn next_wake(&self, _now: Instant) -> Option<Instant> {
        let wakes =
            [self.connection.next_wake(self.updated_at), self.notices.next_wake(), self.feed.waiting.next_wake()];
        wakes.into_iter().chain([self.form.next_wake(self.updated_at)]).flatten().min()
    }

    /// Whether the screen is behind what is known, and how soon that should be mended. Asking takes it as mended.
    pub fn needs_draw(&mut self) -> Option<Urgency> {
        let stale = self.stale.take();
        if let Some(new) = &mut self.connection.first_seen
            && stale.is_some()
        {
            let seen = self.screen == Screen::Join && matches!(self.body, Body::Feed);
            new.shown |= seen && is_large_enough(self.size.0, self.size.1);
        }
        stale
    }

    /// What to keep for the next run.
    #[must_use]
    pub fn remember(&self) -> Remembered {
        self.remembered.clone()
    }

    /// Whether the terminal's background decides how things look, so that it should be asked for.
    #[must_use]
    pub fn wants_background(&self) -> bool {
        self.appearance.wants_background()
    }

    /// The styles are others.
    fn restyle(&mut self) {
        let theme = self.appearance.theme();
        if theme != self.theme {
            self.theme = theme;
            self.redraw(Urgency::Now);
        }
    }

    fn redraw(&mut self, urgency: Urgency) {
        self.stale = self.stale.max(Some(urgency));
    }

    /// Brings what depends on sizes and on one another in line, and asks for the page that scrolling came near to.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        let (width, _) = self.size;
        self.settle_chart();
        if matches!(self.body, Body::Feed) {
            self.feed.go_on_reading(&self.me.id, false);
        }
        self.settle_notebook(effects);
        self.settle_export(effects);
        let parts = self.layout();
        self.form.settle(self.connection.auth());
        self.form.reveal(usize::from(join_field_width(width)));
        self.input.reveal(usize::from(input_width(parts.input.width)));
        self.resize_feeds(false);
        if self.screen == Screen::Room && self.connection.is_joined() {
            let owner = if self.whole.is_some() { PageOwner::FilteredFeed } else { PageOwner::WholeFeed };
            effects.extend(self.feed.wanted().map(|request| Effect::Page { owner, request }));
        }
    }

    /// Where nobody reads further up, the newest results make room for a sentence. What is being read never moves for
    /// one.
    fn resize_feeds(&mut self, even_if_read: bool) {
        let height = usize::from(self.layout().feed.height);
        for feed in std::iter::once(&mut self.feed).chain(&mut self.whole) {
            if even_if_read || feed.is_following() {
                feed.resize(height);
            }
        }
    }

    fn key(&mut self, key: KeyEvent, now: Instant, effects: &mut Vec<Effect>) {
        match self.keymap.action(Key::of(key), KeyContext::default()) {
            Some(Action::Repaint) => effects.push(Effect::Repaint),
            Some(Action::Suspend) => self.suspend(now, effects),
            Some(Action::Reconnect) => {
                if matches!(self.connection.state, State::Lost { .. }) {
                    effects.push(Effect::ReconnectNow);
                }
            }
            _ => match self.screen {
                Screen::Join => self.join_key(key, effects),
                Screen::Room => self.room_key(key, now, effects),
            },
        }
    }
}

/// The cells of the input line that are left for its text, behind the prompt.
pub(crate) const fn input_width(width: u16) -> u16 {
    width.saturating_sub(PROMPT.len() as u16)
}

/// What stands before the text in the input line.
pub(crate) const PROMPT: &str = "> ";

/// The lines of the online list that are left for people, below its title.
pub(crate) const fn list_lines(height: u16) -> usize {
    height.saturating_sub(1) as usize
}

/// Ctrl-Shift-C is Ctrl-C: which of them arrives depends on the terminal.
fn lower(mut key: KeyEvent) -> KeyEvent {
    if let (KeyCode::Char(c), true) = (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        key.code = KeyCode::Char(c.to_ascii_lowercase());
    }
    key
}

#[cfg(test)]
mod tests;
