//! The link against a server that fails at chosen moments, against the real one, and hosting it.

mod unkept;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::client::{Client, options};
use crate::support::{Fake, Home, PATIENCE, Peer, Server};
use proptest::prelude::*;
use serde_json::{Value, json};
use squares::event::{LinkEvent, Lost};
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
    assert_eq!(client.until_lost(), (Lost::Closed(None), true));
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
    assert!(!client.until_joined(), "a hole");
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
    assert_eq!(client.until_lost(), (Lost::Full, true));
    fake.accept().say_raw("HTTP/1.1 400 Bad Request");
    assert!(matches!(client.until_lost(), (Lost::Stranger("HTTP"), true)));
    client.ask(Command::ReconnectNow);
    let mut peer = fake.accept();
    peer.say(&json!({"type": "hello", "protocol": 2}));
    assert_eq!(client.until_lost(), (Lost::OtherProtocol("2".into()), true));
    client.ask(Command::ReconnectNow);
    let (mut peer, _) = fake.let_in(0);
    client.until_joined();
    peer.say(&json!({"type": "bye", "reason": "shutdown"}));
    assert_eq!(client.until_lost(), (Lost::Shutdown, true));
    let (_peer, _) = fake.let_in(0);
    client.until_joined();
    client.leave();

    let nobody = Fake::listen().address();
    let mut client = Client::at(&home, &nobody);
    assert!(matches!(client.until_lost(), (Lost::Unreachable(_), true)));
    client.ask(Command::UseServer("a b".into()));
    assert!(client.until(|event| match event {
        LinkEvent::Lost { why: Lost::Unreachable(why), retry_at: None } => Some(why.contains("a b")),
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
    for ask in [None, Some(Command::Square { number: "6".into() }), Some(Command::Ping)] {
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

/// An address that nobody listens at.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_first_client_hosts_the_others_join_and_one_of_them_takes_over() {
    let (home, address) = (Home::new(), free_address());
    let homes = [Home::new(), Home::new(), Home::new()];
    let start = |at: usize, student: &str| {
        let own = options(&homes[at]);
        let mut client = Client::start(LinkOptions {
            default_address: address.clone(),
            data: Some(home.path().join("ledger")),
            ..own
        });
        client.join(student);
        let hosting = client.until_hello();
        assert!(!client.until_joined());
        (client, hosting)
    };
    let (mut host, hosting) = start(0, "s1");
    assert!(hosting);
    let (mut second, hosting) = start(1, "s2");
    assert!(!hosting);
    let (mut third, hosting) = start(2, "s3");
    assert!(!hosting);
    host.square("12");
    let first = host.results(1);
    assert_eq!((second.results(1), third.results(1)), (first.clone(), first.clone()));

    host.leave();
    assert_eq!(second.until_lost().0, Lost::Shutdown);
    second.square("13");
    let (one, other) = (hosted_again(&mut second), hosted_again(&mut third));
    assert!(one != other, "exactly one takes over: {one} {other}");
    let after = second.results(1);
    assert_eq!((after[0].number.as_str(), after[0].seq > first[0].seq), ("13", true));
    assert_eq!(third.results(1), after);
    // The one that does not host leaves first, so that there is nobody to take over.
    let (guest, host) = if one { (third, second) } else { (second, third) };
    guest.leave();
    host.leave();
}

#[test]
fn what_was_hosted_here_is_known_by_its_name_while_it_is_served_and_after() {
    let (home, data) = (Home::new(), Home::new());
    let folder = data.path().join("ledger");
    assert_eq!(squares::host::own_ledger(&folder), None, "nothing was hosted");
    let options = LinkOptions { default_address: free_address(), data: Some(folder.clone()), ..options(&home) };
    let mut client = Client::start(options);
    client.join("s1");
    let log = client.until(|news| if let LinkEvent::Hello { hello, .. } = news { Some(hello.log) } else { None });
    assert!(!client.until_joined());
    assert_eq!(squares::host::own_ledger(&folder), None, "it has no results");
    client.square("12");
    client.results(1);
    assert_eq!(squares::host::own_ledger(&folder), Some(log.clone()));
    client.leave();
    assert_eq!(squares::host::own_ledger(&folder), Some(log));
    assert_eq!(squares::host::own_ledger(&folder.join("ledger.lock")), None);
}

/// Whether this client hosts, once it is in again, with nothing missed.
fn hosted_again(client: &mut Client) -> bool {
    let mut hosts = false;
    loop {
        match client.next() {
            LinkEvent::Hello { hosting, .. } => hosts = hosting,
            LinkEvent::Joined { continues, .. } => {
                assert_eq!(continues, Continues::Resumed);
                return hosts;
            }
            _ => {}
        }
    }
}

#[test]
fn a_ledger_in_use_elsewhere_is_said_and_tried_again() {
    let (home, address) = (Home::new(), free_address());
    let data = home.path().join("ledger");
    let elsewhere = LinkOptions { default_address: free_address(), ..options(&home) };
    let mut holder = Client::start(elsewhere);
    assert!(holder.until_hello());
    let mut client = Client::start(LinkOptions { default_address: address, data: Some(data), ..options(&home) });
    assert!(matches!(client.until_lost(), (Lost::LedgerInUse(_), true)));
    holder.leave();
    assert!(client.until_hello(), "it hosts once the ledger is free");
    client.leave();
}

/// What happens on one connection of the random test before it breaks off.
#[derive(Debug, Clone)]
struct Visit {
    /// How many results of others there are by then.
    others: usize,
    /// How many of our squares are recorded and answered.
    answered: usize,
    /// How many more are recorded, their answers lost with the connection.
    swallowed: usize,
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let visit = (0usize..4, 0usize..4, 0usize..3);
    let visit = visit.prop_map(|(others, answered, swallowed)| Visit { others, answered, swallowed });
    proptest::collection::vec(visit, 1..6)
}

/// The server's side of the random test: what is recorded, and up to where the connection at hand was told.
#[derive(Default)]
struct Ledger {
    rows: Vec<(&'static str, String, Option<String>)>,
    told: usize,
}

impl Ledger {
    fn ours(&self) -> usize {
        self.rows.iter().filter(|(student, ..)| *student == "s1").count()
    }

    fn tell(&mut self, peer: &mut Peer) {
        while let Some((student, number, id)) = self.rows.get(self.told) {
            self.told += 1;
            peer.result(self.told as u64, student, number, id.as_deref());
        }
    }

    /// Hears squares until so many new ones are recorded; those it knows are answered again.
    fn record(&mut self, peer: &mut Peer, new: usize) {
        let until = self.ours() + new;
        while self.ours() < until {
            let square = peer.hear_type("square");
            let (number, id) = (square["number"].as_str().unwrap(), square["id"].as_str().unwrap());
            match self.rows.iter().position(|(_, _, known)| known.as_deref() == Some(id)) {
                None => self.rows.push(("s1", number.into(), Some(id.into()))),
                Some(place) => {
                    self.tell(peer);
                    peer.result(place as u64 + 1, "s1", number, Some(id));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// However connections end, the screen gets every result once and in order, and every square is recorded once.
    #[test]
    fn random_disconnects_lose_and_repeat_nothing(visits in visits()) {
        const SQUARES: usize = 8;
        let (fake, home) = (Fake::listen(), Home::new());
        let mut client = Client::at(&home, &fake.address());
        client.join("s1");
        (0..SQUARES).for_each(|number| client.square(&number.to_string()));
        let mut ledger = Ledger::default();
        let mut results = Vec::new();
        let come_back = |ledger: &mut Ledger| {
            let mut peer = fake.accept();
            peer.hello("log", ledger.rows.len() as u64);
            let after = peer.hear_type("join")["after"].as_u64().unwrap_or(0);
            peer.welcome_behind("s1", after, ledger.rows.len() as u64);
            ledger.told = usize::try_from(after).unwrap();
            peer
        };
        for visit in visits {
            let mut peer = come_back(&mut ledger);
            ledger.rows.extend((0..visit.others).map(|_| ("s2", "7".to_owned(), None)));
            let left = SQUARES - ledger.ours();
            let answered = visit.answered.min(left);
            ledger.record(&mut peer, answered);
            ledger.tell(&mut peer);
            ledger.record(&mut peer, visit.swallowed.min(left - answered));
            peer.hang_up();
            client.until(|event| match event {
                LinkEvent::Results(more) => {
                    results.extend(more);
                    None
                }
                LinkEvent::Lost { .. } => Some(()),
                _ => None,
            });
            client.ask(Command::ReconnectNow);
        }
        let mut peer = come_back(&mut ledger);
        let left = SQUARES - ledger.ours();
        ledger.record(&mut peer, left);
        ledger.tell(&mut peer);
        results.extend(client.results(ledger.rows.len() - results.len()));
        prop_assert_eq!(seqs(&results), (1..=ledger.rows.len() as u64).collect::<Vec<_>>());
        peer.hang_up();
        client.leave();
        prop_assert_eq!(outbox_files(&home), [] as [PathBuf; 0]);
    }
}
