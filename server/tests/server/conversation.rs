//! Conversations with a real server, line by line: what each request is answered, and what each mistake is told.

use crate::support::{Peer, Program, server};
use serde_json::{Value, json};

/// Sends a line and checks the fields of the answer that are named; gives the answer.
fn check(peer: &mut Peer, line: &str, expected: Value) -> Value {
    peer.send_raw(format!("{line}\n").as_bytes());
    let answer = peer.reply();
    for (name, value) in expected.as_object().expect("fields") {
        assert_eq!(&answer[name], value, "{name} of {answer}, the answer to {line}");
    }
    answer
}

fn check_error(peer: &mut Peer, line: &str, code: &str) {
    let answer = check(peer, line, json!({"type": "error", "code": code}));
    let message = answer["message"].as_str().expect("an error has a message");
    assert!(message.ends_with('.') && message.len() > 20, "no sentence: {message:?}");
}

#[test]
fn a_student_joins_and_squares_and_leaves() {
    let (program, _folder) = server(&[]);
    let (mut peer, welcome) = Peer::join(&program, "20260001", json!({"name": "가람"}));
    assert_eq!(peer.hello["protocol"], 1);
    assert_eq!(peer.hello["auth"], "open");
    assert_eq!(peer.hello["latest"], 0);
    assert_eq!(
        peer.hello["limits"],
        json!({"line": 65536, "digits": 10000, "rate": 20, "burst": 50, "digit_rate": 20000})
    );
    assert_eq!(welcome["student"], json!({"id": "20260001", "name": "가람", "department": null}));
    assert_eq!(welcome["online"], json!({"count": 1, "students": [{"id": "20260001", "name": "가람", "sessions": 1}]}));
    assert_eq!((&welcome["latest"], &welcome["replay_after"]), (&json!(0), &json!(0)));

    for (number, canonical, square) in [
        (json!("-12"), "-12", "144"),
        (json!(" 1,234.50 "), "1234.5", "1523990.25"),
        (json!("１．５e２"), "150", "22500"),
        (json!("−0"), "0", "0"),
        (json!("1_000"), "1000", "1000000"),
    ] {
        let line = json!({"type": "square", "number": number}).to_string();
        let result = check(&mut peer, &line, json!({"type": "result", "number": canonical, "square": square}));
        assert_eq!((&result["student"], &result["name"]), (&json!("20260001"), &json!("가람")));
        assert!(result.get("id").is_none());
        let at = result["at"].as_str().unwrap();
        assert!(at.len() == 24 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
    }
    let exact = "123456789012345678901234567890.5";
    let line = format!(r#"{{"type":"square","number":{exact},"id":"big"}}"#);
    let square = "15241578753238836750495351562659655576514250878776253619990.25";
    check(&mut peer, &line, json!({"type": "result", "number": exact, "square": square, "id": "big"}));
    check(&mut peer, r#"{"type":"leave"}"#, json!({"type": "bye", "reason": "left"}));
    peer.closed();
}

#[test]
fn an_error_has_the_id_of_its_request_whatever_was_asked() {
    let (program, _folder) = server(&["--max-per-student", "1"]);
    let _other = Peer::join(&program, "taken", json!({}));
    let mut peer = Peer::connect(&program);
    let told = |peer: &mut Peer, request: Value, code: &str| {
        let mut named = request.clone();
        named["id"] = json!("q");
        check(peer, &named.to_string(), json!({"type": "error", "code": code, "id": "q"}));
        let unnamed = check(peer, &request.to_string(), json!({"type": "error", "code": code}));
        assert!(unnamed.get("id").is_none(), "the id of another request: {unnamed}");
    };
    told(&mut peer, json!({"type": "history"}), "not_joined");
    told(&mut peer, json!({"type": "square", "number": "1"}), "not_joined");
    told(&mut peer, json!({"type": "join"}), "bad_message");
    told(&mut peer, json!({"type": "join", "student": "!"}), "bad_student");
    told(&mut peer, json!({"type": "join", "student": "taken"}), "too_many_terminals");
    told(&mut peer, json!({"type": "cube"}), "unknown_type");
    peer.send(&json!({"type": "join", "student": "s", "id": "j"}));
    peer.next_of("welcome");
    told(&mut peer, json!({"type": "join", "student": "s"}), "already_joined");
    told(&mut peer, json!({"type": "watch"}), "already_joined");
    told(&mut peer, json!({"type": "history", "student": "\u{200b}"}), "bad_message");
    told(&mut peer, json!({"type": "history", "limit": 0}), "bad_message");
    told(&mut peer, json!({"type": "square", "number": "x"}), "not_a_number");
}

#[test]
fn every_mistake_is_told_and_the_connection_goes_on() {
    let (program, _folder) = server(&["--max-digits", "20", "--max-line", "300"]);
    let mut peer = Peer::connect(&program);
    check(&mut peer, r#"{"type":"ping"}"#, json!({"type": "pong"}));
    check_error(&mut peer, r#"{"type":"square","number":"1"}"#, "not_joined");
    check_error(&mut peer, r#"{"type":"square"}"#, "not_joined");
    check_error(&mut peer, r#"{"type":"history","limit":-1}"#, "not_joined");
    check_error(&mut peer, "hello", "bad_message");
    check_error(&mut peer, r#"["ping"]"#, "bad_message");
    check_error(&mut peer, r#"{"type":"cube"}"#, "unknown_type");
    check_error(&mut peer, r#"{"type":"join"}"#, "bad_message");
    check_error(&mut peer, r#"{"type":"join","student":"학번"}"#, "bad_student");
    check_error(&mut peer, r#"{"type":"join","student":"s","name":"a\u001b[31m"}"#, "bad_student");
    for name in
        ["\u{3164}", "a\u{34f}b", "\u{2800}", "❤\u{fe0f}", "b\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{301}b", " "]
    {
        let join = json!({"type": "join", "student": "s", "name": name}).to_string();
        check_error(&mut peer, &join, "bad_student");
    }
    check_error(&mut peer, "{\"type\":\"join\",\"student\":\"s\u{3164}\"}", "bad_student");
    check_error(&mut peer, r#"{"type":"join","student":"s","after":-1}"#, "bad_message");
    check(&mut peer, r#"{"type":"join","student":"s","name":null,"pin":null}"#, json!({"type": "welcome"}));
    check_error(&mut peer, r#"{"type":"join","student":"s"}"#, "already_joined");

    for not_a_number in [
        "",
        "x",
        "1/2",
        "2+3",
        "²",
        "Ⅷ",
        "٣",
        "1 2",
        "1,23",
        "--1",
        "1e",
        ".",
        "0x10",
        "NaN",
        "0,001",
        "０，５",
        "1,2345",
        "1_0,000",
        "1e1_0",
        "–",
        "5–",
    ] {
        check_error(&mut peer, &json!({"type": "square", "number": not_a_number}).to_string(), "not_a_number");
    }
    check_error(&mut peer, r#"{"type":"square","number":"1e999999999","id":"a"}"#, "too_many_digits");
    check_error(&mut peer, r#"{"type":"square","number":123456789012345678901,"id":"a"}"#, "too_many_digits");
    check(
        &mut peer,
        r#"{"type":"square","number":"12345678901234567890","id":"a"}"#,
        json!({"type": "result", "id": "a"}),
    );
    check(
        &mut peer,
        r#"{"type":"square","number":"5","id":"a"}"#,
        json!({"type": "error", "code": "id_reused", "id": "a"}),
    );
    check_error(&mut peer, &format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(300)), "too_long");
    check(&mut peer, "\r\n\n{\"type\":\"ping\"}\r", json!({"type": "pong"}));
}

#[test]
fn a_line_that_is_too_long_is_answered_before_it_ends() {
    let (program, _folder) = server(&["--max-line", "100"]);
    let mut peer = Peer::connect(&program);
    peer.send_raw(&[b'x'; 101]);
    assert_eq!(peer.next()["code"], "too_long");
    peer.send_raw(&[b'x'; 1 << 20]);
    peer.send_raw(b"\n{\"type\":\"ping\"}\n");
    assert_eq!(peer.next()["type"], "pong");
}

#[test]
fn everybody_gets_the_same_line() {
    let (program, _folder) = server(&[]);
    let (mut a, _) = Peer::join(&program, "a", json!({}));
    let (mut b, _) = Peer::join(&program, "b", json!({}));
    a.square("3", "r1");
    let seen = [a.next_of("result"), b.next_of("result")];
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0]["seq"], 1);
    // Again with the same id: the original, to its sender alone.
    a.square("3.0", "r1");
    assert_eq!(a.next_of("result"), seen[0]);
    b.square("4", "r1");
    assert_eq!(b.next_of("result")["seq"], 2, "the id of another student is another id, and no repeat came before it");
}

#[test]
fn who_comes_and_goes_is_told() {
    let (program, _folder) = server(&[]);
    let (mut a, _) = Peer::join(&program, "a", json!({}));
    let (b, welcome) = Peer::join(&program, "b", json!({"name": "나래"}));
    assert_eq!(welcome["online"]["count"], 2);
    let told = a.next_of("presence");
    assert_eq!(
        told,
        json!({"type": "presence", "count": 2, "joined": [{"id": "b", "name": "나래", "sessions": 1}], "left": []})
    );
    let (second, _) = Peer::join(&program, "b", json!({"name": "나래"}));
    assert_eq!(a.next_of("presence")["joined"], json!([{"id": "b", "name": "나래", "sessions": 2}]));
    drop(b);
    assert_eq!(a.next_of("presence")["joined"][0]["sessions"], 1);
    drop(second);
    assert_eq!(a.next_of("presence"), json!({"type": "presence", "count": 1, "joined": [], "left": ["b"]}));
}

#[test]
fn a_join_without_a_name_renames_nobody() {
    let (program, folder) = server(&[]);
    let name = |program: &Program, fields: Value| Peer::join(program, "b", fields).1["student"]["name"].clone();
    let (mut watching, _) = Peer::join(&program, "a", json!({}));
    let (mut b, welcome) = Peer::join(&program, "b", json!({}));
    assert_eq!(welcome["student"]["name"], "b", "nobody knows another");
    drop(b);
    (b, _) = Peer::join(&program, "b", json!({"name": "나래"}));
    // Online, under the name of the room.
    assert_eq!(name(&program, json!({})), "나래");
    assert_eq!(name(&program, json!({"name": null})), "나래");
    while watching.next_of("presence")["joined"][0]["sessions"] != 1 {}
    b.square(7, "r");
    assert_eq!(b.reply()["name"], "나래");
    drop(b);
    while watching.next_of("presence")["left"] != json!(["b"]) {}
    // Away, under the name of the last result; and that after a restart too, until another name is given and recorded.
    assert_eq!(name(&program, json!({})), "나래");
    assert_eq!(name(&program, json!({"name": "다솜"})), "다솜");
    program.stop();
    let program = Program::start(folder.path(), &[]);
    let (mut b, welcome) = Peer::join(&program, "b", json!({"backlog": 0}));
    assert_eq!(welcome["student"]["name"], "나래");
    assert_eq!(welcome["online"]["students"], json!([{"id": "b", "name": "나래", "sessions": 1}]));
    b.square(8, "s");
    assert_eq!(b.reply()["name"], "나래");
    let (mut named, _) = Peer::join(&program, "b", json!({"name": "다솜", "backlog": 0}));
    named.square(9, "t");
    assert_eq!(named.reply()["name"], "다솜");
    assert_eq!(name(&program, json!({})), "다솜");
    assert_eq!(Peer::join(&program, "c", json!({})).1["student"]["name"], "c");
}

#[test]
fn history_comes_in_pages() {
    let (program, _folder) = server(&["--rate", "0"]);
    let (mut a, _) = Peer::join(&program, "a", json!({}));
    let (mut b, _) = Peer::join(&program, "b", json!({}));
    for number in 1..=10 {
        let peer = if number % 3 == 0 { &mut b } else { &mut a };
        peer.square(number, &number.to_string());
        peer.seqs(1);
        if number % 3 == 0 {
            a.seqs(1)
        } else {
            b.seqs(1)
        };
    }
    let page = |peer: &mut Peer, request: Value| {
        peer.send(&request);
        let page = peer.next_of("history");
        let seqs = page["results"].as_array().unwrap().iter().map(|result| result["seq"].as_u64().unwrap());
        assert!(page["results"].as_array().unwrap().iter().all(|result| result.get("type").is_none()));
        (seqs.collect::<Vec<_>>(), page["more"].as_bool().unwrap(), page["student"].clone())
    };
    let history = |fields: Value| {
        let mut request = json!({"type": "history"});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    assert_eq!(page(&mut a, history(json!({}))), ((1..=10).collect(), false, Value::Null));
    assert_eq!(page(&mut a, history(json!({"before": 9, "limit": 3}))), (vec![6, 7, 8], true, Value::Null));
    assert_eq!(page(&mut a, history(json!({"limit": 2, "student": "b"}))), (vec![6, 9], true, json!("b")));
    assert_eq!(page(&mut a, history(json!({"before": 6, "student": "b"}))), (vec![3], false, json!("b")));
    assert_eq!(page(&mut a, history(json!({"student": "nobody"}))), (vec![], false, json!("nobody")));
    assert_eq!(page(&mut a, history(json!({"after": 8}))), (vec![9, 10], false, Value::Null));
    assert_eq!(page(&mut a, history(json!({"after": 0, "limit": 2, "before": null}))), (vec![1, 2], true, Value::Null));
    assert_eq!(page(&mut a, history(json!({"after": 2, "before": 5}))), (vec![3, 4], false, Value::Null));
    assert_eq!(page(&mut a, history(json!({"after": 3, "limit": 1, "student": "b"}))), (vec![6], true, json!("b")));
    assert_eq!(page(&mut a, history(json!({"after": 10}))), (vec![], false, Value::Null));
    // What was asked before on the same connection is in the page, answered yet or not.
    a.send_raw(b"{\"type\":\"square\",\"number\":\"11\"}\n{\"type\":\"history\",\"limit\":1}\n");
    assert_eq!(a.next_of("history")["results"][0]["number"], "11");
}

#[test]
fn a_client_that_closes_its_sending_side_gets_its_answers() {
    let (program, _folder) = server(&[]);
    let mut peer = Peer::connect(&program);
    peer.send_raw(b"{\"type\":\"join\",\"student\":\"a\"}\n{\"type\":\"square\",\"number\":\"3\"}\n{\"type\":\"square\",\"number\":\"1e3000\"}\n{\"type\":\"ping\"}");
    peer.end();
    let mut kinds: Vec<String> = Vec::new();
    while let Some(message) = peer.try_next() {
        kinds.push(message["type"].as_str().unwrap().to_owned());
    }
    kinds.sort();
    assert_eq!(kinds, ["pong", "result", "result", "welcome"]);
}

#[test]
fn only_what_is_recorded_counts_against_the_rate() {
    let (program, _folder) = server(&["--rate", "1", "--burst", "3"]);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    let started = std::time::Instant::now();
    peer.square("1", "r1");
    peer.seqs(1);
    for _ in 0..10 {
        peer.square("1", "r1");
        assert_eq!(peer.reply()["seq"], 1);
        peer.square("x", "r2");
        assert_eq!(peer.reply()["code"], "not_a_number");
    }
    // New ones are recorded until the burst is spent, and one more for each second that has passed since.
    let (mut recorded, mut refused) = (1, None);
    while refused.is_none() {
        peer.square(recorded + 1, &format!("n{recorded}"));
        let reply = peer.reply();
        match reply["type"].as_str() {
            Some("result") => recorded += 1,
            _ => refused = Some(reply),
        }
    }
    let allowed = 3 + started.elapsed().as_secs();
    assert!((3..=allowed).contains(&recorded), "{recorded} recorded, {allowed} allowed");
    let error = refused.unwrap();
    assert_eq!((&error["code"], &error["id"]), (&json!("rate_limited"), &json!(format!("n{recorded}"))));
    let wait = error["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1001).contains(&wait), "{wait}");
    // A repeat is answered even now, and another student has an allowance of their own.
    peer.square("1", "r1");
    assert_eq!(peer.reply()["seq"], 1);
    let (mut other, _) = Peer::join(&program, "b", json!({"backlog": 0}));
    other.square("5", "r5");
    assert_eq!(other.reply()["seq"], recorded + 1);
    std::thread::sleep(std::time::Duration::from_millis(wait));
    peer.square(recorded + 1, &format!("n{recorded}"));
    assert_eq!(peer.seqs(2), [recorded + 1, recorded + 2]);
}

#[test]
fn a_full_server_says_so_in_place_of_hello() {
    let (program, _folder) = server(&["--max-connections", "2"]);
    let first = Peer::connect(&program);
    let _second = Peer::connect(&program);
    let refused = || {
        let (_stream, mut lines) = crate::support::open(program.address);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
        let message: Value = serde_json::from_str(&line).unwrap();
        message["code"] == "server_full"
    };
    assert!(refused());
    drop(first);
    crate::support::eventually("a place is free again", || !refused());

    let (program, _folder) = server(&["--max-per-address", "1"]);
    let _first = Peer::connect(&program);
    let (_stream, mut lines) = crate::support::open(program.address);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
    assert!(line.contains("server_full"), "{line}");
}

#[test]
fn who_does_not_join_is_not_kept() {
    let (program, _folder) = server(&[]);
    let mut peer = Peer::connect(&program);
    check_error(&mut peer, r#"{"type":"join","student":""}"#, "bad_student");
    assert_eq!(peer.next()["code"], "join_timeout");
    peer.closed();
}
