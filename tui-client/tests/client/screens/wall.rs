//! The wall: what a projector shows.

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use squares::event::{Event, LinkEvent, Lost};
use squares::lang::Lang;
use squares::link::Continues;
use squares::present::{Wall, WallSetup};
use squares::theme::Appearance;
use squares::view::draw_wall;
use squares_shared::message::{Auth, Invite, SshAccount, Welcome};

use super::stage::{hello, result, text_of, welcome};

const SERVER: &str = "192.0.2.7:7878";

fn empty(lang: Lang, ascii: bool, now: Instant) -> Wall {
    let setup = WallSetup { lang, appearance: Appearance::default(), ascii, server: SERVER.into(), tls: false };
    let mut wall = Wall::new(setup, now);
    wall.update(Event::Link(LinkEvent::Connecting { server: SERVER.into() }), now);
    wall
}

/// A room that can be joined by TLS and by ssh, with the results of a small class, a while after the last.
fn full(lang: Lang, ascii: bool, now: Instant) -> Wall {
    let mut wall = empty(lang, ascii, now);
    let account = SshAccount { user: "squares".into(), host: "192.0.2.7".into(), port: 22 };
    let invite = Invite {
        servers: vec![SERVER.into(), "[2001:db8::7]:7878".into()],
        fingerprint: Some("SHA256:0390 58c6 f2c0 cb49".into()),
        ssh: vec![account],
    };
    wall.update(Event::Link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting: false }), now);
    let welcome = Welcome { student: None, invite: Some(invite), ..welcome(57) };
    wall.update(Event::Link(LinkEvent::Joined { welcome, continues: Continues::Anew }), now);
    wall.update(Event::Link(LinkEvent::Results((1..=57).map(result).collect())), now);
    wall.before_frame(now);
    wall
}

fn drawn(wall: &Wall, (width, height): (u16, u16), now: Instant) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
    terminal.draw(|frame| draw_wall(wall, frame, now)).expect("a screen in memory");
    text_of(terminal.backend().buffer())
}

#[test]
fn wall() {
    let now = Instant::now();
    for (lang, suffix) in [(Lang::Ko, "ko"), (Lang::En, "en")] {
        let wall = full(lang, false, now);
        let later = now + Duration::from_secs(60);
        let picture = |size: (u16, u16)| format!("{}x{}\n{}", size.0, size.1, drawn(&wall, size, later));
        let pictures = [(200, 50), (120, 36), (80, 24), (40, 12), (30, 8)].map(picture);
        insta::assert_snapshot!(format!("wall_{suffix}"), pictures.join("\n"));
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
    let why = Lost::Unreachable("refused".into());
    let retry_at = Some(now + Duration::from_secs(4));
    let mut waits = empty(Lang::En, true, now);
    waits.update(Event::Link(LinkEvent::Lost { why, retry_at }), now);
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
