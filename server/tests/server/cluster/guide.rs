//! The lines of `docs/cluster.md`, word for word, in a network of their own where the system lets a test have one.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

#[cfg(target_os = "linux")]
use crate::namespaces::{Network, in_own_network};
use crate::support::{PROGRAM, Peer, eventually};

#[test]
fn three_servers_on_one_machine_start_as_the_page_says() {
    let page = include_str!("../../../../docs/cluster.md");
    let begin = page.find("echo 'jetstream").expect("the lines that start them");
    let lines = page[begin..].split("```").next().unwrap();
    assert!(lines.lines().count() <= 10, "{lines}");
    #[cfg(target_os = "linux")]
    match in_own_network("cluster::guide::three_servers_on_one_machine_start_as_the_page_says") {
        Network::Own => return start(lines, 787),
        Network::Done => return,
        Network::Shared => {}
    }
    // Somebody else may have taken these ports: free ones stand in for them, and nothing else is changed.
    let mut lines = lines.to_owned();
    let mut ports = [422, 622, 787];
    for port in &mut ports {
        let free = free_tens();
        assert!(lines.contains(&format!("{port}$n")), "{lines}");
        lines = lines.replace(&format!("{port}$n"), &format!("{free}$n"));
        (1..=3).for_each(|n| lines = lines.replace(&format!(":{port}{n}"), &format!(":{free}{n}")));
        *port = free;
    }
    start(&lines, ports[2]);
}

/// All but the last digit of three free ports that end in 1, 2 and 3.
fn free_tens() -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let tens = std::iter::repeat_with(|| fastrand::u16(2000..2200)).take(1000);
    tens.into_iter().find(|tens| (1..=3).all(|n| is_free(tens * 10 + n))).expect("some ports are free")
}

/// Runs the lines, and squares a number at one of the servers, whose ports begin so.
fn start(lines: &str, ports: u16) {
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
        let addresses: Vec<SocketAddr> =
            (1..=3).map(|n| ports * 10 + n).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
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
