//! A feed before a whole ledger: what is paged in, both ways, through filters, and what a search finds.

use super::*;

/// A ledger of results 1 to `latest`, which answers what a feed asks for until it wants no more.
fn serve(feed: &mut Feed, latest: u64, most: usize) -> usize {
    let student = |seq: u64| if seq.is_multiple_of(50) { "20260007" } else { "20260001" };
    for asked in 0..most {
        let Some(request) = feed.wanted() else { return asked };
        let to = request.before.unwrap_or(u64::MAX).min(latest + 1);
        let limit = request.limit.unwrap_or(1) as usize;
        let fits = |seq: &u64| request.student.as_deref().is_none_or(|only| only == student(*seq));
        let mut all: Vec<u64> = match request.after {
            Some(after) => (after + 1..to).filter(fits).take(limit + 1).collect(),
            None => (1..to).rev().filter(fits).take(limit + 1).collect(),
        };
        let more = all.len() > limit;
        all.truncate(limit);
        all.sort_unstable();
        let results = all.into_iter().map(|seq| SquareResult { student: student(seq).into(), ..result(seq) }).collect();
        assert!(feed.page(&request, &Page { results, more, student: request.student.clone() }));
    }
    most
}

fn seqs(feed: &Feed) -> Vec<u64> {
    feed.rows.iter().map(Row::seq).collect()
}

#[test]
fn what_went_at_the_end_is_paged_forward_again_without_a_hole() {
    let mut feed = Feed::new(10);
    feed.joined(20_000, 19_900, Continues::Anew);
    feed.extend(&results(19_901..=20_000));
    for _ in 0..400 {
        feed.scroll(-100);
        serve(&mut feed, 20_000, 9);
    }
    check(&feed, "Beginning 1 2 3 4 5 6 7 8 9");
    assert!(feed.gap.is_some() && feed.rows().len() <= READING.rows);
    feed.extend(&results(20_001..=20_100));
    for _ in 0..400 {
        let last = visible(&feed)[9].clone();
        feed.scroll(9);
        assert!(visible(&feed)[0] == last || feed.gap.is_none(), "nothing is passed over");
        serve(&mut feed, 20_100, 9);
        assert!(seqs(&feed).windows(2).all(|pair| pair[0] + 1 == pair[1]) && feed.rows().len() <= READING.rows);
    }
    for _ in 0..2_000 {
        feed.scroll(50);
        serve(&mut feed, 20_100, 9);
    }
    assert!(feed.is_following() && feed.gap.is_none());
    feed.extend(&results([20_101]));
    assert_eq!(visible(&feed)[9], "20101");
}

#[test]
fn the_beginning_is_gone_to_at_once_and_read_forward() {
    let mut feed = feed();
    feed.show_oldest();
    feed.go_to_beginning();
    serve(&mut feed, 1_000, 9);
    check(&feed, "Beginning 1 2 3 4 5 6 7 8 9");
    for _ in 0..200 {
        feed.scroll(9);
        serve(&mut feed, 1_000, 9);
    }
    assert_eq!(seqs(&feed), (1..=1_000).collect::<Vec<_>>());
    assert!(feed.is_following());
}

#[test]
fn one_student_is_paged_through_the_whole_ledger_both_ways() {
    let mut whole = Feed::new(10);
    whole.joined(100_000, 100_000, Continues::Anew);
    let student = Some(StudentFilter { id: "20260007".into(), name: "가람".into(), me: false });
    let mut feed = whole.filtered(Filter { student, text: None });
    serve(&mut feed, 100_000, 99);
    assert_eq!(visible(&feed)[9], "100000");
    for _ in 0..300 {
        feed.scroll(-9);
        serve(&mut feed, 100_000, 99);
    }
    check(&feed, "Beginning 50 100 150 200 250 300 350 400 450");
    feed.clear();
    (feed.from, feed.gap) = (1, Some(0));
    let asked = serve(&mut feed, 100_000, 999);
    assert!(asked < 20, "{asked} pages for a screenful of a student in fifty");
    for _ in 0..300 {
        feed.scroll(9);
        serve(&mut feed, 100_000, 999);
    }
    assert_eq!(seqs(&feed), (1..=2_000).map(|nth| nth * 50).collect::<Vec<_>>());
}

#[test]
fn a_search_looks_through_the_whole_ledger_and_can_be_stopped() {
    let mut whole = Feed::new(10);
    whole.joined(10_000, 9_900, Continues::Anew);
    whole.extend(&results(9_901..=10_000));
    let mut feed = whole.filtered(Filter { student: None, text: SearchText::new("1,522,756") });
    assert_eq!(serve(&mut feed, 10_000, 3), 3);
    assert_eq!((feed.rows().len(), feed.searched()), (0, (1_600, true)));
    assert!(feed.wanted().is_some() && feed.stop_asking() && feed.is_stopped());
    feed.lost();
    assert_eq!(serve(&mut feed, 10_000, 99), 0);
    feed.scroll(-1);
    serve(&mut feed, 10_000, 99);
    assert_eq!((seqs(&feed), feed.searched()), (vec![1_234], (10_000, false)));
}

#[test]
fn going_to_an_earlier_find_waits_for_it() {
    let mut whole = Feed::new(10);
    whole.joined(10_000, 9_900, Continues::Anew);
    whole.extend(&results(9_901..=10_000));
    let mut feed = whole.filtered(Filter { student: None, text: SearchText::new("9999") });
    feed.select(-1);
    assert_eq!(feed.selected().map(Row::seq), Some(9_999));
    feed.select(-1);
    assert_eq!(feed.selected().map(Row::seq), Some(9_999), "nothing earlier is known yet");
    serve(&mut feed, 10_000, 99);
    assert!(feed.selected().is_some_and(|row| row.seq() < 9_999 && row.square().contains("9999")));
}

#[test]
fn a_result_is_shown_among_its_neighbours() {
    let mut feed = feed();
    let row = Row::new(&result(500));
    feed.show(&row);
    assert_eq!((visible(&feed)[5].as_str(), feed.selected().map(Row::seq)), ("500", Some(500)));
    serve(&mut feed, 1_000, 9);
    check(&feed, "495 496 497 498 499 500 501 502 503 504");
    feed.follow_newest();
    serve(&mut feed, 1_000, 9);
    feed.show(&Row::new(&result(950)));
    check(&feed, "945 946 947 948 949 950 951 952 953 954");
}

#[test]
fn a_divider_stands_where_somebody_looked_away() {
    let mut feed = feed();
    feed.set_unread_divider();
    check(&feed, "991 992 993 994 995 996 997 998 999 1000");
    feed.extend(&results(1_001..=1_003));
    check(&feed, "995 996 997 998 999 1000 ---- 1001 1002 1003");
    feed.extend(&results(1_004..=1_004));
    check(&feed, "996 997 998 999 1000 ---- 1001 1002 1003 1004");
    assert_eq!((feed.new_since_divider(), feed.new_below()), (4, 0));
    feed.scroll(-3);
    check(&feed, "992 993 994 995 996 997 998 999 1000 1001");
    feed.extend(&results(1_005..=1_006));
    feed.follow_newest();
    check(&feed, "998 999 1000 1001 1002 1003 1004 ---- 1005 1006");
}
