//! The chart of what the class has tried.

use super::*;

/// Numbers that a class might try, on both sides of nought.
fn tried(seq: u64, wild: bool) -> SquareResult {
    let number = i64::try_from(seq * 37 % 61).unwrap_or(0) - 30;
    let number = if wild && seq.is_multiple_of(5) {
        format!("1{number:09}{}", "0".repeat(usize::try_from(seq % 30).unwrap_or(0)))
    } else {
        number.to_string()
    };
    SquareResult { number, ..result(seq) }
}

#[test]
fn chart() {
    for (name, wild) in [("chart", false), ("chart_wild", true)] {
        check(name, |lang, size| {
            let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
            stage.link(LinkEvent::Connecting(SERVER.into()));
            stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 57), hosting: false });
            stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
            stage.link(LinkEvent::Results((1..=200).map(|seq| tried(seq, wild)).collect()));
            stage.press(KeyCode::F(6));
            stage
        });
    }
}

#[test]
fn chart_counts_where_it_is_narrow() {
    check("chart_counts", |lang, size| {
        let mut stage = Stage::room(lang, size);
        stage.press(KeyCode::F(6));
        stage.press(KeyCode::Tab);
        stage
    });
}

#[test]
fn a_minute_with_few_results_is_seen_beside_one_with_many() {
    let mut stage = Stage::room(Lang::En, (80, 24));
    let later = |seq| SquareResult { at: "2026-01-02T03:07:00.000Z".into(), ..result(seq) };
    stage.link(LinkEvent::Results((58..=2_057).map(|seq| SquareResult { seq, ..result(55) }).collect()));
    stage.link(LinkEvent::Results(vec![later(2_058)]));
    stage.press(KeyCode::F(6));
    let picture = stage.picture();
    assert!(picture.contains('\u{2581}'), "{picture}");
}

#[test]
fn chart_in_ascii() {
    let ascii = |setup: &mut Setup| {
        setup.ascii = true;
        setup.student = Some("20260002".into());
    };
    let mut stage = Stage::with(ascii, Lang::En, (80, 24));
    stage.link(LinkEvent::Hello { hello: hello(Auth::Open, 57), hosting: false });
    stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
    stage.link(LinkEvent::Results((1..=200).map(|seq| tried(seq, false)).collect()));
    stage.press(KeyCode::F(6));
    insta::assert_snapshot!("ascii", stage.picture());
}

#[test]
fn a_chart_of_more_results_than_were_counted() {
    check("chart_newest", |lang, size| {
        let mut stage = Stage::with(|setup| setup.student = Some("20260002".into()), lang, size);
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 9_057), hosting: false });
        stage.link(LinkEvent::Joined {
            welcome: Welcome { replay_after: 8_700, ..welcome(9_057) },
            continues: Continues::Anew,
        });
        let results = (8_701..=9_057).map(|seq| SquareResult { at: "2026-01-02T03:04:05.678Z".into(), ..result(seq) });
        stage.link(LinkEvent::Results(results.collect()));
        stage.press(KeyCode::F(6));
        stage.press(KeyCode::Tab);
        stage
    });
}
