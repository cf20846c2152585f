//! `squares --present` in a real terminal, against the real server and a scripted one.

use serde_json::{Value, json};

use crate::support::fake::Fake;
use crate::support::pty::Pty;
use crate::support::{Home, Server, run};

#[test]
fn the_wall_needs_nobody_tells_nobody_and_goes_on_after_a_loss() {
    let mut server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address, "--present"]);
    pty.until_shows(&format!("squares --server {}", server.address));
    pty.until_shows("0 online");
    server.square_as("s1", "12");
    pty.until_shows("12² = 144");
    server.kill();
    pty.until_shows("retrying");
    server.start_again();
    server.square_as("s2", "31");
    pty.until_shows("31² = 961");
    assert!(pty.contents().contains("12² = 144"), "{}", pty.contents());
    pty.resize(40, 10);
    pty.until_shows("31² = 961");
    pty.type_text("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
    let numbers: Vec<Value> = server.ledger();
    assert_eq!(numbers.len(), 2, "the wall squares nothing");
    assert!(!home.outbox().exists(), "it keeps nothing");
}

#[cfg(target_os = "linux")]
#[test]
fn stopped_and_continued_the_wall_takes_the_terminal_again_asks_again_and_paints_all_of_it() {
    use rustix::process::Signal;

    let server = Server::start(&[]);
    let home = Home::new();
    let mut pty = Pty::start(&home, &["--server", &server.address, "--present", "--theme", "auto"]);
    server.square_as("s1", "12");
    pty.until_shows("12² = 144");
    for (by_key, number, square) in [(false, "13", "13² = 169"), (true, "14", "14² = 196")] {
        if by_key {
            pty.type_text("\x1a");
        } else {
            pty.signal(Signal::TSTP);
        }
        pty.until_state('T');
        pty.until("the first screen", |screen| !screen.alternate_screen());
        pty.assert_clean();
        server.square_as("s2", number);
        let before = pty.sent();
        pty.signal(Signal::CONT);
        for sequence in ["\x1b[?1049h", "\x1b[?25l", "\x1b]11;?", "\x1b[2J"] {
            pty.until_sent(sequence, before);
        }
        pty.until_shows(square);
        pty.until_shows("12² = 144");
    }
    pty.type_text("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
}

#[test]
fn a_room_that_only_students_may_see_is_said_and_ends_the_wall() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut pty = Pty::start(&home, &["--server", &fake.address(), "--present"]);
    let mut peer = fake.accept();
    peer.hello("a", 0);
    let watch = peer.hear_type("watch");
    assert_eq!((&watch["student"], &watch["backlog"]), (&Value::Null, &json!(1_000)));
    peer.say(&json!({"type": "error", "code": "not_allowed", "message": "Only students may see this."}));
    assert_eq!(pty.exit_code(), 3);
    assert!(pty.all_sent().contains("squares: Only students may see this."), "{}", pty.all_sent());
    pty.assert_clean();
}

#[test]
fn what_makes_no_sense_beside_the_wall_is_refused_in_a_sentence() {
    let home = Home::new();
    for (arguments, why) in [
        (&["--present", "5"][..], "takes no numbers"),
        (&["--present", "--json"], "--json"),
        (&["--present", "--follow"], "--follow"),
        (&["--present", "--linear"], "--follow"),
        (&["--present", "--guest"], "--guest"),
        (&["--present"], "needs a terminal"),
    ] {
        let done = run(&mut home.squares(arguments), b"");
        assert_eq!(done.code, Some(2), "{arguments:?}");
        assert!(done.err.contains(why), "{arguments:?}: {}", done.err);
    }
    let mut pty = Pty::start_program(&home, crate::support::SQUARES, &["--present"], &[("TERM", "dumb")]);
    assert_eq!(pty.exit_code(), 2);
}
