//! Who may join: the roster as a file (JSON or CSV), and the rule in force. Sessions ask [`Door::admit`]; the
//! server reads the file when it starts and on SIGHUP.

mod making;
mod table;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

pub use making::{MadePins, make_pins};
use serde::Deserialize;
use squares_shared::{
    message::{Auth, Student},
    student::{StudentError, check_id, read_name},
};

use crate::pins::is_usable;

/// The students of a class, by id.
#[derive(Debug)]
pub(crate) struct Roster {
    students: HashMap<String, Listed>,
}

/// One student on it.
#[derive(Debug)]
struct Listed {
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

/// One student as a roster file writes it.
#[derive(Debug, Default, Deserialize)]
struct Row {
    #[serde(default)]
    id: Option<Cell>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    department: Option<String>,
    #[serde(default)]
    pin: Option<Cell>,
}

/// An id or a PIN in JSON: spreadsheets that export JSON write one of digits alone as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Cell {
    Text(String),
    Number(u64),
}

impl Cell {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl Roster {
    /// Reads a roster file: a JSON array of objects, or CSV with a header line.
    ///
    /// # Errors
    /// [`RosterError`], with the line or the entry that is wrong, and how to mend it.
    pub(crate) fn read(path: &Path) -> Result<Self, RosterError> {
        let bytes = std::fs::read(path).map_err(|error| RosterError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&bytes).map_err(|why| RosterError::Unusable { path: path.to_owned(), why })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            format!("line {line}: it is not UTF-8; save it as UTF-8, in Excel as 'CSV UTF-8'")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rows = if text.trim_start().starts_with(['[', '{']) { json_rows(text)? } else { table::rows(text)? };
        let mut students = HashMap::with_capacity(rows.len());
        let mut places = HashMap::with_capacity(rows.len());
        for (place, row) in rows {
            let listed = listed(row).map_err(|why| format!("{place}: {why}"))?;
            let id = listed.student.id.clone();
            students.insert(id.clone(), listed);
            if let Some(first) = places.insert(id.clone(), place.clone()) {
                return Err(format!("{place}: the id {id} stands there twice, first at {first}; keep one of them"));
            }
        }
        if students.is_empty() {
            return Err("no student stands in it; add them, or start without --roster".to_owned());
        }
        Ok(Self { students })
    }

    /// Whether every PIN can be checked; tells how many students have none.
    fn without_pin(&self) -> Result<usize, String> {
        let mut without = 0;
        for Listed { student, pin } in self.students.values() {
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

fn json_rows(text: &str) -> Result<Vec<(String, Row)>, String> {
    let rows: Vec<Row> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            // What stands there is not repeated: it may be long, or a PIN.
            serde_json::error::Category::Data => {
                format!("what stands before line {line} column {column} is of another kind")
            }
            _ => error.to_string(),
        };
        format!("it is not a JSON array of students such as [{{\"id\":\"…\",\"name\":\"…\"}}] ({what}); mend it there")
    })?;
    Ok(rows.into_iter().enumerate().map(|(at, row)| (format!("student {}", at + 1), row)).collect())
}

/// What somebody wrote, as a log may show it: escaped, and cut where it is long.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn listed(row: Row) -> Result<Listed, String> {
    let id = row.id.map(Cell::into_text).ok_or_else(|| "the id is missing; add it".to_owned())?;
    check_id(&id).map_err(|_| {
        format!("{} is no student id; it takes 1 to 32 ASCII letters, digits, '-', '_' or '.'", quoted(&id))
    })?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
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
    let pin = filled(row.pin.map(Cell::into_text)).map(Arc::<str>::from);
    if pin.as_deref().is_some_and(|pin| !pin.starts_with("$argon2id$")) {
        // The PIN itself is not repeated: this sentence goes to a log.
        return Err(format!("the PIN of {id} is not an Argon2id hash; put in what `squares-server pin` prints for it"));
    }
    Ok(Listed { student: Student { id, name, department }, pin })
}

/// Reads a roster for this way of letting students in.
fn read(file: &Path, auth: Auth) -> Result<Roster, RosterError> {
    let roster = Roster::read(file)?;
    if auth == Auth::Pin {
        let without = roster.without_pin();
        match without.map_err(|why| RosterError::Unusable { path: file.to_owned(), why })? {
            0 => {}
            students => tracing::warn!(
                students,
                "some on the roster have no PIN and cannot join; give them one with `squares-server roster --make-pins`"
            ),
        }
    }
    Ok(roster)
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
pub(crate) struct Door {
    auth: Auth,
    file: Option<PathBuf>,
    roster: RwLock<Option<Arc<Roster>>>,
}

impl Door {
    /// Reads the roster, where there is one, and puts the rule in force.
    pub(crate) fn new(auth: Auth, file: Option<PathBuf>) -> Result<Self, RosterError> {
        let roster = file.as_deref().map(|file| read(file, auth)).transpose()?.map(Arc::new);
        Ok(Self { auth, file, roster: RwLock::new(roster) })
    }

    pub(crate) fn auth(&self) -> Auth {
        self.auth
    }

    /// How many students stand on the roster in force, if there is one.
    pub(crate) fn roster_len(&self) -> Option<usize> {
        self.roster().map(|roster| roster.len())
    }

    /// Reads the roster file again. Where it cannot be used, the old roster stays in force.
    pub(crate) fn reload(&self) -> Result<Option<usize>, RosterError> {
        let Some(file) = &self.file else { return Ok(None) };
        let roster = read(file, self.auth)?;
        let students = roster.len();
        *self.roster.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(roster));
        Ok(Some(students))
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
        self.roster.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, id: &str, name: &str, department: Option<&str>) {
        let roster = Roster::parse(file.as_bytes()).expect(file);
        let student = &roster.students.get(id).expect(file).student;
        assert_eq!((&*student.name, student.department.as_deref()), (name, department), "{file}");
    }

    fn check_refused(file: impl AsRef<[u8]>, why: &str) {
        let error = Roster::parse(file.as_ref()).expect_err("it should be refused");
        assert!(error.contains(why), "{error} lacks {why}");
    }

    #[test]
    fn json_and_csv_in_english_and_korean_with_and_without_bom() {
        check(r#"[{"id":"s1","name":"가람","department":"수학"}]"#, "s1", "가람", Some("수학"));
        check("\u{feff} [{\"id\":20260001,\"name\":\"Sample\",\"department\":null}]", "20260001", "Sample", None);
        check("id,name,department,pin\ns1,\"Sample, A\",Maths,\n", "s1", "Sample, A", Some("Maths"));
        check(
            "\u{feff}학번,이름,학과,PIN\r\n\r\ns1, 가람 ,수학,$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA\r\n",
            "s1",
            "가람",
            Some("수학"),
        );
        check("이름,학번\n\u{1100}\u{1161},s1\n", "s1", "가", None);
        check("Student ID,Note\ns1,x\n", "s1", "s1", None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        check_refused("", "header");
        check_refused("id,name\n", "no student");
        check_refused("[]", "no student");
        check_refused("name\na\n", "학번");
        check_refused("id\ns1\ns 2\n", "line 3");
        check_refused("id\ns1\ns2\ns1\n", "line 4: the id s1 stands there twice, first at line 2");
        check_refused(r#"[{"id":"s1"},{"id":"s1"}]"#, "student 2: the id s1 stands there twice, first at student 1");
        check_refused("id,name\ns1,a\x1b[31m\n", "line 2: the name of s1");
        check_refused(r#"[{"name":"x"}]"#, "student 1: the id is missing");
        check_refused(r#"{"id":"s1"}"#, "array");
        check_refused(b"id\n\xb0\xa1\n", "line 2: it is not UTF-8");
    }

    #[test]
    fn what_is_no_id_is_shown_escaped_and_not_whole() {
        let error = Roster::parse(format!("id\n{}\n", "\u{7f}".repeat(1_000)).as_bytes()).expect_err("no id");
        assert!(error.contains("\\u{7f}") && error.len() < 500, "{error}");
        let error = Roster::parse(format!("[\"{}\"]", "x".repeat(1_000)).as_bytes()).expect_err("no student");
        assert!(error.len() < 500, "{error}");
    }

    #[test]
    fn a_plain_pin_is_refused_and_not_repeated() {
        for file in ["id,pin\ns1,4711\n", r#"[{"id":"s1","pin":"4711"}]"#, r#"[{"id":"s1","pin":4711}]"#] {
            let error = Roster::parse(file.as_bytes()).expect_err("a plain PIN");
            assert!(error.contains("squares-server pin") && !error.contains("4711"), "{error}");
        }
        for file in [r#"[{"id":"s1","pin":4711.5}]"#, r#"[{"id":"s1","pin":["4711"]}]"#, r#"["4711"]"#, "[4711]"] {
            let error = Roster::parse(file.as_bytes()).expect_err("not a roster");
            assert!(error.contains("line 1 column") && !error.contains("4711"), "{error}");
        }
    }

    #[test]
    fn an_open_door_takes_any_id_and_a_roster_only_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roster.csv");
        std::fs::write(&file, "id,name\ns1,Sample\n").unwrap();

        let open = Door::new(Auth::Open, None).unwrap();
        assert_eq!(open.admit("x", None).unwrap().name, "x");
        assert_eq!(open.admit("x", Some("Y")).unwrap().name, "Y");
        assert_eq!(open.admit("x", Some("")), Err(Refused::Student(StudentError::NameEmpty)));
        assert_eq!(open.admit("", None), Err(Refused::Student(StudentError::Id)));

        let closed = Door::new(Auth::Roster, Some(file.clone())).unwrap();
        assert_eq!(closed.admit("s1", Some("Another")).unwrap().name, "Sample");
        assert_eq!(closed.admit("s2", None), Err(Refused::NotOnRoster));

        std::fs::write(&file, "").unwrap();
        assert!(closed.reload().is_err());
        assert!(closed.admit("s1", None).is_ok(), "the old roster stays in force");
        std::fs::write(&file, "id\ns2\n").unwrap();
        assert_eq!(closed.reload().unwrap(), Some(1));
        assert_eq!(closed.admit("s1", None), Err(Refused::NotOnRoster));
    }
}
