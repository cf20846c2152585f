//! A room of several servers: where the one in use is lost, the next goes on from where it ended.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::{Fake, Home, Peer, Process};
use serde_json::json;
use squares::event::LinkEvent;

/// The server that is used from now on, as the header shows it.
fn reached(client: &mut Client) -> String {
    client.until(|event| if let LinkEvent::Reached(server) = event { Some(server) } else { None })
}

#[test]
fn the_screen_is_told_which_of_the_servers_it_is_at() {
    let (first, second, home) = (Fake::listen(), Fake::listen(), Home::new());
    let mut client = Client::at(&home, &format!("{},{}", first.address(), second.address()));
    client.join("s1");
    for (at, server, last) in [(5, &first, false), (6, &second, false), (7, &first, true)] {
        let (mut peer, join) = server.let_in(at);
        assert_eq!(join["after"], if at == 5 { json!(null) } else { json!(at) });
        assert_eq!(reached(&mut client), server.address());
        client.until_joined();
        if !last {
            peer.result(at + 1, "s2", "3", None);
            client.results(1);
            // One stops, the other is killed.
            if at == 5 {
                peer.say(&json!({"type": "bye", "reason": "shutdown"}));
            } else {
                peer.hang_up();
            }
        }
    }
    client.leave();
}

#[test]
fn who_follows_goes_on_at_the_next_server_behind_what_was_printed() {
    let (first, second, home) = (Fake::listen(), Fake::listen(), Home::new());
    let list = format!("{},{}", first.address(), second.address());
    let mut command = home.squares(&["--server", &list, "--student", "s1", "--follow"]);
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
    let out = process.stdout_lines();
    let (mut peer, _) = first.let_in(5);
    peer.result(6, "s2", "3", None);
    assert_eq!(out.next(), "s2: 3² = 9");
    peer.say(&json!({"type": "bye", "reason": "shutdown"}));
    let (mut peer, join) = second.let_in(6);
    assert_eq!((&join["after"], &join["log"]), (&json!(6), &json!("log")));
    peer.result(6, "s2", "3", None);
    peer.result(7, "s2", "4", None);
    assert_eq!(out.next(), "s2: 4² = 16");
}

#[test]
fn a_class_that_loses_its_server_comes_to_the_next_soon_and_not_in_one_moment() {
    let (first, second) = (Fake::listen(), Fake::listen());
    let list = format!("{},{}", first.address(), second.address());
    let homes: Vec<Home> = (0..12).map(|_| Home::new()).collect();
    let clients: Vec<Client> = homes.iter().map(|home| Client::at(home, &list)).collect();
    clients.iter().for_each(|client| client.join("s1"));
    let peers: Vec<_> = clients.iter().map(|_| first.let_in(0).0).collect();
    peers.into_iter().for_each(Peer::hang_up);
    let mut came = Vec::new();
    let peers: Vec<_> = clients
        .iter()
        .map(|_| {
            let peer = second.accept();
            came.push(Instant::now());
            peer
        })
        .collect();
    // Each waits for a part of 250 ms that chance gives: that all of twelve give nearly the same is out of the question.
    assert!(came[11] - came[0] > Duration::from_millis(25), "{came:?}");
    drop((peers, clients));
}
