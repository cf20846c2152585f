//! Makes the pictures of the README from the real programs: students who square, and the full-screen client in a
//! terminal, drawn as SVG. `cargo test` draws the room; with `WRITE_PICTURES=1`, all of them, into `assets/`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::pty::Pty;
use crate::support::{Home, Process, SQUARES, Server, run};

const ROWS: u16 = 24;
const COLUMNS: u16 = 92;
/// One cell, in pixels.
const CELL: (f32, f32) = (8.4, 18.0);

/// The pictures in `assets` are drawn again where this variable is set.
const WRITE: &str = "WRITE_PICTURES";

#[test]
fn the_room_is_drawn_with_its_names_and_every_digit() {
    for (lang, name) in [("ko", "나래"), ("en", "Two")] {
        let room = picture(lang, View::Room, "127.0.0.1:0");
        assert!(room.starts_with("<svg") && room.ends_with("</svg>\n"), "{room}");
        assert!(room.contains(name) && room.contains("99999999980000000001"), "{room}");
    }
    if std::env::var_os(WRITE).is_some() {
        write_all();
    }
}

/// Draws every view in both languages, at the address that a student of the README sees.
fn write_all() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    for (lang, end) in [("ko", ".ko.svg"), ("en", ".svg")] {
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
            Self::Help => &[("\x15\x1bOP", "Ctrl-R")],
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
        play(&mut pty, &[("", "7056"), ("\x1b[17~", "•")]);
        return svg(&pty.screen(), view.own());
    }
    square(names[1], &["12", "-5", "1e6", "0.125"]);
    square(names[2], &["3.14159265358979", "2", "65536", "1,234,567"]);
    let _others = [stay(names[1]), stay(names[2])];

    if view == View::Join {
        let mut pty = open(None);
        play(&mut pty, &[("", &server.address), (&format!("20260001\t{}", names[0].1), names[0].1)]);
        return svg(&pty.screen(), view.own());
    }
    let mut pty = open(Some(names[0]));
    play(&mut pty, &[("", "65536"), ("16\r", "256")]);
    square(names[1], &["9999999999"]);
    play(&mut pty, &[("98765432109876543210987654321098765432109876543210\r", "= 97")]);
    square(names[2], &["-0.5"]);
    play(&mut pty, &[("", "0.25"), ("2.5e3", "2.5e3"), ("", "3")]);
    play(&mut pty, view.keys());
    svg(&pty.screen(), view.own())
}

/// Types these, each of which leads to a screen with this text that rests.
fn play(pty: &mut Pty, steps: &[(&str, &str)]) {
    for (keys, text) in steps {
        pty.type_text(keys);
        pty.until_shows(text);
        pty.rest(Duration::from_millis(300));
    }
}

/// A screen as a picture: runs of cells of the same look, each at its place and of its exact width.
fn svg(screen: &vt100::Screen, own: Own) -> String {
    const MARGIN: f32 = 12.0;
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 2.0 * MARGIN, f32::from(ROWS) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'D2Coding','Noto Sans Mono CJK KR',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        own.background
    );
    let cursor = screen.cursor_position();
    for row in 0..ROWS {
        let y = MARGIN + f32::from(row) * CELL.1;
        let mut column = 0;
        while column < COLUMNS {
            let start = column;
            let look = Look::of(screen, row, column, cursor, own);
            let wide = screen.cell(row, column).is_some_and(vt100::Cell::is_wide);
            let mut text = String::new();
            // A word ends at a blank: what follows it stands at its own place, whatever the font makes of this one.
            while column < COLUMNS
                && !text.ends_with(' ')
                && Look::of(screen, row, column, cursor, own) == look
                && screen.cell(row, column).is_some_and(vt100::Cell::is_wide) == wide
            {
                let cell = screen.cell(row, column).map(vt100::Cell::contents).unwrap_or_default();
                text.push_str(if cell.is_empty() { " " } else { cell });
                column += if wide { 2 } else { 1 };
            }
            let x = MARGIN + f32::from(start) * CELL.0;
            let length = f32::from(column - start) * CELL.0;
            look.draw(&mut out, &text, (x, y), length);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The terminal's own colours.
#[derive(Clone, Copy)]
struct Own {
    background: &'static str,
    foreground: &'static str,
}

const DARK: Own = Own { background: "#16181d", foreground: "#d7dae0" };
const LIGHT: Own = Own { background: "#ffffff", foreground: "#1f2328" };

/// How a cell looks.
#[derive(PartialEq)]
struct Look {
    foreground: String,
    background: Option<String>,
    bold: bool,
    underline: bool,
}

impl Look {
    fn of(screen: &vt100::Screen, row: u16, column: u16, cursor: (u16, u16), own: Own) -> Self {
        let Some(cell) = screen.cell(row, column) else {
            return Self { foreground: own.foreground.to_owned(), background: None, bold: false, underline: false };
        };
        let foreground = color(cell.fgcolor()).unwrap_or_else(|| own.foreground.to_owned());
        let background = color(cell.bgcolor());
        let shown_cursor = (row, column) == cursor && !screen.hide_cursor();
        let (foreground, background) = if cell.inverse() || shown_cursor {
            (background.unwrap_or_else(|| own.background.to_owned()), Some(foreground))
        } else {
            (foreground, background)
        };
        Self { foreground, background, bold: cell.bold(), underline: cell.underline() }
    }

    fn draw(&self, out: &mut String, text: &str, (x, y): (f32, f32), length: f32) {
        if let Some(background) = &self.background {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{height}\" fill=\"{background}\"/>"
            );
        }
        if text.trim().is_empty() {
            return;
        }
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let line = if self.underline { " text-decoration=\"underline\"" } else { "" };
        let baseline = y + 13.5;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{line} xml:space=\"preserve\">{text}</text>",
            self.foreground
        );
    }
}

/// A colour of the terminal as a picture shows it; `None` for the terminal's own.
fn color(color: vt100::Color) -> Option<String> {
    const BASIC: [&str; 16] = [
        "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0", "#7f848e", "#ef8a92",
        "#b1d196", "#f0d399", "#82c0f5", "#d69be8", "#7bc8d1", "#ffffff",
    ];
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index @ 0..=15) => Some(BASIC[usize::from(index)].to_owned()),
        vt100::Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6)))
        }
        vt100::Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}
