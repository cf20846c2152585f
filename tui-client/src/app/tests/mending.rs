//! What could not be done: it is said, as often as it is tried, and what was typed stays or comes back to be mended.

use std::io;
use std::path::Path;

use super::*;
use crate::event::Pin;
use crate::store::Unkept;

/// On the join form of a server that asks for a PIN.
fn at_the_form() -> Stage {
    let (mut room, _) = Stage::start(setup());
    room.link(LinkEvent::Hello { hello: hello(Auth::Pin), hosting: false });
    for c in "me".chars() {
        room.press(KeyCode::Char(c));
    }
    room.press(KeyCode::Tab);
    room
}

#[test]
fn a_pin_that_was_refused_is_not_typed_on_nor_sent_again() {
    let held = ErrorMessage { retry_after_ms: Some(1_000), ..error(ErrorCode::RateLimited) };
    for refused in [error(ErrorCode::BadPin), held] {
        let mut room = at_the_form();
        let first = room.enter("111111");
        assert!(first.contains(&Effect::Link(Command::UsePin(Pin::new("111111")))));
        let forgotten = room.link(LinkEvent::JoinRefused(refused.clone()));
        assert_eq!(room.app.form.text(Field::Pin), "", "{refused:?}");
        if refused.code == ErrorCode::RateLimited {
            assert_eq!(forgotten, [Effect::Link(Command::UsePin(Pin::new("")))], "Enter alone does not try it again");
        }
        assert!(room.enter("234567").contains(&Effect::Link(Command::UsePin(Pin::new("234567")))));
    }
    let mut room = at_the_form();
    let held = ErrorMessage { retry_after_ms: Some(1_000), ..error(ErrorCode::RateLimited) };
    assert_eq!(room.link(LinkEvent::JoinRefused(held)), [], "one that let somebody in before is kept");
}

#[test]
fn every_enter_that_takes_nothing_counts() {
    let mut room = Stage::with(0, false);
    for text in ["1x", "1/2", "--1"] {
        let before = room.app.composer.refusals;
        room.enter(text);
        room.press(KeyCode::Enter);
        assert_eq!((room.app.composer.refusals, room.app.composer.input.text()), (before + 2, text));
        room.control('u');
    }
    let before = room.app.composer.refusals;
    room.enter("12");
    room.enter("/lang en");
    assert_eq!(room.app.composer.refusals, before);
}

#[test]
fn what_stands_behind_a_command_is_not_passed_over() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Results(vec![result(1, "s0", None)]));
    for (text, words) in [
        ("/exit now", "/exit takes no argument."),
        ("/read me", "/read takes no argument."),
        ("/mine 3", "/mine takes no argument."),
        ("/chart x", "/chart takes no argument."),
    ] {
        assert_eq!(room.enter(text), [], "{text}");
        assert_eq!((room.notice(), room.app.composer.input.text()), (words, text));
        room.control('u');
    }
    assert!(matches!(room.app.main_view, MainView::Feed));
}

#[test]
fn help_opens_on_the_join_form_too() {
    let (mut room, _) = Stage::start(setup());
    room.press(KeyCode::F(1));
    assert!(matches!(room.app.main_view, MainView::Help(HelpPlace { scrolled: 0, .. })));
    room.press(KeyCode::Down);
    assert!(matches!(room.app.main_view, MainView::Help(HelpPlace { scrolled: 1, .. })));
    room.press(KeyCode::Esc);
    assert!(matches!(room.app.main_view, MainView::Feed));
    room.press(KeyCode::F(1));
    room.press(KeyCode::F(1));
    assert!(matches!(room.app.main_view, MainView::Feed));
    room.press(KeyCode::F(1));
    room.press(KeyCode::Char('7'));
    assert!(matches!(room.app.main_view, MainView::Feed));
    assert_eq!(room.press(KeyCode::Enter), [join("7", None)], "what is typed goes into the form");
}

#[test]
fn exit_leaves_from_the_join_form_too() {
    for text in ["/exit", "/ㄷ턋", "／exit"] {
        let (mut room, _) = Stage::start(setup());
        assert_eq!(room.enter(text), [Effect::Quit], "{text}");
        assert_eq!(at_the_form().enter(text), [Effect::Quit], "it is no PIN: {text}");
    }
}

#[test]
fn whose_results_are_shown_is_said_where_another_ledger_answers() {
    let with_log =
        |log: &str, hosting| LinkEvent::Hello { hello: Hello { log: log.into(), ..hello(Auth::Open) }, hosting };
    let joined = || LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew };
    let data = Some("/home/b/.local/share/squares".into());
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), data, ..setup() });
    for (log, hosting, said) in [
        ("a", false, ""),
        ("a", true, ""),
        ("b", true, "your own account's results (/home/b/.local/share/squares)"),
        ("b", false, ""),
        ("c", false, "The earlier ones stay with whoever answered there before"),
    ] {
        room.now += Duration::from_secs(30);
        room.update(Event::Wake);
        room.link(LinkEvent::Disconnected { why: ConnectionError::Shutdown, retry_at: None });
        room.link(LinkEvent::Connecting("127.0.0.1:7878".into()));
        room.link(with_log(log, hosting));
        room.link(joined());
        assert_eq!(room.notice().is_empty(), said.is_empty(), "{log}: {}", room.notice());
        assert!(room.notice().contains(said), "{}", room.notice());
    }
}

#[test]
fn that_nothing_is_kept_is_said_once_with_the_folder_in_the_language_of_the_screen() {
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let unkept = |folder: &str| Unkept::new(Path::new(folder), &full());
    for (lang, why) in [(Lang::Ko, "디스크가 가득 찼습니다"), (Lang::En, "the disk is full")] {
        let (mut room, _) = Stage::start(Setup { student: Some("me".into()), lang, ..setup() });
        room.update(Event::History(HistoryNews::Unkept(unkept("/home/me\u{1b}/squares"))));
        assert!(room.notice().contains("/home/me\u{FFFD}/squares") && room.notice().contains(why), "{}", room.notice());
        let said = room.notice().to_owned();
        // What else there is to say comes first; it is said again, and then no more.
        room.link(LinkEvent::Disconnected { why: ConnectionError::LedgerInUse("/data".into()), retry_at: None });
        assert!(room.notice().contains("/data"));
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
        room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
        assert_eq!(room.notice(), said);
        room.now += Duration::from_secs(20);
        room.link(LinkEvent::Unkept(unkept("/home/me/squares/outbox")));
        assert_eq!(room.notice(), "");
    }
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Unkept(Unkept::nowhere()));
    assert!(room.notice().contains("HOME"), "{}", room.notice());
}
