//! `--tls`: what is believed, what is refused, and what each side hears that was started the wrong way.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;

use support::pty::Pty;
use support::{Done, Home, Server, run};

/// Squares 12 there, with these flags.
fn square(home: &Home, address: &str, flags: &[&str]) -> Done {
    let all: Vec<&str> =
        ["--student", "s1", "--server", address, "12"].into_iter().chain(flags.iter().copied()).collect();
    run(&mut home.squares(&all), b"")
}

fn known(home: &Home) -> PathBuf {
    home.state().join("known-servers")
}

#[test]
fn the_first_certificate_is_shown_and_kept_and_another_one_is_refused_until_it_is_accepted() {
    let (server, home) = (Server::start(&["--tls", "self"]), Home::new());
    let first = square(&home, &server.address, &["--tls"]);
    assert_eq!((first.code, &*first.out), (Some(0), "12² = 144\n"), "{}", first.err);
    assert!(first.err.contains("first time") && first.err.contains("SHA256:"), "{}", first.err);
    let kept = std::fs::read_to_string(known(&home)).unwrap();
    assert!(kept.starts_with(&server.address) && kept.lines().count() == 1, "{kept}");
    let again = square(&home, &server.address, &["--tls"]);
    assert_eq!((again.code, &*again.err), (Some(0), ""));

    // As if another server were there, or somebody in between.
    let other = kept.replace("SHA256:", "SHA256:00:");
    std::fs::write(known(&home), &other).unwrap();
    let changed = square(&home, &server.address, &["--tls"]);
    assert_eq!(changed.code, Some(3));
    for told in ["changed", "somebody may be in between", "known-servers"] {
        assert!(changed.err.contains(told), "{}", changed.err);
    }
    assert_eq!(std::fs::read_to_string(known(&home)).unwrap(), other, "it is not accepted by itself");
    std::fs::remove_file(known(&home)).unwrap();
    assert_eq!(square(&home, &server.address, &["--tls"]).code, Some(0));
}

#[test]
fn a_given_root_is_the_only_one_that_is_believed() {
    let (server, other, home) = (Server::start(&["--tls", "self"]), Server::start(&["--tls", "self"]), Home::new());
    let root = |server: &Server| server.data().join("tls-self.pem").to_str().unwrap().to_owned();
    // The certificate is for `localhost`.
    let address = format!("localhost:{}", server.port());
    let right = square(&home, &address, &["--tls-ca", &root(&server)]);
    assert_eq!((right.code, &*right.err), (Some(0), ""));
    let wrong = square(&home, &address, &["--tls-ca", &root(&other)]);
    assert!(wrong.code == Some(3) && wrong.err.contains("not trusted"), "{}", wrong.err);
    let none = square(&home, &address, &["--tls-ca", "/nonexistent.pem"]);
    assert!(none.code == Some(2) && none.err.contains("/nonexistent.pem"), "{}", none.err);
    assert!(!known(&home).exists());
}

#[test]
fn each_side_hears_that_the_other_was_started_differently() {
    let (plain, secret, home) = (Server::start(&[]), Server::start(&["--tls", "self"]), Home::new());
    let wants = square(&home, &secret.address, &[]);
    assert!(wants.code == Some(3) && wants.err.contains("add --tls"), "{}", wants.err);
    let speaks_none = square(&home, &plain.address, &["--tls"]);
    assert!(speaks_none.code == Some(3) && speaks_none.err.contains("leave out --tls"), "{}", speaks_none.err);
}

#[test]
fn the_room_and_following_work_inside_tls() {
    let (server, home) = (Server::start(&["--tls", "self"]), Home::new());
    let mut pty = Pty::start(&home, &["--lang", "en", "--student", "s1", "--server", &server.address, "--tls"]);
    pty.until_shows("First time at");
    pty.type_text("12\r");
    pty.until_shows("12² = 144");
    let mut following = support::Process::start(
        home.squares(&["--follow", "--tls", "--student", "s2", "--server", &server.address])
            .stdout(std::process::Stdio::piped()),
    );
    let lines = following.stdout_lines();
    pty.until_shows("s2");
    pty.type_text("-5\r");
    assert!(lines.next().contains("(-5)² = 25"));
    following.signal(rustix::process::Signal::TERM);
    assert_eq!(following.exit_code(), Some(0));
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}
