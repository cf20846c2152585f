//! Lines of a server, as the client makes screens of them: whatever they say, nothing panics, and nothing raw is shown.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use squares::{
    app::{App, Setup},
    conversation::Cursor,
    event::{Event, LinkEvent, Lost},
    lang::Lang,
    link::{PageOwner, connection::read_line},
};
use squares_shared::{
    line::LineReader,
    message::{FromServer, Hello, PageRequest, SquareResult},
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
    let mut link = Link::default();
    while let Some(line) = lines.next_line() {
        now += Duration::from_millis(7);
        let heard = match read_line(line) {
            Ok(Some(message)) => link.hear(message),
            Ok(None) => continue,
            Err(why) => vec![LinkEvent::Lost { why, retry_at: Some(now + Duration::from_secs(1)) }],
        };
        for event in heard {
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

/// What the link makes of messages, as far as it needs no socket.
#[derive(Default)]
struct Link {
    cursor: Cursor,
    hello: Option<Hello>,
    joined: bool,
}

impl Link {
    fn hear(&mut self, message: FromServer) -> Vec<LinkEvent> {
        vec![match message {
            FromServer::Hello(hello) => {
                self.hello = Some(hello.clone());
                self.joined = false;
                LinkEvent::Hello { hello, hosting: false }
            }
            FromServer::Welcome(welcome) => {
                let Some(hello) = &self.hello else { return Vec::new() };
                self.joined = true;
                let continues = self.cursor.joined(hello, &welcome);
                LinkEvent::Joined { welcome, continues }
            }
            FromServer::Result(result) => return self.result(result),
            FromServer::Presence(presence) => LinkEvent::Presence(presence),
            FromServer::Online(online) => LinkEvent::Online(online),
            FromServer::History(page) => LinkEvent::Page {
                owner: PageOwner::WholeFeed,
                request: PageRequest { before: None, limit: Some(500), student: page.student.clone(), after: None },
                page,
            },
            FromServer::Pong { .. } => LinkEvent::RoundTrip(Duration::from_millis(3)),
            FromServer::Bye { .. } => LinkEvent::Lost { why: Lost::Shutdown, retry_at: None },
            FromServer::Error(error) if self.joined => LinkEvent::Refused(error),
            FromServer::Error(error) => LinkEvent::JoinRefused(error),
        }]
    }

    fn result(&mut self, result: SquareResult) -> Vec<LinkEvent> {
        let is_new = self.joined && self.cursor.take(result.seq);
        if is_new { vec![LinkEvent::Results(vec![result])] } else { Vec::new() }
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
