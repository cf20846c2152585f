//! The files of the ledger are removed, moved, replaced or written over while the server runs: nothing is shown that
//! is not kept, what was shown is not lost, the log says what to do, and where the same files come back the server
//! goes on.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::support::{Peer, Program, command};

const FILES: [&str; 4] = ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.lock"];

/// A server with some results, a student who is in, and what was shown.
struct Running {
    outer: tempfile::TempDir,
    data: PathBuf,
    program: Program,
    peer: Peer,
    shown: Vec<Value>,
}

fn running() -> Running {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let program = Program::start(&data, &["--rate", "0"]);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    let mut shown = Vec::new();
    for n in 0..20 {
        peer.square(n, &format!("before-{n}"));
        shown.push(peer.reply());
    }
    Running { outer, data, program, peer, shown }
}

impl Running {
    /// Asserts that nothing is recorded, however often it is asked for, while all else goes on.
    fn is_refused(&mut self) {
        for attempt in 0..3 {
            self.peer.square(7, "refused");
            let error = self.peer.reply();
            let told = (&error["code"], &error["id"]);
            assert_eq!(told, (&json!("storage_unavailable"), &json!("refused")), "attempt {attempt}: {error}");
        }
        self.peer.send(&json!({"type": "ping"}));
        assert_eq!(self.peer.reply()["type"], "pong");
    }

    fn goes_on(&mut self) {
        self.peer.square(7, "refused");
        let result = self.peer.reply();
        assert_eq!((&result["type"], &result["square"]), (&json!("result"), &json!("49")), "{result}");
        self.shown.push(result);
    }

    /// Stops it, asserts that the log told of it once, and gives what it told.
    fn stopped(self) -> (tempfile::TempDir, PathBuf, Vec<Value>, String) {
        let Self { outer, data, program, peer, shown } = self;
        drop(peer);
        let (status, log) = program.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        let errors: Vec<&str> = log.lines().filter(|line| line.contains("cannot record squares")).collect();
        assert_eq!(errors.len(), 1, "{log}");
        (outer, data, shown, errors[0].to_owned())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Asserts that a ledger is sound and has these results.
fn has(arguments: &[&str], data: &Path, shown: &[Value]) {
    let check = command(data).arg("check").args(arguments).output().unwrap();
    let said = [check.stdout, check.stderr].concat();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&said));
    if arguments.is_empty() {
        let lines = command(data).args(["export", "--jsonl"]).output().unwrap().stdout;
        let lines = String::from_utf8(lines).unwrap();
        let kept: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(kept, shown);
    }
}

#[test]
fn a_folder_that_is_moved_away_is_missed_and_taken_up_again() {
    let mut running = running();
    let away = running.outer.path().join("away");
    for _ in 0..2 {
        fs::rename(&running.data, &away).unwrap();
        running.is_refused();
        fs::rename(&away, &running.data).unwrap();
        running.goes_on();
        running.shown.dedup();
    }
    let (_outer, data, shown, log) = {
        let Running { outer, data, program, shown, .. } = running;
        let (status, log) = program.stop();
        assert_eq!(status.code(), Some(0), "{log}");
        (outer, data, shown, log)
    };
    assert!(log.contains("moved away or replaced") && log.contains("open again"), "{log}");
    has(&[], &data, &shown);
}

#[test]
fn a_folder_that_is_removed_is_missed_and_what_was_shown_is_saved() {
    for recreate in [false, true] {
        let mut running = running();
        fs::remove_dir_all(&running.data).unwrap();
        if recreate {
            fs::create_dir(&running.data).unwrap();
        }
        running.is_refused();
        let (outer, data, shown, told) = running.stopped();
        assert!(told.contains("was removed") && told.contains("SIGTERM"), "{told}");
        let saved: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(saved.len(), 1, "{saved:?}");
        // Who starts it again is told where they are.
        let (_, log) = Program::start(&data, &[]).stop();
        assert!(log.contains("this ledger is new") && log.contains(saved[0].to_str().unwrap()), "{log}");
        let restored = outer.path().join("restored");
        fs::create_dir(&restored).unwrap();
        fs::copy(&saved[0], restored.join("ledger.sqlite3")).unwrap();
        has(&[], &restored, &shown);
    }
}

#[test]
fn another_ledger_in_its_place_is_noticed_and_left_as_it_is() {
    let mut running = running();
    let away = running.outer.path().join("away");
    fs::rename(&running.data, &away).unwrap();
    copy(&away, &running.data);
    let before = fs::read(running.data.join("ledger.sqlite3")).unwrap();
    running.is_refused();
    let (_outer, data, shown, told) = running.stopped();
    assert!(told.contains("replaced"), "{told}");
    assert_eq!(fs::read(data.join("ledger.sqlite3")).unwrap(), before);
    has(&[], &data, &shown);
    has(&[], &away, &shown);
}

#[test]
fn each_file_that_is_removed_or_replaced_is_noticed_and_nothing_is_lost() {
    for file in FILES {
        for replace in [false, true] {
            let mut running = running();
            if replace {
                // The folder has been as it is for a while.
                let before = SystemTime::now() - Duration::from_secs(60);
                fs::File::open(&running.data).unwrap().set_modified(before).unwrap();
                for n in 0..2 {
                    running.peer.square(n, &format!("settled-{n}"));
                    running.shown.push(running.peer.reply());
                }
            }
            let path = running.data.join(file);
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            if replace {
                fs::write(&path, bytes).unwrap();
            }
            running.is_refused();
            let killed = running.outer.path().join("killed");
            if file == "ledger.sqlite3-wal" && !replace {
                // As it is found after a power loss.
                fs::create_dir(&killed).unwrap();
                fs::copy(running.data.join("ledger.sqlite3"), killed.join("ledger.sqlite3")).unwrap();
            }
            let (_outer, data, shown, told) = running.stopped();
            assert!(told.contains(file), "{told}");
            if file == "ledger.sqlite3" {
                continue;
            }
            if killed.exists() {
                has(&[], &killed, &shown);
            }
            has(&[], &data, &shown);
            let program = Program::start(&data, &[]);
            let (mut peer, _) = Peer::join(&program, "a", json!({"backlog": 1000}));
            let replayed: Vec<Value> = shown.iter().map(|_| peer.next_of("result")).collect();
            assert_eq!(replayed, shown, "{file}");
        }
    }
}

#[test]
fn a_copy_that_is_written_over_the_file_is_noticed_and_stays_whole() {
    for raw in [false, true] {
        let mut running = running();
        let kept = running.outer.path().join("kept.sqlite3");
        if raw {
            fs::copy(running.data.join("ledger.sqlite3"), &kept).unwrap();
        } else {
            let done = command(&running.data).arg("backup").arg(&kept).output().unwrap();
            assert!(done.status.success());
        }
        // More than the write-ahead log holds: it was moved into the file meanwhile.
        for n in 0..600 {
            running.peer.square("7".repeat(9_000), &format!("long-{n}"));
            running.shown.push(running.peer.reply());
        }
        fs::copy(&kept, running.data.join("ledger.sqlite3")).unwrap();
        running.is_refused();
        let (_outer, data, _, told) = running.stopped();
        assert!(told.contains("wrote over"), "{told}");
        assert_eq!(fs::read(data.join("ledger.sqlite3")).unwrap(), fs::read(&kept).unwrap());
    }
}

#[test]
fn a_copy_of_all_files_that_is_put_back_over_them_with_their_times_is_noticed() {
    let mut running = running();
    let kept = running.outer.path().join("kept");
    let copy = |from: &Path, to: &Path| {
        let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    copy(&running.data, &kept);
    for n in 0..5 {
        running.peer.square(n, &format!("behind-{n}"));
        running.peer.reply();
    }
    copy(&kept, &running.data);
    running.is_refused();
    let (_outer, data, shown, told) = running.stopped();
    assert!(told.contains("wrote over"), "{told}");
    has(&[], &data, &shown);
}

#[test]
fn a_file_that_is_emptied_is_noticed_and_its_log_is_kept() {
    let mut running = running();
    fs::File::create(running.data.join("ledger.sqlite3")).unwrap();
    running.is_refused();
    let log = running.data.join("ledger.sqlite3-wal");
    assert!(log.metadata().unwrap().len() > 0);
    running.peer.send(&json!({"type": "history"}));
    running.peer.reply();
    let (_outer, _, _, told) = running.stopped();
    assert!(told.contains("wrote over"), "{told}");
    assert!(log.metadata().unwrap().len() > 0);
}

#[test]
fn another_program_that_moves_the_log_disturbs_nothing() {
    let mut running = running();
    for n in 0..3 {
        let other = rusqlite::Connection::open(running.data.join("ledger.sqlite3")).unwrap();
        other.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
        drop(other);
        running.peer.square(n, &format!("after-{n}"));
        running.shown.push(running.peer.reply());
    }
    let Running { outer: _outer, data, program, shown, .. } = running;
    let (_, log) = program.stop();
    assert!(log.contains("whole all the same") && !log.contains("cannot record"), "{log}");
    has(&[], &data, &shown);
}

/// What another program may do to the write-ahead log within the same file.
fn over(log: &Path, how: &str) {
    // A busy server asks for no time, and the clock of files ticks some milliseconds behind.
    let start = SystemTime::now() + Duration::from_millis(5);
    while log.metadata().unwrap().modified().unwrap() <= start {
        write_over(log, how);
    }
}

fn write_over(log: &Path, how: &str) {
    let mut file = fs::File::options().write(true).open(log).unwrap();
    match how {
        "cut" => file.set_len(0).unwrap(),
        "cut in part" => file.set_len(5_000).unwrap(),
        "zeros" => file.write_all(&[0; 8 * 4096]).unwrap(),
        "zeros behind its head" => {
            file.seek(SeekFrom::Start(8192)).unwrap();
            file.write_all(&[0; 4096]).unwrap();
        }
        _ => unreachable!("{how}"),
    }
}

#[test]
fn a_log_that_is_cut_or_written_over_is_noticed_and_what_was_shown_is_saved() {
    for how in ["cut", "cut in part", "zeros", "zeros behind its head"] {
        for again in [false, true] {
            let mut running = running();
            if again {
                // What was recorded before stands in the ledger itself.
                drop(running.peer);
                running.program.stop();
                running.program = Program::start(&running.data, &["--rate", "0"]);
                (running.peer, _) = Peer::join(&running.program, "a", json!({"backlog": 0}));
                for n in 0..5 {
                    running.peer.square(n, &format!("after-{n}"));
                    running.shown.push(running.peer.next_of("result"));
                }
            }
            over(&running.data.join("ledger.sqlite3-wal"), how);
            running.is_refused();
            let (outer, data, shown, told) = running.stopped();
            assert!(told.contains("ledger.sqlite3-wal") && told.contains("cut or wrote over"), "{how}: {told}");
            let files = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path());
            let saved: Vec<_> = files.filter(|path| path.to_string_lossy().contains("saved")).collect();
            assert_eq!(saved.len(), 1, "{how}");
            let restored = outer.path().join("restored");
            fs::create_dir(&restored).unwrap();
            fs::copy(&saved[0], restored.join("ledger.sqlite3")).unwrap();
            has(&[], &restored, &shown);
        }
    }
}

#[test]
fn a_log_that_is_cut_right_before_the_server_is_stopped_is_noticed() {
    let Running { outer: _outer, data, program, peer, shown } = running();
    drop(peer);
    over(&data.join("ledger.sqlite3-wal"), "cut");
    let (status, log) = program.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("cut or wrote over") && log.contains("is saved in"), "{log}");
    let saved = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path());
    let saved = saved.filter(|path| path.to_string_lossy().contains("saved")).max().unwrap();
    fs::remove_file(data.join("ledger.sqlite3-wal")).unwrap();
    fs::rename(saved, data.join("ledger.sqlite3")).unwrap();
    has(&[], &data, &shown);
}

#[test]
fn what_leaves_the_log_whole_disturbs_nothing() {
    let mut running = running();
    let path = running.data.join("ledger.sqlite3-wal");
    for n in 0..6 {
        match n {
            0 => fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now()).unwrap(),
            1 => fs::hard_link(&path, running.outer.path().join("link")).unwrap(),
            _ => {
                // It moves all of the log into the ledger, and empties it.
                let other = rusqlite::Connection::open(running.data.join("ledger.sqlite3")).unwrap();
                other.busy_timeout(Duration::from_secs(10)).unwrap();
                let mode = ["TRUNCATE", "RESTART"][n % 2];
                other.query_row(&format!("PRAGMA wal_checkpoint({mode})"), (), |_| Ok(())).unwrap();
            }
        }
        for more in 0..2 {
            running.peer.square(n, &format!("after-{n}-{more}"));
            let result = running.peer.reply();
            assert_eq!(result["type"], "result", "{n}: {result}");
            running.shown.push(result);
        }
    }
    let Running { outer: _outer, data, program, shown, .. } = running;
    let (_, log) = program.stop();
    assert!(log.contains("whole all the same") && !log.contains("cannot record"), "{log}");
    has(&[], &data, &shown);
}
