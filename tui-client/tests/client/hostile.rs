//! A server that means harm: text that would do something to a terminal, in every field of every message, into the
//! full screen, its lines, and plain mode. Nothing of it reaches the terminal raw, nor its title.

use std::process::Stdio;

use crate::support::pty::Pty;
use crate::support::{Fake, Home, Peer, Process};
use serde_json::json;
use squares_shared::student::is_printable;

/// A colour, titles, a link, a device string, an answer that would be typed; C1 controls; every way to turn the
/// direction of writing; zero width; separators; line breaks, NUL and DEL; tags; a soft hyphen; marks and selectors
/// without end.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\x1b[31mPWN",
        "\x1b]0;PWN\x07",
        "\x1b]2;PWN\x1b\\",
        "\x1b]8;;http://PWN\x1b\\PWN",
        "\x1bP$qPWN\x1b\\",
        "\x1b[21tPWN",
        "\x1bcPWN",
        "\x1b[?1049lPWN",
        "\u{9b}31mPWN",
        "\u{9d}0;PWN\u{9c}",
        "\u{90}PWN\u{9c}",
        "\u{85}PWN",
        "\u{202a}PWN",
        "\u{202e}PWN",
        "\u{2066}PWN",
        "\u{2068}PWN\u{2069}",
        "\u{200f}PWN",
        "\u{61c}PWN",
        "\u{200b}PWN",
        "\u{200d}PWN",
        "\u{2060}PWN",
        "\u{feff}PWN",
        "\u{2028}PWN",
        "\u{2029}PWN",
        "PWN\nPWN",
        "PWN\rPWN",
        "PWN\0PWN",
        "\x08\x08PWN",
        "\x0ePWN",
        "\x7fPWN",
        "\u{e0001}\u{e0050}\u{e007f}",
        "\u{ad}PWN",
        "\u{fff9}PWN",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("Z{}", "\u{301}\u{489}".repeat(200)));
    texts.push(format!("V{}", "\u{fe0f}\u{e0100}".repeat(120)));
    texts.push("\u{301}".repeat(100));
    texts.push("\u{3164}\u{115f}\u{ffa0}".into());
    texts
}

/// Everything that a server says, with this text wherever text stands.
fn say_everything(peer: &mut Peer, text: &str, seq: u64) {
    let person = json!({"id": text, "name": text, "sessions": 1});
    let mut result = json!({"type": "result", "seq": seq, "at": text, "student": text, "name": text, "number": text, "square": text});
    peer.say(&result);
    result["seq"] = (seq + 1).into();
    result["student"] = "s1".into();
    result["id"] = text.into();
    result["at"] = "2026-01-02T03:04:05.678Z".into();
    peer.say(&result);
    for (at, (name, number, square)) in [(text, "2", "4"), ("n", text, "4"), ("n", "2", text)].into_iter().enumerate() {
        let seq = seq + 2 + at as u64;
        let at = "2026-01-02T03:04:05.678Z";
        peer.say(&json!({"type": "result", "seq": seq, "at": at, "student": "s2", "name": name, "number": number, "square": square}));
    }
    peer.say(&json!({"type": "presence", "count": 2, "joined": [person], "left": [text]}));
    peer.say(&json!({"type": "online", "count": 1, "students": [person]}));
    peer.say(&json!({"type": "pong", "at": text}));
    peer.say(&json!({"type": text, "text": text}));
    for code in ["bad_message", "storage_unavailable", text] {
        peer.say(&json!({"type": "error", "code": code, "message": text, "id": text}));
        peer.say(&json!({"type": "error", "code": code, "message": text}));
    }
}

/// Answers the client's question for earlier results: one for each text, which stands wherever text may.
fn say_earlier(peer: &mut Peer) {
    let before = peer.hear_type("history")["before"].as_u64().unwrap();
    let first = before - texts().len() as u64;
    let results: Vec<_> = (first..before)
        .zip(texts())
        .map(|(seq, text)| json!({"seq": seq, "at": text, "student": text, "name": text, "number": text, "square": text, "id": text}))
        .collect();
    peer.say(&json!({"type": "history", "results": results, "more": false, "student": null}));
}

/// Says hello, with this text wherever text stands.
fn hello(peer: &mut Peer, text: &str) {
    let limits = json!({"line": 65536, "digits": 10000, "rate": 0, "burst": 0});
    peer.say(&json!({"type": "hello", "protocol": 1, "server": text, "auth": "open", "log": text, "latest": 0, "limits": limits}));
}

fn welcome(peer: &mut Peer, text: &str) {
    peer.hear_type("join");
    let online = json!({"count": 2, "students": [{"id": text, "name": text, "sessions": 2}]});
    let me = json!({"id": "s1", "name": text, "department": text});
    peer.say(&json!({"type": "welcome", "student": me, "online": online, "latest": 999, "replay_after": 999}));
}

fn assert_harmless(what: &str, bytes: &str) {
    for text in texts() {
        let is_raw = !text.chars().all(is_printable) && !text.starts_with("PWN\n") && bytes.contains(&text);
        assert!(!is_raw, "{what}: {text:?} went through");
    }
    let raw = |c: &char| !is_printable(*c) && !c.is_ascii_control();
    assert_eq!(bytes.chars().find(raw), None, "{what}");
    let marks = |c: char| matches!(c, '\u{301}' | '\u{489}');
    let longest = bytes.split(|c| !marks(c)).map(|run| run.chars().count()).max();
    assert!(longest < Some(6), "{what}: {longest:?} marks on one another");
    let unsteady = |c: &char| matches!(c, '\u{fe0f}' | '\u{e0100}' | '\u{3164}' | '\u{115f}' | '\u{ffa0}');
    assert_eq!(bytes.chars().find(unsteady), None, "{what}: terminals do not agree how wide it is");
}

/// Waits for a number, whether or not its digits stand in groups.
fn shows_number(pty: &mut Pty, number: &str) {
    pty.until(number, |screen| screen.contents().replace(',', "").contains(number));
}

#[test]
fn nothing_that_a_server_says_reaches_the_terminal_raw() {
    for flags in [&["--notify", "title"][..], &["--linear"]] {
        let (fake, home) = (Fake::listen(), Home::new());
        let address = fake.address();
        let arguments = [&["--server", &*address, "--student", "s1", "--lang", "en"], flags].concat();
        let mut pty = Pty::start(&home, &arguments);
        let mut peer = fake.accept();
        peer.hello("log", 999);
        welcome(&mut peer, "\x1b]0;PWN\x07");
        say_earlier(&mut peer);
        peer.say(&json!({"type": "result", "seq": 1_000, "at": "t", "student": "s1", "name": "s1", "number": "5", "square": "25"}));
        pty.until_shows("25");
        // Whoever looks elsewhere is told in the title.
        pty.type_text("\x1b[O");
        let mut seq = 1_100;
        for text in texts() {
            say_everything(&mut peer, &text, seq);
            seq += 10;
            let last = format!("{}", seq * seq);
            let number = seq.to_string();
            peer.say(&json!({"type": "result", "seq": seq, "at": "t", "student": "s1", "name": "s1", "number": number, "square": last}));
            shows_number(&mut pty, &last);
            seq += 1;
        }
        peer.say_raw(
            r#"{"type":"result","seq":9999,"at":"t","student":"s2","name":"\ud800PWN","number":"1","square":"1"}"#,
        );
        // A lone surrogate is no text: that line is no message, and the client connects anew.
        let mut peer = fake.accept();
        hello(&mut peer, "\u{9b}31mPWN\x1b]0;PWN\x07");
        welcome(&mut peer, "\u{202e}PWN");
        peer.say(&json!({"type": "result", "seq": 10_001, "at": "t", "student": "s1", "name": "s1", "number": "77", "square": "5929"}));
        shows_number(&mut pty, "5929");
        pty.signal(rustix::process::Signal::TERM);
        pty.exit_code();
        pty.assert_clean();
        assert_harmless(flags[0], &pty.all_sent());
    }
}

#[test]
fn nothing_that_a_server_says_goes_raw_through_plain_mode() {
    for flags in [&["--follow"][..], &["--follow", "--json"]] {
        let (fake, home) = (Fake::listen(), Home::new());
        let address = fake.address();
        let arguments = [&["--server", &*address, "--student", "s1"], flags].concat();
        let mut process = Process::start(home.squares(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut peer = fake.accept();
        peer.hello("log", 999);
        welcome(&mut peer, "\x1b]0;PWN\x07");
        let lines = process.stdout_lines();
        for (at, text) in texts().into_iter().enumerate() {
            say_everything(&mut peer, &text, 1_100 + 10 * at as u64);
        }
        peer.say(&json!({"type": "result", "seq": 9_000, "at": "t", "student": "s2", "name": "n", "number": "77", "square": "5929"}));
        let mut heard = String::new();
        while !heard.contains("5929") {
            heard.push_str(&lines.next());
        }
        process.signal(rustix::process::Signal::TERM);
        process.exit_code();
        let errors = process.errors();
        let all = heard + &errors.replace('\n', "");
        assert_eq!(all.chars().find(|c| !is_printable(*c)), None, "{flags:?}");
    }
}

#[test]
fn hostile_text_in_any_field_of_a_server_does_nothing_to_the_terminal() {
    let bad = "x\x1b]0;title\x07\x1b[31m\u{9b}5m\u{202e}\u{2066}\u{200b}\u{2028}\n\r\0\x7fy";
    let (fake, home) = (Fake::listen(), Home::new());
    let mut pty = Pty::start(&home, &["--server", &fake.address(), "--student", "s1"]);
    let mut peer = fake.accept();
    let limits = json!({"line": 65536, "digits": 10000, "rate": 20, "burst": 50});
    peer.say(&json!({"type": "hello", "protocol": 1, "server": bad, "auth": "open", "log": bad, "latest": 3, "limits": limits}));
    peer.hear_type("join");
    let person = json!({"id": bad, "name": bad, "sessions": 2});
    peer.say(&json!({"type": "welcome", "student": {"id": "s1", "name": bad, "department": bad},
        "online": {"count": 2, "students": [person, {"id": "s1", "name": bad, "sessions": 1}]}, "latest": 3, "replay_after": 0}));
    for seq in 1..=3 {
        peer.say(&json!({"type": "result", "seq": seq, "at": bad, "student": bad, "name": bad, "number": bad, "square": bad, "id": bad}));
    }
    peer.say(
        &json!({"type": "presence", "count": 3, "joined": [{"id": "s3", "name": bad, "sessions": 1}], "left": [bad]}),
    );
    peer.say(&json!({"type": "error", "code": bad, "message": bad}));
    peer.result(4, "s3", "12", None);
    pty.until_shows("12² = 144");
    let stream = pty.all_sent();
    for raw in ["\x1b]0;title", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{2028}", "\x7f"] {
        assert!(!stream.contains(raw), "{raw:?} reached the terminal");
    }
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}
