//! The writer against a stream that the test plays, step by step.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, timeout},
};

use super::ReplicatedWriter;
use crate::{
    cluster::{
        record,
        status::Status,
        stream_channel::{self, Publish, PublishOutcome, StreamEnd, StreamEvent},
    },
    feed::Feed,
    ledger::{Answer, Chain, Ledger, LedgerEntry, LedgerFile, Submission},
    metrics::Metrics,
    worker_pool::WorkerPool,
};

const LOG: &str = "0123456789abcdef0123456789abcdef";

/// Longer than the writer waits for anything.
const LONG: Duration = Duration::from_secs(60);

struct Played {
    ledger: Ledger,
    feed: Arc<Feed>,
    status: Arc<Status>,
    stream: StreamEnd,
    answers: mpsc::Receiver<Answer>,
    asker: mpsc::Sender<Answer>,
    folder: TempDir,
}

impl Played {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Arc::<Metrics>::default();
        let status = Arc::new(Status::new(Arc::clone(&metrics)));
        let (port, stream) = stream_channel::open();
        let reporting = Arc::clone(&status);
        let (ledger, feed) = Ledger::open_shared(
            folder.path(),
            &Arc::new(WorkerPool::simulated()),
            &metrics,
            (LOG, Chain::default()),
            &tokio::runtime::Handle::current(),
            move |projection, queue| {
                ReplicatedWriter::new(projection, "own".to_owned(), reporting).with_records_of(2).run(queue, port)
            },
        )
        .unwrap();
        let (asker, answers) = mpsc::channel(64);
        Self { ledger, feed, status, stream, answers, asker, folder }
    }

    async fn tell(&self, event: StreamEvent) {
        self.stream.events.send(event).await.unwrap();
    }

    async fn deliver(&self, sequence: u64, record: impl Into<bytes::Bytes>) {
        self.tell(StreamEvent::Delivered { sequence, record: record.into(), behind: 0 }).await;
    }

    async fn ask(&self, number: u64) {
        let submission = Submission { entry: entry(number), answer: self.asker.clone() };
        self.ledger.submissions.send(submission).await.unwrap();
    }

    async fn published(&mut self) -> Publish {
        timeout(LONG, self.stream.publish.recv()).await.expect("it publishes").unwrap()
    }

    async fn answer(&mut self) -> Answer {
        timeout(LONG, self.answers.recv()).await.expect("it answers").unwrap()
    }

    async fn shown(&self, seq: u64) {
        timeout(LONG, self.feed.subscribe().wait_for(|&latest| latest == seq)).await.expect("it shows").unwrap();
    }

    async fn nobody_is_answered(&mut self) {
        tokio::time::sleep(LONG).await;
        assert!(self.answers.try_recv().is_err() && self.feed.latest() == 0);
    }

    fn numbers(&self) -> Vec<String> {
        let mut numbers = Vec::new();
        let ledger = LedgerFile::open(self.folder.path()).unwrap();
        ledger
            .each::<crate::LedgerError>(|row| {
                numbers.push(row.number.clone());
                Ok(())
            })
            .unwrap();
        numbers
    }
}

fn entry(number: u64) -> LedgerEntry {
    LedgerEntry {
        student: "s".into(),
        name: "n".into(),
        number: number.to_string(),
        square: (number * number).to_string(),
        request: None,
    }
}

fn foreign(counter: u64, number: u64) -> Vec<u8> {
    record::write("other", counter, 0, &[entry(number)])
}

#[tokio::test(start_paused = true)]
async fn nobody_is_answered_or_shown_anything_before_the_record_was_read_back() {
    let mut played = Played::start();
    played.ask(7).await;
    played.tell(StreamEvent::Connected).await;
    let published = played.published().await;
    played.nobody_is_answered().await;
    played.tell(StreamEvent::Published { counter: 1, outcome: PublishOutcome::Stored(2) }).await;
    played.nobody_is_answered().await;
    played.deliver(2, published.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    assert_eq!(played.feed.latest(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gap_stops_the_server() {
    let played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.deliver(2, foreign(1, 5)).await;
    played.shown(1).await;
    played.deliver(4, foreign(2, 6)).await;
    let why = timeout(LONG, played.status.failed()).await.unwrap();
    assert!(why.contains("has a gap: record 4 follows 2"), "{why}");
    assert_eq!(played.feed.latest(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_comes_again_is_applied_once_and_one_that_comes_late_not_at_all() {
    let played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.deliver(2, foreign(2, 5)).await;
    played.tell(StreamEvent::Disconnected).await;
    played.tell(StreamEvent::Connected).await;
    played.deliver(2, foreign(2, 5)).await;
    // The stream has these, and every server passes over them: the run went on without the first, and with the second.
    played.deliver(3, foreign(1, 4)).await;
    played.deliver(4, foreign(2, 5)).await;
    played.deliver(5, foreign(3, 6)).await;
    played.shown(2).await;
    assert_eq!(played.numbers(), ["5", "6"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_a_later_one_overtook_is_published_under_a_new_number() {
    let mut played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.ask(1).await;
    let first = played.published().await;
    played.ask(2).await;
    played.ask(3).await;
    let second = played.published().await;
    assert_eq!((first.counter, second.counter), (1, 2));
    played.tell(StreamEvent::Published { counter: 1, outcome: PublishOutcome::Unknown }).await;
    played.deliver(2, second.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    assert!(matches!(played.answer().await, Answer::Recorded(2)));
    let again = loop {
        // The first may be sent once more under its own number before that is known.
        let published = played.published().await;
        if published.counter != 1 {
            break published;
        }
    };
    assert_eq!(again.counter, 3);
    played.deliver(3, first.record).await;
    played.deliver(4, again.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(3)));
    assert_eq!(played.numbers(), ["2", "3", "1"]);
}

#[tokio::test(start_paused = true)]
async fn while_a_record_is_on_its_way_the_next_one_fills_up() {
    let mut played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.ask(1).await;
    let first = played.published().await;
    played.ask(2).await;
    let early = timeout(Duration::from_secs(1), played.stream.publish.recv()).await;
    assert!(early.is_err(), "it waits while there is room in it");
    played.deliver(2, first.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    played.ask(3).await;
    let second = played.published().await;
    played.deliver(3, second.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(2)));
}

#[tokio::test(start_paused = true)]
async fn a_record_waits_a_moment_for_as_many_squares_as_the_last_one_had() {
    let mut played = Played::start();
    for number in [1, 2] {
        played.ask(number).await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    played.tell(StreamEvent::Connected).await;
    for (sequence, numbers, answers, waits) in
        [(2, &[][..], 2, false), (3, &[3], 1, true), (4, &[4], 1, false), (5, &[5, 6], 2, false)]
    {
        let asked = Instant::now();
        for &number in numbers {
            played.ask(number).await;
        }
        let published = played.published().await;
        let waited = asked.elapsed();
        assert!((waited >= Duration::from_millis(1)) == waits, "{numbers:?} waited for {waited:?}");
        played.deliver(sequence, published.record).await;
        for _ in 0..answers {
            assert!(matches!(played.answer().await, Answer::Recorded(_)));
        }
    }
    assert_eq!(played.numbers(), ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_stored_is_never_refused_and_what_cannot_be_is_after_a_while() {
    let mut played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.ask(1).await;
    let first = played.published().await;
    played.tell(StreamEvent::Published { counter: 1, outcome: PublishOutcome::Unknown }).await;
    played.tell(StreamEvent::Disconnected).await;
    played.ask(2).await;
    assert!(matches!(played.answer().await, Answer::Unavailable(None)), "the second went nowhere");
    assert!(timeout(LONG, played.answers.recv()).await.is_err(), "the first may be in the log");
    played.tell(StreamEvent::Connected).await;
    assert_eq!(played.published().await.counter, 1);
    played.deliver(2, first.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    played.ask(3).await;
    for _ in 0..100 {
        match timeout(Duration::from_secs(1), played.stream.publish.recv()).await {
            Ok(Some(Publish { counter, .. })) => {
                played.tell(StreamEvent::Published { counter, outcome: PublishOutcome::NotStored }).await;
            }
            _ => break,
        }
    }
    assert!(matches!(played.answer().await, Answer::Unavailable(None)));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_applied_is_tried_again_and_answered_then() {
    let mut played = Played::start();
    played.tell(StreamEvent::Connected).await;
    played.ask(9).await;
    let published = played.published().await;
    let (file, away) = (played.folder.path().join("ledger.sqlite3"), played.folder.path().join("away"));
    std::fs::rename(&file, &away).unwrap();
    played.deliver(2, published.record).await;
    played.nobody_is_answered().await;
    std::fs::rename(&away, &file).unwrap();
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    assert_eq!(played.numbers(), ["9"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_can_be_reached_and_takes_nothing_counts_as_away() {
    let mut played = Played::start();
    let is_reachable = |played: &Played| played.status.metrics().log_is_reachable();
    played.tell(StreamEvent::Connected).await;
    played.ask(1).await;
    let published = played.published().await;
    tokio::time::sleep(Duration::from_millis(4900)).await;
    assert!(is_reachable(&played));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!is_reachable(&played));
    // A connection that comes again changes nothing about that.
    played.tell(StreamEvent::Disconnected).await;
    played.tell(StreamEvent::Connected).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!is_reachable(&played));
    played.deliver(2, published.record).await;
    assert!(matches!(played.answer().await, Answer::Recorded(1)));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(is_reachable(&played));
}
