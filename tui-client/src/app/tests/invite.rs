//! What `/join` says, by what the server told.

use squares_shared::message::{Invite, SshAccount};

use super::*;

fn said(invite: Option<Invite>) -> String {
    let (mut room, _) =
        Stage::start(Setup { student: Some("me".into()), server: Some("192.0.2.9:7878".into()), ..setup() });
    room.link(LinkEvent::Connecting("192.0.2.9:7878".into()));
    room.link(LinkEvent::Hello { hello: hello(Auth::Open), hosting: false });
    room.link(LinkEvent::Joined { welcome: Welcome { invite, ..welcome(0, 0, 0) }, continues: Continues::Anew });
    room.enter("/join");
    room.app.status.notices.current().map(|notice| notice.text.clone()).unwrap_or_default()
}

fn invite(servers: &[&str], fingerprint: Option<&str>, ssh: &[&str]) -> Option<Invite> {
    let account = |host: &&str| SshAccount { user: "squares".into(), host: (*host).into(), port: 22 };
    Some(Invite {
        servers: servers.iter().map(|&server| server.to_owned()).collect(),
        fingerprint: fingerprint.map(str::to_owned),
        ssh: ssh.iter().map(account).collect(),
    })
}

#[test]
fn join_says_every_way_that_is_on() {
    assert_eq!(said(None), "Others join with: squares --server 192.0.2.9:7878");
    assert_eq!(
        said(invite(&["192.0.2.7:7878"], Some("SHA256:01"), &["192.0.2.7"])),
        "Others join with: squares --server 192.0.2.7:7878 --tls; ssh squares@192.0.2.7 Fingerprint: SHA256:01"
    );
    assert_eq!(said(invite(&["127.0.0.1:1"], None, &["192.0.2.7"])), "Others join with: ssh squares@192.0.2.7");
    assert_eq!(
        said(invite(&["127.0.0.1:7878"], None, &[])),
        "Only this machine can join: squares --server 127.0.0.1:7878. For others, open the room with squares-server \
         --listen 0.0.0.0:7878."
    );
}

#[test]
fn of_a_machine_with_many_addresses_the_likeliest_are_said() {
    let many = said(invite(&["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1", "192.0.2.5:1"], None, &["a"]));
    assert!(many.contains("192.0.2.3:1") && !many.contains("192.0.2.4:1") && many.contains("ssh squares@a"), "{many}");
}
