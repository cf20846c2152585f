//! PINs: who gets in, who is held up and for how long, and the two commands that make hashes.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Peer, Program, command, ended_well};

/// The PIN of everybody here. No digits: those of a port or a time in the log could be the same by chance.
pub(crate) const PIN: &str = "sesame";

/// What `squares-server pin` makes of a line.
fn hash(folder: &Path, line: &str) -> Output {
    let mut child = command(folder).arg("pin").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The flags for a roster of these students, whose PIN is [`PIN`] each.
pub(crate) fn roster_of(folder: &Path, students: &[&str]) -> [String; 4] {
    let hash = String::from_utf8(hash(folder, &format!("{PIN}\n")).stdout).unwrap();
    let rows: String = students.iter().map(|student| format!("{student},\"{}\"\n", hash.trim_end())).collect();
    let roster = folder.join("roster.csv");
    fs::write(&roster, format!("id,pin\n{rows}without,\n")).unwrap();
    ["--auth", "pin", "--roster", roster.to_str().unwrap()].map(str::to_owned)
}

/// A server with these students, whose PIN is [`PIN`] each, and where its data is.
fn with_students(folder: &Path, students: &[&str]) -> Program {
    Program::start(folder, &roster_of(folder, students).each_ref().map(String::as_str))
}

fn knock(peer: &mut Peer, student: &str, pin: Option<&str>) -> Value {
    peer.send(&json!({"type": "join", "student": student, "pin": pin}));
    peer.reply()
}

/// Tries these PINs in one go, so that none of them comes late on a slow machine; the answers.
fn knock_at_once(peer: &mut Peer, student: &str, pins: &[&str]) -> Vec<Value> {
    let join = |pin: &&str| format!("{}\n", json!({"type": "join", "student": student, "pin": pin}));
    peer.send_raw(pins.iter().map(join).collect::<String>().as_bytes());
    pins.iter().map(|_| peer.reply()).collect()
}

#[test]
fn only_the_right_pin_lets_in_and_no_pin_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_students(folder.path(), &["a"]);
    let mut peer = Peer::connect(&program);
    assert_eq!(peer.hello["auth"], "pin");
    for (student, pin, code) in [
        ("a", None, "bad_pin"),
        ("a", Some(""), "bad_pin"),
        ("a", Some("sesamesesame"), "bad_pin"),
        ("without", Some(PIN), "bad_pin"),
        ("nobody", Some(PIN), "not_on_roster"),
        ("no body", Some(PIN), "bad_student"),
        ("K7mq-93xd", Some(PIN), "not_on_roster"),
    ] {
        let answer = knock(&mut peer, student, pin);
        assert_eq!(answer["code"], code, "{student} {pin:?}: {answer}");
    }
    assert_eq!(knock(&mut peer, "a", Some(PIN))["type"], "welcome");
    assert_eq!(knock(&mut peer, "a", Some(PIN))["code"], "already_joined");
    drop(peer);
    let (status, log) = program.stop();
    assert!(ended_well(status) && !log.contains(PIN) && !log.contains("argon2"), "{log}");
    assert!(log.contains("some on the roster have no PIN"), "{log}");
    assert!(log.contains("auth=pin"), "{log}");
    let refused = |what: &str| log.lines().filter(|line| line.contains("refused") && line.ends_with(what)).count();
    assert_eq!(refused(r#"student="a" code=bad_pin"#), 3, "{log}");
    assert_eq!(refused(r#"student="without" code=bad_pin"#), 1, "{log}");
    assert_eq!(refused(r#"tried="nobody" student="" code=not_on_roster"#), 1, "{log}");
    assert_eq!(refused(r#"tried="no body" student="" code=bad_student"#), 1, "{log}");
    // A PIN may have been typed where the id belongs.
    assert!(log.contains("what has the form of a PIN") && !log.contains("93xd"), "{log}");
    assert_eq!(refused(r#"student="a" code=already_joined"#), 1, "{log}");
}

#[test]
fn requests_wait_for_the_pin_that_is_being_checked() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_students(folder.path(), &["a"]);
    let mut peer = Peer::connect(&program);
    let join = json!({"type": "join", "student": "a", "pin": PIN});
    peer.send_raw(format!("{join}\n{{\"type\":\"square\",\"number\":\"12\"}}\n").as_bytes());
    peer.end();
    assert_eq!(peer.reply()["type"], "welcome");
    assert_eq!(peer.next_of("result")["square"], "144");
    peer.closed();
}

#[test]
fn after_five_failures_even_the_right_pin_waits_and_a_success_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_students(folder.path(), &["a", "b"]);
    let five_wrong = |last: &str| {
        let answers = knock_at_once(&mut Peer::connect(&program), "a", &["0", "0", "0", "0", "0", last]);
        let codes: Vec<_> = answers.iter().map(|answer| answer["code"].as_str().unwrap_or_default()).collect();
        assert_eq!(codes, ["bad_pin", "bad_pin", "bad_pin", "bad_pin", "bad_pin", "rate_limited"]);
        answers[5]["retry_after_ms"].as_u64().expect("how long to wait")
    };
    let begin = Instant::now();
    let mut wait = five_wrong(PIN);
    assert!((1..=2001).contains(&wait), "{wait}");
    // Others are not held up.
    assert_eq!(knock(&mut Peer::connect(&program), "b", Some(PIN))["type"], "welcome");
    loop {
        std::thread::sleep(Duration::from_millis(wait));
        let answer = knock(&mut Peer::connect(&program), "a", Some(PIN));
        if answer["type"] == "welcome" {
            break;
        }
        assert_eq!(answer["code"], "rate_limited", "{answer}");
        wait = answer["retry_after_ms"].as_u64().expect("how long to wait");
    }
    assert!(begin.elapsed() < Duration::from_secs(10), "tries while held up do not count");
    // The success started anew.
    five_wrong("0");
}

#[test]
fn a_roster_gets_pins_that_let_in_and_no_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("in.csv"), "학번,이름\na,가람\nb,=나래\n").unwrap();
    let make = |from: &str, to: &str, sheet: &str| {
        let mut command = command(folder.path());
        command.arg("roster").arg("--make-pins").args([at(from), at(to)]).arg("--sheet").arg(at(sheet));
        command.output().unwrap()
    };
    let made = make("in.csv", "out.csv", "sheet.csv");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    #[cfg(unix)]
    for name in ["out.csv", "sheet.csv"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(at(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let sheet = fs::read_to_string(at("sheet.csv")).unwrap();
    let pins: HashMap<&str, &str> =
        sheet.lines().skip(1).map(|line| (line.split(',').next().unwrap(), line.rsplit(',').next().unwrap())).collect();
    assert_eq!(pins.len(), 2, "{sheet}");
    let said = String::from_utf8(made.stdout).unwrap();
    let roster = fs::read_to_string(at("out.csv")).unwrap();
    assert!(pins.values().all(|pin| !said.contains(pin) && !roster.contains(pin)), "{said}");

    for (to, sheet) in [("out.csv", "new.csv"), ("new.csv", "sheet.csv"), ("in.csv", "new.csv")] {
        let refused = make("in.csv", to, sheet);
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("not there yet"));
        assert!(!at("new.csv").exists(), "nothing half-made is left");
    }
    assert_eq!(fs::read_to_string(at("sheet.csv")).unwrap(), sheet);

    let data = at("data");
    let program = Program::start(&data, &["--auth", "pin", "--roster", at("out.csv").to_str().unwrap()]);
    for (student, pin) in pins {
        assert_eq!(knock(&mut Peer::connect(&program), student, Some(pin))["type"], "welcome");
    }
}

#[test]
fn one_pin_is_hashed_from_standard_input_and_an_empty_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let output = hash(folder.path(), "가4711\r\nmore\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.starts_with("$argon2id$v=19$") && text.lines().count() == 1, "{text}");
    for empty in ["", "\n"] {
        let output = hash(folder.path(), empty);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && String::from_utf8_lossy(&output.stderr).contains("first line"));
    }
}

#[test]
fn a_roster_whose_pins_cannot_be_checked_is_refused_and_the_old_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    for (pin, hint) in [(PIN, "squares-server pin"), ("$argon2id$v=19$m=1$x$y", "cannot be used")] {
        fs::write(&roster, format!("id,pin\na,\"{pin}\"\n")).unwrap();
        let started = command(folder.path()).args(["--auth", "pin", "--roster"]).arg(&roster).output().unwrap();
        let log = String::from_utf8_lossy(&started.stderr);
        assert_eq!(started.status.code(), Some(1));
        assert!(log.contains(hint) && !log.contains(PIN), "{log}");
    }
}
