//! Wide glyphs leave nothing behind: what a terminal shows after frame upon frame of changes is what it would show if
//! the last frame were painted on an empty screen, with Hangul everywhere, at every width from 20 to 120.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use squares::app::{App, Setup};
use squares::event::{Event, LinkEvent};
use squares::lang::Lang;
use squares::link::Continues;
use squares::run::FullScreen;
use squares_shared::message::{FromServer, SquareResult};

const HEIGHT: u16 = 14;

/// A terminal: what is drawn goes through bytes into an emulator.
struct Emulated {
    screen: FullScreen,
    emulator: vt100::Parser,
}

impl Emulated {
    fn new((width, height): (u16, u16)) -> Self {
        let emulator = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        Self { screen: FullScreen::new((width, height)).unwrap(), emulator }
    }

    fn draw(&mut self, app: &App, now: Instant) {
        self.emulator.process(self.screen.frame(app, now).unwrap());
    }

    /// Every cell, with its look.
    fn cells(&self) -> Vec<String> {
        let screen = self.emulator.screen();
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            screen.cell(row, column).map(|cell| {
                let text = if cell.contents().is_empty() { " " } else { cell.contents() };
                let wide = (cell.is_wide(), cell.is_wide_continuation());
                format!("{text:?}{wide:?}{:?}{:?}{}", cell.fgcolor(), cell.bgcolor(), cell.inverse())
            })
        };
        let (rows, columns) = (rows.get(), columns.get());
        (0..rows).flat_map(|row| (0..columns).filter_map(move |column| cell(row, column)).collect::<Vec<_>>()).collect()
    }
}

fn app(size: (u16, u16), now: Instant) -> App {
    let setup = Setup { lang: Lang::Ko, student: Some("20260001".into()), size, ..Setup::default() };
    let (mut app, _) = App::new(setup, now);
    let hello = r#"{"type":"hello","protocol":1,"server":"s","auth":"open","log":"sample","latest":0,"limits":{"line":65536,"digits":10000,"rate":0,"burst":50}}"#;
    let welcome = r#"{"type":"welcome","student":{"id":"20260001","name":"예시 가람","department":"수학과"},"online":{"count":3,"students":[{"id":"20260001","name":"예시 가람","sessions":1},{"id":"20260002","name":"나래나래","sessions":2},{"id":"20260003","name":"다솜","sessions":1}]},"latest":0,"replay_after":0}"#;
    for line in [hello, welcome] {
        let news = match FromServer::read(line.as_bytes()).unwrap().unwrap() {
            FromServer::Hello(hello) => LinkEvent::Hello { hello, hosting: true },
            FromServer::Welcome(welcome) => LinkEvent::Joined { welcome, continues: Continues::Anew },
            other => panic!("{other:?}"),
        };
        app.update(Event::Link(news), now);
    }
    app
}

/// Names of one cell more and one less, so that wide glyphs come to stand over halves of others.
fn results(from: u64, count: u64) -> Event {
    let name = |seq: u64| ["예시 가람", "a나래나래", "다솜", "ab마루cd"][(seq % 4) as usize];
    let result = |seq: u64| SquareResult {
        seq,
        at: "2026-01-02T03:04:05.678Z".into(),
        student: format!("2026000{}", seq % 4 + 1),
        name: name(seq).into(),
        number: seq.to_string(),
        square: (seq * seq).to_string(),
        id: None,
    };
    Event::Link(LinkEvent::Results((from..from + count).map(result).collect()))
}

#[test]
fn no_half_of_a_wide_glyph_is_left_behind_at_any_width() {
    let now = Instant::now();
    let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    let plain = |code| key(code, KeyModifiers::NONE);
    for width in 20..=120 {
        let mut size = (width, HEIGHT);
        let mut app = app(size, now);
        let mut terminal = Emulated::new(size);
        let mut steps = vec![results(1, 40), results(41, 1), results(42, 3), plain(KeyCode::PageUp), results(45, 2)];
        steps.extend((0..3).map(|_| key(KeyCode::Up, KeyModifiers::SHIFT)));
        steps.extend([plain(KeyCode::Enter), plain(KeyCode::Esc), plain(KeyCode::Esc)]);
        steps.extend("가나다1다".chars().map(|letter| plain(KeyCode::Char(letter))));
        steps.extend([plain(KeyCode::Home), key(KeyCode::Char('a'), KeyModifiers::CONTROL)]);
        steps.extend([plain(KeyCode::Delete), plain(KeyCode::Char('x')), plain(KeyCode::Enter)]);
        for popup in [1, 2, 6] {
            steps.extend([plain(KeyCode::F(popup)), results(47, 1), plain(KeyCode::F(popup))]);
        }
        steps.push(key(KeyCode::Char('u'), KeyModifiers::CONTROL));
        for letter in "/find 나래".chars() {
            steps.push(plain(KeyCode::Char(letter)));
        }
        steps.extend([plain(KeyCode::Enter), plain(KeyCode::F(3)), plain(KeyCode::Esc), plain(KeyCode::Esc)]);
        steps.push(Event::Paste("12\n가나\n13".into()));
        steps.push(plain(KeyCode::Esc));
        for (by, height) in [(-1, 14), (2, 9), (-7, 14), (6, 20)] {
            steps.push(Event::Resize(width.saturating_add_signed(by), height));
            steps.push(results(50 + u64::from(height), 1));
        }
        for (at, step) in steps.into_iter().enumerate() {
            if let Event::Resize(width, height) = step {
                size = (width, height);
                terminal.emulator.screen_mut().set_size(height.try_into().unwrap(), width.try_into().unwrap());
                terminal.screen.resize(size);
            }
            let what = format!("{step:?}").chars().take(60).collect::<String>();
            app.update(step, now);
            terminal.draw(&app, now);
            let mut fresh = Emulated::new(size);
            fresh.draw(&app, now);
            assert!(
                terminal.cells() == fresh.cells(),
                "after step {at} ({what}) at {size:?} the screen is\n{}\nand should be\n{}",
                terminal.emulator.screen().contents(),
                fresh.emulator.screen().contents()
            );
        }
    }
}
