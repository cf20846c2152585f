//! What one student may ask for, and how many connections there may be: the limits give what they say and no more.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use crate::support::{Peer, open, server};

/// How many of these squares are recorded, one after the other, until one is not; gives that answer too.
fn recorded(peer: &mut Peer, numbers: impl Iterator<Item = String>) -> (usize, serde_json::Value) {
    for (count, number) in numbers.enumerate() {
        peer.square(&*number, &format!("fresh-{number}"));
        let reply = peer.reply();
        if reply["type"] != "result" {
            return (count, reply);
        }
    }
    panic!("all were recorded");
}

#[test]
fn repeats_earn_nothing() {
    // So slow that nothing is made up for while this runs.
    let (program, _folder) = server(&["--rate", "1", "--burst", "100"]);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    let (count, reply) = recorded(&mut peer, (0..1000).map(|n| n.to_string()));
    assert!(count >= 100 && reply["code"] == "rate_limited", "{count}: {reply}");
    // What stands is answered even now, and was not paid for: there is nothing to give back.
    for n in 0..100 {
        peer.square(n.to_string(), &format!("fresh-{n}"));
        assert_eq!(peer.reply()["number"], n.to_string());
    }
    let since = std::time::Instant::now();
    let (count, _) = recorded(&mut peer, (2000..3000).map(|n| n.to_string()));
    let slack = 20 + since.elapsed().as_secs();
    assert!((count as u64) < slack, "{count} more");
}

#[test]
fn digits_have_a_rate_of_their_own() {
    let (program, _folder) = server(&["--digit-rate", "10", "--max-digits", "500"]);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    assert_eq!(peer.hello["limits"]["digit_rate"], 10);
    let long = |first: u32| format!("{first}{}", "7".repeat(59));
    peer.square(long(1), "1");
    assert_eq!(peer.reply()["type"], "result");
    // It has a hundred, sixty are spent.
    peer.square(long(2), "2");
    let error = peer.reply();
    assert_eq!((&error["code"], &error["id"]), (&json!("rate_limited"), &json!("2")));
    assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| (1..=2001).contains(&wait)), "{error}");
    // What is not recorded costs nothing, and a repeat is answered whatever it would cost.
    for (number, id, code) in [("7".repeat(501), "3", "too_many_digits"), (long(2), "1", "rate_limited")] {
        peer.square(number, id);
        let reply = peer.reply();
        assert!(reply["code"] == code || reply["code"] == "id_reused", "{reply}");
    }
    peer.square(long(1), "1");
    assert_eq!(peer.reply()["seq"], 1);
    peer.square("12", "short");
    assert_eq!(peer.reply()["type"], "result");
    // Another student has digits of their own; one number may have more than all that are allowed at once.
    let (mut other, _) = Peer::join(&program, "b", json!({"backlog": 0}));
    other.square("9".repeat(400), "4");
    assert_eq!(other.reply()["type"], "result");
    other.square("1", "5");
    let error = other.reply();
    assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait > 20_000), "{error}");

    for flags in [["--digit-rate", "0"], ["--rate", "0"]] {
        let (program, _folder) = server(&flags);
        assert_eq!(Peer::connect(&program).hello["limits"]["digit_rate"], 0, "{flags:?}");
    }
    let (program, _folder) = server(&[]);
    assert_eq!(Peer::connect(&program).hello["limits"]["digit_rate"], 20_000);
}

#[test]
fn a_student_has_so_many_terminals_and_may_have_another_once_one_is_closed() {
    let (program, _folder) = server(&["--max-per-student", "2"]);
    let (first, _) = Peer::join(&program, "a", json!({}));
    let (_second, welcome) = Peer::join(&program, "a", json!({}));
    assert_eq!(welcome["online"]["students"][0]["sessions"], 2);
    let mut third = Peer::connect(&program);
    let join = json!({"type": "join", "student": "a"});
    third.send(&join);
    let error = third.next();
    assert_eq!(error["code"], "too_many_terminals");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("close one")), "{error}");
    // Others are let in, and this connection goes on.
    let (_other, welcome) = Peer::join(&program, "b", json!({}));
    assert_eq!(welcome["online"]["count"], 2);
    drop(first);
    crate::support::eventually("there is room again", || {
        third.send(&join);
        third.next()["type"] == "welcome"
    });

    let (program, _folder) = server(&[]);
    let mut many: Vec<Peer> = (0..16).map(|_| Peer::join(&program, "a", json!({"backlog": 0})).0).collect();
    let mut more = Peer::connect(&program);
    more.send(&join);
    assert_eq!(more.next()["code"], "too_many_terminals", "sixteen, where nothing else is said");
    let (program, _folder) = server(&["--max-per-student", "0"]);
    many.extend((0..20).map(|_| Peer::join(&program, "a", json!({"backlog": 0})).0));
}

#[test]
fn silent_connections_make_room_for_whoever_comes_and_hear_why() {
    let (program, _folder) = server(&["--max-connections", "60"]);
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(open(program.address).1);
        if silent.len() % 50 == 0 {
            // Somebody who joins does so however many say nothing, and stays.
            let student = format!("student{}", silent.len());
            let (mut peer, _) = Peer::join(&program, &student, json!({"backlog": 0}));
            peer.square("3", "x");
            peer.seqs(1);
        }
    }
    // Each was greeted, and all but those that still wait were told why they go.
    let mut told = 0;
    for lines in &mut silent[..140] {
        assert_eq!(next(lines).unwrap()["type"], "hello");
        let last = next(lines).expect("it is told why");
        assert!(last["code"] == "server_full" && next(lines).is_none(), "{last}");
        told += 1;
    }
    assert_eq!(told, 140);
}

#[test]
fn everybody_who_is_refused_in_a_flood_hears_why() {
    let (program, _folder) = server(&["--max-connections", "3"]);
    let _joined: Vec<Peer> = ["a", "b", "c"].map(|student| Peer::join(&program, student, json!({})).0).into();
    let mut flood: Vec<_> = (0..400).map(|_| open(program.address).1).collect();
    for lines in &mut flood {
        let line = next(lines).expect("it is told why");
        assert_eq!(line["code"], "server_full");
        assert!(next(lines).is_none());
    }
}

/// The next message, or `None` at the end.
fn next(lines: &mut BufReader<std::net::TcpStream>) -> Option<serde_json::Value> {
    let mut line = String::new();
    lines.read_line(&mut line).expect("it ends in good order");
    (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}")))
}
