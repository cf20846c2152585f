//! The one line below the input that says what just happened. A notice goes by itself after a while, or with the next
//! key; there is never anything to dismiss. The app sets notices, the view shows the one that stands.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a notice stands where nothing is typed.
const STANDS: Duration = Duration::from_secs(8);

/// How long it takes to read one.
const READ: Duration = Duration::from_secs(4);

/// The most notices that wait for their turn.
const MAX_ONCE: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Something to know.
    Info,
    /// Something to decide, or that did not work and is not the student's fault.
    Warning,
    /// Something that is wrong.
    Error,
}

/// What just happened, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The sentence, made printable.
    pub(crate) text: String,
    pub(crate) severity: Severity,
    /// Until when it stands. Two that say the same differ by it.
    pub(crate) until: Instant,
    stays_while_typing: bool,
    /// It is about the connection: it comes with every try, and is over once we are in.
    pub(crate) while_lost: bool,
}

/// At most one notice: a newer one takes the place of an older. What is said only once waits for its turn instead.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    current: Option<Notice>,
    /// What is still to be said once, in its order.
    once: VecDeque<(Severity, String)>,
    /// Until when what is said once may be put off by another notice, because nobody can have read it.
    unread_until: Option<Instant>,
}

impl Notices {
    /// A notice to be shown in the room as soon as no other stands there ([`Self::show_next`]). One that is put off
    /// before anybody can have read it is shown again.
    pub(crate) fn show_once(&mut self, severity: Severity, text: String) {
        self.once.push_back((severity, text));
        self.once.truncate(MAX_ONCE);
    }

    /// Shows the next notice that waits for its turn, where none stands.
    pub(crate) fn show_next(&mut self, now: Instant) {
        if self.current.is_none()
            && let Some((severity, text)) = self.once.pop_front()
        {
            self.show_while_typing(severity, text, now);
            self.unread_until = Some(now + READ);
        }
    }

    /// Puts a notice in the place of the one that stands, which is shown again where nobody can have read it.
    fn put(&mut self, notice: Notice, now: Instant) {
        let unread = self.unread_until.take().is_some_and(|until| now < until);
        if let Some(before) = self.current.replace(notice).filter(|_| unread) {
            self.once.push_front((before.severity, before.text));
        }
    }

    /// Shows a notice until the next key, or until it has stood long enough.
    pub(crate) fn show(&mut self, severity: Severity, text: String, now: Instant) {
        self.put(Notice { text, severity, until: now + STANDS, stays_while_typing: false, while_lost: false }, now);
    }

    /// Shows a notice that keys do not take away: one that asks for something to be typed, or that came by itself.
    pub(crate) fn show_while_typing(&mut self, severity: Severity, text: String, now: Instant) {
        self.put(Notice { text, severity, until: now + STANDS * 2, stays_while_typing: true, while_lost: false }, now);
    }

    /// Shows why there is no connection, until there is one.
    pub(crate) fn show_while_lost(&mut self, severity: Severity, text: String, now: Instant) {
        self.put(Notice { text, severity, until: now + STANDS * 2, stays_while_typing: true, while_lost: true }, now);
    }

    /// There is a connection again.
    pub(crate) fn connected(&mut self) {
        self.current.take_if(|notice| notice.while_lost);
    }

    /// A key was pressed.
    pub(crate) fn typed(&mut self) {
        self.current.take_if(|notice| !notice.stays_while_typing);
    }

    /// Time goes on: what is said only once may have been read by now, and is a notice like any other.
    pub(crate) fn read_by(&mut self, now: Instant) {
        self.unread_until = self.unread_until.filter(|until| *until > now);
    }

    /// What it asked was answered. What is said only once asks nothing, and stands until somebody can have read it.
    pub(crate) fn take_away(&mut self) {
        if self.unread_until.is_none() {
            self.current = None;
        }
    }

    /// Something else is wrong by now. Why there is no connection goes on to be told.
    pub(crate) fn make_way(&mut self) {
        if !self.current.as_ref().is_some_and(|notice| notice.while_lost) {
            self.take_away();
        }
    }

    /// Takes away what has stood long enough. Whether anything went.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let over = self.current.as_ref().is_some_and(|notice| notice.until <= now);
        if over {
            (self.current, self.unread_until) = (None, None);
        }
        over
    }

    pub(crate) fn current(&self) -> Option<&Notice> {
        self.current.as_ref()
    }

    /// When the notice that stands will go by itself.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.current.as_ref().map(|notice| notice.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(notices: &Notices) -> &str {
        notices.current().map_or("", |notice| &notice.text)
    }

    #[test]
    fn what_is_said_once_is_seen_though_others_come() {
        let now = Instant::now();
        let mut notices = Notices::default();
        notices.show(Severity::Info, "first".into(), now);
        notices.show_once(Severity::Warning, "once".into());
        notices.show_next(now);
        assert_eq!(text(&notices), "first");
        notices.typed();
        notices.show_next(now);
        assert_eq!(text(&notices), "once");
        notices.show(Severity::Info, "second".into(), now + READ / 2);
        assert_eq!(text(&notices), "second");
        notices.typed();
        notices.show_next(now + READ);
        assert_eq!(text(&notices), "once", "nobody can have read it");
        notices.take_away();
        assert_eq!(text(&notices), "once", "it asks nothing");
        notices.show(Severity::Info, "third".into(), now + READ * 3);
        notices.typed();
        notices.show_next(now + READ * 3);
        assert_eq!(text(&notices), "", "it was read");
        notices.show_once(Severity::Warning, "again".into());
        notices.show_next(now + READ * 3);
        notices.read_by(now + READ * 5);
        notices.take_away();
        assert_eq!(text(&notices), "", "by the next number that is entered");
    }
}
