//! What the app makes of what the link tells.

use std::path::Path;
use std::time::{Duration, Instant};

use squares_shared::message::{Auth, ErrorCode, ErrorMessage, SquareResult, Welcome};

use super::layout::has_figures;
use super::status::{NewCertificate, Severity};
use super::{App, Feed, Field, MainView, Screen, Urgency};
use crate::event::{ConnectionError, Effect, LinkEvent, Pin};
use crate::link::{Command, Continues, PageOwner};
use crate::store::Unkept;
use crate::text;

/// The most of a system's words that are quoted in a notice, in cells.
const QUOTED: usize = 60;

impl App {
    pub(super) fn link_event(&mut self, event: LinkEvent) {
        if !matches!(event, LinkEvent::RoundTrip(_)) {
            self.redraw(Urgency::Soon);
        }
        match event {
            LinkEvent::Connecting(server) => {
                self.status.connection.connecting(&server, self.now);
                self.reading.connection_lost();
            }
            LinkEvent::Reached(server) => self.status.connection.reached(&server),
            LinkEvent::Hello { hello, hosting } => {
                self.status.connection.said_hello(hello, hosting);
                // What was to wait for this moment may be entered now.
                if self.status.notices.current().is_some_and(|notice| notice.text == self.strings.wait_for_server) {
                    self.status.notices.take_away();
                }
                self.reading.connection_lost();
                self.recheck_if_undecided();
                self.judge_pasted_again();
            }
            LinkEvent::Joined { welcome, continues } => {
                self.joined(welcome, continues);
                if let Some(name) = self.setup.unknown_time_zone.take() {
                    let sentence = (self.strings.unknown_time_zone)(&text::printable(&name));
                    self.status.notices.show_once(Severity::Warning, sentence);
                }
                if let Some((path, why)) = self.setup.unread_settings.take() {
                    let why = self.system_words(None, &why);
                    let sentence = (self.strings.unread_settings)(&printable_path(&path), &why);
                    self.status.notices.show_once(Severity::Warning, sentence);
                }
            }
            LinkEvent::FirstSeen { server, fingerprint } => {
                self.status.connection.first_seen = Some(NewCertificate { server, fingerprint, shown: false });
            }
            LinkEvent::Unconfirmed => {
                self.form.pin_given = true;
                self.back_to_the_form(Some(Field::Pin), None);
            }
            LinkEvent::PinWanted => {
                self.back_to_the_form(Some(Field::Pin), Some(self.strings.pin_empty.to_owned()));
            }
            LinkEvent::JoinRefused(error) => self.join_refused(&error),
            LinkEvent::Queued(pending) => self.reading.feed.pending.add(pending),
            LinkEvent::Results(results) => self.results(&results),
            LinkEvent::Answered { id, .. } => {
                if self.reading.feed.pending.answered(&id) {
                    self.status.connection.throttled = None;
                }
            }
            LinkEvent::Withheld(id) => {
                self.reading.feed.pending.answered(&id);
                self.withhold();
            }
            LinkEvent::Rejected { pending, error } => {
                let why = (self.strings.error)(&error);
                self.reading.feed.pending.refused(&pending, why, self.now);
            }
            LinkEvent::Throttled { error, until } => self.status.connection.throttled = Some((error, until)),
            LinkEvent::Presence(presence) => self.people.online.apply(&presence),
            LinkEvent::Online(online) => self.people.online.replace(&online),
            LinkEvent::Page { owner: PageOwner::Export, request, page } => self.export_page(&request, &page),
            LinkEvent::Page { owner, request, page } => self.reading.page(owner, &request, &page),
            LinkEvent::Refused(error) => {
                self.reading.each_feed(Feed::refused);
                let why = (self.strings.error)(&error);
                self.fail_export(&why);
                self.say_while_typing(Severity::Warning, why);
            }
            LinkEvent::RoundTrip(took) => {
                if self.status.connection.took(took, self.now) {
                    self.redraw(Urgency::Soon);
                }
            }
            LinkEvent::Disconnected { why, retry_at } => self.lost(why, retry_at),
            LinkEvent::Idle => self.status.connection.idle(),
            LinkEvent::Unkept(unkept) => self.unkept(&unkept),
            LinkEvent::NotQueued { number, waiting } => {
                let shown = text::printable(&number).into_owned();
                let shown = text::shorten(&shown, QUOTED / 2, self.glyphs.ellipsis);
                let sentence = (self.strings.not_queued)(&shown, &text::grouped(waiting));
                self.say_while_typing(Severity::Error, sentence);
                self.give_back(&number);
            }
        }
    }

    /// The link takes nothing more just now. Nothing is asked of it for this: that would be refused too.
    pub(super) fn link_busy(&mut self, command: &Command) {
        let sentence = self.strings.link_busy.to_owned();
        self.redraw(Urgency::Soon);
        match command {
            // Nobody asked for it, and it is asked again.
            Command::Ping => {}
            Command::Join { .. } => self.back_to_the_form(None, Some(sentence)),
            Command::Page { owner: PageOwner::Export, .. } => self.fail_export(&sentence),
            Command::Page { .. } => {
                self.reading.each_feed(Feed::refused);
                self.say_while_typing(Severity::Warning, sentence);
            }
            _ => self.say_while_typing(Severity::Warning, sentence),
        }
    }

    /// What was entered and not taken stands in the line again, unless something else is being typed.
    pub(super) fn give_back(&mut self, line: &str) {
        if self.composer.input.is_empty() {
            self.set_input(line);
        }
    }

    /// Says once in the room which certificate was seen, which is trusted from then on.
    fn show_first_seen(&mut self) {
        if let Some(NewCertificate { server, fingerprint, .. }) = self.status.connection.first_seen.take() {
            let sentence = (self.strings.first_seen)(&text::printable(&server), &fingerprint);
            self.say(Severity::Warning, sentence);
            self.ask_link(Command::Trust { server, fingerprint });
        }
    }

    /// Says once that what is typed does not survive an end of the program. The outbox or the history found it out.
    pub(super) fn unkept(&mut self, unkept: &Unkept) {
        // A guest was told so on the join screen.
        if self.setup.guest || std::mem::replace(&mut self.status.told_unkept, true) {
            return;
        }
        let folder = unkept.folder.as_deref().map(printable_path);
        let why = self.system_words(Some(unkept.kind), &unkept.words);
        self.status.notices.show_once(Severity::Warning, (self.strings.unkept)(folder.as_deref(), &why));
        self.redraw(Urgency::Soon);
    }

    /// What the system said, as it is quoted.
    fn system_words(&self, kind: Option<std::io::ErrorKind>, words: &str) -> String {
        // The system's number says nothing to anybody who reads this.
        let words = text::printable(words.split(" (os error ").next().unwrap_or_default());
        let words = kind.and_then(self.strings.system).unwrap_or(&words);
        text::cut(words, QUOTED, self.glyphs.ellipsis).into_owned()
    }

    fn joined(&mut self, welcome: Welcome, continues: Continues) {
        self.status.notices.connected();
        let log = self.status.connection.hello.as_ref().map(|hello| hello.log.clone());
        if self.status.connection.log.is_some() && self.status.connection.log != log {
            self.tell_other_ledger();
        }
        // Where this user hosted before, another account may host now.
        if let (None, Some(data), "") = (&self.status.connection.log, &self.setup.data, self.form.server_in_use())
            && !self.status.connection.hosting
        {
            self.effects.push(Effect::LookForOwnLedger(data.clone()));
        }
        self.status.connection.joined(log, self.now);
        self.status.connection.invite.clone_from(&welcome.invite);
        self.reading.joined(&welcome, continues);
        self.people.joined(welcome);
        if continues == Continues::Anew {
            self.fail_export(self.strings.export_other_ledger);
        }
        self.screen = Screen::Room;
        self.show_first_seen();
        self.form.joined();
        if self.has_pin(self.composer.input.text()) {
            // It was typed where no PIN was asked for yet, and stands on the screen.
            self.composer.input.take();
            self.recheck();
        }
        let remembered = &mut self.setup.remembered;
        remembered.student = Some(self.people.me.id.clone());
        let name = self.form.text(Field::Name);
        remembered.name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let server = self.form.server_in_use();
        if !server.is_empty() {
            remembered.server = Some(server.to_owned());
        }
        self.effects.push(Effect::Remember);
    }

    /// Another ledger than before answers at the same address: another account took over, or this one did. What was
    /// seen before is not lost, and stays where it is.
    fn tell_other_ledger(&mut self) {
        let sentence = if self.status.connection.hosting {
            (self.strings.hosts_own_ledger)(self.setup.data.as_deref().map(printable_path).as_deref())
        } else {
            (self.strings.other_ledger)(&self.status.connection.server)
        };
        self.status.notices.show_once(Severity::Warning, sentence);
    }

    /// The user's own ledger has results. Where they are is told, where others are shown.
    pub(super) fn own_ledger(&mut self, log: &str) {
        if let (Some(shown), Some(data)) = (&self.status.connection.log, &self.setup.data)
            && shown != log
        {
            let sentence = (self.strings.own_results_elsewhere)(&printable_path(data));
            self.status.notices.show_once(Severity::Warning, sentence);
            self.redraw(Urgency::Soon);
        }
    }

    /// The error is shown where it can be mended: on the form, beside the field that it is about.
    fn join_refused(&mut self, error: &ErrorMessage) {
        if error.code == ErrorCode::RateLimited && self.status.connection.auth() == Some(Auth::Pin) {
            let wait = Duration::from_millis(error.retry_after_ms.unwrap_or_default());
            self.form.held_until = self.now.checked_add(wait);
            if !self.form.line(Field::Pin).is_empty() {
                // What is typed next is another try, not more of this one; and Enter alone does not make this one
                // again.
                self.form.forget_pin();
                self.ask_link(Command::UsePin(Pin::new("")));
            }
            return self.back_to_the_form(Some(Field::Pin), None);
        }
        if error.code == ErrorCode::BadPin {
            self.form.pin_given = false;
            self.form.forget_pin();
        }
        let field = match error.code {
            ErrorCode::BadStudent | ErrorCode::NotOnRoster => Some(Field::Student),
            ErrorCode::BadPin => Some(Field::Pin),
            _ => None,
        };
        let sentence = (self.strings.error)(error);
        self.back_to_the_form(field, Some(sentence));
    }

    fn back_to_the_form(&mut self, field: Option<Field>, sentence: Option<String>) {
        self.form.error = sentence.map(|sentence| (field, sentence));
        self.form.focus = field.unwrap_or(self.form.focus);
        self.form.joining = false;
        self.screen = Screen::Join;
        if !matches!(self.main_view, MainView::Paste(_)) {
            self.main_view = MainView::Feed;
        }
    }

    fn results(&mut self, results: &[SquareResult]) {
        let (mut mine, mut latest) = (0, None);
        for result in results.iter().filter(|result| result.student == self.people.me.id) {
            let answers = result.id.as_ref().is_some_and(|id| self.reading.feed.pending.answered(id));
            if answers {
                self.status.connection.throttled = None;
            }
            // What was there before is no news, unless it was waited for.
            if answers || self.reading.whole_feed().is_live(result.seq) {
                mine += 1;
                latest = Some(result);
            }
        }
        if let Some(latest) = latest {
            self.mine_came(mine, latest);
        }
        // Only where the list has room for marks: a timer is needed to put them out.
        if has_figures(self.setup.size.0) && matches!(self.main_view, MainView::Feed) {
            let live = results.iter().filter(|result| self.reading.whole_feed().is_live(result.seq));
            self.people.active.squared(live.map(|result| result.student.as_str()), self.now);
        }
        self.reading.results(results);
    }

    fn lost(&mut self, why: ConnectionError, retry_at: Option<Instant>) {
        if self.screen == Screen::Room
            && let Some(why) = (self.strings.cannot_host)(&why)
        {
            self.status.notices.show_while_lost(Severity::Warning, why, self.now);
        }
        self.status.connection.lost(why, retry_at);
        self.reading.connection_lost();
    }
}

fn printable_path(path: &Path) -> String {
    text::printable(&path.to_string_lossy()).into_owned()
}
