//! What the program does for a person besides serving: `backup`, `check` and `export`, on the ledger of a server that
//! is running.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Peer, Program, command, server};

/// Runs the program with these arguments on a data folder, to its end.
fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data).args(arguments).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes text")
}

/// A running server with the squares of these numbers.
fn server_with(numbers: &[&str]) -> (Program, tempfile::TempDir, Peer) {
    let (program, folder) = server(&["--rate", "0"]);
    let (mut peer, _) = Peer::join(&program, "20260001", json!({"name": "=김하나, \"one\""}));
    for (request, number) in numbers.iter().enumerate() {
        peer.square(*number, &format!("r{request}"));
    }
    peer.seqs(numbers.len());
    (program, folder, peer)
}

#[test]
fn an_export_has_every_result_in_both_forms_while_the_server_runs() {
    let (_program, folder, _peer) = server_with(&["12", "-5", "1e3"]);
    let lines = run(folder.path(), &["export", "--jsonl"]);
    assert_eq!(code(&lines), 0, "{}", text(&lines.stderr));
    let results: Vec<Value> = text(&lines.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let squares: Vec<&str> = results.iter().map(|result| result["square"].as_str().unwrap()).collect();
    assert_eq!(squares, ["144", "25", "1000000"]);
    assert_eq!((&results[1]["seq"], &results[1]["name"]), (&json!(2), &json!("=김하나, \"one\"")));

    let file = folder.path().join("results.csv");
    let table = run(folder.path(), &["export", "--csv", file.to_str().unwrap()]);
    assert_eq!((code(&table), text(&table.stdout)), (0, String::new()), "{}", text(&table.stderr));
    let written = std::fs::read_to_string(&file).unwrap();
    let mut lines = written.lines();
    assert_eq!(lines.next(), Some("\u{feff}seq,at,student,name,number,square,id"));
    let row = lines.nth(1).unwrap();
    assert!(row.starts_with("2,20") && row.ends_with("Z,20260001,\"'=김하나, \"\"one\"\"\",-5,25,r1"), "{row}");
    assert!(is_private(&file));

    let again = run(folder.path(), &["export", "--csv", file.to_str().unwrap()]);
    assert_eq!(code(&again), 1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written, "a file that is there is left alone");
    let which = run(folder.path(), &["export"]);
    assert_eq!(code(&which), 2);
    assert!(text(&which.stderr).contains("<--csv|--jsonl|--students>"), "which form? {}", text(&which.stderr));
    assert_eq!(code(&run(folder.path(), &["export", "--csv", "--jsonl"])), 2);
}

#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

#[test]
fn completions_are_printed_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, says) in
        [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c"), ("PowerShell", "param(")]
    {
        let script = run(folder.path(), &["completions", shell]);
        assert_eq!(code(&script), 0, "{}", text(&script.stderr));
        let script = text(&script.stdout);
        assert!(
            script.contains(says) && script.contains("max-digits") && script.contains("export"),
            "{shell}: {script}"
        );
    }
    assert_eq!(code(&run(folder.path(), &["completions", "nosh"])), 2);
}

#[test]
#[cfg(target_os = "linux")]
fn what_could_not_be_written_whole_is_no_success() {
    let (_program, folder, _peer) = server_with(&["1"]);
    for arguments in [&["completions", "bash"][..], &["export", "--students"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(folder.path()).args(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(code(&output), 1, "{arguments:?}");
        assert!(text(&output.stderr).contains("cannot write"), "{arguments:?}");
    }
}

#[test]
fn an_export_of_students_tells_who_took_part_and_when() {
    let (program, folder, mut peer) = server_with(&["1", "2"]);
    // In the room, without a square.
    let _guest = Peer::join(&program, "20260003", json!({}));
    let (mut other, _) = Peer::join(&program, "20260002", json!({"name": "B", "backlog": 0}));
    other.square("3", "r");
    let only = other.next_of("result")["at"].as_str().unwrap().to_owned();
    peer.square("4", "last");
    peer.seqs(1);
    let last = peer.next_of("result")["at"].as_str().unwrap().to_owned();
    let table = run(folder.path(), &["export", "--students"]);
    assert_eq!(code(&table), 0, "{}", text(&table.stderr));
    let table = text(&table.stdout);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "id,name,squares,first,last", "no mark for spreadsheets: whoever reads a pipe is a program");
    assert!(lines[1].starts_with("20260001,\"'=김하나, \"\"one\"\"\",3,20"), "{table}");
    assert!(lines[1].ends_with(&format!("Z,{last}")), "{table}");
    assert_eq!(lines[2], format!("20260002,B,1,{only},{only}"));
    assert_eq!(lines.len(), 3, "{table}");
    let file = folder.path().join("students.csv");
    assert_eq!(code(&run(folder.path(), &["export", "--students", file.to_str().unwrap()])), 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("\u{feff}{table}"), "spreadsheets know UTF-8 by it");
    assert!(is_private(&file));
    assert_eq!(code(&run(folder.path(), &["export", "--students", "--csv"])), 2);
}

#[test]
fn an_export_to_a_closed_pipe_ends_quietly() {
    let many: Vec<String> =
        (0..3000).map(|n| format!("{n}1111111111111111111111111111111111111111111111111111")).collect();
    let (_program, folder, _peer) = server_with(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let mut export = command(folder.path()).args(["export", "--jsonl"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(export.stdout.take());
    let output = export.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stderr)), (0, String::new()));
}

#[test]
fn a_backup_of_a_running_server_is_whole_and_never_replaces_a_file() {
    let (_program, folder, mut peer) = server_with(&["1", "2", "3"]);
    let file = folder.path().join("monday");
    let name = file.to_str().unwrap();
    let made = run(folder.path(), &["backup", name]);
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    assert!(is_private(&file));
    let size = std::fs::metadata(&file).unwrap().len().div_ceil(1024);
    assert!(
        size < 1024 && text(&made.stdout).ends_with(&format!("up to result 3, {size} KiB\n")),
        "{}",
        text(&made.stdout)
    );
    peer.square(4, "after");
    peer.seqs(1);

    let check = run(folder.path(), &["check", name]);
    let said = text(&check.stdout);
    assert_eq!(code(&check), 0, "{said}");
    assert!(
        said.contains("3 results, 1 to 3") && said.contains("its name: backup of ") && said.ends_with("sound\n"),
        "{said}"
    );
    let live = run(folder.path(), &["check"]);
    assert!(code(&live) == 0 && text(&live.stdout).contains("4 results, 1 to 4"), "{}", text(&live.stdout));

    let before = std::fs::read(&file).unwrap();
    let again = run(folder.path(), &["backup", name]);
    assert_eq!(code(&again), 1);
    assert!(text(&again.stderr).contains("exists already"), "{}", text(&again.stderr));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let left: Vec<String> =
        folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with("monday") && name != "monday"), "{left:?}");
    assert_eq!(code(&run(folder.path(), &["backup", "/nonexistent/folder/file"])), 1);
}

/// Adds results to a ledger that no server has open.
#[cfg(unix)]
fn add_results(data: &Path, count: u32) {
    let ledger = rusqlite::Connection::open(data.join("ledger.sqlite3")).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO results (seq, at, student, name, number, square) SELECT 1000 + i, 0, 1, 1, i, i * i FROM n";
    ledger.execute(sql, [count]).unwrap();
}

#[test]
#[cfg(unix)]
fn a_backup_and_an_export_that_are_interrupted_leave_nothing_behind() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt as _;
    let (program, folder, peer) = server_with(&["1"]);
    drop(peer);
    program.stop();
    add_results(folder.path(), 100_000);
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("made");
    let part = target.path().join("made.part");
    for arguments in [&["backup"][..], &["export", "--csv"], &["export", "--jsonl"]] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            // One that is done before it is interrupted is tried again.
            let interrupted = (0..50).any(|_| {
                let mut making = command(folder.path()).args(arguments).arg(&file).spawn().unwrap();
                crate::support::eventually("it has begun", || part.exists() || file.exists());
                kill_process(Pid::from_child(&making), signal).unwrap();
                let status = making.wait().unwrap();
                if status.success() {
                    std::fs::remove_file(&file).unwrap();
                } else {
                    assert_eq!(status.signal(), Some(signal.as_raw()), "{arguments:?}");
                }
                !status.success()
            });
            assert!(interrupted, "{arguments:?} is never interrupted");
            assert_eq!(target.path().read_dir().unwrap().count(), 0, "{arguments:?} {signal:?}");
        }
    }
}

#[test]
fn a_folder_without_a_ledger_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["check"][..], &["backup", "x"], &["export", "--csv"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(code(&output), 1, "{arguments:?}");
        assert!(text(&output.stderr).contains("there is no ledger") && output.stdout.is_empty());
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    assert_eq!(code(&run(folder.path(), &["nonsense"])), 2);
}

#[test]
fn a_ledger_with_a_wrong_square_does_not_pass_the_check() {
    let (program, folder, _peer) = server_with(&["1", "2"]);
    program.stop();
    let ledger = folder.path().join("ledger.sqlite3");
    rusqlite::Connection::open(ledger).unwrap().execute_batch("UPDATE results SET square = '5' WHERE seq = 2").unwrap();
    let check = run(folder.path(), &["check"]);
    let said = text(&check.stdout);
    assert_eq!(code(&check), 3, "{said}");
    assert!(
        said.contains("wrong: result 2: its square is not the square of its number") && said.contains("not sound"),
        "{said}"
    );
}

#[test]
fn the_data_folder_may_be_named_before_and_after_the_command() {
    let (_program, folder, _peer) = server_with(&["1"]);
    let data = folder.path().to_str().unwrap();
    for arguments in [["--data", data, "check"], ["check", "--data", data]] {
        let output = run(Path::new("/nonexistent"), &arguments);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    }
    for command in ["backup", "check", "export", "pin", "roster"] {
        let help = text(&run(folder.path(), &[command, "--help"]).stdout);
        let reads_the_ledger = !matches!(command, "pin" | "roster");
        assert_eq!(help.contains("--data"), reads_the_ledger, "{help}");
    }
}
