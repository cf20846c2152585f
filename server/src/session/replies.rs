//! What a client is sent for its requests: the ledger's answers, lines read back, and errors.

use std::{sync::Arc, time::Duration};

use squares_shared::{
    message::{Auth, ErrorCode, ErrorMessage, FromServer, to_line},
    pin::is_generated,
};

use super::Session;
use crate::ledger::Answer;

/// Errors of one connection that the log shows; the others only at the level `debug`, so that nobody can fill the log.
const ERRORS_LOGGED: u32 = 8;

impl Session {
    /// Queues an error for the client.
    pub(super) fn error(&mut self, code: ErrorCode, message: &str, id: Option<String>) {
        self.send_error(ErrorMessage { id, ..ErrorMessage::new(code, message) });
    }

    /// Queues an error for the request that is being executed.
    pub(super) fn fail(&mut self, code: ErrorCode, message: &str) {
        let error = self.request_error(code, message);
        self.send_error(error);
    }

    /// An error with the `id` of the request that is being executed.
    pub(super) fn request_error(&mut self, code: ErrorCode, message: &str) -> ErrorMessage {
        ErrorMessage { id: self.request_id.take(), ..ErrorMessage::new(code, message) }
    }

    pub(super) fn send_error(&mut self, error: ErrorMessage) {
        let identity = self.member.as_deref().and_then(|member| member.identity.as_ref());
        let student = identity.map(|identity| Arc::clone(&identity.student));
        self.refuse(student.as_deref().unwrap_or_default(), None, error);
    }

    /// Queues an error for a client that tried to join as an unknown student.
    pub(super) fn refuse_id(&mut self, tried: &str, error: ErrorMessage) {
        /// Longer than any id.
        const SHOWN: usize = 40;
        // A PIN in the wrong field must not get into the log.
        let may_be_pin = self.room.admission.auth == Auth::Pin && is_generated(tried);
        let tried =
            if may_be_pin { "what has the form of a PIN".to_owned() } else { tried.chars().take(SHOWN).collect() };
        self.refuse("", Some(&tried), error);
    }

    /// Queues an error for the client. The log shows the student, or the id that was tried in vain.
    pub(super) fn refuse(&mut self, student: &str, tried: Option<&str>, error: ErrorMessage) {
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
        let page = if member.in_flight.is_awaited() { None } else { member.page.take() };
        match answer {
            // Its line comes from the feed, as for everybody.
            Answer::Recorded(seq) => tracing::debug!(student = member.student(), seq, "recorded"),
            Answer::Duplicate(seq, line) => {
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
        if let Some(query) = page {
            self.read_page(query);
        }
    }

    pub(super) fn unavailable(&mut self, id: Option<String>) {
        self.error(
            ErrorCode::StorageUnavailable,
            "The result could not be made durable, and nothing was shared; send the same request again later.",
            id,
        );
    }
}

/// Rounded up: a wait cut to whole milliseconds would end too early.
pub(super) fn whole_milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// An error's text as the sentence that the protocol asks for.
pub(super) fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}
