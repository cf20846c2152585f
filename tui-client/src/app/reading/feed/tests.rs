//! The feed as somebody reads it: what stays where while results, pages and refusals come and go.

mod paging;

use squares_shared::message::{Page, PageRequest};

use super::*;
use crate::event::Pending;

fn result(seq: u64) -> SquareResult {
    SquareResult {
        seq,
        at: "2026-01-02T03:04:05.678Z".into(),
        student: "20260001".into(),
        name: "가람".into(),
        number: seq.to_string(),
        square: (u128::from(seq) * u128::from(seq)).to_string(),
        id: None,
    }
}

fn results(seqs: impl IntoIterator<Item = u64>) -> Vec<SquareResult> {
    seqs.into_iter().map(result).collect()
}

/// Answers what the feed asked for last.
fn answer(feed: &mut Feed, seqs: std::ops::RangeInclusive<u64>, more: bool) {
    let request = feed.asked.clone().expect("the feed asked for a page");
    assert!(feed.page(&request, &Page { results: results(seqs), more, student: None }));
}

/// A feed of ten lines that joined a ledger of 1,000 results and was given the last 100.
fn feed() -> Feed {
    let mut feed = Feed::new(10);
    feed.joined(1_000, 900, Continues::Anew);
    feed.extend(&results(901..=1_000));
    feed
}

/// What is in sight: a `seq`, or a letter for the other items.
fn visible(feed: &Feed) -> Vec<String> {
    let words = |item| match item {
        None => String::new(),
        Some(Item::Top(top)) => format!("{top:?}"),
        Some(Item::Row(row)) => row.seq().to_string(),
        Some(Item::Divider) => "----".to_owned(),
        Some(Item::Gap) => "Gap".to_owned(),
        Some(Item::MorePending(count)) => format!("+{count}"),
        Some(Item::Pending(square)) => format!("{}?", square.number),
    };
    (0..feed.height).map(|line| words(feed.line(line))).collect()
}

fn check(feed: &Feed, expect: &str) {
    assert_eq!(visible(feed).join(" "), expect);
}

#[test]
fn the_newest_is_followed() {
    let mut feed = feed();
    check(&feed, "991 992 993 994 995 996 997 998 999 1000");
    feed.extend(&results(1_001..=1_002));
    check(&feed, "993 994 995 996 997 998 999 1000 1001 1002");
    assert_eq!((feed.is_following(), feed.new_below()), (true, 0));
}

#[test]
fn a_result_that_is_there_already_is_left_out() {
    let mut feed = feed();
    feed.extend(&results([999, 1_000, 1_000, 1_001]));
    check(&feed, "992 993 994 995 996 997 998 999 1000 1001");
}

#[test]
fn nothing_moves_while_somebody_reads() {
    let mut feed = feed();
    feed.scroll(-5);
    let before = "986 987 988 989 990 991 992 993 994 995";
    check(&feed, before);
    feed.extend(&results(1_001..=1_007));
    feed.pending.add(Pending { id: "a".into(), number: "7".into() });
    check(&feed, before);
    assert_eq!(feed.new_below(), 7);
    feed.scroll(5);
    check(&feed, "991 992 993 994 995 996 997 998 999 1000");
    feed.scroll(3);
    check(&feed, "994 995 996 997 998 999 1000 ---- 1001 1002");
    assert_eq!(feed.new_below(), 5);
    feed.scroll(100);
    check(&feed, "1000 ---- 1001 1002 1003 1004 1005 1006 1007 7?");
    assert!(feed.is_following());
}

#[test]
fn a_page_arrives_above_what_is_being_read() {
    let mut feed = feed();
    assert_eq!(feed.wanted(), None);
    feed.show_oldest();
    check(&feed, "More 901 902 903 904 905 906 907 908 909");
    let wanted = PageRequest { before: Some(901), limit: Some(200), student: None, after: None };
    assert_eq!(feed.wanted(), Some(wanted.clone()));
    assert_eq!(feed.wanted(), None);
    check(&feed, "Loading 901 902 903 904 905 906 907 908 909");
    feed.lost();
    assert_eq!(feed.wanted(), Some(wanted));
    answer(&mut feed, 701..=900, true);
    check(&feed, "900 901 902 903 904 905 906 907 908 909");
    feed.show_oldest();
    assert_eq!(feed.wanted().and_then(|page| page.before), Some(701));
    answer(&mut feed, 1..=700, false);
    feed.show_oldest();
    check(&feed, "Beginning 1 2 3 4 5 6 7 8 9");
    assert_eq!(feed.wanted(), None);
}

#[test]
fn a_page_that_does_not_join_what_is_loaded_is_left_out() {
    let mut feed = feed();
    feed.show_oldest();
    assert_eq!(feed.wanted().and_then(|page| page.before), Some(901));
    feed.follow_newest();
    feed.extend(&results(1_001..=6_500));
    assert_eq!(feed.rows().len(), FOLLOWING.rows);
    answer(&mut feed, 701..=900, true);
    assert_eq!(feed.rows.front().map(Row::seq), Some(1_501));
}

#[test]
fn a_refused_page_is_not_asked_for_again_until_somebody_scrolls() {
    let mut feed = feed();
    feed.show_oldest();
    assert!(feed.wanted().is_some());
    feed.refused();
    assert_eq!(feed.wanted(), None);
    feed.scroll(-1);
    assert!(feed.wanted().is_some());
}

#[test]
fn a_room_with_few_results_fills_from_below_and_asks_for_more() {
    let mut feed = Feed::new(4);
    check(&feed, "   Unknown");
    feed.joined(0, 0, Continues::Anew);
    check(&feed, "   Empty");
    feed.extend(&results([5]));
    check(&feed, "  Beginning 5");
    let mut feed = Feed::new(4);
    feed.joined(9, 8, Continues::Anew);
    assert_eq!(feed.wanted(), None, "the replay is still to come");
    feed.extend(&results([9]));
    assert_eq!(feed.wanted().and_then(|page| page.before), Some(9));
}

#[test]
fn what_is_loaded_is_bounded_and_the_anchor_stays() {
    let mut feed = feed();
    feed.scroll(-50);
    let before = visible(&feed);
    feed.extend(&results(1_001..=1_000 + 2 * READING.rows as u64));
    assert_eq!((feed.rows().len(), visible(&feed)), (READING.rows, before));
    assert_eq!(feed.new_below(), 2 * READING.rows);
    feed.scroll(isize::MAX / 2);
    assert_eq!(visible(&feed).last().map(String::as_str), Some("Gap"));
    feed.follow_newest();
    let newest = 1_000 + 2 * READING.rows as u64;
    let wanted = PageRequest { before: Some(newest + 1), limit: Some(200), student: None, after: None };
    assert_eq!(feed.wanted(), Some(wanted));
    feed.extend(&results(newest + 1..=newest + 2));
    answer(&mut feed, newest - 199..=newest, true);
    assert!(feed.rows.iter().map(Row::seq).eq(newest - 199..=newest + 2));
}

#[test]
fn pages_beyond_the_bound_cut_the_far_end() {
    let mut feed = Feed::new(10);
    feed.joined(100_000, 99_900, Continues::Anew);
    feed.extend(&results(99_901..=100_000));
    while feed.rows.front().is_some_and(|row| row.seq() > 60_001) {
        feed.show_oldest();
        let before = feed.wanted().and_then(|page| page.before).unwrap();
        let shown = visible(&feed)[1..].to_vec();
        answer(&mut feed, before - 200..=before - 1, true);
        assert_eq!(visible(&feed)[1..], shown);
        assert!(feed.rows().len() <= READING.rows);
    }
    assert!(feed.gap.is_some());
}

#[test]
fn giant_numbers_are_bounded_by_their_bytes() {
    let mut feed = feed();
    let giant = |seq| SquareResult { number: "9".repeat(10_000), square: "8".repeat(20_000), ..result(seq) };
    for seq in 1_001..=1_500 {
        feed.extend(&[giant(seq)]);
    }
    assert!(feed.bytes <= FOLLOWING.bytes);
    check(&feed, "1491 1492 1493 1494 1495 1496 1497 1498 1499 1500");
}

#[test]
fn the_selection_scrolls_only_at_the_ends() {
    let mut feed = feed();
    feed.select(-1);
    assert_eq!(feed.selected().map(Row::seq), Some(1_000));
    feed.extend(&results([1_001]));
    check(&feed, "991 992 993 994 995 996 997 998 999 1000");
    for _ in 0..10 {
        feed.select(-1);
    }
    check(&feed, "990 991 992 993 994 995 996 997 998 999");
    assert_eq!(feed.selected().map(Row::seq), Some(990));
    feed.scroll(3);
    assert_eq!(feed.selected().map(Row::seq), Some(993));
    feed.scroll(isize::MAX / 2);
    assert!(!feed.is_following());
    for _ in 0..9 {
        feed.select(1);
    }
    assert!(feed.is_following() && feed.selected().is_none());
}

#[test]
fn many_waiting_squares_leave_room_for_results() {
    let mut feed = feed();
    for id in 0..20 {
        feed.pending.add(Pending { id: id.to_string(), number: id.to_string() });
    }
    check(&feed, "997 998 999 1000 +15 15? 16? 17? 18? 19?");
    feed.pending.answered("0");
    check(&feed, "997 998 999 1000 +14 15? 16? 17? 18? 19?");
}

#[test]
fn after_a_hole_a_reader_keeps_the_place_and_a_follower_starts_anew() {
    let mut reader = feed();
    reader.scroll(-20);
    let before = visible(&reader);
    reader.joined(9_000, 8_000, Continues::Gap(1_000, 8_000));
    reader.extend(&results(8_001..=9_000));
    assert_eq!((visible(&reader), reader.new_below()), (before, 1_000));
    let mut follower = feed();
    follower.joined(9_000, 8_000, Continues::Gap(1_000, 8_000));
    follower.extend(&results(8_001..=9_000));
    assert_eq!((follower.rows().len(), follower.more_above), (1_000, true));
    let mut reader = feed();
    reader.scroll(-20);
    reader.joined(3, 0, Continues::Anew);
    reader.extend(&results(1..=3));
    check(&reader, "      Beginning 1 2 3");
}

#[test]
fn a_resize_keeps_the_first_line() {
    let mut feed = feed();
    feed.scroll(-30);
    let first = visible(&feed)[0].clone();
    for height in [3, 0, 1, 7, 10] {
        feed.resize(height);
        assert_eq!(visible(&feed).first().cloned().unwrap_or(first.clone()), first, "{height}");
    }
    feed.resize(200);
    assert_eq!(visible(&feed).last().map(String::as_str), Some("1000"));
}

#[test]
fn what_was_found_and_what_was_looked_through_begin_anew_together() {
    let text = SearchText::new("7");
    let mut search = feed().filtered(Filter { student: None, text });
    search.scroll(isize::MIN / 2);
    answer_wanted(&mut search, 401..=900);
    assert_eq!(search.searched().0, 600);
    search.scroll(isize::MIN / 2);
    search.go_to_beginning();
    assert_eq!((search.rows().len(), search.searched().0), (0, 0));
    answer_wanted(&mut search, 1..=200);
    assert_eq!((search.rows().len(), search.searched().0), (66, 200));
    let mut following = feed().filtered(Filter { student: None, text: SearchText::new("7") });
    following.extend(&results(1_001..=1_007));
    assert_eq!((following.rows().last().map(Row::seq), following.searched().0), (Some(1_007), 107));
}

/// Lets the feed ask for a page, and answers it.
fn answer_wanted(feed: &mut Feed, seqs: std::ops::RangeInclusive<u64>) {
    assert!(feed.wanted().is_some());
    let more = *seqs.start() > 1;
    answer(feed, seqs, more);
}
