//! A PIN is no number: what equals the one in use is neither squared nor kept, and nothing is squared before a server
//! has said whether it asks for one.

use super::*;
use crate::event::Pin;

/// Everything that is to be done, what is kept of the typing too.
fn all(room: &mut Stage, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for c in keys.chars() {
        let code = if c == '\r' { KeyCode::Enter } else { KeyCode::Char(c) };
        effects.extend(room.app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), room.now));
    }
    effects
}

fn with_pin(pin: &str) -> Stage {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), pin: Some(Pin::new(pin)), ..setup() });
    room.link(LinkEvent::Hello { hello: hello(Auth::Pin), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    room
}

fn kept(effects: &[Effect]) -> String {
    let text = |effect: &Effect| match effect {
        Effect::History(HistoryCommand::Line(text)) | Effect::History(HistoryCommand::Draft(text)) => {
            Some(format!("{text}\n"))
        }
        Effect::Link(Command::Square(number)) => Some(format!("{number}\n")),
        _ => None,
    };
    effects.iter().filter_map(text).collect()
}

#[test]
fn what_equals_the_pin_is_neither_squared_nor_kept() {
    for (pin, typed) in [
        ("4711", "4711"),
        ("4711", " ４７１１ "),
        ("4711", "4,711.0"),
        ("4711", "4711e0"),
        ("4711", "/find 4711"),
        ("0123", "123"),
        ("123", "0123"),
        ("k7mq-93xd", "K7MQ93XD"),
        ("k7mq93xd", "k7mq-93xd"),
        ("Secret", "secret"),
    ] {
        let mut room = with_pin(pin);
        let effects = all(&mut room, &format!("{typed}\r"));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Link(Command::Square(_)))), "{typed}");
        let bare = typed.trim().trim_start_matches("/find ");
        let kept = kept(&effects);
        assert!(kept.lines().all(|line| !line.contains(bare)), "{typed}: {kept}");
        assert_eq!(room.app.composer.input.text(), "", "{typed}");
        room.press(KeyCode::Up);
        assert_eq!(room.app.composer.input.text(), "", "{typed}: it is not called back");
        if !typed.starts_with('/') {
            room.press(KeyCode::Down);
            all(&mut room, &format!("{typed}\r"));
            assert_eq!(room.notice(), Strings::of(Lang::En).pin_withheld, "{typed}");
        }
    }
}

#[test]
fn what_only_begins_like_the_pin_is_a_number_like_any_other() {
    let mut room = with_pin("4711");
    let effects = all(&mut room, "47\r");
    assert_eq!(kept(&effects), "47\n47\n", "no draft of it, while it may become the PIN");
    let effects = all(&mut room, "47112\r-4711\r");
    assert!(effects.contains(&square("47112")) && effects.contains(&square("-4711")));
}

#[test]
fn a_pin_that_is_cleared_or_pasted_or_waits_from_before_goes_nowhere() {
    let mut room = with_pin("4711");
    all(&mut room, "4711");
    room.control('c');
    room.press(KeyCode::Up);
    assert_eq!(room.app.composer.input.text(), "");
    room.paste("1\n4711\n2");
    assert_eq!(room.press(KeyCode::Enter), [square("1"), square("2")]);
    assert_eq!(room.notice(), Strings::of(Lang::En).pin_withheld);
    room.link(LinkEvent::Queued(pending("a", "4711")));
    room.link(LinkEvent::Withheld("a".into()));
    assert_eq!(room.app.reading.feed.pending.len(), 0);
    let lines = vec!["4711".into(), "12".into()];
    room.update(Event::History(HistoryNews::Opened { student: "me".into(), lines, draft: "4711".into() }));
    assert_eq!(room.app.composer.input.text(), "");
    room.press(KeyCode::Up);
    assert_eq!(room.app.composer.input.text(), "2", "what was entered since");
}

#[test]
fn nothing_is_squared_or_kept_before_a_server_has_answered() {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), ..setup() });
    assert_eq!(kept(&all(&mut room, "4711\r")), "");
    assert_eq!((room.app.composer.input.text(), room.notice()), ("4711", Strings::of(Lang::En).wait_for_server));
    room.lose(1);
    assert_eq!(kept(&all(&mut room, "\r")), "");
    // It asks for a PIN, and this was it.
    room.link(LinkEvent::Hello { hello: hello(Auth::Pin), hosting: false });
    room.link(LinkEvent::PinWanted);
    assert_eq!(kept(&all(&mut room, "4711\r")), "");
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.composer.input.text(), "", "it does not stay on the screen");
    assert_eq!(kept(&all(&mut room, "4711\r")), "");
    assert_eq!(room.notice(), Strings::of(Lang::En).pin_withheld);
    // Without a connection squares go on waiting, once a server has answered.
    room.lose(1);
    assert_eq!(room.enter("12"), [square("12")]);
}

#[test]
fn what_was_pasted_waits_for_a_server_too() {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), ..setup() });
    room.paste("1\n2");
    assert_eq!(room.press(KeyCode::Enter), []);
    assert!(matches!(room.app.main_view, MainView::Paste(_)));
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    assert_eq!(room.press(KeyCode::Enter), [square("1"), square("2")]);
}

#[test]
fn a_pin_typed_full_width_is_the_pin_that_was_meant() {
    let (mut room, _) = Stage::start(setup());
    room.link(LinkEvent::Hello { hello: hello(Auth::Pin), hosting: false });
    for c in "me".chars() {
        room.press(KeyCode::Char(c));
    }
    room.press(KeyCode::Tab);
    let effects = room.enter("４７１１ ");
    assert_eq!(effects[0], Effect::Link(Command::UsePin(Pin::new("4711"))));
}

#[test]
fn what_is_wrong_with_the_next_line_takes_the_place_of_what_is_said_of_the_pin() {
    let mut room = with_pin("k7mq-93xd");
    all(&mut room, "k7mq-93xd\r");
    assert_eq!(room.notice(), Strings::of(Lang::En).pin_withheld);
    all(&mut room, "794f-a3xv\r");
    assert_eq!((room.notice(), room.app.composer.input.text()), ("", "794f-a3xv"));
    assert!(matches!(room.app.composer.check, Check::Wrong(_)));
}
