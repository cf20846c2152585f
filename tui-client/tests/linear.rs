//! The room as lines (`--linear`), in a real terminal with the real server: what is said, in which order, and that nothing
//! breaks into a line that is being typed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::pty::Pty;
use support::{Home, Server};

fn enter(server: &Server, home: &Home, lang: &str) -> Pty {
    let arguments = ["--linear", "--server", &server.address, "--student", "s1", "--name", "가람", "--lang", lang];
    let pty = Pty::start(home, &arguments);
    pty.until_shows(if lang == "ko" { "접속 1명" } else { "1 online" });
    pty
}

/// Where in what is shown these stand; all of them must.
fn places(shown: &str, parts: &[&str]) -> Vec<usize> {
    parts.iter().map(|part| shown.find(part).unwrap_or_else(|| panic!("{part} is not in:\n{shown}"))).collect()
}

#[test]
fn results_are_lines_and_wait_while_a_line_is_typed() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut pty = enter(&server, &home, "en");
    server.square_as("s2", "3");
    pty.until_shows("s2: 3² = 9");
    pty.type_text("12");
    pty.until_shows("> 12");
    server.square_as("s2", "5");
    // It is in the ledger, and the answer to another key comes without it.
    pty.type_text("3");
    let shown = pty.until_shows("> 123");
    assert!(!shown.contains("= 25"), "{shown}");
    pty.type_text("\x7f\r");
    let shown = pty.until_shows("me: 12² = 144");
    assert!(places(&shown, &["s2: 3² = 9", "s2: 5² = 25", "me: 12² = 144"]).is_sorted(), "{shown}");
    assert!(shown.lines().any(|line| line.trim_end() == "> 12"), "what was entered stays: {shown}");
    pty.type_text("1x\r");
    pty.until_shows("'x'");
    pty.type_text("\x15/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
    let bytes = pty.all_sent();
    assert!(!bytes.contains("\x1b[?1049") && !bytes.contains("\x1b[2J") && !bytes.contains('─'), "{bytes}");
}

#[test]
fn every_command_is_answered_in_lines_in_both_languages() {
    for (lang, joined, everybody, counts) in [
        ("ko", "접속 1명", "모두의 결과", "학생별 (모두 3개)"),
        ("en", "1 online", "Everybody's", "by student (3 in all)"),
    ] {
        let server = Server::start(&["--rate", "0"]);
        let home = Home::new();
        let mut pty = enter(&server, &home, lang);
        server.square_as("s2", "7");
        pty.type_text("12\r");
        pty.until_shows("12² = 144");
        server.square_as("s2", "6");
        pty.until_shows("6² = 36");
        for (keys, answer) in [
            ("/who\r", joined),
            ("/chart\r", counts),
            ("/help\r", "/find"),
            ("/find 49\r", "'49'"),
            ("\x1b", everybody),
            ("/mine\r", "144"),
            ("\x1b", everybody),
            ("/exti\r", "/exit"),
            ("\x15\x1b[1;2A\r", "(2"),
        ] {
            let before = pty.sent();
            pty.type_text(keys);
            pty.until_sent(answer, before);
        }
        pty.type_text("\x15/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}

#[test]
fn a_flood_is_said_in_part_and_counted() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut reader = home.squares(&["--server", &server.address, "--student", "s2"]);
    let numbers: String = (1..=500).map(|number| format!("{number}\n")).collect();
    assert_eq!(support::run(&mut reader, numbers.as_bytes()).code, Some(0));
    let pty = enter(&server, &home, "en");
    let shown = pty.until_shows("s2: 500² = 250000");
    assert!(shown.contains("passed over"), "{shown}");
    assert!(pty.all_sent().lines().count() < 40, "{}", pty.all_sent());
}

#[test]
fn a_lost_connection_and_its_return_are_said() {
    let mut server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&server, &home, "ko");
    server.kill();
    pty.until_shows("뒤 다시 연결");
    pty.type_text("6\r");
    pty.until_shows("보낼 수 1개");
    server.start_again();
    pty.until_shows("나: 6² = 36");
    assert_eq!(server.numbers(), ["6"]);
    pty.signal(rustix::process::Signal::TERM);
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}
