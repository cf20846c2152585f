//! The link against a server that fails at chosen moments, against the real one, and hosting it.

mod hosting;
mod unkept;
mod visits;

use std::path::PathBuf;
use std::time::Duration;

use crate::support::client::{Client, options};
use crate::support::{Fake, Home, PATIENCE, Peer, Server};
use serde_json::{Value, json};
use squares::event::{ConnectionError, LinkEvent};
use squares::link::{Command, Continues, LinkOptions, PageOwner};
use squares_shared::message::{ErrorCode, PageRequest, SquareResult};

fn outbox_files(home: &Home) -> Vec<PathBuf> {
    std::fs::read_dir(home.outbox()).map_or_else(|_| Vec::new(), |all| all.map(|file| file.unwrap().path()).collect())
}

fn seqs(results: &[SquareResult]) -> Vec<u64> {
    results.iter().map(|result| result.seq).collect()
}

#[test]
fn a_square_is_on_disk_before_it_is_sent_and_gone_once_it_is_answered() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, join) = fake.let_in(5);
    assert_eq!((join.get("after"), join.get("log"), join.get("pin")), (None, None, None));
    assert!(!client.until_joined());
    client.square("12");
    let square = peer.hear_type("square");
    let kept = std::fs::read_to_string(&outbox_files(&home)[0]).unwrap();
    assert!(kept.contains(square["id"].as_str().unwrap()) && kept.contains("\"12\""), "{kept}");
    let queued = client.until_queued();
    assert_eq!((queued.number.as_str(), json!(queued.id)), ("12", square["id"].clone()));
    peer.result(6, "s1", "12", Some(&queued.id));
    assert_eq!(seqs(&client.results(1)), [6]);
    client.leave();
    assert_eq!(peer.hear_type("leave"), json!({"type": "leave"}));
    assert_eq!(outbox_files(&home), [] as [PathBuf; 0]);
}

#[test]
fn after_a_loss_it_resumes_and_sends_what_is_unanswered_again() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, _) = fake.let_in(5);
    ["1", "2", "3"].iter().for_each(|number| client.square(number));
    let sent: Vec<Value> = (0..3).map(|_| peer.hear_type("square")).collect();
    peer.result(6, "s1", "1", sent[0]["id"].as_str());
    assert_eq!(seqs(&client.results(1)), [6]);
    peer.hang_up();
    assert_eq!(client.until_lost(), (ConnectionError::Closed(None), true));
    // Typing goes on while nobody is there.
    client.square("4");
    let mut peer = fake.accept();
    peer.hello("log", 8);
    let join = peer.hear_type("join");
    assert_eq!((&join["after"], &join["log"]), (&json!(6), &json!("log")));
    peer.welcome_behind("s1", 6, 8);
    assert!(client.until_joined(), "resumed");
    peer.result(7, "s2", "70", None);
    assert_eq!([peer.hear_type("square"), peer.hear_type("square")], sent[1..]);
    let last = peer.hear_type("square");
    assert_eq!(last["number"], "4");
    // The second was recorded before the loss, as 8; its sender is told again, which is no news to the feed.
    peer.result(8, "s1", "2", sent[1]["id"].as_str());
    peer.result(8, "s1", "2", sent[1]["id"].as_str());
    peer.result(6, "s1", "1", sent[0]["id"].as_str());
    peer.result(9, "s1", "3", sent[2]["id"].as_str());
    peer.result(9, "s1", "4", last["id"].as_str());
    assert_eq!(seqs(&client.results(3)), [7, 8, 9]);
    let answered = client.until(|event| match event {
        LinkEvent::Answered { id, seq } => Some((json!(id), seq)),
        LinkEvent::Results(_) => panic!("a repeat"),
        _ => None,
    });
    assert_eq!(answered, (last["id"].clone(), 9));
    client.leave();
    assert_eq!(outbox_files(&home), [] as [PathBuf; 0]);
}

#[test]
fn another_ledger_or_a_hole_is_not_taken_for_more_of_the_same() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    peer.result(1, "s2", "1", None);
    client.results(1);
    peer.hang_up();
    let mut peer = fake.accept();
    peer.hello("log", 5000);
    assert_eq!(peer.hear_type("join")["after"], 1);
    peer.welcome_behind("s1", 3000, 5000);
    peer.result(3001, "s2", "1", None);
    assert!(!client.until_joined(), "a gap");
    assert_eq!(seqs(&client.results(1)), [3001]);
    peer.hang_up();
    let mut peer = fake.accept();
    peer.hello("other", 2);
    assert_eq!(peer.hear_type("join")["log"], "log");
    peer.welcome_behind("s1", 0, 2);
    peer.result(1, "s2", "1", None);
    assert!(!client.until_joined(), "another ledger");
    assert_eq!(seqs(&client.results(1)), [1]);
    client.leave();
}

#[test]
fn squares_too_many_at_once_wait_and_refused_ones_leave() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    ["1", "2", "3"].iter().for_each(|number| client.square(number));
    let sent: Vec<Value> = (0..3).map(|_| peer.hear_type("square")).collect();
    peer.error("too_many_digits", sent[0]["id"].as_str(), None);
    peer.error("rate_limited", sent[1]["id"].as_str(), Some(20));
    peer.error("rate_limited", sent[2]["id"].as_str(), Some(20));
    let rejected = client.until(|event| match event {
        LinkEvent::Rejected { pending, error } => Some((json!(pending.id), error.code)),
        _ => None,
    });
    assert_eq!(rejected, (sent[0]["id"].clone(), ErrorCode::TooManyDigits));
    let held =
        client.until(|event| if let LinkEvent::Throttled { error, .. } = event { Some(error.code) } else { None });
    assert_eq!(held, ErrorCode::RateLimited);
    assert_eq!(peer.hear_type("square"), sent[1]);
    peer.result(1, "s1", "2", sent[1]["id"].as_str());
    assert_eq!(peer.hear_type("square"), sent[2]);
    peer.error("storage_unavailable", sent[2]["id"].as_str(), None);
    let held =
        client.until(|event| if let LinkEvent::Throttled { error, .. } = event { Some(error.code) } else { None });
    assert_eq!(held, ErrorCode::StorageUnavailable);
    assert_eq!(peer.hear_type("square"), sent[2]);
    peer.result(2, "s1", "3", sent[2]["id"].as_str());
    assert_eq!(seqs(&client.results(1)), [2]);
    // An error that belongs to nothing of ours is told as such.
    peer.error("unknown_type", None, None);
    client.until(|event| if let LinkEvent::Refused(_) = event { Some(()) } else { None });
    client.leave();
    assert_eq!(outbox_files(&home), [] as [PathBuf; 0]);
}

#[test]
fn a_number_longer_than_the_servers_line_is_refused_here_because_the_server_could_not_name_it() {
    let (server, home) = (Server::start(&["--max-line", "200"]), Home::new());
    let mut client = Client::at(&home, &server.address);
    client.join("s1");
    client.until_joined();
    client.square(&"7".repeat(300));
    client.square("3");
    let error =
        client.until(|event| if let LinkEvent::Rejected { error, .. } = event { Some(error.code) } else { None });
    assert_eq!(error, ErrorCode::TooLong);
    assert_eq!(client.results(1)[0].square, "9");
    client.leave();
}

#[test]
fn a_refused_join_keeps_the_connection_and_the_next_may_succeed() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    let mut peer = fake.accept();
    peer.hello("log", 0);
    assert!(!client.until_hello());
    client.join("nobody");
    peer.hear_type("join");
    peer.error("not_on_roster", None, None);
    let refused = client.until(|event| if let LinkEvent::JoinRefused(error) = event { Some(error.code) } else { None });
    assert_eq!(refused, ErrorCode::NotOnRoster);
    client.ask(Command::Join { student: "s1".into(), name: Some("가나".into()) });
    let join = peer.hear_type("join");
    assert_eq!((&join["student"], &join["name"]), (&json!("s1"), &json!("가나")));
    peer.welcome("s1", 0);
    client.until_joined();
    client.leave();
}

#[test]
fn who_takes_long_to_type_their_id_is_connected_again_when_it_is_typed() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    let mut peer = fake.accept();
    peer.hello("log", 0);
    client.until_hello();
    peer.error("join_timeout", None, None);
    peer.hang_up();
    assert_eq!(client.next(), LinkEvent::Idle, "what was said of the room is known no longer");
    assert!(client.is_silent_for(Duration::from_millis(100)), "nothing to worry anybody with");
    assert!(fake.is_left_alone_for(Duration::from_millis(300)), "and nothing to keep the server busy with");
    client.join("s1");
    let _joined = fake.let_in(0);
    assert!(!client.until_joined());
    client.leave();
}

#[test]
fn a_server_that_is_full_gone_or_strange_is_tried_again_later() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    fake.accept().error("server_full", None, None);
    assert_eq!(client.until_lost(), (ConnectionError::Full, true));
    fake.accept().say_raw("HTTP/1.1 400 Bad Request");
    assert!(matches!(client.until_lost(), (ConnectionError::Stranger("HTTP"), true)));
    client.ask(Command::ReconnectNow);
    let mut peer = fake.accept();
    peer.say(&json!({"type": "hello", "protocol": 2}));
    assert_eq!(client.until_lost(), (ConnectionError::OtherProtocol("2".into()), true));
    client.ask(Command::ReconnectNow);
    let (mut peer, _) = fake.let_in(0);
    client.until_joined();
    peer.say(&json!({"type": "bye", "reason": "shutdown"}));
    assert_eq!(client.until_lost(), (ConnectionError::Shutdown, true));
    let (_peer, _) = fake.let_in(0);
    client.until_joined();
    client.leave();

    let nobody = Fake::listen().address();
    let mut client = Client::at(&home, &nobody);
    assert!(matches!(client.until_lost(), (ConnectionError::Unreachable(_), true)));
    client.ask(Command::UseServer("a b".into()));
    assert!(client.until(|event| match event {
        LinkEvent::Disconnected { why: ConnectionError::Unreachable(why), retry_at: None } => Some(why.contains("a b")),
        _ => None,
    }));
    client.ask(Command::UseServer(fake.address()));
    client.join("s1");
    let _peer = fake.let_in(0);
    client.until_joined();
    client.leave();
}

#[test]
fn pages_presence_and_the_time_of_a_round_trip_are_told() {
    let (server, home) = (Server::start(&["--rate", "0"]), Home::new());
    (1..=5).for_each(|number| server.square_as("s2", &number.to_string()));
    let mut client = Client::at(&home, &server.address);
    client.join("s1");
    // Of joining, of a square, and when it is asked for.
    for ask in [None, Some(Command::Square("6".into())), Some(Command::Ping)] {
        ask.into_iter().for_each(|ask| client.ask(ask));
        client.until(|event| matches!(event, LinkEvent::RoundTrip(time) if time < PATIENCE).then_some(()));
    }
    client.ask(Command::Page {
        owner: PageOwner::WholeFeed,
        request: PageRequest { before: None, limit: Some(2), ..PageRequest::default() },
    });
    let page = client.until(|event| if let LinkEvent::Page { page, .. } = event { Some(page) } else { None });
    assert_eq!((page.results.len(), page.more), (2, true));
    let mut other = Peer::connect(&server.address);
    other.say(&json!({"type": "join", "student": "s3"}));
    client.until(|event| match event {
        LinkEvent::Presence(presence) => presence.joined.iter().any(|person| person.id == "s3").then_some(()),
        LinkEvent::Online(online) => online.students.iter().any(|person| person.id == "s3").then_some(()),
        _ => None,
    });
    client.leave();
}

#[test]
fn a_killed_client_finishes_its_squares_when_it_comes_back_and_two_of_one_student_do_not_fight() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut first = Client::at(&home, &fake.address());
    first.join("s1");
    let (mut peer, _) = fake.let_in(0);
    first.until_joined();
    ["1", "2"].iter().for_each(|number| first.square(number));
    let sent = [peer.hear_type("square"), peer.hear_type("square")];

    // Another client of the same student leaves the squares of a running one alone.
    let mut second = Client::at(&home, &fake.address());
    second.join("s1");
    let (mut other, _) = fake.let_in(0);
    second.until_joined();
    second.square("3");
    let own = other.hear_type("square");
    assert_eq!(own["number"], "3");

    // A killed process leaves its file without its lock: so does a copy.
    let has_first = |file: &PathBuf| std::fs::read_to_string(file).unwrap().contains(sent[0]["id"].as_str().unwrap());
    let left = outbox_files(&home).into_iter().find(has_first).unwrap();
    std::fs::copy(&left, home.outbox().join("0.jsonl")).unwrap();

    let mut third = Client::at(&home, &fake.address());
    third.join("s1");
    let (mut peer, _) = fake.let_in(0);
    assert_eq!([third.until_queued().number, third.until_queued().number], ["1", "2"]);
    let again = [peer.hear_type("square"), peer.hear_type("square")];
    assert_eq!(again, sent, "under the same names");
    peer.result(1, "s1", "1", sent[0]["id"].as_str());
    peer.result(2, "s1", "2", sent[1]["id"].as_str());
    assert_eq!(seqs(&third.results(2)), [1, 2]);
    third.leave();
    second.leave();
    first.leave();
}
