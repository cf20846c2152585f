//! The disk takes no more: who asked is told, nothing is shown that is not kept, and when there is room again the
//! server goes on by itself.

#![cfg(target_os = "linux")]

mod mounted;
mod read_only;
mod replaced;

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::json;

use crate::support::{Peer, Program, server};

/// Sets the size that files of the server may grow to. The system then fails its writes as a full disk does.
fn limit_files(program: &Program, size: Option<u64>) {
    prlimit(Some(program.pid()), Resource::Fsize, Rlimit { current: size, maximum: None })
        .expect("a soft limit can be set");
}

#[test]
fn a_full_disk_is_told_and_passes() {
    let (program, folder) = server(&["--rate", "0"]);
    let (mut asking, _) = Peer::join(&program, "asking", json!({}));
    let (mut watching, _) = Peer::join(&program, "watching", json!({}));
    asking.square(1, "first");
    assert_eq!((asking.seqs(1), watching.seqs(1)), (vec![1], vec![1]));
    for round in 0..3 {
        limit_files(&program, Some(0));
        for attempt in 0..4 {
            asking.square(7, &format!("full-{round}"));
            let error = asking.reply();
            assert_eq!(
                (&error["code"], &error["id"]),
                (&json!("storage_unavailable"), &json!(format!("full-{round}"))),
                "attempt {attempt}: {error}"
            );
        }
        asking.send(&json!({"type": "ping"}));
        assert_eq!(asking.reply()["type"], "pong");

        limit_files(&program, None);
        asking.square(7, &format!("full-{round}"));
        let result = asking.reply();
        assert_eq!((&result["type"], &result["id"]), (&json!("result"), &json!(format!("full-{round}"))));
        assert_eq!(watching.next_of("result"), result, "the others saw nothing of what failed");
    }
    let latest = watching.hello["latest"].as_u64().unwrap() + 4;
    let (status, _) = program.stop();
    assert_eq!(status.code(), Some(0));
    let program = Program::start(folder.path(), &[]);
    assert_eq!(Peer::connect(&program).hello["latest"], latest);
}
