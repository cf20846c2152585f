//! A certificate that was not seen before: told whole, on the join screen or in the room, without a result being hidden where
//! there is room below the input.

use super::*;

const FINGERPRINT: &str = "SHA256:039058c6 f2c0cb49 2c533b0a 4d14ef77 cc0f78ab ccced528 7d84a1a2 011cfb81";

fn first_seen() -> LinkEvent {
    LinkEvent::FirstSeen { server: "192.168.100.100:7878".into(), fingerprint: FINGERPRINT.into() }
}

fn joining(lang: Lang, size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(lang, size);
    stage.link(LinkEvent::Connecting { server: SERVER.into() });
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
    check("join_first_seen", joining);
}

#[test]
fn room_with_a_certificate_that_is_new() {
    check("room_first_seen", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.link(first_seen());
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
            stage.link(LinkEvent::Joined { welcome: welcome(57), resumed: false });
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
