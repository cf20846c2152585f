//! Prometheus metrics, with `--metrics`: the ledger, the sessions and the relay report to these instruments. Without
//! the flag there are none, and reporting costs one check.

pub(crate) mod serve;

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use squares_shared::message::ErrorCode;

/// Readers are grouped by how far they are behind the latest result: up to each of these.
const BEHIND: [(u64, &str); 5] =
    [(0, "0"), (100, "1 to 100"), (1000, "101 to 1000"), (10_000, "1001 to 10000"), (u64::MAX, "more")];

/// The instruments, or none.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Option<Box<Instruments>>);

#[derive(Debug)]
struct Instruments {
    registry: Registry,
    connections: Gauge,
    joined: Gauge,
    students: Gauge,
    latest: Gauge,
    readers: Family<Behind, Gauge>,
    furthest_behind: Gauge,
    refused: Counter,
    errors: Family<Code, Counter>,
    results: Counter,
    commit_results: Histogram,
    commit_seconds: Histogram,
    failed_commits: Counter,
    sent: Counter,
    replay_reads: Counter,
    history_reads: Counter,
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

impl Metrics {
    /// Instruments that count from now on.
    pub(crate) fn on() -> Self {
        let registry = Registry::with_prefix("squares");
        let batch = exponential_buckets(1.0, 2.0, 9);
        // 50 µs to 3 s, between a quick disk and one that is about to give up.
        let time = exponential_buckets(50e-6, 2.0, 17);
        let mut instruments = Instruments {
            registry,
            connections: Gauge::default(),
            joined: Gauge::default(),
            students: Gauge::default(),
            latest: Gauge::default(),
            readers: Family::default(),
            furthest_behind: Gauge::default(),
            refused: Counter::default(),
            errors: Family::default(),
            results: Counter::default(),
            commit_results: Histogram::new(batch),
            commit_seconds: Histogram::new(time),
            failed_commits: Counter::default(),
            sent: Counter::default(),
            replay_reads: Counter::default(),
            history_reads: Counter::default(),
            storage_failed: AtomicBool::new(false),
        };
        instruments.register();
        Self(Some(Box::new(instruments)))
    }
}

impl Metrics {
    /// A connection was turned away at a limit.
    pub(crate) fn refused(&self) {
        if let Some(instruments) = &self.0 {
            instruments.refused.inc();
        }
    }

    /// A client was answered by an error.
    pub(crate) fn error(&self, code: ErrorCode) {
        if let Some(instruments) = &self.0 {
            instruments.errors.get_or_create(&Code { code: Label(code) }).inc();
        }
    }

    /// The moment at which a commit begins, for [`Metrics::committed`].
    pub(crate) fn commit_begins(&self) -> Option<Instant> {
        self.0.as_ref().map(|_| Instant::now())
    }

    /// A commit that began then is durable, with so many new results.
    pub(crate) fn committed(&self, results: usize, begin: Option<Instant>) {
        if let Some(instruments) = &self.0 {
            instruments.results.inc_by(results as u64);
            instruments.commit_results.observe(results as f64);
            instruments.commit_seconds.observe(begin.map_or(Duration::ZERO, |begin| begin.elapsed()).as_secs_f64());
            instruments.storage_failed.store(false, Ordering::Relaxed);
        }
    }

    /// A commit failed.
    pub(crate) fn commit_failed(&self) {
        if let Some(instruments) = &self.0 {
            instruments.failed_commits.inc();
            instruments.storage_failed.store(true, Ordering::Relaxed);
        }
    }

    /// So many bytes went to a client.
    pub(crate) fn sent(&self, bytes: usize) {
        if let Some(instruments) = &self.0 {
            instruments.sent.inc_by(bytes as u64);
        }
    }

    /// Results were read back from the ledger for a client that lags.
    pub(crate) fn replay_read(&self) {
        if let Some(instruments) = &self.0 {
            instruments.replay_reads.inc();
        }
    }

    /// A page of history was read.
    pub(crate) fn history_read(&self) {
        if let Some(instruments) = &self.0 {
            instruments.history_reads.inc();
        }
    }

    /// Whether the last commit, if there was any, succeeded.
    pub(crate) fn storage_works(&self) -> bool {
        self.0.as_ref().is_none_or(|instruments| !instruments.storage_failed.load(Ordering::Relaxed))
    }

    /// Everything as OpenMetrics text, which Prometheus reads.
    pub(crate) fn text(&self, now: &Snapshot) -> String {
        let mut text = String::new();
        if let Some(instruments) = &self.0 {
            instruments.take_note_of(now);
            // Writing to a string cannot fail.
            let _ = encode(&mut text, &instruments.registry);
        }
        text
    }
}

impl Instruments {
    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("joined", "Connections that have joined", self.joined.clone());
        registry.register("students_online", "Students online", self.students.clone());
        registry.register("latest_seq", "The seq of the latest result", self.latest.clone());
        let help = "Joined connections by how many results they are behind the latest";
        registry.register("readers", help, self.readers.clone());
        let help = "Results that the slowest joined connection is behind the latest";
        registry.register("feed_lag_max_results", help, self.furthest_behind.clone());
        registry.register("connections_refused", "Connections turned away at a limit", self.refused.clone());
        registry.register("errors", "Errors sent to clients, by code", self.errors.clone());
        registry.register("results", "Results recorded", self.results.clone());
        registry.register("commit_results", "New results of a commit", self.commit_results.clone());
        let help = "Time from the begin of a commit until it is durable";
        registry.register_with_unit("commit", help, Unit::Seconds, self.commit_seconds.clone());
        registry.register("commits_failed", "Commits that failed", self.failed_commits.clone());
        registry.register_with_unit("sent", "Bytes sent to clients", Unit::Bytes, self.sent.clone());
        let help = "Reads of the ledger for clients that lag behind the feed";
        registry.register("replay_reads", help, self.replay_reads.clone());
        registry.register("history_reads", "Pages of history read", self.history_reads.clone());
    }

    fn take_note_of(&self, now: &Snapshot) {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_stands_in_the_text() {
        let metrics = Metrics::on();
        metrics.error(ErrorCode::NotANumber);
        metrics.error(ErrorCode::NotANumber);
        metrics.committed(3, metrics.commit_begins());
        metrics.sent(100);
        metrics.sent(11);
        metrics.replay_read();
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
        let metrics = Metrics::on();
        assert!(metrics.storage_works());
        metrics.commit_failed();
        assert!(!metrics.storage_works());
        metrics.committed(0, None);
        assert!(metrics.storage_works());
    }

    #[test]
    fn without_instruments_there_is_nothing_to_tell() {
        let metrics = Metrics::default();
        metrics.committed(1, metrics.commit_begins());
        assert_eq!(metrics.text(&Snapshot { connections: 1, students: 1, latest: 1, reached: vec![1] }), "");
    }
}
