//! The room as lines (`--linear`), in a real terminal with the real server: what is said, in which order, and that
//! nothing breaks into a line that is being typed.

use crate::support::pty::Pty;
use crate::support::{Home, SQUARES, Server, run};

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
    for (lang, everybody, counts, copied, colours) in [
        ("ko", "모두의 결과", "학생별 (모두 3개)", "수를 복사했습니다: ", "색: "),
        ("en", "Everybody's", "by student (3 in all)", "Copied the number: ", "Colours: "),
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
            // The other student may still be counted.
            ("/who\r", "), s1"),
            ("/chart\r", counts),
            ("/help\r", "/find"),
            ("/find 49\r", "'49'"),
            ("\x1b", everybody),
            ("/mine\r", "144"),
            ("\x1b", everybody),
            ("/exti\r", "/exit"),
            ("\x15\x1b[1;2A\r", "(2"),
            ("/copy number\r", copied),
            ("/theme dark\r", colours),
            ("/export a.txt\r", ".jsonl"),
            ("\x15/lang en\r", "English from now on."),
            ("/lang ko\r", "한국어"),
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
    assert_eq!(run(&mut reader, numbers.as_bytes()).code, Some(0));
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
    pty.until_shows("전송 대기 1개");
    server.start_again();
    pty.until_shows("나: 6² = 36");
    assert_eq!(server.numbers(), ["6"]);
    pty.signal(rustix::process::Signal::TERM);
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn an_export_is_told_in_lines_and_a_file_that_is_there_is_asked_about() {
    for (lang, question, done) in [
        ("ko", "파일이 이미 있습니다", "결과 3개를"),
        ("en", "is there already. Enter again replaces it.", "3 results in"),
    ] {
        let server = Server::start(&["--rate", "0"]);
        let home = Home::new();
        for number in ["3", "4", "5"] {
            server.square_as("s2", number);
        }
        let mut pty = enter(&server, &home, lang);
        let file = home.path().join("a.csv");
        std::fs::write(&file, "mine").unwrap();
        pty.type_text("/export ~/a.csv\r");
        pty.until_shows(question);
        // The same command stands there again, to be entered or cleared.
        pty.until_shows("> /export ~/a.csv");
        pty.type_text("\x03");
        pty.type_text("12\r");
        pty.until_shows("12² = 144");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        let before = pty.sent();
        pty.type_text("/export ~/a.csv\r");
        pty.until_sent(question, before);
        pty.type_text("\r");
        pty.until_sent(&done.replace('3', "4"), before);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(",3,9,") && text.contains(",12,144,"), "{text}");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}

#[test]
fn a_pin_is_asked_for_in_a_line_and_never_said() {
    const PIN: &str = "90210447";
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin(PIN).unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let server = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    for (lang, asked, wrong, joined) in
        [("ko", "PIN을 입력해 주세요", "PIN이", "접속 1명"), ("en", "Type your PIN", "Wrong PIN", "1 online")]
    {
        let arguments = ["--linear", "--server", &server.address, "--student", "s1", "--lang", lang];
        let mut pty = Pty::start(&home, &arguments);
        pty.until_shows(asked);
        pty.until_shows("PIN: ");
        pty.type_text("11112222\r");
        pty.until_shows(wrong);
        // Letter by letter, with one that is taken away in between.
        for letter in PIN.chars() {
            pty.type_text(&letter.to_string());
        }
        pty.type_text("5\x7f\x1b[D\x1b[C");
        pty.until_shows("PIN: ********");
        pty.type_text("\r");
        pty.until_shows(joined);
        pty.type_text("12\r");
        pty.until_shows("12² = 144");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
        let sent = pty.all_sent();
        for said in [PIN, "9021", "0447", "11112222", "902104475"] {
            assert!(!sent.contains(said), "{said} is in what was said: {sent}");
        }
    }
}

#[test]
fn a_line_longer_than_the_terminal_is_wide_is_edited_on_the_rows_it_takes() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let arguments = ["--linear", "--server", &server.address, "--student", "s1", "--lang", "en"];
    let mut pty = Pty::start_sized(&home, (30, 8), SQUARES, &arguments, &[]);
    pty.until_shows("1 online");
    pty.type_text("/find 가나다라마바사아자차카타파하 1234567890");
    pty.until_shows_rows(&["> /find 가나다라마바사아자차카", "타파하 1234567890"]);
    assert_eq!(pty.cursor().1, 17);
    // A letter before the first syllable, and another at the end.
    pty.type_text("\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[Cx");
    pty.until_shows_rows(&["> /find x가나다라마바사아자차", "카타파하 1234567890"]);
    pty.type_text("\x7f\x055");
    pty.until_shows_rows(&["> /find 가나다라마바사아자차카", "타파하 12345678905"]);
    server.square_as("s2", "5");
    // The whole line goes at once, from all of its rows.
    pty.type_text("\x15");
    pty.until_shows_rows(&["s2: 5² = 25", ">"]);
    let nines = "9".repeat(40);
    pty.type_text(&nines);
    pty.until_shows_rows(&[&format!("> {}", &nines[..28]), &nines[28..]]);
    pty.type_text("\r");
    // What was entered stays, and the answer comes below it.
    let said = ["me: (40 digits, begins 9.99, e", "nds 999)² = 80 digits, begins", "9.99, ends 001"];
    pty.until_shows_rows(&[&format!("> {}", &nines[..28]), &nines[28..], said[0], said[1], said[2]]);
    // Longer than the whole screen: its end is shown.
    let mut long = String::new();
    for digit in 0..8 {
        long.push_str(&digit.to_string().repeat(40));
    }
    pty.type_text(&long);
    let shown = pty.until_shows(&"7".repeat(40));
    assert!(shown.contains("\n< 5"), "{shown}");
    pty.type_text("\x15");
    pty.until_shows_rows(&[said[2], ">"]);
    pty.type_text("\x04");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn every_enter_on_a_line_that_is_wrong_says_so_again() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&server, &home, "en");
    for (line, words) in [("x1", "'x'"), ("/exti", "Did you mean /exit?"), ("/exit now", "/exit takes no")] {
        pty.type_text(line);
        for _ in 0..3 {
            let before = pty.sent();
            pty.type_text("\r");
            pty.until_sent(words, before);
        }
        pty.type_text("\x15");
    }
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_search_is_summed_up_before_what_it_found_and_says_nothing_twice() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    server.square_as("s2", "12");
    server.square_as("s2", "7");
    let mut pty = enter(&server, &home, "en");
    pty.until_shows("7² = 49");
    let before = pty.sent();
    pty.type_text("/find 144\r");
    pty.until_sent("12² = 144", before);
    pty.type_text("\x1b");
    pty.until_sent("Everybody's", before);
    let said = pty.all_sent().split_off(before);
    assert!(places(&said, &["'144': 1 found", "> s2: 12² = 144"]).is_sorted(), "{said}");
    assert_eq!(said.matches("12² = 144").count(), 1, "{said}");
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn the_chart_counts_everything_before_it_says_how_much_that_is() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let numbers: String = (1..=336).map(|number| format!("{number}\n")).collect();
    let mut reader = home.squares(&["--server", &server.address, "--student", "s2"]);
    assert_eq!(run(&mut reader, numbers.as_bytes()).code, Some(0));
    let mut pty = enter(&server, &home, "en");
    pty.until_shows("336² =");
    for _ in 0..2 {
        let before = pty.sent();
        pty.type_text("\x1b[17~");
        pty.until_sent("by student (336 in all)", before);
    }
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn it_says_first_how_to_get_help_and_how_the_room_is_and_then_what_to_try() {
    for (lang, help, room, invites) in [
        (
            "ko",
            "도움말: F1 키. 방에서는 /help도 됩니다.",
            "접속 0명. 마지막 결과: s2 7² = 49",
            "12를 입력하고 Enter를 눌러",
        ),
        ("en", "Help: F1, in the room also /help.", "0 online. Last result: s2 7² = 49", "Type 12 and press Enter."),
    ] {
        let server = Server::start(&["--rate", "0"]);
        let home = Home::new();
        let start = || Pty::start(&home, &["--linear", "--server", &server.address, "--lang", lang]);
        let mut pty = start();
        pty.until_shows(help);
        // Nobody is in, and there is no result yet.
        pty.until_shows(if lang == "ko" { "접속 0명" } else { "0 online" });
        pty.type_text("s1\t\t\r");
        let shown = pty.until_shows(invites);
        assert_eq!(shown.matches(invites).count(), 1, "{shown}");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        server.square_as("s2", "7");
        let mut pty = start();
        let shown = pty.until_shows(room);
        assert!(places(&shown, &[help, room]).is_sorted(), "{shown}");
        pty.type_text("\x03");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}

#[test]
fn long_numbers_are_said_in_short_and_read_in_full_when_asked() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut pty = enter(&server, &home, "en");
    server.square_as("s2", "12345678901234567890");
    pty.until_shows("s2: (20 digits, begins 1.23, ends 890)² = 39 digits, begins 1.52, ends 100");
    // What comes while the command is typed is not what it is about.
    pty.type_text("/rea");
    pty.until_shows("> /rea");
    server.square_as("s2", "7");
    pty.type_text("d\r");
    pty.until_shows("Number (20 digits): 12345678901234567890");
    pty.until_shows("Square (39 digits): 152415787532388367501905199875019052100");
    pty.until_shows("s2: 7² = 49");
    // The selected one, where one is.
    let before = pty.sent();
    pty.type_text("\x1b[1;2A\x1b[1;2A");
    pty.until_sent("> s2: (20 digits", before);
    pty.type_text("/read\r");
    pty.until_sent("Square (39 digits)", before);
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn help_says_no_word_of_a_mouse_and_of_one_thing_only_what_was_asked() {
    let server = Server::start(&[]);
    let home = Home::new();
    for (lang, word, said, of_the_mouse) in [
        ("ko", "내보내기", "/export 파일: ", ["클릭", "마우스"]),
        ("en", "export", "/export FILE: ", ["click", "wheel"]),
    ] {
        let mut pty = enter(&server, &home, lang);
        let before = pty.sent();
        pty.type_text(&format!("/help {word}\r"));
        pty.until_sent(said, before);
        pty.type_text("12\r");
        pty.until_sent("12² = 144", before);
        let all = pty.all_sent().split_off(before);
        assert!(!all.contains("/find") && !all.contains("Ctrl-"), "{all}");
        let before = pty.sent();
        pty.type_text("/help\r");
        pty.until_sent("Ctrl-T", before);
        pty.type_text("13\r");
        pty.until_sent("13² = 169", before);
        let all = pty.all_sent().split_off(before);
        assert!(!of_the_mouse.iter().any(|word| all.contains(word)), "{all}");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
    }
}
