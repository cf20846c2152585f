//! What a table of who is online keeps for the other servers of a cluster, and of them. `online_table` has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a table that others share keeps beside who is online.
#[derive(Debug, Default)]
pub(in crate::presence) struct Shared {
    /// Who changed here since the others were told; `None` where there are no others.
    pub(super) dirty: Option<BTreeSet<Arc<str>>>,
    /// How many students are online here.
    pub(in crate::presence) here: usize,
    /// Students at servers that have too many to name them.
    counts: BTreeMap<Arc<str>, usize>,
    /// The version of the last change of these numbers that no line has told yet.
    pub(super) recounted: Option<u64>,
}

impl Shared {
    pub(super) fn mark_dirty(&mut self, id: &Arc<str>) {
        if let Some(dirty) = &mut self.dirty {
            dirty.insert(Arc::clone(id));
        }
    }

    /// A terminal has joined, and its student has so many here now.
    pub(super) fn has_come(&mut self, terminals: usize) {
        self.here += usize::from(terminals == 1);
    }

    /// A terminal has left, and its student has so many here now.
    pub(super) fn has_left(&mut self, terminals: usize) {
        self.here -= usize::from(terminals == 0);
    }

    /// Notes how many students are at a server that does not name them; `None`: it does. Tells whether that is new.
    pub(super) fn set_count(&mut self, node: &Arc<str>, count: Option<usize>) -> bool {
        let before = match count {
            Some(count) => self.counts.insert(Arc::clone(node), count),
            None => self.counts.remove(node),
        };
        before != count
    }

    /// Whether only the number of the students at this server is known.
    pub(in crate::presence) fn is_counted(&self, node: &Arc<str>) -> bool {
        self.counts.contains_key(node)
    }

    /// Students who are online and not in the table.
    pub(super) fn uncounted(&self) -> usize {
        self.counts.values().sum()
    }
}
