//! A client: the outbox, the window, the cursor and the back-off of the real one, in a loop of its own that keeps what it has
//! seen for the oracle.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use squares::{
    event::Pending,
    link::{Backoff, Continues, Cursor, Window, connection::read_line},
    outbox::{Ids, Outbox, Owner},
};
use squares_server::Stream as _;
use squares_shared::{
    line::LineReader,
    message::{ErrorCode, FromClient, FromServer, Hello, Join, Square, SquareResult, to_line},
};
use tokio::time::{sleep, timeout};

use super::{
    network::End,
    world::{Net, Planted},
};

/// Without a word for so long a connection is given up: shorter than the real client's, so that a life is short.
const SILENCE: Duration = Duration::from_secs(3);

/// What one client knows, and keeps when it is killed: only the outbox, and the oracle's notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// What was kept in the outbox, in the order in which it was typed.
    pub(crate) typed: Vec<String>,
    /// The results seen, in runs that continue without a hole: where each begins, and what followed.
    pub(crate) runs: Vec<(u64, Vec<SquareResult>)>,
    /// Who is online, as far as this client was told.
    pub(crate) online: BTreeSet<String>,
    /// Squares that have no answer yet.
    pub(crate) waiting: usize,
    /// What must never be seen on a connection.
    pub(crate) wrong: Option<String>,
}

pub(crate) type Shared = Rc<RefCell<Notes>>;

pub(crate) struct Client {
    pub(crate) student: String,
    outbox: Outbox,
    ids: Ids,
    window: Window,
    cursor: Cursor,
    backoff: Backoff,
    random: fastrand::Rng,
    notes: Shared,
    planted: Planted,
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Client {
    pub(crate) fn start(
        student: &str,
        folder: PathBuf,
        notes: Shared,
        random: fastrand::Rng,
        planted: Planted,
    ) -> Self {
        let owner = Owner { server: "simulated:1".into(), student: student.into() };
        let mut outbox = Outbox::new(folder, owner);
        let mut window = Window::default();
        window.push_older(outbox.adopt().expect("the disk works"));
        notes.borrow_mut().waiting = window.len();
        let (ids, cursor, backoff) = (Ids::new(), Cursor::default(), Backoff::default());
        Self { student: student.into(), outbox, ids, window, cursor, backoff, random, notes, planted }
    }

    /// Lives until it is dropped.
    pub(crate) async fn live(mut self, net: Rc<Net>, typing: Rc<RefCell<Vec<String>>>) {
        loop {
            if let Some(end) = net.dial() {
                self.speak(&end, &typing).await;
                end.cut();
                self.window.connection_lost();
                if self.planted == Planted::NewIdOnResend {
                    self.rename();
                }
            }
            let wait = self.backoff.next(self.random.f64());
            sleep(wait).await;
        }
    }

    /// What no client should do: what has no answer is sent again as something new.
    fn rename(&mut self) {
        let mut squares = Vec::new();
        while let Some(square) = self.window.take_next(now()) {
            squares.push(square);
        }
        for square in squares {
            self.window.finish(&square.id);
            self.window.push(Pending { id: self.ids.fresh(), number: square.number });
        }
    }

    async fn speak(&mut self, end: &End, typing: &Rc<RefCell<Vec<String>>>) {
        let mut lines = LineReader::new(64 << 20);
        let mut out = Vec::new();
        let (mut hello, mut joined, mut last) = (None::<Hello>, false, 0);
        loop {
            self.keep_what_was_typed(typing);
            if joined {
                while let Some(Pending { id, number }) = self.window.take_next(now()) {
                    out.extend(to_line(&FromClient::Square(Square { number, id: Some(id) })));
                }
            }
            while !out.is_empty() {
                match end.try_write(&out) {
                    Ok(count) => drop(out.drain(..count)),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(_) => return,
                }
            }
            let something = async {
                tokio::select! {
                    biased;
                    () = end.readable() => true,
                    () = end.writable(), if !out.is_empty() => true,
                    () = sleep(Duration::from_millis(200)) => false,
                }
            };
            let patient = self.window.awaits_answer() || !joined;
            match timeout(SILENCE, something).await {
                Ok(true) => last_heard(&mut self.random),
                Ok(false) if !patient => continue,
                Ok(false) => {
                    // Something is awaited: somebody must say something before patience ends.
                    if timeout(SILENCE, end.readable()).await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
            let mut buffer = [0; 4096];
            match end.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => lines.push(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            while let Some(line) = lines.next_line() {
                let message = match read_line(line) {
                    Ok(Some(message)) => message,
                    Ok(None) => continue,
                    Err(nonsense) => return self.wrong(format!("no message: {nonsense:?}")),
                };
                match message {
                    FromServer::Hello(said) => {
                        let (after, log) = self.cursor.resume();
                        let student = self.student.clone();
                        out.extend(to_line(&FromClient::Join(Join { student, after, log, ..Join::default() })));
                        hello = Some(said);
                    }
                    FromServer::Welcome(welcome) => {
                        let Some(hello) = &hello else { return self.wrong("welcome before hello".into()) };
                        joined = true;
                        last = welcome.replay_after;
                        self.backoff.reset();
                        let mut notes = self.notes.borrow_mut();
                        if self.cursor.joined(hello, &welcome) != Continues::Resumed {
                            notes.runs.push((welcome.replay_after, Vec::new()));
                        }
                        notes.online = welcome.online.students.into_iter().map(|person| person.id).collect();
                    }
                    FromServer::Result(result) => {
                        if !joined {
                            return self.wrong("a result before welcome".into());
                        }
                        let hole = self.planted == Planted::SwallowedLine && result.seq % 11 == 5;
                        if !hole || result.student == self.student {
                            self.result(result, &mut last);
                        }
                    }
                    FromServer::Presence(news) => {
                        let mut notes = self.notes.borrow_mut();
                        notes.online.extend(news.joined.into_iter().map(|person| person.id));
                        for id in news.left {
                            notes.online.remove(&id);
                        }
                    }
                    FromServer::Online(online) => {
                        self.notes.borrow_mut().online = online.students.into_iter().map(|person| person.id).collect();
                    }
                    FromServer::Bye { .. } => return,
                    // Where the join was held up on its way, or time jumped: the next connection has another chance.
                    FromServer::Error(error) if error.code == ErrorCode::JoinTimeout => return,
                    FromServer::Error(error) => return self.wrong(format!("refused: {error:?}")),
                    FromServer::History(_) | FromServer::Pong { .. } => {}
                }
            }
        }
    }

    fn wrong(&self, what: String) {
        self.notes.borrow_mut().wrong.get_or_insert(what);
    }

    fn result(&mut self, result: SquareResult, last: &mut u64) {
        let mine = result.student == self.student;
        // Promise 2 and 3, on the wire: ascending, but for a repeat of one's own, which never runs ahead.
        if result.seq <= *last && !mine {
            return self.wrong(format!("{} came again, or late", result.seq));
        }
        *last = result.seq.max(*last);
        if let Some(id) = result.id.clone().filter(|_| mine)
            && self.window.finish(&id).is_some()
        {
            let _ = self.outbox.forget(&[id]);
        }
        let mut notes = self.notes.borrow_mut();
        notes.waiting = self.window.len();
        if self.cursor.take(result.seq)
            && let Some((_, run)) = notes.runs.last_mut()
        {
            run.push(result);
        }
    }

    fn keep_what_was_typed(&mut self, typing: &Rc<RefCell<Vec<String>>>) {
        for number in typing.borrow_mut().drain(..) {
            let square = Pending { id: self.ids.fresh(), number: number.clone() };
            self.outbox.keep(std::slice::from_ref(&square)).expect("the disk works");
            self.window.push(square);
            self.notes.borrow_mut().typed.push(number);
        }
        self.notes.borrow_mut().waiting = self.window.len();
    }
}

/// One draw for each thing heard, so that two lives that differ anywhere differ from there on.
fn last_heard(random: &mut fastrand::Rng) {
    let _ = random.u8(..);
}
