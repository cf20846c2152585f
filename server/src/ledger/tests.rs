//! The ledger by itself: what is submitted, what is answered, what the feed and the pages then show.

use std::collections::VecDeque;

use bytes::Bytes;
use squares_shared::message::FromServer;

use super::*;
use crate::feed::FeedRead;

pub(super) fn open_in(folder: &Path) -> Result<(Ledger, Arc<Feed>), LedgerError> {
    Ledger::open(folder, &Arc::new(WorkerPool::new().unwrap()), &Arc::default(), false)
}

fn entry(student: &str, number: u64, request: Option<&str>) -> LedgerEntry {
    LedgerEntry {
        student: student.into(),
        name: format!("name of {student}").into(),
        number: number.to_string(),
        square: (number * number).to_string(),
        request: request.map(str::to_owned),
    }
}

/// Submits entries, waits for all answers, and gives them in order as short texts.
async fn submit(ledger: &Ledger, entries: Vec<LedgerEntry>) -> Vec<String> {
    let (answer, mut answers) = mpsc::channel(entries.len().max(1));
    for entry in entries {
        ledger.submissions.send(Submission { entry, answer: answer.clone() }).await.unwrap();
    }
    drop(answer);
    let mut texts = Vec::new();
    while let Some(answer) = answers.recv().await {
        texts.push(match answer {
            Answer::Recorded(seq) => format!("recorded {seq}"),
            Answer::Duplicate(seq, line) => {
                assert!(String::from_utf8_lossy(&line).contains(&format!("\"seq\":{seq},")));
                format!("repeat {seq}")
            }
            Answer::IdReused(id) => format!("reused {id}"),
            Answer::Unavailable(id) => format!("unavailable {}", id.unwrap_or_default()),
        });
    }
    texts
}

fn seqs(lines: impl IntoIterator<Item = Bytes>) -> Vec<u64> {
    let bytes: Vec<u8> = lines.into_iter().flatten().collect();
    let text = String::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| line.split("\"seq\":").nth(1).unwrap().split(',').next().unwrap().parse().unwrap())
        .collect()
}

fn in_feed(feed: &Feed, after: u64) -> Vec<u64> {
    let mut out = VecDeque::new();
    assert_ne!(feed.read(after, usize::MAX, &mut out), FeedRead::Behind { floor: 0 });
    seqs(out)
}

#[tokio::test]
async fn a_request_is_recorded_once_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    assert_eq!(
        submit(
            &ledger,
            vec![
                entry("a", 2, Some("r1")),
                entry("a", 2, Some("r1")),
                entry("a", 3, Some("r1")),
                entry("b", 3, Some("r1")),
                entry("a", 2, None),
                entry("a", 2, None),
            ]
        )
        .await,
        ["recorded 1", "repeat 1", "reused r1", "recorded 2", "recorded 3", "recorded 4"]
    );
    assert_eq!(in_feed(&feed, 0), [1, 2, 3, 4]);
    let log = ledger.id.clone();
    ledger.close();

    let (ledger, feed) = open_in(folder.path()).unwrap();
    assert_eq!(ledger.id, log);
    assert_eq!(in_feed(&feed, 0), [1, 2, 3, 4], "the feed begins with what the ledger has");
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r1")), entry("b", 9, None)]).await, ["repeat 1", "recorded 5"]);
    ledger.close();
}

#[tokio::test]
async fn time_never_goes_back_whatever_the_clock_does_between_two_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(folder.path()).unwrap();
    submit(&ledger, vec![entry("a", 1, None)]).await;
    ledger.close();
    // The clock of the run before stood in the year 2326.
    let far = 11_234_567_890_123_i64;
    let file = rusqlite::Connection::open(folder.path().join("ledger.sqlite3")).unwrap();
    file.execute("UPDATE results SET at = ?1", [far]).unwrap();
    drop(file);
    let at = |line: &[u8]| String::from_utf8_lossy(line).split("\"at\":\"").nth(1).unwrap()[..24].to_owned();
    for n in 2..5 {
        let (ledger, feed) = open_in(folder.path()).unwrap();
        submit(&ledger, vec![entry("a", n, None), entry("b", n, None)]).await;
        let mut lines = VecDeque::new();
        feed.read(feed.latest() - 1, usize::MAX, &mut lines);
        assert_eq!(at(&lines[0]), row::time(far));
        ledger.close();
    }
    assert!(LedgerFile::open(folder.path()).unwrap().check(|| true, |_, _| {}).unwrap().is_sound());
}

#[tokio::test]
async fn time_does_not_go_back_behind_what_a_failed_commit_left() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    submit(&ledger, vec![entry("a", 1, None)]).await;
    let other = rusqlite::Connection::open(folder.path().join("ledger.sqlite3")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r2"))]).await, ["unavailable r2"]);
    let far = 11_234_567_890_123_i64;
    other.execute("INSERT INTO results VALUES (2, ?1, 1, 1, '2', '4', 'r2')", [far]).unwrap();
    other.execute_batch("COMMIT").unwrap();
    submit(&ledger, vec![entry("a", 3, None)]).await;
    let mut lines = VecDeque::new();
    feed.read(2, usize::MAX, &mut lines);
    assert!(String::from_utf8_lossy(&lines[0]).contains(&row::time(far)));
    ledger.close();
}

#[tokio::test]
async fn one_server_at_a_time_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _feed) = open_in(folder.path()).unwrap();
    let error = open_in(folder.path()).expect_err("it is in use").to_string();
    assert!(error.contains("in use") && error.contains("--data"), "{error}");
    ledger.close();
    assert!(open_in(folder.path()).is_ok());
}

#[tokio::test]
async fn pages_and_replays_are_cut_from_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    let entries = (1..=2500).map(|n| entry(if n % 5 == 0 { "five" } else { "other" }, n, None)).collect();
    submit(&ledger, entries).await;
    assert_eq!(feed.latest(), 2500);

    let readers = &ledger.readers;
    let mut after = 0;
    let mut replayed = Vec::new();
    loop {
        let replay = Arc::clone(readers).replay(after, 2400).await.unwrap();
        replayed.extend(seqs([replay.lines]));
        let Some(reached) = replay.reached else { break };
        after = reached;
    }
    assert!(replayed.iter().copied().eq(1..=2400));

    let page_of = |before, after, limit, student: Option<&str>| {
        let query = PageQuery { before, after, limit, student: student.map(str::to_owned) };
        let page = Arc::clone(readers).page(query);
        async move {
            let Ok(Some(FromServer::History(page))) = FromServer::read(&page.await.unwrap()) else { panic!("no page") };
            (page.results.iter().map(|result| result.seq).collect::<Vec<_>>(), page.more)
        }
    };
    let page = |before, limit, student| page_of(before, None, limit, student);
    assert_eq!(page(u64::MAX, 3, None).await, (vec![2498, 2499, 2500], true));
    assert_eq!(page(3, 3, None).await, (vec![1, 2], false));
    assert_eq!(page(4, 3, None).await, (vec![1, 2, 3], false));
    assert_eq!(page(0, 3, None).await, (vec![], false));
    assert_eq!(page(21, 3, Some("five")).await, (vec![10, 15, 20], true));
    assert_eq!(page(16, 3, Some("five")).await, (vec![5, 10, 15], false));
    assert_eq!(page(u64::MAX, 3, Some("nobody")).await, (vec![], false));
    let page = |after, before, limit, student| page_of(before, Some(after), limit, student);
    assert_eq!(page(0, u64::MAX, 3, None).await, (vec![1, 2, 3], true));
    assert_eq!(page(2497, u64::MAX, 3, None).await, (vec![2498, 2499, 2500], false));
    assert_eq!(page(2500, u64::MAX, 3, None).await, (vec![], false));
    assert_eq!(page(u64::MAX, u64::MAX, 3, None).await, (vec![], false));
    assert_eq!(page(7, 10, 3, None).await, (vec![8, 9], false));
    assert_eq!(page(7, 12, 3, None).await, (vec![8, 9, 10], true));
    assert_eq!(page(12, 7, 3, None).await, (vec![], false));
    assert_eq!(page(5, u64::MAX, 3, Some("five")).await, (vec![10, 15, 20], true));
    assert_eq!(page(5, 16, 2, Some("five")).await, (vec![10, 15], false));
    assert_eq!(page(0, u64::MAX, 3, Some("nobody")).await, (vec![], false));
    assert!(Arc::clone(readers).stands("five".into(), "x".into()).await.is_ok_and(|stands| !stands));
    ledger.close();
}

#[tokio::test]
async fn a_page_of_huge_results_stays_below_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _feed) = open_in(folder.path()).unwrap();
    let huge = |digits: usize| LedgerEntry {
        number: "7".repeat(digits),
        square: "4".repeat(2 * digits),
        ..entry("a", 1, None)
    };
    submit(&ledger, (0..60).map(|_| huge(10_000)).chain([huge(600_000)]).collect()).await;
    let readers = &ledger.readers;
    let query = |before| PageQuery { before, after: None, limit: 500, student: None };
    let line = Arc::clone(readers).page(query(61)).await.unwrap();
    assert!((200_000..300_000).contains(&line.len()), "{}", line.len());
    let line = Arc::clone(readers).page(query(u64::MAX)).await.unwrap();
    let Ok(Some(FromServer::History(page))) = FromServer::read(&line) else { panic!("no page") };
    let forwards = Arc::clone(readers).page(PageQuery { after: Some(0), ..query(u64::MAX) }).await.unwrap();
    assert!((200_000..300_000).contains(&forwards.len()), "{}", forwards.len());
    assert_eq!((page.results.len(), page.more), (1, true), "one that is larger by itself is a page of its own");
    ledger.close();
}

#[tokio::test]
async fn a_storage_failure_is_told_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    submit(&ledger, vec![entry("a", 1, Some("r1"))]).await;
    // Another program that holds the write lock makes every commit fail, as a full disk does.
    let other = rusqlite::Connection::open(folder.path().join("ledger.sqlite3")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r2"))]).await, ["unavailable r2"]);
    assert_eq!(feed.latest(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r2"))]).await, ["recorded 2"]);
    ledger.close();
}

#[tokio::test]
async fn what_a_failed_commit_left_behind_is_shown_before_anything_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    submit(&ledger, vec![entry("a", 1, Some("r1"))]).await;
    let other = rusqlite::Connection::open(folder.path().join("ledger.sqlite3")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r2"))]).await, ["unavailable r2"]);
    other.execute_batch("INSERT INTO results VALUES (2, 0, 1, 1, '2', '4', 'r2'); COMMIT").unwrap();
    assert_eq!(submit(&ledger, vec![entry("a", 2, Some("r2")), entry("a", 3, None)]).await, ["repeat 2", "recorded 3"]);
    assert_eq!(in_feed(&feed, 1), [2, 3]);
    ledger.close();
}

#[tokio::test]
async fn the_write_ahead_log_is_moved_while_squares_pour_in() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, feed) = open_in(folder.path()).unwrap();
    let log = folder.path().join("ledger.sqlite3-wal");
    let (mut written, mut longest) = (0, 0);
    for _ in 0..300 {
        let huge = |n: u64| LedgerEntry { square: "4".repeat(20_000), ..entry("a", n, None) };
        submit(&ledger, (0..25).map(huge).collect()).await;
        written += 25 * 20_000;
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(longest < written / 2, "the log grew to {longest} bytes for {written} bytes of squares");
    assert_eq!(feed.latest(), 300 * 25);
    ledger.close();
    assert!(!log.exists(), "all of it was moved in the end");
    let (ledger, feed) = open_in(folder.path()).unwrap();
    assert_eq!(feed.latest(), 300 * 25);
    ledger.close();
}
