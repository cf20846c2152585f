//! Joining where a PIN is asked for: the link with a server that a test plays, and the whole program with a real one.

use crate::support::client::{Client, options};
use crate::support::pty::Pty;
use crate::support::{Fake, Home, Peer, Server, run};
use rustix::process::Signal;
use serde_json::json;
use squares::event::{LinkEvent, Pin};
use squares::link::Command;
use squares_shared::message::ErrorCode;

fn hello(peer: &mut Peer) {
    let limits = json!({"line": 65536, "digits": 10000, "rate": 20, "burst": 50});
    let hello = json!({"type": "hello", "protocol": 1, "server": "s", "auth": "pin", "log": "log", "latest": 0, "limits": limits});
    peer.say(&hello);
}

fn refused(client: &mut Client) -> ErrorCode {
    client.until(|event| if let LinkEvent::JoinRefused(error) = event { Some(error.code) } else { None })
}

#[test]
fn a_pin_is_asked_for_once_a_run_and_sent_again_on_every_reconnect() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let mut peer = fake.accept();
    hello(&mut peer);
    client.until(|event| matches!(event, LinkEvent::PinWanted).then_some(()));

    client.ask(Command::UsePin(Pin::new("1")));
    client.join("s1");
    assert_eq!(peer.hear_type("join")["pin"], "1", "nothing was sent before there was one");
    peer.error("bad_pin", None, None);
    assert_eq!(refused(&mut client), ErrorCode::BadPin);
    client.join("s1");
    client.until(|event| matches!(event, LinkEvent::PinWanted).then_some(()));

    client.ask(Command::UsePin(Pin::new("4711")));
    client.join("s1");
    assert_eq!(peer.hear_type("join")["pin"], "4711");
    peer.error("rate_limited", None, Some(60_000));
    assert_eq!(refused(&mut client), ErrorCode::RateLimited);
    client.join("s1");
    assert_eq!(peer.hear_type("join")["pin"], "4711", "it need not be typed again");
    peer.welcome("s1", 0);
    client.until_joined();
    peer.hang_up();

    let mut peer = fake.accept();
    hello(&mut peer);
    assert_eq!(peer.hear_type("join")["pin"], "4711");
    peer.welcome("s1", 0);
    client.until_joined();
    client.leave();
    assert_eq!(format!("{:?}", Command::UsePin(Pin::new("4711"))), "UsePin(Pin(…))");
}

#[test]
fn the_pin_of_one_server_is_never_sent_to_another() {
    let (first, second, home) = (Fake::listen(), Fake::listen(), Home::new());
    let mut with_pin = options(&home);
    with_pin.server = Some(first.address());
    with_pin.pin = Some(Pin::new("4711"));
    let mut client = Client::start(with_pin);
    client.join("s1");
    let mut peer = first.accept();
    hello(&mut peer);
    assert_eq!(peer.hear_type("join")["pin"], "4711");
    client.ask(Command::UseServer(second.address()));
    client.join("s1");
    let mut peer = second.accept();
    hello(&mut peer);
    client.until(|event| matches!(event, LinkEvent::PinWanted).then_some(()));
    client.leave();
}

#[test]
fn a_square_that_equals_the_pin_leaves_the_outbox_unsent() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut first = Client::at(&home, &fake.address());
    first.join("s1");
    let (_open, _) = fake.let_in(0);
    first.square("4711");
    first.square("12");
    first.until_queued();
    let twelve = first.until_queued();
    first.leave();

    // It was typed where no PIN was asked for, and waits from an earlier run.
    let mut with_pin = options(&home);
    with_pin.server = Some(fake.address());
    with_pin.pin = Some(Pin::new("4711"));
    let mut client = Client::start(with_pin);
    client.join("s1");
    let mut peer = fake.accept();
    hello(&mut peer);
    peer.hear_type("join");
    peer.welcome("s1", 0);
    client.until(|event| if let LinkEvent::Withheld(id) = event { Some(id) } else { None });
    assert_eq!(peer.hear_type("square")["id"], twelve.id);
    client.square("4,711");
    client.until(|event| if let LinkEvent::Withheld(id) = event { Some(id) } else { None });
    client.leave();
    let kept = walk(home.state());
    assert!(kept.iter().any(|text| text.contains("\"12\"")), "{kept:?}");
    let mut last = Client::at(&home, &fake.address());
    last.join("s1");
    assert_eq!(last.until_queued(), twelve, "the other is gone for good");
    let (_peer, _) = fake.let_in(0);
    last.leave();
}

#[test]
fn plain_mode_does_not_square_the_pin_nor_repeat_it() {
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin("47113333").unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let server = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    for pin in ["47113333", " ４７１１３３３３ "] {
        let mut command = home.squares(&["--student", "s1", "--server", &server.address, "3", "47,113,333", "4"]);
        let done = run(command.env("SQUARES_PIN", pin), b"");
        assert_eq!((done.code, &*done.out), (Some(1), "3² = 9\n4² = 16\n"), "{done:?}");
        assert!(done.err.contains("PIN") && !done.err.contains("47"), "{done:?}");
    }
}

#[test]
fn the_pin_of_a_room_goes_to_each_of_its_servers_and_to_no_other() {
    let (first, second, other, home) = (Fake::listen(), Fake::listen(), Fake::listen(), Home::new());
    let mut with_pin = options(&home);
    with_pin.server = Some(format!("{},{}", first.address(), second.address()));
    with_pin.pin = Some(Pin::new("4711"));
    let mut client = Client::start(with_pin);
    client.join("s1");
    for server in [&first, &second] {
        let mut peer = server.accept();
        hello(&mut peer);
        assert_eq!(peer.hear_type("join")["pin"], "4711");
        peer.welcome("s1", 0);
        client.until_joined();
        peer.hang_up();
    }
    // A room that shares a server with it is another all the same.
    client.ask(Command::UseServer(format!("{},{}", other.address(), first.address())));
    client.join("s1");
    let mut peer = other.accept();
    hello(&mut peer);
    client.until(|event| matches!(event, LinkEvent::PinWanted).then_some(()));
    client.leave();
}

#[test]
fn a_pin_and_an_id_are_read_as_they_were_meant() {
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin("47113333").unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let server = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    for pin in ["47113333", " 47113333\r\n", "４７１１３３３３\r", "\u{3000}47113333"] {
        let mut command = home.squares(&["--server", &server.address, "12\r", " -5 ", "１３\r\n"]);
        command.env("SQUARES_PIN", pin).env("SQUARES_STUDENT", "ｓ１\r").env("SQUARES_JSON", " \r");
        let done = run(&mut command, b"");
        assert_eq!((done.code, &*done.out), (Some(0), "12² = 144\n(-5)² = 25\n13² = 169\n"), "{pin:?}: {}", done.err);
    }
}

/// Plain mode at a terminal, which asks for a PIN; the server.
fn plain_mode_that_asks(home: &Home, arguments: &[&str]) -> (Server, Pty) {
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin("47113333").unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let server = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    let pty = Pty::start(home, &[&["--student", "s1", "--server", &server.address], arguments].concat());
    pty.until_shows("PIN: ");
    (server, pty)
}

#[test]
fn plain_mode_asks_for_a_pin_unseen() {
    let home = Home::new();
    let (_server, mut pty) = plain_mode_that_asks(&home, &["12"]);
    pty.type_text("47113333\r");
    assert_eq!(pty.exit_code(), 0);
    assert!(pty.all_sent().contains("12² = 144") && !pty.all_sent().contains("4711"), "{}", pty.all_sent());
    pty.assert_clean();
}

#[test]
fn however_plain_mode_is_ended_while_it_asks_the_terminal_shows_again_what_is_typed() {
    for (arguments, signal, code) in [
        (&["12"], Signal::TERM, None),
        (&["12"], Signal::INT, None),
        (&["12"], Signal::HUP, None),
        (&["12"], Signal::QUIT, None),
        // A run that is meant to last ends as it does otherwise.
        (&["--follow"], Signal::TERM, Some(0)),
        (&["--follow"], Signal::INT, Some(0)),
        (&["--follow"], Signal::HUP, None),
    ] {
        let home = Home::new();
        let (_server, mut pty) = plain_mode_that_asks(&home, arguments);
        pty.type_text("4711");
        pty.signal(signal);
        let ended = pty.exit_code();
        assert!(code.map_or(ended != 0, |code| ended == code), "{arguments:?} {signal:?}: {ended}");
        assert!(!pty.all_sent().contains("4711"));
        pty.assert_clean();
    }
}

#[test]
fn a_signal_after_the_question_has_its_usual_effect() {
    let home = Home::new();
    for (arguments, signal, code) in [
        (&["--follow"], Signal::INT, Some(0)),
        (&["--follow"], Signal::TERM, Some(0)),
        (&["--follow"], Signal::HUP, None),
    ] {
        let (server, mut pty) = plain_mode_that_asks(&home, arguments);
        pty.type_text("47113333\r");
        square_beside(&server);
        pty.until_shows("7² = 49");
        pty.signal(signal);
        let ended = pty.exit_code();
        assert!(code.map_or(ended != 0, |code| ended == code), "{signal:?}: {ended}");
        pty.assert_clean();
    }
    // One that waits for a server that says nothing is just ended.
    let fake = Fake::listen();
    let mut pty = Pty::start(&home, &["--student", "s1", "--server", &fake.address(), "12"]);
    hello(&mut fake.accept());
    pty.until_shows("PIN: ");
    pty.type_text("4711\r");
    let mut peer = fake.accept();
    hello(&mut peer);
    peer.hear_type("join");
    pty.signal(Signal::TERM);
    assert_ne!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
#[cfg(target_os = "linux")]
fn stopped_while_it_asks_plain_mode_gives_the_terminal_back_and_asks_again() {
    let home = Home::new();
    let (_server, mut pty) = plain_mode_that_asks(&home, &["12"]);
    pty.type_text("99\x1a");
    pty.until_state('T');
    pty.assert_clean();
    let sent = pty.sent();
    pty.signal(Signal::CONT);
    pty.until_sent("PIN: ", sent);
    pty.type_text("47113333\r");
    assert_eq!(pty.exit_code(), 0);
    assert!(pty.all_sent().contains("12² = 144"), "{}", pty.all_sent());
    pty.assert_clean();
}

#[test]
fn a_pin_is_typed_unseen_in_the_room_and_kept_nowhere() {
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin("47113333").unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let server = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    let mut pty = Pty::start(&home, &["--lang", "en", "--student", "s1", "--server", &server.address]);
    pty.until_shows("Type your PIN");
    pty.type_text("99999999\r");
    pty.until_shows("Wrong PIN");
    pty.type_text("47113333");
    let shown = pty.until_shows("********");
    assert!(!shown.contains("471133"), "{shown}");
    pty.type_text("\r");
    pty.until_shows("가람");
    pty.type_text("\x03\x03");
    assert_eq!(pty.exit_code(), 0);
    let kept = walk(home.state());
    assert!(kept.iter().all(|text| !text.contains("47113333")), "{kept:?}");
}

/// Squares 7 as the student, once the student is in from another terminal too.
fn square_beside(server: &Server) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    writeln!(stream, "{}", json!({"type": "join", "student": "s1", "pin": "47113333", "backlog": 0})).unwrap();
    lines.find(|line| line.contains("\"sessions\":2")).unwrap();
    writeln!(stream, "{}", json!({"type": "square", "number": "7"})).unwrap();
    lines.find(|line| line.contains("\"result\"")).unwrap();
}

/// What is in the files of a folder.
fn walk(folder: std::path::PathBuf) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let texts = |path: std::path::PathBuf| {
        if path.is_dir() {
            walk(path)
        } else {
            vec![String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()]
        }
    };
    entries.flat_map(|entry| texts(entry.unwrap().path())).collect()
}
