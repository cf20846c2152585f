//! What servers of a cluster tell each other beside the log, on a subject that keeps nothing: who is online at each,
//! how far each has applied the log with the hash of that place, and which roster it has. `cluster` runs it as a task.
//!
//! A lost message costs little: each server repeats its list every [`WHOLE`], and one that was not heard of for
//! 30 s is gone, with its students.

mod known;
mod message;
mod own_list;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::Message;
use futures_util::StreamExt as _;
use known::{KnownPeers, Reaction};
pub(super) use message::hex;
use message::{Envelope, Told};
use own_list::OwnList;
use ring::digest::{SHA256, digest};

use super::{nats::Nats, reader, status::Status};
use crate::presence::Presence;

/// How often a server says how far it is.
const PLACE: Duration = Duration::from_secs(3);

/// How often a server repeats who is online at it.
const WHOLE: Duration = Duration::from_secs(10);

/// How long changes of who is online are gathered.
const CHANGES: Duration = Duration::from_millis(100);

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
        let mut known = KnownPeers::new(self.node.clone(), Arc::clone(&self.presence));
        loop {
            match self.nats.client.subscribe(self.nats.peers.clone()).await {
                Ok(messages) => self.exchange(messages, &mut known).await,
                Err(error) => tracing::warn!(%error, "cannot hear of the other servers; trying again"),
            }
            tokio::time::sleep(PLACE).await;
        }
    }

    /// Says that this server stops.
    pub(crate) async fn say_bye(nats: &Nats, node: &str) {
        let bytes = Envelope { node: node.to_owned(), told: Told::Bye }.to_bytes();
        let _ = nats.client.publish(nats.peers.clone(), bytes.into()).await;
        let _ = tokio::time::timeout(CHANGES, nats.client.flush()).await;
    }

    async fn exchange(&self, mut messages: async_nats::Subscriber, known: &mut KnownPeers) {
        let mut own_list = OwnList::new(Arc::clone(&self.presence));
        let (mut place, mut whole) = (tokio::time::interval(PLACE), tokio::time::interval(WHOLE));
        self.tell([Told::Hello]).await;
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.receive(known, &mut own_list, &message).await,
                    None => return,
                },
                _ = place.tick() => {
                    self.tell_place().await;
                    known.forget_silent(Instant::now());
                }
                _ = whole.tick() => self.tell(own_list.whole()).await,
                () = self.presence.changed_here() => {
                    tokio::time::sleep(CHANGES).await;
                    self.tell(own_list.changes()).await;
                }
            }
            let count = i64::try_from(known.count()).unwrap_or(i64::MAX);
            self.status.metrics().cluster.peers.set(count);
            self.compare(known).await;
        }
    }

    async fn tell(&self, messages: impl IntoIterator<Item = Told>) {
        for told in messages {
            let bytes = Envelope { node: self.node.clone(), told }.to_bytes();
            if let Err(error) = self.nats.client.publish(self.nats.peers.clone(), bytes.into()).await {
                tracing::debug!(%error, "the other servers were not told");
            }
        }
    }

    async fn tell_place(&self) {
        let Some(place) = self.status.place() else { return };
        let (server, chain, roster) = (self.server.clone(), hex(&place.chain), self.roster_hash().await);
        self.tell([Told::Place { server, sequence: place.applied, chain, latest: place.latest, roster }]).await;
    }

    /// The hash of the roster's file; `None` where there is none or it cannot be read.
    async fn roster_hash(&self) -> Option<String> {
        let file = self.roster.clone()?;
        let bytes = tokio::task::spawn_blocking(move || std::fs::read(file)).await.ok()?.ok()?;
        Some(hex(digest(&SHA256, &bytes).as_ref()))
    }

    async fn receive(&self, known: &mut KnownPeers, own_list: &mut OwnList, message: &Message) {
        let Some(envelope) = Envelope::read(&message.payload) else { return };
        match known.receive(envelope, Instant::now()) {
            Reaction::Nothing => {}
            Reaction::TellList => self.tell(own_list.whole()).await,
            Reaction::CompareRosters { server, theirs } => {
                if self.roster_hash().await != theirs {
                    tracing::warn!(server, "another server of the cluster has another roster: who may join differs");
                }
            }
        }
    }

    /// Takes this server out where the others, or the log itself, show that it has something else.
    async fn compare(&self, known: &mut KnownPeers) {
        let compared = known.compare(&self.status);
        if let Some((sequence, own)) = compared.other_records {
            match reader::chain_of(&self.nats, sequence).await {
                Ok(chain) if chain == own => tracing::info!(sequence, "the log confirms the records of this server"),
                Ok(_) => self.status.fail(format!(
                    "this server has other records than the shared log, up to record {sequence}; start it again with an \
                     empty data folder: it fills it from the log"
                )),
                Err(why) => tracing::warn!(why, "the shared log could not be read to compare"),
            }
        }
        if compared.is_outvoted {
            self.status.fail(
                "this server has other results than the others from the same log; start it again with an empty data \
                 folder, and the same program everywhere"
                    .to_owned(),
            );
        }
    }
}
