//! A server that cannot join says why and ends.

use crate::support::{Program, command};

#[test]
fn what_cannot_be_joined_is_said_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |flags: &[&str]| {
        let mut command = command(folder.path());
        command.args(["--listen", "127.0.0.1:0"]).args(flags);
        match Program::try_start_as(command) {
            Ok(_) => panic!("it starts"),
            Err(why) => why,
        }
    };
    let why = run(&["--cluster", "127.0.0.1:4222"]);
    assert!(why.contains("nats://HOST:PORT") && why.contains("exit status: 2"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--cluster-name", "Nope"]);
    assert!(why.contains("a-z, 0-9 and -") && why.contains("exit status: 2"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--cluster-credentials", "/nowhere"]);
    assert!(why.contains("--cluster-credentials") && why.contains("exit status: 1"), "{why}");
    let why = run(&["--cluster", "nats://127.0.0.1:1", "--max-digits", "200000"]);
    assert!(why.contains("--max-digits 100000") && why.contains("exit status: 1"), "{why}");
}
