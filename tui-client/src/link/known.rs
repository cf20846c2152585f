//! The certificates that were trusted before, as ssh's `known_hosts`: a file with `ADDRESS FINGERPRINT` on each line,
//! or `ADDRESS root` for one that led to a root. Read before a connection is judged, and added to once its certificate
//! was shown to somebody. Used by `trust`.
//!
//! Of several lines for an address the last counts, except that one which led to a root once is trusted with nothing
//! less. Lines that cannot be read are passed over, and stay.

use std::collections::HashMap;
use std::fs::TryLockError;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use squares_shared::{private_file, regular_file};

use crate::conversation::ConnectionError;

/// What stands for a certificate that led to a root.
pub(super) const BY_A_ROOT: &str = "root";

/// The most that is read of the file: a thousand servers and more.
const LONGEST: u64 = 1 << 20;

/// How often, and after which pauses, the lock is tried that another client holds for a moment.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// The certificates that were trusted before.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    /// The file; none: what is trusted is forgotten with this run.
    path: Option<PathBuf>,
    /// What could not be written.
    unwritten: Arc<Mutex<HashMap<String, String>>>,
}

impl KnownHosts {
    /// Those that stand in this file.
    #[must_use]
    pub fn at(path: Option<PathBuf>) -> Self {
        Self { path, unwritten: Arc::default() }
    }

    /// The file, as a person finds it.
    pub(super) fn path(&self) -> PathBuf {
        self.path.clone().unwrap_or_default()
    }

    /// What this address showed before: a fingerprint, or [`BY_A_ROOT`].
    ///
    /// # Errors
    /// Where there is a file that cannot be read; one line that says why. Nothing must be taken for new then.
    pub(super) fn before(&self, address: &str) -> Result<Option<String>, String> {
        let unwritten = self.unwritten.lock().get(address).cloned();
        let Some(path) = &self.path else { return Ok(unwritten) };
        let text = read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(find(&text, address).map(str::to_owned).or(unwritten))
    }

    /// Whether this address may be given a PIN without TLS: it never spoke TLS. Whoever answers so where it did is
    /// perhaps not who it was.
    pub(super) fn allows_plain(&self, address: &str) -> Result<(), ConnectionError> {
        match self.before(address) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(ConnectionError::WithoutTls(self.path())),
            Err(why) => Err(ConnectionError::Untrusted(why)),
        }
    }

    /// Keeps what an address showed, unless that stands there already.
    ///
    /// # Errors
    /// Where it cannot be kept beyond this run; within it, it is.
    pub(super) fn remember(&self, address: &str, what: &str) -> io::Result<()> {
        let kept = match &self.path {
            Some(path) => append(path, address, what),
            None => Ok(()),
        };
        if kept.is_err() || self.path.is_none() {
            let mut unwritten = self.unwritten.lock();
            unwritten.insert(address.to_owned(), what.to_owned());
        }
        kept
    }
}

/// What Windows says of a file that another program has locked (`ERROR_LOCK_VIOLATION`): it cannot even be read.
const LOCKED: i32 = 33;

/// The text of the file; nothing where there is none.
fn read(path: &Path) -> io::Result<String> {
    let mut text = regular_file::read(path, LONGEST);
    for _ in 0..TRIES {
        let is_locked = cfg!(windows) && text.as_ref().is_err_and(|error| error.raw_os_error() == Some(LOCKED));
        if !is_locked {
            break;
        }
        thread::sleep(PAUSE);
        text = regular_file::read(path, LONGEST);
    }
    match text {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(String::new())
        }
        read => Ok(String::from_utf8_lossy(&read?).into_owned()),
    }
}

fn find<'a>(text: &'a str, address: &str) -> Option<&'a str> {
    let lines = text.trim_start_matches('\u{feff}').lines().filter_map(|line| {
        let (whose, what) = line.trim().split_once(char::is_whitespace)?;
        whose.eq_ignore_ascii_case(address).then_some(what.trim())
    });
    lines.fold(None, |before, now| if before == Some(BY_A_ROOT) { before } else { Some(now) })
}

/// Adds a line, while no other client does.
fn append(path: &Path, address: &str, what: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_file::make_folder(folder)?;
    }
    read(path)?;
    let mut file = private_file::options().read(true).append(true).create(true).open(path)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            // Some file systems know no locks; there the worst is a line twice.
            Ok(()) | Err(TryLockError::Error(_)) => break,
        }
    }
    // By the handle that has the lock: Windows lets no other read.
    let mut text = Vec::new();
    (&file).take(LONGEST).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    match find(&text, address) {
        Some(before) if before == what => return Ok(()),
        // Another client was shown another one a moment ago: which of them is right, a person decides.
        Some(_) if what != BY_A_ROOT => return Err(io::ErrorKind::AlreadyExists.into()),
        _ => {}
    }
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{end}{address} {what}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn known() -> (tempfile::TempDir, PathBuf, KnownHosts) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/known-servers");
        (folder, path.clone(), KnownHosts::at(Some(path)))
    }

    #[test]
    fn the_last_line_for_an_address_counts_and_none_goes_back_from_a_root() {
        for (text, before) in [
            ("", None),
            ("a:1 SHA256:01", Some("SHA256:01")),
            ("a:1 SHA256:01\na:1 SHA256:02\n", Some("SHA256:02")),
            ("a:1 SHA256:01\r\na:1 SHA256:02\r\n", Some("SHA256:02")),
            ("\u{feff}a:1 SHA256:01\n", Some("SHA256:01")),
            ("a:1\tSHA256:01 02 03  \n", Some("SHA256:01 02 03")),
            ("A:1 SHA256:01\n", Some("SHA256:01")),
            ("a:1 SHA256:01\na:1 root\n", Some("root")),
            ("a:1 root\na:1 SHA256:01\n", Some("root")),
            ("a:12 SHA256:01\nb a:1 SHA256:02\n# a:1 x\n", None),
            ("a:1\n\n  \nnonsense\na:1 SHA256:03", Some("SHA256:03")),
        ] {
            assert_eq!(find(text, "a:1"), before, "{text:?}");
        }
    }

    #[test]
    fn what_is_remembered_stands_there_once_and_loses_nothing_of_what_stood_there() {
        let (_folder, path, known) = known();
        for _ in 0..3 {
            known.remember("a:1", "SHA256:01").unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "a:1 SHA256:01\n");
        fs::write(&path, "\u{feff}b:1 SHA256:02\r\n\u{fffd}broken\r\nc:1 SHA256:03").unwrap();
        known.remember("a:1", "SHA256:01").unwrap();
        for (address, what) in [("a:1", "SHA256:01"), ("b:1", "SHA256:02"), ("c:1", "SHA256:03")] {
            assert_eq!(known.before(address).unwrap().as_deref(), Some(what));
        }
        known.remember("a:1", "SHA256:04").unwrap_err();
        assert_eq!(known.before("a:1").unwrap().as_deref(), Some("SHA256:01"), "what stood there stays");
        known.remember("a:1", BY_A_ROOT).unwrap();
        known.remember("a:1", BY_A_ROOT).unwrap();
        assert_eq!(known.before("a:1").unwrap().as_deref(), Some(BY_A_ROOT));
        assert_eq!(fs::read_to_string(&path).unwrap().matches("a:1 root").count(), 1);
    }

    #[test]
    fn clients_that_write_at_the_same_moment_lose_nothing_and_write_nothing_twice() {
        let (_folder, path, known) = known();
        thread::scope(|scope| {
            for n in 0..16 {
                let known = known.clone();
                scope.spawn(move || {
                    known.remember(&format!("host{}:1", n % 8), &format!("SHA256:{:02}", n % 8)).unwrap();
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, (0..8).map(|n| format!("host{n}:1 SHA256:{n:02}")).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_written_holds_for_this_run_and_what_cannot_be_read_is_not_taken_for_new() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let known = KnownHosts::at(Some(folder.path().join("file/known-servers")));
        assert_eq!(known.before("a:1"), Ok(None));
        known.remember("a:1", "SHA256:01").unwrap_err();
        assert_eq!(known.before("a:1").unwrap().as_deref(), Some("SHA256:01"));
        let nowhere = KnownHosts::at(None);
        nowhere.remember("a:1", "SHA256:01").unwrap();
        assert_eq!(nowhere.clone().before("a:1").unwrap().as_deref(), Some("SHA256:01"));
        let known = KnownHosts::at(Some(folder.path().to_owned()));
        assert!(known.before("a:1").unwrap_err().contains("not a file"));
    }
}
