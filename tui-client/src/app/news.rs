//! What the link tells, and what the app makes of it.

use std::time::{Duration, Instant};

use squares_shared::message::{Auth, ErrorCode, ErrorMessage, Page, PageRequest, SquareResult, Welcome};

use super::chart::Tally;
use super::connection::State;
use super::input::Line;
use super::join::Field;
use super::notices::Gravity;
use super::{App, Body, Feed, Me, NewCertificate, Screen, Urgency};
use crate::event::{Effect, LinkEvent, Lost, Pin};
use crate::link::{Continues, PageOwner};
use crate::store::Unkept;
use crate::text;

/// The most of a system's words that are quoted in a notice, in cells.
const QUOTED: usize = 60;

impl App {
    pub(super) fn news(&mut self, news: LinkEvent, now: Instant, effects: &mut Vec<Effect>) {
        if !matches!(news, LinkEvent::RoundTrip(_)) {
            self.redraw(Urgency::Soon);
        }
        match news {
            LinkEvent::Connecting { server } => {
                self.connection.connecting(text::printable(&server).into_owned(), now);
                self.connection.hosting = false;
                self.exports.lost();
                self.each_feed(Feed::lost);
            }
            LinkEvent::Reached { server } => self.connection.reached(text::printable(&server).into_owned()),
            LinkEvent::Hello { hello, hosting } => {
                self.connection.state = State::Connected;
                self.connection.hosting = hosting;
                self.connection.hello = Some(hello);
                if let Some(new) = &mut self.connection.first_seen {
                    // Whether a PIN is asked for, and so what is shown of it, is known from here on.
                    new.shown = false;
                }
                // What was to wait for this moment may be entered now.
                if self.notices.current().is_some_and(|notice| notice.text == self.strings.wait_for_server) {
                    self.notices.take_away();
                }
                self.each_feed(Feed::lost);
                self.recheck_if_undecided();
                self.judge_pasted_anew();
            }
            LinkEvent::Joined { welcome, continues } => {
                self.connection.begin(now);
                self.notices.connected();
                self.joined(welcome, continues, now, effects);
                if let Some(name) = self.unknown_time_zone.take() {
                    let sentence = (self.strings.unknown_time_zone)(&text::printable(&name));
                    self.notices.show_once(Gravity::Warning, sentence);
                }
                if let Some((path, why)) = self.unread_settings.take() {
                    let path = text::printable(&path.to_string_lossy()).into_owned();
                    let why = self.system_words(None, &why);
                    self.notices.show_once(Gravity::Warning, (self.strings.unread_settings)(&path, &why));
                }
            }
            LinkEvent::FirstSeen { server, fingerprint } => {
                self.connection.first_seen = Some(NewCertificate { server, fingerprint, shown: false });
            }
            LinkEvent::Unconfirmed => {
                self.form.pin_given = true;
                self.back_to_the_form(Some(Field::Pin), None);
            }
            LinkEvent::PinWanted => self.pin_wanted(),
            LinkEvent::JoinRefused(error) => self.join_refused(&error, now, effects),
            LinkEvent::Queued(pending) => self.feed.waiting.add(pending),
            LinkEvent::Results(results) => self.results(&results, effects),
            LinkEvent::Answered { id, .. } => {
                if self.feed.waiting.answered(&id) {
                    self.connection.held_up = None;
                }
            }
            LinkEvent::Withheld { id } => {
                self.feed.waiting.answered(&id);
                self.withhold(now);
            }
            LinkEvent::Rejected { pending, error } => {
                let why = (self.strings.error)(&error);
                self.feed.waiting.refused(&pending, why, now);
            }
            LinkEvent::HeldUp { error, until } => self.connection.held_up = Some((error, until)),
            LinkEvent::Presence(presence) => self.online.apply(&presence),
            LinkEvent::Online(online) => self.online.replace(&online),
            LinkEvent::Page { owner, request, page } => self.page_came(owner, &request, &page, now, effects),
            LinkEvent::Refused(error) => {
                self.each_feed(Feed::refused);
                let why = (self.strings.error)(&error);
                self.fail_export(&why, now, effects);
                self.notices.show_while_typing(Gravity::Warning, (self.strings.error)(&error), now);
            }
            LinkEvent::RoundTrip(took) => {
                if self.connection.took(took, now) {
                    self.redraw(Urgency::Soon);
                }
            }
            LinkEvent::Lost { why, retry_at } => self.lost(why, retry_at, now),
            LinkEvent::Unkept(unkept) => self.unkept(&unkept),
            LinkEvent::NotQueued { number, waiting } => {
                let shown = text::printable(&number).into_owned();
                let shown = text::shorten(&shown, QUOTED / 2, self.glyphs.ellipsis);
                let sentence = (self.strings.not_queued)(&shown, &text::grouped(waiting));
                self.notices.show_while_typing(Gravity::Error, sentence, now);
                if self.input.is_empty() {
                    self.input.set(&number);
                    self.recheck();
                }
            }
        }
    }

    /// Says once in the room what a certificate was seen, which is believed from then on.
    fn show_first_seen(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if let Some(NewCertificate { server, fingerprint, .. }) = self.connection.first_seen.take() {
            let sentence = (self.strings.first_seen)(&text::printable(&server), &fingerprint);
            self.notices.show(Gravity::Warning, sentence, now);
            effects.push(Effect::Believe { server, fingerprint });
        }
    }

    /// Says once that what is typed does not survive an end of the program, whoever finds it out first.
    pub(super) fn unkept(&mut self, unkept: &Unkept) {
        if std::mem::replace(&mut self.told_unkept, true) {
            return;
        }
        let folder = unkept.folder.as_ref().map(|folder| text::printable(&folder.to_string_lossy()).into_owned());
        let why = self.system_words(Some(unkept.kind), &unkept.words);
        self.notices.show_once(Gravity::Warning, (self.strings.unkept)(folder.as_deref(), &why));
        self.redraw(Urgency::Soon);
    }

    /// What the system said, as it is quoted.
    fn system_words(&self, kind: Option<std::io::ErrorKind>, words: &str) -> String {
        // The system's number says nothing to anybody who reads this.
        let words = text::printable(words.split(" (os error ").next().unwrap_or_default());
        let words = kind.and_then(self.strings.system).unwrap_or(&words);
        text::cut(words, QUOTED, self.glyphs.ellipsis).into_owned()
    }

    fn joined(&mut self, welcome: Welcome, continues: Continues, now: Instant, effects: &mut Vec<Effect>) {
        if let Some(me) = welcome.student {
            self.me = Me {
                id: text::printable(&me.id).into_owned(),
                name: text::name_or_id(&me.name, &me.id).into_owned(),
                department: me.department.map(|department| text::printable(&department).into_owned()),
            };
        }
        self.online.replace(&welcome.online);
        let log = self.connection.hello.as_ref().map(|hello| hello.log.clone());
        let same_ledger = log.is_some() && log == self.connection.log;
        if self.connection.log.is_some() && !same_ledger {
            self.tell_other_ledger();
        }
        // Where this user hosted before, another account may host now.
        if let (None, Some(data), "") = (&self.connection.log, &self.data, self.form.server_in_use())
            && !self.connection.hosting
        {
            effects.push(Effect::LookForOwnLedger(data.clone()));
        }
        self.connection.log = log;
        self.connection.state = State::Joined;
        self.each_feed(|feed| feed.joined(welcome.latest, welcome.replay_after, continues));
        if continues == Continues::Anew {
            self.fail_export(self.strings.export_other_ledger, now, effects);
            self.chart.fit();
        }
        if continues != Continues::Resumed {
            self.chart.tally = Tally::behind(welcome.replay_after);
        }
        self.screen = Screen::Room;
        self.show_first_seen(now, effects);
        self.form.joining = false;
        self.form.error = None;
        self.form.held_until = None;
        self.form.pin = Line::default();
        if self.has_pin(self.input.text()) {
            // It was typed where no PIN was asked for yet, and stands on the screen.
            self.input.take();
            self.recheck();
        }
        self.remembered.student = Some(self.me.id.clone());
        let name = self.form.name.text().trim();
        self.remembered.name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let server = self.form.server_in_use();
        if !server.is_empty() {
            self.remembered.server = Some(server.to_owned());
        }
    }

    /// Another ledger than before answers at the same address: another account took over, or this one did. What was
    /// seen before is not lost, and stays where it is.
    fn tell_other_ledger(&mut self) {
        let folder = self.data.as_ref().map(|folder| text::printable(&folder.to_string_lossy()).into_owned());
        let sentence = if self.connection.hosting {
            (self.strings.hosts_own_ledger)(folder.as_deref())
        } else {
            (self.strings.other_ledger)(&self.connection.server)
        };
        self.notices.show_once(Gravity::Warning, sentence);
    }

    /// The user's own ledger has results. Where they are is told, where others are shown.
    pub(super) fn own_ledger(&mut self, log: &str) {
        if let (Some(shown), Some(data)) = (&self.connection.log, &self.data)
            && shown != log
        {
            let folder = text::printable(&data.to_string_lossy()).into_owned();
            self.notices.show_once(Gravity::Warning, (self.strings.own_results_elsewhere)(&folder));
            self.redraw(Urgency::Soon);
        }
    }

    /// The error is shown where it can be mended: on the form, beside the field that it is about.
    fn join_refused(&mut self, error: &ErrorMessage, now: Instant, effects: &mut Vec<Effect>) {
        if error.code == ErrorCode::RateLimited && self.connection.auth() == Some(Auth::Pin) {
            let wait = Duration::from_millis(error.retry_after_ms.unwrap_or_default());
            self.form.held_until = now.checked_add(wait);
            if !self.form.pin.is_empty() {
                // What is typed next is another try, not more of this one; and Enter alone does not make this one
                // again.
                self.form.pin = Line::default();
                effects.push(Effect::UsePin(Pin::new("")));
            }
            return self.back_to_the_form(Some(Field::Pin), None);
        }
        if error.code == ErrorCode::BadPin {
            self.form.pin_given = false;
            self.form.pin = Line::default();
        }
        let field = match error.code {
            ErrorCode::BadStudent | ErrorCode::NotOnRoster => Some(Field::Student),
            ErrorCode::BadPin => Some(Field::Pin),
            _ => None,
        };
        let sentence = (self.strings.error)(error);
        self.back_to_the_form(field, Some(sentence));
    }

    fn pin_wanted(&mut self) {
        self.back_to_the_form(Some(Field::Pin), Some(self.strings.pin_empty.to_owned()));
    }

    fn back_to_the_form(&mut self, field: Option<Field>, sentence: Option<String>) {
        self.form.error = sentence.map(|sentence| (field, sentence));
        self.form.focus = field.unwrap_or(self.form.focus);
        self.form.joining = false;
        self.screen = Screen::Join;
        if !matches!(self.body, Body::Paste(_)) {
            self.body = Body::Feed;
        }
    }

    fn results(&mut self, results: &[SquareResult], effects: &mut Vec<Effect>) {
        let mut mine = 0;
        for result in results.iter().filter(|result| result.student == self.me.id) {
            let answers = result.id.as_ref().is_some_and(|id| self.feed.waiting.answered(id));
            if answers {
                self.connection.held_up = None;
            }
            // What was there before is no news, unless it was waited for.
            mine += usize::from(answers || self.whole_feed().is_live(result.seq));
        }
        self.mine_came(mine, effects);
        self.each_feed(|feed| feed.extend(results));
        self.chart.tally.live(results);
    }

    /// Gives a page of history to whoever asked for it.
    fn page_came(
        &mut self,
        owner: PageOwner,
        request: &PageRequest,
        page: &Page,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let feed = match owner {
            PageOwner::Export => return self.export_page(request, page, now, effects),
            PageOwner::WholeFeed => Some(self.whole.as_mut().unwrap_or(&mut self.feed)),
            PageOwner::FilteredFeed => self.whole.is_some().then_some(&mut self.feed),
        };
        if let Some(feed) = feed {
            feed.page(request, page);
        }
        if request.student.is_none() {
            self.chart.tally.earlier(request.before, &page.results, page.more);
        }
    }

    /// The feed that is shown, and the one that is kept beside it.
    fn each_feed(&mut self, mut to: impl FnMut(&mut Feed)) {
        to(&mut self.feed);
        if let Some(whole) = &mut self.whole {
            to(whole);
        }
    }

    fn lost(&mut self, why: Lost, retry_at: Option<Instant>, now: Instant) {
        self.connection.state = State::Lost { why, retry_at };
        if self.screen == Screen::Room
            && let Some(why) = self.connection.why_lost().and_then(self.strings.cannot_host)
        {
            self.notices.show_while_lost(Gravity::Warning, why, now);
        }
        self.connection.hosting = false;
        self.connection.held_up = None;
        self.exports.lost();
        self.each_feed(Feed::lost);
    }

    /// The server's limit may be another than before; what was entered and found wrong stays so.
    fn recheck_if_undecided(&mut self) {
        let before = self.check;
        self.recheck();
        if self.check.entered() == before {
            self.check = before;
        }
    }
}
