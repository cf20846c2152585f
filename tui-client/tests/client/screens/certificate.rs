//! A certificate that was not seen before: before a PIN is given, and else told whole, on the join screen or in the
//! room, without a result being hidden where there is room below the input.

use super::*;

const FINGERPRINT: &str = "SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81";

fn first_seen() -> LinkEvent {
    LinkEvent::FirstSeen { server: "192.168.100.100:7878".into(), fingerprint: FINGERPRINT.into() }
}

fn joining(lang: Lang, size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(lang, size);
    stage.link(LinkEvent::Connecting(SERVER.into()));
    stage.link(first_seen());
    stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 57), hosting: false });
    stage
}

/// Whether every digit of the fingerprint is to be seen.
fn is_whole(stage: &Stage) -> bool {
    let picture: String = stage.picture().split_whitespace().collect();
    picture.contains(&FINGERPRINT.replace(' ', ""))
}

#[test]
fn join_at_a_certificate_that_is_new() {
    check_everywhere("join_first_seen", joining);
}

#[test]
fn room_with_a_certificate_that_is_new() {
    check("room_first_seen", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.link(first_seen());
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 57), hosting: false });
        stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Resumed });
        stage
    });
}

#[test]
fn a_new_certificate_is_shown_whole_before_or_behind_the_join_and_covers_no_result_at_80_columns() {
    for lang in [Lang::Ko, Lang::En] {
        for size in [(30, 8), (40, 12), (80, 24), (200, 50)] {
            let mut stage = joining(lang, size);
            let before = is_whole(&stage);
            assert!(before || size.1 < 14, "{size:?}");
            stage.type_in("2026");
            assert_eq!(is_whole(&stage), before, "typing does not take it away");
            stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
            stage.link(LinkEvent::Results((1..=57).map(result).collect()));
            assert!(is_whole(&stage), "{size:?}: {}", stage.picture());
            let newest = (40..=57).rev().map(|seq| result(seq).square);
            let shown = |stage: &Stage| newest.clone().filter(|square| stage.picture().contains(&**square)).count();
            let with = shown(&stage);
            stage.press(KeyCode::Left);
            assert!(!is_whole(&stage), "the next key takes it away");
            assert!(size.0 < 80 || shown(&stage) == with, "{size:?}: it hid results");
        }
    }
}

/// The form before a PIN goes to whoever has a certificate that is new.
fn asking(lang: Lang, size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(lang, size);
    stage.link(LinkEvent::Connecting(SERVER.into()));
    stage.link(first_seen());
    stage.link(LinkEvent::Hello { hello: hello(Auth::Pin, 57), hosting: false });
    stage.type_in("2026");
    stage
}

#[test]
fn join_with_a_pin_at_a_certificate_that_is_new() {
    check_everywhere("join_first_seen_pin", |lang, size| {
        let mut stage = asking(lang, size);
        stage.link(LinkEvent::PinWanted);
        stage.type_in("k7mq");
        stage
    });
}

#[test]
fn before_a_pin_is_given_the_certificate_stands_whole_beside_its_field_on_every_screen() {
    for lang in [Lang::Ko, Lang::En] {
        for size in [(30, 8), (30, 12), (30, 16), (40, 12), (60, 16), (80, 24), (200, 50)] {
            let mut stage = asking(lang, size);
            for known in [false, true] {
                stage.link(if known { LinkEvent::Unconfirmed } else { LinkEvent::PinWanted });
                assert!(is_whole(&stage), "{size:?}: {}", stage.picture());
                assert!(stage.picture().contains("> PIN"), "{size:?}: {}", stage.picture());
                // The server's log, which has it too, no student sees.
                let picture: String = stage.picture().split_whitespace().collect();
                assert!(picture.contains(["교수님", "Asktheprofessor"][usize::from(lang == Lang::En)]), "{size:?}");
            }
            stage.type_in("4711");
            assert!(is_whole(&stage) && stage.picture().contains("****"), "{size:?}: {}", stage.picture());
        }
    }
}

#[test]
fn a_pin_goes_out_only_after_the_certificate_was_on_the_screen() {
    let trusts = |effect: &Effect| matches!(effect, Effect::Link(Command::Trust { fingerprint, .. }) if fingerprint == FINGERPRINT);
    let joins = |effect: &Effect| matches!(effect, Effect::Link(Command::Join { .. }));
    let mut stage = asking(Lang::En, (80, 24));
    // One from the environment, which the link held back.
    stage.link(LinkEvent::Unconfirmed);
    let effects = stage.press(KeyCode::Enter);
    assert!(!effects.iter().any(|effect| trusts(effect) || joins(effect)), "not drawn yet: {effects:?}");
    stage.app.needs_draw();
    let effects = stage.press(KeyCode::Enter);
    let (at, then) = (effects.iter().position(trusts), effects.iter().position(joins));
    assert!(at.is_some() && at < then, "{effects:?}");

    // Another server than the one that showed it gets nothing for it.
    let mut stage = asking(Lang::En, (80, 24));
    stage.link(LinkEvent::Unconfirmed);
    stage.app.needs_draw();
    stage.press(KeyCode::Tab);
    stage.type_in("10.0.0.9");
    let effects = stage.press(KeyCode::Enter);
    assert!(!effects.iter().any(trusts), "{effects:?}");

    // Where none is asked for, it is trusted once the room shows it.
    let mut stage = joining(Lang::En, (80, 24));
    assert!(!stage.press(KeyCode::Enter).iter().any(trusts));
    let effects = stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
    assert!(effects.iter().any(trusts), "{effects:?}");
}

#[test]
fn in_lines_the_certificate_is_said_before_the_pin_is_asked_for() {
    for lang in [Lang::En, Lang::Ko] {
        let mut stage = asking(lang, squares::view::Linear::SIZE);
        let mut linear = squares::view::Linear::default();
        stage.link(LinkEvent::PinWanted);
        let said = linear.say(&stage.app, stage.now).bytes;
        let whole: String = said.split_whitespace().collect();
        assert!(whole.contains(&FINGERPRINT.replace(' ', "")), "{said}");
        assert!(said.find("SHA256").unwrap() < said.rfind("PIN: ").unwrap(), "{said}");
    }
}
