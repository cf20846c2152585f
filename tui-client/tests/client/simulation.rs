//! The real server with its ledger and the real link of the client with its outbox, on a network, a disk and a clock
//! that a seed rules: connections are cut in the middle of a line, delayed and held up, the server is killed and
//! stopped, clients are killed, leave and look elsewhere, screens and disks take their time, time jumps. What
//! docs/protocol.md promises must hold for every seed.
//!
//! `SQUARES_SEEDS=10000` tries as many; `SQUARES_SEED=17` shows one, and a seed that was found stands in [`FOUND`]
//! from then on.

mod machine;
mod network;
mod oracle;
mod tap;
mod terminal;
mod world;

use world::{Planted, run};

/// Seeds that are tried in any case.
const SEEDS: u64 = 300;

/// Seeds that once found something.
const FOUND: [u64; 0] = [];

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

#[test]
fn what_is_promised_holds_for_every_seed() {
    let seeds: Vec<u64> = match number("SQUARES_SEED") {
        Some(seed) => vec![seed],
        None => FOUND.into_iter().chain(0..number("SQUARES_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let (mut typed, mut troubles) = (0, 0);
    for &seed in &seeds {
        match run(seed, Planted::Nothing) {
            Ok(lived) => {
                typed += lived.typed;
                troubles += lived.troubles;
            }
            Err(broken) => panic!("seed {seed}: {broken}; SQUARES_SEED={seed} shows it again"),
        }
    }
    eprintln!("{} seeds: {typed} squares typed among {troubles} troubles", seeds.len());
    assert!(typed > 0);
}

#[test]
fn a_seed_is_the_same_life_every_time() {
    for seed in 0..10 {
        let life = || run(seed, Planted::Nothing).map(|lived| lived.story);
        assert_eq!(life(), life(), "seed {seed}");
    }
}

/// Asserts that a bug which was put in is found, and soon.
fn is_found(planted: Planted, complaint: &str) {
    let complains = |seed| run(seed, planted).err().filter(|broken| broken.contains(complaint));
    let found = (0..100).find_map(|seed| Some((seed, complains(seed)?)));
    let (seed, broken) = found.expect("a hundred seeds find it");
    eprintln!("{planted:?}: seed {seed}: {broken}");
}

#[test]
fn a_line_that_is_lost_on_the_way_is_found() {
    is_found(Planted::SwallowedLine, "was never shown");
}

#[test]
fn a_ledger_that_forgets_what_it_showed_is_found() {
    is_found(Planted::ForgetfulLedger, "");
}

#[test]
fn a_client_that_gives_a_new_id_when_it_sends_again_is_found() {
    is_found(Planted::NewIdOnResend, "recorded");
}

#[test]
fn a_client_that_does_not_send_again_is_found() {
    is_found(Planted::ForgottenResend, "still wait");
}

#[test]
fn a_disk_that_says_kept_too_early_is_found() {
    is_found(Planted::LyingDisk, "never recorded");
}
