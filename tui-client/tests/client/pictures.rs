//! Makes the pictures of the README from the real programs: students who square, and the full-screen client in a
//! terminal, drawn as SVG. `cargo test` draws the room; with `WRITE_PICTURES=1`, all of them, into `assets/`.

mod demo;
mod svg;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::pty::Pty;
use crate::support::{Home, Process, SQUARES, Server, run};
use svg::{DARK, LIGHT, Own};

const ROWS: u16 = 24;
const COLUMNS: u16 = 92;

/// The pictures in `assets` are drawn again where this variable is set.
const WRITE: &str = "WRITE_PICTURES";

#[test]
fn the_moving_picture_is_of_two_students_and_the_wall_who_see_the_same() {
    let played = demo::play("en", "dark", "127.0.0.1:0");
    let moving = demo::svg(&played, DARK);
    assert!(moving.len() < 1_000_000, "{} bytes", moving.len());
    assert!(!moving.contains("-0.00%"), "no browser takes a negative moment");
    assert!(moving.contains("prefers-reduced-motion") && moving.ends_with("</svg>\n"));
    // What was squared while the server was gone is the last that all three show.
    for screen in played.last() {
        assert!(screen.contents().contains("49"), "{}", screen.contents());
    }
}

#[test]
fn the_room_is_drawn_with_its_names_and_every_digit() {
    for (lang, name) in [("ko", "나래"), ("en", "Two")] {
        let room = picture(lang, View::Room, "127.0.0.1:0");
        assert!(room.starts_with("<svg") && room.ends_with("</svg>\n"), "{room}");
        assert!(room.contains(name) && room.contains("99,999,999,980,000,000,001"), "{room}");
    }
    if std::env::var_os(WRITE).is_some() {
        write_all();
    }
}

/// Draws every view in both languages, at the address that a student of the README sees.
fn write_all() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    for (lang, end) in [("ko", ".ko.svg"), ("en", ".svg")] {
        for (own, theme, name) in [(DARK, "dark", "demo"), (LIGHT, "light", "demo.light")] {
            let played = demo::play(lang, theme, "127.0.0.1:7878");
            std::fs::write(assets.join(format!("{name}{end}")), demo::svg(&played, own)).unwrap();
        }
        for (view, name) in [
            (View::Join, "join"),
            (View::Room, "room"),
            (View::Light, "light"),
            (View::Chart, "chart"),
            (View::Find, "find"),
            (View::Detail, "detail"),
            (View::Online, "online"),
            (View::Paste, "paste"),
            (View::History, "history"),
            (View::Help, "help"),
        ] {
            std::fs::write(assets.join(format!("{name}{end}")), picture(lang, view, "127.0.0.1:7878")).unwrap();
        }
    }
}

/// What of the room is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Join,
    Room,
    /// The room with a light background.
    Light,
    Chart,
    Find,
    Detail,
    Online,
    Paste,
    History,
    Help,
}

impl View {
    fn theme(self) -> &'static str {
        if self == Self::Light { "light" } else { "dark" }
    }

    fn own(self) -> Own {
        if self == Self::Light { LIGHT } else { DARK }
    }

    /// What leads there from the room with a line begun, and what shows that it did.
    fn keys(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Join | Self::Room | Self::Light | Self::Chart => &[],
            Self::Find => &[("\x15/find 25\r", "'25'")],
            // The number of fifty digits is two above the newest.
            Self::Detail => &[("\x15\x1b[1;2A\x1b[1;2A\r", "98,765,432,109"), ("\x1b[19~", "9754610579")],
            Self::Online => &[("\x1b[12~", "20260003")],
            Self::Paste => &[("\x1b[200~1\n1/2\n-2.5\n1,234\n2+3\n１２\n1e3\n\x1b[201~", "1/2")],
            Self::History => &[("\x12987", "? 987")],
            Self::Help => &[("\x15\x1bOP", "/read")],
        }
    }
}

/// Plays the scene with a server that listens there, and draws its last frame.
fn picture(lang: &str, view: View, listen: &str) -> String {
    let (home, server) = (Home::new(), Server::start_on(listen, &[]));
    let names = match lang {
        "ko" => [("20260001", "예시 가람"), ("20260002", "예시 나래"), ("20260003", "예시 다솜")],
        _ => [("20260001", "Sample One"), ("20260002", "Sample Two"), ("20260003", "예시 다솜")],
    };
    let square = |(id, name), numbers: &[&str]| {
        let as_student = ["--server", &server.address, "--student", id, "--name", name, "--"];
        assert_eq!(run(&mut home.squares(&[&as_student, numbers].concat()), b"").code, Some(0));
    };
    let stay = |(id, name)| {
        let as_student = ["--server", &server.address, "--student", id, "--name", name, "--follow"];
        Process::start(home.squares(&as_student).stdin(Stdio::null()).stdout(Stdio::null()))
    };
    let open = |student: Option<(&str, &str)>| {
        let mut arguments = vec!["--server", &server.address, "--lang", lang, "--theme", view.theme()];
        if let Some((id, name)) = student {
            arguments.extend(["--student", id, "--name", name]);
        }
        Pty::start_sized(&home, (COLUMNS, ROWS), SQUARES, &arguments, &[("COLORTERM", "truecolor")])
    };
    if view == View::Chart {
        for (student, step) in names.into_iter().zip([3, 5, 7]) {
            let numbers: Vec<String> = (-90 / step..=90 / step).map(|at| (at * step).to_string()).collect();
            square(student, &numbers.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let mut pty = open(Some(names[0]));
        play(&mut pty, &[("", "7,056"), ("\x1b[17~", "⠶")]);
        return svg::picture(&pty.screen(), view.own());
    }
    square(names[1], &["12", "-5", "1e6", "0.125"]);
    square(names[2], &["3.14159265358979", "2", "65536", "1,234,567"]);
    let _others = [stay(names[1]), stay(names[2])];

    if view == View::Join {
        let mut pty = open(None);
        play(&mut pty, &[("", &server.address), (&format!("20260001\t{}", names[0].1), names[0].1)]);
        return svg::picture(&pty.screen(), view.own());
    }
    let mut pty = open(Some(names[0]));
    // Who follows has come too.
    play(&mut pty, &[("", if lang == "ko" { "3명" } else { "3 online" }), ("", "65,536"), ("16\r", "256")]);
    square(names[1], &["9999999999"]);
    play(&mut pty, &[("98765432109876543210987654321098765432109876543210\r", "9.75e99")]);
    square(names[2], &["-0.5"]);
    play(&mut pty, &[("", "0.25"), ("2.5e3", "2.5e3"), ("", "3")]);
    play(&mut pty, view.keys());
    svg::picture(&pty.screen(), view.own())
}

/// Types these, each of which leads to a screen with this text that rests.
fn play(pty: &mut Pty, steps: &[(&str, &str)]) {
    for (keys, text) in steps {
        pty.type_text(keys);
        pty.until_shows(text);
        pty.rest(Duration::from_millis(300));
    }
}
