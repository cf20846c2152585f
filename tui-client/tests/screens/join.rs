//! The join screen: who is asked for what, and why somebody is not in yet.

use super::*;

#[test]
fn join_while_connecting() {
    check("join_connecting", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: SERVER.into() });
        stage
    });
}

#[test]
fn join_where_anybody_may() {
    check("join_open", |lang, size| {
        let remember = |setup: &mut Setup| {
            setup.remembered = Remembered {
                student: Some("20260001".into()),
                name: Some("가람".into()),
                server: Some("10.0.0.1:7878".into()),
                ..Remembered::default()
            };
        };
        let mut stage = Stage::with(remember, lang, size);
        stage.link(LinkEvent::Connecting { server: SERVER.into() });
        stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 0), hosting: true });
        stage.press(KeyCode::BackTab);
        stage
    });
}

#[test]
fn join_refused() {
    check("join_refused", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: SERVER.into() });
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 0), hosting: false });
        stage.type_in("20269999");
        stage.press(KeyCode::Enter);
        stage.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
        stage
    });
}

#[test]
fn join_where_a_pin_is_asked_for() {
    check("join_pin", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: SERVER.into() });
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
    check("join_lost", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: "10.0.0.1:7878".into() });
        let retry_at = Some(stage.now + Duration::from_millis(2_100));
        stage.link(LinkEvent::Lost { why: Lost::Unreachable("refused".into()), retry_at });
        stage
    });
}

#[test]
fn join_where_the_certificate_is_another() {
    check("join_certificate", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: "10.0.0.1:7878".into() });
        let print = |digits: &str| format!("sha256:{}", digits.repeat(32));
        let known = "/home/student/.local/state/squares/known_servers".into();
        let why = Lost::Changed { before: print("1a"), now: print("2b"), known };
        stage.link(LinkEvent::Lost { why, retry_at: None });
        stage
    });
}

#[test]
fn join_with_help() {
    check("join_help", |lang, size| {
        let mut stage = Stage::new(lang, size);
        stage.link(LinkEvent::Connecting { server: SERVER.into() });
        stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 0), hosting: false });
        stage.press(KeyCode::F(1));
        stage
    });
}
