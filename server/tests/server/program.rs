//! The program: its flags and their environment, its one line of output, its signals, and its exit codes.

#[cfg(unix)]
mod terminal;

use std::{
    io::Read as _,
    process::{Command, Output},
};

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::json;

#[cfg(target_os = "linux")]
use crate::support::{PROGRAM, command_by};
use crate::support::{Peer, Program, command, ended_well, eventually, open, server};

/// Runs the program to its end.
fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// Runs it to its end, and checks its exit code and the last line of its log.
fn check_end(command: &mut Command, code: i32, last_line: &str) {
    let output = run(command);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{log}");
    assert!(output.stdout.is_empty(), "standard output is for the address alone");
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains(last_line), "{last:?} lacks {last_line:?}");
}

#[test]
fn help_and_version_are_no_failures() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--help", "--version"] {
        let output = run(command(folder.path()).arg(flag));
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("quares"));
    }
}

#[test]
fn bad_usage_exits_with_2_and_what_cannot_start_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let code = |flags: &[&str]| run(command(data).args(flags)).status.code();
    assert_eq!(code(&["--nonsense"]), Some(2));
    assert_eq!(code(&["--rate", "fast"]), Some(2));
    assert_eq!(code(&["--auth", "maybe"]), Some(2));
    assert_eq!(code(&["--auth", "roster"]), Some(2), "a roster is missing");
    assert_eq!(run(command(data).env("SQUARES_BURST", "0")).status.code(), Some(2));

    check_end(command(data).args(["--listen", "nowhere.invalid:1"]), 1, "--listen");
    check_end(command(data).args(["--listen", "7921"]), 2, "write 127.0.0.1:7921 for this machine alone");
    check_end(command(data).args(["--listen", ":7921"]), 2, "or 0.0.0.0:7921");
    for bad in ["127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x", "http://127.0.0.1:0", "[::1:0", ""] {
        check_end(command(data).args(["--listen", bad]), 2, "given with --listen");
    }
    check_end(command(data).args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1"]), 2, "--metrics");
    check_end(command(data).args(["--listen", "127.0.0.1:0", "--roster", "/nonexistent/roster.csv"]), 1, "--roster");
    let roster = data.join("roster.csv");
    std::fs::write(&roster, "\u{feff}학번,이름\r\ns1,가람\r\n\"s2\r\n").unwrap();
    let unclosed = "line 3: a quote opens there and is never closed";
    check_end(command(data).args(["--listen", "127.0.0.1:0", "--roster"]).arg(&roster), 1, unclosed);
    let file = data.join("file");
    std::fs::write(&file, "x").unwrap();
    check_end(command(&file).args(["--listen", "127.0.0.1:0"]), 1, "--data");
    let program = Program::start(data, &[]);
    check_end(command(&data.join("other")).args(["--listen", &program.address.to_string()]), 1, "--listen");
    check_end(command(data).args(["--listen", "127.0.0.1:0"]), 1, "in use by another server");
}

#[test]
fn a_ledger_that_is_damaged_or_newer_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite3");
    std::fs::write(&ledger, "not a ledger at all").unwrap();
    check_end(command(folder.path()).args(["--listen", "127.0.0.1:0"]), 1, "damaged");
    assert_eq!(std::fs::read(&ledger).unwrap(), b"not a ledger at all");
}

#[test]
fn every_flag_can_be_set_by_the_environment_and_a_flag_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roster.json"), r#"[{"id":"s1","name":"가람","department":"수학"}]"#).unwrap();
    let mut child = command(folder.path())
        .env("SQUARES_LISTEN", "127.0.0.1:0")
        .env("SQUARES_ROSTER", folder.path().join("roster.json"))
        .env("SQUARES_RATE", "7")
        .env("SQUARES_BURST", "8")
        .env("SQUARES_DIGIT_RATE", "1234")
        .env("SQUARES_MAX_PER_STUDENT", "1")
        .env("SQUARES_MAX_DIGITS", "9")
        .env("SQUARES_MAX_LINE", "1000")
        .args(["--burst", "11"])
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut line = [0; 64];
    let count = out.read(&mut line).unwrap();
    let line = String::from_utf8_lossy(&line[..count]).into_owned();
    let address = line.strip_prefix("listening on ").unwrap().trim().parse().unwrap();
    let mut peer = Peer::connect_to(address);
    assert_eq!(peer.hello["auth"], "roster");
    assert_eq!(peer.hello["limits"], json!({"line": 1000, "digits": 9, "rate": 7, "burst": 11, "digit_rate": 1234}));
    peer.send(&json!({"type": "join", "student": "s2"}));
    assert_eq!(peer.reply()["code"], "not_on_roster");
    peer.send(&json!({"type": "join", "student": "s1", "name": "Another"}));
    assert_eq!(peer.reply()["student"], json!({"id": "s1", "name": "가람", "department": "수학"}));
    let mut second = Peer::connect_to(address);
    second.send(&json!({"type": "join", "student": "s1"}));
    assert_eq!(second.reply()["code"], "too_many_terminals");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line of output, and nothing else");
}

#[test]
#[cfg(unix)]
fn sigterm_and_sigint_end_it_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let (program, folder) = server(&["--rate", "0"]);
        let (mut peer, _) = Peer::join(&program, "a", json!({}));
        for number in 0..100 {
            peer.square(number, &number.to_string());
        }
        peer.seqs(1);
        program.signal(signal);
        let mut seen = 1;
        let bye = loop {
            let message = peer.next();
            match message["type"].as_str() {
                Some("result") => seen += 1,
                Some("bye") => break message,
                _ => {}
            }
        };
        assert_eq!(bye["reason"], "shutdown");
        peer.closed();
        let (status, log) = program.stop();
        assert_eq!(status.code(), Some(0));
        assert!(log.lines().last().unwrap().contains("closed"), "{log}");
        // What was accepted is what was told before the goodbye.
        let program = Program::start(folder.path(), &[]);
        assert_eq!(Peer::connect(&program).hello["latest"], seen);
    }
}

/// Whatever number of threads the system gives: it starts, or says that they are too few. Only root may become
/// somebody who has none.
#[test]
#[cfg(target_os = "linux")]
fn threads_that_cannot_be_had_are_an_error_and_never_a_panic() {
    /// Nobody's, and no other program's that runs here.
    const USER: u32 = 54_321;
    if !rustix::process::getuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (program, data) = (folder.path().join("squares-server"), folder.path().join("data"));
    std::fs::copy(PROGRAM, &program).unwrap();
    std::fs::create_dir(&data).unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).unwrap();
    std::os::unix::fs::chown(&data, Some(USER), Some(USER)).unwrap();
    let with = |threads: u32| {
        let mut command = command_by("setpriv", &data);
        command.args([format!("--reuid={USER}"), format!("--regid={USER}")]).args(["--clear-groups", "prlimit"]);
        command.arg(format!("--nproc={threads}")).arg(&program).args(["--listen", "127.0.0.1:0"]);
        Program::try_start_as(command)
    };
    for threads in [1, 2, 3, 7, 12] {
        let why = with(threads).err().unwrap_or_else(|| panic!("it runs with {threads} threads"));
        assert!(why.contains("exit status: 1") && !why.contains("panicked"), "{why}");
        assert!(why.trim_end().ends_with("or TasksMax of the unit)"), "{why}");
    }
    // With as many as the unit allows, all of it works.
    let program = with(64).unwrap();
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    peer.square("7".repeat(5000), "x");
    peer.send(&json!({"type": "history"}));
    peer.next_of("history");
    drop(peer);
    assert_eq!(program.stop().0.code(), Some(0));
}

/// Where it is killed in place of being stopped, most of its log is not yet written.
#[test]
#[cfg(unix)]
fn a_flood_of_visits_leaves_a_log_of_bounded_length() {
    const VISITS: usize = 4000;
    let (program, _folder) = server(&[]);
    let since = std::time::Instant::now();
    let mut visits = 0;
    while visits < VISITS {
        if std::net::TcpStream::connect(program.address).is_ok() {
            visits += 1;
        }
    }
    // It has seen all those before this one.
    drop(Peer::connect(&program));
    let (_, log) = program.stop();
    // Two thousand at once, a hundred a second, and a line a second about those that are missing.
    let allowed = 2000 + 101 * (since.elapsed().as_secs() as usize + 1) + 10;
    let lines = log.lines().count();
    assert!(lines < allowed, "{lines} lines of {allowed}");
    let left_out =
        log.lines().filter(|line| line.ends_with("left out: more came than are written in a second")).count();
    assert!(left_out > 0 || allowed > 2 * VISITS, "{lines} lines, and none left out");
    assert!(log.lines().rev().take(3).any(|line| line.contains("closed") || line.contains("left out")), "{log}");
}

#[test]
fn the_log_names_who_came_and_never_a_number() {
    let (program, _folder) = server(&[]);
    let (mut peer, _) = Peer::join(&program, "sample-1", json!({"pin": "sesamesesame"}));
    peer.square(987_654_321, "r");
    peer.seqs(1);
    peer.square("not-987654321", "r2");
    peer.reply();
    drop(peer);
    let (_, log) = program.stop_once_logged("left");
    for word in ["connected", "joined", "refused", "left"] {
        assert_eq!(log.lines().filter(|line| line.contains(word)).count(), 1, "{word} in {log}");
    }
    assert!(log.contains("sample-1"));
    assert!(!log.contains("987654321") && !log.contains("sesamesesame"), "{log}");
}

#[test]
#[cfg(unix)]
fn a_log_that_nobody_reads_holds_nobody_up() {
    let (program, _folder) = server(&[]);
    // Far more than a pipe holds; the test reads none of it before the end.
    for visit in 0..1000 {
        let mut peer = Peer::connect(&program);
        peer.send_raw(
            format!("{{\"type\":\"join\",\"student\":\"visitor-{visit}\"}}\n{{\"type\":\"leave\"}}\n").as_bytes(),
        );
        peer.next_of("bye");
    }
    program.signal(Signal::TERM);
    eventually("it has ended", || std::net::TcpStream::connect(program.address).is_err());
    assert_eq!(program.stop().0.code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_cannot_be_written_is_no_reason_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for log in [std::process::Stdio::from(full), std::process::Stdio::from(closed)] {
        let mut command = command(folder.path());
        command.args(["--listen", "127.0.0.1:0"]).stderr(log);
        let program = Program::start_as(command);
        let (mut peer, _) = Peer::join(&program, "a", json!({"backlog": 0}));
        peer.square(3, "");
        assert_eq!(peer.reply()["code"], "bad_message");
        drop(peer);
        assert_eq!(program.stop().0.code(), Some(0));
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_counts_as_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(["--listen", "127.0.0.1:0"]);
    let names = ["ROSTER", "AUTH", "RATE", "BURST", "DIGIT_RATE", "MAX_DIGITS", "MAX_LINE", "MAX_CONNECTIONS"];
    for name in names.into_iter().chain(["MAX_PER_ADDRESS", "MAX_PER_STUDENT", "METRICS", "TLS", "TLS_CERT", "TLS_KEY"])
    {
        command.env(format!("SQUARES_{name}"), "");
    }
    let program = Program::start_as(command);
    let limits = json!({"line": 65536, "digits": 10000, "rate": 20, "burst": 50, "digit_rate": 20000});
    assert_eq!(Peer::connect(&program).hello["limits"], limits);
}

#[test]
#[cfg(unix)]
fn sighup_reads_the_roster_again_or_keeps_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::write(&roster, "\u{feff}학번,이름\ns1,가람\n").unwrap();
    let program = Program::start(folder.path(), &["--roster", roster.to_str().unwrap()]);
    let (mut inside, _) = Peer::join(&program, "s1", json!({}));
    let is_on_roster = |id: &str| {
        let mut peer = Peer::connect(&program);
        peer.send(&json!({"type": "join", "student": id}));
        peer.reply()["type"] == "welcome"
    };
    assert!(is_on_roster("s1") && !is_on_roster("s2"));
    std::fs::write(&roster, "id,name\ns2,나래\n").unwrap();
    program.signal(Signal::HUP);
    eventually("the new roster is in force", || is_on_roster("s2"));
    assert!(!is_on_roster("s1"));
    inside.square(3, "r");
    assert_eq!(inside.seqs(1), [1], "who is in stays");

    std::fs::write(&roster, "").unwrap();
    program.signal(Signal::HUP);
    assert!(is_on_roster("s2"));
    let (_, log) = program.stop();
    assert!(log.contains("stays in force"), "{log}");
}

#[test]
fn a_roster_that_has_changed_is_read_without_being_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let roster = at("roster.csv");
    std::fs::write(&roster, "id\ns1\n").unwrap();
    let program = Program::start(&at("data"), &["--roster", roster.to_str().unwrap()]);
    let is_on_roster = |id: &str| {
        let mut peer = Peer::connect(&program);
        peer.send(&json!({"type": "join", "student": id}));
        peer.reply()["type"] == "welcome"
    };
    assert!(is_on_roster("s1") && !is_on_roster("s2"));
    std::fs::write(&roster, "id\ns1\ns2\n").unwrap();
    eventually("what was written is in force", || is_on_roster("s2"));
    // As editors and other careful programs write: beside it, and then over it.
    std::fs::write(at("new.csv"), "id\ns1\ns3\n").unwrap();
    // For as long as the server reads it, wine lets nobody put another in its place.
    eventually("it is put there", || std::fs::rename(at("new.csv"), &roster).is_ok());
    eventually("what was moved there is in force", || is_on_roster("s3"));
    assert!(!is_on_roster("s2"));
    // One that is gone, or cannot be used, leaves the old one in force; the next that can be is taken.
    std::fs::remove_file(&roster).unwrap();
    // As long as the server looks at it, wine keeps its name.
    eventually("it is gone", || !roster.exists());
    std::fs::write(&roster, "").unwrap();
    assert!(is_on_roster("s3"));
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(is_on_roster("s3"));
    std::fs::write(&roster, "id\ns4\n").unwrap();
    eventually("it is mended", || is_on_roster("s4"));
    let (_, log) = program.stop();
    assert_eq!(log.matches("stays in force").count(), 1, "said once: {log}");
}

#[test]
fn a_connection_that_says_nothing_does_not_hold_up_the_end() {
    let (program, _folder) = server(&[]);
    let (_silent, _lines) = open(program.address);
    let (_joined, _) = Peer::join(&program, "a", json!({}));
    let (status, _) = program.stop();
    assert!(ended_well(status));
}

/// The folder is made with its parents, for its owner alone.
#[test]
#[cfg(unix)]
fn the_data_folder_is_made_where_it_is_missing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a").join("b");
    let program = Program::start(&data, &[]);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    program.kill();
}
