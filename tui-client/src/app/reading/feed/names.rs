//! The names in a feed: how wide they are, and which of them several students have, so that an id is needed to tell
//! them apart. The feed measures each row that it loads; the view asks it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::app::Row;
use crate::text;

/// The most names that are compared with one another.
const COMPARED: usize = 5_000;

/// What is known of the names. It only grows, so that columns do not jump.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// The cells of the widest name.
    pub(crate) width: usize,
    /// The same of student ids.
    pub(crate) id_width: usize,
    /// The first student of each name, both as hashes: what is compared is not kept.
    first: HashMap<u64, u64>,
    /// The names that more than one student has.
    alike: HashSet<u64>,
}

impl Names {
    /// A row is loaded.
    pub(super) fn measure(&mut self, row: &Row) {
        self.width = self.width.max(text::width(row.name()));
        self.id_width = self.id_width.max(text::width(row.student()));
        let (name, student) = (hash_of(row.name()), hash_of(row.student()));
        match self.first.get(&name) {
            Some(first) if *first != student => drop(self.alike.insert(name)),
            Some(_) => {}
            None if self.first.len() < COMPARED => drop(self.first.insert(name, student)),
            None => {}
        }
    }

    /// Whether any name is that of several students.
    pub(crate) fn any_alike(&self) -> bool {
        !self.alike.is_empty()
    }

    pub(crate) fn are_alike(&self, name: &str) -> bool {
        self.any_alike() && self.alike.contains(&hash_of(name))
    }
}

/// A hash of a text, whatever its case and its white space.
fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        c.to_ascii_lowercase().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use squares_shared::message::SquareResult;

    use super::*;

    #[test]
    fn names_of_several_students_are_noticed_whatever_their_case() {
        let mut names = Names::default();
        let mut add = |student: &str, name: &str| {
            names.measure(&Row::new(&SquareResult {
                seq: 1,
                at: String::new(),
                student: student.into(),
                name: name.into(),
                number: "1".into(),
                square: "1".into(),
                id: None,
            }));
            names.clone()
        };
        add("s-1", "Nara Sample");
        assert!(!add("s-1", "Nara Sample").any_alike(), "one student is not two");
        assert!(!add("s-2", "다온").any_alike());
        let names = add("s-3", "nara  sample");
        assert!(names.are_alike("Nara Sample") && names.are_alike("nara  sample") && !names.are_alike("다온"));
        assert_eq!((names.width, names.id_width), (12, 3));
    }
}
