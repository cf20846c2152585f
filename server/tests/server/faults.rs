//! The disk fails, at each of the server's calls in turn, with each error that systems give: who asked is told,
//! nothing is shown that is not kept, and once the disk works again the server goes on by itself. Where it fails at
//! the start, the program ends with a line that says so.
//!
//! `FAULT_PLACES=60 cargo test -p squares-server --test server faults` is the long run.

use std::{collections::BTreeMap, path::Path};

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::{
    shim::{Call, Deed, Faults, read_record},
    support::{Peer, Program, command, how_many},
};

/// What fails, and how.
const FAULTS: [(Call, Errno); 8] = [
    (Call::Write, Errno::NOSPC),
    (Call::Write, Errno::IO),
    (Call::Write, Errno::DQUOT),
    (Call::ShortWrite, Errno::NOSPC),
    (Call::Sync, Errno::IO),
    (Call::Sync, Errno::NOSPC),
    (Call::Truncate, Errno::IO),
    (Call::Open, Errno::ROFS),
];

/// The ledger as it lies on the disk, found sound.
fn kept(data: &Path) -> BTreeMap<u64, Value> {
    let check = command(data).arg("check").output().unwrap();
    assert!(
        check.status.success(),
        "{}{}",
        String::from_utf8_lossy(&check.stdout),
        String::from_utf8_lossy(&check.stderr)
    );
    let export = command(data).args(["export", "--jsonl"]).output().unwrap();
    let results = String::from_utf8(export.stdout).unwrap();
    let by_seq = |line: &str| {
        let result: Value = serde_json::from_str(line).unwrap();
        (result["seq"].as_u64().unwrap(), result)
    };
    results.lines().map(by_seq).collect()
}

/// Asks for a square, and again as long as there is no storage; gives its result, and how often it was refused.
fn square(peer: &mut Peer, id: &str, give_up: u32) -> (Option<Value>, u32) {
    let mut refused = 0;
    while refused < give_up {
        peer.square("7".repeat(2000), id);
        // What a failed commit left behind is shown to all and then answered as a repeat: one of the two may still be
        // on its way.
        let earlier = |reply: &Value| reply["type"] == "result" && reply["id"] != id;
        let mut reply = peer.reply();
        while earlier(&reply) {
            reply = peer.reply();
        }
        if reply["type"] == "result" {
            assert_eq!(reply["id"], id);
            return (Some(reply), refused);
        }
        assert_eq!((&reply["code"], &reply["id"]), (&json!("storage_unavailable"), &json!(id)), "{reply}");
        refused += 1;
    }
    (None, refused)
}

#[test]
fn a_disk_that_fails_at_any_call_is_told_and_passes() {
    let places = u32::try_from(how_many("FAULT_PLACES", 3)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let (command, faults) = Faults::command(&data, &folder.path().join("orders"));
    let program = Program::start_as(command);
    let (mut asking, _) = Peer::join(&program, "asking", json!({}));
    let (mut watching, _) = Peer::join(&program, "watching", json!({}));
    let (mut seen, mut failed, mut refused) = (BTreeMap::new(), 0, 0);
    for (number, (call, error)) in FAULTS.into_iter().enumerate() {
        for place in 0..places {
            // A moment's failure, and a disk that fails until it is mended.
            for lasting in [1, u32::MAX] {
                let id = format!("{number}-{place}-{lasting}");
                faults.fail(call, place, lasting, error);
                let (early, times) = square(&mut asking, &id, 3);
                failed += faults.heal();
                refused += times;
                let (late, _) = square(&mut asking, &id, 50);
                let result = late.expect("it goes on once the disk is mended");
                assert!(early.is_none_or(|early| early == result), "given another place");
                let told = watching.next_of("result");
                assert_eq!(told, result, "{call:?} {error} at {place}");
                seen.insert(told["seq"].as_u64().unwrap(), told);
            }
        }
    }
    assert!(failed > places && refused > places, "{failed} calls failed, {refused} requests were refused");
    let (status, _) = program.stop();
    assert_eq!(status.code(), Some(0));
    let mut kept = kept(&data);
    assert_eq!(kept.len(), seen.len(), "nothing is kept that was not shown");
    for (seq, result) in &seen {
        assert_eq!(kept.remove(seq).as_ref(), Some(result));
    }
}

#[test]
fn a_disk_that_fails_at_the_start_ends_it_with_a_reason_or_not_at_all() {
    let places = u32::try_from(how_many("FAULT_PLACES", 2)).unwrap();
    let (mut started, mut ended) = (0, 0);
    for (call, error) in FAULTS {
        for place in (0..places * 8).step_by(8) {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            std::fs::create_dir(&data).unwrap();
            let (command, faults) = Faults::command(&data, &folder.path().join("orders"));
            faults.fail(call, place, u32::MAX, error);
            match Program::try_start_as(command) {
                Ok(program) => {
                    started += 1;
                    faults.heal();
                    let (mut peer, _) = Peer::join(&program, "a", json!({}));
                    assert!(square(&mut peer, "x", 50).0.is_some(), "it goes on once the disk is mended");
                    // The end would wait for it to have read its goodbye.
                    drop(peer);
                    assert_eq!(program.stop().0.code(), Some(0));
                }
                Err(log) => {
                    ended += 1;
                    let last = log.trim_end().lines().last().unwrap_or_default();
                    assert!(log.contains("exit status: 1") && last.contains("squares-server: "), "{log}");
                    assert!(last.contains("--data"), "it says how to mend it: {last}");
                    faults.heal();
                    let program = Program::start(&data, &[]);
                    let (mut peer, _) = Peer::join(&program, "a", json!({}));
                    assert!(square(&mut peer, "x", 1).0.is_some());
                    drop(peer);
                    program.stop();
                }
            }
            assert_eq!(kept(&data).len(), 1, "{call:?} {error} at {place}");
        }
    }
    assert!(started > 0 && ended > 0, "{started} started, {ended} ended");
}

#[test]
fn what_a_killed_server_had_not_synced_is_synced_before_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (data, orders) = (folder.path().join("data"), folder.path().join("orders"));
    std::fs::create_dir(&data).unwrap();
    let (command, faults) = Faults::command(&data, &orders);
    let program = Program::start_as(command);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    assert!(square(&mut peer, "before", 1).0.is_some());
    // It stands in the write-ahead log, and nobody has made the disk keep it.
    faults.fail(Call::Sync, 0, u32::MAX, Errno::IO);
    assert_eq!(square(&mut peer, "after", 1), (None, 1));
    program.kill();

    // Where the start can write, where it cannot, and where it cannot even sync.
    for (number, fault) in [Some(Call::Sync), Some(Call::Write), None].into_iter().enumerate() {
        let record = folder.path().join(format!("record{number}"));
        let (mut command, faults) = Faults::command(&data, &orders);
        command.env("SQUARES_SHIM_LOG", &record);
        if let Some(call) = fault {
            faults.fail(call, 0, u32::MAX, Errno::NOSPC);
        }
        let program = match Program::try_start_as(command) {
            Ok(program) => program,
            Err(log) => {
                assert!(matches!(fault, Some(Call::Sync)), "it should start: {log}");
                continue;
            }
        };
        assert!(!matches!(fault, Some(Call::Sync)), "it shows what the disk may lose");
        let (mut peer, _) = Peer::join(&program, "b", json!({"backlog": 10}));
        let shown = [peer.next_of("result"), peer.next_of("result")];
        assert_eq!((&shown[0]["id"], &shown[1]["id"]), (&json!("before"), &json!("after")));
        // What was sent before this is in the record by now.
        peer.send(&json!({"type": "ping"}));
        peer.next_of("pong");
        program.kill();
        let deeds = read_record(&record);
        let sent =
            |deed: &Deed| matches!(deed, Deed::Sent { data, .. } if data.windows(7).any(|part| part == b"\"after\""));
        let shown_at = deeds.iter().position(sent).unwrap_or_else(|| panic!("{fault:?}: {deeds:#?}"));
        let synced = |deed: &Deed| matches!(deed, Deed::Sync { file } if file == "ledger.sqlite3-wal");
        assert!(deeds[..shown_at].iter().any(synced), "{fault:?}: shown, and not synced");
    }
}
