//! Selecting, opening and copying results, by key and by mouse, and what leaves them where they are.

use super::*;

#[test]
fn who_is_chosen_first_in_the_list_is_seen_however_far_it_was_scrolled() {
    let mut room = Stage::with(99, false);
    for _ in 0..3 {
        room.key(KeyCode::PageDown, KeyModifiers::ALT);
    }
    let seen = |room: &Stage| room.app.people.online.visible(10).0.iter().any(|person| person.id == "me");
    assert!(!seen(&room));
    room.press(KeyCode::F(2));
    assert!(seen(&room));
    assert_eq!(room.app.people.online.cursor().map(|person| &*person.id), Some("me"));
}

#[test]
fn a_click_selects_a_second_opens_and_one_on_the_rule_goes_to_the_newest() {
    let mut room = busy();
    let parts = layout(room.size.0, room.size.1);
    click(&mut room, 5, parts.feed.bottom() - 3);
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(28));
    click(&mut room, 5, parts.feed.bottom() - 3);
    assert!(matches!(&room.app.main_view, MainView::Detail(detail) if detail.row.seq() == 28));
    room.press(KeyCode::Esc);
    click(&mut room, 5, parts.rule.y);
    assert!(room.app.reading.feed.is_following());
}

#[test]
fn values_are_copied_and_the_notice_says_what() {
    let mut room = Stage::with(0, false);
    assert_eq!(room.enter("/copy"), []);
    assert!(!room.notice().is_empty());
    room.link(LinkEvent::Results((1_001..=1_020).map(|seq| result(seq, "s0", None)).collect()));
    room.key(KeyCode::Up, KeyModifiers::SHIFT);
    room.key(KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(room.press(KeyCode::F(7)), [Effect::Terminal(TerminalEffect::Copy("1019".into()))]);
    assert_eq!(room.press(KeyCode::F(8)), [Effect::Terminal(TerminalEffect::Copy("1038361".into()))]);
    assert_eq!(room.notice(), "Copied the square: 1038361 (7 digits)");
    room.press(KeyCode::Enter);
    assert_eq!(room.enter("/copy number"), [Effect::Terminal(TerminalEffect::Copy("1019".into()))]);
}

#[test]
fn what_is_neither_number_nor_square_is_not_copied() {
    let mut room = busy();
    let copied = |effects: Vec<Effect>| {
        effects.into_iter().find(|effect| matches!(effect, Effect::Terminal(TerminalEffect::Copy(_))))
    };
    assert_eq!(copied(room.enter("/copy other")), None);
    assert_eq!(room.notice(), room.app.strings.unknown_copy);
    assert_eq!(room.app.composer.input.text(), "/copy other", "to be mended");
    room.control('u');
    assert_eq!(copied(room.enter("/copy 수")), Some(Effect::Terminal(TerminalEffect::Copy("30".into()))));
    assert_eq!(copied(room.enter("/copy")), Some(Effect::Terminal(TerminalEffect::Copy("900".into()))));
}

#[test]
fn what_tmux_needs_for_copying_is_said_once_and_only_there() {
    for in_tmux in [false, true] {
        let (mut room, _) = Stage::start(Setup { student: Some("me".into()), in_tmux, ..setup() });
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
        room.link(LinkEvent::Joined { welcome: welcome(1, 0, 0), continues: Continues::Anew });
        room.link(LinkEvent::Results(vec![result(1, "me", None)]));
        room.press(KeyCode::F(8));
        assert_eq!(room.notice().contains("set-clipboard"), in_tmux);
        room.press(KeyCode::F(8));
        assert!(!room.notice().contains("set-clipboard"));
    }
}

#[test]
fn comings_and_goings_never_move_the_results() {
    let mut room = busy();
    let before: Vec<_> = (0..20).map(|line| format!("{:?}", room.app.reading.feed.line(line))).collect();
    for round in 0..50 {
        let person = Person { id: format!("p{round}"), name: "다온".into(), sessions: 1 };
        let left = vec![format!("p{}", round - 1)];
        room.link(LinkEvent::Presence(squares_shared::message::Presence { count: 3, joined: vec![person], left }));
    }
    assert_eq!((0..20).map(|line| format!("{:?}", room.app.reading.feed.line(line))).collect::<Vec<_>>(), before);
}

#[test]
fn nobody_finds_a_divider_where_nothing_was_missed() {
    let mut room = busy();
    let divided = |room: &Stage| (0..20).any(|line| matches!(room.app.reading.feed.line(line), Some(Item::Divider)));
    room.press(KeyCode::F(1));
    room.press(KeyCode::Esc);
    room.link(LinkEvent::Results(vec![result(31, "me", None)]));
    assert!(!divided(&room));
    room.press(KeyCode::PageUp);
    room.press(KeyCode::End);
    room.link(LinkEvent::Results(vec![result(32, "me", None)]));
    assert!(!divided(&room));
    room.press(KeyCode::F(1));
    room.link(LinkEvent::Results(vec![result(33, "s0", None)]));
    room.press(KeyCode::Esc);
    assert!(divided(&room));
}
