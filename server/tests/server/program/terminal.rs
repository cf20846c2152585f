//! The program in a terminal of its own, which goes away.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;
use serde_json::json;

use crate::support::{PROGRAM, Peer};

/// A server in a terminal of its own, and the line that it prints when it is ready.
fn in_a_terminal(before: &[&str], data: &Path) -> (Box<dyn MasterPty + Send>, Box<dyn Child + Send + Sync>, String) {
    let terminal = native_pty_system().openpty(PtySize::default()).expect("a terminal");
    let mut words = before.iter().copied().chain([PROGRAM, "--listen", "127.0.0.1:0"]);
    let mut command = CommandBuilder::new(words.next().expect("a program"));
    command.args(words);
    command.env("SQUARES_DATA", data);
    let child = terminal.slave.spawn_command(command).expect("it starts");
    let mut lines = BufReader::new(terminal.master.try_clone_reader().expect("a terminal"));
    let mut line = String::new();
    while !line.starts_with("listening on ") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("it says where it listens") > 0);
    }
    (terminal.master, child, line.trim().to_owned())
}

#[test]
fn the_end_of_its_terminal_ends_it_and_a_signal_alone_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (terminal, mut child, line) = in_a_terminal(&[], folder.path());
    let address: SocketAddr = line["listening on ".len()..].parse().unwrap();
    let hang_up = || {
        let pid = rustix::process::Pid::from_raw(child.process_id().unwrap() as i32).unwrap();
        rustix::process::kill_process(pid, Signal::HUP).unwrap();
    };
    hang_up();
    let mut peer = Peer::connect_to(address);
    peer.send(&json!({"type": "join", "student": "a"}));
    assert_eq!(peer.next()["type"], "welcome");
    hang_up();
    peer.square(3, "x");
    peer.seqs(1);
    drop(terminal);
    assert_eq!(peer.next_of("bye")["reason"], "shutdown");
    assert!(child.wait().unwrap().success());
}

#[test]
fn who_asked_that_it_goes_on_without_its_terminal_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    // As `nohup` does it, which also leads the output elsewhere.
    let (terminal, mut child, line) = in_a_terminal(&["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""], folder.path());
    let address: SocketAddr = line["listening on ".len()..].parse().unwrap();
    drop(terminal);
    // Longer than it takes to look at the terminal.
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(Peer::connect_to(address).hello["type"], "hello");
    child.kill().unwrap();
    child.wait().unwrap();
}
