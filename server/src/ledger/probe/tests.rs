//! Files that are ledgers, files that are not, and files that were cut short, torn or scratched.

use std::{fs, path::PathBuf};

use super::*;

/// What stands in this file and in those that SQLite keeps beside it, but for its shared memory, which is nobody's to
/// keep. Whoever reads makes an empty log where there is none.
fn contents(path: &Path) -> [Option<Vec<u8>>; 3] {
    ["", "-wal", "-journal"].map(|ending| fs::read(beside(path, ending)).ok().filter(|bytes| !bytes.is_empty()))
}

fn check_refused_and_untouched(path: &Path, names: &str) {
    let before = contents(path);
    let error = open(path).expect_err("it should be refused").to_string();
    assert!(error.contains(names), "{error} lacks {names}");
    assert!(contents(path) == before, "it was touched: {error}");
    // What is damaged may still be read by commands that look for the damage.
    drop(open_to_read(path));
    assert!(contents(path) == before, "it was touched by reading");
}

/// A ledger with five thousand results.
fn ledger_with_rows(path: &Path) -> Connection {
    let connection = open(path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO students VALUES (1, 's'); INSERT INTO names VALUES (1, 'n');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO results SELECT i, 0, 1, 1, i, i * i, 'r' || i FROM n;",
        )
        .unwrap();
    connection
}

/// Copies a file that is in use, as it lies on the disk, with what is beside it.
fn copy(from: &Path, to: &Path) {
    for (ending, bytes) in ["", "-wal", "-journal"].into_iter().zip(contents(from)) {
        if let Some(bytes) = bytes {
            fs::write(beside(to, ending), bytes).unwrap();
        }
    }
}

fn scratch(path: &Path, place: std::ops::Range<usize>, with: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place].fill(with);
    fs::write(path, bytes).unwrap();
}

/// Makes a file of another program in which a change was cut short, with its journal.
fn foreign_with_hot_journal(folder: &Path) -> PathBuf {
    let (live, path) = (folder.join("live"), folder.join("other"));
    let other = Connection::open(&live).unwrap();
    other
        .execute_batch(
            "PRAGMA cache_size = 5; CREATE TABLE t (x);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
             INSERT INTO t SELECT hex(randomblob(500)) FROM n;
             BEGIN; UPDATE t SET x = hex(randomblob(500));",
        )
        .unwrap();
    copy(&live, &path);
    assert!(fs::read(beside(&path, "-journal")).unwrap().starts_with(JOURNAL_MAGIC));
    path
}

#[test]
fn what_is_no_ledger_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "these are notes, not a ledger; keep them").unwrap();
    check_refused_and_untouched(&text, "damaged");
    let other = folder.path().join("other");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    check_refused_and_untouched(&other, "not a ledger");
    let one_page = folder.path().join("one page");
    Connection::open(&one_page).unwrap().pragma_update(None, "user_version", 1).unwrap();
    check_refused_and_untouched(&one_page, "not a ledger");
    check_refused_and_untouched(&foreign_with_hot_journal(folder.path()), "not a ledger");
}

#[test]
fn what_is_no_ledger_is_refused_and_untouched_with_a_write_ahead_log_too() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let other = connect(&live).unwrap();
    other.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    let path = folder.path().join("other");
    copy(&live, &path);
    check_refused_and_untouched(&path, "not a ledger");
    fs::write(&path, "these are notes, not a ledger; keep them").unwrap();
    check_refused_and_untouched(&path, "not a ledger");
    fs::write(beside(&path, "-wal"), [7; 5000]).unwrap();
    check_refused_and_untouched(&path, "damaged");
}

#[test]
fn a_newer_ledger_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l");
    open(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    check_refused_and_untouched(&path, "newer");
}

#[test]
fn a_damaged_ledger_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l");
    drop(ledger_with_rows(&path));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    check_refused_and_untouched(&path, "damaged");
    let middle = whole.len() / 2 / 4096 * 4096;
    for (place, what) in [(middle..middle + 2048, "middle"), (0..16, "first bytes"), (0..4096, "first page")] {
        fs::write(&path, &whole).unwrap();
        scratch(&path, place, 0x55);
        let before = fs::read(&path).unwrap();
        check_refused_and_untouched(&path, "damaged");
        assert!(fs::read(&path).unwrap() == before, "{what}");
    }
}

#[test]
fn a_first_page_that_was_torn_comes_back_from_the_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let ledger = ledger_with_rows(&live);
    let (log, _) = identity(&ledger).unwrap();
    // The log is moved into the file, and begins anew only with the next commit.
    ledger.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
    let torn = [(0..16, 0x55), (0..16, 0), (0..512, 0xff), (0..4096, 0x55), (0..4096, 0), (24..4096, 0)];
    for (number, (place, with)) in torn.into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        copy(&live, &path);
        scratch(&path, place.clone(), with);
        assert_eq!(identity(&open_to_read(&path).unwrap()).unwrap(), (log.clone(), 5000), "{place:?} {with}");
        let ledger = open(&path).unwrap();
        assert_eq!(identity(&ledger).unwrap(), (log.clone(), 5000), "{place:?} {with}");
        drop(ledger);
        assert!(fs::read(&path).unwrap().starts_with(MAGIC), "it is whole again by itself");
        assert!(!beside(&path, "-wal").exists());
        assert_eq!(identity(&open(&path).unwrap()).unwrap().1, 5000);
    }
}

#[test]
fn a_write_ahead_log_that_lacks_pages_of_the_file_makes_no_ledger_of_other_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (live, path) = (folder.path().join("live"), folder.path().join("l"));
    drop(ledger_with_rows(&live));
    // Its log now holds the first page and a few others.
    let ledger = connect(&live).unwrap();
    ledger.execute_batch("UPDATE ledger SET log = 'a'; CREATE TABLE more (x); DROP TABLE more").unwrap();
    copy(&live, &path);
    let size = fs::read(&path).unwrap().len();
    fs::write(&path, "these are notes, not a ledger; keep them\n".repeat(size / 41)).unwrap();
    check_refused_and_untouched(&path, "damaged");
}

#[test]
fn a_write_ahead_log_without_its_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (live, path) = (folder.path().join("live"), folder.path().join("l"));
    let _ledger = ledger_with_rows(&live);
    copy(&live, &path);
    fs::write(&path, "").unwrap();
    check_refused_and_untouched(&path, "write-ahead log");
    fs::remove_file(&path).unwrap();
    check_refused_and_untouched(&path, "write-ahead log");
    copy(&live, &path);
    assert_eq!(identity(&open(&path).unwrap()).unwrap().1, 5000, "put back, it goes on");
}

#[test]
fn a_ledger_whose_making_was_cut_short_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l");
    drop(connect(&path).unwrap());
    let page = fs::read(&path).unwrap();
    assert!(open(&path).is_ok());
    fs::write(folder.path().join("empty"), "").unwrap();
    assert!(open(&folder.path().join("empty")).is_ok());
    // A page that was torn while it was the first, beside the journal that says so: no pages before, sectors of 512,
    // pages of 4096.
    let numbers = [0, 1, 0, 512, 4096_u32].map(u32::to_be_bytes).concat();
    let mut journal = [JOURNAL_MAGIC, &numbers].concat();
    journal.resize(512, 0);
    for (number, torn) in [0..16, 0..512, 0..4096, 512..4096].into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        fs::write(&path, &page).unwrap();
        scratch(&path, torn, 0);
        fs::write(beside(&path, "-journal"), &journal).unwrap();
        assert_eq!(identity(&open(&path).unwrap()).unwrap().1, 0);
    }
}
