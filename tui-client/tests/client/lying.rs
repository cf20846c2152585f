//! A server that lies: what it says too much of, again and again, or never ends, is held within bounds, and whoever
//! breaks the protocol is let go of with a sentence.

use std::process::Stdio;
use std::time::Duration;

use crate::support::client::Client;
use crate::support::{Fake, Home, Peer, Process};
use serde_json::{Value, json};
use squares::event::{ConnectionError, LinkEvent};
use squares::link::{Command, PageOwner};
use squares_shared::message::PageRequest;

/// The most that any of this may make a client hold, in MiB: it is some eight where nobody lies.
const MAX_RESIDENT: u64 = 64;

/// The memory of a process, in MiB.
fn resident(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Follows there.
fn follow(home: &Home, fake: &Fake) -> Process {
    let address = fake.address();
    let mut command = home.squares(&["--server", &address, "--student", "s1", "--follow"]);
    Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

fn person(id: &str) -> Value {
    json!({"id": id, "name": id, "sessions": 1})
}

/// Waits until the other end has closed this.
fn until_closed(mut peer: Peer) {
    while peer.try_hear().is_some() {}
}

#[test]
fn what_breaks_the_protocol_ends_the_connection_with_a_sentence() {
    let result = |seq: u64| json!({"type": "result", "seq": seq, "at": "t", "student": "s2", "name": "n", "number": "2", "square": "4"});
    let many: Vec<Value> = (1..=501).map(result).collect();
    let long = json!({"type": "online", "count": 1, "students": [person(&"a".repeat(5_000))]});
    let student = json!({"id": "s1", "name": "s1", "department": null});
    let again = json!({"type": "welcome", "student": student, "online": {"count": 1, "students": []}, "latest": 0, "replay_after": 0});
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    for said in [
        again,
        long,
        result(u64::MAX),
        json!({"type": "history", "results": many, "more": true, "student": null}),
        json!({"type": "history", "results": [result(2), result(1)], "more": true, "student": null}),
    ] {
        let (mut peer, _) = fake.let_in(0);
        client.until_joined();
        peer.say(&said);
        assert!(matches!(client.until_lost(), (ConnectionError::NotSquares(_), true)), "{said}");
        client.ask(Command::ReconnectNow);
    }
    // Of a page that answers something else, nothing is left.
    let (mut peer, _) = fake.let_in(9);
    client.until_joined();
    client.ask(Command::Page {
        owner: PageOwner::WholeFeed,
        request: PageRequest { before: Some(5), ..PageRequest::default() },
    });
    peer.hear_type("history");
    peer.say(&json!({"type": "history", "results": [result(5), result(7)], "more": true, "student": null}));
    let page = client.until(|event| if let LinkEvent::Page { page, .. } = event { Some(page) } else { None });
    assert!(page.results.is_empty() && page.more);
    client.leave();
}

#[test]
fn of_a_list_without_end_a_thousand_are_taken() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    client.until_joined();
    let people: Vec<Value> = (0..30_000).map(|n| person(&format!("s{n}"))).collect();
    peer.say(&json!({"type": "online", "count": 30_000, "students": people}));
    let online = client.until(|event| if let LinkEvent::Online(online) = event { Some(online) } else { None });
    assert_eq!((online.count, online.students.len()), (30_000, 1_000));
    client.leave();
}

#[test]
fn limits_beyond_everything_are_not_taken_by_their_word() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    let huge = u64::MAX;
    let limits = json!({"line": huge, "digits": huge, "rate": u32::MAX, "burst": 0});
    fake.accept().say(&json!({"type": "hello", "protocol": 1, "server": "s", "auth": "open", "log": "l",
        "latest": i64::MAX, "limits": limits}));
    let hello = client.until(|event| if let LinkEvent::Hello { hello, .. } = event { Some(hello) } else { None });
    assert!(hello.limits.digits <= 8 << 20 && hello.limits.line <= 8 << 20, "{:?}", hello.limits);
    client.leave();
}

#[test]
fn a_line_without_end_is_not_held() {
    let (fake, home) = (Fake::listen(), Home::new());
    let process = follow(&home, &fake);
    let chunk = vec![b'a'; 1 << 20];
    let (mut peer, _) = fake.let_in(0);
    for _ in 0..64 {
        if !peer.say_part(&chunk) {
            break;
        }
    }
    until_closed(peer);
    assert!(resident(&process) < MAX_RESIDENT, "{} MiB", resident(&process));
    drop(process);
    // Before it says hello, a line is short.
    let mut process = follow(&home, &fake);
    let mut peer = fake.accept();
    peer.say_part(&chunk);
    until_closed(peer);
    assert_eq!(process.exit_code(), Some(3));
    assert!(process.errors().contains("a line without end"));
}

#[test]
fn a_server_that_refuses_and_never_reads_does_not_make_it_say_more_and_more() {
    let (fake, home) = (Fake::listen(), Home::new());
    let address = fake.address();
    let number = "7".repeat(9_000);
    let mut command = home.squares(&["--server", &address, "--student", "s1", &number]);
    let process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    let (mut peer, _) = fake.let_in(0);
    let id = peer.hear_type("square")["id"].as_str().unwrap().to_owned();
    let refused = json!({"type": "error", "code": "rate_limited", "message": "Slow.", "id": id, "retry_after_ms": 0});
    let lines = format!("{refused}\n").repeat(1_000);
    for _ in 0..40 {
        if !peer.say_part(lines.as_bytes()) {
            break;
        }
    }
    assert!(resident(&process) < MAX_RESIDENT, "{} MiB", resident(&process));
}

#[test]
fn following_pages_no_further_than_there_is_something() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut process = follow(&home, &fake);
    let (mut peer, _) = fake.let_in(10);
    peer.result(11, "s2", "11", None);
    assert_eq!(process.stdout_lines().next(), "s2: 11² = 121");
    peer.hang_up();
    // It claims that there is more than anybody could have squared, and has nothing.
    let mut peer = fake.accept();
    peer.hello("log", 1 << 62);
    peer.hear_type("join");
    peer.welcome_behind("s1", 1 << 61, 1 << 62);
    let mut asked = 0;
    loop {
        match peer.try_hear() {
            Some(message) if message["type"] == "history" => {
                asked += 1;
                peer.say(&json!({"type": "history", "results": [], "more": true, "student": null}));
            }
            Some(_) => {}
            None => break,
        }
    }
    assert!(asked < 100, "{asked}");
    // It comes back, later and later.
    assert!(fake.is_left_alone_for(Duration::from_millis(5)));
    assert!(resident(&process) < MAX_RESIDENT, "{} MiB", resident(&process));
}
