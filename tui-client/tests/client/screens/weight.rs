//! What a row says and what it leaves out, and what of the room is always in sight.

use super::*;

/// A result of this student, in this second after the minute.
fn by(seq: u64, (student, name): (&str, &str), number: &str, second: u64) -> SquareResult {
    let at = format!("2026-01-02T03:{:02}:{:02}.000Z", second / 60, second % 60);
    let value: i128 = number.parse().expect("a whole number");
    let square = (value * value).to_string();
    SquareResult { seq, at, student: student.into(), name: name.into(), number: number.into(), square, id: None }
}

/// A room of these results alone.
fn room_of(size: (u16, u16), results: Vec<SquareResult>) -> Stage {
    let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), Lang::En, size);
    let latest = results.last().map_or(0, |last| last.seq);
    stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, latest), hosting: false });
    stage.link(LinkEvent::Joined { welcome: welcome(latest), continues: Continues::Anew });
    stage.link(LinkEvent::Results(results));
    stage
}

/// The lines of the picture in which this text occurs.
fn lines(stage: &Stage, text: &str) -> Vec<String> {
    stage.picture().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

const FIRST: (&str, &str) = ("20260001", "가람");
const OTHER: (&str, &str) = ("20260003", "다온");

#[test]
fn a_student_is_named_once_a_minute_while_nobody_else_squares() {
    let results = vec![
        by(1, FIRST, "11", 0),
        by(2, FIRST, "12", 59),
        by(3, FIRST, "13", 60),
        by(4, OTHER, "14", 61),
        by(5, FIRST, "15", 62),
    ];
    let mut stage = room_of((80, 24), results);
    let named = |stage: &Stage, result: &str| lines(stage, result)[0].contains("가람");
    assert!(named(&stage, "11² =") && named(&stage, "13² =") && named(&stage, "15² ="), "{}", stage.picture());
    assert!(!named(&stage, "12² ="), "{}", stage.picture());
    for _ in 0..4 {
        stage.key(KeyCode::Up, KeyModifiers::SHIFT);
    }
    assert!(named(&stage, "12² ="), "the selected one says everything: {}", stage.picture());
}

#[test]
fn an_id_stands_only_beside_a_name_that_two_students_have() {
    let apart = vec![by(1, FIRST, "11", 0), by(2, OTHER, "12", 1)];
    assert_eq!(lines(&room_of((80, 24), apart), "2026000").len(), 1, "mine, in the header");
    let alike = vec![by(1, FIRST, "11", 0), by(2, ("20260009", "가람"), "12", 1), by(3, OTHER, "13", 2)];
    let stage = room_of((80, 24), alike);
    assert!(lines(&stage, "11² =")[0].contains("가람 20260001"), "{}", stage.picture());
    assert!(lines(&stage, "12² =")[0].contains("가람 20260009"), "{}", stage.picture());
    assert!(!lines(&stage, "13² =")[0].contains("20260003"), "{}", stage.picture());
}

#[test]
fn a_six_digit_number_and_its_square_are_whole_before_a_time_is_shown() {
    let long = ("s-9", "Sixteen Cells It");
    for width in 30..=200 {
        for who in [FIRST, long] {
            let stage = room_of((width, 24), vec![by(1, who, "-999999", 0), by(2, OTHER, "999999", 1)]);
            let line = lines(&stage, "²").into_iter().find(|line| line.contains("다온")).expect("a row");
            let (whole, time) = (line.contains("999,999² = 999,998,000,001"), line.contains("12:00"));
            assert!(whole || !time, "{width}: {line}");
            assert!(width < 80 || (whole && time), "{width}: {line}");
        }
    }
}

#[test]
fn my_row_keeps_its_mark_where_it_is_selected() {
    let mine = ("20260002", "나래");
    let mut stage = room_of((80, 24), vec![by(1, FIRST, "11", 0), by(2, mine, "12", 1), by(3, mine, "13", 2)]);
    assert!(lines(&stage, "12² =")[0].starts_with("* ") && lines(&stage, "13² =")[0].starts_with("* "));
    stage.key(KeyCode::Up, KeyModifiers::SHIFT);
    assert!(lines(&stage, "13² =")[0].starts_with(">*"), "{}", stage.picture());
}

#[test]
fn the_rule_says_where_somebody_reads() {
    let mut stage = room_of((80, 24), (1..=2_093).map(|seq| by(seq, FIRST, &seq.to_string(), 0)).collect());
    for _ in 0..50 {
        stage.press(KeyCode::PageUp);
    }
    stage.link(LinkEvent::Results((2_094..=2_101).map(|seq| by(seq, OTHER, "7", 1)).collect()));
    let rule = lines(&stage, " of 2,101 · 8 new ↓");
    assert_eq!(rule.len(), 1, "{}", stage.picture());
    let place: u64 = rule[0].split_whitespace().nth(1).unwrap().replace(',', "").parse().unwrap();
    assert!(stage.picture().contains(&format!(" {}² =", squares::text::grouped(place))), "{}", stage.picture());
    stage.press(KeyCode::Esc);
    assert!(lines(&stage, " of 2,101").is_empty());
}

#[test]
fn what_is_typed_is_read_back_in_groups_with_its_digits() {
    let mut stage = Stage::room(Lang::En, (80, 24));
    for (typed, read) in [
        ("2", "2 · 1 digit"),
        (".", "2 · 1 digit"),
        ("5", "2.5 · 2 digits"),
        ("e3", "2,500 · 4 digits"),
        ("0", "2,500,000,000,000,000,000,000,000,000,000 · 31 digits"),
    ] {
        stage.type_in(typed);
        let expected = lines(&stage, read).len();
        assert!(expected == 1 || typed == ".", "after {typed}: {}", stage.picture());
    }
    stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    stage.type_in(&"7".repeat(300));
    let line = &lines(&stage, "· 300 digits")[0];
    assert!(line.starts_with("777,777,") && line.contains('…'), "{line}");
}

#[test]
fn a_mark_beside_who_has_just_squared_goes_out_with_one_wake_up() {
    let mut stage = Stage::room(Lang::En, (120, 36));
    assert_eq!((lines(&stage, "●").len(), stage.app.next_wake()), (0, None), "what was there before lights nothing");
    stage.link(LinkEvent::Results(vec![by(58, FIRST, "5", 0), by(59, OTHER, "6", 0)]));
    assert_eq!((lines(&stage, "● 가람").len(), lines(&stage, "● 다온").len()), (1, 1), "{}", stage.picture());
    let wake = stage.app.next_wake().expect("the marks go out");
    stage.now = wake;
    stage.update(Event::Wake);
    assert!(stage.app.needs_draw().is_some());
    assert_eq!((lines(&stage, "●").len(), stage.app.next_wake()), (0, None));
    for unseen in [(80, 24), squares::view::Linear::SIZE] {
        let mut stage = Stage::room(Lang::En, unseen);
        stage.link(LinkEvent::Results(vec![by(58, FIRST, "5", 0)]));
        assert_eq!(stage.app.next_wake(), None, "where no mark is seen, no timer runs");
    }
}

#[test]
fn the_rooms_figures_are_in_sight_from_100_columns_and_the_chart_from_150() {
    let at = |width| Stage::room(Lang::En, (width, 24)).picture();
    assert!(!at(99).contains("57 results") && at(100).contains("57 results · 15 mine"), "{}", at(100));
    assert!(!at(149).contains("log scale") && at(150).contains("log scale"), "{}", at(150));
}

#[test]
fn one_outlier_changes_the_scale_and_that_is_said() {
    let numbers = |largest: &str| {
        let mut results: Vec<_> = (1..=20).map(|seq| by(seq, FIRST, &seq.to_string(), 0)).collect();
        results.push(by(21, OTHER, largest, 1));
        let mut stage = room_of((80, 24), results);
        stage.press(KeyCode::F(6));
        stage.picture()
    };
    assert!(!numbers("40").contains("log scale ·") && numbers("500").contains("log scale ·"), "{}", numbers("500"));
}
