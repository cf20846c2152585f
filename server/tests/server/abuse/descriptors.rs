//! No descriptor left for another connection.

use std::{io::BufRead as _, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

use super::House;
use crate::support::{Peer, open};

#[test]
fn without_descriptors_accepting_waits_says_so_and_goes_on_when_there_are_some() {
    let house = House::open(&[]);
    let pid = house.program.pid();
    let before = getrlimit(Resource::Nofile);
    let used = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).unwrap().count() as u64;
    let few = Rlimit { current: Some(used + 3), maximum: before.maximum };
    let whole = prlimit(Some(pid), Resource::Nofile, few).unwrap();
    let mut got_in = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let (stream, mut lines) = open(house.program.address);
        stream.set_read_timeout(Some(Duration::from_millis(40))).unwrap();
        let mut line = String::new();
        if lines.read_line(&mut line).is_ok_and(|count| count > 0) { &mut got_in } else { &mut waiting }
            .push((stream, lines));
    }
    assert!(!got_in.is_empty() && waiting.len() > 10, "{} in, {} waiting", got_in.len(), waiting.len());
    house.feels_nothing_of("no descriptors");
    prlimit(Some(pid), Resource::Nofile, whole).unwrap();
    // Those who waited are let in now, and whoever comes next too.
    for (stream, lines) in &mut waiting {
        stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.starts_with("{\"type\":\"hello\""), "{line}");
    }
    let _ = Peer::connect(&house.program);
    drop((got_in, waiting));
    let log = house.close();
    let said = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    let (stopped, went_on) = (said("cannot accept connections just now"), said("accepting connections again"));
    assert_eq!(stopped, went_on, "{log}");
    // After ten seconds those who got in and did not join make room for others.
    assert!(stopped == 1 || super::is_long() && (1..10).contains(&stopped), "{log}");
}
