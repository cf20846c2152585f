//! What each request of a client does. Quick ones are done at once; the others become the session's work, and come back
//! as [`Done`].

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use squares_shared::{
    message::{
        Auth, ByeReason, DEFAULT_BACKLOG, DEFAULT_PAGE, ErrorCode, ErrorMessage, FromClient, FromServer, Join,
        PageRequest, Square, Student, Watch,
        request::{Kind, Refusal},
        to_line,
    },
    number::{Number, NumberError},
    student::{is_printable, read_name},
};
use tokio::sync::mpsc::{self, error::TrySendError};
use zeroize::Zeroizing;

use super::{
    Ending, Identity, MAX_IN_FLIGHT, Member, Session, Work,
    in_flight::{InFlight, size_of},
};
use crate::{
    ledger::{LedgerEntry, PageQuery, ReadFailed, Submission},
    limits::Payment,
    pins::PinVerdict,
    presence::{Cursor, OnlineList},
    room::Room,
    roster::Refused,
};

/// A join with `after` that is further behind gets only the latest so many results; the client can fetch the others as
/// history.
const FURTHEST_REPLAY: u64 = 10_000;

/// Up to this many digits a number is squared in the session itself, in a few microseconds at most; a longer one on a
/// worker thread.
const QUICK_DIGITS: usize = 1000;

/// What of the past a client asks for: `after`, `log` and `backlog`.
type Since<'a> = (Option<u64>, Option<&'a str>, Option<u64>);

/// What slow work for a request came to.
pub(super) enum Done {
    /// A number and its square, both in canonical form.
    Squared { number: String, square: String, id: Option<String>, paid: Option<Payment> },
    /// The work was lost, by a panic.
    Failed { id: Option<String>, paid: Option<Payment> },
    /// Whether a square over the limits was recorded before.
    Looked { stands: Result<bool, ReadFailed>, number: Number, request: String, retry_after_ms: u64 },
    /// A PIN was checked, or its check refused.
    PinChecked { verdict: PinVerdict, student: Student, join: Box<Join> },
    /// Somebody's last name was looked up.
    Named { name: Option<String>, student: Student, join: Box<Join> },
    /// A square found room in the ledger's queue, or the ledger is closed.
    Submitted { accepted: bool, id: Option<String>, size: usize, paid: Option<Payment> },
    /// A page of history.
    Page(Result<Bytes, ReadFailed>),
}

impl Session {
    /// Executes a request, or begins to.
    pub(super) fn execute(&mut self, request: FromClient) {
        match request {
            FromClient::Join(join) => self.join(join),
            FromClient::Watch(watch) => self.watch(&watch),
            FromClient::Square(square) if self.identity().is_some() => self.square(square),
            FromClient::History(request) if self.member.is_some() => self.history(request),
            FromClient::Square(Square { id, .. }) => self.not_joined(id),
            FromClient::History(_) => self.not_joined(None),
            FromClient::Ping => {
                let at = format!("{:.3}", Timestamp::now());
                self.out.push(to_line(&FromServer::Pong { at }).into());
            }
            FromClient::Leave => self.end(Ending::Finishing { bye: Some(ByeReason::Left), target: None }),
        }
    }

    /// Answers a line that is not a request.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let Refusal { code, message, id, kind } = refusal;
        match (kind, self.member.is_some()) {
            // Being out of turn comes before all else that is wrong.
            (Some(Kind::Square | Kind::History), false) => self.not_joined(id),
            (Some(Kind::Square), true) if self.identity().is_none() => self.not_joined(id),
            (Some(Kind::Join | Kind::Watch), true) => self.already_joined(),
            _ => self.error(code, &message, id),
        }
    }

    fn not_joined(&mut self, id: Option<String>) {
        let message = match self.member {
            None => "Nobody has joined on this connection; send join first.",
            Some(_) => "This connection only watches; send join on another one.",
        };
        self.error(ErrorCode::NotJoined, message, id);
    }

    fn already_joined(&mut self) {
        self.error(
            ErrorCode::AlreadyJoined,
            "This connection has joined or watches already; open another one for that.",
            None,
        );
    }

    fn identity(&self) -> Option<&Identity> {
        self.member.as_deref()?.identity.as_ref()
    }

    /// Lets somebody see the room without taking part; nobody else hears of it.
    fn watch(&mut self, watch: &Watch) {
        if self.member.is_some() {
            return self.already_joined();
        }
        if self.room.admission.auth() != Auth::Open && !self.address.ip().to_canonical().is_loopback() {
            let message =
                "Only students may see this room from another machine; join, or watch on the server's own machine.";
            return self.error(ErrorCode::NotAllowed, message, None);
        }
        if !self.permit.join() {
            // It was evicted a moment ago; the session is about to hear of it.
            return;
        }
        tracing::info!(address = %self.address, "watches");
        let (online, presence) = self.room.presence.watch();
        let Watch { after, ref log, backlog } = *watch;
        self.enter(None, online, presence, (after, log.as_deref(), backlog));
    }

    fn join(&mut self, mut join: Join) {
        if self.member.is_some() {
            return self.already_joined();
        }
        // Zeroized as soon as it has been checked.
        let pin = join.pin.take().map(Zeroizing::new);
        let student = match self.room.admission.admit(&join.student, join.name.as_deref()) {
            Ok(student) => student,
            Err(refused) => {
                let (code, message) = match refused {
                    Refused::Student(error) => (ErrorCode::BadStudent, sentence(&error)),
                    Refused::NotOnRoster => {
                        let message = "This student id is not on the roster; check it, or ask the professor to add it.";
                        (ErrorCode::NotOnRoster, message.to_owned())
                    }
                };
                return self.refuse_id(&join.student, ErrorMessage { code, message, id: None, retry_after_ms: None });
            }
        };
        if join.name.is_none() && self.room.admission.roster_len().is_none() {
            return self.name(student, join);
        }
        if self.room.admission.auth() != Auth::Pin {
            return self.welcome(&student, &join);
        }
        let (room, address, writer) = (Arc::clone(&self.room), self.address.ip(), Arc::clone(&self.writer));
        self.request = Some(Box::pin(async move {
            let id = Arc::<str>::from(&*student.id);
            let is_gone = || writer.wire().is_broken();
            let verdict = room.pins.check(&id, address, pin, room.admission.pin(&id), is_gone).await;
            Done::PinChecked { verdict, student, join: Box::new(join) }
        }));
    }

    /// Lets a student join who gave no name and is on no roster: under their name in the room, else in the ledger.
    fn name(&mut self, student: Student, join: Join) {
        if self.room.presence.name_of(&student.id).is_some() || !self.room.ledger.may_have_recorded(&student.id) {
            return self.named(student, &join, None);
        }
        let readers = Arc::clone(self.room.ledger.readers());
        self.request = Some(Box::pin(async move {
            // If the ledger cannot be read, the id serves as the name.
            let name = readers.last_name(Arc::from(&*student.id)).await.unwrap_or_default();
            Done::Named { name, student, join: Box::new(join) }
        }));
    }

    /// Continues a join once the student's last name in the ledger was looked up.
    fn named(&mut self, mut student: Student, join: &Join, recorded: Option<String>) {
        if self.ending == Ending::Closing {
            return;
        }
        // The rules for names may have changed since it was recorded.
        let recorded = recorded.filter(|name| read_name(name).as_ref() == Ok(name));
        if let Some(name) = self.room.presence.name_of(&student.id).map(|name| name.to_string()).or(recorded) {
            student.name = name;
        }
        self.welcome(&student, join);
    }

    /// Continues a join once its PIN was checked.
    fn pin_checked(&mut self, verdict: PinVerdict, student: &Student, join: &Join) {
        if self.ending == Ending::Closing {
            // It took too long, and the client was told so.
            return;
        }
        let (code, message, wait) = match verdict {
            PinVerdict::Right => return self.welcome(student, join),
            PinVerdict::Wrong => {
                let message = "The PIN is missing or wrong; check it, or ask the professor for a new one.";
                (ErrorCode::BadPin, message, None)
            }
            PinVerdict::Throttled(wait) => {
                let message =
                    "Too many PINs were wrong, and this one was not looked at; try again after retry_after_ms.";
                (ErrorCode::RateLimited, message, Some(wait))
            }
            PinVerdict::TooOften(wait) => {
                let message =
                    "This student joins too often, and the PIN was not looked at; try again after retry_after_ms.";
                (ErrorCode::RateLimited, message, Some(wait))
            }
        };
        // The log names the student: an id on the roster, so that no PIN in the wrong field gets there.
        let retry_after_ms = wait.map(whole_milliseconds);
        self.refuse_student(&student.id, ErrorMessage { code, message: message.to_owned(), id: None, retry_after_ms });
    }

    /// Lets a student join.
    fn welcome(&mut self, student: &Student, join: &Join) {
        let room = Arc::clone(&self.room);
        let (id, name) = (Arc::<str>::from(&*student.id), Arc::<str>::from(&*student.name));
        let most = room.max_per_student;
        let Some((guard, online, presence)) = room.presence.join(&id, &name, most) else {
            let message = format!(
                "You have joined from {most} terminals, as many as the limits allow; close one of them and try again."
            );
            return self.refuse_student(
                &id,
                ErrorMessage { code: ErrorCode::TooManyTerminals, message, id: None, retry_after_ms: None },
            );
        };
        if !self.permit.join() {
            // It was evicted a moment ago; the session is about to hear of it.
            return;
        }
        tracing::info!(address = %self.address, student = &*id, "joined");
        let identity = Identity { allowance: room.squares.of(&id), student: id, name, _guard: guard };
        let since = (join.after, join.log.as_deref(), join.backlog);
        self.enter(Some((student, identity)), online, presence, since);
    }

    /// Welcomes a student, or somebody who watches, and sends what follows from now on.
    fn enter(&mut self, who: Option<(&Student, Identity)>, online: OnlineList, presence: Cursor, since: Since<'_>) {
        let room = Arc::clone(&self.room);
        let latest = room.feed.latest();
        let reached = replay_after(since, room.ledger.id(), latest);
        let (student, identity) = who.unzip();
        for piece in welcome(student, online, latest, reached) {
            self.out.push(piece);
        }
        self.member = Some(Box::new(Member {
            identity,
            reached,
            presence,
            registration: room.relay.add(Arc::clone(&self.writer)),
            replay: None,
            answers: None,
            in_flight: InFlight::default(),
            page: None,
        }));
    }

    fn square(&mut self, square: Square) {
        let Square { number, id } = square;
        let number = match Number::parse(&number, self.room.limits.digits) {
            Ok(number) => number,
            Err(error) => {
                let code = match error {
                    NumberError::NotANumber(_) => ErrorCode::NotANumber,
                    NumberError::TooManyDigits { .. } => ErrorCode::TooManyDigits,
                };
                return self.error(code, &sentence(&error), id);
            }
        };
        let Some(identity) = self.identity() else { return };
        let wait = match identity.allowance.pay(number.digits()) {
            Ok(paid) => {
                self.throttle.refund();
                return self.compute(number, id, Some(paid));
            }
            Err(wait) => wait,
        };
        let retry_after_ms = whole_milliseconds(wait);
        match id {
            // Only recorded squares count, so a repeat is answered even over the limit.
            Some(request) => {
                let readers = Arc::clone(self.room.ledger.readers());
                let student = Arc::clone(&identity.student);
                self.request = Some(Box::pin(async move {
                    let stands = readers.stands(student, request.clone()).await;
                    Done::Looked { stands, number, request, retry_after_ms }
                }));
            }
            None => self.rate_limited(retry_after_ms, None),
        }
    }

    /// Squares a number, which was paid for or is a repeat, and submits it to the ledger.
    fn compute(&mut self, number: Number, id: Option<String>, paid: Option<Payment>) {
        let is_quick = number.digits() <= QUICK_DIGITS;
        let square = move || (number.to_string(), number.square().to_string());
        if is_quick {
            let (number, square) = square();
            return self.submit(number, square, id, paid);
        }
        let workers = Arc::clone(&self.room.workers);
        self.request = Some(Box::pin(async move {
            match workers.run(square).await {
                Ok((number, square)) => Done::Squared { number, square, id, paid },
                Err(_) => Done::Failed { id, paid },
            }
        }));
    }

    fn rate_limited(&mut self, retry_after_ms: u64, id: Option<String>) {
        self.error_with(ErrorMessage {
            code: ErrorCode::RateLimited,
            message: "More squares, or digits of them, came than the limits allow, and this one was not recorded; send the same request again after retry_after_ms.".to_owned(),
            id,
            retry_after_ms: Some(retry_after_ms),
        });
    }

    /// Submits a square to the ledger, at once or when its queue has room.
    fn submit(&mut self, number: String, square: String, id: Option<String>, paid: Option<Payment>) {
        let Some(member) = self.member.as_deref_mut() else { return };
        let Some(Identity { student, name, .. }) = &member.identity else { return };
        let entry = LedgerEntry { student: Arc::clone(student), name: Arc::clone(name), number, square, request: id };
        let (answer, _) = member.answers.get_or_insert_with(|| mpsc::channel(MAX_IN_FLIGHT));
        let size = size_of(&entry);
        let submission = Submission { entry, answer: answer.clone() };
        match self.room.ledger.submissions().try_send(submission) {
            Ok(()) => member.in_flight.submitted(size, paid),
            Err(TrySendError::Full(submission)) => {
                let submissions = self.room.ledger.submissions().clone();
                let id = submission.entry.request.clone();
                self.request = Some(Box::pin(async move {
                    Done::Submitted { accepted: submissions.send(submission).await.is_ok(), id, size, paid }
                }));
            }
            Err(TrySendError::Closed(submission)) => {
                member.refund(paid);
                self.unavailable(submission.entry.request);
            }
        }
    }

    fn history(&mut self, request: PageRequest) {
        let PageRequest { before, after, limit, student } = request;
        if student.as_deref().is_some_and(|student| !student.chars().all(is_printable)) {
            let message = "The field 'student' has control or invisible formatting characters; give a student id.";
            return self.error(ErrorCode::BadMessage, message, None);
        }
        let (before, limit) = (before.unwrap_or(u64::MAX), limit.unwrap_or(DEFAULT_PAGE));
        let query = PageQuery { before, after, limit, student };
        match self.member.as_deref_mut() {
            Some(member) if member.in_flight.is_awaited() => member.page = Some(query),
            _ => self.request = Some(read_page(&self.room, query)),
        }
    }

    /// Refunds a square that cannot be submitted, and says so.
    fn not_submitted(&mut self, id: Option<String>, paid: Option<Payment>) {
        if let Some(member) = self.member.as_deref() {
            member.refund(paid);
        }
        self.unavailable(id);
    }

    /// Continues a request whose slow work is done.
    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Squared { number, square, id, paid } => self.submit(number, square, id, paid),
            Done::Failed { id, paid } => self.not_submitted(id, paid),
            Done::Looked { stands: Ok(true), number, request, .. } => self.compute(number, Some(request), None),
            Done::Looked { request, retry_after_ms, .. } => self.rate_limited(retry_after_ms, Some(request)),
            Done::PinChecked { verdict, student, join } => self.pin_checked(verdict, &student, &join),
            Done::Named { name, student, join } => self.named(student, &join, name),
            Done::Submitted { accepted: true, size, paid, .. } => {
                if let Some(member) = self.member.as_deref_mut() {
                    member.in_flight.submitted(size, paid);
                }
            }
            Done::Submitted { accepted: false, id, paid, .. } => self.not_submitted(id, paid),
            Done::Page(Ok(line)) => {
                self.throttle.charge_page(line.len());
                self.out.push(line);
            }
            Done::Page(Err(ReadFailed)) => {
                let message = "Earlier results cannot be read just now; send the same request again later.";
                self.error(ErrorCode::StorageUnavailable, message, None);
            }
        }
    }
}

/// The line of a `welcome`, in pieces, since the list of who is online is shared.
fn welcome(
    student: Option<&Student>,
    online: OnlineList,
    latest: u64,
    replay_after: u64,
) -> impl Iterator<Item = Bytes> {
    let student = serde_json::to_string(&student).expect("a student has string keys and plain values only");
    let count = online.count;
    let before = format!(r#"{{"type":"welcome","student":{student},"online":{{"count":{count},"students":["#);
    let behind = format!("]}},\"latest\":{latest},\"replay_after\":{replay_after}}}\n");
    std::iter::once(before.into()).chain(online.students).chain([behind.into()])
}

/// Rounded up: a wait cut to whole milliseconds would end too early.
fn whole_milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// An error's text as the sentence that the protocol asks for.
fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

/// Reads a page of history on a worker thread.
pub(super) fn read_page(room: &Room, query: PageQuery) -> Work<Done> {
    let readers = Arc::clone(room.ledger.readers());
    Box::pin(async move { Done::Page(readers.page(query).await) })
}

/// The `seq` behind which the results of a join begin.
fn replay_after((after, seen_in, backlog): Since<'_>, log: &str, latest: u64) -> u64 {
    let same_log = seen_in.is_none_or(|seen| seen == log);
    match after {
        Some(after) if same_log && after <= latest => after.max(latest.saturating_sub(FURTHEST_REPLAY)),
        _ => latest.saturating_sub(backlog.unwrap_or(DEFAULT_BACKLOG)),
    }
}

#[cfg(test)]
mod tests {
    use squares_shared::message::{Online, Person, Welcome};

    use super::*;

    fn check(after: Option<u64>, log: Option<&str>, backlog: Option<u64>, latest: u64, expected: u64) {
        let since = (after, log, backlog);
        assert_eq!(replay_after(since, "L", latest), expected, "{since:?} at {latest}");
    }

    #[test]
    fn a_welcome_in_pieces_is_the_message_that_it_should_be() {
        let student = Student { id: "a".to_owned(), name: "\"".to_owned(), department: None };
        let students =
            vec![r#"{"id":"a","name":"\"","sessions":1}"#.into(), r#",{"id":"b","name":"b","sessions":2}"#.into()];
        let pieces: Vec<Bytes> = welcome(Some(&student), OnlineList { count: 2, students }, 5, 3).collect();
        let person = |id: &str, name: &str, sessions| Person { id: id.to_owned(), name: name.to_owned(), sessions };
        let online = Online { count: 2, students: vec![person("a", "\"", 1), person("b", "b", 2)] };
        let whole =
            to_line(&FromServer::Welcome(Welcome { student: Some(student), online, latest: 5, replay_after: 3 }));
        assert_eq!(String::from_utf8(pieces.concat()).unwrap(), String::from_utf8(whole).unwrap());
    }

    #[test]
    fn a_join_begins_behind_what_was_seen_or_with_the_latest() {
        check(None, None, None, 0, 0);
        check(None, None, None, 50, 0);
        check(None, None, None, 500, 400);
        check(None, None, Some(0), 500, 500);
        check(None, None, Some(1000), 1500, 500);
        check(Some(7), None, Some(1), 500, 7);
        check(Some(7), Some("L"), None, 500, 7);
        check(Some(500), Some("L"), None, 500, 500);
        check(Some(7), Some("other"), None, 500, 400);
        check(Some(501), Some("L"), Some(5), 500, 495);
        check(Some(1), Some("L"), None, 1_000_000, 990_000);
    }
}
