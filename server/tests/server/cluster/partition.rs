//! The network between servers and NATS servers is cut under load: of one NATS server, of one server, of the NATS
//! server that leads, of two NATS servers, and of a building with a server and a NATS server that go on talking. Nobody
//! is told of a cut. What anyone was shown stands in every ledger, as the same, once, and all ledgers are equal.
//!
//! A round takes about a minute: `SQUARES_CHAOS=10` makes as many, where the system lets somebody make namespaces.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use tempfile::TempDir;

use super::{
    load::{PROGRESS, Seen},
    machines::Machines,
    nats::{Host, Nats},
};
use crate::{
    namespaces::{Network, in_own_network},
    support::{PROGRAM, Program, command_by, eventually, how_many},
};

/// Steps of a round after each of which somebody must get on.
const STEPS: u64 = 14;

/// The logs of the servers, which go on for longer than a pipe holds, and are shown where something fails.
struct Logs(TempDir);

impl Logs {
    fn file(&self, at: usize) -> PathBuf {
        self.0.path().join(format!("{at}.log"))
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for at in [1, 3, 5] {
                let log = std::fs::read_to_string(self.file(at)).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(40).collect();
                eprintln!("the log on machine {at}, its end first:\n{}", last.join("\n"));
            }
        }
    }
}

/// Starts a server on this machine.
fn node(machines: &Machines, at: usize, nats: &Nats, data: &Path, logs: &Logs) -> Program {
    let starter = machines.starter(at);
    let mut command = command_by(&starter[0], data);
    let listen = format!("{}:7878", Machines::ip(at));
    command.args(&starter[1..]).args([PROGRAM, "--listen", &listen, "--cluster", &nats.urls(), "--rate", "0"]);
    command.stderr(File::create(logs.file(at)).unwrap());
    Program::start_as(command)
}

/// Which NATS server leads the stream, once one does.
fn leader(nats: &Nats) -> usize {
    let mut found = None;
    eventually("one leads", || {
        let name = nats.speak(async |jetstream| {
            let stream = jetstream.get_stream("SQUARES_squares").await.ok()?;
            stream.cached_info().cluster.as_ref()?.leader.clone()
        });
        found = name.and_then(|name| name.strip_prefix('n')?.parse().ok());
        found.is_some()
    });
    found.expect("one was found")
}

#[test]
fn whatever_network_is_cut_nobody_loses_a_result() {
    let rounds = how_many("SQUARES_CHAOS", 0);
    if rounds == 0 {
        eprintln!("skipped: a round takes about a minute; SQUARES_CHAOS=10 makes ten");
        return;
    }
    match in_own_network("cluster::partition::whatever_network_is_cut_nobody_loses_a_result") {
        Network::Own => cut(rounds),
        Network::Done => {}
        Network::Shared => eprintln!("skipped: this system lets nobody make a network in a namespace"),
    }
}

/// Each of three buildings has a NATS server and a server.
fn cut(rounds: u64) {
    let machines = Machines::new(3);
    let host = |at| Host { ip: Machines::ip(at), ports: [4222, 6222], starter: machines.starter(at) };
    let nats = Nats::start_on([0, 2, 4].map(host).into(), "nats", "");
    let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let logs = Logs(tempfile::tempdir().unwrap());
    let nodes = [0, 1, 2].map(|at| node(&machines, at * 2 + 1, &nats, folders[at].path(), &logs));
    let of_nats = |at: usize| Machines::cable(at % 3 * 2);
    let of_node = |at: usize| Machines::cable(at % 3 * 2 + 1);
    let seen = Seen::under_load(nodes.iter().map(|node| node.address).collect(), |seen| {
        let while_cut = |what: &str, cables: &[String]| {
            seen.more("all are there");
            cables.iter().for_each(|cable| Machines::cut(cable));
            seen.more(what);
            cables.iter().for_each(|cable| Machines::mend(cable));
        };
        for round in 0..usize::try_from(rounds).unwrap() {
            while_cut("a NATS server is cut off", &[of_nats(round)]);
            while_cut("a server is cut off", &[of_node(round)]);
            while_cut("the NATS server that leads is cut off", &[of_nats(leader(&nats))]);
            while_cut("a server and a NATS server are cut off", &[of_nats(round + 1), of_node(round + 2)]);
            while_cut("a building is cut off", &[Machines::uplink(round % 3)]);
            while_cut("the building of the NATS server that leads is cut off", &[Machines::uplink(leader(&nats))]);
            // Two of three: nothing can be recorded until one is back.
            seen.more("all are there");
            let both = [of_nats(round + 1), of_nats(round + 2)];
            seen.refuses_while(|| both.iter().for_each(|cable| Machines::cut(cable)));
            Machines::mend(&both[0]);
            seen.more("most NATS servers are there");
            Machines::mend(&both[1]);
            eprintln!("round {round}: {} squares", seen.progress.load(Ordering::Relaxed));
        }
        seen.more("all are there");
    });
    seen.is_everywhere(&folders);
    nodes.into_iter().for_each(|node| drop(node.stop()));
    seen.judge(&folders, rounds * STEPS * PROGRESS);
}
