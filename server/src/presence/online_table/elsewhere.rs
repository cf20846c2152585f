//! Who is online at the other servers of a cluster, as they say; and what changed here, for them. `cluster/peers.rs`
//! reaches it through `presence`.

use std::{collections::BTreeSet, sync::Arc};

use squares_shared::message::Person;

use super::{OnlineTable, Terminals};

impl OnlineTable {
    /// Remembers from now on who changed here.
    pub(in crate::presence) fn track_here(&mut self) {
        self.shared.dirty.get_or_insert_default();
    }

    /// Who is online here.
    pub(in crate::presence) fn all_here(&self) -> Vec<Person> {
        self.online.iter().filter_map(|(id, terminals)| terminals.here(id)).collect()
    }

    /// Who came, changed or left here since this was asked last.
    pub(in crate::presence) fn take_changes_here(&mut self) -> (Vec<Person>, Vec<String>) {
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for id in self.shared.dirty.as_mut().map(std::mem::take).unwrap_or_default() {
            match self.online.get(&id).and_then(|terminals| terminals.here(&id)) {
                Some(person) => joined.push(person),
                None => left.push(id.to_string()),
            }
        }
        (joined, left)
    }

    /// Replaces the list of another server.
    pub(in crate::presence) fn set_elsewhere(&mut self, node: &Arc<str>, students: Vec<Person>) {
        self.set_count(node, None);
        let kept: BTreeSet<&str> = students.iter().map(|person| &*person.id).collect();
        let is_gone = |(id, terminals): &(&Arc<str>, &Terminals)| {
            terminals.elsewhere.contains_key(node) && !kept.contains(&***id)
        };
        let gone: Vec<Arc<str>> = self.online.iter().filter(is_gone).map(|(id, _)| Arc::clone(id)).collect();
        gone.iter().for_each(|id| self.left_elsewhere(node, id));
        students.into_iter().for_each(|person| self.joined_elsewhere(node, person));
    }

    /// Notes that a server has so many students, whom it does not name.
    pub(in crate::presence) fn count_elsewhere(&mut self, node: &Arc<str>, count: usize) {
        if !self.shared.is_counted(node) {
            self.set_elsewhere(node, Vec::new());
        }
        self.set_count(node, Some(count));
    }

    fn set_count(&mut self, node: &Arc<str>, count: Option<usize>) {
        if self.shared.set_count(node, count) {
            self.version += 1;
            self.shared.recounted = Some(self.version);
        }
    }

    pub(in crate::presence) fn joined_elsewhere(&mut self, node: &Arc<str>, person: Person) {
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

    pub(in crate::presence) fn left_elsewhere(&mut self, node: &Arc<str>, id: &Arc<str>) {
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
    fn here(&self, id: &Arc<str>) -> Option<Person> {
        let name = self.here.last()?.to_string();
        Some(Person { id: id.to_string(), name, sessions: u32::try_from(self.here.len()).unwrap_or(u32::MAX) })
    }
}
