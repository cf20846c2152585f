//! The table of who is online, and the presence lines of the last changes. Pure; `presence` shares it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
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

/// The terminals of a student.
#[derive(Debug, Default)]
pub(super) struct Terminals {
    /// The name that each terminal gave, in the order in which they joined. The last one counts.
    pub(super) here: Vec<Arc<str>>,
    /// By another server of the cluster: the name there, and how many terminals.
    pub(super) elsewhere: BTreeMap<Arc<str>, (Arc<str>, u32)>,
}

#[derive(Debug, Default)]
pub(super) struct OnlineTable {
    /// By id.
    pub(super) online: BTreeMap<Arc<str>, Terminals>,
    /// How many students have a terminal at this server.
    pub(super) here: usize,
    /// Who changed here since the other servers of the cluster were told; `None` where there are no others.
    pub(super) dirty_here: Option<BTreeSet<Arc<str>>>,
    /// Students at servers of the cluster that have too many to name them.
    pub(super) unnamed: BTreeMap<Arc<str>, usize>,
    /// The version of the last change of these numbers that no line has told yet.
    pub(super) recounted: Option<u64>,
    /// Who changed since the last line, and the version of the last change.
    dirty: BTreeMap<Arc<str>, u64>,
    /// Counts the changes.
    pub(super) version: u64,
    pub(super) lines: VecDeque<Arc<PresenceLine>>,
    /// The number of the last line; the first is 1.
    pub(super) last_line: u64,
    pub(super) encoded: EncodedList,
    /// The whole list as of a version, kept until somebody changes.
    whole: Option<(u64, Bytes)>,
}

impl OnlineTable {
    /// Adds a terminal of a student, unless the student has `most` of them already (0: no limit).
    pub(super) fn join(&mut self, id: &Arc<str>, name: &Arc<str>, most: u32) -> bool {
        let terminals = self.online.entry(Arc::clone(id)).or_default();
        if most > 0 && terminals.here.len() >= most as usize {
            return false;
        }
        terminals.here.push(Arc::clone(name));
        self.here += usize::from(terminals.here.len() == 1);
        if terminals.count() == 1 {
            self.encoded.add(&terminals.person(id));
        } else {
            self.encoded.invalidate();
        }
        self.mark_dirty_here(id);
        true
    }

    /// Removes the terminal of a student that gave this name.
    pub(super) fn leave(&mut self, id: &Arc<str>, name: &str) {
        if let Some(terminals) = self.online.get_mut(id) {
            if let Some(at) = terminals.here.iter().rposition(|known| **known == *name) {
                terminals.here.remove(at);
                self.here -= usize::from(terminals.here.is_empty());
            }
            if terminals.count() == 0 {
                self.online.remove(id);
            }
        }
        self.encoded.invalidate();
        self.mark_dirty_here(id);
    }

    pub(super) fn name_of(&self, id: &str) -> Option<Arc<str>> {
        self.online.get(id)?.name().cloned()
    }

    pub(super) fn count(&self) -> usize {
        self.online.len() + self.unnamed.values().sum::<usize>()
    }

    fn mark_dirty_here(&mut self, id: &Arc<str>) {
        self.mark_dirty(id);
        if let Some(dirty) = &mut self.dirty_here {
            dirty.insert(Arc::clone(id));
        }
    }

    pub(super) fn mark_dirty(&mut self, id: &Arc<str>) {
        self.version += 1;
        self.dirty.insert(Arc::clone(id), self.version);
    }

    /// Puts what changed since the last line on a new one, and returns its length in bytes.
    ///
    /// It names all who are dirty as they are now, even if that is as they were: a client that joined in between may
    /// have been given the list of that moment.
    pub(super) fn announce(&mut self) -> Option<usize> {
        let dirty = std::mem::take(&mut self.dirty);
        let recounted = self.recounted.take();
        let versions = (dirty.values().copied().chain(recounted).min()?, self.version);
        let line = if dirty.len() > MAX_LISTED {
            PresenceLine::whole(versions, self.whole_line())
        } else {
            let changes = dirty.into_iter().map(|(id, version)| match self.online.get(&id) {
                Some(terminals) => (version, Change::Joined(terminals.person(&id))),
                None => (version, Change::Left(id.to_string())),
            });
            PresenceLine::of(self.count(), versions, changes.collect())
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
        OnlineList { count: self.count(), students: self.encoded.pieces(|| first_of(&self.online)) }
    }

    pub(super) fn whole_line(&mut self) -> Bytes {
        match &self.whole {
            Some((version, bytes)) if *version == self.version => bytes.clone(),
            _ => {
                let online = Online { count: self.count(), students: first_of(&self.online) };
                let bytes = Bytes::from(to_line(&FromServer::Online(online)));
                self.whole = Some((self.version, bytes.clone()));
                bytes
            }
        }
    }
}

/// The first students, as many as a list may have.
fn first_of(online: &BTreeMap<Arc<str>, Terminals>) -> Vec<Person> {
    online.iter().take(MAX_LISTED).map(|(id, terminals)| terminals.person(id)).collect()
}

impl Terminals {
    pub(super) fn count(&self) -> usize {
        self.here.len() + self.elsewhere.values().map(|&(_, sessions)| sessions as usize).sum::<usize>()
    }

    fn name(&self) -> Option<&Arc<str>> {
        self.here.last().or_else(|| self.elsewhere.values().next().map(|(name, _)| name))
    }

    fn person(&self, id: &Arc<str>) -> Person {
        let name = self.name().map_or_else(String::new, ToString::to_string);
        Person { id: id.to_string(), name, sessions: u32::try_from(self.count()).unwrap_or(u32::MAX) }
    }
}
