//! Who is online. A student counts once however many terminals are joined; changes within a short interval share
//! one line, encoded once for all. Like results, presence lines are read with a cursor: a session that has missed
//! some gets the whole list anew.

mod listed;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
pub(crate) use listed::List;
use listed::Listed;
use squares_shared::message::{FromServer, MAX_LISTED, Online, Person, Presence as PresenceLine, to_line};
use tokio::sync::{Notify, watch};

/// How long changes are gathered before they are told.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);

/// The presence lines that are kept for sessions that have not taken them yet.
const KEPT_LINES: usize = 64;

/// Everybody online, and what changed lately.
#[derive(Debug)]
pub(crate) struct Presence {
    room: Mutex<Room>,
    changed: Notify,
    told: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Room {
    online: BTreeMap<Arc<str>, Entry>,
    /// Whose entry changed since the last line, and the version of the last change.
    touched: BTreeMap<Arc<str>, u64>,
    /// Counts the changes.
    version: u64,
    lines: VecDeque<Arc<Line>>,
    /// The number of the last line; the first is 1.
    last_line: u64,
    listed: Listed,
    /// The whole list as of a version, kept while nobody changes it.
    whole: Option<(u64, Bytes)>,
}

#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    sessions: u32,
}

#[derive(Debug)]
struct Line {
    /// What it tells, each with the version of its change.
    changes: Vec<(u64, Change)>,
    /// The versions of its first and its last change.
    versions: (u64, u64),
    count: usize,
    /// All of it, encoded.
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Change {
    Joined(Person),
    Left(String),
}

/// How far a session has read the presence lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    line: u64,
    /// What the session knew when it joined: it is told nothing older.
    version: u64,
}

/// A terminal that is joined. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Seat {
    presence: Arc<Presence>,
    id: Arc<str>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.presence.leave(&self.id);
    }
}

impl Presence {
    pub(crate) fn new() -> Self {
        Self { room: Mutex::default(), changed: Notify::new(), told: watch::Sender::new(0) }
    }

    /// Seats a terminal of a student, and tells who is online with it and from where to read on.
    pub(crate) fn join(self: &Arc<Self>, id: &Arc<str>, name: &Arc<str>) -> (Seat, List, Cursor) {
        let mut room = self.room();
        let entry = room.online.entry(Arc::clone(id)).or_insert_with(|| Entry { name: Arc::clone(name), sessions: 0 });
        entry.sessions = entry.sessions.saturating_add(1);
        entry.name = Arc::clone(name);
        let (is_new, person) = (entry.sessions == 1, person(id, entry));
        if is_new {
            room.listed.add(&person);
        } else {
            room.listed.change();
        }
        room.touch(id);
        let joined = (room.list(), Cursor { line: room.last_line, version: room.version });
        drop(room);
        self.changed.notify_one();
        (Seat { presence: Arc::clone(self), id: Arc::clone(id) }, joined.0, joined.1)
    }

    fn leave(&self, id: &Arc<str>) {
        let mut room = self.room();
        if let Some(entry) = room.online.get_mut(id) {
            entry.sessions -= 1;
            if entry.sessions == 0 {
                room.online.remove(id);
            }
        }
        room.listed.change();
        room.touch(id);
        drop(room);
        self.changed.notify_one();
    }

    /// Takes the lines behind `cursor` into `out`, or the whole list where some of them are gone.
    pub(crate) fn read(&self, cursor: &mut Cursor, out: &mut VecDeque<Bytes>) {
        let mut room = self.room();
        if cursor.line == room.last_line {
            return;
        }
        let missed = room.last_line - cursor.line;
        cursor.line = room.last_line;
        if missed > room.lines.len() as u64 {
            out.push_back(room.whole_line());
            return;
        }
        let first = room.lines.len() - missed as usize;
        let lines: Vec<Arc<Line>> = room.lines.range(first..).cloned().collect();
        drop(room);
        out.extend(lines.iter().filter_map(|line| line.since(cursor.version)));
    }

    /// How many students are online.
    pub(crate) fn students(&self) -> usize {
        self.room().online.len()
    }

    /// Whether there are lines behind this cursor.
    pub(crate) fn is_ahead_of(&self, cursor: &Cursor) -> bool {
        *self.told.borrow() > cursor.line
    }

    /// Tells whenever there is a new line.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Turns changes into lines for as long as it is polled: one line an [`INTERVAL`] at most, and no timer while nothing changes.
    pub(crate) async fn tell(&self) {
        loop {
            self.changed.notified().await;
            tokio::time::sleep(INTERVAL).await;
            let told = self.room().tell();
            if let Some(line) = told {
                self.told.send_replace(line);
            }
        }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn touch(&mut self, id: &Arc<str>) {
        self.version += 1;
        self.touched.insert(Arc::clone(id), self.version);
    }

    /// Puts what changed since the last line on a new one, and gives its number.
    ///
    /// Everyone touched is named as they are now, even where that is as they were: somebody may have joined in
    /// between, and been given the list of that moment.
    fn tell(&mut self) -> Option<u64> {
        let touched = std::mem::take(&mut self.touched);
        let first = *touched.values().min()?;
        let changes = touched.into_iter().map(|(id, version)| match self.online.get(&id) {
            Some(entry) => (version, Change::Joined(person(&id, entry))),
            None => (version, Change::Left(id.to_string())),
        });
        let changes: Vec<(u64, Change)> = changes.collect();
        let count = self.online.len();
        let bytes = encode(count, changes.iter());
        self.lines.push_back(Arc::new(Line { changes, versions: (first, self.version), count, bytes }));
        if self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
        }
        self.last_line += 1;
        Some(self.last_line)
    }

    fn list(&mut self) -> List {
        let all = || first_of(&self.online);
        List { count: self.online.len(), students: self.listed.pieces(all) }
    }

    fn whole_line(&mut self) -> Bytes {
        match &self.whole {
            Some((version, bytes)) if *version == self.version => bytes.clone(),
            _ => {
                let bytes = Bytes::from(to_line(&FromServer::Online(Online {
                    count: self.online.len(),
                    students: first_of(&self.online),
                })));
                self.whole = Some((self.version, bytes.clone()));
                bytes
            }
        }
    }
}

impl Line {
    /// What it tells somebody who knows everything up to a version; `None` where that is nothing.
    fn since(&self, version: u64) -> Option<Bytes> {
        let (first, last) = self.versions;
        if last <= version {
            None
        } else if first > version {
            Some(self.bytes.clone())
        } else {
            // Whoever joined in the middle of it is told only what came afterwards: once in a session, at its start.
            Some(encode(self.count, self.changes.iter().filter(|(change, _)| *change > version)))
        }
    }
}

fn encode<'a>(count: usize, changes: impl Iterator<Item = &'a (u64, Change)>) -> Bytes {
    let mut line = PresenceLine { count, ..PresenceLine::default() };
    for (_, change) in changes {
        match change {
            Change::Joined(person) => line.joined.push(person.clone()),
            Change::Left(id) => line.left.push(id.clone()),
        }
    }
    to_line(&FromServer::Presence(line)).into()
}

/// As many as a list may have.
fn first_of(online: &BTreeMap<Arc<str>, Entry>) -> Vec<Person> {
    online.iter().take(MAX_LISTED).map(|(id, entry)| person(id, entry)).collect()
}

fn person(id: &Arc<str>, entry: &Entry) -> Person {
    Person { id: id.to_string(), name: entry.name.to_string(), sessions: entry.sessions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(presence: &Arc<Presence>, id: &str) -> (Seat, Online, Cursor) {
        let (seat, list, cursor) = presence.join(&Arc::from(id), &Arc::from(id));
        let students = format!("[{}]", String::from_utf8(list.students.concat()).unwrap());
        let students = serde_json::from_str(&students).unwrap();
        (seat, Online { count: list.count, students }, cursor)
    }

    fn read(presence: &Presence, cursor: &mut Cursor) -> String {
        let mut out = VecDeque::new();
        presence.read(cursor, &mut out);
        String::from_utf8(out.into_iter().flatten().collect()).unwrap()
    }

    #[test]
    fn a_student_is_online_once_from_however_many_terminals() {
        let presence = Arc::new(Presence::new());
        let (first, online, mut cursor) = join(&presence, "a");
        assert_eq!((online.count, online.students[0].sessions), (1, 1));
        let (second, online, _) = join(&presence, "a");
        assert_eq!((online.count, online.students[0].sessions), (1, 2));
        presence.room().tell();
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"presence\",\"count\":1,\"joined\":[{\"id\":\"a\",\"name\":\"a\",\"sessions\":2}],\"left\":[]}\n"
        );
        drop(first);
        assert_eq!(presence.room().online.len(), 1);
        drop(second);
        assert_eq!(presence.room().online.len(), 0);
        presence.room().tell();
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"presence\",\"count\":0,\"joined\":[],\"left\":[\"a\"]}\n"
        );
    }

    #[test]
    fn the_list_of_a_welcome_has_everybody_whoever_comes_and_goes() {
        let presence = Arc::new(Presence::new());
        let mut seats = BTreeMap::new();
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3000 {
            let id = format!("{:03}", random.u32(..200));
            if random.u8(..4) == 0 {
                seats.remove(&id);
                continue;
            }
            let (seat, online, _) = join(&presence, &id);
            seats.insert(id, seat);
            let mut listed: Vec<_> = online.students.into_iter().map(|person| person.id).collect();
            listed.sort();
            let present: Vec<_> = presence.room().online.keys().map(ToString::to_string).collect();
            assert_eq!((online.count, listed), (present.len(), present));
        }
    }

    #[test]
    fn nobody_is_told_only_of_their_own_coming() {
        let presence = Arc::new(Presence::new());
        let (_a, _, mut a) = join(&presence, "a");
        assert!(presence.room().tell().is_some());
        assert_eq!(read(&presence, &mut a), "");
        let (_b, _, mut b) = join(&presence, "b");
        let (_c, _, _) = join(&presence, "c");
        presence.room().tell();
        let told = [read(&presence, &mut a), read(&presence, &mut b)];
        assert_eq!(told.each_ref().map(|line| line.contains("\"id\":\"b\"")), [true, false]);
        assert_eq!(told.map(|line| line.contains("\"id\":\"c\"")), [true, true]);
    }

    #[test]
    fn who_joins_between_a_going_and_a_coming_back_learns_of_the_coming_back() {
        let presence = Arc::new(Presence::new());
        let (a, _, _) = join(&presence, "a");
        presence.room().tell();
        drop(a);
        let (_b, online, mut b) = join(&presence, "b");
        assert_eq!(online.count, 1);
        let (_a, _, _) = join(&presence, "a");
        presence.room().tell();
        assert!(read(&presence, &mut b).contains("\"id\":\"a\""));
    }

    #[test]
    fn who_missed_lines_gets_the_whole_list() {
        let presence = Arc::new(Presence::new());
        let (_a, _, mut cursor) = join(&presence, "a");
        for _ in 0..=KEPT_LINES {
            drop(join(&presence, "b"));
            presence.room().tell();
        }
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"online\",\"count\":1,\"students\":[{\"id\":\"a\",\"name\":\"a\",\"sessions\":1}]}\n"
        );
        assert_eq!(read(&presence, &mut cursor), "");
    }
}
