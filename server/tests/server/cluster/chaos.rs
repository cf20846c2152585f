//! Servers and NATS servers are killed and halted in turn under load: what anyone was shown stands in every ledger, as
//! the same, once, and all ledgers are equal.
//!
//! `SQUARES_CHAOS=20` tries each trouble as often.

use std::sync::atomic::Ordering;

use rustix::process::Signal;

use super::{
    load::{PROGRESS, Seen},
    nats::Nats,
};
use crate::support::{Program, how_many};

#[test]
fn whoever_is_killed_or_halted_nobody_loses_a_result() {
    let rounds = how_many("SQUARES_CHAOS", 1);
    let mut nats = Nats::start(3);
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let mut nodes: Vec<Option<Program>> = folders.iter().map(|folder| Some(nats.node(folder.path(), &[]))).collect();
    let addresses = nodes.iter().flatten().map(|node| node.address).collect();
    let seen = Seen::under_load(addresses, |seen| {
        for round in 0..usize::try_from(rounds).unwrap() {
            let at = round % 3;
            seen.more("all run");
            nodes[at].take().unwrap().kill();
            seen.more("a server is killed");
            let again = nats.node(folders[at].path(), &[]);
            seen.addresses.lock().unwrap()[at] = again.address;
            nodes[at] = Some(again);
            seen.more("it is back");

            let halted = nodes[(at + 1) % 3].as_ref().unwrap();
            halted.signal(Signal::STOP);
            seen.more("a server is halted");
            halted.signal(Signal::CONT);
            seen.more("it goes on");

            nats.kill(at);
            seen.more("a NATS server is killed");
            nats.restart(at);
            seen.more("it is back");

            nats.signal((at + 1) % 3, Signal::STOP);
            seen.more("a NATS server is halted");
            nats.signal((at + 1) % 3, Signal::CONT);
            seen.more("it goes on");
            // Two of three: nothing can be recorded until one is back.
            seen.refuses_while(|| {
                nats.kill(at);
                nats.kill((at + 2) % 3);
            });
            nats.restart((at + 2) % 3);
            seen.more("most NATS servers run");
            nats.restart(at);
            eprintln!("round {round}: {} squares", seen.progress.load(Ordering::Relaxed));
        }
    });
    seen.is_everywhere(&folders);
    nodes.into_iter().flatten().for_each(|node| drop(node.stop()));
    seen.judge(&folders, rounds * 10 * PROGRESS);
}
