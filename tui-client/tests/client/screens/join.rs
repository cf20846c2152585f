//! The join screen: who is asked for what, and why somebody is not in yet.

use squares::strings::Strings;
use squares_shared::message::{LastResult, RoomNow};

use super::*;

#[test]
fn join_while_connecting() {
    check_everywhere("join_connecting", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage
    });
}

#[test]
fn join_where_anybody_may() {
    check_everywhere("join_open", |lang, size| {
        let remember = |setup: &mut Setup| {
            setup.remembered = Remembered {
                student: Some("20260001".into()),
                name: Some("가람".into()),
                server: Some("10.0.0.1:7878".into()),
                ..Remembered::default()
            };
        };
        let mut stage = Stage::with(remember, lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 0), hosting: true });
        stage.press(KeyCode::BackTab);
        stage
    });
}

#[test]
fn join_at_a_room_that_tells_who_is_in() {
    check_everywhere("join_room_now", |lang, size| at_a_room_that_tells(Stage::new(lang, size), "-1024", "1048576"));
}

#[test]
fn join_once_the_server_gave_up_waiting() {
    check_everywhere("join_parked", |lang, size| {
        let mut stage = at_a_room_that_tells(Stage::new(lang, size), "-1024", "1048576");
        stage.link(LinkEvent::Idle);
        stage
    });
}

#[test]
fn lines_say_once_that_a_connection_ended_before_anybody_joined() {
    for lang in [Lang::Ko, Lang::En] {
        let strings = Strings::of(lang);
        let mut stage = at_a_room_that_tells(Stage::new(lang, squares::view::Linear::SIZE), "-1024", "1048576");
        let mut linear = squares::view::Linear::default();
        let figures = (strings.online)(12);
        assert!(linear.say(&stage.app, stage.now).bytes.contains(&figures));
        stage.link(LinkEvent::Idle);
        let said = linear.say(&stage.app, stage.now).bytes;
        assert!(said.contains(&format!("{SERVER}, {}", strings.idle)) && !said.contains(&figures), "{said}");
        stage.type_in("2");
        let said = linear.say(&stage.app, stage.now).bytes;
        assert!(!said.contains(strings.idle), "{said}");
    }
}

fn at_a_room_that_tells(mut stage: Stage, number: &str, square: &str) -> Stage {
    stage.link(LinkEvent::Connecting(SERVER.into()));
    let last = LastResult { name: "나래".into(), number: number.into(), square: square.into() };
    let room = Some(RoomNow { online: 12, last: Some(last) });
    stage.link(LinkEvent::Hello { hello: Hello { room, ..hello(Auth::Open, 57) }, hosting: false });
    stage
}

#[test]
fn the_join_screen_is_drawn_in_every_size() {
    for (lang, ascii) in [(Lang::Ko, false), (Lang::En, true)] {
        let small = (1..30).flat_map(|height| (28..84).step_by(5).map(move |width| (width, height)));
        for size in small.chain([(1, 1), (1, 200), (500, 1), (500, 200), (61, 16), (101, 22)]) {
            let stage = Stage::with(|setup| setup.ascii = ascii, lang, size);
            let mut stage = at_a_room_that_tells(stage, &"9".repeat(300), &"8".repeat(600));
            stage.type_in("a b");
            stage.press(KeyCode::Enter);
            let picture = stage.picture();
            let own = |c: char| c.is_ascii() || ('가'..='힣').contains(&c);
            assert!(!ascii || picture.chars().all(own), "{picture}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_field_stands_below_it_while_another_is_typed_into() {
    for lang in [Lang::Ko, Lang::En] {
        let mut stage = Stage::new(lang, (80, 24));
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 0), hosting: false });
        stage.type_in("20269999");
        stage.press(KeyCode::Enter);
        stage.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
        let told = (Strings::of(lang).error)(&error(ErrorCode::NotOnRoster));
        let below = |stage: &Stage| {
            let picture = stage.picture();
            let at = picture.lines().position(|line| line.contains("20269999")).expect("the id");
            picture.lines().nth(at + 1).is_some_and(|line| line.contains(&told))
        };
        assert!(below(&stage), "{}", stage.picture());
        stage.press(KeyCode::Tab);
        stage.type_in("1");
        assert!(below(&stage), "{}", stage.picture());
        stage.press(KeyCode::BackTab);
        stage.press(KeyCode::Backspace);
        assert!(!stage.picture().contains(&told), "{}", stage.picture());
    }
}

#[test]
fn join_refused() {
    check_everywhere("join_refused", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 0), hosting: false });
        stage.type_in("20269999");
        stage.press(KeyCode::Enter);
        stage.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
        stage
    });
}

#[test]
fn join_where_a_pin_is_asked_for() {
    check_everywhere("join_pin", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 0), hosting: false });
        stage.type_in("20260001");
        stage.press(KeyCode::Tab);
        stage.type_in("23456789");
        stage.press(KeyCode::Enter);
        let held = ErrorMessage { retry_after_ms: Some(7_500), ..error(ErrorCode::RateLimited) };
        stage.link(LinkEvent::JoinRefused(held));
        stage
    });
}

#[test]
fn join_while_nobody_listens() {
    check_everywhere("join_lost", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting("10.0.0.1:7878".into()));
        let retry_at = Some(stage.now + Duration::from_millis(2_100));
        stage.link(LinkEvent::Disconnected { why: ConnectionError::Unreachable("refused".into()), retry_at });
        stage
    });
}

#[test]
fn join_where_the_certificate_is_another() {
    check_everywhere("join_certificate", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting("10.0.0.1:7878".into()));
        let print = |digits: &str| format!("sha256:{}", digits.repeat(32));
        let known = "/home/student/.local/state/squares/known_servers".into();
        let why = ConnectionError::Changed { before: print("1a"), now: print("2b"), known };
        stage.link(LinkEvent::Disconnected { why, retry_at: None });
        stage
    });
}

#[test]
fn what_answers_in_place_of_a_room_is_told_and_goes_on_to_be_while_it_is_tried_again() {
    for (lang, told) in
        [(Lang::En, "What answers there is SSH, not Squares."), (Lang::Ko, "제곱방이 아니라 SSH 서버입니다.")]
    {
        let mut stage = Stage::new(lang, (80, 24));
        let lost = |stage: &mut Stage| {
            let retry_at = Some(stage.now + Duration::from_millis(300));
            stage.link(LinkEvent::Disconnected { why: ConnectionError::Stranger("SSH"), retry_at });
        };
        stage.link(LinkEvent::Connecting(SERVER.into()));
        for _ in 0..3 {
            lost(&mut stage);
            assert!(stage.picture().contains(told), "{}", stage.picture());
            stage.now += Duration::from_millis(400);
            stage.update(Event::Wake);
            stage.link(LinkEvent::Connecting(SERVER.into()));
            assert!(stage.picture().contains(told), "{}", stage.picture());
        }
        // Of another address nothing is known.
        stage.link(LinkEvent::Connecting("10.0.0.9:7878".into()));
        assert!(!stage.picture().contains(told), "{}", stage.picture());
        lost(&mut stage);
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 0), hosting: false });
        assert!(!stage.picture().contains(told), "{}", stage.picture());
    }
}

#[test]
fn a_server_that_is_no_address_is_told_with_the_right_form_at_its_field() {
    for (lang, told) in [(Lang::En, "Not an address."), (Lang::Ko, "주소가 아닙니다.")] {
        let mut stage = Stage::new(lang, (80, 24));
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 0), hosting: false });
        stage.type_in("s1");
        stage.press(KeyCode::BackTab);
        stage.type_in("a b");
        stage.press(KeyCode::Enter);
        let picture = stage.picture();
        assert!(picture.contains(told) && picture.contains("192.0.2.7:7878"), "{picture}");
        stage.press(KeyCode::Tab);
        assert!(stage.picture().contains(told), "leaving the field says so too");
    }
}

#[test]
fn join_with_help() {
    check_everywhere("join_help", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting(SERVER.into()));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 0), hosting: false });
        stage.press(KeyCode::F(1));
        stage
    });
}
