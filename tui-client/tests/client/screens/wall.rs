//! The wall: what a projector shows.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use squares::event::{ConnectionError, Event, LinkEvent};
use squares::lang::Lang;
use squares::link::Continues;
use squares::present::{Wall, WallSetup};
use squares::theme::{Appearance, Choice, Depth, Rgb};
use squares::view::draw_wall;
use squares_shared::message::{Auth, Invite, SshAccount, Welcome};

use super::stage::{hello, result, styles_of, text_of, welcome};

const SERVER: &str = "192.0.2.7:7878";

const SIZES: [(u16, u16); 5] = [(200, 50), (120, 36), (80, 24), (40, 12), (30, 8)];

fn empty(lang: Lang, ascii: bool, now: Instant) -> Wall {
    empty_in(Appearance::default(), lang, ascii, now)
}

fn empty_in(appearance: Appearance, lang: Lang, ascii: bool, now: Instant) -> Wall {
    let setup = WallSetup { lang, appearance, ascii, server: SERVER.into(), tls: false };
    let mut wall = Wall::new(setup, now);
    wall.update(Event::Link(LinkEvent::Connecting(SERVER.into())), now);
    wall
}

/// A room that can be joined by TLS and by ssh, with the results of a small class, a while after the last.
fn full(lang: Lang, ascii: bool, now: Instant) -> Wall {
    filled(empty(lang, ascii, now), now)
}

fn filled(mut wall: Wall, now: Instant) -> Wall {
    let account = SshAccount { user: "squares".into(), host: "192.0.2.7".into(), port: 22 };
    let invite = Invite {
        servers: vec![SERVER.into(), "[2001:db8::7]:7878".into()],
        fingerprint: Some("SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81".into()),
        ssh: vec![account],
    };
    wall.update(Event::Link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting: false }), now);
    let welcome = Welcome { student: None, invite: Some(invite), ..welcome(57) };
    wall.update(Event::Link(LinkEvent::Joined { welcome, continues: Continues::Anew }), now);
    wall.update(Event::Link(LinkEvent::Results((1..=57).map(result).collect())), now);
    wall.before_frame(now);
    wall
}

fn drawn(wall: &Wall, size: (u16, u16), now: Instant) -> String {
    text_of(&cells(wall, size, now))
}

fn cells(wall: &Wall, (width, height): (u16, u16), now: Instant) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
    terminal.draw(|frame| draw_wall(wall, frame, now)).expect("a screen in memory");
    terminal.backend().buffer().clone()
}

#[test]
fn wall() {
    let now = Instant::now();
    for (lang, suffix) in [(Lang::Ko, "ko"), (Lang::En, "en")] {
        let wall = full(lang, false, now);
        let later = now + Duration::from_secs(60);
        let picture = |size: (u16, u16)| format!("{}x{}\n{}", size.0, size.1, drawn(&wall, size, later));
        insta::assert_snapshot!(format!("wall_{suffix}"), SIZES.map(picture).join("\n"));
    }
}

/// What a theme adds to the text, which is the same in each: how every part of it looks, just after a result.
#[test]
fn wall_in_every_theme() {
    let now = Instant::now();
    for choice in [Choice::Mono, Choice::Light, Choice::Contrast] {
        let background = Some(Rgb(255, 255, 255));
        let appearance = Appearance { choice, depth: Depth::True, background, ..Appearance::default() };
        for (lang, suffix) in [(Lang::Ko, "ko"), (Lang::En, "en")] {
            let wall = filled(empty_in(appearance, lang, false, now), now);
            let plain = full(lang, false, now);
            let then = now + Duration::from_secs(1);
            let looks = |size: (u16, u16)| {
                let cells = cells(&wall, size, then);
                assert_eq!(text_of(&cells), drawn(&plain, size, then), "{choice:?} {size:?}");
                format!("{}x{}\n{}", size.0, size.1, styles_of(&cells))
            };
            let name = format!("wall_{choice:?}_{suffix}").to_lowercase();
            insta::assert_snapshot!(name, SIZES.map(looks).join("\n"));
        }
    }
}

#[test]
fn wall_of_ascii_just_after_a_result_and_without_a_server() {
    let now = Instant::now();
    let mut wall = full(Lang::En, true, now);
    wall.update(Event::Link(LinkEvent::Results(vec![result(58)])), now + Duration::from_secs(60));
    let then = now + Duration::from_secs(61);
    wall.before_frame(then);
    let after = drawn(&wall, (120, 36), then);
    assert!(after.replace(['가', '람', '나', '래', '다', '온'], "").is_ascii(), "{after}");
    let why = ConnectionError::Unreachable("refused".into());
    let retry_at = Some(now + Duration::from_secs(4));
    let mut waits = empty(Lang::En, true, now);
    waits.update(Event::Link(LinkEvent::Disconnected { why, retry_at }), now);
    insta::assert_snapshot!("wall_ascii", format!("{after}\n{}", drawn(&waits, (80, 24), now)));
}

#[test]
fn the_wall_is_drawn_in_every_size() {
    let now = Instant::now();
    for ascii in [false, true] {
        let walls = [empty(Lang::Ko, ascii, now), full(Lang::Ko, ascii, now)];
        let small = (0..48).flat_map(|height| (0..70).map(move |width| (width, height)));
        for size in small.chain([(500, 200), (500, 1), (1, 200), (64, 40), (101, 22), (200, 9)]) {
            for wall in &walls {
                drawn(wall, size, now);
            }
        }
    }
}
