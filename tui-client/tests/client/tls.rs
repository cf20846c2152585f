//! `--tls`: what is trusted, what is refused, and what each side hears that was started the wrong way.

use std::path::PathBuf;

use crate::support::pty::Pty;
use crate::support::{Done, Home, Process, Server, run};

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
fn a_given_root_is_the_only_one_that_is_trusted() {
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

/// A certificate that its own key signed, and its key, as PEM files: one of an authority, as `openssl req -x509`
/// makes it, or not; over or not.
fn self_signed(home: &Home, name: &str, is_authority: bool, is_over: bool) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    if is_authority {
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
    if is_over {
        parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let file = |end: &str, text: String| {
        let path = home.path().join(format!("{name}.{end}"));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (file("crt", parameters.self_signed(&key).unwrap().pem()), file("key", key.serialize_pem()))
}

#[test]
fn a_server_that_shows_the_very_certificate_that_was_given_is_trusted() {
    let home = Home::new();
    for is_authority in [true, false] {
        let (certificate, key) = self_signed(&home, &format!("one{is_authority}"), is_authority, false);
        let (other, _) = self_signed(&home, &format!("other{is_authority}"), is_authority, false);
        let server = Server::start(&["--tls-cert", &certificate, "--tls-key", &key]);
        let address = format!("localhost:{}", server.port());
        let right = square(&home, &address, &["--tls-ca", &certificate]);
        assert_eq!((right.code, &*right.out, &*right.err), (Some(0), "12² = 144\n", ""));
        // Of several that are given, any; not another one, and not for another name.
        let both = home.path().join("both.pem");
        let text = [&other, &certificate].map(|file| std::fs::read_to_string(file).unwrap()).concat();
        std::fs::write(&both, text).unwrap();
        assert_eq!(square(&home, &address, &["--tls-ca", both.to_str().unwrap()]).code, Some(0));
        for (address, given) in [(&address, &other), (&server.address, &certificate)] {
            let wrong = square(&home, address, &["--tls-ca", given]);
            assert!(wrong.code == Some(3) && wrong.err.contains("not trusted"), "{}", wrong.err);
            assert!(!wrong.err.contains("CaUsedAsEndEntity"), "{}", wrong.err);
        }
        let (old, key) = self_signed(&home, "old", is_authority, true);
        let server = Server::start(&["--tls-cert", &old, "--tls-key", &key]);
        let over = square(&home, &format!("localhost:{}", server.port()), &["--tls-ca", &old]);
        assert!(over.code == Some(3) && over.err.contains("expired"), "{}", over.err);
    }
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
    let mut following = Process::start(
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
