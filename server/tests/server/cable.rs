//! A machine whose cable is pulled says nothing any more, not even goodbye. Two networks with a cable between them
//! are made in namespaces of their own; the server is on the one, two clients are on the other.
//!
//! This takes over a minute: it runs with `SQUARES_CABLE=1`, where the system lets somebody make namespaces, and says
//! so where it does not run.

#![cfg(target_os = "linux")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    namespaces::{self, NAMESPACES},
    support::PROGRAM,
};

/// How long such a machine stays online at the least and at the most: 60 s, and what the system's timers add.
const WITHIN: std::ops::Range<Duration> = Duration::from_secs(30)..Duration::from_secs(75);

/// Shows what somebody beside the server hears, and pulls the cable once it is told to. `$0` is the program, `$1` its
/// data folder, `$2` how often somebody squares a number, in seconds.
const SCRIPT: &str = r#"
join='{"type":"join","student":'
ip link set lo up
unshare --net bash -c '
    until ip link set far up 2>/dev/null; do sleep 0.05; done
    ip addr add 10.7.0.2/24 dev far
    until exec 3<>/dev/tcp/10.7.0.1/7878; do sleep 0.1; done 2>/dev/null
    exec 4<>/dev/tcp/10.7.0.1/7878
    echo "$0\"reading\"}" >&3
    echo "$0\"silent\"}" >&4
    cat <&3 >/dev/null
    sleep 1000' "$join" &
far=$!
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add near type veth peer name far netns $far
ip addr add 10.7.0.1/24 dev near
ip link set near up
"$0" --listen 0.0.0.0:7878 --data "$1" >/dev/null 2>&1 &
until exec 3<>/dev/tcp/127.0.0.1/7878; do sleep 0.05; done 2>/dev/null
echo "$join\"watching\"}" >&3
cat <&3 &
exec 4<>/dev/tcp/127.0.0.1/7878
echo "$join\"busy\"}" >&4
cat <&4 >/dev/null &
while sleep $2; do echo '{"type":"square","number":"7"}' >&4; done &
read -r told
ip link set near down
echo pulled
read -r told
"#;

/// The networks, until this is dropped.
struct Networks(Child);

impl Drop for Networks {
    fn drop(&mut self) {
        // All that runs in them ends with them.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pulls the cable while somebody squares this often, and gives how long it took until both were offline for the
/// others.
fn until_offline(seconds_between_squares: u32) -> Option<Duration> {
    if std::env::var_os("SQUARES_CABLE").is_none() {
        eprintln!("skipped: it takes over a minute; SQUARES_CABLE=1 runs it");
        return None;
    }
    if !namespaces::can_be_made() {
        eprintln!("skipped: this system lets nobody make a network in a namespace");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(NAMESPACES).args(["bash", "-c", SCRIPT, PROGRAM]);
    command.arg(folder.path()).arg(seconds_between_squares.to_string());
    let mut networks = Networks(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut orders = networks.0.stdin.take().unwrap();
    let mut heard = BufReader::new(networks.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut online = String::new();
    while !["reading", "silent", "busy"].iter().all(|id| online.contains(&format!("\"id\":\"{id}\""))) {
        online.push_str(&heard.next().expect("they come online"));
    }
    orders.write_all(b"\n").unwrap();
    heard.find(|line| line == "pulled").expect("the cable is pulled");
    let pulled = Instant::now();
    let mut left = String::new();
    while !["reading", "silent"].iter().all(|id| left.contains(&format!("\"{id}\""))) {
        let line = heard.next().expect("the server goes on");
        if let Some((_, ids)) = line.split_once("\"left\":") {
            left.push_str(ids);
        }
    }
    Some(pulled.elapsed())
}

fn check(what: &str, seconds_between_squares: u32) {
    let Some(took) = until_offline(seconds_between_squares) else { return };
    eprintln!("{what}: offline {took:.1?} after the cable was pulled");
    assert!(WITHIN.contains(&took), "{what}: {took:?}");
}

#[test]
fn whose_cable_is_pulled_while_nothing_happens_is_offline_within_about_a_minute() {
    check("nothing on its way", 1000);
}

#[test]
fn whose_cable_is_pulled_while_results_are_on_their_way_is_offline_within_about_a_minute() {
    check("results on their way", 1);
}
