//! What the wall decides. Run by `cargo test`.

use squares_shared::message::{Auth, ErrorCode, Hello, Limits, Online, Presence};

use super::*;
use crate::event::ConnectionError;

const SERVER: &str = "192.0.2.7:7878";

fn wall(now: Instant) -> Wall {
    let appearance = Appearance::default();
    Wall::new(WallSetup { lang: Lang::En, appearance, ascii: false, server: SERVER.into(), tls: false }, now)
}

fn join(wall: &mut Wall, log: &str, replay_after: u64, continues: Continues, now: Instant) {
    let limits = Limits { line: 100, digits: 99, rate: 0, burst: 0, digit_rate: 0 };
    let hello =
        Hello { protocol: 1, server: "s".into(), auth: Auth::Open, log: log.into(), latest: 0, limits, room: None };
    wall.update(Event::Link(LinkEvent::Hello { hello, hosting: false }), now);
    let online = Online { count: 3, students: Vec::new() };
    let welcome = Welcome { student: None, online, latest: replay_after, replay_after, invite: None };
    wall.update(Event::Link(LinkEvent::Joined { welcome, continues }), now);
}

fn results(seqs: std::ops::RangeInclusive<u64>) -> Event {
    let result = |seq: u64| SquareResult {
        seq,
        at: "2026-01-02T03:04:05.678Z".into(),
        student: format!("s{}", seq % 7_000),
        name: format!("n{}", seq % 7_000),
        number: seq.to_string(),
        square: (seq * seq).to_string(),
        id: None,
    };
    Event::Link(LinkEvent::Results(seqs.map(result).collect()))
}

/// Draws whatever is due until then. Gives back at which moments, in milliseconds from the start.
fn draw_until(wall: &mut Wall, start: Instant, end: Duration) -> Vec<u128> {
    let mut drawn = Vec::new();
    let mut now = start;
    while let Some(frame) = wall.next_frame(now).filter(|frame| *frame <= start + end) {
        now = frame;
        wall.before_frame(now);
        drawn.push((now - start).as_millis());
        assert!(drawn.len() < 1_000, "it never comes to rest: {drawn:?}");
    }
    drawn
}

fn newest(wall: &Wall) -> Option<u64> {
    wall.results().first().map(|row| row.seq())
}

#[test]
fn a_lesson_of_results_takes_no_more_memory_than_its_first_minutes() {
    let now = Instant::now();
    let mut wall = wall(now);
    join(&mut wall, "a", 0, Continues::Anew, now);
    for batch in 0..400 {
        wall.update(results(batch * 500 + 1..=batch * 500 + 500), now);
    }
    wall.before_frame(now);
    assert_eq!((wall.latest.len(), wall.results().len()), (LATEST, LATEST));
    assert_eq!(wall.chart.plot().points.len(), POINTS);
    assert_eq!(wall.chart.tally.total(), 200_000);
    assert!(wall.chart.tally.leaders(usize::MAX).len() <= 5_000);
    assert!(wall.latest.capacity() <= 4 * POINTS, "{}", wall.latest.capacity());
}

#[test]
fn a_result_is_a_number_first_then_its_square_and_then_the_wall_rests() {
    let now = Instant::now();
    let mut wall = wall(now);
    join(&mut wall, "a", 0, Continues::Anew, now);
    draw_until(&mut wall, now, Duration::ZERO);
    let now = now + Duration::from_secs(60);
    wall.update(results(1..=1), now);
    wall.before_frame(now);
    assert_eq!((newest(&wall), wall.shows_square(now), wall.is_new(now)), (Some(1), false, true));
    assert_eq!(draw_until(&mut wall, now, Duration::from_secs(3_600)), [250, 2_500]);
    let later = now + NEW;
    assert_eq!((wall.shows_square(later), wall.is_new(later)), (true, false));
}

#[test]
fn a_flood_is_a_few_frames_a_second_in_which_each_result_can_be_read() {
    let start = Instant::now();
    let mut wall = wall(start);
    join(&mut wall, "a", 0, Continues::Anew, start);
    let (mut frames, mut shown) = (0, Vec::new());
    for step in 0..10_000_u32 {
        let now = start + Duration::from_millis(1) * step;
        wall.update(results(u64::from(step) + 1..=u64::from(step) + 1), now);
        if wall.next_frame(now).is_some_and(|frame| frame <= now) {
            wall.before_frame(now);
            frames += 1;
            shown.extend(newest(&wall).filter(|seq| shown.last() != Some(seq)));
        }
    }
    assert!((30..=60).contains(&frames), "{frames} frames in ten seconds");
    assert_eq!(shown.len(), 10, "{shown:?}");
}

#[test]
fn what_was_seen_stays_over_a_loss_and_another_ledger_begins_again() {
    let now = Instant::now();
    let mut wall = wall(now);
    join(&mut wall, "a", 0, Continues::Anew, now);
    wall.update(results(1..=9), now);
    wall.before_frame(now);
    wall.update(Event::Link(LinkEvent::Disconnected { why: ConnectionError::Shutdown, retry_at: Some(now) }), now);
    join(&mut wall, "a", 9, Continues::Resumed, now);
    assert_eq!((newest(&wall), wall.chart.tally.total()), (Some(9), 9));
    join(&mut wall, "b", 0, Continues::Anew, now);
    assert_eq!((newest(&wall), wall.chart.tally.total()), (None, 0));
    assert!(wall.chart.plot().points.is_empty());
}

#[test]
fn only_a_few_keys_do_anything_and_they_leave() {
    let now = Instant::now();
    let mut wall = wall(now);
    let mut press = |code, modifiers| wall.update(Event::Key(KeyEvent::new(code, modifiers)), now);
    for code in [KeyCode::Char('q'), KeyCode::Char('Q'), KeyCode::Char('ㅂ'), KeyCode::Esc] {
        assert_eq!(press(code, KeyModifiers::NONE), [Effect::Quit], "{code:?}");
    }
    for code in ['c', 'd'] {
        assert_eq!(press(KeyCode::Char(code), KeyModifiers::CONTROL), [Effect::Quit], "{code:?}");
    }
    for code in [KeyCode::Char('c'), KeyCode::Char('7'), KeyCode::Enter, KeyCode::PageDown, KeyCode::F(5)] {
        assert_eq!(press(code, KeyModifiers::NONE), [], "{code:?}");
    }
}

#[test]
fn who_may_not_watch_is_told_before_anything_is_shown_and_waits_after_that() {
    let refused = || {
        let message = "Only students may see this.".to_owned();
        LinkEvent::JoinRefused(ErrorMessage { code: ErrorCode::NotAllowed, message, id: None, retry_after_ms: None })
    };
    let now = Instant::now();
    let mut first = wall(now);
    assert_eq!(first.update(Event::Link(refused()), now), [Effect::Quit]);
    assert_eq!(first.refusal(), Some("Only students may see this."));
    let mut wall = wall(now);
    join(&mut wall, "a", 0, Continues::Anew, now);
    assert_eq!(wall.update(Event::Link(refused()), now), []);
    assert_eq!((wall.refusal(), wall.is_refused()), (None, true));
    join(&mut wall, "a", 0, Continues::Resumed, now);
    assert!(!wall.is_refused());
}

#[test]
fn how_to_join_is_what_the_server_says_and_nothing_that_a_shell_would_take_for_more() {
    let now = Instant::now();
    let mut wall = wall(now);
    assert_eq!(wall.commands(), [format!("squares --server {SERVER}")]);
    let mut invited = |server: &str| {
        let invite = Invite { servers: vec![server.into()], ..Invite::default() };
        let welcome =
            Welcome { student: None, online: Online::default(), latest: 0, replay_after: 0, invite: Some(invite) };
        wall.update(Event::Link(LinkEvent::Joined { welcome, continues: Continues::Anew }), now);
        wall.commands()
    };
    assert_eq!(invited("198.51.100.3:1"), ["squares --server 198.51.100.3:1"]);
    assert_eq!(invited("x; rm -r ."), [format!("squares --server {SERVER}")]);
}

#[test]
fn who_comes_and_goes_is_counted() {
    let now = Instant::now();
    let mut wall = wall(now);
    join(&mut wall, "a", 0, Continues::Anew, now);
    assert_eq!(wall.online, 3);
    wall.update(Event::Link(LinkEvent::Presence(Presence { count: 5, ..Presence::default() })), now);
    assert_eq!(wall.online, 5);
}
