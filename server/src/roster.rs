//! Who may join: the roster as a file (JSON or CSV), and the rule in force. Sessions ask [`Admission::admit`]; the
//! server reads the file when it starts, on SIGHUP, and when it has changed.

mod columns;
mod file_stamp;
mod json;
mod make_pins;
mod table;
mod text;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use file_stamp::RosterStamp;
use json::Objects;
pub use make_pins::{MadePins, make_pins};
use parking_lot::{Mutex, RwLock};
use squares_shared::{
    message::{Auth, Student},
    regular_file,
    student::{StudentError, check_id, is_visible, read_name},
    typed,
};
use table::{StudentRows, Table};

use crate::{
    permissions,
    pins::is_usable,
    worker_pool::{WorkerPool, on_own_thread},
};

/// How often the file is looked at for changes. One that differs from the last look is still being written.
const LOOKED_AT: Duration = Duration::from_secs(1);

/// The students of a class, by id.
#[derive(Debug)]
pub(crate) struct Roster {
    students: HashMap<String, RosterEntry>,
    /// Which of its columns was taken for what.
    taken: String,
    /// The lines that have no id.
    without_id: Vec<usize>,
}

/// One student on it.
#[derive(Debug)]
struct RosterEntry {
    student: Student,
    /// The hash of the PIN.
    pin: Option<Arc<str>>,
}

/// Why a roster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read.
    #[error("cannot read the roster {path}: {error}; check the path given with --roster")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The file is not a roster.
    #[error("the roster {path} cannot be used: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong in it and how to mend it.
        why: String,
    },
}

/// One student as a roster file writes it: what is empty is not there.
#[derive(Debug, Default)]
struct RosterRow {
    id: String,
    name: String,
    department: String,
    pin: String,
}

/// A roster file may have this many bytes: a hundred thousand students, say.
pub const LONGEST_ROSTER: u64 = 64 << 20;

impl Roster {
    /// Reads a roster file: a JSON array of objects, or CSV with a header line.
    ///
    /// # Errors
    /// [`RosterError`], with the line or the entry that is wrong, and how to mend it.
    pub(crate) fn read(path: &Path) -> Result<Self, RosterError> {
        let bytes = regular_file::read(path, LONGEST_ROSTER)
            .map_err(|error| RosterError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&bytes).map_err(|why| RosterError::Unusable { path: path.to_owned(), why })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = text::text_of(bytes)?;
        let (rows, taken) = if is_json(text) {
            let objects = Objects::read(text)?;
            (StudentRows { rows: objects.rows()?, without_id: Vec::new() }, objects.in_words())
        } else {
            let table = Table::find(text)?;
            (table.rows()?, table.in_words())
        };
        let StudentRows { rows, without_id } = rows;
        let mut students = HashMap::with_capacity(rows.len());
        let mut places = HashMap::with_capacity(rows.len());
        for (place, row) in rows {
            let listed = listed(row).map_err(|why| format!("{place}: {why}"))?;
            let id = listed.student.id.clone();
            students.insert(id.clone(), listed);
            if let Some(first) = places.insert(id.clone(), place.clone()) {
                return Err(format!("{place}: the id {id} appears twice, first at {first}; keep one of them"));
            }
        }
        if students.is_empty() {
            return Err(no_student());
        }
        Ok(Self { students, taken, without_id })
    }

    /// Says on the log what was taken for what, so that a class that is locked out has not to be met to be seen.
    fn say(&self) {
        let nameless = self.students.values().filter(|listed| listed.student.name == listed.student.id).count();
        tracing::info!(students = self.len(), nameless, "the roster has {}", self.taken);
        if !self.without_id.is_empty() {
            const SHOWN: usize = 20;
            let lines: Vec<String> = self.without_id.iter().take(SHOWN).map(ToString::to_string).collect();
            let (count, lines) = (self.without_id.len(), lines.join(", "));
            tracing::warn!(count, lines, "some lines of the roster have no id, and were passed over");
        }
    }

    /// Whether every PIN can be checked; tells how many students have none.
    fn without_pin(&self) -> Result<usize, String> {
        let mut without = 0;
        for RosterEntry { student, pin } in self.students.values() {
            match pin {
                Some(pin) if is_usable(pin) => {}
                Some(_) => {
                    let id = &student.id;
                    return Err(format!(
                        "the hash of the PIN of {id} cannot be used; put in what `squares-server pin` prints for it"
                    ));
                }
                None => without += 1,
            }
        }
        Ok(without)
    }

    /// How many students stand on it.
    pub(crate) fn len(&self) -> usize {
        self.students.len()
    }
}

/// The students that a roster file with these bytes lets in, in no particular order.
///
/// # Errors
/// What is wrong in it, with its place, and how to mend it: one line.
pub fn read_roster(bytes: &[u8]) -> Result<Vec<Student>, String> {
    Roster::parse(bytes).map(|roster| roster.students.into_values().map(|listed| listed.student).collect())
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

fn no_student() -> String {
    "no student stands in it; add them, or start without --roster".to_owned()
}

/// What somebody wrote, as a log may show it: escaped, and cut where it is long.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// An id as it was meant: without what is invisible around it, and with ASCII for full-width characters.
fn id_of(text: &str) -> String {
    typed::read(text.trim_matches(|c: char| c.is_whitespace() || !c.is_control() && !is_visible(c))).into_owned()
}

/// Whether this is what a spreadsheet makes of an id that it takes for a number: `20260001.0`, `2.026E+07`,
/// `20,260,001`.
fn is_spoiled(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = |text: &str| text.bytes().all(|byte| byte == b'0');
    let parts = |separator: char| id.split_once(separator);
    let is_decimal =
        ['.', ','].iter().any(|&point| parts(point).is_some_and(|(whole, rest)| digits(whole) && zeros(rest)));
    let has_exponent = parts('E').or_else(|| parts('e')).is_some_and(|(mantissa, exponent)| {
        let (whole, rest) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let unsigned = exponent.trim_start_matches(['+', '-']);
        let is_number = digits(whole) && (rest.is_empty() || digits(rest)) && digits(unsigned);
        // `3E12` may be somebody's id.
        is_number && (mantissa.len() > whole.len() || exponent.len() > unsigned.len())
    });
    let is_grouped = id.contains(',') && id.split(',').all(digits);
    is_decimal || has_exponent || is_grouped
}

fn spoiled(id: &str) -> String {
    let id = quoted(id);
    format!(
        "{id} is a number as spreadsheets write it, and no id any more; set its column to text and put the ids in anew"
    )
}

fn listed(row: RosterRow) -> Result<RosterEntry, String> {
    let id = id_of(&row.id);
    if is_spoiled(&id) {
        return Err(spoiled(&id));
    }
    check_id(&id).map_err(|_| {
        format!("{} is no student id; it takes 1 to 32 ASCII letters, digits, '-', '_' or '.'", quoted(&id))
    })?;
    let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let readable = |what: &str, text: &str| {
        read_name(text).map_err(|error| {
            let why = match error {
                StudentError::NameTooLong => "is longer than 64 characters; shorten it",
                StudentError::NameMarks => "has too many combining marks on one character; type it again with fewer",
                _ => "has control or invisible characters; type it again without them",
            };
            format!("the {what} of {id} {why}")
        })
    };
    let name = filled(row.name).map_or(Ok(id.clone()), |name| readable("name", &name))?;
    let department = filled(row.department).map(|text| readable("department", &text)).transpose()?;
    let pin = filled(row.pin).map(|pin| Arc::<str>::from(pin.trim()));
    if pin.as_deref().is_some_and(|pin| !pin.starts_with("$argon2id$")) {
        // The PIN itself is not repeated: this sentence goes to a log.
        return Err(format!("the PIN of {id} is not an Argon2id hash; put in what `squares-server pin` prints for it"));
    }
    Ok(RosterEntry { student: Student { id, name, department }, pin })
}

/// Reads a roster for this way of letting students in.
fn read(file: &Path, auth: Auth) -> Result<Roster, RosterError> {
    let roster = Roster::read(file)?;
    roster.say();
    if auth == Auth::Pin {
        permissions::warn_if_loose(file, "the roster, which has the hashes of PINs");
        let without = roster.without_pin();
        match without.map_err(|why| RosterError::Unusable { path: file.to_owned(), why })? {
            0 => {}
            students if students == roster.students.len() => tracing::error!(
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

/// The same on a thread of its own, which hangs alone where the disk does; with the file as it was before.
async fn read_apart(
    file: &Path,
    auth: Auth,
) -> Result<(Option<RosterStamp>, Result<Roster, RosterError>), RosterError> {
    let own = file.to_owned();
    let unreadable = |error| RosterError::Unreadable { path: file.to_owned(), error };
    on_own_thread("roster", move || (RosterStamp::of(&own), read(&own, auth))).await.map_err(unreadable)
}

/// Why somebody is not let in.
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
    auth: Auth,
    file: Option<PathBuf>,
    roster: RwLock<Option<Arc<Roster>>>,
    /// The file when it was read last, whether or not it could be used.
    seen: Mutex<Option<RosterStamp>>,
}

impl Admission {
    /// Reads the roster, where there is one, and puts the rule in force.
    pub(crate) async fn open(auth: Auth, file: Option<PathBuf>) -> Result<Self, RosterError> {
        let (seen, roster) = match &file {
            Some(file) => {
                let (seen, roster) = read_apart(file, auth).await?;
                (seen, Some(Arc::new(roster?)))
            }
            None => (None, None),
        };
        Ok(Self { auth, file, roster: RwLock::new(roster), seen: Mutex::new(seen) })
    }

    pub(crate) fn auth(&self) -> Auth {
        self.auth
    }

    /// How many students stand on the roster in force, if there is one.
    pub(crate) fn roster_len(&self) -> Option<usize> {
        self.roster().map(|roster| roster.len())
    }

    /// Reads the roster file again. Where it cannot be used, the old roster stays in force.
    pub(crate) async fn reload(&self) -> Result<Option<usize>, RosterError> {
        let Some(file) = &self.file else { return Ok(None) };
        let (seen, roster) = read_apart(file, self.auth).await?;
        *self.seen.lock() = seen;
        let roster = roster?;
        let students = roster.len();
        *self.roster.write() = Some(Arc::new(roster));
        Ok(Some(students))
    }

    /// Waits until the file is another than the one that was read, and is no longer being written.
    pub(crate) async fn changed(&self, workers: &WorkerPool) {
        let Some(file) = &self.file else { return std::future::pending().await };
        let mut last = None;
        loop {
            tokio::time::sleep(LOOKED_AT).await;
            let own = file.clone();
            let now = workers.run(move || RosterStamp::of(&own)).await.unwrap_or_default();
            if now.is_some() && now == last && now != *self.seen.lock() {
                return;
            }
            last = now;
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
            // A roster beside an open door only lends its names: nobody takes that of somebody on it.
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

#[cfg(test)]
mod tests;
