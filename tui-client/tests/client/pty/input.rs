//! What terminals send besides keys, and what they were left in: nothing of it types, and nothing keeps the keyboard.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use squares::lang::Lang;
use squares::strings::Strings;

use super::{enter, until_asked, until_in};
use crate::support::{Fake, Home, SQUARES, Server, pty::Pty};

/// In the room of this server, in a terminal that other programs left in some state: `left` is given to `printf`.
fn enter_after(home: &Home, left: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Pty {
    let path = std::env::var("PATH").unwrap();
    let command = format!("{left}; exec \"$0\" \"$@\"");
    let arguments = [&["-c", &*command, SQUARES][..], arguments].concat();
    let environment = [&[("PATH", &*path)][..], environment].concat();
    Pty::start_program(home, "sh", &arguments, &environment)
}

fn leave(mut pty: Pty) {
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn no_report_of_the_terminal_costs_a_key() {
    let server = Server::start(&["--rate", "0"]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    for (at, report) in [
        "\x1b[?997;1n",
        "\x1b[?2026;2$y",
        "\x1b[?62;22c",
        "\x1b[24;80R",
        "\x1bP>|XTerm(379)\x1b\\",
        "\x1b[?1u",
        "\x1b_Gi=1;OK\x1b\\",
        "\x1b]4;1;rgb:0/0/0\x07",
        "\x1b]52;c;MTIK\x1b\\",
        "\x1b[8;24;80t",
        "\x1b[",
        "\x1b]11;rgb:",
        "\x1bP",
        "\x1b[?",
        "\x1b[<35;",
        "\u{9b}?6",
    ]
    .into_iter()
    .enumerate()
    {
        // Ctrl-C ends what was cut short, without any pause.
        pty.type_text(report);
        pty.type_text("\x039");
        let number = 100 + at;
        pty.type_text(&format!("\x03{number}\r"));
        pty.until_shows(&format!("{number}² = {}", squares::text::grouped(number * number)));
    }
    let numbers: Vec<String> = (100..116).map(|number| number.to_string()).collect();
    assert_eq!(server.numbers(), numbers);
    leave(pty);
}

#[test]
fn a_paste_without_an_end_is_asked_about_and_ctrl_c_ends_it() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    pty.type_text("\x1b[200~12\n13\n");
    pty.until_shows("Square 2 numbers?");
    pty.type_text("\x03");
    pty.until("the room", |screen| !screen.contents().contains("Square 2"));
    pty.type_text("16\r");
    pty.until_shows("16² = 256");
    assert_eq!(server.numbers(), ["16"]);
    leave(pty);
}

#[test]
fn a_sequence_in_pieces_types_nothing() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    for (begun, rest) in [("\x1b", "[<64;10;10M"), ("\x1b[<64;1", "0;10M"), ("\x1b]11;rgb:0000/00", "00/0000\x1b\\")] {
        for gap in [100, 400, 800] {
            pty.type_text(begun);
            sleep(Duration::from_millis(gap));
            pty.type_text(rest);
        }
    }
    pty.type_text("7\r");
    pty.until_shows("7² = 49");
    pty.type_text("\x1bOP");
    pty.until_shows("paste lines");
    pty.type_text("\x1b");
    pty.until("the room", |screen| !screen.contents().contains("paste lines"));
    leave(pty);
}

#[test]
fn the_keypad_types_also_where_an_application_would_have_it() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    pty.until_sent("\x1b>", 0);
    pty.type_text("\x1bOm\x1bOq\x1bOr\x1bOn\x1bOu\x1bOM");
    pty.until_shows("(-12.5)² = 156.25");
    leave(pty);
}

#[test]
fn what_other_programs_left_behind_is_set_right() {
    let server = Server::start(&[]);
    let left = r"printf '\033(0\016\033[4h\033[?6h\033[5;10r\033=\033[?1h\033[?7l\033[1;7m\033[?1003h'";
    for flags in [&[][..], &["--linear"]] {
        let arguments = [&["--server", &*server.address, "--student", "s1"], flags].concat();
        let mut pty = enter_after(&Home::new(), left, &arguments, &[]);
        for sequence in
            ["\x1b(B", "\x0f", "\x1b[4l", "\x1b[r", "\x1b>", "\x1b[?1l", "\x1b[?7h", "\x1b[m", "\x1b[?2004h"]
        {
            pty.until_sent(sequence, 0);
        }
        // Nothing is squared before the server has answered.
        pty.until_shows("1 online");
        pty.type_text("12\r");
        pty.until_shows("12² = 144");
        if flags.is_empty() {
            // The whole screen is used, and from its first row on.
            let contents = pty.contents();
            assert!(contents.starts_with("Squares"), "{contents}");
            assert!(contents.lines().nth(23).is_some(), "{contents}");
        }
        pty.until("cells without the looks that were left", |screen| {
            !screen.inverse() && screen.cell(0, 0).is_some_and(|cell| !cell.inverse())
        });
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
    }
}

#[test]
fn a_terminal_without_a_size_is_taken_for_a_usual_one() {
    let server = Server::start(&[]);
    let home = Home::new();
    let arguments = ["--server", &server.address, "--student", "s1"];
    let mut pty = enter_after(&home, "stty rows 0 cols 0", &arguments, &[]);
    until_in(&pty, Lang::En);
    pty.type_text("12\r");
    let contents = pty.until_shows("12² = 144");
    assert_eq!(contents.lines().count(), 24, "{contents}");
    leave(pty);
}

#[test]
fn who_comes_back_to_a_window_of_the_same_size_sees_all_of_it() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    let before = pty.sent();
    pty.signal(Signal::WINCH);
    for painted in ["\x1b[2J", Strings::of(Lang::En).program, "144", "s1"] {
        pty.until_sent(painted, before);
    }
    leave(pty);
}

#[test]
fn a_terminal_that_knows_no_sequences_gets_none() {
    let server = Server::start(&[]);
    let home = Home::new();
    for set in ["TERM=dumb; export TERM", "unset TERM"] {
        let arguments = ["--server", &server.address, "--notify", "title"];
        let mut pty = enter_after(&home, set, &arguments, &[]);
        until_asked(&pty, Lang::En);
        pty.type_text("s9\x7f1\r");
        pty.until_shows("Connected");
        // Typed, moved about in, mended in the middle, wiped, undone, and longer than the row is wide.
        for line in
            ["13\x1b[D\x1b[D\x1b[C2\x7f\x1b[H\x1b[F\x1b[D\x1b[3~2\r", "\x0c14\x1514\r", "/help\r", "/theme dark\r"]
        {
            pty.type_text(line);
        }
        pty.until_shows("12² = 144");
        pty.until_shows("14² = 196");
        pty.type_text(&"7".repeat(200));
        pty.type_text("\x01\x05\x15");
        server.square_as("s2", "15");
        pty.until_shows("15² = 225");
        pty.type_text("/copy\r16\r\x1b[O");
        pty.until_shows("16² = 256");
        pty.signal(Signal::WINCH);
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        let sent = pty.all_sent();
        assert!(!sent.contains(['\x1b', '\u{9b}', '\x0f']), "{sent:?}");
        pty.assert_clean();
    }
}

#[test]
fn without_the_mouse_the_wheel_is_no_arrow_key() {
    let server = Server::start(&[]);
    let home = Home::new();
    let arguments = ["--server", &server.address, "--student", "s1", "--no-mouse"];
    // xterm alone keeps what it was, and does not make arrows of the wheel from the start.
    for (version, off, back) in [
        ("", "\x1b[?1007l", "\x1b[?1007h"),
        ("XTerm(379)", "\x1b[?1007s\x1b[?1000l\x1b[?1006l\x1b[?1007l", "\x1b[?1007r"),
    ] {
        let mut pty = Pty::start_program(&home, SQUARES, &arguments, &[("XTERM_VERSION", version)]);
        until_in(&pty, Lang::En);
        let entered = pty.all_sent();
        assert!(entered.contains(off) && !entered.contains("\x1b[?1000h"), "{entered:?}");
        let before = pty.sent();
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.until_sent(back, before);
        pty.assert_clean();
    }
    let pty = enter(&home, &server.address, "s1");
    let entered = pty.all_sent();
    assert!(!entered.contains("1007") && entered.contains("\x1b[?1000h"), "{entered:?}");
    // Every motion would be a sequence that a slow line may break.
    assert!(!entered.contains("\x1b[?1003h") && !entered.contains("\x1b[?1002h"), "{entered:?}");
    leave(pty);
}

#[test]
fn in_gnu_screen_what_is_copied_is_wrapped() {
    let server = Server::start(&[]);
    let home = Home::new();
    let arguments = ["--server", &server.address, "--student", "s1"];
    let screen = [("STY", "1.pts"), ("TERM", "screen.xterm-256color")];
    let mut pty = Pty::start_program(&home, SQUARES, &arguments, &screen);
    until_in(&pty, Lang::En);
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    pty.type_text("\x1b[1;2A\x1b[19~");
    pty.until_sent("\x1bP\x1b]52;c;MTQ0\x07\x1b\\", 0);
    leave(pty);
}

/// In the room of a server that shows one result, at 03:04:05 UTC, with `TZ` set to this.
fn detail_in(zone: &str) -> Pty {
    let (fake, home) = (Fake::listen(), Home::new());
    let arguments = ["--server", &fake.address(), "--student", "s1"];
    let mut pty = Pty::start_program(&home, SQUARES, &arguments, &[("TZ", zone)]);
    let mut peer = fake.accept();
    peer.hello("log", 1);
    peer.hear_type("join");
    peer.welcome_behind("s1", 0, 1);
    peer.result(1, "s1", "12", None);
    pty.until_shows("12² = 144");
    pty.type_text("\x1b[1;2A\r");
    pty
}

#[test]
fn times_are_those_of_the_zone_that_is_named() {
    for (zone, time) in [
        ("Asia/Seoul", "2026-01-02 12:04:05"),
        (":Asia/Seoul", "2026-01-02 12:04:05"),
        ("KST-9", "2026-01-02 12:04:05"),
        ("/usr/share/zoneinfo/Asia/Seoul", "2026-01-02 12:04:05"),
        ("ROK", "2026-01-02 12:04:05"),
        ("America/New_York", "2026-01-01 22:04:05"),
        ("Asia/Kathmandu", "2026-01-02 08:49:05"),
        ("EST5EDT", "2026-01-01 22:04:05"),
        ("", "2026-01-02 03:04:05"),
    ] {
        let pty = detail_in(zone);
        let shown = pty.until_shows(time);
        assert!(!shown.contains("time zone"), "{zone}: {shown}");
    }
    let pty = detail_in("Asia/Soul");
    pty.until_shows("2026-01-02 03:04:05");
    pty.until_shows("TZ=Asia/Soul is not a time zone");
}

#[test]
fn ctrl_c_twice_leaves_also_with_a_line_begun() {
    let server = Server::start(&[]);
    let mut pty = enter(&Home::new(), &server.address, "s1");
    pty.type_text("12");
    pty.until_shows("> 12");
    pty.type_text("\x03");
    pty.until("an empty line, and what a second one does", |screen| {
        let contents = screen.contents();
        contents.contains("Press Ctrl-C again") && !contents.contains("> 12")
    });
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}
