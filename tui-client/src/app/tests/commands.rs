//! Commands, their completion, and leaving.

use super::*;

#[test]
fn commands_are_carried_out_and_others_explained() {
    let mut room = Stage::with(3, false);
    assert_eq!(room.enter("/ㅗ디ㅔ"), []);
    assert!(matches!(room.app.main_view, MainView::Help(_)));
    room.press(KeyCode::Esc);
    assert!(matches!(room.app.main_view, MainView::Feed));
    assert_eq!(room.enter("/exti"), []);
    assert_eq!((room.app.composer.input.text(), room.notice()), ("/exti", "There is no /exti. Did you mean /exit?"));
    room.control('u');
    assert_eq!(room.enter("/ㄷ턋"), [Effect::Quit]);
    assert_eq!(room.control('d'), [Effect::Quit]);
}

#[test]
fn a_host_leaves_only_after_a_warning() {
    let mut room = Stage::with(2, true);
    assert_eq!(room.enter("/exit"), []);
    assert!(room.notice().contains("2 others"), "{}", room.notice());
    assert_eq!(room.enter("/exit"), [Effect::Quit]);
    let mut room = Stage::with(0, true);
    assert_eq!(room.enter("/exit"), [Effect::Quit]);
    let mut room = Stage::with(2, true);
    assert_eq!(room.control('d'), []);
    assert_eq!(room.enter("7"), [square("7")]);
    assert_eq!(room.control('d'), []);
    assert_eq!(room.control('d'), [Effect::Quit]);
}

#[test]
fn ctrl_c_clears_and_asks_and_a_second_one_leaves() {
    let mut room = Stage::with(0, false);
    room.press(KeyCode::Char('7'));
    assert_eq!((room.control('c'), room.app.composer.input.text()), (vec![], ""));
    assert!(!room.notice().is_empty());
    room.press(KeyCode::Up);
    assert_eq!(room.app.composer.input.text(), "7", "what was cleared can be called back");
    assert_eq!((room.control('c'), room.app.composer.input.text()), (vec![], ""), "and then it is no second one");
    room.press(KeyCode::Esc);
    assert_eq!(room.control('c'), []);
    assert!(!room.notice().is_empty());
    room.press(KeyCode::Esc);
    assert_eq!(room.control('c'), []);
    room.now = room.app.next_wake().unwrap();
    room.app.update(Event::Wake, room.now);
    assert_eq!(room.control('c'), [], "the question had gone");
    assert_eq!(room.control('C'), [Effect::Quit]);
}

#[test]
fn tab_completes_a_command_and_then_goes_through_what_it_may_be() {
    let mut room = Stage::with(0, false);
    let mut typed = |keys: &str, tabs: &[KeyCode]| {
        room.control('a');
        room.control('k');
        for c in keys.chars() {
            room.press(KeyCode::Char(c));
        }
        for &tab in tabs {
            assert_eq!(room.press(tab), []);
        }
        room.app.composer.input.text().to_owned()
    };
    use KeyCode::{BackTab, Tab};
    assert_eq!(typed("/he", &[Tab]), "/help ");
    assert_eq!(typed("/ㅗ", &[Tab]), "/help ");
    assert_eq!(typed("/la", &[Tab]), "/lang ");
    assert_eq!(typed("/lang ", &[Tab]), "/lang ko");
    assert_eq!(typed("/lang ", &[Tab, Tab]), "/lang en");
    assert_eq!(typed("/lang ", &[Tab, Tab, Tab]), "/lang ko");
    assert_eq!(typed("/lang ", &[BackTab]), "/lang en");
    assert_eq!(typed("/zz", &[Tab]), "/zz");
    assert_eq!(typed("12", &[Tab]), "12");
}

#[test]
fn the_language_changes_at_once_and_is_remembered() {
    let mut room = Stage::with(0, false);
    assert_eq!(room.enter("/lang fr"), []);
    assert_eq!((room.app.composer.input.text(), room.app.strings.lang), ("/lang fr", Lang::En));
    room.control('u');
    room.enter("/lang 한국어");
    assert_eq!((room.app.composer.input.text(), room.app.strings.lang), ("", Lang::Ko));
    assert_eq!(room.app.setup.remembered.lang, Some(Lang::Ko));
    room.enter("/ㅣ뭏");
    assert_eq!(room.app.strings.lang, Lang::En);
}
