//! Text that would do something to a terminal, in every field that a client or a roster has: it comes back to nobody,
//! and stands in no line of the log.

use serde_json::{Value, json};
use squares_shared::student::is_printable;

use crate::support::{Peer, Program, command, server};

/// Colours, titles, a link, a device string; C1 controls; every way to turn the direction of writing; zero width;
/// separators; line breaks, NUL and DEL; tags; a soft hyphen.
const HOSTILE: [&str; 31] = [
    "a\x1b[31mb",
    "\x1b]0;title\x07",
    "\x1b]8;;http://a\x1b\\b",
    "\x1bP$qa\x1b\\",
    "a\u{9b}31mb",
    "\u{9d}0;title\u{9c}",
    "\u{90}a\u{9c}",
    "a\u{85}b",
    "a\u{80}b",
    "a\u{202a}b",
    "a\u{202e}b",
    "a\u{2066}b",
    "a\u{2068}b\u{2069}",
    "a\u{200e}b",
    "a\u{61c}b",
    "a\u{200b}b",
    "a\u{200d}b",
    "a\u{2060}b",
    "\u{feff}a",
    "a\u{2028}b",
    "a\u{2029}b",
    "a\nb\rc",
    "a\0b",
    "a\x08b",
    "a\x0eb",
    "a\x7fb",
    "a\u{e0001}b",
    "a\u{e0041}\u{e007f}",
    "a\u{ad}b",
    "a\u{180e}b",
    "a\u{fff9}b",
];

fn assert_printable(what: &str, text: &str) {
    let raw: Vec<char> = text.chars().filter(|&c| c != '\n' && !is_printable(c)).collect();
    assert!(raw.is_empty(), "{what} has {raw:?}: {text:?}");
}

/// No text within a message may do anything either, once its escapes are undone.
fn assert_harmless(value: &Value) {
    match value {
        Value::String(text) => assert_printable("an answer", text),
        Value::Array(all) => all.iter().for_each(assert_harmless),
        Value::Object(all) => all.values().for_each(assert_harmless),
        _ => {}
    }
}

#[test]
fn hostile_text_in_any_field_reaches_neither_another_screen_nor_the_log() {
    let (program, _folder) = server(&[]);
    let (mut witness, _) = Peer::join(&program, "witness", json!({}));
    for text in HOSTILE {
        let mut peer = Peer::connect(&program);
        for request in [
            json!({"type": text}),
            json!({"type": "join", "student": text}),
            json!({"type": "join", "student": "s", "name": text}),
            json!({"type": "square", "number": "1", "id": text}),
            json!({"type": "history", "student": text}),
        ] {
            peer.send(&request);
            let answer = peer.next();
            assert_eq!(answer["type"], "error", "{request}");
            assert_harmless(&answer);
        }
        peer.send(&json!({"type": "join", "student": "s", "pin": text, "log": text}));
        assert_harmless(&peer.next_of("welcome"));
        for request in [
            json!({"type": "square", "number": text, "id": "1"}),
            json!({"type": "square", "number": "1", "id": text}),
            json!({"type": "history", "student": text}),
        ] {
            peer.send(&request);
            let answer = peer.next_of("error");
            assert_harmless(&answer);
        }
        // Half of a pair of surrogates is no character.
        for half in [r"\ud800", r"\udc00", r"\udc00\ud800"] {
            peer.send_raw(format!("{{\"type\":\"square\",\"number\":\"1\",\"id\":\"{half}\"}}\n").as_bytes());
            let answer = peer.next_of("error");
            assert_eq!(answer["code"], "bad_message");
            assert_harmless(&answer);
        }
        peer.send_raw(text.as_bytes());
        peer.send_raw(b"\n");
        assert_harmless(&peer.next_of("error"));
    }
    witness.square("3", "last");
    loop {
        let seen = witness.next();
        assert_harmless(&seen);
        if seen["type"] == "result" {
            assert_eq!(seen["number"], "3", "none of the others was recorded");
            break;
        }
    }
    let (_, log) = program.stop();
    assert_printable("the log", &log);
}

#[test]
fn hostile_text_in_a_roster_is_refused_and_not_repeated_raw() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.json");
    for text in HOSTILE {
        for field in ["id", "name", "department", "pin"] {
            let mut student = json!({"id": "s1", "name": "n"});
            student[field] = text.into();
            std::fs::write(&roster, json!([student]).to_string()).unwrap();
            let output =
                command(folder.path()).args(["--listen", "nowhere", "--roster"]).arg(&roster).output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            let log = String::from_utf8(output.stderr).unwrap();
            assert!(log.contains("roster"), "{field} {text:?}: {log}");
            assert_printable("the log", &log);
        }
    }
    std::fs::write(&roster, r#"[{"id":"s1"}]"#).unwrap();
    let program = Program::start(folder.path(), &["--roster", roster.to_str().unwrap()]);
    Peer::join(&program, "s1", json!({}));
}
