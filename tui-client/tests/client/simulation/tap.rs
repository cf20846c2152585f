//! A client's end of a connection, with the oracle's ear at it: what is said in either direction must keep the rules
//! of docs/protocol.md, and a square must stand on the disk before it is sent. Some of the planted bugs change what
//! is said here, as if the link had said it.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard},
    task::{Context, Poll},
};

use squares::conversation::read_line;
use squares_shared::{
    line::{Line, LineReader},
    message::{ErrorCode, FromClient, FromServer, request, to_line},
    stream::Stream,
};

use super::{
    network::End,
    terminal::{Notes, Shared},
    world::Planted,
};

#[derive(Debug)]
pub(crate) struct Tap {
    end: End,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    student: String,
    /// The outbox.
    folder: PathBuf,
    notes: Shared,
    random: fastrand::Rng,
    planted: Planted,
    said: LineReader,
    heard: LineReader,
    /// Where the server begins, and then the last result; none before it let the student in.
    last: Option<u64>,
    /// What a planted bug is about to change.
    changing: LineReader,
    /// What a planted bug has changed, on its way to the server and to the client.
    up: Vec<u8>,
    down: VecDeque<u8>,
}

fn lines() -> LineReader {
    LineReader::new(64 << 20)
}

impl Tap {
    pub(crate) fn new(
        end: End,
        student: &str,
        folder: PathBuf,
        notes: Shared,
        random: fastrand::Rng,
        planted: Planted,
    ) -> Self {
        let state = State {
            student: student.to_owned(),
            folder,
            notes,
            random,
            planted,
            said: lines(),
            heard: lines(),
            last: None,
            changing: lines(),
            up: Vec::new(),
            down: VecDeque::new(),
        };
        Self { end, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Reads with a line here and there left out or changed.
    fn read_changed(&self, state: &mut State, buffer: &mut [u8]) -> io::Result<usize> {
        while state.down.is_empty() {
            let mut chunk = [0; 4096];
            let count = self.end.try_read(&mut chunk)?;
            if count == 0 {
                return Ok(0);
            }
            state.changing.push(&chunk[..count]);
            while let Some(Line::Whole(line)) = state.changing.next_line() {
                let mut line = line.to_vec();
                if let Ok(Some(FromServer::Result(mut result))) = FromServer::read(&line) {
                    if state.planted == Planted::SwallowedLine
                        && result.seq % 11 == 5
                        && result.student != state.student
                    {
                        continue;
                    }
                    if let Some(id) = result.id.as_mut().filter(|_| result.student == state.student) {
                        id.truncate(id.trim_end_matches('~').len());
                    }
                    line = to_line(&FromServer::Result(result));
                    line.pop();
                }
                line.push(b'\n');
                state.down.extend(line);
            }
        }
        let count = buffer.len().min(state.down.len());
        for (to, from) in buffer.iter_mut().zip(state.down.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }

    /// Writes what a planted bug makes of squares that are sent again.
    fn write_changed(&self, state: &mut State, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match request::read(line.trim_ascii_end()) {
                Ok(FromClient::Square(mut square)) => {
                    let id = square.id.clone().unwrap_or_default();
                    let again = !state.notes.lock().sent.insert(id);
                    match state.planted {
                        Planted::ForgottenResend if again => continue,
                        Planted::NewIdOnResend if again => square.id.as_mut().unwrap().push('~'),
                        _ => {}
                    }
                    state.up.extend(to_line(&FromClient::Square(square)));
                }
                _ => state.up.extend(line),
            }
        }
        match self.end.try_write(&state.up) {
            Ok(count) => drop(state.up.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(bytes.len())
    }
}

impl State {
    /// A line of the client's.
    fn says(&mut self, bytes: &[u8]) {
        self.said.push(bytes);
        while let Some(Line::Whole(line)) = self.said.next_line() {
            let mut notes = self.notes.lock();
            match request::read(line) {
                Ok(FromClient::Square(square)) => {
                    let id = square.id.unwrap_or_default();
                    if self.last.is_none() {
                        notes.wrong(format!("{id} was sent before the student was in"));
                    }
                    if notes.sent.insert(id.clone()) && !stands(&self.folder, &id) {
                        notes.wrong(format!("{id} was sent, and is not on the disk"));
                    }
                }
                Ok(_) => {}
                Err(refusal) => notes.wrong(format!("no request: {refusal:?}")),
            }
        }
    }

    /// Lines of the server's.
    fn hears(&mut self, bytes: &[u8]) {
        self.heard.push(bytes);
        while let Some(line) = self.heard.next_line() {
            match read_line(line) {
                Ok(Some(message)) => hear(message, &self.student, &mut self.last, &mut self.notes.lock()),
                Ok(None) => {}
                Err(nonsense) => self.notes.lock().wrong(format!("no message: {nonsense:?}")),
            }
        }
    }
}

fn hear(message: FromServer, student: &str, last: &mut Option<u64>, notes: &mut Notes) {
    match message {
        FromServer::Welcome(welcome) => *last = Some(welcome.replay_after),
        FromServer::Result(result) => match last {
            None => notes.wrong("a result before welcome".into()),
            // Promises 2 and 3: ascending, but for a repeat of one's own, which never runs ahead.
            Some(last) if result.seq <= *last => {
                if result.student != student || result.id.is_none() {
                    notes.wrong(format!("{} came again, or late", result.seq));
                }
            }
            Some(last) => *last = result.seq,
        },
        // Where a join was held up on its way, or time jumped.
        FromServer::Error(error) if error.code == ErrorCode::JoinTimeout => {}
        FromServer::Error(error) => notes.wrong(format!("refused: {error:?}")),
        _ => {}
    }
}

/// Whether a file of this outbox holds a square with this `id`.
fn stands(folder: &PathBuf, id: &str) -> bool {
    std::fs::read_dir(folder).is_ok_and(|files| {
        files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok()).any(|text| text.contains(id))
    })
}

impl Stream for Tap {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let count = match state.planted {
            Planted::SwallowedLine | Planted::NewIdOnResend => self.read_changed(&mut state, buffer)?,
            _ => self.end.try_read(buffer)?,
        };
        state.hears(&buffer[..count]);
        Ok(count)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let count = match state.planted {
            Planted::ForgottenResend | Planted::NewIdOnResend => self.write_changed(&mut state, bytes)?,
            _ => self.end.try_write(bytes)?,
        };
        state.says(&bytes[..count]);
        Ok(count)
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state().down.is_empty() { self.end.poll_readable(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end.poll_writable(context)
    }

    fn shutdown(&self) -> io::Result<()> {
        self.end.shutdown()
    }
}

impl Drop for Tap {
    /// As a socket is closed, with or without unread bytes in it.
    fn drop(&mut self) {
        let polite = self.state().random.bool();
        self.end.close(polite);
    }
}
