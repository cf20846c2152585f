//! A data folder that may be read and not written. To whoever may do everything, every folder is writable: there the
//! program runs as another user.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
};

use serde_json::json;

use crate::support::{Peer, Program, command};

/// Whoever nobody is.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn own(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// The program on this folder, as somebody who may not do everything; `None` where it cannot run so.
fn as_nobody(data: &Path, arguments: &[&str]) -> Option<Command> {
    let made = || {
        let mut command = command(data);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
        command
    };
    if !made().arg("--version").output().is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: no other user may run the program where it lies");
        return None;
    }
    let mut command = made();
    command.args(arguments);
    Some(command)
}

/// Sets who may write the folder and all in it.
fn let_write(folder: &Path, allowed: bool) {
    let (for_folder, for_files) = if allowed { (0o700, 0o600) } else { (0o500, 0o400) };
    for file in fs::read_dir(folder).unwrap() {
        fs::set_permissions(file.unwrap().path(), Permissions::from_mode(for_files)).unwrap();
    }
    fs::set_permissions(folder, Permissions::from_mode(for_folder)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_ends_the_start_with_a_reason_and_can_be_read() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data 100%?#");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
    own(&folder);
    let serve = || as_nobody(&folder, &["--listen", "127.0.0.1:0", "--rate", "0"]);
    let Some(first) = serve() else { return };
    let program = Program::start_as(first);
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    peer.square(12, "x");
    let result = peer.reply();

    // What is open stays so: it goes on.
    let_write(&folder, false);
    peer.square(13, "y");
    assert_eq!(peer.reply()["square"], "169");
    assert_eq!(program.stop().0.code(), Some(0));

    // Refused with a line that names the folder, and nothing is changed.
    let_write(&folder, false);
    let file = folder.join("ledger.sqlite3");
    let before = fs::read(&file).unwrap();
    let log = Program::try_start_as(serve().unwrap()).err().expect("it cannot start");
    let last = log.trim_end().lines().last().unwrap();
    assert!(log.contains("exit status: 1") && last.contains("squares-server: ") && last.contains("--data"), "{log}");
    assert!(last.contains(folder.to_str().unwrap()) && last.contains("ermission denied"), "{last}");
    assert_eq!(fs::read(&file).unwrap(), before);

    // Where its folder cannot be made, the same.
    let below = folder.join("below");
    let made = as_nobody(&below, &["--listen", "127.0.0.1:0"]).unwrap().output().unwrap();
    let said = String::from_utf8(made.stderr).unwrap();
    assert!(made.status.code() == Some(1) && said.contains("--data"), "{said}");

    // The commands that only read can do so.
    for arguments in [&["check"][..], &["export", "--jsonl"]] {
        let done = as_nobody(&folder, arguments).unwrap().output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    let_write(&folder, true);
    let program = Program::start_as(serve().unwrap());
    let (mut peer, _) = Peer::join(&program, "a", json!({}));
    assert_eq!(peer.next_of("result"), result);
    assert_eq!(program.stop().0.code(), Some(0));
}
