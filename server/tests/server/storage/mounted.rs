//! A disk of a few megabytes that is really full. It is mounted in a namespace of its own, which some systems let
//! nobody make: there the test says so and does nothing.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::support::{PROGRAM, Peer, Program, command, command_by};

/// The size of the disk.
const SIZE: &str = "6m";

/// The program on a disk of its own, mounted over this folder; `None` where that is not allowed.
fn on_small_disk(data: &Path) -> Option<Command> {
    const NAMESPACE: [&str; 3] = ["--user", "--map-root-user", "--mount"];
    let mount = format!("mount -t tmpfs -o size={SIZE} squares \"$SQUARES_DATA\"");
    let mut trial = command_by("unshare", data);
    let done = trial.args(NAMESPACE).args(["sh", "-c", &mount]).output();
    if !done.is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: this system lets nobody mount a disk in a namespace");
        return None;
    }
    let mut command = command_by("unshare", data);
    let serve = format!("{mount} && exec \"$0\" --listen 127.0.0.1:0 --rate 0");
    command.args(NAMESPACE).args(["sh", "-c", &serve, PROGRAM]);
    Some(command)
}

/// Fills a disk to the last byte.
fn fill(file: &Path) {
    let mut filler = File::create(file).unwrap();
    for size in [64 << 10, 4096, 1] {
        loop {
            match filler.write(&vec![0; size]) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::StorageFull);
                    break;
                }
            }
        }
    }
}

#[test]
fn a_disk_that_is_really_full_is_told_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(small) = on_small_disk(folder.path()) else { return };
    let program = Program::start_as(small);
    // The disk as the server sees it.
    let inside = PathBuf::from(format!("/proc/{}/root", program.pid().as_raw_nonzero()));
    let disk = inside.join(folder.path().strip_prefix("/").unwrap());
    let filler = disk.join("filler");
    let (mut asking, _) = Peer::join(&program, "asking", json!({}));
    let (mut watching, _) = Peer::join(&program, "watching", json!({}));
    let (mut shown, mut refused): (Vec<Value>, u32) = (Vec::new(), 0);
    for round in 0..5 {
        fill(&filler);
        // What room its own files still have is used up; then who asks is told, again and again.
        let mut told = 0;
        let mut last = 0;
        for request in 0.. {
            let id = format!("{round}-{request}");
            asking.square("7".repeat(5000), &id);
            let reply = asking.reply();
            if reply["type"] == "result" {
                assert_eq!(watching.next_of("result"), reply);
                shown.push(reply);
                assert!(request < 10_000, "the disk is never full");
            } else {
                assert_eq!((&reply["code"], &reply["id"]), (&json!("storage_unavailable"), &json!(id)), "{reply}");
                told += 1;
                last = request;
            }
            if told >= 4 {
                break;
            }
        }
        refused += told;
        std::fs::remove_file(&filler).unwrap();
        // There is room again: the same request goes through, without a restart.
        let id = format!("{round}-{last}");
        asking.square("7".repeat(5000), &id);
        let result = asking.reply();
        assert_eq!((&result["type"], &result["id"]), (&json!("result"), &json!(id)), "{result}");
        assert_eq!(watching.next_of("result"), result, "the others saw nothing of what failed");
        shown.push(result);
    }
    // The disk goes with the server: its files are taken from it while nothing is written.
    let kept = folder.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    for file in ["ledger.sqlite3", "ledger.sqlite3-wal"] {
        std::fs::copy(disk.join(file), kept.join(file)).unwrap();
    }
    let (status, log) = program.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    let lines = command(&kept).args(["export", "--jsonl"]).output().unwrap().stdout;
    let kept: Vec<Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    eprintln!("{} squares refused on a full disk, {} shown and kept", refused, shown.len());
    assert_eq!(kept, shown);
}
