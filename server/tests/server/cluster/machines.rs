//! Machines with a network interface each: network namespaces inside that of the test. Two of them are in each
//! building, at its switch, and the switches of all buildings are at one more, where the test itself is. A cable can be
//! cut, and then nothing comes through it, not even the end of a connection.

use std::process::{Child, Command, Stdio};

use crate::support::eventually;

/// The addresses begin so; the test is `254`.
const NET: &str = "10.7.0.";

/// Machines in a building.
const IN_BUILDING: usize = 2;

pub(crate) struct Machines {
    /// A process in each, which keeps its network.
    keepers: Vec<Child>,
}

impl Machines {
    /// Makes so many buildings; machine `n` is in building `n / 2`.
    pub(crate) fn new(buildings: usize) -> Self {
        run("ip link add middle type bridge && ip link set middle up");
        run(&format!("ip addr add {NET}254/24 dev middle"));
        let mut machines = Self { keepers: Vec::new() };
        for building in 0..buildings {
            let (switch, uplink) = (format!("switch{building}"), Self::uplink(building));
            run(&format!("ip link add {switch} type bridge && ip link set {switch} up"));
            run(&format!("ip link add {uplink} type veth peer name port{building} && ip link set {uplink} up"));
            run(&format!("ip link set {uplink} master {switch} && ip link set port{building} master middle up"));
        }
        for at in 0..buildings * IN_BUILDING {
            let keeper = Command::new("unshare").args(["--net", "sleep", "infinity"]).stdin(Stdio::null()).spawn();
            machines.keepers.push(keeper.unwrap());
            let pid = machines.keepers[at].id();
            let network = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
            eventually("it has a network", || network(&pid.to_string()) != network("self"));
            let (cable, switch) = (Self::cable(at), at / IN_BUILDING);
            run(&format!("ip link add {cable} type veth peer name near netns {pid}"));
            run(&format!("ip link set {cable} master switch{switch} up"));
            let inside = machines.starter(at).join(" ");
            run(&format!("{inside} ip addr add {}/24 dev near", Self::ip(at)));
            run(&format!("{inside} ip link set lo up && {inside} ip link set near up"));
        }
        machines
    }

    pub(crate) fn ip(at: usize) -> String {
        format!("{NET}{}", at + 1)
    }

    /// What starts a program on this machine.
    pub(crate) fn starter(&self, at: usize) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/proc/{}/ns/net", self.keepers[at].id())]
    }

    /// The cable of this machine.
    pub(crate) fn cable(at: usize) -> String {
        format!("cable{at}")
    }

    /// The cable from this building to the others.
    pub(crate) fn uplink(building: usize) -> String {
        format!("uplink{building}")
    }

    pub(crate) fn cut(cable: &str) {
        run(&format!("ip link set {cable} down"));
    }

    pub(crate) fn mend(cable: &str) {
        run(&format!("ip link set {cable} up"));
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for keeper in &mut self.keepers {
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}

fn run(line: &str) {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}
