//! When the app wakes and draws by itself, and when it connects again.

use super::*;

#[test]
fn an_idle_room_never_wakes_and_a_countdown_wakes_once_a_second() {
    let mut room = Stage::with(0, false);
    assert_eq!(room.app.next_wake(), None);
    room.lose(3);
    for left in [3, 2, 1] {
        assert_eq!(room.app.status.connection.countdown(room.now), Some(left));
        room.now = room.app.next_wake().unwrap();
        room.app.update(Event::Wake, room.now);
    }
    assert_eq!((room.app.status.connection.countdown(room.now), room.app.next_wake()), (None, None));
}

#[test]
fn a_second_that_passed_is_seen_whatever_woke_the_app() {
    let mut room = Stage::with(0, false);
    room.lose(3);
    room.app.needs_draw();
    room.now += Duration::from_millis(1_200);
    assert!(room.app.next_wake().unwrap() <= room.now, "a wake stays due until it has come");
    room.link(LinkEvent::RoundTrip(Duration::from_millis(1)));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Soon));
    assert!(room.app.next_wake().unwrap() > room.now);
}

#[test]
fn keys_are_seen_at_once_and_news_soon() {
    let mut room = Stage::with(0, false);
    room.app.needs_draw();
    assert_eq!(room.app.needs_draw(), None);
    for (millis, seen) in [(120, Some(Urgency::Soon)), (121, None)] {
        room.link(LinkEvent::RoundTrip(Duration::from_millis(millis)));
        assert_eq!(room.app.needs_draw(), seen, "what shows no difference is not drawn");
    }
    room.link(LinkEvent::Results(vec![result(1, "s0", None)]));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Soon));
    room.press(KeyCode::Char('1'));
    room.link(LinkEvent::Results(vec![result(2, "s0", None)]));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Now));
}

#[test]
fn trying_again_is_asked_for_by_key() {
    let mut room = Stage::with(0, false);
    assert_eq!((room.press(KeyCode::F(5)), room.press(KeyCode::Enter)), (vec![], vec![]));
    room.lose(5);
    assert_eq!(room.press(KeyCode::F(5)), [Effect::Link(Command::ReconnectNow)]);
    assert_eq!(room.press(KeyCode::Enter), [Effect::Link(Command::ReconnectNow)]);
    assert_eq!(room.control('l'), [Effect::Terminal(TerminalEffect::Repaint)]);
    // No program is stopped on Windows.
    let stops = if cfg!(windows) { vec![] } else { vec![Effect::Terminal(TerminalEffect::Suspend)] };
    assert_eq!(room.control('z'), stops);
}
