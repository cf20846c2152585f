//! Screens as pictures: those that everybody meets at every size and in both languages, the others at two sizes and in
//! the language of wide letters. After a change that is meant: `INSTA_UPDATE=always cargo test --workspace --test
//! client screens`, and look at the pictures.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use squares::app::Setup;
use squares::event::{ConnectionError, Effect, Event, LinkEvent, Pending, TerminalEffect};
use squares::lang::Lang;
use squares::link::{Command, Continues};
use squares::store::Unkept;
use squares::store::history::HistoryNews;
use squares::store::settings::Remembered;
use squares_shared::message::{Auth, ErrorCode, ErrorMessage, Hello, SquareResult, Welcome};
use stage::{Stage, error, hello, result, welcome};

mod appearance;
mod certificate;
mod chart;
mod join;
mod keys;
mod stage;
mod typing;
mod wall;
mod weight;

/// A usual screen, and a small one.
const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (40, 12);
const SIZES: [(u16, u16); 4] = [(200, 50), USUAL, SMALL, (30, 8)];
const SERVER: &str = "127.0.0.1:7878";

/// The scene at these sizes, in this language.
fn pictures(scene: &impl Fn(Lang, (u16, u16)) -> Stage, lang: Lang, sizes: &[(u16, u16)]) -> String {
    let picture = |&size: &(u16, u16)| format!("{}x{}\n{}", size.0, size.1, scene(lang, size).picture());
    sizes.iter().map(picture).collect::<Vec<_>>().join("\n")
}

/// The scene at every size, in both languages.
fn check_everywhere(name: &str, scene: impl Fn(Lang, (u16, u16)) -> Stage) {
    for (lang, suffix) in [(Lang::Ko, "ko"), (Lang::En, "en")] {
        insta::assert_snapshot!(format!("{name}_{suffix}"), pictures(&scene, lang, &SIZES));
    }
}

/// The scene on a usual screen and on a small one, in the language of wide letters.
fn check(name: &str, scene: impl Fn(Lang, (u16, u16)) -> Stage) {
    insta::assert_snapshot!(name, pictures(&scene, Lang::Ko, &[USUAL, SMALL]));
}

#[test]
fn room() {
    check_everywhere("room", Stage::room);
}

#[test]
fn room_where_nothing_can_be_kept() {
    check("room_unkept", |lang, size| {
        let mut stage = Stage::room(lang, size);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let folder = std::path::Path::new("/home/sample/.local/state/squares");
        stage.update(Event::History(HistoryNews::Unkept(Unkept::new(folder, &full))));
        stage
    });
}

#[test]
fn room_that_another_account_goes_on_with() {
    check("room_own_ledger", |lang, size| {
        let data = |setup: &mut Setup| {
            setup.student = Some("20260002".into());
            setup.data = Some("/home/sample/.local/share/squares".into());
        };
        let mut stage = Stage::with(data, lang, size);
        for (log, hosting) in [("theirs", false), ("mine", true)] {
            stage.link(LinkEvent::Connecting(SERVER.into()));
            stage.link(LinkEvent::Hello { hello: Hello { log: log.into(), ..hello(Auth::Open, 3) }, hosting });
            stage.link(LinkEvent::Joined { welcome: welcome(3), continues: Continues::Anew });
            stage.link(LinkEvent::Results((1..=3).map(result).collect()));
        }
        stage
    });
}

#[test]
fn room_that_is_empty() {
    check("room_empty", |lang, size| {
        let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 0), hosting: true });
        stage.link(LinkEvent::Joined { welcome: welcome(0), continues: Continues::Anew });
        stage
    });
}

#[test]
fn room_with_squares_that_wait_and_one_refused() {
    check("room_waiting", |lang, size| {
        let mut stage = Stage::room(lang, size);
        for (id, number) in [("a", "12"), ("b", "-3.5"), ("c", "7")] {
            stage.link(LinkEvent::Queued(Pending { id: id.into(), number: number.into() }));
        }
        let pending = Pending { id: "b".into(), number: "-3.5".into() };
        stage.link(LinkEvent::Rejected { pending, error: error(ErrorCode::TooManyDigits) });
        let until = stage.now + Duration::from_millis(900);
        stage.link(LinkEvent::Throttled { error: error(ErrorCode::RateLimited), until });
        stage.type_in("1.2.3");
        stage
    });
}

#[test]
fn room_scrolled_up_with_new_below() {
    check("room_scrolled", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.press(KeyCode::PageUp);
        stage.key(KeyCode::Up, KeyModifiers::SHIFT);
        stage.key(KeyCode::Up, KeyModifiers::SHIFT);
        stage.link(LinkEvent::Results((58..=60).map(result).collect()));
        stage.type_in("1,23");
        stage
    });
}

#[test]
fn why_there_is_no_connection_is_said_once_in_lines_and_hides_no_mistake() {
    let mut stage = Stage::room(Lang::En, squares::view::Linear::SIZE);
    let mut linear = squares::view::Linear::default();
    let _ = linear.say(&stage.app, stage.now);
    let mut said = String::new();
    for _ in 0..4 {
        stage.link(LinkEvent::Disconnected {
            why: ConnectionError::Untrusted("expired".into()),
            retry_at: Some(stage.now),
        });
        said.push_str(&linear.say(&stage.app, stage.now).bytes);
        stage.now += Duration::from_secs(9);
        stage.update(Event::Wake);
        said.push_str(&linear.say(&stage.app, stage.now).bytes);
    }
    assert_eq!(said.matches("expired").count(), 1, "{said}");
    stage.type_in("1x");
    stage.press(KeyCode::Enter);
    let said = linear.say(&stage.app, stage.now).bytes;
    assert!(said.contains("'x' is not part of a number."), "{said}");
    stage
        .link(LinkEvent::Disconnected { why: ConnectionError::Untrusted("expired".into()), retry_at: Some(stage.now) });
    assert!(!linear.say(&stage.app, stage.now).bytes.contains("expired"));
    stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Resumed });
    let _ = linear.say(&stage.app, stage.now);
    stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    stage
        .link(LinkEvent::Disconnected { why: ConnectionError::Untrusted("expired".into()), retry_at: Some(stage.now) });
    assert!(linear.say(&stage.app, stage.now).bytes.contains("expired"), "another time it is news again");
}

#[test]
fn room_with_the_connection_lost() {
    check("room_lost", |lang, size| {
        let mut stage = Stage::room(lang, size);
        let retry_at = Some(stage.now + Duration::from_secs(12));
        stage.link(LinkEvent::Disconnected { why: ConnectionError::Closed(None), retry_at });
        stage.link(LinkEvent::Queued(Pending { id: "a".into(), number: "12".into() }));
        stage.type_in("345");
        stage
    });
}

#[test]
fn room_while_a_host_wants_to_leave() {
    check("room_host", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting: true });
        stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Resumed });
        stage.link(LinkEvent::RoundTrip(Duration::from_micros(2_300)));
        stage.type_in("/exit");
        assert_eq!(stage.press(KeyCode::Enter), []);
        stage
    });
}

#[test]
fn room_with_a_command_that_is_none() {
    check("room_command", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/exti");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn help() {
    check_everywhere("help", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.press(KeyCode::F(1));
        stage
    });
}

#[test]
fn detail() {
    check_everywhere("detail", |lang, size| {
        let mut stage = Stage::room(lang, size);
        for _ in 0..8 {
            stage.key(KeyCode::Up, KeyModifiers::ALT);
        }
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn a_divider_where_somebody_stopped_reading() {
    check("room_divider", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.press(KeyCode::F(1));
        stage.link(LinkEvent::Results((58..=59).map(result).collect()));
        stage.press(KeyCode::Esc);
        stage
    });
}

#[test]
fn only_mine() {
    check("filter_mine", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/mine");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn a_search() {
    check("filter_find", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/find 44");
        stage.press(KeyCode::Enter);
        stage.press(KeyCode::F(3));
        stage
    });
}

#[test]
fn a_search_that_found_nothing() {
    check("filter_none", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.type_in("/find zzz");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn long_numbers() {
    check("room_long", |lang, size| {
        let mut stage = Stage::room(lang, size);
        let long = |seq: u64, digits: usize| SquareResult {
            number: format!("1{}", "0".repeat(digits - 1)),
            square: format!("1{}", "0".repeat(2 * digits - 2)),
            ..result(seq)
        };
        stage.link(LinkEvent::Results(
            (58..=70).map(|seq| long(seq, usize::try_from((seq - 56) * 2).unwrap_or(1))).collect(),
        ));
        stage
    });
}

#[test]
fn a_search_under_way() {
    check("filter_searching", |lang, size| {
        let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 9_057), hosting: false });
        let welcome = Welcome { replay_after: 9_000, ..welcome(9_057) };
        stage.link(LinkEvent::Joined { welcome, continues: Continues::Anew });
        stage.link(LinkEvent::Results((9_001..=9_057).map(result).collect()));
        stage.type_in("/find 나래");
        stage.press(KeyCode::Enter);
        stage
    });
}

#[test]
fn a_result_copied() {
    check("copied", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.key(KeyCode::Up, KeyModifiers::SHIFT);
        stage.press(KeyCode::Enter);
        assert_eq!(stage.press(KeyCode::F(8)), [Effect::Terminal(TerminalEffect::Copy("4489".into()))]);
        stage
    });
}

#[test]
fn online_in_the_middle() {
    check("online", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.press(KeyCode::F(2));
        stage
    });
}

#[test]
fn a_screen_too_small_asks_for_more_room() {
    for lang in [Lang::Ko, Lang::En] {
        for size in [(29, 8), (30, 7), (12, 5), (3, 2)] {
            let stage = Stage::room(lang, size);
            let name = format!("too_small_{}x{}_{lang:?}", size.0, size.1);
            insta::assert_snapshot!(name, stage.picture());
        }
        for size in [(1, 1), (0, 0), (1, 50), (200, 1)] {
            Stage::room(lang, size).picture();
        }
    }
}

#[test]
fn ascii_is_ascii() {
    for key in [None, Some(KeyCode::F(1)), Some(KeyCode::F(2)), Some(KeyCode::F(6)), Some(KeyCode::PageUp)] {
        let mut stage = Stage::with(
            |setup| {
                setup.ascii = true;
                setup.student = Some("s-4".into());
            },
            Lang::Ko,
            (80, 24),
        );
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting: true });
        stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
        stage.link(LinkEvent::Results((1..=57).map(result).collect()));
        stage.link(LinkEvent::Queued(Pending { id: "a".into(), number: "12".into() }));
        if let Some(key) = key {
            stage.press(key);
        }
        let picture = stage.picture();
        assert!(key != Some(KeyCode::F(1)) || !picture.contains("..."), "a key's name is cut: {picture}");
        let hangul = |c: char| ('가'..='힣').contains(&c);
        let others: String = picture.chars().filter(|&c| !c.is_ascii() && !hangul(c)).collect();
        assert_eq!(others, "", "{picture}");
    }
}
