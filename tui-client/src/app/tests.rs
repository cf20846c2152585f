//! The app as somebody uses it: keys and news in, effects and state out. Properties over any sequence of events are in
//! [`sequences`].

mod appearance;
mod divider;
mod export;
mod invite;
mod mending;
mod pin;
mod sequences;
mod typing;
mod views;

use std::time::Duration;

use squares_shared::message::{
    Auth, ErrorCode, ErrorMessage, Hello, Limits, Online, Page, Person, SquareResult, Student, Welcome,
};

use super::*;
use crate::event::{LinkEvent, Lost, Pending};
use crate::link::{Continues, PageOwner};
use crate::store::export::{ExportCommand, ExportNews};
use crate::store::history::{HistoryCommand, HistoryNews};
use crate::theme::Choice;

/// An app and the time it lives in.
struct Room {
    app: App,
    now: Instant,
}

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

/// What is kept of the typing for later runs.
fn is_note(effect: &Effect) -> bool {
    matches!(effect, Effect::History(_) | Effect::Remember)
}

fn square(number: &str) -> Effect {
    Effect::Link(Command::Square { number: number.into() })
}

impl Room {
    fn new(setup: Setup) -> (Self, Vec<Effect>) {
        let now = Instant::now();
        let (app, mut effects) = App::new(setup, now);
        effects.retain(|effect| !is_note(effect));
        (Self { app, now }, effects)
    }

    /// In an empty room, with so many others.
    fn with(others: usize, hosting: bool) -> Self {
        let (mut room, _) = Self::new(Setup { student: Some("me".into()), ..setup() });
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting });
        room.link(LinkEvent::Joined { welcome: welcome(others, 0, 0), continues: Continues::Anew });
        room
    }

    /// What is to be done, but for what is kept of the typing.
    fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = self.app.update(event, self.now);
        effects.retain(|effect| !is_note(effect));
        effects
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.update(Event::Paste(text.into()))
    }

    fn link(&mut self, news: LinkEvent) -> Vec<Effect> {
        self.update(Event::Link(news))
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
        self.update(Event::Key(KeyEvent::new(code, modifiers)))
    }

    fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        self.key(code, KeyModifiers::NONE)
    }

    fn control(&mut self, c: char) -> Vec<Effect> {
        self.key(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    /// Types a text and Enter.
    fn enter(&mut self, text: &str) -> Vec<Effect> {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
        self.press(KeyCode::Enter)
    }

    fn notice(&self) -> &str {
        self.app.status.notices.current().map_or("", |notice| &notice.text)
    }

    fn lose(&mut self, seconds: u64) {
        let retry_at = Some(self.now + Duration::from_secs(seconds));
        self.link(LinkEvent::Lost { why: Lost::Closed(None), retry_at });
    }
}

fn join(student: &str, name: Option<&str>) -> Effect {
    Effect::Link(Command::Join { student: student.into(), name: name.map(Into::into) })
}

#[test]
fn a_student_given_joins_at_once_and_sees_the_room() {
    let (room, effects) = Room::new(Setup { student: Some("me".into()), name: Some(" 나래 ".into()), ..setup() });
    assert_eq!((effects, room.app.screen), (vec![join("me", Some("나래"))], Screen::Room));
    let (room, effects) = Room::new(Setup { student: Some("a b".into()), ..setup() });
    assert_eq!((effects, room.app.screen), (vec![], Screen::Join));
    assert!(room.app.form.error.is_some());
}

#[test]
fn joining_is_asked_for_until_the_server_lets_in() {
    let (mut room, effects) = Room::new(setup());
    assert_eq!(effects, []);
    room.link(LinkEvent::Hello { hello: hello(Auth::Roster), hosting: false });
    assert_eq!(room.press(KeyCode::Enter), []);
    assert_eq!(room.enter("you"), [join("you", None)]);
    room.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
    assert_eq!(room.app.form.error.as_ref().map(|(field, _)| *field), Some(Some(Field::Student)));
    room.control('u');
    assert_eq!(room.app.form.error, None);
    assert_eq!(room.enter("me"), [join("me", None)]);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.screen, Screen::Room);
    assert_eq!(room.app.setup.remembered.student.as_deref(), Some("me"));
}

#[test]
fn a_server_is_used_once_it_is_chosen() {
    let remembered =
        Remembered { student: Some("me".into()), server: Some("10.0.0.1:7878".into()), ..Remembered::default() };
    let (mut room, _) = Room::new(Setup { remembered: remembered.clone(), ..setup() });
    room.press(KeyCode::BackTab);
    assert_eq!(room.press(KeyCode::Down), []);
    assert_eq!(room.press(KeyCode::Tab), [Effect::Link(Command::UseServer("10.0.0.1:7878".into()))]);
    assert_eq!(room.press(KeyCode::Enter), [join("me", None)]);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.app.setup.remembered, remembered);
}

#[test]
fn a_join_refused_in_the_room_keeps_the_typed_line() {
    let mut room = Room::with(0, false);
    room.press(KeyCode::Char('7'));
    room.link(LinkEvent::JoinRefused(error(ErrorCode::NotOnRoster)));
    assert_eq!(room.app.screen, Screen::Join);
    room.link(LinkEvent::Joined { welcome: welcome(0, 0, 0), continues: Continues::Anew });
    assert_eq!(room.press(KeyCode::Enter), [square("7")]);
}

#[test]
fn a_number_is_squared_in_canonical_form_whatever_the_connection() {
    let mut room = Room::with(0, false);
    assert_eq!(room.enter(" +1,234.50 "), [square("1234.5")]);
    room.lose(5);
    assert_eq!(room.enter("7"), [square("7")]);
    assert!(room.app.composer.input.is_empty());
}

#[test]
fn what_is_no_number_stays_with_its_error() {
    let mut room = Room::with(0, false);
    for text in ["1/2", "--1", "12345678901", "1e"] {
        assert_eq!(room.enter(text), []);
        assert_eq!(room.app.composer.input.text(), text);
        assert!(!matches!(room.app.composer.check, Check::Unfinished(_) | Check::Number { .. }), "{text}");
        room.control('u');
    }
}

#[test]
fn a_square_waits_until_its_result_comes() {
    let mut room = Room::with(0, false);
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
    let mut room = Room::with(0, false);
    room.link(LinkEvent::NotQueued { number: "12".into(), waiting: 10_000 });
    assert_eq!(room.app.composer.input.text(), "12");
    room.link(LinkEvent::NotQueued { number: "34".into(), waiting: 10_000 });
    assert_eq!(room.app.composer.input.text(), "12");
    assert!(room.notice().contains("34"));
}

#[test]
fn commands_are_carried_out_and_others_explained() {
    let mut room = Room::with(3, false);
    assert_eq!(room.enter("/ㅗ디ㅔ"), []);
    assert!(matches!(room.app.body, Body::Help(_)));
    room.press(KeyCode::Esc);
    assert!(matches!(room.app.body, Body::Feed));
    assert_eq!(room.enter("/exti"), []);
    assert_eq!((room.app.composer.input.text(), room.notice()), ("/exti", "There is no /exti. Did you mean /exit?"));
    room.control('u');
    assert_eq!(room.enter("/ㄷ턋"), [Effect::Quit]);
    assert_eq!(room.control('d'), [Effect::Quit]);
}

#[test]
fn a_host_leaves_only_after_a_warning() {
    let mut room = Room::with(2, true);
    assert_eq!(room.enter("/exit"), []);
    assert!(room.notice().contains("2 others"), "{}", room.notice());
    assert_eq!(room.enter("/exit"), [Effect::Quit]);
    let mut room = Room::with(0, true);
    assert_eq!(room.enter("/exit"), [Effect::Quit]);
    let mut room = Room::with(2, true);
    assert_eq!(room.control('d'), []);
    assert_eq!(room.enter("7"), [square("7")]);
    assert_eq!(room.control('d'), []);
    assert_eq!(room.control('d'), [Effect::Quit]);
}

#[test]
fn ctrl_c_clears_and_asks_and_a_second_one_leaves() {
    let mut room = Room::with(0, false);
    room.press(KeyCode::Char('7'));
    assert_eq!((room.control('c'), room.app.composer.input.text()), (vec![], ""));
    assert!(!room.notice().is_empty());
    room.press(KeyCode::Up);
    assert_eq!(room.app.composer.input.text(), "7", "what was cleared can be called back");
    assert_eq!((room.control('c'), room.app.composer.input.text()), (vec![], ""), "and then it is no second one");
    room.press(KeyCode::Esc);
    assert_eq!(room.control('c'), []);
    assert!(!room.notice().is_empty());
    room.press(KeyCode::Esc);
    assert_eq!(room.control('c'), []);
    room.now = room.app.next_wake().unwrap();
    room.app.update(Event::Wake, room.now);
    assert_eq!(room.control('c'), [], "the question had gone");
    assert_eq!(room.control('C'), [Effect::Quit]);
}

#[test]
fn up_and_down_call_back_what_was_entered() {
    let mut room = Room::with(0, false);
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
    let mut room = Room::with(0, false);
    room.link(LinkEvent::Results((1..=50).map(|seq| result(seq, "s0", None)).collect()));
    assert_eq!(room.press(KeyCode::Enter), []);
    room.key(KeyCode::Up, KeyModifiers::SHIFT);
    room.key(KeyCode::Up, KeyModifiers::ALT);
    room.press(KeyCode::Enter);
    assert!(matches!(&room.app.body, Body::Detail(detail) if detail.row.seq() == 49));
    room.press(KeyCode::Esc);
    assert_eq!(room.app.reading.feed.selected().map(Row::seq), Some(49));
    room.press(KeyCode::Esc);
    assert!(room.app.reading.feed.is_following());
    assert_eq!(room.enter("7"), [square("7")]);
}

#[test]
fn scrolling_up_asks_for_one_page_at_a_time_and_again_after_a_lost_connection() {
    let mut room = Room::with(0, false);
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

#[test]
fn an_idle_room_never_wakes_and_a_countdown_wakes_once_a_second() {
    let mut room = Room::with(0, false);
    assert_eq!(room.app.next_wake(), None);
    room.lose(3);
    for left in [3, 2, 1] {
        assert_eq!(room.app.status.connection.countdown(room.now), Some(left));
        room.now = room.app.next_wake().unwrap();
        room.app.update(Event::Wake, room.now);
    }
    assert_eq!((room.app.status.connection.countdown(room.now), room.app.next_wake()), (None, None));
}

#[test]
fn a_second_that_passed_is_seen_whatever_woke_the_app() {
    let mut room = Room::with(0, false);
    room.lose(3);
    room.app.needs_draw();
    room.now += Duration::from_millis(1_200);
    assert!(room.app.next_wake().unwrap() <= room.now, "a wake stays due until it has come");
    room.link(LinkEvent::RoundTrip(Duration::from_millis(1)));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Soon));
    assert!(room.app.next_wake().unwrap() > room.now);
}

#[test]
fn keys_are_seen_at_once_and_news_soon() {
    let mut room = Room::with(0, false);
    room.app.needs_draw();
    assert_eq!(room.app.needs_draw(), None);
    for (millis, seen) in [(120, Some(Urgency::Soon)), (121, None)] {
        room.link(LinkEvent::RoundTrip(Duration::from_millis(millis)));
        assert_eq!(room.app.needs_draw(), seen, "what shows no difference is not drawn");
    }
    room.link(LinkEvent::Results(vec![result(1, "s0", None)]));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Soon));
    room.press(KeyCode::Char('1'));
    room.link(LinkEvent::Results(vec![result(2, "s0", None)]));
    assert_eq!(room.app.needs_draw(), Some(Urgency::Now));
}

#[test]
fn trying_again_is_asked_for_by_key() {
    let mut room = Room::with(0, false);
    assert_eq!((room.press(KeyCode::F(5)), room.press(KeyCode::Enter)), (vec![], vec![]));
    room.lose(5);
    assert_eq!(room.press(KeyCode::F(5)), [Effect::Link(Command::ReconnectNow)]);
    assert_eq!(room.press(KeyCode::Enter), [Effect::Link(Command::ReconnectNow)]);
    assert_eq!(room.control('l'), [Effect::Terminal(TerminalEffect::Repaint)]);
    // No program is stopped on Windows.
    let stops = if cfg!(windows) { vec![] } else { vec![Effect::Terminal(TerminalEffect::Suspend)] };
    assert_eq!(room.control('z'), stops);
}

#[test]
fn tab_completes_a_command_and_then_goes_through_what_it_may_be() {
    let mut room = Room::with(0, false);
    let mut typed = |keys: &str, tabs: &[KeyCode]| {
        room.control('a');
        room.control('k');
        for c in keys.chars() {
            room.press(KeyCode::Char(c));
        }
        for &tab in tabs {
            assert_eq!(room.press(tab), []);
        }
        room.app.composer.input.text().to_owned()
    };
    use KeyCode::{BackTab, Tab};
    assert_eq!(typed("/he", &[Tab]), "/help");
    assert_eq!(typed("/ㅗ", &[Tab]), "/help");
    assert_eq!(typed("/la", &[Tab]), "/lang ");
    assert_eq!(typed("/lang ", &[Tab]), "/lang ko");
    assert_eq!(typed("/lang ", &[Tab, Tab]), "/lang en");
    assert_eq!(typed("/lang ", &[Tab, Tab, Tab]), "/lang ko");
    assert_eq!(typed("/lang ", &[BackTab]), "/lang en");
    assert_eq!(typed("/zz", &[Tab]), "/zz");
    assert_eq!(typed("12", &[Tab]), "12");
}

#[test]
fn the_language_changes_at_once_and_is_remembered() {
    let mut room = Room::with(0, false);
    assert_eq!(room.enter("/lang fr"), []);
    assert_eq!((room.app.composer.input.text(), room.app.strings.lang), ("/lang fr", Lang::En));
    room.control('u');
    room.enter("/lang 한국어");
    assert_eq!((room.app.composer.input.text(), room.app.strings.lang), ("", Lang::Ko));
    assert_eq!(room.app.setup.remembered.lang, Some(Lang::Ko));
    room.enter("/ㅣ뭏");
    assert_eq!(room.app.strings.lang, Lang::En);
}

#[test]
fn why_no_room_could_be_opened_is_no_longer_said_once_there_is_one() {
    let mut room = Room::with(1, false);
    room.link(LinkEvent::Lost { why: Lost::LedgerInUse("/data".into()), retry_at: None });
    assert!(room.notice().contains("/data"));
    room.press(KeyCode::Char('1'));
    assert!(room.notice().contains("/data"));
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: welcome(1, 0, 0), continues: Continues::Resumed });
    assert!(room.app.status.notices.current().is_none());
}
