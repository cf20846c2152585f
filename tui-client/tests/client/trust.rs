//! Whom a PIN goes to inside TLS: nobody whose certificate was not on a screen, and nobody without its key. The whole
//! program with real servers, and with somebody in between.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::support::pty::Pty;
use crate::support::{Done, Home, Process, SQUARES, Server, run};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};

const PIN: &str = "47113333";

/// A server that asks for PINs inside TLS.
fn server(home: &Home) -> Server {
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin(PIN).unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    Server::start(&["--tls", "self", "--auth", "pin", "--roster", roster.to_str().unwrap()])
}

fn known(home: &Home) -> PathBuf {
    home.state().join("known-servers")
}

fn started(home: &Home, server: &Server, size: (u16, u16), flags: &[&str], environment: &[(&str, &str)]) -> Pty {
    let usual = ["--lang", "en", "--student", "s1", "--tls", "--server", &server.address];
    Pty::start_sized(home, size, SQUARES, &[&usual, flags].concat(), environment)
}

#[test]
fn a_pin_from_the_environment_waits_until_the_certificate_was_looked_at() {
    for (size, flags, inside) in [
        ((80, 24), &[][..], "Nothing squared yet"),
        ((30, 8), &[], "Nothing squared yet"),
        ((80, 24), &["--linear"], "1 online"),
    ] {
        let home = Home::new();
        let server = server(&home);
        let mut pty = started(&home, &server, size, flags, &[("SQUARES_PIN", PIN)]);
        pty.until_shows("SHA256:");
        let shown = pty.until_shows("PIN");
        assert!(!known(&home).exists(), "nobody has said yet that it was seen: {shown}");
        assert!(!shown.contains("가람"), "{shown}");
        pty.type_text("\r");
        pty.until_shows(inside);
        pty.type_text("12\r");
        pty.until_shows("144");
        let kept = std::fs::read_to_string(known(&home)).unwrap();
        assert!(kept.starts_with(&server.address) && kept.lines().count() == 1, "{kept}");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        // From then on nobody is asked.
        let mut pty = started(&home, &server, size, flags, &[("SQUARES_PIN", PIN)]);
        pty.until_shows("144");
        assert!(!pty.all_sent().contains("SHA256:"));
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
    }
}

#[test]
fn a_pin_is_typed_with_the_certificate_on_the_screen() {
    let home = Home::new();
    let server = server(&home);
    let mut pty = started(&home, &server, (80, 24), &[], &[]);
    pty.until_shows("Type your PIN");
    let shown = pty.until_shows("SHA256:");
    assert!(shown.contains("First time at"), "{shown}");
    pty.type_text("k7mq");
    assert!(pty.until_shows("****").contains("SHA256:"));
    assert!(!known(&home).exists());
    pty.type_text("\x7f\x7f\x7f\x7f");
    pty.type_text(PIN);
    pty.type_text("\r");
    pty.until_shows("가람");
    assert!(known(&home).exists());
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn plain_mode_shows_the_certificate_before_a_pin_goes_out_or_sends_none() {
    let home = Home::new();
    let server = server(&home);
    let arguments = ["--student", "s1", "--tls", "--server", &server.address, "12"];
    // Nobody can read what it would show.
    let mut unread = home.squares(&arguments);
    unread.env("SQUARES_PIN", PIN).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(&mut unread);
    drop(process.0.stderr.take());
    assert_eq!(process.exit_code(), Some(3));
    assert!(!known(&home).exists());
    // Piped elsewhere, it stands on the terminal too where the PIN is asked for there.
    let script = format!("{SQUARES} {} 2>{}", arguments.join(" "), home.path().join("errors").display());
    let mut pty = Pty::start_program(&home, "/bin/sh", &["-c", &script], &[]);
    let shown = pty.until_shows("PIN: ");
    assert!(shown.contains("SHA256:"), "{shown}");
    pty.type_text(&format!("{PIN}\r"));
    assert_eq!(pty.exit_code(), 0);
    assert!(pty.all_sent().contains("12² = 144"), "{}", pty.all_sent());
    let errors = std::fs::read_to_string(home.path().join("errors")).unwrap();
    assert!(errors.contains("SHA256:"), "{errors}");
}

/// Gives out one certificate, whatever its key.
#[derive(Debug)]
struct One(Arc<CertifiedKey>);

impl ResolvesServerCert for One {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Somebody with this certificate and this key, who says this and hangs up.
fn somebody(certificate: &Path, key: &Path, says: &'static [u8]) -> String {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let key = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::from_pem_file(key).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_cert_resolver(Arc::new(One(Arc::new(CertifiedKey::new(chain, key)))));
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            if session.complete_io(&mut stream).is_ok() {
                let _ = session.writer().write_all(says);
                session.send_close_notify();
                let _ = session.complete_io(&mut stream);
            }
        }
    });
    address
}

fn square(home: &Home, address: &str, flags: &[&str]) -> Done {
    let arguments = ["--student", "s1", "--server", address, "12"];
    run(home.squares(&[&arguments, flags].concat()).env("SQUARES_PIN", PIN), b"")
}

#[test]
fn nothing_is_remembered_of_who_lacks_the_key_or_never_becomes_a_room() {
    let (one, other, home) = (Server::start(&["--tls", "self"]), Server::start(&["--tls", "self"]), Home::new());
    let file = |server: &Server| server.data().join("tls-self.pem");
    // A certificate is public; its key is not.
    let thief = somebody(&file(&one), &file(&other), b"");
    let done = square(&home, &thief, &["--tls"]);
    assert!(done.code == Some(3) && done.err.contains("not trusted"), "{}", done.err);
    assert!(!known(&home).exists(), "its signature was wrong");
    // One that hangs up before it says hello, and one that is another kind of server.
    for (says, told) in [(&b""[..], "without a word"), (b"HTTP/1.1 400 Bad Request\r\n", "is HTTP")] {
        let done = square(&home, &somebody(&file(&one), &file(&one), says), &["--tls"]);
        assert!(done.code == Some(3) && done.err.contains(told), "{}", done.err);
        assert!(!known(&home).exists());
    }
    // The notice is not lost by it: it comes with the room.
    let done = square(&home, &one.address, &["--tls"]);
    assert!(done.err.contains("first time at") && done.out == "12² = 144\n", "{}", done.err);
}

#[test]
fn nobody_is_told_to_leave_tls_out_where_it_is_expected() {
    let (plain, other, home) = (Server::start(&[]), Server::start(&["--tls", "self"]), Home::new());
    let first = square(&home, &plain.address, &["--tls"]);
    assert!(first.err.contains("leave out --tls"), "{}", first.err);
    std::fs::create_dir_all(home.state()).unwrap();
    for kept in ["SHA256:0102", "root"] {
        std::fs::write(known(&home), format!("{} {kept}", plain.address)).unwrap();
        let done = square(&home, &plain.address, &["--tls"]);
        assert_eq!(done.code, Some(3));
        assert!(done.err.contains("somebody may be in between") && !done.err.contains("leave out"), "{}", done.err);
    }
    std::fs::remove_file(known(&home)).unwrap();
    let root = other.data().join("tls-self.pem");
    let done = square(&home, &plain.address, &["--tls-ca", root.to_str().unwrap()]);
    assert!(done.code == Some(3) && !done.err.contains("leave out"), "{}", done.err);
}

#[test]
fn without_tls_no_pin_goes_to_a_server_that_spoke_it_before() {
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    let hash = squares_server::hash_pin(PIN).unwrap();
    std::fs::write(&roster, format!("id,name,pin\ns1,가람,\"{hash}\"\n")).unwrap();
    let asks = Server::start(&["--auth", "pin", "--roster", roster.to_str().unwrap()]);
    let open = Server::start(&[]);
    std::fs::create_dir_all(home.state()).unwrap();
    for before in ["SHA256:01", "root"] {
        std::fs::write(known(&home), format!("{} {before}\n{} {before}\n", asks.address, open.address)).unwrap();
        let done = square(&home, &asks.address, &[]);
        let told = ["spoke before", "--tls", "known-servers"].iter().all(|word| done.err.contains(word));
        assert!(done.code == Some(3) && done.out.is_empty() && told, "{}", done.err);
        // Where no PIN is asked for, none goes anywhere.
        assert_eq!(square(&home, &open.address, &[]).out, "12² = 144\n");
        assert_eq!(square(&home, &format!("{},{}", asks.address, open.address), &[]).out, "12² = 144\n");
        for (lang, pin, told) in [("en", PIN, "start squares with --tls"), ("ko", "", "--tls로 시작해 주세요")] {
            // On the smallest screen too, before and behind the join.
            let flags = ["--lang", lang, "--server", &asks.address, "--student", "s1"];
            let flags = if pin.is_empty() { &flags[..4] } else { &flags };
            let mut pty = Pty::start_sized(&home, (30, 8), SQUARES, flags, &[("SQUARES_PIN", pin)]);
            let shown = pty.until_shows(told);
            assert!(!shown.contains("가람") && !shown.contains("Type your PIN"), "{shown}");
            pty.type_text("\x03\x03");
            assert_eq!(pty.exit_code(), 0);
        }
    }
    std::fs::write(known(&home), "").unwrap();
    assert_eq!(square(&home, &asks.address, &[]).out, "12² = 144\n", "one that never spoke it gets the PIN");
}

#[test]
fn of_a_root_that_cannot_be_used_no_server_is_blamed() {
    let home = Home::new();
    let empty = home.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for file in ["/nonexistent.pem", empty.to_str().unwrap(), "/"] {
        let done = square(&home, "127.0.0.1:1", &["--tls-ca", file]);
        assert_eq!(done.code, Some(2), "{file}");
        assert!(
            done.err.contains(file) && done.err.contains("--tls-ca") && !done.err.contains("the server at"),
            "{}",
            done.err
        );
    }
}

#[test]
fn a_settings_file_that_was_named_must_be_there_in_plain_mode_too() {
    let (server, home) = (Server::start(&[]), Home::new());
    let done = square(&home, &server.address, &["--config", "/nonexistent.toml"]);
    assert!(done.code == Some(2) && done.err.contains("/nonexistent.toml") && done.out.is_empty(), "{}", done.err);
    let broken = home.path().join("config.toml");
    std::fs::write(&broken, "mouse = maybe\n").unwrap();
    assert_eq!(square(&home, &server.address, &["--config", broken.to_str().unwrap()]).code, Some(2));
    std::fs::write(&broken, "mouse = true\n").unwrap();
    assert_eq!(square(&home, &server.address, &["--config", broken.to_str().unwrap()]).out, "12² = 144\n");
}
