//! Prometheus metrics: the ledger, the sessions and the relay count here, and `serve` shows them with `--metrics`.

#[cfg(feature = "cluster")]
mod cluster;
pub(crate) mod serve;

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry, Unit},
};
use squares_shared::message::ErrorCode;

/// Readers are grouped by how far they are behind the latest result: up to each of these.
const BEHIND: [(u64, &str); 5] =
    [(0, "0"), (100, "1 to 100"), (1000, "101 to 1000"), (10_000, "1001 to 10000"), (u64::MAX, "more")];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    connections: Gauge,
    joined: Gauge,
    students: Gauge,
    latest: Gauge,
    readers: Family<Behind, Gauge>,
    furthest_behind: Gauge,
    /// Connections that were refused or evicted.
    pub(crate) refused: Counter,
    errors: Family<Code, Counter>,
    results: Counter,
    commit_results: Histogram,
    commit_seconds: Histogram,
    failed_commits: Counter,
    /// Bytes to clients.
    pub(crate) sent: Counter,
    pub(crate) replay_reads: Counter,
    pub(crate) history_reads: Counter,
    #[cfg(feature = "cluster")]
    pub(crate) cluster: cluster::ClusterMetrics,
    /// The last commit failed.
    storage_failed: AtomicBool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Behind {
    behind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: Label,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Label(ErrorCode);

impl EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        write!(encoder, "{}", self.0)
    }
}

/// A snapshot of the server, for the gauges.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) connections: usize,
    pub(crate) students: usize,
    pub(crate) latest: u64,
    /// The `seq` that each client has reached.
    pub(crate) reached: Vec<u64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("squares");
        let all = &mut registry;
        let commit_results = Histogram::new(exponential_buckets(1.0, 2.0, 9));
        // 50 µs to 3 s, between a quick disk and one that is about to give up.
        let commit_seconds = Histogram::new(exponential_buckets(50e-6, 2.0, 17));
        let sent = Counter::default();
        // In the order of the page.
        Self {
            connections: add(all, "connections", "Open connections"),
            joined: add(all, "joined", "Connections that have joined"),
            students: add(all, "students_online", "Students online"),
            latest: add(all, "latest_seq", "The seq of the latest result"),
            readers: add(all, "readers", "Joined connections by how many results they are behind the latest"),
            furthest_behind: {
                let help = "Results that the slowest joined connection is behind the latest";
                add(all, "feed_lag_max_results", help)
            },
            refused: add(all, "connections_refused", "Connections turned away at a limit"),
            errors: add(all, "errors", "Errors sent to clients, by code"),
            results: add(all, "results", "Results recorded"),
            commit_results: {
                all.register("commit_results", "New results of a commit", commit_results.clone());
                commit_results
            },
            commit_seconds: {
                let help = "Time from the begin of a commit until it is durable";
                all.register_with_unit("commit", help, Unit::Seconds, commit_seconds.clone());
                commit_seconds
            },
            failed_commits: add(all, "commits_failed", "Commits that failed"),
            sent: {
                all.register_with_unit("sent", "Bytes sent to clients", Unit::Bytes, sent.clone());
                sent
            },
            replay_reads: add(all, "replay_reads", "Reads of the ledger for clients that lag behind the feed"),
            history_reads: add(all, "history_reads", "Pages of history read"),
            #[cfg(feature = "cluster")]
            cluster: cluster::ClusterMetrics::new(all),
            storage_failed: AtomicBool::new(false),
            registry,
        }
    }
}

impl Metrics {
    /// A client was answered by an error.
    pub(crate) fn error(&self, code: ErrorCode) {
        self.errors.get_or_create(&Code { code: Label(code) }).inc();
    }

    /// A commit that began then is durable, with so many new results.
    pub(crate) fn committed(&self, results: usize, begin: Instant) {
        self.results.inc_by(results as u64);
        self.commit_results.observe(results as f64);
        self.commit_seconds.observe(begin.elapsed().as_secs_f64());
        self.storage_failed.store(false, Ordering::Relaxed);
    }

    pub(crate) fn commit_failed(&self) {
        self.failed_commits.inc();
        self.storage_failed.store(true, Ordering::Relaxed);
    }

    /// Whether the last commit, if there was any, succeeded.
    pub(crate) fn storage_works(&self) -> bool {
        !self.storage_failed.load(Ordering::Relaxed)
    }

    /// Whether the log that this server shares can be reached, where it shares one.
    pub(crate) fn log_is_reachable(&self) -> bool {
        #[cfg(feature = "cluster")]
        return !self.cluster.is_away();
        #[cfg(not(feature = "cluster"))]
        true
    }

    /// Everything as OpenMetrics text, which Prometheus reads.
    pub(crate) fn text(&self, now: &Snapshot) -> String {
        let gauge = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        gauge(&self.connections, now.connections as u64);
        gauge(&self.joined, now.reached.len() as u64);
        gauge(&self.students, now.students as u64);
        gauge(&self.latest, now.latest);
        let mut readers = [0; BEHIND.len()];
        let mut furthest = 0;
        for reached in &now.reached {
            let behind = now.latest.saturating_sub(*reached);
            furthest = furthest.max(behind);
            readers[BEHIND.partition_point(|&(most, _)| most < behind)] += 1;
        }
        for ((_, behind), count) in BEHIND.into_iter().zip(readers) {
            gauge(&self.readers.get_or_create(&Behind { behind }), count);
        }
        gauge(&self.furthest_behind, furthest);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Makes an instrument and registers it.
fn add<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_stands_in_the_text() {
        let metrics = Metrics::default();
        metrics.error(ErrorCode::NotANumber);
        metrics.error(ErrorCode::NotANumber);
        metrics.committed(3, Instant::now());
        metrics.sent.inc_by(100);
        metrics.sent.inc_by(11);
        metrics.replay_reads.inc();
        let reached = vec![50, 50, 49, 0];
        let text = metrics.text(&Snapshot { connections: 5, students: 2, latest: 50, reached });
        for line in [
            "squares_connections 5",
            "squares_joined 4",
            "squares_students_online 2",
            "squares_latest_seq 50",
            r#"squares_readers{behind="0"} 2"#,
            r#"squares_readers{behind="1 to 100"} 2"#,
            r#"squares_readers{behind="more"} 0"#,
            "squares_feed_lag_max_results 50",
            r#"squares_errors_total{code="not_a_number"} 2"#,
            "squares_results_total 3",
            r#"squares_commit_results_bucket{le="2.0"} 0"#,
            r#"squares_commit_results_bucket{le="4.0"} 1"#,
            "squares_commit_seconds_count 1",
            "squares_sent_bytes_total 111",
            "squares_replay_reads_total 1",
            "squares_history_reads_total 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn storage_works_again_with_the_next_commit() {
        let metrics = Metrics::default();
        assert!(metrics.storage_works());
        metrics.commit_failed();
        assert!(!metrics.storage_works());
        metrics.committed(0, Instant::now());
        assert!(metrics.storage_works());
    }
}
