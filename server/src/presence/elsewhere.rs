//! Who is online at the other servers of a cluster, as they say; and what changed here, for them. `cluster/peers.rs`
//! calls it.

use std::{collections::BTreeSet, sync::Arc};

use squares_shared::message::Person;

use super::{
    Presence,
    online_table::{OnlineTable, Terminals},
};

impl Presence {
    /// Remembers from now on who changed here, for the other servers.
    pub(crate) fn track_here(&self) {
        self.table.lock().dirty_here.get_or_insert_default();
    }

    /// Waits until somebody came, changed or left here.
    pub(crate) async fn changed_here(&self) {
        self.changed_here.notified().await;
    }

    pub(crate) fn students_here(&self) -> usize {
        self.table.lock().here
    }

    pub(crate) fn all_here(&self) -> Vec<Person> {
        self.table.lock().online.iter().filter_map(|(id, terminals)| terminals.person_here(id)).collect()
    }

    /// Who came or changed, and who left here, since this was asked last.
    pub(crate) fn take_changes_here(&self) -> (Vec<Person>, Vec<String>) {
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        let mut table = self.table.lock();
        for id in table.dirty_here.as_mut().map(std::mem::take).unwrap_or_default() {
            match table.online.get(&id).and_then(|terminals| terminals.person_here(&id)) {
                Some(person) => joined.push(person),
                None => left.push(id.to_string()),
            }
        }
        (joined, left)
    }

    pub(crate) fn set_elsewhere(&self, node: &str, students: Vec<Person>) {
        self.table.lock().set_elsewhere(&node.into(), students);
        self.changed.notify_one();
    }

    /// Notes what changed at another server, unless only its number of students is known.
    pub(crate) fn change_elsewhere(&self, node: &str, joined: Vec<Person>, left: &[String]) {
        let node = Arc::<str>::from(node);
        let mut table = self.table.lock();
        if table.unnamed.contains_key(&node) {
            return;
        }
        joined.into_iter().for_each(|person| table.joined_elsewhere(&node, person));
        left.iter().for_each(|id| table.left_elsewhere(&node, &Arc::from(&**id)));
        drop(table);
        self.changed.notify_one();
    }

    /// Notes that another server has so many students, whom it does not name.
    pub(crate) fn count_elsewhere(&self, node: &str, count: usize) {
        let node = Arc::<str>::from(node);
        let mut table = self.table.lock();
        if !table.unnamed.contains_key(&node) {
            table.set_elsewhere(&node, Vec::new());
        }
        table.set_unnamed(&node, Some(count));
        drop(table);
        self.changed.notify_one();
    }

    /// Another server is gone, and everybody who was online there alone.
    pub(crate) fn forget_elsewhere(&self, node: &str) {
        self.set_elsewhere(node, Vec::new());
    }

    /// How many of those online are known by name.
    #[cfg(test)]
    pub(crate) fn named(&self) -> usize {
        self.table.lock().online.len()
    }
}

impl OnlineTable {
    fn set_elsewhere(&mut self, node: &Arc<str>, students: Vec<Person>) {
        self.set_unnamed(node, None);
        let kept: BTreeSet<&str> = students.iter().map(|person| &*person.id).collect();
        let is_gone = |(id, terminals): &(&Arc<str>, &Terminals)| {
            terminals.elsewhere.contains_key(node) && !kept.contains(&***id)
        };
        let gone: Vec<Arc<str>> = self.online.iter().filter(is_gone).map(|(id, _)| Arc::clone(id)).collect();
        gone.iter().for_each(|id| self.left_elsewhere(node, id));
        students.into_iter().for_each(|person| self.joined_elsewhere(node, person));
    }

    /// Notes how many students are at a server that does not name them; `None`: it does.
    fn set_unnamed(&mut self, node: &Arc<str>, count: Option<usize>) {
        let before = match count {
            Some(count) => self.unnamed.insert(Arc::clone(node), count),
            None => self.unnamed.remove(node),
        };
        if before != count {
            self.version += 1;
            self.recounted = Some(self.version);
        }
    }

    fn joined_elsewhere(&mut self, node: &Arc<str>, person: Person) {
        let Person { id, name, sessions } = person;
        let (id, now) = (Arc::<str>::from(id), (Arc::<str>::from(name), sessions));
        let terminals = self.online.entry(Arc::clone(&id)).or_default();
        // A server repeats its list: most often nothing changed.
        if terminals.elsewhere.get(node) != Some(&now) {
            terminals.elsewhere.insert(Arc::clone(node), now);
            self.encoded.invalidate();
            self.mark_dirty(&id);
        }
    }

    fn left_elsewhere(&mut self, node: &Arc<str>, id: &Arc<str>) {
        let Some(terminals) = self.online.get_mut(id) else { return };
        if terminals.elsewhere.remove(node).is_some() {
            if terminals.count() == 0 {
                self.online.remove(id);
            }
            self.encoded.invalidate();
            self.mark_dirty(id);
        }
    }
}

impl Terminals {
    /// The student as they are online here, if they are.
    fn person_here(&self, id: &Arc<str>) -> Option<Person> {
        let name = self.here.last()?.to_string();
        Some(Person { id: id.to_string(), name, sessions: u32::try_from(self.here.len()).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::presence::Cursor;

    fn read(presence: &Presence, cursor: &mut Cursor) -> String {
        presence.announce_now();
        let mut out = VecDeque::new();
        presence.read(cursor, &mut out);
        String::from_utf8(out.into_iter().flatten().collect()).unwrap()
    }

    #[test]
    fn a_number_elsewhere_is_announced_with_nobody_named_and_only_when_it_changes() {
        let presence = Arc::new(Presence::new());
        let join = |id: &str| presence.join(&id.into(), &id.into(), 0).unwrap();
        let line = |count: usize, joined: &str| {
            format!("{{\"type\":\"presence\",\"count\":{count},\"joined\":[{joined}],\"left\":[]}}\n")
        };
        let (_a, _, mut cursor) = join("a");
        presence.announce_now();
        presence.count_elsewhere("other", 10_001);
        assert_eq!(read(&presence, &mut cursor), line(10_002, ""));
        presence.count_elsewhere("other", 10_001);
        assert_eq!(read(&presence, &mut cursor), "");
        presence.count_elsewhere("other", 10_005);
        let (_b, list, mut late) = join("b");
        assert_eq!(list.count, 10_007);
        let b = r#"{"id":"b","name":"b","sessions":1}"#;
        assert_eq!(read(&presence, &mut cursor), line(10_007, b));
        assert_eq!(read(&presence, &mut late), "", "its welcome has said so");
        presence.change_elsewhere("other", vec![Person { id: "c".into(), name: "c".into(), sessions: 1 }], &[]);
        assert_eq!(read(&presence, &mut cursor), "", "the number counts them");
        presence.forget_elsewhere("other");
        assert_eq!(read(&presence, &mut cursor), line(2, ""));
        assert_eq!(read(&presence, &mut late), line(2, ""));
    }

    #[test]
    fn students_here_are_counted_once_each_whatever_others_say_of_them() {
        let presence = Arc::new(Presence::new());
        let join = |id: &str| presence.join(&id.into(), &id.into(), 2);
        let person = |id: &str| Person { id: id.into(), name: id.into(), sessions: 1 };
        presence.set_elsewhere("other", vec![person("a"), person("c")]);
        let (a, again, b) = (join("a"), join("a"), join("b"));
        assert!(join("a").is_none(), "two terminals are the most");
        assert_eq!((presence.students_here(), presence.all_here().len(), presence.students()), (2, 2, 3));
        drop(a);
        assert_eq!(presence.students_here(), 2);
        drop((again, b));
        assert_eq!((presence.students_here(), presence.all_here().len(), presence.students()), (0, 0, 2));
    }
}
