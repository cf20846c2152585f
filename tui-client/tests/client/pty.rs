//! The full-screen client as a person meets it: the real program in a real terminal, with the real server.

mod input;
mod joining;
mod kept;
mod terminal;

use crate::support::pty::Pty;
use crate::support::{Fake, Home, SQUARES, Server};
use squares::lang::Lang;
use squares::strings::Strings;

/// In the room of this server.
fn enter(home: &Home, server: &str, student: &str) -> Pty {
    let pty = Pty::start(home, &["--server", server, "--student", student]);
    until_in(&pty, Lang::En);
    pty
}

fn until_in(pty: &Pty, lang: Lang) {
    let strings = Strings::of(lang);
    pty.until("the room", |screen| {
        // The word for the state stands alone at its line's start; the online list has our id once we are in.
        let contents = screen.contents();
        contents.contains(strings.joined) && contents.contains("* ")
    });
}

fn until_lost(pty: &Pty) {
    pty.until("the loss", |screen| !screen.contents().contains(Strings::of(Lang::En).joined));
}

fn until_asked(pty: &Pty, lang: Lang) {
    pty.until_shows(Strings::of(lang).student);
}

#[test]
fn two_students_see_each_others_squares() {
    let server = Server::start(&[]);
    let homes = [Home::new(), Home::new()];
    let mut one = enter(&homes[0], &server.address, "s1");
    let mut two = Pty::start(&homes[1], &["--server", &server.address, "--student", "s2", "--name", "가람"]);
    until_in(&two, Lang::En);
    one.until_shows("가람");
    one.type_text("12\r");
    two.type_text("-0.5\r");
    for pty in [&one, &two] {
        pty.until_shows("12² = 144");
        pty.until_shows("(-0.5)² = 0.25");
    }
    for pty in [&mut one, &mut two] {
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}

#[test]
fn the_room_can_be_joined_by_typing_and_what_was_typed_is_remembered() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address]);
    until_asked(&pty, Lang::En);
    pty.type_text("2026-0001\r");
    until_in(&pty, Lang::En);
    pty.type_text("7\r");
    pty.until_shows("7² = 49");
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    let pty = Pty::start(&home, &["--server", &server.address]);
    pty.until_shows("2026-0001");
}

#[test]
fn a_killed_server_comes_back_and_a_square_typed_meanwhile_is_recorded_once() {
    let mut server = Server::start(&[]);
    let homes = [Home::new(), Home::new()];
    let mut one = enter(&homes[0], &server.address, "s1");
    let two = enter(&homes[1], &server.address, "s2");
    one.type_text("2\r");
    two.until_shows("2² = 4");
    server.kill();
    until_lost(&one);
    one.type_text("3\r");
    server.start_again();
    for pty in [&one, &two] {
        pty.until_shows("3² = 9");
        until_in(pty, Lang::En);
    }
    one.type_text("4\r");
    two.until_shows("4² = 16");
    assert_eq!(server.numbers(), ["2", "3", "4"]);
}

#[test]
fn a_client_killed_with_a_square_unanswered_finishes_it_when_started_again() {
    let mut server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    server.kill();
    until_lost(&pty);
    pty.type_text("11\r");
    pty.until("the square that waits", |screen| screen.contents().matches("11").count() > 0);
    let kept = || std::fs::read_dir(home.outbox()).is_ok_and(|mut files| files.next().is_some());
    pty.until("the outbox", |_| kept());
    pty.kill();
    server.start_again();
    let mut pty = Pty::start(&home, &["--server", &server.address, "--student", "s1"]);
    pty.until_shows("11² = 121");
    assert_eq!(server.numbers(), ["11"]);
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    assert!(!kept());
}

#[test]
fn nothing_that_a_terminal_sends_ends_the_client() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    let long = format!("\x1b[<{};{};{}M", "9".repeat(50), "8".repeat(50), "7".repeat(50));
    for sequence in [
        "\x1b[<0;0;0M",
        "\x1b[<64;0;1M",
        "\x1b[<0;65535;65535m",
        "\x1b[<255;1;1M",
        "\x1b[<0;1M",
        "\x1b[<;;M",
        "\x1b[M   ",
        "\x1b[M !!",
        "\x1b[35;0;0M",
        "\x1b[1;0A",
        "\x1b[0;0R",
        "\x1b[?0u",
        "\x1b[?c",
        "\x1b[27;5u",
        "\x1b[99999999u",
        "\x1b[0~",
        "\x1b[200~\x1b[201~",
        "\x1b[;~",
        "\x1b[1;1;1;1A",
        "\u{9b}A",
        "\x1bO",
        "\x1b\x1b\x1b",
        &long,
    ] {
        pty.type_text(sequence);
    }
    pty.type_text("\x1b[200~\x1b[201~\x15");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    pty.type_text("\x15/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn hangul_is_typed_and_shown_and_commands_are_understood_in_it() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address, "--lang", "ko"]);
    until_asked(&pty, Lang::Ko);
    pty.type_text("s1\t가람\r");
    until_in(&pty, Lang::Ko);
    pty.until_shows("가람");
    pty.type_text("가나");
    pty.until_shows("가나");
    let (_, column) = pty.cursor();
    pty.type_text("다");
    pty.until("the cursor behind a wide letter", |screen| screen.cursor_position().1 == column + 2);
    pty.type_text("\x7f\x7f\x7f１２\r");
    pty.until_shows("12² = 144");
    pty.type_text("/ㄷ턋\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn pastes_of_many_numbers_marked_or_not_and_a_flood_of_keys_arrive_whole() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    // A key at a time, as fast as they are taken.
    for number in 500..600 {
        pty.type_text(&format!("{number}"));
        pty.type_text("\r");
        pty.until_shows(&format!("{number}² = {}", squares::text::grouped(number * number)));
    }
    // More than one read of the terminal, in one go, without the marks of a paste.
    let keys: String = (1000..1900).map(|number| format!("{number}\r")).collect();
    pty.type_text(&keys);
    pty.until_shows("Square 900 numbers?");
    pty.type_text("\r");
    pty.until_shows("1,899² = 3,606,201");
    let pasted: String = (2000..2300).map(|number| format!("{number}\n")).collect();
    pty.type_text(&format!("\x1b[200~{pasted}\x1b[201~"));
    pty.until_shows("Square 300 numbers?");
    pty.type_text("\r");
    pty.type_text("\r");
    pty.until_shows("2,299² = 5,285,401");
    let expected: Vec<String> =
        (500..600).chain(1000..1900).chain(2000..2300).map(|number: u32| number.to_string()).collect();
    assert_eq!(server.numbers(), expected);
}

#[test]
fn the_first_frame_comes_before_any_answer() {
    let fake = Fake::listen();
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &fake.address(), "--student", "s1"]);
    // The fake server accepts and says nothing at all.
    pty.until("a frame", |screen| screen.alternate_screen() && !screen.contents().trim().is_empty());
    pty.type_text("\x03\x03");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn what_was_entered_and_what_was_being_typed_outlives_a_kill() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    pty.type_text("98765");
    pty.until_shows("> 98765");
    let kept = |pattern: &str| {
        let folder = home.outbox().parent().unwrap().join("drafts");
        let mut files = std::fs::read_dir(folder).unwrap();
        files.any(|file| std::fs::read_to_string(file.unwrap().path()).is_ok_and(|text| text.contains(pattern)))
    };
    pty.until("the draft", |_| kept("98765"));
    pty.kill();
    let mut pty = enter(&home, &server.address, "s1");
    pty.until_shows("> 98765");
    // Ctrl-U clears it; Ctrl-R finds what the first run entered.
    pty.type_text("\x15\x121");
    pty.until_shows("? 1");
    pty.type_text("\r");
    pty.until("the same number again", |screen| screen.contents().matches("12² = 144").count() == 2);
    pty.type_text("\x1f/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn the_terminals_answer_chooses_the_colours_and_takes_no_key() {
    let server = Server::start(&[]);
    let home = Home::new();
    let arguments = ["--server", &server.address, "--student", "s1"];
    let mut pty = Pty::start_program(&home, SQUARES, &arguments, &[("COLORTERM", "truecolor")]);
    pty.until_sent("\x1b]11;?\x1b\\", 0);
    // The answer comes among keys; the room is there without it.
    until_in(&pty, Lang::En);
    pty.type_text("1\x1b]11;rgb:ffff/ffff/ffff\x1b\\2\r");
    pty.until_shows("12² = 144");
    // Mine, for a light background.
    pty.until_sent("38;2;5;80;174", 0);
    pty.type_text("/theme contrast\r");
    pty.until_sent("48;2;0;0;0", 0);
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
    let mut pty = Pty::start_program(&home, SQUARES, &arguments, &[("COLORTERM", "truecolor")]);
    pty.until_sent("48;2;0;0;0", 0);
    pty.type_text("\x1f/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_bell_tells_of_a_result_only_to_whoever_looks_elsewhere() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address, "--student", "s1", "--notify", "bell"]);
    until_in(&pty, Lang::En);
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    pty.type_text("\x1b[O13\r");
    pty.until_shows("13² = 169");
    pty.until_sent("\x07", 0);
    pty.type_text("\x1b[I/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn the_whole_ledger_is_exported_and_no_file_replaced_without_asking() {
    let server = Server::start(&["--rate", "0"]);
    let numbers: Vec<String> = (1..=1_203).map(|number| number.to_string()).collect();
    let other = Home::new();
    let mut plain = other.command(SQUARES);
    plain.args(["--server", &server.address, "--student", "s2"]).args(&numbers).stdout(std::process::Stdio::null());
    assert!(plain.status().unwrap().success());
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    pty.until_shows("1,203² = 1,447,209");
    let path = home.path().join("r.csv");
    let command = format!("/export {}\r", path.display());
    pty.type_text(&command);
    pty.until_shows("1,203 results in");
    let csv = std::fs::read_to_string(&path).unwrap();
    let exported: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(exported, numbers);
    std::fs::write(&path, "mine").unwrap();
    pty.type_text(&command);
    pty.until_shows("is there already");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    pty.type_text("\r");
    pty.until_shows("1,203 results in");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), csv);
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn the_mouse_is_left_to_the_terminal_where_that_is_wanted() {
    let server = Server::start(&[]);
    let home = Home::new();
    let path = home.path().join("config.toml");
    std::fs::write(&path, "mouse = false\n").unwrap();
    for more in [&["--no-mouse"][..], &["--config", path.to_str().unwrap()], &[]] {
        let arguments = [&["--server", &server.address, "--student", "s1"], more].concat();
        let mut pty = Pty::start(&home, &arguments);
        until_in(&pty, Lang::En);
        pty.until("the mouse", |screen| {
            (screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None) != more.is_empty()
        });
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}

#[test]
fn keys_come_from_the_settings_file_and_a_mistake_in_it_is_told_before_anything_starts() {
    let server = Server::start(&[]);
    let home = Home::new();
    let path = home.path().join("keys.toml");
    std::fs::write(&path, "[keys]\nhelp = 'Ctrl-G'\n").unwrap();
    let config = path.to_str().unwrap();
    let arguments = ["--server", &server.address, "--student", "s1", "--config", config];
    let mut pty = Pty::start(&home, &arguments);
    until_in(&pty, Lang::En);
    pty.until_shows("Ctrl-G help");
    pty.type_text("\x07");
    pty.until_shows("paste lines");
    pty.type_text("\x1b");
    pty.until("the room", |screen| !screen.contents().contains("paste lines"));
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    std::fs::write(&path, "[keys]\nchart = 'F8'\n").unwrap();
    let mut pty = Pty::start(&home, &arguments);
    assert_eq!(pty.exit_code(), 2);
    pty.until_shows(":2:9: F8 is the key of copy-square already");
}

#[test]
fn a_storm_of_sizes_ends_with_the_screen_whole_and_the_typed_line_kept() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = enter(&home, &server.address, "s1");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    pty.type_text("34");
    for step in 0..80_u16 {
        // Down to a single cell, and wider than before.
        pty.resize(1 + step * 37 % 150, 1 + step * 13 % 50);
        if step == 40 {
            server.square_as("s2", "15");
        }
    }
    let before = pty.sent();
    pty.resize(80, 24);
    pty.until_sent("\x1b[?2026l", before);
    pty.type_text("5");
    pty.until("the line, with all of it", |screen| {
        let contents = screen.contents();
        let all = ["> 345", "12² = 144", "15² = 225", "s2"];
        all.iter().all(|part| contents.contains(part)) && contents.lines().count() == 24
    });
    pty.type_text("\x15/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}
