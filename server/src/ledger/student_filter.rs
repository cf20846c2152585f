//! Who may have recorded a result: a set of hashes, so that a student who joins without a name is looked up in the
//! ledger only if it may know them. The writer adds to it; sessions ask it by way of `Ledger`.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use parking_lot::RwLock;
use rusqlite::Connection;

/// Beyond this many, the filter lets everybody pass: 16 MiB.
const MAX: usize = 1_000_000;

/// Hashes of ids: there may be false positives, and never false negatives.
#[derive(Debug, Default)]
pub(super) struct StudentFilter {
    hasher: RandomState,
    hashes: RwLock<HashSet<u64>>,
}

impl StudentFilter {
    /// Adds every student of the ledger.
    pub(super) fn load(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut select = connection.prepare(&format!("SELECT id FROM students LIMIT {}", MAX + 1))?;
        let ids = select.query_map((), |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        self.add(ids);
        Ok(())
    }

    pub(super) fn add(&self, ids: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut hashes = self.hashes.write();
        for id in ids {
            if hashes.len() > MAX {
                break;
            }
            hashes.insert(self.hasher.hash_one(id.as_ref()));
        }
    }

    /// Whether this student may have recorded a result.
    pub(super) fn may_contain(&self, id: &str) -> bool {
        let hashes = self.hashes.read();
        hashes.len() > MAX || hashes.contains(&self.hasher.hash_one(id))
    }
}
