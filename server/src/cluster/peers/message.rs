//! What servers of a cluster tell each other beside the log, as JSON. `peers` sends it, and `known` takes it.

use serde::{Deserialize, Serialize};
use squares_shared::message::Person;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Told {
    /// It has just started, and asks the others for their lists.
    Hello,
    /// How far it has applied the log.
    Place { server: String, sequence: u64, chain: String, latest: u64, roster: Option<String> },
    /// A part of its list; behind the last one nobody else is online there.
    Online { part: usize, parts: usize, students: Vec<Person> },
    /// What changed in its list.
    Changed { joined: Vec<Person>, left: Vec<String> },
    /// It has too many students for a list.
    Many { count: usize },
    /// It stops.
    Bye,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) node: String,
    #[serde(flatten)]
    pub(super) told: Told,
}

impl Envelope {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("string keys and plain values")
    }

    /// What was told in these bytes; `None` where no server of this kind wrote them.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

pub(in crate::cluster) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
