//! What is measured of a shared log. `cluster` counts here, and the page shows it with everything else.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use prometheus_client::{
    metrics::{
        counter::Counter,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::add;

/// The instruments of a server that shares its log.
#[derive(Debug)]
pub(crate) struct ClusterMetrics {
    connected: Gauge,
    behind: Gauge,
    publish_seconds: Histogram,
    /// Attempts to publish that failed, or of which nothing was heard.
    pub(crate) failed_publishes: Counter,
    /// Other servers that were heard of lately.
    pub(crate) peers: Gauge,
    /// As `connected`, and below 0 where the log is not shared.
    state: AtomicI64,
}

impl ClusterMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let publish_seconds = Histogram::new(exponential_buckets(50e-6, 2.0, 17));
        let help = "Time until the shared log has acknowledged a record";
        registry.register_with_unit("cluster_publish", help, Unit::Seconds, publish_seconds.clone());
        Self {
            connected: add(registry, "cluster_connected", "Whether the shared log can be reached: 1 or 0"),
            behind: add(registry, "cluster_behind_records", "Records of the shared log that are not applied here yet"),
            failed_publishes: add(registry, "cluster_publishes_failed", "Records that had to be published again"),
            peers: add(registry, "cluster_peers", "Other servers of the cluster that were heard of lately"),
            publish_seconds,
            state: AtomicI64::new(-1),
        }
    }

    /// Notes whether the log can be reached; tells whether that is news.
    pub(crate) fn connected(&self, is_connected: bool) -> bool {
        let state = i64::from(is_connected);
        self.connected.set(state);
        self.state.swap(state, Ordering::Relaxed) != state
    }

    /// Whether the log is shared and cannot be reached.
    pub(super) fn is_away(&self) -> bool {
        self.state.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn behind(&self, records: u64) {
        self.behind.set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    pub(crate) fn published(&self, took: Duration) {
        self.publish_seconds.observe(took.as_secs_f64());
    }
}
