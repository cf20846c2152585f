//! Showing a part of the results: mine, a student's, or what is searched for.

use super::*;

fn seqs(room: &Stage) -> Vec<u64> {
    room.app.reading.feed.rows().map(Row::seq).collect()
}

#[test]
fn mine_are_shown_and_go_on_coming_until_esc_shows_everything_where_it_was() {
    let mut room = busy();
    room.press(KeyCode::PageUp);
    let anchor = room.app.reading.feed.anchor();
    assert!(anchor.is_some());
    room.enter("/mine");
    assert_eq!(seqs(&room), [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    room.link(LinkEvent::Results(vec![result(31, "s0", None), result(32, "me", None)]));
    assert_eq!(seqs(&room).last(), Some(&32));
    room.press(KeyCode::Esc);
    assert_eq!((room.app.reading.feed.anchor(), room.app.reading.feed.rows().len()), (anchor, 32));
    room.enter("/mine");
    room.enter("/mine");
    assert!(room.app.reading.feed.filter.is_all());
}

#[test]
fn a_student_is_chosen_by_command_list_row_or_click() {
    let mut room = busy();
    let only = |room: &Stage| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
    room.enter("/who s0");
    assert_eq!((only(&room).as_deref(), seqs(&room).len()), (Some("s0"), 20));
    room.enter("/who nobody");
    assert!(room.notice().contains("nobody"));
    room.press(KeyCode::Esc);
    assert_eq!(only(&room), None);

    room.press(KeyCode::F(2));
    room.press(KeyCode::Down);
    room.press(KeyCode::Enter);
    assert_eq!(only(&room).as_deref(), Some("s0"));
    room.press(KeyCode::Esc);

    room.press(KeyCode::F(9));
    assert_eq!(only(&room), None, "nothing is selected");
    room.key(KeyCode::Up, KeyModifiers::SHIFT);
    room.press(KeyCode::F(9));
    assert_eq!(only(&room).as_deref(), Some("me"));
    room.press(KeyCode::Esc);

    let list = layout(room.size.0, room.size.1).online;
    click(&mut room, list.x + 3, list.y + 2);
    assert_eq!(only(&room).as_deref(), Some("s0"));
}

#[test]
fn leaving_a_search_shows_the_selected_result_among_the_others() {
    let mut room = busy();
    assert_eq!(room.enter("/find 16"), []);
    assert_eq!(seqs(&room), [4, 13, 16], "in 16, 169, and the number itself");
    room.press(KeyCode::F(3));
    room.press(KeyCode::F(3));
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(4));
    room.press(KeyCode::F(4));
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(13));
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.filter.is_all());
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(13));
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.is_following());
}

#[test]
fn sending_returns_to_the_newest_where_it_will_be_seen() {
    let mut room = busy();
    room.enter("/who s0");
    room.press(KeyCode::Char('7'));
    assert_eq!(room.press(KeyCode::Enter), [square("7")]);
    room.link(LinkEvent::Queued(pending("a", "7")));
    assert!(room.app.reading.feed.filter.is_all() && room.app.reading.feed.is_following());
    room.enter("/mine");
    room.press(KeyCode::PageUp);
    assert_eq!(room.enter("8"), [square("8")]);
    assert!(!room.app.reading.feed.filter.is_all() && room.app.reading.feed.is_following());
    assert_eq!(room.app.reading.feed.pending.len(), 1, "what waits is kept through every view");
}

#[test]
fn a_running_search_is_stopped_by_esc_and_goes_on_when_asked() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 9_000, 8_990), continues: Continues::Anew });
    room.link(LinkEvent::Results((8_991..=9_000).map(|seq| result(seq, "s0", None)).collect()));
    let effects = room.enter("/find 77777");
    let Some(Effect::Link(Command::Page { request, .. })) = effects.into_iter().next() else { panic!("a page") };
    assert_eq!((request.before, request.limit), (Some(8_991), Some(500)));
    let nothing = |request: &squares_shared::message::PageRequest| {
        let before = request.before.unwrap();
        let results = (before - 500..before).map(|seq| result(seq, "s0", None)).collect();
        let page = Page { results, more: true, student: None };
        LinkEvent::Page { owner: PageOwner::FilteredFeed, request: request.clone(), page }
    };
    let effects = room.link(nothing(&request));
    let Some(Effect::Link(Command::Page { request: next, .. })) = effects.into_iter().next() else {
        panic!("the search goes on")
    };
    assert_eq!(next.before, Some(8_491));
    assert_eq!(room.press(KeyCode::Esc), []);
    assert!(room.app.reading.feed.is_stopped() && !room.app.reading.feed.filter.is_all());
    assert_eq!(room.link(nothing(&next)), [], "what was under way comes, and nothing more is asked for");
    assert!(
        matches!(&room.press(KeyCode::PageUp)[..], [Effect::Link(Command::Page { request: page, .. })] if page.before == Some(7_991))
    );
    room.press(KeyCode::Esc);
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.filter.is_all());
}

#[test]
fn a_search_for_nothing_asks_what_to_find() {
    let mut room = busy();
    room.enter("/find");
    assert_eq!(room.notice(), room.app.strings.find_first);
    room.enter("/find 30");
    assert_eq!(seqs(&room), [30]);
    room.enter("/find ");
    assert!(room.app.reading.feed.filter.is_all());
}

#[test]
fn somebody_who_is_away_is_shown_by_the_whole_id() {
    let mut room = busy();
    room.enter("/who 20261234");
    let whose = room.app.reading.feed.filter.student.clone();
    assert_eq!(whose.map(|whose| (whose.id, whose.me)), Some(("20261234".into(), false)));
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.filter.is_all());
}

#[test]
fn going_on_beyond_what_is_found_says_so_and_keeps_the_place() {
    let mut room = busy();
    room.enter("/find 2");
    let selected = |room: &Stage| room.app.reading.feed.selected().map(Row::seq);
    let last = selected(&room);
    room.press(KeyCode::F(4));
    assert_eq!((selected(&room), room.notice()), (last, room.app.strings.history_last));
    while room.app.reading.feed.rows().next().map(Row::seq) != selected(&room) {
        room.press(KeyCode::F(3));
    }
    let first = selected(&room);
    room.press(KeyCode::F(3));
    assert_eq!((selected(&room), room.notice()), (first, room.app.strings.history_last));
}

#[test]
fn a_student_is_found_by_any_part_of_the_name() {
    let mut room = busy();
    let mut named = result(31, "s7", None);
    named.name = "김나래".into();
    room.link(LinkEvent::Results(vec![named]));
    room.enter("/who 김나");
    let only = |room: &Stage| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
    assert_eq!(only(&room).as_deref(), Some("s7"));
    room.press(KeyCode::Esc);
    room.enter("/who 래");
    assert_eq!(only(&room), None, "나래 and 김나래");
    assert!(room.notice().contains("나래 me, 김나래 s7"), "{}", room.notice());
    assert_eq!(room.app.composer.input.text(), "/who 래", "to be mended");
}

#[test]
fn whoever_may_be_meant_is_asked_for_where_several_are() {
    let (mut room, _) = Stage::start(Setup { student: Some("me".into()), ..setup() });
    let person = |id: &str, name: &str| Person { id: id.into(), name: name.into(), sessions: 1 };
    let students = vec![
        person("me", "나래"),
        person("20260001", "지수"),
        person("20260002", "지민"),
        person("20260003", "윤지"),
        person("20260004", "수지"),
        person("20260005", "수지"),
        person("20260006", "가람"),
    ];
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    let online = Online { count: students.len(), students };
    room.link(LinkEvent::Joined { welcome: Welcome { online, ..welcome(0, 0, 0) }, continues: Continues::Anew });
    let only = |room: &Stage| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
    for (who, several) in [
        ("지", Some("지민 20260002, 지수 20260001, 수지 20260004, 수지 20260005, 윤지 20260003.")),
        ("수지", Some("수지 20260004, 수지 20260005.")),
        ("2026", Some("가람 20260006, 수지 20260004, 수지 20260005, 윤지 20260003, 지민 20260002, 지수 20260001.")),
        ("지수", None),
        ("가", None),
        ("20260005", None),
        ("0006", None),
    ] {
        room.enter(&format!("/who {who}"));
        assert_eq!(only(&room).is_none(), several.is_some(), "{who}");
        assert!(room.notice().contains(several.unwrap_or_default()), "{who}: {}", room.notice());
        room.app.composer.input.set("");
        room.press(KeyCode::Esc);
        room.press(KeyCode::Esc);
    }
}
