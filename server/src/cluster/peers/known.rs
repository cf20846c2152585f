//! What this server knows of the others in its cluster, from what they tell. Pure, but for the presence that it fills:
//! `peers` hands over what was heard, and when.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use squares_shared::message::Person;

use super::message::{Envelope, Told, hex};
use crate::{cluster::status::Status, ledger::Chain, presence::Presence};

/// A server that was not heard of for so long is gone.
pub(super) const GONE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Peer {
    last_seen: Instant,
    server: String,
    /// The hash of its roster, once it was told.
    roster: Option<Option<String>>,
    /// The parts of its list so far, and how many they are.
    list: (usize, Vec<Person>),
    /// Where it said that it was, until it was compared.
    claim: Option<(u64, String, u64)>,
    /// Whether it had other rows than this server at the same record.
    differs: bool,
    complained: bool,
}

impl Peer {
    const fn seen_at(last_seen: Instant) -> Self {
        Self {
            last_seen,
            server: String::new(),
            roster: None,
            list: (0, Vec::new()),
            claim: None,
            differs: false,
            complained: false,
        }
    }

    /// Adds a part of its list; gives the list with the last one. Where a part was lost, the next list is waited for.
    fn add_part(&mut self, part: usize, parts: usize, students: Vec<Person>) -> Option<Vec<Person>> {
        if part == 0 {
            self.list = (0, Vec::new());
        }
        if part == self.list.0 {
            self.list.0 += 1;
            self.list.1.extend(students);
        }
        (self.list.0 == parts && part + 1 == parts).then(|| std::mem::take(&mut self.list).1)
    }
}

/// What is to be done about something that was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    Nothing,
    /// Somebody asks for the list of who is online here.
    TellList,
    /// A server has told its roster, or another one than before.
    CompareRosters {
        server: String,
        theirs: Option<String>,
    },
}

/// What came of comparing this server with the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// A record up to which another server has other records than this one, with this one's hash.
    pub(super) other_records: Option<(u64, Chain)>,
    /// From the same records, at least as many have other results as have the same.
    pub(super) is_outvoted: bool,
}

#[derive(Debug)]
pub(super) struct KnownPeers {
    /// This server's own name among them.
    node: String,
    presence: Arc<Presence>,
    peers: HashMap<String, Peer>,
}

impl KnownPeers {
    pub(super) fn new(node: String, presence: Arc<Presence>) -> Self {
        Self { node, presence, peers: HashMap::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.peers.len()
    }

    /// Takes what was heard.
    pub(super) fn receive(&mut self, Envelope { node, told }: Envelope, now: Instant) -> Reaction {
        if node == self.node {
            return Reaction::Nothing;
        }
        if let Told::Bye = told {
            self.forget(&node);
            return Reaction::Nothing;
        }
        let peer = self.peers.entry(node.clone()).or_insert_with(|| Peer::seen_at(now));
        peer.last_seen = now;
        match told {
            Told::Hello => return Reaction::TellList,
            Told::Bye => {}
            Told::Online { part, parts, students } => {
                if let Some(students) = peer.add_part(part, parts, students) {
                    self.presence.set_elsewhere(&node, students);
                }
            }
            Told::Changed { joined, left } => self.presence.change_elsewhere(&node, joined, &left),
            Told::Many { count } => self.presence.count_elsewhere(&node, count),
            Told::Place { server, sequence, chain, latest, roster } => {
                peer.server = server;
                peer.claim = Some((sequence, chain, latest));
                if peer.roster.as_ref() != Some(&roster) {
                    peer.roster = Some(roster.clone());
                    return Reaction::CompareRosters { server: peer.server.clone(), theirs: roster };
                }
            }
        }
        Reaction::Nothing
    }

    /// Forgets those that were not heard of for [`GONE`].
    pub(super) fn forget_silent(&mut self, now: Instant) {
        let is_silent = |peer: &Peer| now.saturating_duration_since(peer.last_seen) > GONE;
        let silent = self.peers.iter().filter(|(_, peer)| is_silent(peer)).map(|(node, _)| node.clone());
        for node in silent.collect::<Vec<_>>() {
            self.forget(&node);
        }
    }

    fn forget(&mut self, node: &str) {
        if let Some(peer) = self.peers.remove(node) {
            tracing::info!(server = peer.server, "a server of the cluster is gone");
        }
        self.presence.forget_elsewhere(node);
    }

    /// Compares what the others said of the log with what this server has of it. Where the records differ, the log says
    /// who is right; where the results do, the majority.
    pub(super) fn compare(&mut self, status: &Status) -> Compared {
        let mut compared = Compared::default();
        for peer in self.peers.values_mut() {
            let Some((sequence, chain, latest)) = &peer.claim else { continue };
            let Some((own, own_latest)) = status.at(*sequence) else { continue };
            let is_same = hex(&own) == *chain;
            peer.differs = is_same && own_latest != *latest;
            if !is_same && !peer.complained {
                peer.complained = true;
                tracing::error!(server = peer.server, sequence, "another server has other records of the shared log");
                compared.other_records = Some((*sequence, own));
            }
            peer.claim = None;
        }
        let differ = self.peers.values().filter(|peer| peer.differs).count();
        compared.is_outvoted = differ > 0 && self.peers.len() + 1 - differ <= differ;
        compared
    }
}

#[cfg(test)]
mod tests;
