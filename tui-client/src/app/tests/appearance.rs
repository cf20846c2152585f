//! Themes, languages, and telling somebody who looks elsewhere.

use super::*;
use crate::theme::{Depth, Rgb};

#[test]
fn the_terminals_background_chooses_the_theme_whenever_it_answers() {
    let looks = Appearance { depth: Depth::True, ..Appearance::default() };
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), appearance: looks, ..setup() });
    assert_eq!(room.app.theme, Theme::mono());
    room.app.needs_draw();
    room.update(Event::Background(Rgb(255, 255, 255)));
    let light = Appearance { choice: Choice::Light, ..looks }.theme();
    assert_eq!((room.app.theme, room.app.needs_draw()), (light, Some(Urgency::Now)));
    assert_eq!(room.enter("/theme dark"), []);
    room.update(Event::Background(Rgb(255, 255, 255)));
    let dark = Appearance { choice: Choice::Dark, ..looks }.theme();
    assert_eq!((room.app.theme, room.app.setup.remembered.theme), (dark, Some(Choice::Dark)));
    assert_eq!(room.enter("/테마 자동"), [Effect::Terminal(TerminalEffect::AskBackground)]);
    assert_eq!(room.app.theme, light);
}

#[test]
fn without_a_word_the_next_theme_comes_and_a_wrong_word_is_told() {
    let mut room = Stage::with(0, false);
    let (dark, light) = (Rgb(0x1e, 0x1e, 0x1e), Rgb(255, 255, 255));
    for (background, begins, choices) in [
        (None, Choice::Auto, &[Choice::Contrast, Choice::Mono, Choice::Auto][..]),
        (None, Choice::Dark, &[Choice::Contrast, Choice::Mono, Choice::Auto]),
        (Some(dark), Choice::Dark, &[Choice::Contrast, Choice::Mono, Choice::Auto, Choice::Dark]),
        (Some(light), Choice::Dark, &[Choice::Light, Choice::Contrast, Choice::Mono, Choice::Auto, Choice::Light]),
        (Some(light), Choice::Light, &[Choice::Contrast, Choice::Mono, Choice::Auto]),
        // Neither kind of colours stands out from a grey.
        (Some(Rgb(128, 128, 128)), Choice::Dark, &[Choice::Contrast, Choice::Mono, Choice::Auto, Choice::Contrast]),
    ] {
        room.app.setup.appearance =
            Appearance { choice: begins, depth: Depth::True, background, ..Appearance::default() };
        for choice in choices {
            room.enter("/theme");
            assert_eq!(room.app.setup.appearance.choice, *choice, "{background:?}");
            assert!(room.notice().starts_with("Colours: "));
        }
    }
    room.app.setup.appearance.choice = Choice::Auto;
    room.enter("/theme pink");
    assert_eq!((room.app.composer.input.text(), room.app.setup.appearance.choice), ("/theme pink", Choice::Auto));
    assert_eq!(room.notice(), Strings::of(Lang::En).unknown_theme);
}

/// What is done about a result of mine that comes now.
fn mine_comes(room: &mut Stage, seq: u64) -> Vec<Effect> {
    room.link(LinkEvent::Results(vec![result(seq, "me", None)]))
}

#[test]
fn results_of_mine_are_told_only_where_that_is_wanted_and_nobody_looks() {
    for (notify, told) in [
        (Notify::Off, vec![]),
        (Notify::Bell, vec![Effect::Terminal(TerminalEffect::Bell)]),
        (Notify::Title, vec![Effect::Terminal(TerminalEffect::Title("(1) Squares".into()))]),
    ] {
        let (mut room, _) = Stage::start(Setup { student: Some("me".into()), notify, ..setup() });
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
        room.link(LinkEvent::Joined { welcome: welcome(0, 5, 0), continues: Continues::Anew });
        room.update(Event::Focus(false));
        assert_eq!(mine_comes(&mut room, 5), [], "what was there before is no news");
        room.update(Event::Focus(true));
        assert_eq!(mine_comes(&mut room, 6), [], "somebody looks");
        room.update(Event::Focus(false));
        assert_eq!(room.link(LinkEvent::Results(vec![result(7, "s0", None)])), [], "it is somebody else's");
        assert_eq!(mine_comes(&mut room, 8), told);
        let back = if notify == Notify::Title {
            vec![Effect::Terminal(TerminalEffect::Title("Squares".into()))]
        } else {
            vec![]
        };
        assert_eq!(room.update(Event::Focus(true)), back);
    }
}

#[test]
fn a_square_that_waited_through_a_lost_connection_is_news() {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), notify: Notify::Bell, ..setup() });
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Queued(pending("a", "7")));
    room.update(Event::Focus(false));
    room.link(LinkEvent::Joined { welcome: welcome(0, 9, 0), continues: Continues::Anew });
    assert_eq!(
        room.link(LinkEvent::Results(vec![result(9, "me", Some("a"))])),
        [Effect::Terminal(TerminalEffect::Bell)]
    );
}

#[test]
fn a_notification_of_the_desktop_names_the_newest_and_comes_once_in_a_while() {
    let notification =
        |text: &str| vec![Effect::Terminal(TerminalEffect::Notify { title: "Squares".into(), text: text.into() })];
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), notify: Notify::Desktop, ..setup() });
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(0, 5, 0), continues: Continues::Anew });
    room.update(Event::Focus(false));
    let square = |seq, number: &str, square: &str| {
        let result = SquareResult { number: number.into(), square: square.into(), ..result(seq, "me", None) };
        LinkEvent::Results(vec![result])
    };
    assert_eq!(room.link(square(6, "-12", "144")), notification("(-12)² = 144"));
    assert_eq!(room.link(square(7, "1234567", "1524155677489")), []);
    room.now += Duration::from_secs(11);
    assert_eq!(
        room.link(square(8, "123456789", "15241578750190521")),
        notification("3 results of yours, the newest 123,456,789² ≈ 1.52e16")
    );
    room.update(Event::Focus(true));
    assert_eq!(mine_comes(&mut room, 9), [], "somebody looks");
}
