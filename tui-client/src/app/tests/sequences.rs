//! What holds through any sequence of keys, news, sizes and moments.

use std::collections::{HashMap, HashSet, VecDeque};

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::CellWidth;
use squares_shared::message::PageRequest;

use super::*;

/// A step, before it is given numbers that fit what went before.
#[derive(Debug, Clone)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Command(String),
    Click(u16, u16),
    Wheel(bool, u16, u16),
    Resize(u16, u16),
    Wait(u64),
    Results(u64, bool),
    Page(u64),
    Queued,
    Answered,
    Rejected,
    Throttled,
    Refused,
    JoinRefused(bool),
    Disconnect,
    Connected,
    Idle,
    Joined(bool),
    Presence(u32),
    NotQueued,
}

fn key() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        4 => prop::sample::select(vec!['1', '2', '-', '.', 'e', '/', ' ', '가', 'ᄀ', '\u{1161}', '\u{301}', '²', '×'])
            .prop_map(KeyCode::Char),
        2 => prop::sample::select(vec!['a', 'b', 'c', 'd', 'e', 'f', 'h', 'k', 'l', 'n', 'p', 'r', 's', 't', 'u', 'w', 'y', '_'])
            .prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Home,
            KeyCode::End, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace,
            KeyCode::Delete, KeyCode::F(1), KeyCode::F(2), KeyCode::F(5), KeyCode::Insert, KeyCode::F(3), KeyCode::F(4), KeyCode::F(6), KeyCode::F(7), KeyCode::F(8),
            KeyCode::F(9),
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| Step::Key(code, modifiers))
}

fn step() -> impl Strategy<Value = Step> {
    let size = || prop_oneof![0_u16..4, 5_u16..35, 60_u16..130];
    prop_oneof![
        12 => key(),
        3 => prop::sample::select(vec!["/mine", "/find 1", "/find 나", "/find 999", "/who s0", "/chart", "/who", "/copy"])
            .prop_map(|command| Step::Command(command.to_owned())),
        1 => "[0-9x가\n\r\u{202e}]{0,12}".prop_map(Step::Paste),
        1 => (any::<bool>(), 0_u16..100, 0_u16..30).prop_map(|(up, x, y)| Step::Wheel(up, x, y)),
        2 => (0_u16..100, 0_u16..30).prop_map(|(x, y)| Step::Click(x, y)),
        2 => (size(), size()).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => (0_u64..40_000).prop_map(Step::Wait),
        4 => (1_u64..40, any::<bool>()).prop_map(|(count, mine)| Step::Results(count, mine)),
        6 => (1_u64..500).prop_map(Step::Page),
        2 => Just(Step::Queued),
        1 => Just(Step::Answered),
        1 => Just(Step::Rejected),
        1 => Just(Step::Throttled),
        1 => Just(Step::Refused),
        1 => any::<bool>().prop_map(Step::JoinRefused),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Connected),
        1 => Just(Step::Idle),
        2 => any::<bool>().prop_map(Step::Joined),
        1 => (0_u32..9).prop_map(Step::Presence),
        1 => Just(Step::NotQueued),
    ]
}

/// Which result is on which line.
fn visible_rows(app: &App) -> HashMap<u64, usize> {
    let height = usize::from(layout(app.setup.size.0, app.setup.size.1).feed.height);
    let row = |line| match app.reading.feed.line(line) {
        Some(Item::Row(row)) => Some((row.seq(), line)),
        _ => None,
    };
    (0..height).filter_map(row).collect()
}

fn draw(app: &App, now: Instant) {
    let mut terminal = Terminal::new(TestBackend::new(app.setup.size.0, app.setup.size.1)).unwrap();
    terminal.draw(|frame| crate::view::draw(app, frame, now)).unwrap();
    let buffer = terminal.backend().buffer();
    for y in 0..app.setup.size.1 {
        let mut x = 0;
        while x < app.setup.size.0 {
            let cell = &buffer[(x, y)];
            assert!(cell.symbol().chars().all(squares_shared::student::is_printable), "raw text on the screen");
            x += cell.cell_width().max(1);
        }
        assert_eq!(x, app.setup.size.0, "half a glyph at the edge of line {y}");
    }
}

/// What is said in lines has nothing raw in it but what moves the caret on its line.
fn say(linear: &mut crate::view::Linear, app: &App, now: Instant) {
    let said = linear.say(app, now).bytes.replace("\x1b[J", "");
    let said = said.replace("\r\n", "").replace(['\r', '\x08'], "");
    for (at, part) in said.split("\x1b[").enumerate() {
        let behind = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let text =
            if at > 0 { behind.strip_prefix(['A', 'B', 'C', 'D']).expect("only the caret is moved") } else { part };
        assert!(text.chars().all(squares_shared::student::is_printable), "raw text in a line: {text:?}");
    }
}

/// What the server side of a sequence remembers, so that its news make sense.
struct World {
    latest: u64,
    queued: u64,
    /// The pages that the app asked for on this connection.
    asked: VecDeque<(PageOwner, PageRequest)>,
    /// Whose each result is.
    mine: HashSet<u64>,
}

impl World {
    /// A result as the ledger has it, if it is this student's.
    fn ledger(&self, seq: u64, student: Option<&str>) -> Option<SquareResult> {
        let whose = if self.mine.contains(&seq) { "me" } else { "s0" };
        student.is_none_or(|student| student == whose).then(|| result(seq, whose, None))
    }

    fn event(&mut self, step: Step, now: Instant, size: (u16, u16)) -> Event {
        let last = self.queued.to_string();
        Event::Link(match step {
            Step::Key(code, modifiers) => return Event::Key(KeyEvent::new(code, modifiers)),
            Step::Paste(text) => return Event::Paste(text),
            Step::Resize(width, height) => return Event::Resize(width, height),
            Step::Wait(_) => return Event::Wake,
            // As typed on an empty line, and entered below.
            Step::Command(command) => return Event::Paste(command),
            Step::Click(x, y) => {
                let kind = MouseEventKind::Down(MouseButton::Left);
                let (column, row) = (x % size.0.max(1), y % size.1.max(1));
                return Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
            }
            Step::Wheel(up, x, y) => {
                let kind = if up { MouseEventKind::ScrollUp } else { MouseEventKind::ScrollDown };
                let (column, row) = (x % size.0.max(1), y % size.1.max(1));
                return Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
            }
            Step::Results(count, mine) => {
                let from = self.latest + 1;
                self.latest += count;
                let id = self.queued.to_string();
                let student = if mine { "me" } else { "s\u{202e}0" };
                if mine {
                    self.mine.extend(from..=self.latest);
                }
                LinkEvent::Results((from..=self.latest).map(|seq| result(seq, student, Some(&id))).collect())
            }
            Step::Page(count) => {
                let Some((owner, request)) = self.asked.pop_front() else { return Event::Wake };
                let to = request.before.unwrap_or(u64::MAX).min(self.latest + 1);
                let count = count.min(request.limit.unwrap_or(1));
                let (from, to, more) = match request.after {
                    Some(after) => (after + 1, to.min(after + 1 + count), after + 1 + count < to),
                    None => (to.saturating_sub(count).max(1).min(to), to, to > count + 1),
                };
                let student = request.student.as_deref();
                let results = (from..to).filter_map(|seq| self.ledger(seq, student)).collect();
                let page = Page { results, more, student: request.student.clone() };
                LinkEvent::Page { owner, request, page }
            }
            Step::Queued => {
                self.queued += 1;
                LinkEvent::Queued(pending(&self.queued.to_string(), "-12.5"))
            }
            Step::Answered => LinkEvent::Answered { id: last, seq: 1 },
            Step::Rejected => {
                LinkEvent::Rejected { pending: pending(&last, "5"), error: error(ErrorCode::TooManyDigits) }
            }
            Step::Throttled => {
                LinkEvent::Throttled { error: error(ErrorCode::RateLimited), until: now + Duration::from_millis(1_500) }
            }
            Step::JoinRefused(student) => {
                LinkEvent::JoinRefused(error(if student { ErrorCode::NotOnRoster } else { ErrorCode::ServerFull }))
            }
            Step::Refused => LinkEvent::Refused(error(ErrorCode::Unknown)),
            Step::Disconnect => LinkEvent::Disconnected {
                why: ConnectionError::Closed(None),
                retry_at: Some(now + Duration::from_secs(3)),
            },
            Step::Connected => LinkEvent::Hello { hello: hello(Auth::Open), hosting: true },
            Step::Idle => LinkEvent::Idle,
            Step::Joined(resumed) => LinkEvent::Joined {
                welcome: welcome(3, self.latest, self.latest),
                continues: if resumed { Continues::Resumed } else { Continues::Gap(0, self.latest) },
            },
            Step::Presence(sessions) => LinkEvent::Presence(squares_shared::message::Presence {
                count: 2,
                joined: vec![Person { id: "s1".into(), name: "다\u{200b}온".into(), sessions }],
                left: vec!["s2".into()],
            }),
            Step::NotQueued => LinkEvent::NotQueued { number: "77".into(), waiting: 10_000 },
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_loses_the_typed_line_or_moves_what_is_being_read(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let (mut room, _) = Stage::start(Setup { student: Some("me".into()), ..setup() });
        let mut linear = crate::view::Linear::default();
        let mut world = World { latest: 1_000, queued: 0, asked: VecDeque::new(), mine: HashSet::new() };
        room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
        room.link(LinkEvent::Joined { welcome: welcome(3, 1_000, 900), continues: Continues::Anew });
        room.link(LinkEvent::Results((901..=1_000).map(|seq| result(seq, "s0", None)).collect()));
        for step in steps {
            if let Step::Wait(milliseconds) = step {
                room.now += Duration::from_millis(milliseconds);
            }
            let by_hand = matches!(step, Step::Key(..) | Step::Paste(_) | Step::Command(_));
            let moves = by_hand || matches!(step, Step::Wheel(..) | Step::Click(..) | Step::Resize(..));
            let is_command = matches!(step, Step::Command(_));
            if is_command {
                // Whatever is asked or searched, the command is typed into an empty line.
                room.press(KeyCode::Esc);
                room.control('e');
                room.control('u');
            }
            let typed = room.app.composer.input.text().to_owned();
            let anchor = room.app.reading.feed.anchor();
            let before = visible_rows(&room.app);

            let event = world.event(step, room.now, room.app.setup.size);
            if matches!(event, Event::Link(LinkEvent::Disconnected { .. } | LinkEvent::Hello { .. } | LinkEvent::Joined { .. })) {
                world.asked.clear();
            }
            let mut effects = room.app.update(event, room.now);
            if is_command {
                effects.extend(room.press(KeyCode::Enter));
            }
            world.asked.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Link(Command::Page { owner, request }) => Some((owner, request)),
                _ => None,
            }));
            for feed in [&room.app.reading.feed, room.app.reading.whole_feed()] {
                prop_assert!(feed.rows().len() <= 5_000);
                if feed.filter.is_all() {
                    let seqs: Vec<u64> = feed.rows().map(Row::seq).collect();
                    prop_assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a gap in what is loaded: {seqs:?}");
                }
            }
            draw(&room.app, room.now);
            say(&mut linear, &room.app, room.now);

            if !by_hand && !typed.is_empty() {
                prop_assert_eq!(room.app.composer.input.text(), typed);
            }
            if !moves && anchor.is_some() {
                let after = visible_rows(&room.app);
                for (seq, line) in before {
                    prop_assert_eq!(after.get(&seq), Some(&line), "result {}", seq);
                }
            }
            if let Some(wake) = room.app.next_wake() {
                prop_assert!(wake > room.now, "a wake that is due already would spin");
            }
        }
    }
}
