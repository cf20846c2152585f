//! What a client is sent for its requests: the ledger's answers, lines read back, and errors.

use std::sync::Arc;

use squares_shared::{
    message::{Auth, ErrorCode, ErrorMessage, FromServer, to_line},
    pin::is_made,
};

use super::{ERRORS_LOGGED, Ending, Session, requests};
use crate::ledger::{Answer, ReadFailed, Replay};

impl Session {
    /// Queues an error for the client.
    pub(super) fn error(&mut self, code: ErrorCode, message: &str, id: Option<String>) {
        self.error_with(ErrorMessage { code, message: message.to_owned(), id, retry_after_ms: None });
    }

    pub(super) fn error_with(&mut self, error: ErrorMessage) {
        let identity = self.member.as_deref().and_then(|member| member.identity.as_ref());
        let student = identity.map(|identity| Arc::clone(&identity.student));
        self.refuse_student(student.as_deref().unwrap_or_default(), error);
    }

    /// Queues an error for the client, who is this student or would be.
    pub(super) fn refuse_student(&mut self, student: &str, error: ErrorMessage) {
        self.refuse_whoever(student, None, error);
    }

    /// Queues an error for a client that tried to join as an unknown student.
    pub(super) fn refuse_id(&mut self, tried: &str, error: ErrorMessage) {
        /// Longer than any id.
        const SHOWN: usize = 40;
        // A PIN in the wrong field must not get into the log.
        let may_be_pin = self.room.admission.auth() == Auth::Pin && is_made(tried);
        let tried =
            if may_be_pin { "what has the form of a PIN".to_owned() } else { tried.chars().take(SHOWN).collect() };
        self.refuse_whoever("", Some(&tried), error);
    }

    fn refuse_whoever(&mut self, student: &str, tried: Option<&str>, error: ErrorMessage) {
        if self.errors_logged < ERRORS_LOGGED {
            self.errors_logged += 1;
            tracing::info!(address = %self.address, tried, student, code = %error.code, "refused");
        } else {
            tracing::debug!(address = %self.address, tried, student, code = %error.code, "refused");
        }
        self.room.metrics.error(error.code);
        self.out.push(to_line(&FromServer::Error(error)).into());
    }

    /// Passes an answer of the ledger on.
    pub(super) fn answered(&mut self, answer: Option<Answer>) {
        let (Some(member), Some(answer)) = (self.member.as_deref_mut(), answer) else { return };
        let paid = member.in_flight.answered();
        if !member.in_flight.is_awaited()
            && let Some(query) = member.page.take()
        {
            self.request = Some(requests::read_page(&self.room, query));
        }
        match answer {
            // Its line comes from the feed, as for everybody.
            Answer::Recorded(seq) => tracing::debug!(student = member.student(), seq, "recorded"),
            Answer::Repeat(seq, line) => {
                member.refund(paid);
                member.in_flight.repeat(seq, line);
            }
            Answer::IdReused(id) => {
                member.refund(paid);
                self.error(
                    ErrorCode::IdReused,
                    "A result of yours with this id stands, with another number; choose another id.",
                    Some(id),
                );
            }
            Answer::Unavailable(id) => {
                member.refund(paid);
                self.unavailable(id);
            }
        }
    }

    pub(super) fn unavailable(&mut self, id: Option<String>) {
        self.error(
            ErrorCode::StorageUnavailable,
            "The result could not be made durable, and nothing was shared; send the same request again later.",
            id,
        );
    }

    /// Queues lines that were read back from the ledger, or ends the session if they cannot be read.
    pub(super) fn replayed(&mut self, read: Result<Replay, ReadFailed>) {
        let Some(member) = self.member.as_deref_mut() else { return };
        let Some((floor, _)) = member.replay.take() else { return };
        match read {
            Ok(Replay { lines, reached }) => {
                // If the ledger has nothing more below it, the feed continues from its floor.
                member.reached = reached.unwrap_or(floor);
                self.out.push(lines);
            }
            Err(ReadFailed) => {
                // The client would otherwise have a gap; its next join resumes after what it has.
                self.error(
                    ErrorCode::StorageUnavailable,
                    "Earlier results cannot be read just now; connect again later and join with 'after'.",
                    None,
                );
                self.end(Ending::Closing);
            }
        }
    }
}
