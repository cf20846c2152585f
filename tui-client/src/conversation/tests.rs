//! The conversation as its drivers use it: lines and the time in, events and requests out. Run by `cargo test`; the
//! simulation holds the same machine against a whole server.

use squares_shared::line::Line;
use squares_shared::message::{Limits, to_line};

use super::*;

const ROOM: Policy = Policy { resumes: true, backlog: None, new_ledger_backlog: None, interactive: true };
const FOLLOW: Policy = Policy { resumes: true, backlog: Some(0), new_ledger_backlog: Some(9), interactive: false };

struct Talk {
    conversation: Conversation,
    now: Instant,
}

impl Talk {
    /// A student who wants to be in, with these numbers to be squared.
    fn new(policy: Policy, numbers: &[&str]) -> Self {
        let mut conversation = Conversation::new(policy);
        conversation.participant = Some(Participant { student: Some("s1".into()), name: None, was_in: false });
        for number in numbers {
            conversation.window.push(Pending { id: format!("id-{number}"), number: (*number).into() });
        }
        Self { conversation, now: Instant::now() }
    }

    fn connect(&mut self, auth: Auth, log: &str) {
        let limits = Limits { line: 100, digits: 99, rate: 0, burst: 0, digit_rate: 0 };
        let hello = Hello { protocol: 1, server: "s".into(), auth, log: log.into(), latest: 0, limits, room: None };
        self.conversation.connected(hello);
        self.conversation.join(self.now);
    }

    fn welcome(&mut self, replay_after: u64) -> LinkEvent {
        let online = r#"{"count":1,"students":[]}"#;
        let line = format!(
            r#"{{"type":"welcome","student":null,"online":{online},"latest":{replay_after},"replay_after":{replay_after}}}"#
        );
        self.receive(&line).unwrap().unwrap()
    }

    fn receive(&mut self, line: &str) -> Result<Option<LinkEvent>, ConnectionError> {
        self.conversation.note_traffic();
        self.conversation.receive(Line::Whole(line.as_bytes()), self.now)?;
        Ok(self.events().pop())
    }

    fn send(&mut self) -> Option<LinkEvent> {
        self.conversation.send_squares(self.now, usize::MAX);
        self.events().pop()
    }

    /// What was told since this was last asked.
    fn events(&mut self) -> Vec<LinkEvent> {
        std::iter::from_fn(|| self.conversation.next_event()).collect()
    }

    /// What was said since this was last asked.
    fn said(&mut self) -> String {
        String::from_utf8(std::mem::take(self.conversation.output())).unwrap()
    }

    fn pass(&mut self, seconds: u64) -> Result<(), ConnectionError> {
        self.now += Duration::from_secs(seconds);
        self.conversation.overdue(self.now)
    }
}

fn result(seq: u64, student: &str, id: &str) -> String {
    format!(
        r#"{{"type":"result","seq":{seq},"at":"t","student":"{student}","name":"n","number":"1","square":"1","id":"{id}"}}"#
    )
}

fn error(code: &str, id: &str) -> String {
    format!(r#"{{"type":"error","code":"{code}","message":"No.","id":{id}}}"#)
}

#[test]
fn the_next_join_asks_for_what_follows_and_of_another_ledger_for_what_the_policy_says() {
    for (policy, first, resumed, anew) in [
        (ROOM, "", r#","after":6,"log":"a""#, r#","after":6,"log":"a""#),
        (FOLLOW, r#","backlog":0"#, r#","after":6,"log":"a","backlog":0"#, r#","after":6,"log":"a","backlog":9"#),
        (Policy { resumes: false, ..FOLLOW }, r#","backlog":0"#, r#","backlog":0"#, r#","backlog":0"#),
    ] {
        let mut talk = Talk::new(policy, &[]);
        for (log, fields) in [("a", first), ("a", resumed), ("b", anew)] {
            talk.connect(Auth::Open, log);
            assert_eq!(talk.said(), format!("{{\"type\":\"join\",\"student\":\"s1\"{fields}}}\n"), "{policy:?}");
            if log == "a" {
                talk.welcome(5);
                talk.receive(&result(6, "s2", "x")).unwrap();
            }
            talk.conversation.ended(talk.now);
        }
    }
}

#[test]
fn a_pin_goes_only_where_it_is_asked_for_and_never_as_a_number() {
    let mut talk = Talk::new(ROOM, &["0042", "3"]);
    talk.conversation.pin = Some(Pin::new("0042"));
    talk.connect(Auth::Roster, "a");
    assert!(!talk.said().contains("pin"));
    talk.conversation.ended(talk.now);
    talk.connect(Auth::Pin, "a");
    assert!(talk.said().contains(r#""pin":"0042""#));
    talk.welcome(0);
    assert!(matches!(talk.send(), Some(LinkEvent::Withheld(id)) if id == "id-0042"));
    assert!(!talk.said().contains("0042"));
    assert_eq!(talk.conversation.window.len(), 1);
}

#[test]
fn a_square_too_long_for_the_server_is_not_sent_and_those_behind_it_are() {
    let long = "7".repeat(90);
    let mut talk = Talk::new(ROOM, &[&long, "3"]);
    talk.connect(Auth::Open, "a");
    talk.welcome(0);
    talk.said();
    assert!(matches!(talk.send(), Some(LinkEvent::Rejected { error, .. }) if error.code == ErrorCode::TooLong));
    let square = FromClient::Square(Square { number: "3".into(), id: Some("id-3".into()) });
    assert_eq!(talk.said().into_bytes(), to_line(&square));
}

#[test]
fn a_square_is_answered_once_by_its_own_student_and_what_a_loss_leaves_is_sent_again() {
    let mut talk = Talk::new(ROOM, &["1", "2"]);
    talk.connect(Auth::Open, "a");
    talk.welcome(0);
    talk.send();
    let heard = |talk: &mut Talk, seq, student, id| {
        let event = talk.receive(&result(seq, student, id)).unwrap();
        (matches!(event, Some(LinkEvent::Results(_))), talk.conversation.take_finished() == [id])
    };
    assert_eq!(heard(&mut talk, 1, "s2", "id-1"), (true, false));
    assert_eq!(heard(&mut talk, 2, "s1", "id-1"), (true, true));
    assert_eq!(heard(&mut talk, 2, "s1", "id-1"), (false, false), "it says nothing new");
    talk.conversation.ended(talk.now);
    talk.said();
    talk.connect(Auth::Open, "a");
    talk.welcome(2);
    talk.send();
    assert!(talk.said().ends_with("{\"type\":\"square\",\"number\":\"2\",\"id\":\"id-2\"}\n"));
    assert_eq!(heard(&mut talk, 1, "s1", "id-2"), (false, true), "recorded before");
}

#[test]
fn errors_mean_what_they_are_about() {
    let mut talk = Talk::new(ROOM, &["1", "2"]);
    talk.connect(Auth::Open, "a");
    assert!(matches!(talk.receive(&error("rate_limited", "null")), Ok(Some(LinkEvent::JoinRefused(_)))));
    talk.conversation.join(talk.now);
    talk.welcome(0);
    talk.send();
    assert!(matches!(talk.receive(&error("not_a_number", "\"id-1\"")), Ok(Some(LinkEvent::Rejected { .. }))));
    assert!(matches!(talk.receive(&error("storage_unavailable", "\"id-2\"")), Ok(Some(LinkEvent::Throttled { .. }))));
    assert_eq!(talk.conversation.deadline(), Some(talk.now + Duration::from_secs(1)));
    talk.now += Duration::from_secs(1);
    talk.conversation.send_squares(talk.now, 0);
    assert_eq!(talk.conversation.deadline(), None, "it is due once, though nothing has room");
    talk.conversation.ask_page(PageOwner::Export, PageRequest::default(), talk.now);
    assert!(matches!(talk.receive(&error("bad_message", "null")), Ok(Some(LinkEvent::Refused(_)))));
    let page = r#"{"type":"history","results":[],"more":false,"student":null}"#;
    assert_eq!(talk.receive(page), Ok(None), "nobody asked for it any more");
    assert_eq!(talk.receive(&error("join_timeout", "null")), Err(ConnectionError::Closed(Some("No.".into()))));
    talk.conversation.ended(talk.now);
    talk.connect(Auth::Open, "a");
    assert_eq!(
        talk.receive(&error("rate_limited", "null")),
        Err(ConnectionError::Closed(Some("No.".into()))),
        "it will pass"
    );
}

#[test]
fn who_is_awaited_for_too_long_is_asked_or_given_up_by_the_policy() {
    for (policy, joining, waits) in [(ROOM, (9, ConnectionError::Silent(9)), 2), (FOLLOW, (10, gone(10)), 1)] {
        let mut talk = Talk::new(policy, &["1"]);
        talk.connect(Auth::Open, "a");
        assert_eq!(talk.pass(joining.0 - 1), Ok(()));
        assert_eq!(talk.pass(1), Err(joining.1));
        talk.conversation.ended(talk.now);
        talk.connect(Auth::Open, "a");
        talk.welcome(0);
        assert_eq!((talk.pass(100), talk.conversation.deadline()), (Ok(()), None), "nothing is awaited");
        talk.send();
        talk.said();
        for _ in 1..waits {
            assert_eq!((talk.pass(10), talk.said()), (Ok(()), "{\"type\":\"ping\"}\n".into()));
        }
        assert_eq!(talk.pass(10), Err(gone(10 * waits)));
    }
}

fn gone(seconds: u64) -> ConnectionError {
    ConnectionError::Closed(Some(format!("no answer for {seconds} s")))
}
