//! The join screen, as somebody uses it: who joins, at which server, and what a refusal leaves.

use super::*;

#[test]
fn a_student_given_joins_at_once_and_sees_the_room() {
    let (room, effects) = Stage::start(Setup { student: Some("me".into()), name: Some(" 나래 ".into()), ..setup() });
    assert_eq!((effects, room.app.screen), (vec![join("me", Some("나래"))], Screen::Room));
    let (room, effects) = Stage::start(Setup { student: Some("a b".into()), ..setup() });
    assert_eq!((effects, room.app.screen), (vec![], Screen::Join));
    assert!(room.app.form.error.is_some());
}

#[test]
fn joining_is_asked_for_until_the_server_lets_in() {
    let (mut room, effects) = Stage::start(setup());
    assert_eq!(effects, []);
    room.link(LinkEvent::Hello { hello: hello(Auth::Roster), hosting: false });
    assert_eq!(room.press(KeyCode::Enter), []);
    assert_eq!(room.enter("you"), [join("you", None)]);
    room.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
    assert_eq!(room.app.form.error.as_ref().map(|(field, _)| *field), Some(Some(Field::Student)));
    room.control('u');
    assert_eq!(room.app.form.error, None);
    assert_eq!(room.enter("me"), [join("me", None)]);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.screen, Screen::Room);
    assert_eq!(room.app.setup.remembered.student.as_deref(), Some("me"));
}

#[test]
fn a_connection_that_ended_before_anybody_joined_takes_the_state_and_the_figures_with_it() {
    let (mut room, _) = Stage::start(setup());
    let now_in = Some(RoomNow { online: 12, last: None });
    room.link(LinkEvent::Hello { hello: Hello { room: now_in, ..hello(Auth::Roster) }, hosting: false });
    room.enter("you");
    room.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
    let told = room.app.form.error.clone();
    assert!(told.is_some() && room.app.status.connection.room_now().is_some());
    room.link(LinkEvent::Idle);
    let connection = &room.app.status.connection;
    assert_eq!((&connection.state, connection.room_now()), (&State::Idle, None));
    assert_eq!(connection.auth(), Some(Auth::Roster), "the form keeps its fields");
    assert_eq!(room.app.form.error, told, "what is wrong with a field stays");
    assert_eq!(room.app.next_wake(), None, "nothing is waited for");
    room.control('u');
    assert_eq!(room.enter("me"), [join("me", None)]);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.screen, Screen::Room);
}

#[test]
fn a_server_is_used_once_it_is_chosen() {
    let remembered =
        Remembered { student: Some("me".into()), server: Some("10.0.0.1:7878".into()), ..Remembered::default() };
    let (mut room, _) = Stage::start(Setup { remembered: remembered.clone(), ..setup() });
    room.press(KeyCode::BackTab);
    assert_eq!(room.press(KeyCode::Down), []);
    assert_eq!(room.press(KeyCode::Tab), [Effect::Link(Command::UseServer("10.0.0.1:7878".into()))]);
    assert_eq!(room.press(KeyCode::Enter), [join("me", None)]);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.setup.remembered, remembered);
}

#[test]
fn a_join_refused_in_the_room_keeps_the_typed_line() {
    let mut room = Stage::with(0, false);
    room.press(KeyCode::Char('7'));
    room.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
    assert_eq!(room.app.screen, Screen::Join);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.press(KeyCode::Enter), [square("7")]);
}

#[test]
fn why_no_room_could_be_opened_is_no_longer_said_once_there_is_one() {
    let mut room = Stage::with(1, false);
    room.link(LinkEvent::Disconnected { why: ConnectionError::LedgerInUse("/data".into()), retry_at: None });
    assert!(room.notice().contains("/data"));
    room.press(KeyCode::Char('1'));
    assert!(room.notice().contains("/data"));
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(1, 0, 0), continues: Continues::Resumed });
    assert!(room.app.status.notices.current().is_none());
}
