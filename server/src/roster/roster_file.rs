//! A roster's file, JSON or CSV, read as the students of a class. Called by `admission` and `make_pins`.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use squares_shared::{message::Student, regular_file};

use super::{
    encoding::text_of,
    entry::{NO_STUDENT, RosterEntry},
    json::Objects,
    table::{StudentRows, Table},
};
use crate::pins::is_usable;

/// A roster file may have this many bytes: a hundred thousand students, say.
pub const LONGEST_ROSTER: u64 = 64 << 20;

/// The students of a class, by id.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(super) students: HashMap<String, RosterEntry>,
    /// Which of its columns was taken for what.
    pub(super) taken: String,
    /// The lines that have no id.
    pub(super) without_id: Vec<usize>,
}

/// Why a roster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read.
    #[error("cannot read the roster {0}: {1}; check the path given with --roster")]
    Unreadable(PathBuf, io::Error),
    /// The file is not a roster: what is wrong in it and how to mend it.
    #[error("the roster {0} cannot be used: {1}")]
    Unusable(PathBuf, String),
}

impl Roster {
    /// Reads a roster file: a JSON array of objects, or CSV with a header line.
    ///
    /// # Errors
    /// [`RosterError`], with the line or the entry that is wrong, and how to mend it.
    pub(crate) fn read(path: &Path) -> Result<Self, RosterError> {
        let bytes = regular_file::read(path, LONGEST_ROSTER)
            .map_err(|error| RosterError::Unreadable(path.to_owned(), error))?;
        Self::parse(&bytes).map_err(|why| RosterError::Unusable(path.to_owned(), why))
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = text_of(bytes)?;
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
            let entry = RosterEntry::try_from(row).map_err(|why| format!("{place}: {why}"))?;
            let id = entry.student.id.clone();
            students.insert(id.clone(), entry);
            if let Some(first) = places.insert(id.clone(), place.clone()) {
                return Err(format!("{place}: the id {id} appears twice, first at {first}; keep one of them"));
            }
        }
        if students.is_empty() {
            return Err(NO_STUDENT.to_owned());
        }
        Ok(Self { students, taken, without_id })
    }

    /// Logs what was taken for what, so that a mistake is seen before a class is locked out.
    pub(super) fn log_what_was_read(&self) {
        let nameless = self.students.values().filter(|entry| entry.student.name == entry.student.id).count();
        tracing::info!(students = self.len(), nameless, "the roster has {}", self.taken);
        if !self.without_id.is_empty() {
            const SHOWN: usize = 20;
            let lines: Vec<String> = self.without_id.iter().take(SHOWN).map(ToString::to_string).collect();
            let (count, lines) = (self.without_id.len(), lines.join(", "));
            tracing::warn!(count, lines, "some lines of the roster have no id, and were passed over");
        }
    }

    /// Whether every PIN can be checked; tells how many students have none.
    pub(super) fn without_pin(&self) -> Result<usize, String> {
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

    pub(crate) fn len(&self) -> usize {
        self.students.len()
    }
}

/// The students that a roster file with these bytes lets in, in no particular order.
///
/// # Errors
/// What is wrong in it, with its place, and how to mend it: one line.
pub fn read_roster(bytes: &[u8]) -> Result<Vec<Student>, String> {
    Roster::parse(bytes).map(|roster| roster.students.into_values().map(|entry| entry.student).collect())
}

pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}
