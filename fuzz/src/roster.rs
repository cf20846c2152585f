//! A roster file: every student on it has an id and a name that others may be shown, and what is wrong with it is
//! said in a line that a log may show.

use std::collections::HashSet;

use squares_shared::student::{check_id, read_name};

/// Reads `data` as a roster file.
pub fn check(data: &[u8]) {
    match squares_server::read_roster(data) {
        Ok(students) => {
            assert!(!students.is_empty());
            let unclosed = [data, b"\n\"x"].concat();
            assert!(squares_server::read_roster(&unclosed).is_err(), "a quote that is not closed passes");
            let mut ids = HashSet::new();
            for student in &students {
                assert_eq!(check_id(&student.id), Ok(()));
                assert!(ids.insert(&student.id), "twice: {}", student.id);
                for text in [Some(&student.name), student.department.as_ref()].into_iter().flatten() {
                    assert_eq!(read_name(text).as_ref(), Ok(text));
                }
            }
        }
        Err(why) => {
            super::assert_printable(&why);
            assert!(why.len() < 1_000, "a long line on the log: {why}");
        }
    }
}
