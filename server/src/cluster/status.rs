//! How this server stands to the shared log: for health and metrics, for those who wait until a record is applied, and
//! for the end of a server that must not go on. The replicated writer and the stream report here.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    ledger::{Chain, Place},
    metrics::Metrics,
};

/// The hashes of so many records are remembered, for comparing with servers that are behind.
const REMEMBERED: usize = 16_384;

/// How long the same failure is not logged again.
const LOGGED_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Status {
    metrics: Arc<Metrics>,
    place: watch::Sender<Option<Place>>,
    failed: watch::Sender<Option<String>>,
    /// The last places that were reached, ascending.
    passed: Mutex<VecDeque<Place>>,
    refused_at: Mutex<Option<Instant>>,
}

impl Status {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            place: watch::Sender::new(None),
            failed: watch::Sender::new(None),
            passed: Mutex::default(),
            refused_at: Mutex::default(),
        }
    }

    /// The log can be reached, or cannot.
    pub(super) fn connected(&self, is_connected: bool) {
        if self.metrics.cluster.connected(is_connected) {
            match is_connected {
                true => tracing::info!("the shared log can be reached"),
                false => tracing::warn!("the shared log cannot be reached; squares wait for it"),
            }
        }
    }

    /// The log was applied up to here, and so many records are known behind it.
    pub(super) fn applied(&self, place: Place, behind: u64) {
        self.metrics.cluster.behind(behind);
        {
            let mut passed = self.passed.lock();
            if passed.back() != Some(&place) {
                passed.push_back(place);
            }
            if passed.len() > REMEMBERED {
                passed.pop_front();
            }
        }
        self.place.send_replace(Some(place));
    }

    /// Squares were refused, since the log could not be reached.
    pub(super) fn refused(&self, squares: usize) {
        self.metrics.commit_failed();
        let mut at = self.refused_at.lock();
        if at.is_none_or(|at| at.elapsed() > LOGGED_FOR) {
            tracing::error!(squares, "the shared log takes no squares; those who asked are told to ask again");
            *at = Some(Instant::now());
        }
    }

    /// This server must not go on.
    pub(super) fn fail(&self, why: String) {
        self.failed.send_if_modified(|failed| {
            let is_first = failed.is_none();
            failed.get_or_insert(why);
            is_first
        });
    }

    /// Why this server must not go on, once that is so.
    pub(crate) async fn failed(&self) -> String {
        let mut failed = self.failed.subscribe();
        let why = failed.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        why.unwrap_or_default()
    }

    /// How far this server is.
    pub(super) fn place(&self) -> Option<Place> {
        *self.place.borrow()
    }

    /// Waits until the log was applied up to here.
    pub(super) async fn reached(&self, sequence: u64) {
        let reached = |place: &Option<Place>| place.is_some_and(|place| place.applied >= sequence);
        let _ = self.place.subscribe().wait_for(reached).await;
    }

    /// The hash and the highest `seq` at this record, where it was applied lately.
    pub(super) fn at(&self, sequence: u64) -> Option<(Chain, u64)> {
        let passed = self.passed.lock();
        let at = passed.binary_search_by_key(&sequence, |place| place.applied).ok()?;
        passed.get(at).map(|place| (place.chain, place.latest))
    }

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }
}
