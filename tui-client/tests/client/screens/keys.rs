//! Sentences name the keys as they are configured, and those that are left without one by what works all the same.

use squares::keys::{Action, Keymap};
use squares::view::Linear;

use super::*;

/// In a room that is hosted here, or another, with these keys in place of the usual ones.
fn room(lang: Lang, hosting: bool, keys: &[(Action, &[&str])]) -> Stage {
    let read = |names: &[&str]| names.iter().map(|name| name.parse().expect("a key")).collect();
    let others: Vec<_> = keys.iter().map(|(action, names)| (*action, read(names))).collect();
    let keyed = |setup: &mut Setup| {
        setup.student = Some("20260002".into());
        setup.keymap = Keymap::with(&others).expect("no conflict");
    };
    let mut stage = Stage::with(keyed, lang, (200, 50));
    stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting });
    stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
    stage.link(LinkEvent::Results((1..=57).map(result).collect()));
    stage
}

#[test]
fn sentences_name_the_keys_that_were_chosen() {
    for lang in [Lang::Ko, Lang::En] {
        let mut stage = room(lang, true, &[(Action::Suspend, &["Alt-S"])]);
        stage.key(KeyCode::Char('s'), KeyModifiers::ALT);
        let picture = stage.picture();
        assert!(picture.contains("Alt-S") && !picture.contains("Ctrl-Z"), "{picture}");

        let lost = LinkEvent::Disconnected { why: ConnectionError::NotSquares("x".into()), retry_at: None };
        let mut stage = room(lang, false, &[(Action::Reconnect, &["F12"])]);
        stage.link(lost.clone());
        let picture = stage.picture();
        assert!(picture.contains("F12") && !picture.contains("F5"), "{picture}");
        let mut stage = room(lang, false, &[(Action::Reconnect, &[])]);
        stage.link(lost);
        let picture = stage.picture();
        assert!(picture.contains("Enter") && !picture.contains("F5"), "{picture}");
        assert!(stage.press(KeyCode::Enter).contains(&Effect::Link(Command::ReconnectNow)));

        for (keys, named) in [(&["Alt-U"][..], "Alt-U"), (&[], ".")] {
            let stage = room(lang, false, &[(Action::PageUp, keys)]);
            let said = Linear::default().say(&stage.app, stage.now).bytes;
            let passed = said.lines().find(|line| line.contains("35")).expect("results are passed over");
            assert!(passed.ends_with(named), "{said}");
        }

        let mut stage = room(lang, false, &[(Action::SelectEarlier, &[])]);
        stage.press(KeyCode::F(9));
        let picture = stage.picture();
        assert!(!picture.contains("Shift-") && !picture.contains("  or"), "{picture}");
    }
}

#[test]
fn the_key_that_leaves_does_so_before_joining_too() {
    let keyed = |setup: &mut Setup| {
        let leave = vec!["Ctrl-X".parse().expect("a key")];
        setup.keymap = Keymap::with(&[(Action::Leave, leave)]).expect("no conflict");
    };
    let mut stage = Stage::with(keyed, Lang::En, (80, 24));
    assert_eq!(stage.key(KeyCode::Char('d'), KeyModifiers::CONTROL), []);
    assert_eq!(stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL), [Effect::Quit]);
}
