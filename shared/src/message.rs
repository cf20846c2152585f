//! The protocol, version 1, as types: what a client says ([`FromClient`]) and what the server says
//! ([`FromServer`]). One message is one JSON object on one line, told apart by its field `type`. The server
//! reads requests through [`request`], which knows how to refuse each kind of mistake.

mod bounded;
mod error;
mod from_client;
mod invite;
mod lenient;
pub mod request;

use std::fmt;

pub use error::{ErrorCode, ErrorMessage};
pub use from_client::{FromClient, Join, PageRequest, Since, Square};
pub use invite::{Invite, MAX_WAYS, SshAccount};
use serde::{Deserialize, Serialize};

/// The version of the protocol that these types speak.
pub const PROTOCOL: u32 = 1;

/// The most results that a join without `after` is given, whatever it asks for.
pub const MAX_BACKLOG: u64 = 1000;

/// The results that a join is given where it says neither `after` nor `backlog`.
pub const DEFAULT_BACKLOG: u64 = 100;

/// The most results on one page of history.
pub const MAX_PAGE: u64 = 500;

/// The results on a page of history where its request sets no limit.
pub const DEFAULT_PAGE: u64 = 100;

/// The most students that `welcome` and `online` list; `count` counts all of them.
pub const MAX_LISTED: usize = 1000;

/// The most characters of a request's `id`.
pub const MAX_REQUEST_ID_CHARS: usize = 64;

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromServer {
    /// Sent at once on connecting.
    Hello(Hello),
    /// The answer to a `join` that let its student in.
    Welcome(Welcome),
    /// A shared result.
    Result(SquareResult),
    /// Who came, changed and left.
    Presence(Presence),
    /// The whole list of students online, in place of what the client had.
    Online(Online),
    /// A page of earlier results.
    History(Page),
    /// The answer to `ping`.
    Pong {
        /// The server's time, RFC 3339, UTC, milliseconds.
        at: String,
    },
    /// The server closes after it.
    Bye {
        /// Why.
        reason: ByeReason,
    },
    /// A request was not carried out.
    Error(ErrorMessage),
}

/// The fields of `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The server's name and version.
    pub server: String,
    /// How students are let in.
    pub auth: Auth,
    /// The name of the ledger: made once with it, another for every other ledger.
    pub log: String,
    /// The highest `seq` so far; 0 where there is none.
    pub latest: u64,
    /// What the server takes.
    pub limits: Limits,
    /// The room as anybody may see it who has not joined; absent where only students may.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "lenient::field")]
    pub room: Option<RoomNow>,
}

/// What a room looks like to somebody who has not joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomNow {
    /// How many students are online.
    pub online: usize,
    /// The last result; absent where there is none, or a long one.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "lenient::field")]
    pub last: Option<LastResult>,
}

/// A result as far as somebody is told who has not joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastResult {
    /// The name of the student at that time.
    pub name: String,
    /// The number, in canonical form.
    pub number: String,
    /// Its exact square, in canonical form.
    pub square: String,
}

/// How students are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Any well-formed id.
    Open,
    /// The ids on the roster.
    Roster,
    /// The ids on the roster, each with its PIN.
    Pin,
}

impl fmt::Display for Auth {
    /// The word that it is on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The length of a line in bytes, without its end.
    pub line: usize,
    /// The digits of a number in canonical form.
    pub digits: usize,
    /// Squares a second for one student; 0: no limit.
    pub rate: u32,
    /// Squares at once before `rate` counts.
    pub burst: u32,
    /// Digits of squared numbers a second for one student, ten seconds' worth at once; 0: no limit.
    #[serde(default, deserialize_with = "lenient::field")]
    pub digit_rate: u32,
}

/// The fields of `welcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who you are; none where you only watch.
    pub student: Option<Student>,
    /// Who is online, you among them.
    pub online: Online,
    /// The highest `seq` so far; 0 where there is none.
    pub latest: u64,
    /// Every result with a higher `seq` follows.
    pub replay_after: u64,
    /// How others join, where the server knows.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "lenient::field")]
    pub invite: Option<Invite>,
}

/// A student's information, as only the student receives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// The student id (학번).
    pub id: String,
    /// The name shown to everybody.
    pub name: String,
    /// The department, where the roster tells it.
    pub department: Option<String>,
}

/// The students online.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Online {
    /// How many there are.
    pub count: usize,
    /// At most [`MAX_LISTED`] of them.
    #[serde(deserialize_with = "bounded::first::<_, _, MAX_LISTED>")]
    pub students: Vec<Person>,
}

/// A student as everybody sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The student id (학번).
    pub id: String,
    /// The name shown to everybody.
    pub name: String,
    /// From how many terminals the student is joined, at least 1.
    pub sessions: u32,
}

/// A shared result. `S` is `String` where it is received, and `&str` where it is written from what the ledger holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SquareResult<S = String> {
    /// Its place in the one order that everybody sees, at least 1.
    pub seq: u64,
    /// When it was recorded: RFC 3339, UTC, milliseconds.
    pub at: S,
    /// Whose it is: the student id.
    pub student: S,
    /// The name of the student at that time.
    pub name: S,
    /// The number, in canonical form.
    pub number: S,
    /// Its exact square, in canonical form.
    pub square: S,
    /// The `id` of its request, where it had one.
    #[serde(skip_serializing_if = "Option::is_none", default = "none")]
    pub id: Option<S>,
}

/// Absent for any `S`: serde's own default would ask `S` to have one.
const fn none<S>() -> Option<S> {
    None
}

/// Who came, whose name or number of terminals changed, and who left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// How many students are online now.
    pub count: usize,
    /// Who came or changed, as they are now.
    #[serde(deserialize_with = "bounded::first::<_, _, MAX_LISTED>")]
    pub joined: Vec<Person>,
    /// The ids of those who left.
    #[serde(deserialize_with = "bounded::first::<_, _, MAX_LISTED>")]
    pub left: Vec<String>,
}

/// A page of earlier results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The results, ascending by `seq`; at most [`MAX_PAGE`].
    #[serde(deserialize_with = "bounded::whole::<_, _, { MAX_PAGE as usize }>")]
    pub results: Vec<SquareResult>,
    /// Whether further ones exist: earlier ones, or later ones (below `before`) where `after` was given.
    pub more: bool,
    /// The student whose results were asked for, if one was.
    pub student: Option<String>,
}

/// Why the server closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The client asked for it.
    Left,
    /// The server stops.
    Shutdown,
    /// A reason that this version does not know.
    #[serde(other)]
    Unknown,
}

impl FromServer {
    /// Reads one line of a server, its end not included. `Ok(None)` is a message of a type that this version does not
    /// know, to be ignored.
    ///
    /// # Errors
    /// Where the line is not JSON, or a message of a known type lacks a field.
    pub fn read(line: &[u8]) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(borrow, rename = "type")]
            kind: std::borrow::Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Pong {
            at: String,
        }
        #[derive(Deserialize)]
        struct Bye {
            reason: ByeReason,
        }
        // Two passes over the text are cheaper than serde's tagged enum, which copies every field into a tree first.
        let kind = serde_json::from_slice::<Typed<'_>>(line)?.kind;
        Ok(Some(match &*kind {
            "result" => Self::Result(serde_json::from_slice(line)?),
            "presence" => Self::Presence(serde_json::from_slice(line)?),
            "hello" => Self::Hello(serde_json::from_slice(line)?),
            "welcome" => Self::Welcome(serde_json::from_slice(line)?),
            "online" => Self::Online(serde_json::from_slice(line)?),
            "history" => Self::History(serde_json::from_slice(line)?),
            "pong" => Self::Pong { at: serde_json::from_slice::<Pong>(line)?.at },
            "bye" => Self::Bye { reason: serde_json::from_slice::<Bye>(line)?.reason },
            "error" => Self::Error(serde_json::from_slice(line)?),
            _ => return Ok(None),
        }))
    }
}

/// Writes a message as one line, its `\n` included.
///
/// # Panics
/// Never: no type of this module fails to serialise into memory.
#[must_use]
pub fn to_line(message: &impl Serialize) -> Vec<u8> {
    let mut line = Vec::with_capacity(128);
    append_line(&mut line, message);
    line
}

/// Writes a message as one line, its `\n` included, behind what stands in `out`.
///
/// # Panics
/// Never: no type of this module fails to serialise into memory.
pub fn append_line(out: &mut Vec<u8>, message: &impl Serialize) {
    serde_json::to_writer(&mut *out, message).expect("messages have string keys and plain values only");
    out.push(b'\n');
}

/// A result as the line that everybody gets: [`FromServer::Result`], written from borrowed text.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResultLine<'a> {
    /// The result.
    Result(SquareResult<&'a str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &FromServer, text: &str) {
        let line = to_line(message);
        assert_eq!(String::from_utf8_lossy(&line), format!("{text}\n"));
        assert_eq!(FromServer::read(text.as_bytes()).unwrap().as_ref(), Some(message));
    }

    #[test]
    fn what_the_server_says_is_read_back_as_it_was() {
        check(
            &FromServer::Result(SquareResult {
                seq: 7,
                at: "2026-01-02T03:04:05.678Z".into(),
                student: "s1".into(),
                name: "가".into(),
                number: "-12".into(),
                square: "144".into(),
                id: None,
            }),
            r#"{"type":"result","seq":7,"at":"2026-01-02T03:04:05.678Z","student":"s1","name":"가","number":"-12","square":"144"}"#,
        );
        check(&FromServer::Bye { reason: ByeReason::Shutdown }, r#"{"type":"bye","reason":"shutdown"}"#);
        check(
            &FromServer::Error(ErrorMessage {
                code: ErrorCode::RateLimited,
                message: "Slow down.".into(),
                id: Some("a".into()),
                retry_after_ms: Some(40),
            }),
            r#"{"type":"error","code":"rate_limited","message":"Slow down.","id":"a","retry_after_ms":40}"#,
        );
        check(
            &FromServer::Welcome(Welcome {
                student: Some(Student { id: "s1".into(), name: "s1".into(), department: None }),
                online: Online { count: 1, students: vec![Person { id: "s1".into(), name: "s1".into(), sessions: 1 }] },
                latest: 0,
                replay_after: 0,
                invite: None,
            }),
            r#"{"type":"welcome","student":{"id":"s1","name":"s1","department":null},"online":{"count":1,"students":[{"id":"s1","name":"s1","sessions":1}]},"latest":0,"replay_after":0}"#,
        );
    }

    #[test]
    fn the_line_written_from_the_ledger_is_the_message() {
        let borrowed =
            SquareResult { seq: 1, at: "t", student: "s", name: "n", number: "2", square: "4", id: Some("i") };
        let line = to_line(&ResultLine::Result(borrowed));
        let Ok(Some(FromServer::Result(result))) = FromServer::read(&line) else { panic!("not a result") };
        assert_eq!(to_line(&FromServer::Result(result)), line);
    }

    #[test]
    fn types_fields_and_codes_of_later_versions_do_not_disturb() {
        assert_eq!(FromServer::read(br#"{"type":"confetti","n":[{}]}"#).unwrap(), None);
        let error = br#"{"type":"error","code":"out_of_chalk","message":"m","id":null,"more":1}"#;
        let Ok(Some(FromServer::Error(error))) = FromServer::read(error) else { panic!("not an error") };
        assert_eq!((error.code, error.id), (ErrorCode::Unknown, None));
        assert!(FromServer::read(b"{").is_err());
        assert!(FromServer::read(b"[]").is_err());
    }

    #[test]
    fn a_pin_never_reaches_a_debug_print() {
        let join = Join { student: "s".into(), pin: Some("4711".into()), ..Join::default() };
        assert!(!format!("{join:?}").contains("4711"));
    }
}
