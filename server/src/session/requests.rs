//! What each request of a client does. Quick ones are done at once; slow work runs beside the session, which proceeds
//! with the continuation that it gives.

use std::sync::Arc;

use jiff::Timestamp;
use squares_shared::{
    message::{
        ByeReason, DEFAULT_PAGE, ErrorCode, ErrorMessage, FromClient, FromServer, PageRequest, Square,
        request::{Kind, Refusal},
        to_line,
    },
    number::{Number, NumberError},
    student::is_printable,
};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{
    Continuation, Ending, Session,
    in_flight::{MAX_IN_FLIGHT, size_of},
    member::Identity,
    replies::{sentence, whole_milliseconds},
};
use crate::{
    ledger::{LedgerEntry, PageQuery, ReadFailed, Submission},
    limits::Payment,
};

/// Up to this many digits a number is squared in the session itself, in a few microseconds at most; a longer one on a
/// worker thread.
const QUICK_DIGITS: usize = 1000;

impl Session {
    /// Executes a request, or begins to.
    pub(super) fn execute(&mut self, request: FromClient) {
        match request {
            FromClient::Join(join) => self.join(join),
            FromClient::Watch(since) => self.watch(since),
            FromClient::Square(square) if self.identity().is_some() => self.square(square),
            FromClient::History(request) if self.member.is_some() => self.history(request),
            FromClient::Square(Square { id, .. }) => self.not_joined(id),
            FromClient::History(_) => {
                let id = self.request_id.take();
                self.not_joined(id);
            }
            FromClient::Ping => {
                let at = format!("{:.3}", Timestamp::now());
                self.out.push(to_line(&FromServer::Pong { at }).into());
            }
            FromClient::Leave => self.end(Ending::Finishing { bye: Some(ByeReason::Left), target: None }),
        }
    }

    /// Answers a line that is not a request.
    pub(super) fn refuse_line(&mut self, refusal: Refusal) {
        let Refusal { code, message, id, kind } = refusal;
        match (kind, self.member.is_some()) {
            // Being out of turn comes before all else that is wrong.
            (Some(Kind::Square | Kind::History), false) => self.not_joined(id),
            (Some(Kind::Square), true) if self.identity().is_none() => self.not_joined(id),
            (Some(Kind::Join | Kind::Watch), true) => {
                self.request_id = id;
                self.already_joined();
            }
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

    pub(super) fn already_joined(&mut self) {
        let message = "This connection has joined or watches already; open another one for that.";
        self.fail(ErrorCode::AlreadyJoined, message);
    }

    fn identity(&self) -> Option<&Identity> {
        self.member.as_deref()?.identity.as_ref()
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
                let readers = Arc::clone(&self.room.ledger.readers);
                let student = Arc::clone(&identity.student);
                self.later(async move {
                    let is_repeat = readers.stands(student, request.clone()).await.unwrap_or(false);
                    move |session: &mut Self| match is_repeat {
                        true => session.compute(number, Some(request), None),
                        false => session.rate_limited(retry_after_ms, Some(request)),
                    }
                });
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
        self.later(async move {
            let squared = workers.run(square).await;
            move |session: &mut Self| match squared {
                Ok((number, square)) => session.submit(number, square, id, paid),
                Err(_) => session.not_submitted(id, paid),
            }
        });
    }

    fn rate_limited(&mut self, retry_after_ms: u64, id: Option<String>) {
        let message = "More squares, or digits of them, came than the limits allow, and this one was not recorded; send the same request again after retry_after_ms.";
        self.send_error(ErrorMessage {
            id,
            retry_after_ms: Some(retry_after_ms),
            ..ErrorMessage::new(ErrorCode::RateLimited, message)
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
        match self.room.ledger.submissions.try_send(submission) {
            Ok(()) => member.in_flight.submitted(size, paid),
            Err(TrySendError::Full(submission)) => {
                let submissions = self.room.ledger.submissions.clone();
                let id = submission.entry.request.clone();
                self.later(async move {
                    let is_accepted = submissions.send(submission).await.is_ok();
                    move |session: &mut Self| match session.member.as_deref_mut() {
                        Some(member) if is_accepted => member.in_flight.submitted(size, paid),
                        _ => session.not_submitted(id, paid),
                    }
                });
            }
            Err(TrySendError::Closed(submission)) => self.not_submitted(submission.entry.request, paid),
        }
    }

    fn history(&mut self, request: PageRequest) {
        let PageRequest { before, after, limit, student } = request;
        if student.as_deref().is_some_and(|student| !student.chars().all(is_printable)) {
            let message = "The field 'student' has control or invisible formatting characters; give a student id.";
            return self.fail(ErrorCode::BadMessage, message);
        }
        let (before, limit) = (before.unwrap_or(u64::MAX), limit.unwrap_or(DEFAULT_PAGE));
        let query = PageQuery { before, after, limit, student };
        match self.member.as_deref_mut() {
            Some(member) if member.in_flight.is_awaited() => member.page = Some(query),
            _ => self.read_page(query),
        }
    }

    /// Reads a page of history on a worker thread.
    pub(super) fn read_page(&mut self, query: PageQuery) {
        let readers = Arc::clone(&self.room.ledger.readers);
        self.later(async move {
            let page = readers.page(query).await;
            move |session: &mut Self| match page {
                Ok(line) => {
                    session.throttle.charge_page(line.len());
                    session.out.push(line);
                }
                Err(ReadFailed) => {
                    let message = "Earlier results cannot be read just now; send the same request again later.";
                    session.fail(ErrorCode::StorageUnavailable, message);
                }
            }
        });
    }

    /// Refunds a square that cannot be submitted, and says so.
    fn not_submitted(&mut self, id: Option<String>, paid: Option<Payment>) {
        if let Some(member) = self.member.as_deref() {
            member.refund(paid);
        }
        self.unavailable(id);
    }

    /// Does slow work for a request, and then proceeds as its result says; no other request is executed meanwhile.
    pub(super) fn later<C>(&mut self, work: impl Future<Output = C> + Send + 'static)
    where
        C: FnOnce(&mut Self) + Send + 'static,
    {
        self.request = Some(Box::pin(async move { Box::new(work.await) as Continuation }));
    }
}
