//! The rule for who may join. Sessions ask [`Admission::admit`]; [`Admission::keep_current`] reads the roster's file
//! again on request and when it has changed, while everything else goes on.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::{Mutex, RwLock};
use squares_shared::{
    file_id::{self, FileId},
    message::{Auth, Student},
    student::{StudentError, check_id, read_name},
};
use tokio::{
    sync::{self, Notify},
    time::{sleep, timeout},
};

use super::{
    roster_file::{Roster, RosterError},
    watch::Watch,
};
use crate::{
    permissions,
    worker_pool::{WorkerPool, on_own_thread},
};

/// How long a file that has changed is to stay as it is: before that it is still being written, or moved about.
const SETTLED: Duration = Duration::from_millis(300);

/// How long the end of the server waits for a roster that is being read, so that the log tells the outcome.
const LAST: Duration = Duration::from_secs(1);

/// What tells the roster's file from what it was before, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RosterStamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Which file has the name: one that is moved over another may be as old and as long.
    id: FileId,
}

impl RosterStamp {
    /// `None` where there is no such file just now.
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self { modified: file.modified().ok(), length: file.len(), id: file_id::at(path).ok()? })
    }
}

/// Why a student may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The id or the name is none.
    Student(StudentError),
    /// A roster is in force, and the id is not on it.
    NotOnRoster,
}

/// The rule in force for who may join.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) auth: Auth,
    file: Option<PathBuf>,
    roster: RwLock<Option<Arc<Roster>>>,
    /// The file when it was read last, whether or not it could be used.
    seen: Mutex<Option<RosterStamp>>,
    requested: Notify,
    /// Held while the file is read.
    reading: sync::Mutex<()>,
}

impl Admission {
    /// Reads the roster, where there is one, and puts the rule in force.
    pub(crate) async fn open(auth: Auth, file: Option<PathBuf>) -> Result<Self, RosterError> {
        let (requested, reading) = (Notify::new(), sync::Mutex::default());
        let admission = Self { auth, file, roster: RwLock::default(), seen: Mutex::default(), requested, reading };
        admission.reload().await?;
        Ok(admission)
    }

    /// How many students are on the roster in force, if there is one.
    pub(crate) fn roster_len(&self) -> Option<usize> {
        self.roster().map(|roster| roster.len())
    }

    /// Reads the file. Where it cannot be used, the old roster stays in force.
    pub(super) async fn reload(&self) -> Result<Option<usize>, RosterError> {
        let Some(file) = &self.file else { return Ok(None) };
        let _reading = self.reading.lock().await;
        let (own, auth) = (file.clone(), self.auth);
        // Where the disk hangs, only that thread does.
        let (seen, roster) = on_own_thread("roster", move || (RosterStamp::of(&own), read(&own, auth)))
            .await
            .map_err(|error| RosterError::Unreadable(file.clone(), error))?;
        *self.seen.lock() = seen;
        let roster = roster?;
        let students = roster.len();
        *self.roster.write() = Some(Arc::new(roster));
        Ok(Some(students))
    }

    /// Reads the file again whenever it has changed or somebody requests it, one read at a time.
    pub(crate) async fn keep_current(&self, workers: &WorkerPool) {
        let own = self.file.clone();
        // A folder that hangs holds nobody else up.
        let watch = on_own_thread("roster", move || own.as_deref().map(Watch::of)).await.ok().flatten();
        loop {
            tokio::select! {
                () = self.requested.notified() => {}
                () = self.changed(watch.as_ref(), workers) => {}
            }
            match self.reload().await {
                Ok(Some(students)) => tracing::info!(students, "the roster was read again"),
                Ok(None) => tracing::warn!("there is no roster to read again"),
                Err(error) => tracing::error!("{error}; the roster before it stays in force"),
            }
        }
    }

    pub(crate) fn request_reload(&self) {
        if self.reading.try_lock().is_err() {
            tracing::warn!("the roster is still being read; is its disk there?");
        }
        self.requested.notify_one();
    }

    /// Waits a moment for a read that has begun.
    pub(crate) async fn finish_reload(&self) {
        if timeout(LAST, self.reading.lock()).await.is_err() {
            tracing::warn!("the roster is still being read, and nobody waits for it any more");
        }
    }

    /// Waits until the file is another than the one that was read, and is no longer being written.
    async fn changed(&self, watch: Option<&Watch>, workers: &WorkerPool) {
        let (Some(file), Some(watch)) = (&self.file, watch) else { return std::future::pending().await };
        loop {
            let look = || async {
                let own = file.clone();
                workers.run(move || RosterStamp::of(&own)).await.unwrap_or_default()
            };
            let mut last = look().await;
            while last.is_some() && last != *self.seen.lock() {
                sleep(SETTLED).await;
                let now = look().await;
                if now == last {
                    return;
                }
                last = now;
            }
            watch.happened().await;
        }
    }

    /// Decides about a `join`: gives the student's information, or says why not.
    pub(crate) fn admit(&self, id: &str, name: Option<&str>) -> Result<Student, Refused> {
        check_id(id).map_err(Refused::Student)?;
        let Some(roster) = self.roster() else {
            let name = name.map_or_else(|| Ok(id.to_owned()), read_name).map_err(Refused::Student)?;
            return Ok(Student { id: id.to_owned(), name, department: None });
        };
        match (roster.students.get(id), self.auth) {
            (Some(listed), _) => Ok(listed.student.clone()),
            // With open admission, a roster only lends its names: nobody else can take one of them.
            (None, Auth::Open) => Ok(Student { id: id.to_owned(), name: id.to_owned(), department: None }),
            (None, Auth::Roster | Auth::Pin) => Err(Refused::NotOnRoster),
        }
    }

    /// The hash of the PIN of a student, where the roster has one.
    pub(crate) fn pin(&self, id: &str) -> Option<Arc<str>> {
        self.roster()?.students.get(id)?.pin.clone()
    }

    fn roster(&self) -> Option<Arc<Roster>> {
        self.roster.read().clone()
    }
}

/// Reads a roster for this way of letting students in.
fn read(file: &Path, auth: Auth) -> Result<Roster, RosterError> {
    let roster = Roster::read(file)?;
    roster.log_what_was_read();
    if auth == Auth::Pin {
        permissions::warn_if_loose(file, "the roster, which has the hashes of PINs");
        let without = roster.without_pin();
        match without.map_err(|why| RosterError::Unusable(file.to_owned(), why))? {
            0 => {}
            students if students == roster.len() => tracing::error!(
                students,
                "nobody on the roster has a PIN, and so nobody can join; make them with `squares-server roster --make-pins`, or call their column 'PIN'"
            ),
            students => tracing::warn!(
                students,
                "some on the roster have no PIN and cannot join; give them one with `squares-server roster --make-pins`"
            ),
        }
    }
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_or_replaced_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("roster"), folder.path().join("other"));
        assert_eq!(RosterStamp::of(&path), None);
        fs::write(&path, "id\ns1\n").unwrap();
        let first = RosterStamp::of(&path);
        assert!(first.is_some() && first == RosterStamp::of(&path));
        fs::write(&path, "id\ns1\ns2\n").unwrap();
        assert_ne!(RosterStamp::of(&path), first);
        fs::write(&path, "id\ns1\n").unwrap();
        let (now, modified) = (RosterStamp::of(&path), fs::metadata(&path).unwrap().modified().unwrap());
        fs::write(&other, "id\ns9\n").unwrap();
        fs::File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(RosterStamp::of(&path), now);
    }
}
