//! The lines of `docs/cluster.md`, word for word.

use std::{
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

use crate::support::{PROGRAM, Peer, eventually};

#[test]
fn three_servers_on_one_machine_start_as_the_page_says() {
    let page = include_str!("../../../../docs/cluster.md");
    let begin = page.find("echo 'jetstream").expect("the lines that start them");
    let lines = page[begin..].split("```").next().unwrap();
    assert!(lines.lines().count() <= 10, "{lines}");
    let folder = tempfile::tempdir().unwrap();
    let programs = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    let nats = std::env::var("NATS_SERVER").ok();
    let nats = nats.as_deref().and_then(|nats| Path::new(nats).parent()?.to_str()).unwrap_or_default();
    let path = format!("{programs}:{nats}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh")
        .args(["-c", &format!("{lines}\nwait")])
        .current_dir(folder.path())
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = Pid::from_child(&shell);
    let found = std::panic::catch_unwind(|| {
        let addresses: Vec<SocketAddr> = (7871..=7873).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        for address in &addresses {
            eventually("it listens", || TcpStream::connect(address).is_ok());
        }
        let mut peers: Vec<Peer> = addresses.iter().map(|&address| Peer::connect_to(address)).collect();
        for peer in &mut peers {
            peer.send(&json!({"type": "join", "student": "a"}));
        }
        peers[0].square("12", "1");
        for peer in &mut peers {
            assert_eq!(peer.next_of("result")["square"], "144");
        }
    });
    kill_process_group(group, Signal::KILL).unwrap();
    shell.wait().unwrap();
    found.unwrap();
}
