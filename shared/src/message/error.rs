//! Why the server refused a request: the error codes of the protocol, and the message that carries one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The fields of `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorMessage {
    /// What kind of mistake it was.
    pub code: ErrorCode,
    /// One English sentence that says what is wrong and how to mend it.
    pub message: String,
    /// The `id` of the request, where it had one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// After how many milliseconds the same request may succeed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<u64>,
}

impl ErrorMessage {
    /// An error of no particular request, and without a time to retry after.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), id: None, retry_after_ms: None }
    }
}

/// The kinds of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, not an object, or a field missing or of the wrong type or range.
    BadMessage,
    /// A `type` that no client sends.
    UnknownType,
    /// The line was longer than the limit.
    TooLong,
    /// Needs a `join` first.
    NotJoined,
    /// A second `join`.
    AlreadyJoined,
    /// An id or a name that no student may have.
    BadStudent,
    /// Only students may see this room.
    NotAllowed,
    /// Not on the roster in force.
    NotOnRoster,
    /// The PIN is missing or wrong.
    BadPin,
    /// The student is joined from as many terminals as the limits allow.
    TooManyTerminals,
    /// Not one number.
    NotANumber,
    /// More digits than the limit.
    TooManyDigits,
    /// The request's `id` stands for another number.
    IdReused,
    /// More squares, or digits of them, than the limits allow.
    RateLimited,
    /// The result could not be made durable.
    StorageUnavailable,
    /// The connection limit is reached.
    ServerFull,
    /// No `join` in time.
    JoinTimeout,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

impl fmt::Display for ErrorCode {
    /// The word that it is on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
