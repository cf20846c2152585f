//! What servers of a cluster tell each other beside the log, on a subject that keeps nothing: who is online at each,
//! how far each has applied the log with the hash of that place, and which roster it has. `cluster` runs it as a task.
//!
//! A lost message costs little: each server repeats its list every [`WHOLE`], and one that was not heard of for
//! [`GONE`] is gone, with its students.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::Message;
use futures_util::StreamExt as _;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use squares_shared::message::Person;

use super::{nats::Nats, reader, status::Status};
use crate::presence::Presence;

/// How often a server says how far it is.
const PLACE: Duration = Duration::from_secs(3);

/// How often a server repeats who is online at it.
const WHOLE: Duration = Duration::from_secs(10);

/// How long changes of who is online are gathered.
const CHANGES: Duration = Duration::from_millis(100);

/// A server that was not heard of for so long is gone.
const GONE: Duration = Duration::from_secs(30);

/// Beyond so many students at one server, it tells the others only their number.
const MOST_TOLD: usize = 10_000;

/// Students of one message.
const PART: usize = 1000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told {
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
struct Envelope {
    node: String,
    #[serde(flatten)]
    told: Told,
}

/// Another server.
#[derive(Debug)]
struct Peer {
    heard: Instant,
    server: String,
    roster: Option<Option<String>>,
    /// The parts of its list so far.
    parts: Vec<Person>,
    /// Where it said that it was, until it was compared.
    claim: Option<(u64, String, u64)>,
    /// Whether it had other rows than this server at the same record.
    differs: bool,
    complained: bool,
}

/// The exchange with the other servers.
pub(crate) struct Peers {
    pub(super) nats: Nats,
    pub(super) node: String,
    /// The address at which this server listens.
    pub(super) server: String,
    pub(super) roster: Option<PathBuf>,
    pub(super) presence: Arc<Presence>,
    pub(super) status: Arc<Status>,
}

impl Peers {
    /// Exchanges for as long as it is polled.
    pub(crate) async fn run(self) {
        loop {
            match self.nats.client.subscribe(self.nats.peers.clone()).await {
                Ok(messages) => self.exchange(messages).await,
                Err(error) => tracing::warn!(%error, "cannot hear of the other servers; trying again"),
            }
            tokio::time::sleep(PLACE).await;
        }
    }

    /// Says that this server stops.
    pub(crate) async fn say_bye(nats: &Nats, node: &str) {
        let envelope = Envelope { node: node.to_owned(), told: Told::Bye };
        let bytes = serde_json::to_vec(&envelope).expect("string keys and plain values");
        let _ = nats.client.publish(nats.peers.clone(), bytes.into()).await;
        let _ = tokio::time::timeout(CHANGES, nats.client.flush()).await;
    }

    async fn exchange(&self, mut messages: async_nats::Subscriber) {
        let mut peers = HashMap::<String, Peer>::new();
        let (mut place, mut whole) = (tokio::time::interval(PLACE), tokio::time::interval(WHOLE));
        self.tell(Told::Hello).await;
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.heard(&mut peers, &message).await,
                    None => return,
                },
                _ = place.tick() => {
                    self.tell_place().await;
                    self.forget_silent(&mut peers);
                }
                _ = whole.tick() => self.tell_all().await,
                () = self.presence.changed_here() => {
                    tokio::time::sleep(CHANGES).await;
                    self.tell_changes().await;
                }
            }
            self.compare(&mut peers).await;
        }
    }

    async fn tell(&self, told: Told) {
        let envelope = Envelope { node: self.node.clone(), told };
        let bytes = serde_json::to_vec(&envelope).expect("string keys and plain values");
        if let Err(error) = self.nats.client.publish(self.nats.peers.clone(), bytes.into()).await {
            tracing::debug!(%error, "the other servers were not told");
        }
    }

    async fn tell_place(&self) {
        let Some(place) = self.status.place() else { return };
        let roster = match self.roster.clone() {
            Some(file) => tokio::task::spawn_blocking(move || std::fs::read(file)).await.ok().and_then(Result::ok),
            None => None,
        };
        let roster = roster.map(|bytes| hex(digest(&SHA256, &bytes).as_ref()));
        let (server, chain) = (self.server.clone(), hex(&place.chain));
        self.tell(Told::Place { server, sequence: place.applied, chain, latest: place.latest, roster }).await;
    }

    async fn tell_all(&self) {
        let students = self.presence.all_here();
        if students.len() > MOST_TOLD {
            return self.tell(Told::Many { count: students.len() }).await;
        }
        let parts = students.len().div_ceil(PART).max(1);
        let mut all = students.into_iter();
        for part in 0..parts {
            self.tell(Told::Online { part, parts, students: all.by_ref().take(PART).collect() }).await;
        }
    }

    async fn tell_changes(&self) {
        let (joined, left) = self.presence.take_changes_here();
        if joined.len() + left.len() > PART {
            return self.tell_all().await;
        }
        if !joined.is_empty() || !left.is_empty() {
            self.tell(Told::Changed { joined, left }).await;
        }
    }

    async fn heard(&self, peers: &mut HashMap<String, Peer>, message: &Message) {
        let Ok(Envelope { node, told }) = serde_json::from_slice(&message.payload) else { return };
        if node == self.node {
            return;
        }
        if let Told::Bye = told {
            self.gone(peers, &node);
            return;
        }
        let peer = peers.entry(node.clone()).or_insert_with(|| Peer {
            heard: Instant::now(),
            server: String::new(),
            roster: None,
            parts: Vec::new(),
            claim: None,
            differs: false,
            complained: false,
        });
        peer.heard = Instant::now();
        match told {
            Told::Hello => self.tell_all().await,
            Told::Bye => {}
            Told::Online { part, parts, students } => {
                if part == 0 {
                    peer.parts.clear();
                }
                peer.parts.extend(students);
                if part + 1 == parts {
                    self.presence.set_elsewhere(&node, std::mem::take(&mut peer.parts));
                }
            }
            Told::Changed { joined, left } => self.presence.change_elsewhere(&node, joined, &left),
            Told::Many { count } => self.presence.count_elsewhere(&node, count),
            Told::Place { server, sequence, chain, latest, roster } => {
                peer.server = server;
                peer.claim = Some((sequence, chain, latest));
                if peer.roster.as_ref() != Some(&roster) {
                    self.compare_rosters(&peer.server, &roster).await;
                    peer.roster = Some(roster);
                }
            }
        }
        let known = i64::try_from(peers.len()).unwrap_or(i64::MAX);
        self.status.metrics().cluster.peers.set(known);
    }

    async fn compare_rosters(&self, server: &str, theirs: &Option<String>) {
        let ours = match self.roster.clone() {
            Some(file) => tokio::task::spawn_blocking(move || std::fs::read(file)).await.ok().and_then(Result::ok),
            None => None,
        };
        let ours = ours.map(|bytes| hex(digest(&SHA256, &bytes).as_ref()));
        if ours != *theirs {
            tracing::warn!(server, "another server of the cluster has another roster: who may join differs");
        }
    }

    fn forget_silent(&self, peers: &mut HashMap<String, Peer>) {
        let silent = |peer: &Peer| peer.heard.elapsed() > GONE;
        let gone: Vec<String> = peers.iter().filter(|(_, peer)| silent(peer)).map(|(node, _)| node.clone()).collect();
        gone.iter().for_each(|node| self.gone(peers, node));
    }

    fn gone(&self, peers: &mut HashMap<String, Peer>, node: &str) {
        if let Some(peer) = peers.remove(node) {
            tracing::info!(server = peer.server, "a server of the cluster is gone");
        }
        self.presence.forget_elsewhere(node);
        self.status.metrics().cluster.peers.set(i64::try_from(peers.len()).unwrap_or(i64::MAX));
    }

    /// Compares what the others said of the log with what this server has of it. Where the records differ, the log says
    /// who is right; where the rows do, the majority.
    async fn compare(&self, peers: &mut HashMap<String, Peer>) {
        let mut wrong_chain = None;
        for peer in peers.values_mut() {
            let Some((sequence, chain, latest)) = &peer.claim else { continue };
            let Some((own, own_latest)) = self.status.at(*sequence) else { continue };
            let is_same = hex(&own) == *chain;
            peer.differs = is_same && own_latest != *latest;
            if !is_same && !peer.complained {
                peer.complained = true;
                tracing::error!(server = peer.server, sequence, "another server has other records of the shared log");
                wrong_chain = Some((*sequence, own));
            }
            peer.claim = None;
        }
        if let Some((sequence, own)) = wrong_chain {
            match reader::chain_of(&self.nats, sequence).await {
                Ok(chain) if chain == own => tracing::info!(sequence, "the log confirms the records of this server"),
                Ok(_) => self.status.fail(format!(
                    "this server has other records than the shared log, up to record {sequence}; start it again with an \
                     empty data folder: it fills it from the log"
                )),
                Err(why) => tracing::warn!(why, "the shared log could not be read to compare"),
            }
        }
        let differ = peers.values().filter(|peer| peer.differs).count();
        if differ > 0 && peers.len() + 1 - differ <= differ {
            self.status.fail(
                "this server has other results than the others from the same log; start it again with an empty data \
                 folder, and the same program everywhere"
                    .to_owned(),
            );
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
