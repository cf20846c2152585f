//! Seeing without taking part: `watch` in place of `join`.

use serde_json::{Value, json};

use crate::support::{Peer, Program, server};

fn watch(program: &Program, fields: Value) -> (Peer, Value) {
    let mut peer = Peer::connect(program);
    let mut watch = json!({"type": "watch"});
    if let (Value::Object(watch), Value::Object(fields)) = (&mut watch, fields) {
        watch.extend(fields);
    }
    peer.send(&watch);
    let answer = peer.next();
    (peer, answer)
}

#[test]
fn who_watches_sees_everything_and_is_seen_by_nobody() {
    let (program, _folder) = server(&[]);
    let (mut student, _) = Peer::join(&program, "a", json!({}));
    for number in 1..=3 {
        student.square(number, &format!("r{number}"));
    }
    student.seqs(3);
    let (mut wall, welcome) = watch(&program, json!({"backlog": 2}));
    let online = json!({"count": 1, "students": [{"id": "a", "name": "a", "sessions": 1}]});
    let expected = json!({"type": "welcome", "student": null, "online": online, "latest": 3, "replay_after": 1,
        "invite": {"servers": [program.address.to_string()], "fingerprint": null, "ssh": []}});
    assert_eq!(welcome, expected);
    assert_eq!(wall.seqs(2), [2, 3]);
    student.square(4, "r4");
    assert_eq!(wall.reply(), student.reply(), "everybody gets the same line");
    let (_second, _) = Peer::join(&program, "b", json!({}));
    let told = |peer: &mut Peer| (peer.next_of("presence")["count"].clone(), peer.hello["auth"].clone());
    assert_eq!(told(&mut wall), (json!(2), json!("open")));
    assert_eq!(told(&mut student), (json!(2), json!("open")), "the student is told of students alone");
    wall.send(&json!({"type": "history", "after": 0, "limit": 1}));
    assert_eq!(wall.next_of("history")["results"][0]["seq"], 1);
    wall.send(&json!({"type": "leave"}));
    assert_eq!(wall.next_of("bye")["reason"], "left");
    wall.closed();
}

#[test]
fn hello_tells_how_many_are_in_and_the_last_result_where_anybody_may_see_the_room() {
    let (program, _folder) = server(&[]);
    let hello = || Peer::connect(&program).hello["room"].clone();
    assert_eq!(hello(), json!({"online": 0}));
    let (mut student, _) = Peer::join(&program, "a", json!({"name": "가람"}));
    student.square(2, "r1");
    student.square(-12, "r2");
    student.seqs(2);
    assert_eq!(hello(), json!({"online": 1, "last": {"name": "가람", "number": "-12", "square": "144"}}));
    student.square("9".repeat(600), "long");
    student.seqs(1);
    assert_eq!(hello(), json!({"online": 1}), "a long one is sent to nobody who did not join");

    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::write(&roster, "id,name\na,A\n").unwrap();
    let program = Program::start(&folder.path().join("data"), &["--roster", roster.to_str().unwrap()]);
    assert_eq!(Peer::connect(&program).hello.get("room"), None);
}

#[test]
fn who_watches_squares_nothing_and_joins_on_another_connection() {
    let (program, _folder) = server(&[]);
    let (mut wall, _) = watch(&program, json!({}));
    for request in [json!({"number": "3", "id": "x"}), json!({"id": "x"})] {
        let mut square = json!({"type": "square"});
        square.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        wall.send(&square);
        let error = wall.next_of("error");
        assert_eq!((&error["code"], &error["id"]), (&json!("not_joined"), &json!("x")));
    }
    for again in [json!({"type": "join", "student": "a"}), json!({"type": "watch"}), json!({"type": "join"})] {
        wall.send(&again);
        assert_eq!(wall.next_of("error")["code"], "already_joined");
    }
    let (mut student, _) = Peer::join(&program, "a", json!({}));
    student.send(&json!({"type": "watch"}));
    assert_eq!(student.next_of("error")["code"], "already_joined");
}

#[test]
fn who_watches_goes_on_from_where_it_was() {
    let (program, _folder) = server(&["--rate", "0"]);
    let (mut student, _) = Peer::join(&program, "a", json!({}));
    for number in 1..=20 {
        student.square(number, &format!("r{number}"));
    }
    student.seqs(20);
    let log = student.hello["log"].clone();
    let (mut wall, welcome) = watch(&program, json!({"after": 15, "log": log, "backlog": 1}));
    assert_eq!(welcome["replay_after"], 15);
    assert_eq!(wall.seqs(5), [16, 17, 18, 19, 20]);
    let (_, welcome) = watch(&program, json!({"after": 15, "log": "another", "backlog": 1}));
    assert_eq!(welcome["replay_after"], 19);
}
