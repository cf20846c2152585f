//! The chart and its counts, as somebody uses them.

use super::*;

#[test]
fn the_chart_opens_over_the_feed_and_loads_more_than_a_screenful() {
    let mut room = Stage::with(0, false);
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
    assert!(matches!(room.app.main_view, MainView::Feed));
}

#[test]
fn a_name_that_somebody_else_gave_an_id_does_not_stay_beside_it() {
    let named = |seq: u64, name: &str| SquareResult { name: name.into(), ..result(seq, "s1", None) };
    let mut room = Stage::with(2, false);
    room.link(LinkEvent::Results(vec![named(1, "impostor"), named(2, "가람")]));
    let leader = |room: &Stage| room.app.reading.chart.tally.leaders(9)[0].name.clone();
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
fn counts_are_of_all_results_only_once_all_were_counted() {
    let mut room = Stage::with(0, false);
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
    let mut room = Stage::with(0, false);
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
