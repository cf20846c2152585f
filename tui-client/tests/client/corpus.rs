//! The inputs that fuzzing found worth keeping, each through the very function that the fuzzer calls. What was found
//! and mended stays found: its input lies in `fuzz/corpus/` from then on.

use std::{fs, path::Path};

#[path = "../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "in the fuzzer's own crate they are reachable")]
mod fuzz;

fn check_all(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut tried = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.expect("a folder that can be read").path();
        let input = fs::read(&path).expect("a file that can be read");
        // A panic in the middle names the assertion; this names the input.
        if std::panic::catch_unwind(|| check(&input)).is_err() {
            panic!("{target} does not hold for {}", path.display());
        }
        tried += 1;
    }
    assert!(tried > 10, "only {tried} inputs in {}", folder.display());
}

#[test]
fn however_bytes_are_cut_the_lines_are_the_same() {
    check_all("line", fuzz::line::check);
}

#[test]
fn every_line_is_read_or_refused_with_a_sentence() {
    check_all("message", fuzz::message::check);
}

#[test]
fn every_number_reads_as_what_it_was_written_as() {
    check_all("number", fuzz::number::check);
}

#[test]
fn every_roster_is_read_or_refused_in_a_line() {
    check_all("roster", fuzz::roster::check);
}

#[test]
fn whatever_a_server_says_the_screen_is_one() {
    check_all("client", fuzz::client::check);
}

#[test]
fn whatever_a_terminal_sends_the_keyboard_stays() {
    check_all("terminal", fuzz::terminal::check);
}
