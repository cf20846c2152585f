//! What is known of the connection: to whom, in which state, until when. The app keeps it from what the link tells; the
//! header and the join screen show it.

use std::time::{Duration, Instant};

use squares_shared::message::{Auth, ErrorMessage, Hello, Invite, RoomNow};

use crate::event::ConnectionError;
use crate::text;

/// The most digits of a number where no server has told its limit yet.
const USUAL_DIGITS: usize = 10_000;

/// How old a round trip may be, where somebody is typing, before another is asked for. It is never asked for
/// otherwise: an idle client sends nothing.
const FRESH: Duration = Duration::from_secs(10);

/// From here on a round trip is felt.
const SLOW: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being made.
    #[default]
    Connecting,
    /// The server has said hello; we are not in.
    Connected,
    Joined,
    /// There is none while nobody joins; joining makes one.
    Idle,
    Disconnected {
        why: ConnectionError,
        /// When the next try is made, if one will be.
        retry_at: Option<Instant>,
    },
}

/// A certificate that was not seen before.
#[derive(Debug, Clone)]
pub(crate) struct NewCertificate {
    pub(crate) server: String,
    pub(crate) fingerprint: String,
    /// A frame of the join screen was drawn since it is known: what is entered now is entered by who could see it.
    pub(crate) shown: bool,
}

#[derive(Debug, Default)]
pub(crate) struct ConnectionStatus {
    /// The address as the link tells it, made printable.
    pub(crate) server: String,
    /// All of them, where it is one of several.
    room: String,
    pub(crate) state: State,
    /// Whether this process hosts the server.
    pub(crate) hosting: bool,
    /// The last that a server said of itself.
    pub(crate) hello: Option<Hello>,
    /// Why squares are held up, and until when.
    pub(crate) throttled: Option<(ErrorMessage, Instant)>,
    /// How long the last round trip took, in this connection.
    round_trip: Option<Duration>,
    /// When one was last told or asked for.
    measured: Option<Instant>,
    /// The ledger that the feed shows.
    pub(crate) log: Option<String>,
    /// How others join, where the server told.
    pub(crate) invite: Option<Invite>,
    /// A certificate that was not seen before, until somebody is in.
    pub(crate) first_seen: Option<NewCertificate>,
}

impl ConnectionStatus {
    pub(crate) fn new(server: &str) -> Self {
        let room = text::printable(server).into_owned();
        Self { server: listed(&room), room, ..Self::default() }
    }

    /// A try begins. What was wrong with the last one at the same address goes on to be told until it is known better.
    pub(crate) fn connecting(&mut self, room: &str, now: Instant) {
        let room = text::printable(room).into_owned();
        self.state = match std::mem::replace(&mut self.state, State::Connecting) {
            State::Disconnected { why, .. } if room == self.room => State::Disconnected { why, retry_at: Some(now) },
            _ => State::Connecting,
        };
        self.server = listed(&room);
        self.room = room;
        self.hosting = false;
        // Where it is still new, it comes again.
        self.first_seen = None;
    }

    /// Of several servers, this one was reached.
    pub(crate) fn reached(&mut self, server: &str) {
        self.server = text::printable(server).into_owned();
    }

    /// A certificate that was not seen before and that a PIN is about to be given to.
    pub(crate) fn to_be_confirmed(&self) -> Option<&NewCertificate> {
        self.first_seen.as_ref().filter(|_| self.auth() == Some(Auth::Pin) && !self.is_joined())
    }

    pub(crate) fn said_hello(&mut self, hello: Hello, hosting: bool) {
        self.state = State::Connected;
        self.hosting = hosting;
        self.hello = Some(hello);
        if let Some(new) = &mut self.first_seen {
            // Whether a PIN is asked for, and so what is shown of it, is known from here on.
            new.shown = false;
        }
    }

    /// The server let us in; this is its ledger. What was measured in another connection means nothing.
    pub(crate) fn joined(&mut self, log: Option<String>, now: Instant) {
        self.log = log;
        self.state = State::Joined;
        self.round_trip = None;
        self.measured = Some(now);
    }

    /// The connection is gone, or could not be made.
    pub(crate) fn lost(&mut self, why: ConnectionError, retry_at: Option<Instant>) {
        self.state = State::Disconnected { why, retry_at };
        self.hosting = false;
        self.throttled = None;
    }

    /// The connection is gone, and none is needed until somebody joins. Which fields the form has stays as it was.
    pub(crate) fn idle(&mut self) {
        self.state = State::Idle;
    }

    /// How the server lets students in, where one has said so.
    pub(crate) fn auth(&self) -> Option<Auth> {
        self.hello.as_ref().map(|hello| hello.auth)
    }

    /// The room as its server told of it before we are in, while it is connected.
    pub(crate) fn room_now(&self) -> Option<&RoomNow> {
        self.hello.as_ref().filter(|_| self.state == State::Connected)?.room.as_ref()
    }

    /// The most digits of a number.
    pub(crate) fn max_digits(&self) -> usize {
        self.hello.as_ref().map_or(USUAL_DIGITS, |hello| hello.limits.digits)
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.state == State::Joined
    }

    /// Why the connection is gone, while it is.
    pub(crate) fn why_lost(&self) -> Option<&ConnectionError> {
        match &self.state {
            State::Disconnected { why, .. } => Some(why),
            _ => None,
        }
    }

    /// The whole seconds until the next try; none where none will be made, or it is being made.
    pub(crate) fn countdown(&self, now: Instant) -> Option<u64> {
        match &self.state {
            State::Disconnected { retry_at: Some(at), .. } => seconds_until(*at, now),
            _ => None,
        }
    }

    /// The whole seconds until squares are sent again.
    pub(crate) fn throttled_for(&self, now: Instant) -> Option<u64> {
        self.throttled.as_ref().and_then(|(_, until)| seconds_until(*until, now))
    }

    /// The link told a round trip. Whether that shows.
    pub(crate) fn took(&mut self, round_trip: Duration, now: Instant) -> bool {
        self.measured = Some(now);
        let before = self.round_trip.replace(round_trip).map(shown);
        before != Some(shown(round_trip))
    }

    /// Somebody is typing. Whether a round trip is to be asked for.
    pub(crate) fn wants_round_trip(&mut self, now: Instant) -> bool {
        let due = self.is_joined() && self.measured.is_none_or(|at| at + FRESH <= now);
        if due {
            self.measured = Some(now);
        }
        due
    }

    /// The round trip in words, and whether it is slow; none where it is not known, or we are not in.
    pub(crate) fn round_trip(&self) -> Option<(String, bool)> {
        let known = self.round_trip.filter(|_| self.is_joined())?;
        let words = match shown(known) {
            0 => "<1 ms".to_owned(),
            millis @ 1..1_000 => format!("{millis} ms"),
            millis => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        };
        Some((words, known >= SLOW))
    }

    /// When a countdown will show another number.
    pub(crate) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let retry = match &self.state {
            State::Disconnected { retry_at, .. } => *retry_at,
            _ => None,
        };
        let throttled = self.throttled.as_ref().map(|(_, until)| *until);
        [retry, throttled].into_iter().flatten().filter_map(|until| next_second(until, now)).min()
    }

    /// Forgets what is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.throttled.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.throttled = None;
        }
    }
}

/// Several addresses as they are shown.
fn listed(servers: &str) -> String {
    servers.replace(',', ", ")
}

/// A round trip as it is shown: in whole milliseconds, and in two digits, so that it does not flicker.
fn shown(round_trip: Duration) -> u64 {
    let millis = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX);
    match millis {
        0..100 => millis,
        100..1_000 => millis / 10 * 10,
        _ => millis / 100 * 100,
    }
}

/// The whole seconds until then, rounded up; none once it has come.
pub(crate) fn seconds_until(then: Instant, now: Instant) -> Option<u64> {
    let left = then.checked_duration_since(now).filter(|left| !left.is_zero())?;
    Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

/// When [`seconds_until`] will tell another number.
pub(crate) fn next_second(then: Instant, now: Instant) -> Option<Instant> {
    let seconds = seconds_until(then, now)?;
    then.checked_sub(Duration::from_secs(seconds - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_told_in_two_digits_and_asked_for_only_by_who_types() {
        let now = Instant::now();
        let mut connection = ConnectionStatus::new("server");
        assert!(!connection.wants_round_trip(now), "nobody is in");
        connection.joined(None, now);
        assert_eq!(connection.round_trip(), None);
        assert!(!connection.wants_round_trip(now + FRESH / 2), "one was asked for on joining");
        for (micros, words, slow) in
            [(400, "<1 ms", false), (1_900, "1 ms", false), (128_000, "120 ms", false), (2_480_000, "2.4 s", true)]
        {
            assert!(connection.took(Duration::from_micros(micros), now));
            assert_eq!(connection.round_trip(), Some((words.to_owned(), slow)));
        }
        assert!(!connection.took(Duration::from_millis(2_470), now), "the same to the eye");
        assert!(connection.wants_round_trip(now + FRESH));
        assert!(!connection.wants_round_trip(now + FRESH), "once");
        connection.state = State::Connecting;
        assert_eq!(connection.round_trip(), None);
    }

    #[test]
    fn a_countdown_wakes_once_a_second_and_not_after_its_end() {
        let now = Instant::now();
        let then = now + Duration::from_millis(2_500);
        let mut shown = Vec::new();
        let mut at = Some(now);
        while let Some(time) = at {
            shown.push(seconds_until(then, time));
            at = next_second(then, time);
        }
        assert_eq!(shown, [Some(3), Some(2), Some(1), None]);
    }
}
