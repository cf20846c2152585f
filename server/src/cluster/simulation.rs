//! Several replicated writers with their real ledgers on a stream and a clock that a seed rules: records and their
//! acknowledgements are lost, late and doubled, records overtake each other, the stream forgets what it has stored,
//! connections break at every step, servers are killed. What docs/protocol.md promises must hold for every seed.
//!
//! `SQUARES_SEEDS=10000` tries as many, `SQUARES_SEED=17` shows one, and both together as many from that one on.

mod oracle;
mod stream;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use stream::Planted;
use world::run;

/// Seeds that are tried in any case.
const SEEDS: u64 = 60;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

#[test]
fn what_is_promised_holds_at_several_servers_for_every_seed() {
    let (first, count) = (number("SQUARES_SEED"), number("SQUARES_SEEDS"));
    let (first, count) = (first.unwrap_or(0), count.unwrap_or(if first.is_some() { 1 } else { SEEDS }));
    let seeds = first..first + count;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let live = || {
        let mut recorded = 0;
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return recorded;
            }
            match run(seed, Planted::Nothing) {
                Ok(results) => recorded += results,
                Err(broken) => panic!("seed {seed}: {broken}; SQUARES_SEED={seed} shows it again"),
            }
        }
    };
    let recorded: u64 = std::thread::scope(|scope| {
        let lives: Vec<_> = (0..threads).map(|_| scope.spawn(live)).collect();
        lives.into_iter().map(|life| life.join().expect("no promise is broken")).sum()
    });
    assert!(recorded > 0);
}

/// Asserts that a fault which was planted is found, and soon.
fn is_found(planted: Planted, complaint: &str) {
    let complains = |seed| run(seed, planted).err().filter(|broken| broken.contains(complaint));
    let found = (0..60).find_map(|seed| Some((seed, complains(seed)?)));
    assert!(found.is_some(), "{planted:?} is not found");
}

#[test]
fn an_answer_before_the_record_is_stored_is_found() {
    is_found(Planted::AnswerBeforeStored, "before the log had it");
}

#[test]
fn an_answer_before_the_record_is_applied_is_found() {
    is_found(Planted::AnswerBeforeApplied, "before it was applied");
}

#[test]
fn an_order_that_depends_on_the_server_is_found() {
    is_found(Planted::OwnOrder, "");
}

#[test]
fn a_batch_that_is_dropped_when_the_connection_breaks_is_found() {
    is_found(Planted::DroppedBatch, "was refused");
}

#[test]
fn a_batch_that_is_applied_twice_is_found() {
    is_found(Planted::AppliedTwice, "");
}
