//! What Windows refuses and wine lets pass, so that no test that runs under wine finds it: held by looks at the
//! sources of all three crates.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The source files of the three crates, without tests and benches.
fn sources() -> Vec<(PathBuf, String)> {
    fn add(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    for of in ["shared", "server", "tui-client"] {
        add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src"), &mut files);
    }
    assert!(files.len() > 100, "{}", files.len());
    files
}

/// A file opened to append gets no right to write elsewhere, and so cannot be shortened (rust-lang/rust#105437).
fn shortens_what_it_appends_to(source: &str) -> bool {
    source.contains(".append(true)") && source.contains(".set_len(")
}

#[test]
fn no_file_that_is_opened_to_append_is_shortened() {
    assert!(shortens_what_it_appends_to("options().append(true).open(path)?; file.set_len(0)?;"));
    let found: Vec<_> = sources().into_iter().filter(|(_, source)| shortens_what_it_appends_to(source)).collect();
    let found: Vec<_> = found.iter().map(|(path, _)| path).collect();
    // The history appends lines to one file and shortens another, its draft.
    assert!(found.iter().all(|path| path.ends_with("history/files.rs")), "{found:?}");
}

/// A lock there keeps everybody else from reading too, so that only the one who holds the lock may read the file, by
/// the handle that has it: an outbox's owner is read before its lock is tried, a lock file by the server itself, and
/// the known servers by who adds one, or once they can be read.
#[test]
fn only_files_of_their_own_are_locked() {
    let locking =
        sources().into_iter().filter(|(_, source)| source.contains(".try_lock()") && source.contains("TryLockError"));
    let mut names: Vec<_> = locking.map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(
        names,
        ["data_folder.rs", "files.rs", "known.rs", "outbox.rs", "part.rs"],
        "look whether anybody else reads what this locks"
    );
}
