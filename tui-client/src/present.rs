//! The room on the wall, as `squares --present` shows it from a projector: how to join, how many are online, the latest
//! results in large digits, the parabola and who squared most. [`Wall::update`] is pure, as the app's is: events come
//! in, effects go out, and `view` draws what it holds. `run` drives it; `main` makes one.
//!
//! It watches and never takes part. What it keeps is bounded, so that it may hang there for a whole term, and new
//! results are taken up a few times a second, however many come: an eye follows them, and a flood costs no more than a
//! handful of frames.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use squares_shared::message::{ErrorMessage, Invite, SquareResult, Welcome};

use crate::app::{Chart, ConnectionStatus, Row};
use crate::event::{Effect, Event, LinkEvent, TerminalEffect};
use crate::lang::Lang;
use crate::link::{Command, Continues};
use crate::strings::Strings;
use crate::text;
use crate::theme::{Appearance, Glyphs, Theme};

/// How many of the latest results can be shown; a wall has no more lines.
const LATEST: usize = 200;

/// How many results stand on the parabola.
const POINTS: usize = 2_000;

/// How many earlier results are asked for, so that a wall that has just been hung up is not empty.
pub const BACKLOG: u64 = 1_000;

/// The time between a number and its square, and the least time between two frames that only results ask for.
const STEP: Duration = Duration::from_millis(250);

/// How long a result stands in the largest digits before the next one may take its place.
const STAY: Duration = Duration::from_millis(1_000);

/// How long a result is marked as new.
const NEW: Duration = Duration::from_millis(2_500);

/// What a wall starts with.
#[derive(Debug, Clone)]
pub struct WallSetup {
    /// The language.
    pub lang: Lang,
    /// Everything that decides on colours.
    pub appearance: Appearance,
    /// ASCII in place of glyphs that some terminals draw too wide.
    pub ascii: bool,
    /// The server, as it was given, or the default address.
    pub server: String,
    /// Whether the server is spoken to inside TLS.
    pub tls: bool,
}

/// The wall.
#[derive(Debug)]
pub struct Wall {
    pub(crate) setup: WallSetup,
    pub(crate) strings: &'static Strings,
    pub(crate) theme: Theme,
    pub(crate) glyphs: Glyphs,
    pub(crate) connection: ConnectionStatus,
    pub(crate) online: usize,
    /// How others join, as the server said.
    pub(crate) invite: Option<Invite>,
    /// The fingerprint of a certificate that was not seen before.
    pub(crate) fingerprint: Option<String>,
    pub(crate) chart: Chart,
    /// The latest results, the newest last.
    latest: VecDeque<Rc<Row>>,
    /// Those that are shown.
    spotlight: Option<Spotlight>,
    /// The server does not let this machine watch.
    refused: Option<ErrorMessage>,
    was_in: bool,
    /// When a frame is due for what has changed.
    due: Option<Instant>,
    drawn: Option<Instant>,
}

/// The results that are shown for a moment, though others have come: the newest first, in the largest digits.
#[derive(Debug)]
struct Spotlight {
    since: Instant,
    rows: Vec<Rc<Row>>,
}

impl Spotlight {
    fn seq(&self) -> Option<u64> {
        self.rows.first().map(|row| row.seq())
    }
}

impl Wall {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(setup: WallSetup, now: Instant) -> Self {
        Self {
            strings: Strings::of(setup.lang),
            theme: setup.appearance.theme(),
            glyphs: Glyphs::new(setup.ascii),
            connection: ConnectionStatus::new(&setup.server),
            setup,
            online: 0,
            invite: None,
            fingerprint: None,
            chart: Chart::default(),
            latest: VecDeque::new(),
            spotlight: None,
            refused: None,
            was_in: false,
            due: Some(now),
            drawn: None,
        }
    }

    /// Something happened.
    pub fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        match event {
            Event::Key(key) => self.key(key, now),
            Event::Resize(..) => self.draw_now(now),
            Event::Background(background) => {
                self.setup.appearance.background = Some(background);
                self.theme = self.setup.appearance.theme();
                self.draw_now(now)
            }
            Event::Link(event) => self.link(event, now),
            _ => Vec::new(),
        }
    }

    /// When the next frame is due, if one is. A moment that was given stays due until a frame is drawn.
    #[must_use]
    pub fn next_frame(&self, now: Instant) -> Option<Instant> {
        [self.due, self.next_step(now), self.connection.next_wake(now)].into_iter().flatten().min()
    }

    /// Takes up what the next frame shows, which is about to be drawn.
    pub fn before_frame(&mut self, now: Instant) {
        if self.has_newer() && self.spotlight.as_ref().is_none_or(|spotlight| spotlight.since + STAY <= now) {
            let rows = self.latest.iter().rev().cloned().collect();
            self.spotlight = Some(Spotlight { since: now, rows });
        }
        self.due = None;
        self.drawn = Some(now);
    }

    /// Why there is nothing to watch here, in English, where the server said so before it ever showed anything.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refused.as_ref().filter(|_| !self.was_in).map(|error| &*error.message)
    }

    /// Whether the server, which did before, does not let this machine watch any more. It is asked again.
    pub(crate) const fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// The results that are shown, the newest first.
    pub(crate) fn results(&self) -> &[Rc<Row>] {
        self.spotlight.as_ref().map_or(&[], |spotlight| &spotlight.rows)
    }

    /// Whether the square of the newest is to be seen yet: the class has a moment to guess.
    pub(crate) fn shows_square(&self, now: Instant) -> bool {
        self.spotlight.as_ref().is_none_or(|spotlight| spotlight.since + STEP <= now)
    }

    pub(crate) fn is_new(&self, now: Instant) -> bool {
        self.spotlight.as_ref().is_some_and(|spotlight| now < spotlight.since + NEW)
    }

    /// What a student types to join, the likeliest first.
    pub(crate) fn commands(&self) -> Vec<String> {
        match self.invite.as_ref().filter(|invite| !invite.servers.is_empty()) {
            Some(invite) => invite.commands().collect(),
            None => {
                let tls = if self.setup.tls { " --tls" } else { "" };
                vec![format!("squares --server {}{tls}", self.connection.server)]
            }
        }
    }

    /// Whether a result has come that is not shown.
    fn has_newer(&self) -> bool {
        let newest = self.latest.back().map(|row| row.seq());
        newest.is_some() && newest != self.spotlight.as_ref().and_then(Spotlight::seq)
    }

    /// When the next step of what moves is due.
    fn next_step(&self, now: Instant) -> Option<Instant> {
        let newer = self.has_newer();
        let Some(Spotlight { since, .. }) = self.spotlight else { return newer.then_some(now) };
        let later = [STEP, NEW].into_iter().map(|wait| since + wait).filter(|then| *then > now);
        later.chain(newer.then(|| (since + STAY).max(now))).min()
    }

    fn draw_now(&mut self, now: Instant) -> Vec<Effect> {
        self.due = Some(now);
        Vec::new()
    }

    /// A frame is due, but not before the last one has been looked at.
    fn draw_soon(&mut self, now: Instant) {
        let calm = self.drawn.map_or(now, |drawn| (drawn + STEP).max(now));
        self.due = Some(self.due.map_or(calm, |due| due.min(calm)));
    }

    fn key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            // The key q on a Hangul layout too.
            KeyCode::Esc | KeyCode::Char('q' | 'Q' | 'ㅂ' | 'ㅃ') => vec![Effect::Quit],
            KeyCode::Char('c' | 'd') if control => vec![Effect::Quit],
            KeyCode::Char('z') if control => vec![Effect::Terminal(TerminalEffect::Suspend)],
            KeyCode::Char('l') if control => {
                self.draw_now(now);
                vec![Effect::Terminal(TerminalEffect::Repaint)]
            }
            _ => Vec::new(),
        }
    }

    fn link(&mut self, event: LinkEvent, now: Instant) -> Vec<Effect> {
        match event {
            LinkEvent::Connecting(server) => self.connection.connecting(&server, now),
            LinkEvent::Reached(server) => self.connection.reached(&server),
            LinkEvent::Hello { hello, hosting } => self.connection.said_hello(hello, hosting),
            LinkEvent::Joined { welcome, continues } => self.joined(welcome, continues, now),
            LinkEvent::FirstSeen { server, fingerprint } => {
                self.fingerprint = Some(text::printable(&fingerprint).into_owned());
                self.draw_now(now);
                // The whole class sees it from here on, and no PIN ever goes out.
                return vec![Effect::Link(Command::Trust { server, fingerprint })];
            }
            LinkEvent::JoinRefused(error) => {
                self.refused = Some(error);
                if !self.was_in {
                    return vec![Effect::Quit];
                }
            }
            LinkEvent::Results(results) => {
                self.take(&results);
                self.draw_soon(now);
                return Vec::new();
            }
            LinkEvent::Presence(presence) => {
                self.online = presence.count;
                self.draw_soon(now);
                return Vec::new();
            }
            LinkEvent::Online(online) => self.online = online.count,
            LinkEvent::Disconnected { why, retry_at } => self.connection.lost(why, retry_at),
            // What only students hear.
            _ => return Vec::new(),
        }
        self.draw_now(now)
    }

    fn joined(&mut self, welcome: Welcome, continues: Continues, now: Instant) {
        let log = self.connection.hello.as_ref().map(|hello| hello.log.clone());
        self.connection.joined(log, now);
        self.refused = None;
        self.was_in = true;
        self.online = welcome.online.count;
        // What came from elsewhere is shown as something to type: nothing else than that may stand in it.
        self.invite = welcome.invite.filter(Invite::is_plausible);
        if continues != Continues::Resumed {
            self.chart.begin(welcome.replay_after);
        }
        if continues == Continues::Anew {
            self.latest.clear();
            self.spotlight = None;
            self.chart.start_again();
        }
    }

    fn take(&mut self, results: &[SquareResult]) {
        self.chart.tally.live(results);
        let recent = &results[results.len().saturating_sub(POINTS)..];
        for result in recent {
            let row = Rc::new(Row::new(result));
            self.chart.add(&row, POINTS);
            self.latest.push_back(row);
        }
        let surplus = self.latest.len().saturating_sub(LATEST);
        self.latest.drain(..surplus);
    }
}

#[cfg(test)]
mod tests;
