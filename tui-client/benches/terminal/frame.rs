//! What one frame costs by itself, without a terminal: results of 25 ms at ten thousand a second, laid out and turned
//! into bytes, on a screen of 200 columns and 50 rows.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use squares::app::{App, Setup};
use squares::event::{Event, LinkEvent};
use squares::lang::Lang;
use squares::link::Continues;
use squares::run::FullScreen;
use squares::theme::{Appearance, Choice};
use squares_shared::message::{FromServer, SquareResult};

const SIZE: (u16, u16) = (200, 50);

/// Results that one frame shows anew.
const RESULTS: u64 = 250;

/// How long each of so many frames takes to draw, and how long the app takes to hear its results.
pub(crate) fn times(frames: u64) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
    let now = Instant::now();
    let setup = Setup {
        lang: Lang::Ko,
        appearance: Appearance { choice: Choice::Dark, ..Appearance::default() },
        student: Some("20260001".into()),
        size: SIZE,
        ..Setup::default()
    };
    let (mut app, _) = App::new(setup, now);
    for line in [
        r#"{"type":"hello","protocol":1,"server":"bench","auth":"open","log":"bench","latest":0,"limits":{"line":65536,"digits":10000,"rate":0,"burst":50}}"#,
        r#"{"type":"welcome","student":{"id":"20260001","name":"예시 가람","department":null},"online":{"count":1,"students":[{"id":"20260001","name":"예시 가람","sessions":1}]},"latest":0,"replay_after":0}"#,
    ] {
        match FromServer::read(line.as_bytes())?.context("no message")? {
            FromServer::Hello(hello) => app.update(Event::Link(LinkEvent::Hello { hello, hosting: false }), now),
            FromServer::Welcome(welcome) => {
                app.update(Event::Link(LinkEvent::Joined { welcome, continues: Continues::Anew }), now)
            }
            _ => Vec::new(),
        };
    }
    let mut screen = FullScreen::new(SIZE)?;
    let (mut drawing, mut hearing) = (Vec::new(), Vec::new());
    for frame in 0..frames {
        let results = (frame * RESULTS..(frame + 1) * RESULTS).map(result).collect();
        let start = Instant::now();
        app.update(Event::Link(LinkEvent::Results(results)), now);
        hearing.push(start.elapsed());
        let start = Instant::now();
        let bytes = screen.frame(&app, now)?.len();
        drawing.push(start.elapsed());
        ensure!(bytes > 100, "a frame with new results has bytes");
    }
    Ok((drawing, hearing))
}

fn result(seq: u64) -> SquareResult {
    let number = 1_000_000_000_000 + seq * 7_919;
    SquareResult {
        seq: seq + 1,
        at: format!("2026-01-02T03:{:02}:{:02}.678Z", seq / 60 % 60, seq % 60),
        student: format!("2026000{}", seq % 9),
        name: if seq.is_multiple_of(2) { "예시 나래".into() } else { "Sample Two".into() },
        number: number.to_string(),
        square: (u128::from(number) * u128::from(number)).to_string(),
        id: None,
    }
}
