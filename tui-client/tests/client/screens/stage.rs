//! The app that the pictures are of, and what its server says.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::style::{Color, Modifier};
use squares::app::Setup;
use squares::event::LinkEvent;
use squares::lang::Lang;
use squares::link::Continues;
use squares_shared::message::{
    Auth, ErrorCode, ErrorMessage, Hello, Limits, Online, Person, SquareResult, Student, Welcome,
};

use super::SERVER;

pub(super) use crate::stage::Stage;

impl Stage {
    pub(super) fn with(setup: impl FnOnce(&mut Setup), lang: Lang, size: (u16, u16)) -> Self {
        let time_zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
        let mut given = Setup { lang, size, time_zone, ..Setup::default() };
        setup(&mut given);
        Self::start(given).0
    }

    pub(super) fn new(lang: Lang, size: (u16, u16)) -> Self {
        Self::with(|_| {}, lang, size)
    }

    /// In the room, with results of a small class.
    pub(super) fn room(lang: Lang, size: (u16, u16)) -> Self {
        let mut stage = Self::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 57), hosting: false });
        stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
        stage.link(LinkEvent::Results((1..=57).map(result).collect()));
        stage
    }

    /// The screen as it is drawn.
    pub(super) fn drawn(&self) -> Terminal<TestBackend> {
        let (width, height) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
        terminal.draw(|frame| squares::view::draw(&self.app, frame, self.now)).expect("a screen in memory");
        terminal
    }

    /// The screen as text, and where the caret is.
    pub(super) fn picture(&self) -> String {
        let mut terminal = self.drawn();
        let caret = terminal.get_cursor_position().expect("a screen in memory");
        format!("{}caret at {},{}\n", text_of(terminal.backend().buffer()), caret.x, caret.y)
    }
}

/// The cells as text.
pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut picture = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        let mut line = String::new();
        while x < buffer.area.width {
            line.push_str(buffer[(x, y)].symbol());
            x += buffer[(x, y)].cell_width().max(1);
        }
        assert!(x == buffer.area.width, "a glyph is cut in half on line {y}: {line}");
        picture.push_str(line.trim_end());
        picture.push('\n');
    }
    picture
}

/// Every run of cells that is not plain: where it begins, what it says, and how it looks.
pub(super) fn styles_of(buffer: &Buffer) -> String {
    let mut runs = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let start = x;
            let look = |x: u16| (buffer[(x, y)].fg, buffer[(x, y)].bg, buffer[(x, y)].modifier);
            let this = look(start);
            let mut text = String::new();
            while x < buffer.area.width && look(x) == this {
                text.push_str(buffer[(x, y)].symbol());
                x += buffer[(x, y)].cell_width().max(1);
            }
            let plain = this == (Color::Reset, Color::Reset, Modifier::empty()) || text.trim().is_empty();
            if !plain {
                let (foreground, background, modifier) = this;
                let text = text.trim_end();
                runs.push_str(&format!("{start},{y} {text:?} {foreground} on {background} {modifier:?}\n"));
            }
        }
    }
    runs
}

pub(super) fn hello(auth: Auth, latest: u64) -> Hello {
    let limits = Limits { line: 65_536, digits: 10_000, rate: 20, burst: 50, digit_rate: 20_000 };
    Hello { protocol: 1, server: "squares-server 0.1.0".into(), auth, log: "sample".into(), latest, limits, room: None }
}

pub(super) fn welcome(latest: u64) -> Welcome {
    let person = |id: &str, name: &str, sessions| Person { id: id.into(), name: name.into(), sessions };
    Welcome {
        student: Some(Student { id: "20260002".into(), name: "나래".into(), department: Some("수학과".into()) }),
        online: Online {
            count: 4,
            students: vec![
                person("20260001", "가람", 1),
                person("20260002", "나래", 2),
                person("20260003", "다온", 1),
                person("s-4", "Sample Student", 1),
            ],
        },
        latest,
        replay_after: 0,
        invite: None,
    }
}

pub(super) fn result(seq: u64) -> SquareResult {
    let (student, name) = match seq % 4 {
        0 => ("20260001", "가람"),
        1 => ("20260002", "나래"),
        2 => ("20260003", "다온"),
        _ => ("s-4", "Sample Student"),
    };
    let (number, square) = match seq {
        50 => ("1234567890".repeat(4), "1524157875".repeat(8)),
        53 => ("9".repeat(1_000), "8".repeat(2_000)),
        55 => ("-5".into(), "25".into()),
        seq => ((seq + 10).to_string(), ((seq + 10) * (seq + 10)).to_string()),
    };
    let at = format!("2026-01-02T03:{:02}:{:02}.678Z", seq / 60, seq % 60);
    SquareResult { seq, at, student: student.into(), name: name.into(), number, square, id: None }
}

pub(super) fn error(code: ErrorCode) -> ErrorMessage {
    ErrorMessage { code, message: "A sentence.".into(), id: None, retry_after_ms: None }
}
