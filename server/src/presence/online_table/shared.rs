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
    /// Students at servers that have too many to name them.
    pub(super) counts: BTreeMap<Arc<str>, usize>,
}

impl Shared {
    pub(super) fn mark_dirty(&mut self, id: &Arc<str>) {
        if let Some(dirty) = &mut self.dirty {
            dirty.insert(Arc::clone(id));
        }
    }

    /// Students who are online and not in the table.
    pub(super) fn uncounted(&self) -> usize {
        self.counts.values().sum()
    }
}
