//! Servers of one room with different rosters.

use super::nats::Nats;

#[test]
fn servers_with_different_rosters_say_so() {
    let nats = Nats::start(1);
    let [rosters, folders] = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let node = |name: &str, roster: Option<&str>| {
        let file = rosters.path().join(format!("{name}.csv"));
        let mut flags = Vec::new();
        if let Some(roster) = roster {
            std::fs::write(&file, roster).unwrap();
            flags.extend(["--roster", file.to_str().unwrap()]);
        }
        nats.node(&folders.path().join(name), &flags)
    };
    let mut first = node("first", Some("id,name\ns1,S\n"));
    let same = node("same", Some("id,name\ns1,S\n"));
    let mut other = node("other", Some("id,name\ns1,S\ns2,S\n"));
    let warning = "another server of the cluster has another roster";
    let log = first.until_logged(warning);
    let warned = |log: &str, address: std::net::SocketAddr| {
        log.lines().any(|line| line.contains(warning) && line.contains(&address.to_string()))
    };
    assert!(warned(&log, other.address) && !warned(&log, same.address), "{log}");
    other.until_logged(warning);
    let mut none = node("none", None);
    none.until_logged(warning);
}
