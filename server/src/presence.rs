//! Who is online. A student counts once, whatever the number of terminals. Changes within a short interval share one
//! line, encoded once for all clients, which read the lines with a cursor, as they read results. A client that has
//! missed lines gets the whole list instead, and so do all when more students changed than a list has.

#[cfg(feature = "cluster")]
mod elsewhere;
mod line;
mod online_list;
mod online_table;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use line::PresenceLine;
pub(crate) use online_list::OnlineList;
use online_table::OnlineTable;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

/// How long changes are gathered before they are announced, while announcing them costs little.
const INTERVAL: Duration = Duration::from_millis(100);

/// The longest such time: when thousands reconnect at once, announcing each of them to all others would keep the server
/// busy.
const LONGEST_INTERVAL: Duration = Duration::from_secs(2);

/// Bytes of presence lines a second to all clients together, unless that means more than the longest interval.
const BYTES_A_SECOND: usize = 256 << 20;

/// Who is online, and what changed lately.
#[derive(Debug)]
pub(crate) struct Presence {
    table: Mutex<OnlineTable>,
    changed: Notify,
    /// The same, of this server's own terminals, for the other servers of a cluster.
    changed_here: Notify,
    announced: watch::Sender<u64>,
}

/// How far a client has read the presence lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    line: u64,
    /// The version that the client was given when it joined: it is sent nothing older.
    version: u64,
}

/// A terminal that has joined. Dropping it makes it leave.
#[derive(Debug)]
pub(crate) struct PresenceGuard {
    presence: Arc<Presence>,
    id: Arc<str>,
    name: Arc<str>,
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        self.presence.table.lock().leave(&self.id, &self.name);
        self.presence.notify();
    }
}

impl Presence {
    pub(crate) fn new() -> Self {
        Self {
            table: Mutex::default(),
            changed: Notify::new(),
            changed_here: Notify::new(),
            announced: watch::Sender::new(0),
        }
    }

    /// Has a change of this server's own terminals announced.
    fn notify(&self) {
        self.changed.notify_one();
        self.changed_here.notify_one();
    }

    /// Adds a terminal of a student, and returns who is online with it and where to read on; `None` if the student has
    /// `most` terminals already (0: no limit).
    pub(crate) fn join(
        self: &Arc<Self>,
        id: &Arc<str>,
        name: &Arc<str>,
        most: u32,
    ) -> Option<(PresenceGuard, OnlineList, Cursor)> {
        let mut table = self.table.lock();
        if !table.join(id, name, most) {
            return None;
        }
        let (list, cursor) = (table.list(), Cursor { line: table.last_line, version: table.version });
        drop(table);
        self.notify();
        let guard = PresenceGuard { presence: Arc::clone(self), id: Arc::clone(id), name: Arc::clone(name) };
        Some((guard, list, cursor))
    }

    /// Who is online, and where to read on, for somebody who only watches.
    pub(crate) fn watch(&self) -> (OnlineList, Cursor) {
        let mut table = self.table.lock();
        (table.list(), Cursor { line: table.last_line, version: table.version })
    }

    /// Appends the lines behind `cursor` to `out`, or the whole list if some of them are gone.
    pub(crate) fn read(&self, cursor: &mut Cursor, out: &mut VecDeque<Bytes>) {
        // Most often there is nothing new, and a join may hold the lock.
        if !self.is_ahead_of(cursor) {
            return;
        }
        let mut table = self.table.lock();
        let missed = table.last_line - cursor.line;
        cursor.line = table.last_line;
        if missed > table.lines.len() as u64 {
            out.push_back(table.whole_line());
            return;
        }
        let first = table.lines.len() - missed as usize;
        let lines: Vec<Arc<PresenceLine>> = table.lines.range(first..).cloned().collect();
        drop(table);
        for line in lines {
            line.since(cursor.version, out);
        }
    }

    /// The name under which this student is online.
    pub(crate) fn name_of(&self, id: &str) -> Option<Arc<str>> {
        self.table.lock().name_of(id)
    }

    pub(crate) fn students(&self) -> usize {
        self.table.lock().count()
    }

    pub(crate) fn is_ahead_of(&self, cursor: &Cursor) -> bool {
        *self.announced.borrow() > cursor.line
    }

    /// Signals each new line.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.announced.subscribe()
    }

    /// Turns changes into lines for as long as it is polled: at most one line in each interval, and no timer while
    /// nothing changes.
    pub(crate) async fn announce(&self) {
        let mut interval = INTERVAL;
        loop {
            self.changed.notified().await;
            tokio::time::sleep(interval).await;
            interval = interval_after(self.announce_now());
        }
    }

    /// Announces what changed since the last line, and returns how many bytes that is to all clients.
    fn announce_now(&self) -> usize {
        let mut table = self.table.lock();
        let Some(length) = table.announce() else { return 0 };
        let (sent, line) = (length * table.count(), table.last_line);
        drop(table);
        self.announced.send_replace(line);
        sent
    }
}

/// How long changes are gathered after so many bytes were sent to all clients.
fn interval_after(sent: usize) -> Duration {
    Duration::from_secs_f64(sent as f64 / BYTES_A_SECOND as f64).clamp(INTERVAL, LONGEST_INTERVAL)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use squares_shared::message::{MAX_LISTED, Online};

    use super::{online_table::KEPT_LINES, *};

    #[test]
    fn a_name_goes_with_the_terminal_that_gave_it() {
        let presence = Arc::new(Presence::new());
        let join = |name: &str| presence.join(&"a".into(), &name.into(), 0).unwrap().0;
        let name = || presence.name_of("a").map(|name| name.to_string());
        let victim = join("victim");
        let other = join("victim");
        let impostor = join("impostor");
        assert_eq!(name().as_deref(), Some("impostor"));
        drop(impostor);
        assert_eq!(name().as_deref(), Some("victim"));
        let impostor = join("impostor");
        drop((victim, other));
        assert_eq!(name().as_deref(), Some("impostor"));
        drop(impostor);
        assert_eq!(name(), None);
    }

    fn join(presence: &Arc<Presence>, id: &str) -> (PresenceGuard, Online, Cursor) {
        let (guard, list, cursor) = presence.join(&Arc::from(id), &Arc::from(id), 0).expect("there is no limit");
        let students = format!("[{}]", String::from_utf8(list.students.concat()).unwrap());
        let students = serde_json::from_str(&students).unwrap();
        (guard, Online { count: list.count, students }, cursor)
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
        presence.announce_now();
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"presence\",\"count\":1,\"joined\":[{\"id\":\"a\",\"name\":\"a\",\"sessions\":2}],\"left\":[]}\n"
        );
        drop(first);
        assert_eq!(presence.table.lock().online.len(), 1);
        drop(second);
        assert_eq!(presence.table.lock().online.len(), 0);
        presence.announce_now();
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"presence\",\"count\":0,\"joined\":[],\"left\":[\"a\"]}\n"
        );
    }

    #[test]
    fn the_list_of_a_welcome_has_everybody_whoever_comes_and_goes() {
        let presence = Arc::new(Presence::new());
        let mut guards = BTreeMap::new();
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3000 {
            let id = format!("{:03}", random.u32(..200));
            if random.u8(..4) == 0 {
                guards.remove(&id);
                continue;
            }
            let (guard, online, _) = join(&presence, &id);
            guards.insert(id, guard);
            let mut listed: Vec<_> = online.students.into_iter().map(|person| person.id).collect();
            listed.sort();
            let present: Vec<_> = presence.table.lock().online.keys().map(ToString::to_string).collect();
            assert_eq!((online.count, listed), (present.len(), present));
        }
    }

    #[test]
    fn nobody_is_sent_only_their_own_coming() {
        let presence = Arc::new(Presence::new());
        let (_a, _, mut a) = join(&presence, "a");
        assert!(presence.announce_now() > 0);
        assert_eq!(read(&presence, &mut a), "");
        let (_b, _, mut b) = join(&presence, "b");
        let (_c, _, _) = join(&presence, "c");
        presence.announce_now();
        let lines = [read(&presence, &mut a), read(&presence, &mut b)];
        assert_eq!(lines.each_ref().map(|line| line.contains("\"id\":\"b\"")), [true, false]);
        assert_eq!(lines.map(|line| line.contains("\"id\":\"c\"")), [true, true]);
    }

    #[test]
    fn who_joins_between_a_going_and_a_coming_back_learns_of_the_coming_back() {
        let presence = Arc::new(Presence::new());
        let (a, _, _) = join(&presence, "a");
        presence.announce_now();
        drop(a);
        let (_b, online, mut b) = join(&presence, "b");
        assert_eq!(online.count, 1);
        let (_a, _, _) = join(&presence, "a");
        presence.announce_now();
        assert!(read(&presence, &mut b).contains("\"id\":\"a\""));
    }

    #[test]
    fn who_missed_lines_gets_the_whole_list() {
        let presence = Arc::new(Presence::new());
        let (_a, _, mut cursor) = join(&presence, "a");
        for _ in 0..=KEPT_LINES {
            drop(join(&presence, "b"));
            presence.announce_now();
        }
        assert_eq!(
            read(&presence, &mut cursor),
            "{\"type\":\"online\",\"count\":1,\"students\":[{\"id\":\"a\",\"name\":\"a\",\"sessions\":1}]}\n"
        );
        assert_eq!(read(&presence, &mut cursor), "");
    }

    #[test]
    fn more_changes_than_a_list_has_are_sent_as_the_list() {
        let presence = Arc::new(Presence::new());
        let (_watcher, _, mut cursor) = join(&presence, "watcher");
        presence.announce_now();
        let guards = |count: usize| (0..count).map(|at| join(&presence, &format!("{at:04}"))).collect::<Vec<_>>();
        let joined = guards(MAX_LISTED);
        presence.announce_now();
        assert!(read(&presence, &mut cursor).starts_with(r#"{"type":"presence","count":1001,"#));
        drop(joined);
        presence.announce_now();
        assert!(read(&presence, &mut cursor).starts_with(r#"{"type":"presence","count":1,"joined":[],"left":["0000""#));
        let _joined = guards(MAX_LISTED + 1);
        presence.announce_now();
        let line = read(&presence, &mut cursor);
        assert!(line.starts_with(r#"{"type":"online","#));
        let online: Online = serde_json::from_str(&line).unwrap();
        assert_eq!((online.count, online.students.len()), (MAX_LISTED + 2, MAX_LISTED));
    }

    #[test]
    fn changes_are_gathered_for_longer_when_announcing_them_costs_much() {
        assert_eq!(interval_after(0), INTERVAL);
        assert_eq!(interval_after(BYTES_A_SECOND / 20), INTERVAL);
        assert_eq!(interval_after(BYTES_A_SECOND), Duration::from_secs(1));
        assert_eq!(interval_after(usize::MAX), LONGEST_INTERVAL);
    }
}
