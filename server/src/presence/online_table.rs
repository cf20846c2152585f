//! The table of who is online, and the presence lines of the last changes. Pure; `presence` shares it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use squares_shared::message::{FromServer, MAX_LISTED, Online, Person, to_line};

use super::{
    line::{Change, PresenceLine},
    online_list::{EncodedList, OnlineList},
};

/// Presence lines that are kept for clients that have not read them yet.
pub(super) const KEPT_LINES: usize = 64;

#[derive(Debug, Default)]
pub(super) struct OnlineTable {
    /// By id, the name that each terminal gave, in the order in which they joined. The last one counts.
    pub(super) online: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Who changed since the last line, and the version of the last change.
    dirty: BTreeMap<Arc<str>, u64>,
    /// Counts the changes.
    pub(super) version: u64,
    pub(super) lines: VecDeque<Arc<PresenceLine>>,
    /// The number of the last line; the first is 1.
    pub(super) last_line: u64,
    encoded: EncodedList,
    /// The whole list as of a version, kept until somebody changes.
    whole: Option<(u64, Bytes)>,
}

impl OnlineTable {
    /// Adds a terminal of a student, unless the student has `most` of them already (0: no limit).
    pub(super) fn join(&mut self, id: &Arc<str>, name: &Arc<str>, most: u32) -> bool {
        let names = self.online.entry(Arc::clone(id)).or_insert_with(|| Vec::with_capacity(1));
        if most > 0 && names.len() >= most as usize {
            return false;
        }
        names.push(Arc::clone(name));
        if let [_] = &names[..] {
            self.encoded.add(&person(id, names));
        } else {
            self.encoded.invalidate();
        }
        self.mark_dirty(id);
        true
    }

    /// Removes the terminal of a student that gave this name.
    pub(super) fn leave(&mut self, id: &Arc<str>, name: &str) {
        if let Some(names) = self.online.get_mut(id) {
            if let Some(at) = names.iter().rposition(|known| **known == *name) {
                names.remove(at);
            }
            if names.is_empty() {
                self.online.remove(id);
            }
        }
        self.encoded.invalidate();
        self.mark_dirty(id);
    }

    fn mark_dirty(&mut self, id: &Arc<str>) {
        self.version += 1;
        self.dirty.insert(Arc::clone(id), self.version);
    }

    /// Puts what changed since the last line on a new one, and returns its length in bytes.
    ///
    /// It names all who are dirty as they are now, even if that is as they were: a client that joined in between may
    /// have been given the list of that moment.
    pub(super) fn announce(&mut self) -> Option<usize> {
        let dirty = std::mem::take(&mut self.dirty);
        let versions = (*dirty.values().min()?, self.version);
        let line = if dirty.len() > MAX_LISTED {
            PresenceLine::whole(versions, self.whole_line())
        } else {
            let changes = dirty.into_iter().map(|(id, version)| match self.online.get(&id) {
                Some(names) => (version, Change::Joined(person(&id, names))),
                None => (version, Change::Left(id.to_string())),
            });
            PresenceLine::of(self.online.len(), versions, changes.collect())
        };
        let length = line.len();
        self.lines.push_back(Arc::new(line));
        if self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
        }
        self.last_line += 1;
        Some(length)
    }

    /// Who is online, as encoded bytes.
    pub(super) fn list(&mut self) -> OnlineList {
        OnlineList { count: self.online.len(), students: self.encoded.pieces(|| first_of(&self.online)) }
    }

    /// The whole list as a line.
    pub(super) fn whole_line(&mut self) -> Bytes {
        match &self.whole {
            Some((version, bytes)) if *version == self.version => bytes.clone(),
            _ => {
                let online = Online { count: self.online.len(), students: first_of(&self.online) };
                let bytes = Bytes::from(to_line(&FromServer::Online(online)));
                self.whole = Some((self.version, bytes.clone()));
                bytes
            }
        }
    }
}

/// The first students, as many as a list may have.
fn first_of(online: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Vec<Person> {
    online.iter().take(MAX_LISTED).map(|(id, names)| person(id, names)).collect()
}

fn person(id: &Arc<str>, names: &[Arc<str>]) -> Person {
    let name = names.last().map_or_else(String::new, ToString::to_string);
    Person { id: id.to_string(), name, sessions: u32::try_from(names.len()).unwrap_or(u32::MAX) }
}
