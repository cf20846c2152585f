//! Guests who have nothing but ssh: a real `sshd` on loopback with the text of `assets/sshd_squares.conf`, the real
//! `ssh`, and the real server.

mod crowd;
mod daemon;
mod ways_out;

use daemon::{Daemon, Guest};

use crate::support::{Peer, Server};

/// Somebody who is told of everything in the room.
fn watcher(server: &Server) -> Peer {
    let mut peer = Peer::connect(&server.address);
    peer.hear();
    peer.say(&serde_json::json!({"type": "watch", "backlog": 0}));
    peer.hear_type("welcome");
    peer
}

/// Waits until this student has left.
fn until_left(watcher: &mut Peer, student: &str) {
    loop {
        let presence = watcher.hear_type("presence");
        if presence["left"].as_array().unwrap().iter().any(|left| left == student) {
            return;
        }
    }
}

#[test]
fn a_guest_joins_squares_resizes_and_leaves() {
    let server = Server::start(&[]);
    let daemon = Daemon::start(&server.address);
    let mut guest = Guest::start(&daemon, (80, 24), &[]);
    guest.pty.until_shows("손님 화면입니다.");
    // The name is typed in Hangul, and a command with the keyboard left in Hangul mode.
    guest.pty.type_text("20260001\t가람\r");
    guest.pty.until_shows("접속 1명");
    guest.pty.type_text("12\r");
    guest.pty.until_shows("144");
    guest.pty.resize(100, 30);
    guest.pty.type_text("1234567\r");
    guest.pty.until("the footer below", |screen| screen.rows(0, 100).nth(29).is_some_and(|row| !row.trim().is_empty()));
    guest.pty.until("the square", |screen| screen.contents().replace(',', "").contains("1524155677489"));
    assert_eq!(server.ledger()[0]["name"], "가람");
    guest.pty.type_text("/ㄷ턋\r");
    assert_eq!(guest.pty.exit_code(), 0);
    guest.pty.assert_clean();
    daemon.until_no_guest();
}

#[test]
fn a_guest_whose_connection_is_cut_has_left() {
    let server = Server::start(&[]);
    let daemon = Daemon::start(&server.address);
    let mut watcher = watcher(&server);
    let mut guest = Guest::joined(&daemon, "s1", &[]);
    guest.pty.type_text("12\r");
    guest.pty.until_shows("144");
    guest.pty.kill();
    until_left(&mut watcher, "s1");
    daemon.until_no_guest();
    // So has one whose server goes away for good, once they give up; what they see until then is the loss.
    let mut guest = Guest::joined(&daemon, "s2", &[]);
    drop(server);
    guest.pty.until("the loss", |screen| screen.contents().contains("다시 연결"));
    guest.pty.type_text("/exit\r");
    assert_eq!(guest.pty.exit_code(), 0);
    daemon.until_no_guest();
}
