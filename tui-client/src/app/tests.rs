//! The app as somebody uses it: keys and news in, effects and state out. Properties over any sequence of events are in
//! [`sequences`].

mod appearance;
mod chart;
mod commands;
mod divider;
mod export;
mod filters;
mod help;
mod invite;
mod joining;
mod mending;
mod pin;
mod selecting;
mod sequences;
#[path = "../../tests/client/stage.rs"]
mod stage;
mod typing;
mod waking;

use std::time::Duration;

use squares_shared::message::{
    Auth, ErrorCode, ErrorMessage, Hello, Limits, Online, Page, Person, RoomNow, SquareResult, Student, Welcome,
};

use super::*;
use crate::event::{ConnectionError, LinkEvent, Pending};
use crate::link::{Continues, PageOwner};
use crate::store::export::{ExportCommand, ExportNews};
use crate::store::history::{HistoryCommand, HistoryNews};
use crate::theme::Choice;
use stage::Stage;

fn setup() -> Setup {
    Setup { size: (80, 24), ..Setup::default() }
}

fn hello(auth: Auth) -> Hello {
    let limits = Limits { line: 65_536, digits: 10, rate: 20, burst: 50, digit_rate: 20_000 };
    Hello { protocol: 1, server: "sample".into(), auth, log: "sample".into(), latest: 0, limits, room: None }
}

fn welcome(others: usize, latest: u64, replay_after: u64) -> Welcome {
    let person = |id: &str| Person { id: id.into(), name: id.into(), sessions: 1 };
    let mut students = vec![person("me")];
    students.extend((0..others).map(|other| person(&format!("s{other}"))));
    Welcome {
        student: Some(Student { id: "me".into(), name: "나래".into(), department: None }),
        online: Online { count: others + 1, students },
        latest,
        replay_after,
        invite: None,
    }
}

fn result(seq: u64, student: &str, id: Option<&str>) -> SquareResult {
    SquareResult {
        seq,
        at: "2026-01-02T03:04:05.678Z".into(),
        student: student.into(),
        name: "가람".into(),
        number: seq.to_string(),
        square: (u128::from(seq) * u128::from(seq)).to_string(),
        id: id.map(Into::into),
    }
}

fn error(code: ErrorCode) -> ErrorMessage {
    ErrorMessage { code, message: "A sentence.".into(), id: None, retry_after_ms: None }
}

fn pending(id: &str, number: &str) -> Pending {
    Pending { id: id.into(), number: number.into() }
}

fn square(number: &str) -> Effect {
    Effect::Link(Command::Square(number.into()))
}

impl Stage {
    /// In an empty room, with so many others.
    fn with(others: usize, hosting: bool) -> Self {
        let (mut room, _) = Self::start(Setup { student: Some("me".into()), ..setup() });
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting });
        room.link(LinkEvent::Joined { welcome: welcome(others, 0, 0), continues: Continues::Anew });
        room
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.update(Event::Paste(text.into()))
    }

    fn control(&mut self, c: char) -> Vec<Effect> {
        self.key(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    /// Types a text and Enter.
    fn enter(&mut self, text: &str) -> Vec<Effect> {
        self.type_in(text);
        self.press(KeyCode::Enter)
    }

    fn notice(&self) -> &str {
        self.app.status.notices.current().map_or("", |notice| &notice.text)
    }

    fn lose(&mut self, seconds: u64) {
        let retry_at = Some(self.now + Duration::from_secs(seconds));
        self.link(LinkEvent::Disconnected { why: ConnectionError::Closed(None), retry_at });
    }
}

fn click(room: &mut Stage, column: u16, row: u16) -> Vec<Effect> {
    let kind = crossterm::event::MouseEventKind::Down(crossterm::event::MouseButton::Left);
    let mouse = crossterm::event::MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    room.app.update(Event::Mouse(mouse), room.now)
}

/// A room with thirty results, every third of mine.
fn busy() -> Stage {
    let mut room = Stage::with(2, false);
    let whose = |seq: u64| if seq.is_multiple_of(3) { "me" } else { "s0" };
    room.link(LinkEvent::Results((1..=30).map(|seq| result(seq, whose(seq), None)).collect()));
    room
}

fn join(student: &str, name: Option<&str>) -> Effect {
    Effect::Link(Command::Join { student: student.into(), name: name.map(Into::into) })
}

#[test]
fn a_number_is_squared_in_canonical_form_whatever_the_connection() {
    let mut room = Stage::with(0, false);
    assert_eq!(room.enter(" +1,234.50 "), [square("1234.5")]);
    room.lose(5);
    assert_eq!(room.enter("7"), [square("7")]);
    assert!(room.app.composer.input.is_empty());
}

#[test]
fn what_is_no_number_stays_with_its_error() {
    let mut room = Stage::with(0, false);
    for text in ["1/2", "--1", "12345678901", "1e"] {
        assert_eq!(room.enter(text), []);
        assert_eq!(room.app.composer.input.text(), text);
        assert!(!matches!(room.app.composer.check, Check::Unfinished(_) | Check::Number { .. }), "{text}");
        room.control('u');
    }
}

#[test]
fn a_square_waits_until_its_result_comes() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Queued(pending("a", "1")));
    room.link(LinkEvent::Queued(pending("b", "2")));
    room.link(LinkEvent::Queued(pending("c", "3")));
    room.link(LinkEvent::Results(vec![result(1, "s0", Some("a")), result(2, "me", Some("a"))]));
    assert_eq!(room.app.reading.feed.pending.unanswered(), 2);
    room.link(LinkEvent::Answered { id: "b".into(), seq: 1 });
    assert_eq!(room.app.reading.feed.pending.unanswered(), 1);
    room.link(LinkEvent::Rejected { pending: pending("c", "3"), error: error(ErrorCode::IdReused) });
    assert_eq!((room.app.reading.feed.pending.unanswered(), room.app.reading.feed.pending.len()), (0, 1));
    room.now = room.app.next_wake().unwrap();
    room.app.update(Event::Wake, room.now);
    assert_eq!((room.app.reading.feed.pending.len(), room.app.next_wake()), (0, None));
}

#[test]
fn a_square_that_was_not_taken_comes_back() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::NotQueued { number: "12".into(), waiting: 10_000 });
    assert_eq!(room.app.composer.input.text(), "12");
    room.link(LinkEvent::NotQueued { number: "34".into(), waiting: 10_000 });
    assert_eq!(room.app.composer.input.text(), "12");
    assert!(room.notice().contains("34"));
}

#[test]
fn up_and_down_call_back_what_was_entered() {
    let mut room = Stage::with(0, false);
    room.enter("1");
    room.enter("2");
    room.press(KeyCode::Char('3'));
    for (key, line) in
        [(KeyCode::Up, "2"), (KeyCode::Up, "1"), (KeyCode::Up, "1"), (KeyCode::Down, "2"), (KeyCode::Down, "3")]
    {
        room.press(key);
        assert_eq!(room.app.composer.input.text(), line);
    }
}

#[test]
fn a_selected_result_opens_and_closes() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Results((1..=50).map(|seq| result(seq, "s0", None)).collect()));
    assert_eq!(room.press(KeyCode::Enter), []);
    room.key(KeyCode::Up, KeyModifiers::SHIFT);
    room.key(KeyCode::Up, KeyModifiers::ALT);
    room.press(KeyCode::Enter);
    assert!(matches!(&room.app.main_view, MainView::Detail(detail) if detail.row.seq() == 49));
    room.press(KeyCode::Esc);
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(49));
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.is_following());
    assert_eq!(room.enter("7"), [square("7")]);
}

#[test]
fn scrolling_up_asks_for_one_page_at_a_time_and_again_after_a_lost_connection() {
    let mut room = Stage::with(0, false);
    room.link(LinkEvent::Joined { welcome: welcome(0, 500, 450), continues: Continues::Anew });
    let effects = room.link(LinkEvent::Results((451..=500).map(|seq| result(seq, "s0", None)).collect()));
    assert_eq!(effects, []);
    let asked = room.key(KeyCode::Home, KeyModifiers::CONTROL);
    assert!(matches!(&asked[..], [Effect::Link(Command::Page { request: page, .. })] if page.before == Some(451)));
    assert_eq!(room.press(KeyCode::PageUp), []);
    room.lose(5);
    assert_eq!(room.press(KeyCode::PageUp), []);
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    assert_eq!(room.link(LinkEvent::Joined { welcome: welcome(0, 500, 500), continues: Continues::Resumed }), asked);
    let Some(Effect::Link(Command::Page { owner, request })) = asked.into_iter().next() else { panic!("a page") };
    let page = Page { results: (1..=450).map(|seq| result(seq, "s0", None)).collect(), more: false, student: None };
    assert_eq!(room.link(LinkEvent::Page { owner, request, page }), []);
    assert_eq!(room.app.reading.feed.rows().len(), 500);
}
