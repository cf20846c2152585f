//! Lines of a server, as the client makes screens of them: whatever they say, nothing panics, and nothing raw is shown.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use squares::{
    app::{App, Setup},
    conversation::{Conversation, LinkEvent, PageOwner, Participant, Pending, Policy, read_line},
    event::Event,
    lang::Lang,
    pin::Pin,
};
use squares_shared::{
    line::{Line, LineReader},
    message::{FromServer, PageRequest, request},
};

/// Reads `data` behind its first two bytes, which choose the screen and what is open on it, as what a server says.
pub fn check(data: &[u8]) {
    let &[size, keys, ref said @ ..] = data else { return };
    let size = [(80, 24), (30, 8), (200, 50), (20, 5), (61, 13), (1, 1)][usize::from(size) % 6];
    let mut now = Instant::now();
    let setup = Setup {
        lang: if keys & 1 == 0 { Lang::En } else { Lang::Ko },
        ascii: keys & 2 == 0,
        student: Some("me".to_owned()),
        size,
        ..Setup::default()
    };
    let (mut app, _) = App::new(setup, now);
    let mut lines = LineReader::new(1 << 20);
    lines.push(said);
    lines.push(b"\n");
    let mut link = Link::new();
    while let Some(line) = lines.next_line() {
        now += Duration::from_millis(7);
        for event in link.receive(line, now) {
            app.update(Event::Link(event), now);
        }
    }
    let mut screen = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen in memory");
    draw(&app, &mut screen, now);
    for (bit, key) in [KeyCode::F(6), KeyCode::Up, KeyCode::Enter, KeyCode::PageUp, KeyCode::F(2), KeyCode::Home]
        .into_iter()
        .enumerate()
    {
        if keys >> (bit + 2) & 1 == 1 {
            now += Duration::from_millis(7);
            let modifiers = if key == KeyCode::Up { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            app.update(Event::Key(KeyEvent::new(key, modifiers)), now);
            draw(&app, &mut screen, now);
        }
    }
}

/// A conversation of "me", who has squares without an answer, on as many connections as there are lines of `hello`.
struct Link {
    conversation: Conversation,
    /// The last new result since the last join.
    last: u64,
}

impl Link {
    fn new() -> Self {
        let policy = Policy { resumes: true, backlog: None, new_ledger_backlog: None, interactive: true };
        let mut conversation = Conversation::new(policy);
        conversation.participant = Some(Participant { student: Some("me".into()), name: None, was_in: false });
        conversation.pin = Some(Pin::new("7"));
        for number in 0..10 {
            conversation.window.push(Pending { id: number.to_string(), number: number.to_string() });
        }
        Self { conversation, last: 0 }
    }

    /// What the screen is told of a line.
    fn receive(&mut self, line: Line<'_>, now: Instant) -> Vec<LinkEvent> {
        let mut told = Vec::new();
        if let Ok(Some(FromServer::Hello(hello))) = read_line(line) {
            self.conversation.ended(now);
            self.conversation.connected(hello.clone());
            self.conversation.join(now);
            told.push(LinkEvent::Hello { hello, hosting: false });
        }
        self.conversation.note_traffic();
        let heard = self.conversation.receive(line, now).and_then(|()| self.conversation.overdue(now));
        self.conversation.send_squares(now, 1 << 20);
        told.extend(std::iter::from_fn(|| self.conversation.next_event()));
        told.iter().for_each(|event| self.check(event));
        if let Err(why) = heard {
            self.conversation.ended(now);
            told.push(LinkEvent::Disconnected { why, retry_at: Some(now + Duration::from_secs(1)) });
        }
        let request = PageRequest { limit: Some(500), ..PageRequest::default() };
        self.conversation.ask_page(PageOwner::WholeFeed, request, now);
        let asked = std::mem::take(self.conversation.output());
        for line in asked.split_inclusive(|byte| *byte == b'\n') {
            request::read(line.trim_ascii_end()).expect("what is asked is a request");
        }
        assert!(self.conversation.window.len() <= 10);
        told
    }

    /// New results ascend from where the join began.
    fn check(&mut self, event: &LinkEvent) {
        match event {
            LinkEvent::Joined { welcome, .. } => self.last = welcome.replay_after,
            LinkEvent::Results(results) => {
                for result in results {
                    assert!(result.seq > self.last, "{} behind {}", result.seq, self.last);
                    self.last = result.seq;
                }
            }
            _ => {}
        }
    }
}

/// Draws into memory, without what a terminal does to show only what changed: that is most of the time, and ratatui's.
fn draw(app: &App, screen: &mut Terminal<TestBackend>, now: Instant) {
    let mut frame = screen.get_frame();
    squares::view::draw(app, &mut frame, now);
    let buffer = frame.buffer_mut();
    for cell in &buffer.content {
        if cell.symbol() != " " {
            super::assert_printable(cell.symbol());
        }
    }
    buffer.reset();
}
