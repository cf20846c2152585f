//! Who is online. A student counts once however many terminals are joined; changes within a short interval share
//! one line, encoded once for all. Like results, presence lines are read with a cursor: a session that has missed
//! some gets the whole list anew.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
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
    /// Whose entry changed since the last line.
    touched: BTreeSet<Arc<str>>,
    /// Counts the changes.
    version: u64,
    lines: VecDeque<Line>,
    /// The number of the last line; the first is 1.
    last_line: u64,
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
    /// The version that it brings its readers to.
    version: u64,
    bytes: Bytes,
}

/// How far a session has read the presence lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    line: u64,
    /// What the session knew when it joined: a line that tells nothing newer is passed over.
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
    pub(crate) fn join(self: &Arc<Self>, id: &Arc<str>, name: &Arc<str>) -> (Seat, Online, Cursor) {
        let mut room = self.room();
        let entry = room.online.entry(Arc::clone(id)).or_insert_with(|| Entry { name: Arc::clone(name), sessions: 0 });
        entry.sessions = entry.sessions.saturating_add(1);
        entry.name = Arc::clone(name);
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
        room.touch(id);
        drop(room);
        self.changed.notify_one();
    }

    /// How many students are online.
    pub(crate) fn count(&self) -> usize {
        self.room().online.len()
    }

    /// Takes the lines behind `cursor` into `out`, or the whole list where some of them are gone.
    pub(crate) fn read(&self, cursor: &mut Cursor, out: &mut VecDeque<Bytes>) {
        let mut room = self.room();
        if cursor.line == room.last_line {
            return;
        }
        let missed = room.last_line - cursor.line;
        if missed > room.lines.len() as u64 {
            out.push_back(room.whole_line());
        } else {
            let first = room.lines.len() - missed as usize;
            out.extend(
                room.lines.range(first..).filter(|line| line.version > cursor.version).map(|line| line.bytes.clone()),
            );
        }
        cursor.line = room.last_line;
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
        self.touched.insert(Arc::clone(id));
    }

    /// Puts what changed since the last line on a new one, and gives its number.
    ///
    /// Everyone touched is named as they are now, even where that is as they were: somebody may have joined in
    /// between, and been given the list of that moment.
    fn tell(&mut self) -> Option<u64> {
        if self.touched.is_empty() {
            return None;
        }
        let mut line = PresenceLine { count: self.online.len(), ..PresenceLine::default() };
        for id in std::mem::take(&mut self.touched) {
            match self.online.get(&id) {
                Some(entry) => line.joined.push(person(&id, entry)),
                None => line.left.push(id.to_string()),
            }
        }
        let bytes = to_line(&FromServer::Presence(line)).into();
        self.lines.push_back(Line { version: self.version, bytes });
        if self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
        }
        self.last_line += 1;
        Some(self.last_line)
    }

    fn list(&self) -> Online {
        let students = self.online.iter().take(MAX_LISTED).map(|(id, entry)| person(id, entry)).collect();
        Online { count: self.online.len(), students }
    }

    fn whole_line(&mut self) -> Bytes {
        match &self.whole {
            Some((version, bytes)) if *version == self.version => bytes.clone(),
            _ => {
                let bytes = Bytes::from(to_line(&FromServer::Online(self.list())));
                self.whole = Some((self.version, bytes.clone()));
                bytes
            }
        }
    }
}

fn person(id: &Arc<str>, entry: &Entry) -> Person {
    Person { id: id.to_string(), name: entry.name.to_string(), sessions: entry.sessions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(presence: &Arc<Presence>, id: &str) -> (Seat, Online, Cursor) {
        presence.join(&Arc::from(id), &Arc::from(id))
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
        assert_eq!(presence.count(), 1);
        drop(second);
        assert_eq!(presence.count(), 0);
        presence.room().tell();
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"presence\",\"count\":0,\"joined\":[],\"left\":[\"a\"]}\n"
        );
    }

    #[test]
    fn nobody_is_told_only_of_their_own_coming() {
        let presence = Arc::new(Presence::new());
        let (_a, _, mut a) = join(&presence, "a");
        assert!(presence.room().tell().is_some());
        assert_eq!(read(&presence, &mut a), "");
        let (_b, _, mut b) = join(&presence, "b");
        presence.room().tell();
        assert_eq!(read(&presence, &mut b), "");
        assert!(read(&presence, &mut a).contains("\"id\":\"b\""));
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
