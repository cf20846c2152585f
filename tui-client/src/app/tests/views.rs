//! Filters, the search, copying, the chart and the mouse, as somebody uses them.

use super::*;

fn click(room: &mut Room, column: u16, row: u16) -> Vec<Effect> {
    let kind = crossterm::event::MouseEventKind::Down(crossterm::event::MouseButton::Left);
    let mouse = crossterm::event::MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    room.app.update(Event::Mouse(mouse), room.now)
}

fn seqs(room: &Room) -> Vec<u64> {
    room.app.reading.feed.rows().map(Row::seq).collect()
}

/// A room with thirty results, every third of mine.
fn busy() -> Room {
    let mut room = Room::with(2, false);
    let whose = |seq: u64| if seq.is_multiple_of(3) { "me" } else { "s0" };
    room.link(LinkEvent::Results((1..=30).map(|seq| result(seq, whose(seq), None)).collect()));
    room
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
    let only = |room: &Room| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
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

    let list = layout(80, 24).online;
    click(&mut room, list.x + 3, list.y + 2);
    assert_eq!(only(&room).as_deref(), Some("s0"));
}

#[test]
fn who_is_chosen_first_in_the_list_is_seen_however_far_it_was_scrolled() {
    let mut room = Room::with(99, false);
    for _ in 0..3 {
        room.key(KeyCode::PageDown, KeyModifiers::ALT);
    }
    let seen = |room: &Room| room.app.people.online.visible(10).0.iter().any(|person| person.id == "me");
    assert!(!seen(&room));
    room.press(KeyCode::F(2));
    assert!(seen(&room));
    assert_eq!(room.app.people.online.cursor().map(|person| &*person.id), Some("me"));
}

#[test]
fn a_click_selects_a_second_opens_and_one_on_the_rule_goes_to_the_newest() {
    let mut room = busy();
    let parts = layout(80, 24);
    click(&mut room, 5, parts.feed.bottom() - 3);
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(28));
    click(&mut room, 5, parts.feed.bottom() - 3);
    assert!(matches!(&room.app.body, Body::Detail(detail) if detail.row.seq() == 28));
    room.press(KeyCode::Esc);
    click(&mut room, 5, parts.rule.y);
    assert!(room.app.reading.feed.is_following());
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
fn values_are_copied_and_the_notice_says_what() {
    let mut room = Room::with(0, false);
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
fn the_chart_opens_over_the_feed_and_loads_more_than_a_screenful() {
    let mut room = Room::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 5_000, 4_900), continues: Continues::Anew });
    assert_eq!(room.link(LinkEvent::Results((4_901..=5_000).map(|seq| result(seq, "s0", None)).collect())), []);
    assert!(
        matches!(&room.enter("/chart")[..], [Effect::Link(Command::Page { request: page, .. })] if page.before == Some(4_901))
    );
    let before = room.app.reading.chart.plot();
    room.press(KeyCode::Up);
    assert!(room.app.reading.chart.plot().x[1] - room.app.reading.chart.plot().x[0] < before.x[1] - before.x[0]);
    room.press(KeyCode::Home);
    assert_eq!(room.app.reading.chart.plot(), before);
    room.press(KeyCode::End);
    assert!(room.app.reading.chart.plot().powers);
    room.press(KeyCode::F(6));
    assert!(matches!(room.app.body, Body::Feed));
}

#[test]
fn a_running_search_is_stopped_by_esc_and_goes_on_when_asked() {
    let mut room = Room::with(0, false);
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
fn nobody_finds_a_divider_where_nothing_was_missed() {
    let mut room = busy();
    let divided = |room: &Room| (0..20).any(|line| matches!(room.app.reading.feed.line(line), Some(Item::Divider)));
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

#[test]
fn going_on_beyond_what_is_found_says_so_and_keeps_the_place() {
    let mut room = busy();
    room.enter("/find 2");
    let selected = |room: &Room| room.app.reading.feed.selected().map(Row::seq);
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
    let only = |room: &Room| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
    assert_eq!(only(&room).as_deref(), Some("s7"));
    room.press(KeyCode::Esc);
    room.enter("/who 래");
    assert_eq!(only(&room), None, "나래 and 김나래");
    assert!(room.notice().contains("나래 me, 김나래 s7"), "{}", room.notice());
    assert_eq!(room.app.composer.input.text(), "/who 래", "to be mended");
}

#[test]
fn whoever_may_be_meant_is_asked_for_where_several_are() {
    let (mut room, _) = Room::new(Setup { student: Some("me".into()), ..setup() });
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
    let only = |room: &Room| room.app.reading.feed.filter.student.as_ref().map(|whose| whose.id.clone());
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

#[test]
fn a_name_that_somebody_else_gave_an_id_does_not_stay_beside_it() {
    let named = |seq: u64, name: &str| SquareResult { name: name.into(), ..result(seq, "s1", None) };
    let mut room = Room::with(2, false);
    room.link(LinkEvent::Results(vec![named(1, "impostor"), named(2, "가람")]));
    let leader = |room: &Room| room.app.reading.chart.tally.leaders(9)[0].name.clone();
    assert_eq!(leader(&room), "가람");
    assert_eq!(room.app.name_of(room.app.reading.chart.tally.leaders(9)[0]), "s1", "as they are online");
    // Whose results are shown goes by the name of now.
    room.enter("/who s1");
    assert_eq!(room.app.name_now("s1"), Some("s1"), "as they are online");
    let renamed = |name: &str| squares_shared::message::Presence {
        count: 3,
        joined: vec![Person { id: "s1".into(), name: name.into(), sessions: 2 }],
        left: vec![],
    };
    room.link(LinkEvent::Presence(renamed("impostor")));
    assert_eq!(room.app.name_now("s1"), Some("impostor"));
    room.link(LinkEvent::Presence(renamed("가람")));
    assert_eq!(room.app.name_now("s1"), Some("가람"));
    room.link(LinkEvent::Presence(squares_shared::message::Presence {
        count: 2,
        joined: vec![],
        left: vec!["s1".into()],
    }));
    assert_eq!(room.app.name_now("s1"), Some("가람"), "of the latest result");
    // A page of earlier results changes no name.
    let page = Page { results: vec![named(0, "impostor")], more: false, student: None };
    room.app.reading.chart.tally.earlier(Some(1), &page.results, false);
    assert_eq!(leader(&room), "가람");
}

#[test]
fn a_scale_that_cannot_be_changed_is_explained() {
    let mut room = busy();
    let mut large = result(31, "me", None);
    large.number = "9".repeat(400);
    room.link(LinkEvent::Results(vec![large]));
    room.press(KeyCode::F(6));
    room.press(KeyCode::End);
    assert_eq!(room.notice(), room.app.strings.only_powers);
}

#[test]
fn what_tmux_needs_for_copying_is_said_once_and_only_there() {
    for in_tmux in [false, true] {
        let (mut room, _) = Room::new(Setup { student: Some("me".into()), in_tmux, ..setup() });
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
fn counts_are_of_all_results_only_once_all_were_counted() {
    let mut room = Room::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 336, 236), continues: Continues::Anew });
    assert!(!room.app.reading.chart.tally.is_whole(), "the room was empty, and much was missed since");
    let other = Hello { log: "other".into(), ..hello(Auth::Open) };
    room.link(LinkEvent::Hello { hello: other, hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(0, 336, 236), continues: Continues::Anew });
    room.link(LinkEvent::Results((237..=336).map(|seq| result(seq, "s0", None)).collect()));
    let mut asked = room.press(KeyCode::F(6));
    while let Some(Effect::Link(Command::Page { owner, request })) = asked.pop() {
        assert!(!room.app.reading.chart.tally.is_whole() && !room.app.reading.feed.is_whole());
        let before = request.before.unwrap();
        let from = before.saturating_sub(200).max(1);
        let results = (from..before).map(|seq| result(seq, "s0", None)).collect();
        asked = room.link(LinkEvent::Page { owner, request, page: Page { results, more: from > 1, student: None } });
    }
    assert_eq!((room.app.reading.chart.tally.total(), room.app.reading.chart.plot().points.len()), (336, 336));
    assert!(room.app.reading.chart.tally.is_whole() && room.app.reading.feed.is_whole());
    room.link(LinkEvent::Joined { welcome: welcome(0, 9_000, 8_900), continues: Continues::Anew });
    assert_eq!(
        (room.app.reading.chart.tally.total(), room.app.reading.chart.tally.is_whole()),
        (0, false),
        "a gap was left"
    );
}

#[test]
fn a_chart_loads_while_somebody_reads_further_up_and_stops_where_numbers_are_long() {
    let mut room = Room::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 5_000, 4_900), continues: Continues::Anew });
    room.link(LinkEvent::Results((4_901..=5_000).map(|seq| result(seq, "s0", None)).collect()));
    room.press(KeyCode::PageUp);
    let mut asked = room.press(KeyCode::F(6));
    let mut pages = 0;
    while let Some(Effect::Link(Command::Page { owner, request })) = asked.pop() {
        pages += 1;
        assert!(pages < 20, "it goes on for ever");
        let before = request.before.unwrap();
        let long = |seq| SquareResult { square: "7".repeat(20_000), ..result(seq, "s0", None) };
        let page = Page { results: (before - 30..before).map(long).collect(), more: true, student: None };
        asked = room.link(LinkEvent::Page { owner, request, page });
    }
    assert!(pages >= 3, "{pages}");
}

#[test]
fn a_chart_that_is_wholly_visible_says_so_where_it_is_moved() {
    let mut room = busy();
    room.press(KeyCode::F(6));
    room.key(KeyCode::Left, KeyModifiers::SHIFT);
    assert_eq!(room.notice(), Strings::of(Lang::En).chart_all_seen);
    room.press(KeyCode::Up);
    let before = room.app.reading.chart.plot();
    room.key(KeyCode::Left, KeyModifiers::SHIFT);
    assert!(room.notice().is_empty() && room.app.reading.chart.plot() != before);
}
