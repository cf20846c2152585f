//! What stands under a file's name is not always a file, and not always the owner's alone; and what a roster's
//! columns were taken for is on the log, as is whoever it keeps out.

#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Peer, Program, command, eventually};

fn pipe(at: &Path) {
    assert!(Command::new("mkfifo").arg(at).status().unwrap().success());
}

/// Starts the program with these arguments, and asserts that it ends with a sentence that names this and says what it
/// is.
fn refused(data: &Path, arguments: &[&str], named: &str, what: &str) {
    let done = command(data).args(arguments).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    let last = said.trim_end().lines().last().unwrap_or_default();
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(last.contains(named) && last.contains(what), "{arguments:?}: {said}");
}

#[test]
fn a_named_pipe_in_place_of_any_file_is_told_at_once() {
    let outer = tempfile::tempdir().unwrap();
    let at = |name: &str| outer.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    pipe(&at("pipe"));
    symlink("pipe", at("link")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    let serve = ["--listen", "127.0.0.1:0"];
    for (name, what) in [("pipe", "a named pipe"), ("link", "a named pipe"), ("folder", "a folder")] {
        let file = text(name);
        for flag in ["--roster", "--tls-cert"] {
            let more = [flag, &file, "--tls-key", &file];
            let more = if flag == "--roster" { &more[..2] } else { &more[..] };
            refused(&at("data"), &[&serve, more].concat(), name, what);
        }
        refused(&at("data"), &["check", &file], name, "and not a file");
        let (out, sheet) = (text("out"), text("sheet"));
        refused(&at("data"), &["roster", "--make-pins", &file, &out, "--sheet", &sheet], name, what);
        refused(&at("data"), &["backup", &file], name, "");
    }
    refused(&at("data"), &[&serve[..], &["--roster", "/dev/zero"]].concat(), "/dev/zero", "a device");
    for file in ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.lock"] {
        let data = at(&format!("with-{file}"));
        fs::create_dir(&data).unwrap();
        pipe(&data.join(file));
        refused(&data, &serve, file, "and not a file");
    }
    fs::write(at("file"), "x").unwrap();
    refused(&at("file"), &serve, "file", "--data");
    refused(&at("data"), &["check", &text("file")], "file", "is not a ledger of Squares");
}

#[test]
fn the_lock_file_never_follows_a_link() {
    let outer = tempfile::tempdir().unwrap();
    let (data, target) = (outer.path().join("data"), outer.path().join("target"));
    fs::create_dir(&data).unwrap();
    symlink(&target, data.join("ledger.lock")).unwrap();
    refused(&data, &["--listen", "127.0.0.1:0"], "ledger.lock", "a link");
    fs::write(&target, "something").unwrap();
    refused(&data, &["--listen", "127.0.0.1:0"], "ledger.lock", "a link");
    assert_eq!(fs::read(&target).unwrap(), b"something");
}

#[test]
fn what_others_could_use_is_for_its_owner_alone_afterwards() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let files = ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.lock", "tls-self.pem"];
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    let program = Program::start(&data, &["--tls", "self"]);
    assert_eq!(files.map(|file| mode(&data.join(file))), [0o600; 5]);
    program.kill();
    for file in files {
        fs::set_permissions(data.join(file), Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(&data, Permissions::from_mode(0o777)).unwrap();
    let program = Program::start(&data, &["--tls", "self"]);
    assert_eq!(files.map(|file| mode(&data.join(file))), [0o600; 5]);
    assert_eq!(mode(&data), 0o700);
    let (_, log) = program.stop();
    assert_eq!(log.matches("for its owner alone now").count(), 5, "{log}");
}

#[test]
fn a_ledger_that_a_link_leads_to_is_used_where_it_lies() {
    let outer = tempfile::tempdir().unwrap();
    let (data, there) = (outer.path().join("data"), outer.path().join("there"));
    fs::create_dir(&data).unwrap();
    fs::create_dir(&there).unwrap();
    symlink(there.join("l"), data.join("ledger.sqlite3")).unwrap();
    for seq in 1..3 {
        let program = Program::start(&data, &[]);
        let (mut peer, _) = Peer::join(&program, "a", json!({"backlog": 0}));
        peer.square(7, &format!("r{seq}"));
        assert_eq!(peer.seqs(1), [seq]);
        assert!(there.join("l-wal").exists());
    }
}

#[test]
fn a_roster_that_cannot_be_read_again_leaves_the_old_one_and_the_end_waits_for_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let roster = outer.path().join("roster.csv");
    fs::write(&roster, "학번,이름\ns1,가람\n").unwrap();
    let mut command = command(&outer.path().join("data"));
    command.args(["--listen", "127.0.0.1:0", "--roster", roster.to_str().unwrap()]);
    let log = outer.path().join("log");
    command.stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let program = Program::start_as(command);
    let logged = |what: &str| eventually(what, || fs::read_to_string(&log).unwrap().contains(what));
    fs::remove_file(&roster).unwrap();
    pipe(&roster);
    program.signal(Signal::HUP);
    logged("a named pipe");
    fs::remove_file(&roster).unwrap();
    fs::write(&roster, "").unwrap();
    program.signal(Signal::HUP);
    logged("it is empty");
    assert_eq!(fs::read_to_string(&log).unwrap().matches("stays in force").count(), 2);
    Peer::join(&program, "s1", json!({}));
    fs::write(&roster, "학번,이름\ns2,나래\n").unwrap();
    program.signal(Signal::HUP);
    logged("was read again");
    assert_eq!(Peer::join(&program, "s2", json!({})).1["student"]["name"], "나래");
    assert_eq!(program.stop().0.code(), Some(0));
}

#[test]
fn what_was_taken_for_what_and_who_was_kept_out_is_on_the_log() {
    let outer = tempfile::tempdir().unwrap();
    let roster = outer.path().join("roster.csv");
    let canvas = "Student,ID,SIS User ID,SIS Login ID\n    Points Possible,,,\n\"Sample, A\",7,20260001,a@b\n";
    fs::write(&roster, canvas).unwrap();
    let program = Program::start(&outer.path().join("data"), &["--roster", roster.to_str().unwrap()]);
    assert_eq!(Peer::join(&program, "20260001", json!({})).1["student"]["name"], "Sample, A");
    let mut peer = Peer::connect(&program);
    for (id, code) in [("7", "not_on_roster"), ("2026 0001", "bad_student")] {
        peer.send(&json!({"type": "join", "student": id}));
        assert_eq!(peer.next()["code"], code);
    }
    let (_, log) = program.stop();
    let line = |what: &[&str]| log.lines().any(|line| what.iter().all(|what| line.contains(what)));
    assert!(line(&["id: \"SIS User ID\"", "name: \"Student\"", "department: none", "students=1"]), "{log}");
    assert!(line(&["have no id", "lines=\"2\""]), "{log}");
    assert!(
        line(&["refused", "tried=\"7\"", "not_on_roster"]) && line(&["tried=\"2026 0001\"", "bad_student"]),
        "{log}"
    );
}
