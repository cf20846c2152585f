//! Where results stand on the chart, and what is counted.

use squares_shared::message::SquareResult;

use super::*;

fn result(seq: u64, student: &str, number: &str, minute: u64) -> SquareResult {
    SquareResult {
        seq,
        at: format!("2026-01-02T03:{minute:02}:05.678Z"),
        student: student.into(),
        name: student.into(),
        number: number.into(),
        square: "1".into(),
        id: None,
    }
}

fn plot(chart: &Chart, numbers: &[&str]) -> Plot {
    let rows: Vec<Row> = numbers.iter().map(|number| Row::new(&result(1, "s1", number, 0))).collect();
    let mut chart = Chart { scale: chart.scale, zoom: chart.zoom, middle: chart.middle, ..Chart::default() };
    chart.keep_up(rows.iter(), "s1");
    chart.plot()
}

#[test]
fn what_changes_at_either_end_is_taken_up() {
    let rows: Vec<Row> = (1..=50).map(|seq| Row::new(&result(seq, "s1", &seq.to_string(), 0))).collect();
    let mut chart = Chart::default();
    for part in [20..30, 10..30, 12..40, 0..50, 45..50, 0..5, 0..0, 3..9] {
        chart.keep_up(rows[part.clone()].iter(), "s1");
        let xs: Vec<f64> = chart.plot().points.iter().map(|point| point.x).collect();
        let expect: Vec<f64> = part.clone().map(|at| f64::from(u32::try_from(at).unwrap() + 1)).collect();
        assert_eq!(xs, expect, "{part:?}");
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn points_stand_where_their_numbers_are() {
    let plot = plot(&Chart::default(), &["12", "-5", "0.25", "0", "99.5"]);
    assert!(!plot.powers);
    for (point, (x, y)) in
        plot.points.iter().zip([(12.0, 144.0), (-5.0, 25.0), (0.25, 0.0625), (0.0, 0.0), (99.5, 9_900.25)])
    {
        assert!(near(point.x, x) && near(point.y, y) && point.mine, "{point:?}");
    }
    assert!(plot.points.iter().all(|point| point.x >= plot.x[0] && point.x <= plot.x[1] && point.y <= plot.y[1]));
}

#[test]
fn wild_numbers_are_laid_out_by_powers_of_ten() {
    let huge = format!("-1{}", "0".repeat(9_999));
    let tiny = format!("0.{}1", "0".repeat(400));
    let plot = plot(&Chart::default(), &["1", "2", &huge, &tiny, "9"]);
    assert!(plot.powers);
    assert!(near(plot.points[2].x, -9_999.0) && near(plot.points[2].y, 19_998.0), "{:?}", plot.points);
    assert!(near(plot.points[4].x, 1.0) && near(plot.points[4].y, 82_f64.log10()));
    assert!(near(plot.points[3].x, 0.0));
    assert!(plot.points.iter().all(|point| point.x.is_finite() && point.y.is_finite()));
}

#[test]
fn a_scale_that_was_chosen_is_kept_as_far_as_numbers_allow() {
    let mut chart = Chart::default();
    chart.other_scale(false);
    assert!(plot(&chart, &["1", "2"]).powers);
    chart.other_scale(true);
    assert!(!plot(&chart, &["1", "100000"]).powers);
    assert!(plot(&chart, &["1", &"9".repeat(200)]).powers, "no number of the machine's is so large");
}

#[test]
fn axes_begin_and_end_at_round_values() {
    for (bounds, parts, whole, expect) in [
        ([-11.0, 11.0], 4.0, false, [-12.0, 12.0]),
        ([0.0, 105.0], 4.0, false, [0.0, 120.0]),
        ([-347.0, 5_250.0], 4.0, false, [-2_000.0, 6_000.0]),
        ([0.0, 11_025.0], 3.0, false, [0.0, 12_000.0]),
        ([-76.4, 1_051.2], 4.0, true, [-400.0, 1_200.0]),
        ([0.0, 2_102.0], 3.0, true, [0.0, 2_400.0]),
        ([-0.5, 1.2], 4.0, true, [-1.0, 3.0]),
    ] {
        assert_eq!(round_out(bounds, parts, whole), expect, "{bounds:?}");
    }
    for bounds in [[0.0, f64::MIN_POSITIVE], [-1e300, 1e300], [5.0, 5.0], [-1e308, 1e308]] {
        let [from, to] = round_out(bounds, 4.0, false);
        assert!(from.is_finite() && to.is_finite() && from <= bounds[0] && to >= bounds[1], "{bounds:?}");
    }
}

#[test]
fn zooming_and_panning_stay_within_the_results() {
    let mut chart = Chart::default();
    let whole = plot(&chart, &["-10", "10"]);
    chart.zoom(4);
    let part = plot(&chart, &["-10", "10"]);
    assert!(near((part.x[1] - part.x[0]) * 4.0, whole.x[1] - whole.x[0]));
    for _ in 0..50 {
        chart.pan(1);
    }
    assert!(near(plot(&chart, &["-10", "10"]).x[1], whole.x[1]));
    chart.zoom(-100);
    assert_eq!(plot(&chart, &["-10", "10"]), whole);
    for numbers in [&[][..], &["0"], &["5", "5"], &["-0.0000001"]] {
        let plot = plot(&chart, numbers);
        assert!(plot.x[0] < plot.x[1] && plot.y[0] < plot.y[1], "{plot:?}");
    }
}

#[test]
fn every_result_is_counted_once() {
    let mut tally = Tally::default();
    let all: Vec<_> = (1..=100).map(|seq| result(seq, if seq % 4 == 0 { "a" } else { "b" }, "1", seq / 10)).collect();
    tally.live(&all[60..80]);
    tally.live(&all[70..100]);
    tally.earlier(Some(61), &all[40..60], true);
    tally.earlier(Some(61), &all[40..60], true);
    tally.earlier(Some(11), &all[0..10], false);
    assert_eq!((tally.total(), tally.is_whole()), (60, false));
    let leaders: Vec<_> = tally.leaders(9).iter().map(|count| (count.id.as_str(), count.results)).collect();
    assert_eq!(leaders, [("b", 45), ("a", 15)]);
    assert_eq!(tally.by_minute(99), [9, 10, 10, 10, 10, 10, 1]);
    assert_eq!(tally.by_minute(3), [10, 10, 1]);
    assert!(tally.by_minute(0).is_empty());
}

#[test]
fn the_counts_are_of_all_results_once_the_first_was_counted() {
    let all: Vec<SquareResult> = (1..=20).map(|seq| result(seq, "1", "1", 0)).collect();
    let mut tally = Tally::default();
    tally.live(&all[10..]);
    assert!(!tally.is_whole());
    tally.earlier(Some(11), &all[5..10], true);
    assert!(!tally.is_whole());
    tally.earlier(Some(6), &all[..5], false);
    assert_eq!((tally.total(), tally.is_whole()), (20, true));
    let mut tally = Tally::behind(0);
    tally.live(&all);
    assert!(tally.is_whole());
}
