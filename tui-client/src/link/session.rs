//! One connection of the link, from `hello` to its end: what is said, what is heard, and what it means for the
//! squares and results that outlive it. Driven by the link's task.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use squares_shared::message::{
    ByeReason, ErrorCode, ErrorMessage, FromClient, FromServer, Hello, Join, PageRequest, Square, SquareResult,
    Welcome, to_line,
};

use super::connection::{BATCH, Connection, plain_words};
use super::resume::Resume;
use super::{PageOwner, now};
use crate::conversation::keep_asked;
use crate::event::{LinkEvent, Lost, Pending};

/// While an answer is awaited and nothing at all is heard for so long, a `ping` asks whether anybody is there; for so
/// long again without a word, nobody is.
const SILENCE: Duration = Duration::from_secs(10);

/// Who is asked to let us in and says nothing at all for so long, hangs: a person is told within ten seconds.
const JOINING: Duration = Duration::from_secs(9);

/// After results, bytes that come within this time are taken together: a thousand results a second, or ten thousand,
/// then wake the link and the screen forty times, and what waits longest is seen after 25 ms and a frame. The first
/// result after a pause is never delayed.
const GATHER: Duration = Duration::from_millis(25);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Connected; nobody has asked to join.
    Outside,
    /// `join` was said.
    Asked,
    Joined,
}

#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    hello: Hello,
    stage: Stage,
    /// Since when something is awaited and nothing was heard; none while nothing is awaited.
    quiet_since: Option<Instant>,
    /// A `ping` was sent into the silence.
    probed: bool,
    /// When the last `ping` was sent, until its answer.
    pinged: Option<Instant>,
    /// The square whose answer tells the round trip too, and when it was sent.
    timed: Option<(String, Instant)>,
    /// The pages of history that are awaited. The server answers them in this order.
    pages: VecDeque<(PageOwner, PageRequest)>,
    /// When results were last taken, where none were left behind.
    results_at: Option<Instant>,
    /// The server closes because nobody joined in time.
    too_slow: bool,
    /// Goodbye was said.
    leaving: bool,
    /// Since when we are in.
    joined_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(connection: Connection, hello: Hello) -> Self {
        Self {
            connection,
            hello,
            stage: Stage::Outside,
            quiet_since: None,
            probed: false,
            pinged: None,
            timed: None,
            pages: VecDeque::new(),
            results_at: None,
            too_slow: false,
            leaving: false,
            joined_at: None,
        }
    }

    pub(super) fn can_join(&self) -> bool {
        self.stage == Stage::Outside && !self.too_slow
    }

    /// Whether the server closed because the join came too late.
    pub(super) const fn was_too_slow(&self) -> bool {
        self.too_slow
    }

    /// For how long we were in.
    pub(super) fn stayed(&self) -> Duration {
        self.joined_at.map_or(Duration::ZERO, |since| now() - since)
    }

    pub(super) fn join(&mut self, kept: &mut Resume) {
        let Some(wanted) = &kept.wanted else { return };
        let asks = self.hello.auth == squares_shared::message::Auth::Pin;
        if asks && kept.pin.is_none() {
            // A join without one would be counted as a wrong one.
            kept.wanted = None;
            return kept.tell(LinkEvent::PinWanted);
        }
        if asks && kept.unconfirmed.is_some() {
            // It may be anybody's, and a PIN that was sent cannot be taken back.
            kept.wanted = None;
            return kept.tell(LinkEvent::Unconfirmed);
        }
        let (after, log) = kept.cursor.resume();
        let (student, name, pin) = (wanted.student.clone(), wanted.name.clone(), kept.pin.as_ref());
        let pin = pin.filter(|_| asks).map(|pin| pin.text().to_owned());
        self.connection.say(&FromClient::Join(Join { student, pin, name, after, log, backlog: None }));
        self.connection.flush();
        self.stage = Stage::Asked;
        self.watch(kept);
    }

    pub(super) fn ask_page(&mut self, kept: &Resume, owner: PageOwner, request: PageRequest) {
        if self.stage == Stage::Joined {
            self.connection.say(&FromClient::History(request.clone()));
            self.connection.flush();
            self.pages.push_back((owner, request));
            self.watch(kept);
        }
    }

    /// Asks how long a round trip takes, unless that is being found out.
    pub(super) fn measure(&mut self, kept: &Resume) {
        if self.stage == Stage::Joined && !self.leaving && self.pinged.is_none() {
            self.ping(now());
            self.watch(kept);
        }
    }

    pub(super) fn leave(&mut self) {
        if !self.leaving {
            self.leaving = true;
            self.connection.say(&FromClient::Leave);
            self.connection.flush();
        }
    }

    /// Waits for the socket, as [`Connection::ready`].
    pub(super) async fn ready(&self, listening: bool) -> io::Result<()> {
        self.connection.ready(listening).await
    }

    /// The next moment at which [`Self::time`] is to be called; none while nothing is awaited.
    pub(super) fn deadline(&self, kept: &Resume) -> Option<Instant> {
        let silence = self.quiet_since.map(|since| since + self.patience());
        let held = kept.window.wakes_at().filter(|_| self.stage == Stage::Joined && !self.leaving);
        [silence, held].into_iter().flatten().min()
    }

    /// Sends and hears what the socket allows.
    pub(super) fn exchange(&mut self, socket: &io::Result<()>, kept: &mut Resume) -> Result<(), Lost> {
        if let Err(error) = socket {
            return Err(Lost::Closed(Some(plain_words(error))));
        }
        self.connection.flush();
        if !kept.told.is_empty() {
            // Only the writing side was waited for: the screen has not taken what it was told.
            return Ok(());
        }
        self.gather();
        self.hear(kept)
    }

    /// Lets results gather, where the last were taken just now. What the link keeps waiting meanwhile, a square that
    /// was just typed, waits 25 ms at most.
    fn gather(&self) {
        if let Some(left) = self.results_at.and_then(|at| GATHER.checked_sub(now() - at)) {
            self.connection.gather(left);
        }
    }

    /// Does what is due.
    pub(super) fn time(&mut self, now: Instant, kept: &mut Resume) -> Result<(), Lost> {
        self.pump(kept);
        if !self.is_silent(now) {
            return Ok(());
        }
        // Something may have come while this program was stopped: listen before judging.
        self.hear(kept)?;
        if self.is_silent(now) {
            if self.stage == Stage::Asked {
                return Err(Lost::Silent(JOINING.as_secs()));
            }
            if self.probed {
                return Err(Lost::Closed(Some(format!("no answer for {} s", 2 * SILENCE.as_secs()))));
            }
            self.probed = true;
            self.quiet_since = Some(now);
            self.ping(now);
        }
        Ok(())
    }

    fn is_silent(&self, now: Instant) -> bool {
        self.quiet_since.is_some_and(|since| since + self.patience() <= now)
    }

    const fn patience(&self) -> Duration {
        if matches!(self.stage, Stage::Asked) { JOINING } else { SILENCE }
    }

    /// Sends the squares that may go.
    pub(super) fn pump(&mut self, kept: &mut Resume) {
        if self.stage != Stage::Joined || self.leaving {
            return;
        }
        let now = now();
        while let Some(Pending { id, number }) = kept.window.take_next(now) {
            if kept.pin.as_ref().is_some_and(|pin| pin.is(&number)) {
                kept.window.finish(&id);
                kept.let_go(id.clone());
                kept.tell(LinkEvent::Withheld { id });
                continue;
            }
            let request = FromClient::Square(Square { number, id: Some(id.clone()) });
            // A line that is too long would be refused without its `id`, and nobody would know which it was.
            let length = to_line(&request).len() - 1;
            if length > self.hello.limits.line {
                let message = format!(
                    "The request has {length} bytes, and this server takes at most {}; send a shorter number.",
                    self.hello.limits.line
                );
                let error = ErrorMessage { code: ErrorCode::TooLong, message, id: Some(id), retry_after_ms: None };
                reject(kept, error);
                continue;
            }
            self.connection.say(&request);
            self.timed.get_or_insert((id, now));
        }
        self.connection.flush();
        self.watch(kept);
    }

    /// Starts or ends the watch over silence, after anything that changes what is awaited.
    fn watch(&mut self, kept: &Resume) {
        let awaited = self.stage == Stage::Asked
            || !self.pages.is_empty()
            || self.pinged.is_some()
            || kept.window.awaits_answer();
        if !awaited {
            self.quiet_since = None;
            self.probed = false;
        } else if self.quiet_since.is_none() {
            self.quiet_since = Some(now());
        }
    }

    fn ping(&mut self, now: Instant) {
        self.connection.say(&FromClient::Ping);
        self.connection.flush();
        self.pinged = Some(now);
    }

    /// Takes what came and does what it means. What was said before the end of a connection counts.
    fn hear(&mut self, kept: &mut Resume) -> Result<(), Lost> {
        let taken = self.connection.take();
        let more = matches!(taken, Ok(BATCH..));
        if matches!(taken, Ok(1..)) {
            self.quiet_since = None;
            self.probed = false;
        }
        let mut results = Vec::new();
        let mut ended = taken.map(drop);
        while let Some(message) = self.connection.next_message() {
            let heard = match message {
                Ok(FromServer::Result(result)) => {
                    self.result(result, &mut results, kept);
                    continue;
                }
                Ok(message) => {
                    give(&mut results, kept);
                    self.message(message, kept)
                }
                Err(nonsense) => Err(nonsense),
            };
            if heard.is_err() {
                ended = heard;
                break;
            }
        }
        if !results.is_empty() {
            self.results_at = Some(now()).filter(|_| !more);
        }
        give(&mut results, kept);
        self.pump(kept);
        ended
    }

    fn result(&mut self, result: SquareResult, results: &mut Vec<SquareResult>, kept: &mut Resume) {
        if self.stage != Stage::Joined {
            return;
        }
        let seq = result.seq;
        let is_mine = kept.wanted.as_ref().is_some_and(|wanted| wanted.student == result.student);
        let id = result.id.clone().filter(|_| is_mine);
        let answered = id.filter(|id| kept.window.finish(id).is_some());
        if kept.cursor.take(seq) {
            results.push(result);
        } else if let Some(id) = &answered {
            give(results, kept);
            kept.tell(LinkEvent::Answered { id: id.clone(), seq });
        }
        if let Some(id) = answered {
            if let Some((_, sent)) = self.timed.take_if(|(timed, _)| *timed == id) {
                kept.tell(LinkEvent::RoundTrip(now() - sent));
            }
            kept.let_go(id);
        }
    }

    fn message(&mut self, message: FromServer, kept: &mut Resume) -> Result<(), Lost> {
        match message {
            FromServer::Welcome(_) if self.stage != Stage::Asked => {
                return Err(Lost::NotSquares("it let in whom nobody had asked it to".into()));
            }
            FromServer::Welcome(welcome) => self.welcome(welcome, kept),
            FromServer::Error(error) => return self.error(error, kept),
            FromServer::Bye { reason: ByeReason::Left } if self.leaving => return Err(Lost::Closed(None)),
            FromServer::Bye { .. } => return Err(Lost::Shutdown),
            FromServer::Presence(presence) => kept.tell(LinkEvent::Presence(presence)),
            FromServer::Online(online) => kept.tell(LinkEvent::Online(online)),
            FromServer::History(mut page) => {
                // A page that nobody asked for is nobody's.
                if let Some((owner, request)) = self.pages.pop_front() {
                    keep_asked(&request, &mut page.results);
                    kept.tell(LinkEvent::Page { owner, request, page });
                }
            }
            FromServer::Pong { .. } => {
                if let Some(pinged) = self.pinged.take() {
                    kept.tell(LinkEvent::RoundTrip(now() - pinged));
                }
            }
            // Results are taken in `hear`, and a second hello says nothing new.
            FromServer::Result(_) | FromServer::Hello(_) => {}
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: Welcome, kept: &mut Resume) {
        let continues = kept.cursor.joined(&self.hello, &welcome);
        self.stage = Stage::Joined;
        self.joined_at = Some(now());
        if let Some(wanted) = &mut kept.wanted {
            wanted.was_in = true;
        }
        kept.tell(LinkEvent::Joined { welcome, continues });
        if let Some(disk) = kept.open_disk() {
            disk.adopt();
        }
        self.ping(now());
    }

    fn error(&mut self, error: ErrorMessage, kept: &mut Resume) -> Result<(), Lost> {
        let passing = matches!(error.code, ErrorCode::RateLimited | ErrorCode::StorageUnavailable);
        if let Some(id) = error.id.clone().filter(|id| kept.window.contains(id)) {
            let now = now();
            let until = match error.code {
                ErrorCode::RateLimited => {
                    kept.window.hold_for_rate(&id, error.retry_after_ms.map(Duration::from_millis), now)
                }
                ErrorCode::StorageUnavailable => kept.window.hold_for_storage(&id, now),
                _ => {
                    reject(kept, error);
                    return Ok(());
                }
            };
            if let Some(until) = until {
                kept.tell(LinkEvent::HeldUp { error, until });
            }
            return Ok(());
        }
        match error.code {
            ErrorCode::JoinTimeout => self.too_slow = true,
            ErrorCode::ServerFull => return Err(Lost::Full),
            _ if self.stage == Stage::Asked => {
                self.stage = Stage::Outside;
                // Who was in before comes back when the moment has passed; nobody need do anything.
                if passing && kept.wanted.as_ref().is_some_and(|wanted| wanted.was_in) {
                    return Err(Lost::Closed(Some(error.message)));
                }
                kept.wanted = None;
                if error.code == ErrorCode::BadPin {
                    kept.pin = None;
                }
                kept.tell(LinkEvent::JoinRefused(error));
            }
            _ => {
                if error.id.is_none() {
                    self.pages.pop_front();
                }
                kept.tell(LinkEvent::Refused(error));
            }
        }
        Ok(())
    }
}

/// Hands the results gathered so far to the screen, so that whatever is told next comes behind them.
fn give(results: &mut Vec<SquareResult>, kept: &mut Resume) {
    if !results.is_empty() {
        kept.tell(LinkEvent::Results(std::mem::take(results)));
    }
}

/// The server will never take this square.
fn reject(kept: &mut Resume, error: ErrorMessage) {
    let Some(id) = error.id.clone() else { return };
    if let Some(pending) = kept.window.finish(&id) {
        kept.let_go(id);
        kept.tell(LinkEvent::Rejected { pending, error });
    }
}
