//! Joining where a PIN is asked for: the link with a server that a test plays, and the whole program with a real one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::json;
use squares::event::{LinkEvent, Pin};
use squares::link::Command;
use squares_shared::message::ErrorCode;
use support::client::{Client, options};
use support::pty::Pty;
use support::{Fake, Home, Peer, Server};

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
    assert!(!shown.contains("4711"), "{shown}");
    pty.type_text("\r");
    pty.until_shows("가람");
    pty.type_text("\x03\x03");
    assert_eq!(pty.exit_code(), 0);
    let kept = walk(home.state());
    assert!(kept.iter().all(|text| !text.contains("47113333")), "{kept:?}");
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
