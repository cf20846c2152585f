//! The outbox on a real disk: what survives, what is adopted, and what is left alone.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use squares::conversation::RequestIds;
use squares::event::Pending;
use squares::store::outbox::{Outbox, Owner};

fn owner(student: &str) -> Owner {
    Owner { server: "127.0.0.1:7878".into(), student: student.into() }
}

fn outbox(folder: &Path, student: &str) -> Outbox {
    Outbox::new(folder.to_owned(), owner(student))
}

fn square(id: &str) -> Pending {
    Pending { id: id.into(), number: "12".into() }
}

fn squares(ids: &[&str]) -> Vec<Pending> {
    ids.iter().map(|id| square(id)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect());
    files.sort();
    files
}

/// A client that was killed: its file stays, and its lock is gone.
fn killed(outbox: Outbox) {
    drop(outbox);
}

/// Adopts these squares in the end. A process that another test starts has a copy of every lock for a moment, until it
/// runs its own program.
fn assert_adopts(outbox: &mut Outbox, expected: &[Pending]) {
    let start = Instant::now();
    let mut adopted = outbox.adopt().unwrap();
    while adopted.len() < expected.len() && start.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
        adopted.extend(outbox.adopt().unwrap());
    }
    assert_eq!(adopted, expected);
}

#[test]
fn what_a_killed_client_kept_is_adopted_once_and_in_order() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/b/outbox");
    let mut first = outbox(&folder, "s1");
    first.keep(&squares(&["a", "b"])).unwrap();
    first.keep(&squares(&["c"])).unwrap();
    first.forget(&["b".into()]).unwrap();
    killed(first);

    let mut second = outbox(&folder, "s1");
    assert_adopts(&mut second, &squares(&["a", "c"]));
    assert_eq!(second.adopt().unwrap(), []);
    assert_eq!(files(&folder).len(), 1, "the file left behind is gone, and what was in it is kept anew");
    killed(second);

    let mut third = outbox(&folder, "s1");
    assert_adopts(&mut third, &squares(&["a", "c"]));
    third.forget(&["a".into(), "c".into()]).unwrap();
    third.close();
    assert_eq!(files(&folder), [] as [PathBuf; 0]);
}

#[test]
fn what_clients_that_were_killed_within_a_second_kept_is_adopted_oldest_first() {
    let home = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    for id in &ids {
        let mut client = outbox(home.path(), "s1");
        client.keep(&squares(&[id])).unwrap();
        killed(client);
    }
    let adopted = outbox(home.path(), "s1").adopt().unwrap();
    assert_eq!(adopted.into_iter().map(|square| square.id).collect::<Vec<_>>(), ids);
}

#[test]
fn two_running_clients_of_one_student_do_not_fight() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(home.path(), "s1");
    let mut two = outbox(home.path(), "s1");
    one.keep(&squares(&["a"])).unwrap();
    two.keep(&squares(&["b"])).unwrap();
    assert_eq!((one.adopt().unwrap(), two.adopt().unwrap()), (vec![], vec![]));
    let mut left = outbox(home.path(), "s1");
    left.keep(&squares(&["c"])).unwrap();
    killed(left);
    assert_adopts(&mut one, &squares(&["c"]));
    assert_eq!(two.adopt().unwrap(), []);
    killed(one);
    assert_adopts(&mut two, &squares(&["a", "c"]));
}

// Windows removes and renames no folder of a file that is open.
#[cfg(unix)]
#[test]
fn what_is_kept_after_somebody_removed_the_file_is_found_too() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("outbox");
    for remove in
        [|folder: &Path| fs::remove_dir_all(folder), |folder: &Path| fs::rename(folder, folder.with_extension("old"))]
    {
        let mut one = outbox(&folder, "s1");
        one.keep(&squares(&["a", "b"])).unwrap();
        one.forget(&["a".into()]).unwrap();
        remove(&folder).unwrap();
        one.keep(&squares(&["c"])).unwrap();
        killed(one);
        let mut two = outbox(&folder, "s1");
        assert_adopts(&mut two, &squares(&["b", "c"]));
        two.forget(&["b".into(), "c".into()]).unwrap();
        two.close();
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_files_holds_nobody_up() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(home.path(), "s1");
    one.keep(&squares(&["a"])).unwrap();
    killed(one);
    assert!(std::process::Command::new("mkfifo").arg(home.path().join("0.jsonl")).status().unwrap().success());
    assert_adopts(&mut outbox(home.path(), "s1"), &squares(&["a"]));
}

#[test]
fn squares_of_another_student_or_server_are_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut theirs = outbox(home.path(), "s2");
    theirs.keep(&squares(&["a"])).unwrap();
    killed(theirs);
    let elsewhere = Owner { server: "192.0.2.7:7878".into(), ..owner("s1") };
    let mut far = Outbox::new(home.path().to_owned(), elsewhere.clone());
    far.keep(&squares(&["b"])).unwrap();
    killed(far);
    fs::write(home.path().join("strange.jsonl"), "what is this\n").unwrap();
    fs::write(home.path().join("empty.jsonl"), "").unwrap();
    fs::write(home.path().join("later.jsonl"), r#"{"v":2,"server":"127.0.0.1:7878","student":"s1"}"#).unwrap();

    assert_eq!(outbox(home.path(), "s1").adopt().unwrap(), []);
    assert_eq!(files(home.path()).len(), 5);
    assert_adopts(&mut outbox(home.path(), "s2"), &squares(&["a"]));
    assert_adopts(&mut Outbox::new(home.path().to_owned(), elsewhere), &squares(&["b"]));
}

#[test]
fn nothing_is_written_before_a_square_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("outbox");
    let mut idle = outbox(&folder, "s1");
    assert_eq!(idle.adopt().unwrap(), []);
    idle.forget(&["a".into()]).unwrap();
    idle.close();
    assert!(!folder.exists());
}

#[test]
fn a_torn_last_line_costs_only_itself() {
    let home = tempfile::tempdir().unwrap();
    let mut torn = outbox(home.path(), "s1");
    torn.keep(&squares(&["a", "b"])).unwrap();
    killed(torn);
    let path = files(home.path()).remove(0);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"id\":\"c\",\"num").unwrap();
    assert_adopts(&mut outbox(home.path(), "s1"), &squares(&["a", "b"]));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_the_next_try_may_succeed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("outbox");
    fs::write(&folder, "in the way").unwrap();
    let mut blocked = outbox(&folder, "s1");
    assert!(blocked.keep(&squares(&["a"])).is_err());
    assert!(!blocked.holds("a"));
    fs::remove_file(&folder).unwrap();
    blocked.keep(&squares(&["a"])).unwrap();
    assert!(blocked.holds("a"));
}

#[test]
fn a_long_life_does_not_make_a_long_file() {
    let home = tempfile::tempdir().unwrap();
    let mut busy = outbox(home.path(), "s1");
    busy.keep(&squares(&["stays"])).unwrap();
    let number = "7".repeat(10_000);
    for round in 0..400 {
        let id = format!("r{round}");
        busy.keep(&[Pending { id: id.clone(), number: number.clone() }]).unwrap();
        busy.forget(&[id]).unwrap();
    }
    let lengths: Vec<u64> = files(home.path()).iter().map(|path| fs::metadata(path).unwrap().len()).collect();
    assert!(lengths.len() == 1 && lengths[0] < (1 << 20) + 50_000, "{lengths:?}");
    killed(busy);
    assert_adopts(&mut outbox(home.path(), "s1"), &squares(&["stays"]));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("squares/outbox");
    let mut private = outbox(&folder, "s1");
    private.keep(&squares(&["a"])).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&files(&folder)[0])), (0o700, 0o600));
}

#[test]
fn names_of_requests_are_never_the_same_and_ascend() {
    let (mut one, mut two) = (RequestIds::default(), RequestIds::default());
    let first: Vec<String> = (0..2000).map(|_| one.fresh()).collect();
    assert!(first.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(first.iter().all(|id| id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic())));
    assert!(!first.contains(&two.fresh()));
}

#[derive(Debug, Clone)]
enum Step {
    Keep,
    Forget(u8),
    Die,
    DieTorn(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Keep),
        3 => any::<u8>().prop_map(Step::Forget),
        1 => Just(Step::Die),
        1 => (1usize..40).prop_map(Step::DieTorn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happens, what was kept and not let go is adopted by the next client, in its order.
    #[test]
    fn nothing_kept_is_ever_lost(steps in proptest::collection::vec(step(), 1..40)) {
        let home = tempfile::tempdir().unwrap();
        let mut now = outbox(home.path(), "s1");
        let mut waiting: Vec<String> = Vec::new();
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Keep => {
                    let id = format!("{at:04}");
                    now.keep(&[square(&id)]).unwrap();
                    waiting.push(id);
                }
                Step::Forget(which) if !waiting.is_empty() => {
                    let id = waiting.remove(usize::from(which) % waiting.len());
                    now.forget(&[id]).unwrap();
                }
                Step::Forget(_) => {}
                Step::Die | Step::DieTorn(_) => {
                    killed(now);
                    if let (Step::DieTorn(length), Some(path)) = (step, files(home.path()).pop()) {
                        // A crash in the middle of the next write.
                        let record = br#"{"id":"torn","number":"1234567890123456789"}"#;
                        let mut file = OpenOptions::new().append(true).open(path).unwrap();
                        file.write_all(&record[..length.min(record.len() - 1)]).unwrap();
                    }
                    now = outbox(home.path(), "s1");
                    assert_adopts(&mut now, &waiting.iter().map(|id| square(id)).collect::<Vec<_>>());
                }
            }
        }
    }
}
