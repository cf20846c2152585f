//! One client's conversation with a room: the one place that knows what the lines of a server mean and what to say
//! when. It reads no socket, no clock and no disk (sans-I/O): lines and the time come in, [`LinkEvent`]s and the bytes
//! of requests come out. The link, plain mode and the fuzzer drive it; the simulation drives the link.
//!
//! A driver tells it that a server said hello ([`Conversation::connected`]), asks to [`Conversation::join`], gives it
//! each line ([`Conversation::receive`]), lets squares go ([`Conversation::send_squares`]), writes what stands in
//! [`Conversation::output`], takes each [`Conversation::next_event`], comes back at [`Conversation::deadline`], and
//! tells it that the connection is over ([`Conversation::ended`]). Its place in the order, the unanswered squares and
//! who wants to be in outlive connections. What a connection is, which server it leads to, and what anybody is shown,
//! is the driver's.

mod backoff;
mod connection_error;
mod cursor;
mod event;
mod plausible;
mod receive;
mod request_ids;
mod send_window;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use squares_shared::message::{
    Auth, ErrorCode, ErrorMessage, FromClient, Hello, Join, PageRequest, Since, Square, append_line,
};

use crate::pin::Pin;
pub use backoff::Backoff;
pub use connection_error::ConnectionError;
pub use cursor::{Continues, Cursor};
pub use event::LinkEvent;
pub use plausible::read_line;
pub(crate) use plausible::without_mark;
pub use request_ids::RequestIds;
pub(crate) use request_ids::unique_name;
pub use send_window::{Pending, SendWindow, WINDOW};

/// While an answer is awaited, silence of this length is a reason to ask with a `ping` whether anybody is there, or to
/// give the connection up.
const SILENCE: Duration = Duration::from_secs(10);

/// The same while a join is awaited, where somebody looks on: a person is told within ten seconds.
const JOINING: Duration = Duration::from_secs(9);

/// In what conversations differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A join asks for what follows the last result seen.
    pub resumes: bool,
    /// How many earlier results a join asks for; none: as many as the server sees fit.
    pub backlog: Option<u64>,
    /// The same, where what was seen before is of another ledger.
    pub new_ledger_backlog: Option<u64>,
    /// Somebody looks on: a join without an answer is told as such, one that is refused for a while after the
    /// participant was in counts as a lost connection, and other silence is probed with a `ping` before the connection
    /// is given up.
    pub interactive: bool,
}

/// Who wants to be in, now and on every reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The student id; none to watch without taking part.
    pub student: Option<String>,
    /// The name to be shown, where the server has no roster.
    pub name: Option<String>,
    /// The server has let them in before.
    pub was_in: bool,
}

/// Who asked for a page of history. It goes out with the request and comes back with the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOwner {
    /// The feed of everything.
    WholeFeed,
    /// The feed of what a filter lets through.
    FilteredFeed,
    /// An export.
    Export,
}

/// A conversation, over all the connections that it takes.
#[derive(Debug)]
pub struct Conversation {
    policy: Policy,
    /// Who joins.
    pub participant: Option<Participant>,
    /// The PIN, for a server that asks for one.
    pub pin: Option<Pin>,
    /// Up to where results were seen.
    pub cursor: Cursor,
    /// The squares that have no answer yet.
    pub window: SendWindow,
    /// How long to wait before the next connection.
    pub backoff: Backoff,
    output: Vec<u8>,
    events: VecDeque<LinkEvent>,
    /// The `id`s of squares that have their answer.
    finished: Vec<String>,
    current: CurrentConnection,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Disconnected,
    /// The server said hello; nobody has asked to join.
    Connected,
    Joining,
    Joined,
}

/// What is known of the connection at hand.
#[derive(Debug, Default)]
struct CurrentConnection {
    hello: Option<Hello>,
    stage: Stage,
    /// Since when something is awaited and nothing came; none while nothing is awaited.
    quiet_since: Option<Instant>,
    /// A `ping` was sent into the silence.
    probed: bool,
    /// When the last `ping` was sent, until its answer.
    pinged: Option<Instant>,
    /// The square whose answer tells the round trip too, and when it was sent.
    timed: Option<(String, Instant)>,
    /// The pages of history that are awaited. The server answers them in this order.
    pages: VecDeque<(PageOwner, PageRequest)>,
    /// The server closes because nobody joined in time.
    too_slow: bool,
    /// Goodbye was said.
    leaving: bool,
    joined_at: Option<Instant>,
}

impl Conversation {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            participant: None,
            pin: None,
            cursor: Cursor::default(),
            window: SendWindow::default(),
            backoff: Backoff::default(),
            output: Vec::new(),
            events: VecDeque::new(),
            finished: Vec::new(),
            current: CurrentConnection::default(),
        }
    }

    /// A server said hello, on a new connection.
    pub fn connected(&mut self, hello: Hello) {
        self.current =
            CurrentConnection { hello: Some(hello), stage: Stage::Connected, ..CurrentConnection::default() };
    }

    /// The connection is over: what is in flight goes back into the window.
    pub fn ended(&mut self, now: Instant) {
        self.backoff.left(self.current.joined_at.map_or(Duration::ZERO, |since| now - since));
        self.window.connection_lost();
        self.output.clear();
        self.current = CurrentConnection::default();
    }

    /// What the server said of itself, while there is a connection.
    #[must_use]
    pub const fn hello(&self) -> Option<&Hello> {
        self.current.hello.as_ref()
    }

    /// Whether a join would be given a PIN.
    #[must_use]
    pub fn asks_pin(&self) -> bool {
        // Who only watches is asked for no PIN.
        let student = self.participant.as_ref().is_some_and(|participant| participant.student.is_some());
        student && self.hello().is_some_and(|hello| hello.auth == Auth::Pin)
    }

    /// Whether this connection takes a join.
    #[must_use]
    pub fn can_join(&self) -> bool {
        self.current.stage == Stage::Connected
    }

    /// Whether the server let the participant in.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.current.stage == Stage::Joined
    }

    /// Whether the server closes the connection because the join came too late.
    #[must_use]
    pub const fn was_too_slow(&self) -> bool {
        self.current.too_slow
    }

    /// The requests that are to be written to the server; the driver takes them out.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// The next thing to be told; [`Self::receive`] and [`Self::send_squares`] lead to some.
    pub fn next_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// The `id`s of the squares that got their answer, for good or ill, since this was last asked.
    pub fn take_finished(&mut self) -> Vec<String> {
        std::mem::take(&mut self.finished)
    }

    /// Asks to be let in, behind what was seen.
    pub fn join(&mut self, now: Instant) {
        let asks_pin = self.asks_pin();
        let (Some(participant), Some(hello), Stage::Connected) =
            (&self.participant, &self.current.hello, self.current.stage)
        else {
            return;
        };
        let (after, log) = if self.policy.resumes { self.cursor.resume() } else { (None, None) };
        let same_ledger = log.as_ref().is_none_or(|log| *log == hello.log);
        let backlog = if same_ledger { self.policy.backlog } else { self.policy.new_ledger_backlog };
        let since = Since { after, log, backlog };
        let request = match participant.student.clone() {
            Some(student) => {
                let pin = self.pin.as_ref().filter(|_| asks_pin).map(|pin| pin.text().to_owned());
                FromClient::Join(Join { student, pin, name: participant.name.clone(), since })
            }
            None => FromClient::Watch(since),
        };
        self.current.stage = Stage::Joining;
        self.say(&request, now);
    }

    /// Asks for a page of history; [`LinkEvent::Page`] or [`LinkEvent::Refused`] follows.
    pub fn ask_page(&mut self, owner: PageOwner, request: PageRequest, now: Instant) {
        if self.is_joined() {
            self.current.pages.push_back((owner, request.clone()));
            self.say(&FromClient::History(request), now);
        }
    }

    /// Asks how long a round trip takes, unless that is being found out.
    pub fn measure(&mut self, now: Instant) {
        if self.may_send() && self.current.pinged.is_none() {
            self.ping(now);
        }
    }

    /// Says goodbye.
    pub fn leave(&mut self, now: Instant) {
        if self.current.stage != Stage::Disconnected && !self.current.leaving {
            self.current.leaving = true;
            self.say(&FromClient::Leave, now);
        }
    }

    /// Lets squares go, as many as the window and so many bytes allow.
    pub fn send_squares(&mut self, now: Instant, bytes: usize) {
        let limit = self.hello().map_or(0, |hello| hello.limits.line);
        // Without room too: else the end of the wait would be due again and again.
        self.window.end_wait(now);
        while self.may_send()
            && self.output.len() < bytes
            && let Some(Pending { id, number }) = self.window.take_next(now)
        {
            if self.pin.as_ref().is_some_and(|pin| pin.is(&number)) {
                self.finish(&id);
                self.events.push_back(LinkEvent::Withheld(id));
                continue;
            }
            let start = self.output.len();
            append_line(&mut self.output, &FromClient::Square(Square { number, id: Some(id.clone()) }));
            let length = self.output.len() - start - 1;
            if length <= limit {
                self.current.timed.get_or_insert((id, now));
                continue;
            }
            // The server would refuse it without its `id`, and nobody would know which it was.
            self.output.truncate(start);
            let message = format!(
                "The request has {length} bytes, and this server takes at most {limit}; send a shorter number."
            );
            self.reject(ErrorMessage { code: ErrorCode::TooLong, message, id: Some(id), retry_after_ms: None });
        }
        self.time_silence(now);
    }

    /// Bytes came from the server.
    pub const fn note_traffic(&mut self) {
        self.current.quiet_since = None;
        self.current.probed = false;
    }

    /// Whether whoever was refused with this error was in before, and will be again when it has passed.
    #[must_use]
    pub fn will_pass(&self, error: &ErrorMessage) -> bool {
        matches!(error.code, ErrorCode::RateLimited | ErrorCode::StorageUnavailable) && self.was_in()
    }

    /// Whether the server has let the participant in before.
    #[must_use]
    pub fn was_in(&self) -> bool {
        self.participant.as_ref().is_some_and(|participant| participant.was_in)
    }

    /// The next moment at which [`Self::overdue`] or [`Self::send_squares`] has something to do though nothing
    /// happens; none while nothing is awaited.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let silence = self.current.quiet_since.map(|since| since + self.patience());
        let throttled = self.window.wakes_at().filter(|_| self.may_send());
        [silence, throttled].into_iter().flatten().min()
    }

    /// Whether an answer is awaited for too long. The driver takes what came meanwhile before it asks
    /// [`Self::overdue`]: this program may have been stopped.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.current.quiet_since.is_some_and(|since| since + self.patience() <= now)
    }

    /// Asks whether anybody is there, where an answer is awaited for too long.
    ///
    /// # Errors
    /// Where nobody is.
    pub fn overdue(&mut self, now: Instant) -> Result<(), ConnectionError> {
        if !self.is_overdue(now) {
            return Ok(());
        }
        let silence = match (self.policy.interactive, self.current.stage) {
            (true, Stage::Joining) => return Err(ConnectionError::Silent(JOINING.as_secs())),
            (true, _) if !self.current.probed => {
                self.current.probed = true;
                self.current.quiet_since = Some(now);
                self.ping(now);
                return Ok(());
            }
            (true, _) => 2 * SILENCE,
            (false, _) => SILENCE,
        };
        Err(ConnectionError::Closed(Some(format!("no answer for {} s", silence.as_secs()))))
    }

    fn patience(&self) -> Duration {
        if self.policy.interactive && self.current.stage == Stage::Joining { JOINING } else { SILENCE }
    }

    fn may_send(&self) -> bool {
        self.is_joined() && !self.current.leaving
    }

    fn ping(&mut self, now: Instant) {
        self.current.pinged = Some(now);
        self.say(&FromClient::Ping, now);
    }

    fn say(&mut self, request: &FromClient, now: Instant) {
        append_line(&mut self.output, request);
        self.time_silence(now);
    }

    /// Starts or ends the watch over silence, after anything that changes what is awaited.
    fn time_silence(&mut self, now: Instant) {
        let CurrentConnection { stage, pages, pinged, .. } = &self.current;
        if *stage == Stage::Joining || !pages.is_empty() || pinged.is_some() || self.window.awaits_answer() {
            self.current.quiet_since.get_or_insert(now);
        } else {
            self.note_traffic();
        }
    }

    fn finish(&mut self, id: &str) -> Option<Pending> {
        let pending = self.window.finish(id)?;
        self.finished.push(pending.id.clone());
        Some(pending)
    }

    /// The server will never take this square.
    fn reject(&mut self, error: ErrorMessage) {
        let pending = error.id.clone().and_then(|id| self.finish(&id));
        self.events.extend(pending.map(|pending| LinkEvent::Rejected { pending, error }));
    }
}

#[cfg(test)]
mod tests;
