//! Clients that do not read: nobody else waits for them, the server's memory does not grow with what they have
//! missed, and they get all of it in the end.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Peer, resident, server};

#[test]
fn a_reader_that_stops_delays_nobody_and_loses_nothing() {
    /// Far more than the sockets in between and the feed hold together: squares of 10,000 digits, 30 KB a line.
    const RESULTS: u64 = 800;
    const SLEEPERS: usize = 10;
    const AT_ONCE: usize = 10;
    let (program, _folder) = server(&["--rate", "0"]);
    let (mut sender, _) = Peer::join(&program, "sender", json!({}));
    let mut sleepers: Vec<Peer> =
        (0..SLEEPERS).map(|n| Peer::join(&program, &format!("sleeper{n}"), json!({"backlog": 0})).0).collect();
    let (mut reader, _) = Peer::join(&program, "reader", json!({"backlog": 0}));
    let number = "7".repeat(10_000);
    let mut slowest = Duration::ZERO;
    let before = resident(program.pid());
    // Several at once: where the machine is busy, the system gives up sleepers that took nothing for a minute.
    for first in (1..=RESULTS).step_by(AT_ONCE) {
        let sent = Instant::now();
        let batch: Vec<u64> = (first..first + AT_ONCE as u64).collect();
        batch.iter().for_each(|seq| sender.square(&*number, &seq.to_string()));
        assert_eq!(sender.seqs(AT_ONCE), batch);
        assert_eq!(reader.seqs(AT_ONCE), batch);
        slowest = slowest.max(sent.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "{AT_ONCE} results took {slowest:?}");
    let grown = resident(program.pid()).saturating_sub(before);
    assert!(grown < 64 << 20, "the server grew by {grown} bytes for {SLEEPERS} sleepers");
    // All at once, so that the last is not given up while the others read.
    std::thread::scope(|scope| {
        for sleeper in &mut sleepers {
            scope.spawn(|| assert!(sleeper.seqs(RESULTS as usize).into_iter().eq(1..=RESULTS)));
        }
    });
}

#[test]
fn a_client_that_asks_and_never_reads_is_no_longer_read_from() {
    let (program, _folder) = server(&[]);
    let (mut greedy, _) = Peer::join(&program, "greedy", json!({}));
    let request = b"{\"type\":\"ping\"}\n".repeat(4096);
    greedy.give_up_writing_after(Duration::from_millis(300));
    let mut taken = 0;
    while greedy.try_send_raw(&request) {
        taken += request.len();
        assert!(taken < 256 << 20, "the server goes on reading what it cannot answer");
    }
    let (mut other, _) = Peer::join(&program, "other", json!({}));
    other.square(3, "r");
    assert_eq!(other.seqs(1), [1]);
}
