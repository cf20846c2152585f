//! How a student joins, or somebody begins to watch: they are checked, entered, and welcomed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use squares_shared::{
    message::{Auth, DEFAULT_BACKLOG, ErrorCode, ErrorMessage, Join, Since, Student},
    student::read_name,
};
use zeroize::Zeroizing;

use super::{
    Ending, Session,
    in_flight::InFlight,
    member::{Identity, Member},
    replies::{sentence, whole_milliseconds},
};
use crate::{
    pins::PinVerdict,
    presence::{Cursor, OnlineList},
    roster::Refused,
};

/// A join with `after` that is further behind gets only the latest so many results; the client can fetch the others as
/// history.
const FURTHEST_REPLAY: u64 = 10_000;

/// How long a join waits for results that its client has seen at another server of the cluster.
const SEEN_ELSEWHERE: Duration = Duration::from_secs(5);

impl Session {
    /// Lets somebody see the room without taking part; nobody else hears of it.
    pub(super) fn watch(&mut self, since: Since) {
        if self.member.is_some() {
            return self.already_joined();
        }
        if self.room.admission.auth != Auth::Open && !self.address.ip().to_canonical().is_loopback() {
            let message =
                "Only students may see this room from another machine; join, or watch on the server's own machine.";
            return self.fail(ErrorCode::NotAllowed, message);
        }
        self.once_seen(since, |session, since| session.watch_now(&since));
    }

    /// Lets somebody see the room who may, once this server has what they have seen elsewhere.
    fn watch_now(&mut self, since: &Since) {
        if !self.permit.join() {
            // It was evicted a moment ago; the session is about to hear of it.
            return;
        }
        tracing::info!(address = %self.address, "watches");
        let (online, presence) = self.room.presence.watch();
        self.enter(None, online, presence, since);
    }

    /// Lets a student join, once their PIN or their name was looked up where that is needed.
    pub(super) fn join(&mut self, mut join: Join) {
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
                let error = self.request_error(code, &message);
                return self.refuse_id(&join.student, error);
            }
        };
        if join.name.is_none() && self.room.admission.roster_len().is_none() {
            return self.name(student, join.since);
        }
        if self.room.admission.auth != Auth::Pin {
            return self.welcome(student, join.since);
        }
        let (room, address, writer) = (Arc::clone(&self.room), self.address.ip(), Arc::clone(&self.writer));
        self.later(async move {
            let id = Arc::<str>::from(&*student.id);
            let is_gone = || writer.wire().is_broken();
            let verdict = room.pins.check(&id, address, pin, room.admission.pin(&id), is_gone).await;
            move |session: &mut Self| session.pin_checked(verdict, student, join.since)
        });
    }

    /// Lets a student join who gave no name and is on no roster: under their name in the room, else in the ledger.
    fn name(&mut self, student: Student, since: Since) {
        if self.room.presence.name_of(&student.id).is_some() || !self.room.ledger.may_have_recorded(&student.id) {
            return self.named(student, since, None);
        }
        let readers = Arc::clone(&self.room.ledger.readers);
        self.later(async move {
            // If the ledger cannot be read, the id serves as the name.
            let name = readers.last_name(Arc::from(&*student.id)).await.unwrap_or_default();
            move |session: &mut Self| session.named(student, since, name)
        });
    }

    /// Continues a join once the student's last name in the ledger was looked up.
    fn named(&mut self, mut student: Student, since: Since, recorded: Option<String>) {
        if self.ending == Ending::Closing {
            return;
        }
        // The rules for names may have changed since it was recorded.
        let recorded = recorded.filter(|name| read_name(name).as_ref() == Ok(name));
        if let Some(name) = self.room.presence.name_of(&student.id).map(|name| name.to_string()).or(recorded) {
            student.name = name;
        }
        self.welcome(student, since);
    }

    /// Continues a join once its PIN was checked.
    fn pin_checked(&mut self, verdict: PinVerdict, student: Student, since: Since) {
        if self.ending == Ending::Closing {
            // It took too long, and the client was told so.
            return;
        }
        let (code, message, wait) = match verdict {
            PinVerdict::Right => return self.welcome(student, since),
            PinVerdict::Wrong => {
                (ErrorCode::BadPin, "The PIN is missing or wrong; check it, or ask the professor for a new one.", None)
            }
            PinVerdict::Throttled(wait) => (
                ErrorCode::RateLimited,
                "Too many PINs were wrong, and this one was not looked at; try again after retry_after_ms.",
                Some(wait),
            ),
            PinVerdict::TooOften(wait) => (
                ErrorCode::RateLimited,
                "This student joins too often, and the PIN was not looked at; try again after retry_after_ms.",
                Some(wait),
            ),
        };
        let retry_after_ms = wait.map(whole_milliseconds);
        // The log names the student: an id on the roster, so that no PIN in the wrong field gets there.
        let error = ErrorMessage { retry_after_ms, ..self.request_error(code, message) };
        self.refuse(&student.id, None, error);
    }

    /// Proceeds once this server has what a client has seen at another server of the cluster, or that takes too long.
    fn once_seen(&mut self, since: Since, proceed: impl FnOnce(&mut Self, Since) + Send + 'static) {
        let same_log = since.log.as_deref().is_none_or(|log| log == self.room.ledger.id);
        let ahead = since.after.filter(|&after| self.room.shares_log && same_log && after > self.room.feed.latest());
        let Some(seq) = ahead else { return proceed(self, since) };
        let mut latest = self.room.feed.subscribe();
        self.later(async move {
            let _ = tokio::time::timeout(SEEN_ELSEWHERE, latest.wait_for(|&latest| latest >= seq)).await;
            move |session: &mut Self| {
                if session.ending != Ending::Closing {
                    proceed(session, since);
                }
            }
        });
    }

    fn welcome(&mut self, student: Student, since: Since) {
        self.once_seen(since, move |session, since| session.welcome_now(&student, &since));
    }

    /// Lets a student join, once this server has what they have seen elsewhere.
    fn welcome_now(&mut self, student: &Student, since: &Since) {
        let room = Arc::clone(&self.room);
        let (id, name) = (Arc::<str>::from(&*student.id), Arc::<str>::from(&*student.name));
        let most = room.max_per_student;
        let Some((guard, online, presence)) = room.presence.join(&id, &name, most) else {
            let message = format!(
                "You have joined from {most} terminals, as many as the limits allow; close one of them and try again."
            );
            let error = self.request_error(ErrorCode::TooManyTerminals, &message);
            return self.refuse(&id, None, error);
        };
        if !self.permit.join() {
            // It was evicted a moment ago; the session is about to hear of it.
            return;
        }
        tracing::info!(address = %self.address, student = &*id, "joined");
        let identity = Identity { allowance: room.squares.of(&id), student: id, name, _guard: guard };
        self.enter(Some((student, identity)), online, presence, since);
    }

    /// Welcomes a student, or somebody who watches, and sends what follows from now on.
    fn enter(&mut self, who: Option<(&Student, Identity)>, online: OnlineList, presence: Cursor, since: &Since) {
        let room = Arc::clone(&self.room);
        let latest = room.feed.latest();
        let reached = replay_after(since, &room.ledger.id, latest);
        let (student, identity) = who.unzip();
        let invite = room.inviter.invite();
        for piece in welcome(student, online, latest, reached, invite) {
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
}

/// The line of a `welcome`, in pieces, since the list of who is online is shared.
fn welcome(
    student: Option<&Student>,
    online: OnlineList,
    latest: u64,
    replay_after: u64,
    invite: Option<Bytes>,
) -> impl Iterator<Item = Bytes> {
    let student = serde_json::to_string(&student).expect("a student has string keys and plain values only");
    let count = online.count;
    let before = format!(r#"{{"type":"welcome","student":{student},"online":{{"count":{count},"students":["#);
    let behind = format!("]}},\"latest\":{latest},\"replay_after\":{replay_after}");
    let invite = invite.into_iter().flat_map(|invite| [Bytes::from_static(b",\"invite\":"), invite]);
    let end = Bytes::from_static(b"}\n");
    std::iter::once(before.into()).chain(online.students).chain([behind.into()]).chain(invite).chain([end])
}

/// The `seq` behind which the results of a join begin.
fn replay_after(since: &Since, log: &str, latest: u64) -> u64 {
    let same_log = since.log.as_deref().is_none_or(|seen| seen == log);
    match since.after {
        Some(after) if same_log && after <= latest => after.max(latest.saturating_sub(FURTHEST_REPLAY)),
        _ => latest.saturating_sub(since.backlog.unwrap_or(DEFAULT_BACKLOG)),
    }
}

#[cfg(test)]
mod tests {
    use squares_shared::message::{FromServer, Invite, Online, Person, Welcome, to_line};

    use super::*;

    fn check(after: Option<u64>, log: Option<&str>, backlog: Option<u64>, latest: u64, expected: u64) {
        let since = Since { after, log: log.map(Into::into), backlog };
        assert_eq!(replay_after(&since, "L", latest), expected, "{since:?} at {latest}");
    }

    #[test]
    fn a_welcome_in_pieces_is_the_message_that_it_should_be() {
        let student = Student { id: "a".to_owned(), name: "\"".to_owned(), department: None };
        let students =
            vec![r#"{"id":"a","name":"\"","sessions":1}"#.into(), r#",{"id":"b","name":"b","sessions":2}"#.into()];
        let invite = Invite { servers: vec!["192.0.2.7:7878".to_owned()], ..Invite::default() };
        let json = serde_json::to_vec(&invite).unwrap();
        let list = OnlineList { count: 2, students };
        let pieces: Vec<Bytes> = welcome(Some(&student), list, 5, 3, Some(json.into())).collect();
        let person = |id: &str, name: &str, sessions| Person { id: id.to_owned(), name: name.to_owned(), sessions };
        let online = Online { count: 2, students: vec![person("a", "\"", 1), person("b", "b", 2)] };
        let whole = FromServer::Welcome(Welcome {
            student: Some(student),
            online,
            latest: 5,
            replay_after: 3,
            invite: Some(invite),
        });
        let whole = to_line(&whole);
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
