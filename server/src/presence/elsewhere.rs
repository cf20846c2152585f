//! What the servers of a cluster tell each other of who is online. `cluster/peers.rs` calls it.

use std::sync::Arc;

use squares_shared::message::Person;

use super::Presence;

impl Presence {
    /// Remembers from now on who changed here, for the other servers.
    pub(crate) fn track_here(&self) {
        self.table.lock().track_here();
    }

    /// Waits until somebody came, changed or left here.
    pub(crate) async fn changed_here(&self) {
        self.changed_here.notified().await;
    }

    /// Who is online here.
    pub(crate) fn all_here(&self) -> Vec<Person> {
        self.table.lock().all_here()
    }

    /// Who came or changed, and who left here, since this was asked last.
    pub(crate) fn take_changes_here(&self) -> (Vec<Person>, Vec<String>) {
        self.table.lock().take_changes_here()
    }

    /// Replaces the list of another server.
    pub(crate) fn set_elsewhere(&self, node: &str, students: Vec<Person>) {
        self.table.lock().set_elsewhere(&node.into(), students);
        self.changed.notify_one();
    }

    /// Notes what changed at another server.
    pub(crate) fn change_elsewhere(&self, node: &str, joined: Vec<Person>, left: &[String]) {
        let node = Arc::<str>::from(node);
        let mut table = self.table.lock();
        joined.into_iter().for_each(|person| table.joined_elsewhere(&node, person));
        left.iter().for_each(|id| table.left_elsewhere(&node, &Arc::from(&**id)));
        drop(table);
        self.changed.notify_one();
    }

    /// Notes that another server has so many students, whom it does not name.
    pub(crate) fn count_elsewhere(&self, node: &str, count: usize) {
        self.table.lock().count_elsewhere(&node.into(), count);
        self.changed.notify_one();
    }

    /// Another server is gone, and everybody who was online there alone.
    pub(crate) fn forget_elsewhere(&self, node: &str) {
        self.set_elsewhere(node, Vec::new());
    }
}
