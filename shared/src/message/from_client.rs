//! What a client says. The client writes these; the server reads them through [`request`](super::request).

use std::fmt;

use serde::Serialize;

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromClient {
    /// Say who you are; comes first, and once.
    Join(Join),
    /// See without taking part, in place of `join`.
    Watch(Since),
    /// Square a number and share the result.
    Square(Square),
    /// Ask for a page of earlier results.
    History(PageRequest),
    /// Ask for a `pong`.
    Ping,
    /// Say goodbye.
    Leave,
}

/// The fields of `join`.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Join {
    /// The student id (학번).
    pub student: String,
    /// The PIN, where the server asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// The name to be shown, where the server has no roster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to send first.
    #[serde(flatten)]
    pub since: Since,
}

/// What of the past a client asks for: fields of `join`, and all that `watch` has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The highest `seq` already seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The ledger in which `after` was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// How many of the latest results to send first, where `after` is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
}

impl fmt::Debug for Join {
    /// Everything but the PIN, which must not reach a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("student", &self.student)
            .field("name", &self.name)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// The fields of `square`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Square {
    /// The number as it was typed, or the literal text of a JSON number.
    pub number: String,
    /// The name of this request: sent again with the same one, it is never recorded twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The fields of a client's `history`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PageRequest {
    /// Only results with a smaller `seq`; absent: up to the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Only results with a larger `seq`, the first of them; absent: the last ones before `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most this many, 1 to [`MAX_PAGE`](super::MAX_PAGE); absent: [`DEFAULT_PAGE`](super::DEFAULT_PAGE).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Only this student's results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
}
