//! Is a ledger sound? Every page and index of its file, every `seq`, and every square, computed again. Called by
//! `squares-server check`.

use rusqlite::Connection;
use squares_shared::{
    number::Number,
    student::{check_id, is_printable},
};

use super::{backup::BackupError, ledger_file::LedgerFile, row::ResultRow};

/// The findings of one kind that are listed; more are only counted.
const TOLD: usize = 20;

/// What a check has found.
#[derive(Debug, Default)]
pub struct Findings {
    /// The results that were read.
    pub results: u64,
    /// The `seq` of the first and of the last of them.
    pub range: Option<(u64, u64)>,
    /// What is wrong, a sentence each.
    pub wrong: Vec<String>,
    /// How many more things are wrong.
    pub untold: u64,
}

impl Findings {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.wrong.is_empty()
    }

    fn add(&mut self, what: String) {
        if self.wrong.len() < TOLD {
            self.wrong.push(what);
        } else {
            self.untold += 1;
        }
    }

    fn all_of(&mut self, found: rusqlite::Result<Vec<String>>) {
        match found {
            Ok(found) => found.into_iter().for_each(|what| self.add(what)),
            Err(error) => self.add(format!("the file cannot be read: {error}")),
        }
    }
}

impl LedgerFile {
    /// Checks everything; `progress` gets, after each result, how many of about how many were read. `None` once
    /// `goes_on` says that the check was cancelled.
    pub fn check(
        &mut self,
        goes_on: impl Fn() -> bool + Clone + Send + 'static,
        mut progress: impl FnMut(u64, u64),
    ) -> Option<Findings> {
        /// Steps of SQLite between two questions: well below a tenth of a second.
        const STEPS: i32 = 100_000;
        let ends = goes_on.clone();
        if let Err(error) = self.connection.progress_handler(STEPS, Some(move || !ends())) {
            tracing::debug!(%error, "the check of the file cannot be called off");
        }
        let mut findings = Findings::default();
        findings.all_of(integrity(&self.connection));
        findings.all_of(unknown_people(&self.connection));
        findings.all_of(doubled_requests(&self.connection));
        let (mut last, mut last_at) = (0, i64::MIN);
        let walked = self.each(|result| {
            let seq = result.seq;
            if seq != last + 1 {
                findings.add(missing(last + 1, seq - 1));
            }
            if let Some(what) = fault_of(result) {
                findings.add(format!("result {seq}: {what}"));
            }
            if result.at < last_at {
                let at = result.time();
                findings.add(format!("result {seq}: it was recorded at {at}, before the one in front of it"));
            }
            (last, last_at) = (seq, result.at);
            findings.results += 1;
            findings.range = Some((findings.range.map_or(seq, |(first, _)| first), seq));
            progress(seq, self.latest);
            if goes_on() { Ok(()) } else { Err(BackupError::CalledOff) }
        });
        if !goes_on() {
            return None;
        }
        if let Err(error) = walked {
            findings.add(format!("nothing can be read behind result {last}: {error}"));
        } else if last != self.latest {
            findings.add(missing(last + 1, self.latest));
        }
        Some(findings)
    }
}

/// What a gap is called.
fn missing(first: u64, last: u64) -> String {
    if first == last { format!("result {first} is missing") } else { format!("results {first} to {last} are missing") }
}

/// What is wrong with a result by itself. A number is compared with its canonical form, and its square computed again.
fn fault_of(result: &ResultRow) -> Option<&'static str> {
    let Ok(number) = Number::parse(&result.number, usize::MAX) else { return Some("its number is none") };
    Some(if number.to_string() != result.number {
        "its number is not in canonical form"
    } else if number.square().to_string() != result.square {
        "its square is not the square of its number"
    } else if check_id(&result.student).is_err() {
        "its student id is none"
    // The rules for names may have changed since it was recorded.
    } else if result.name.is_empty() || !result.name.chars().all(is_printable) {
        "its name is none"
    } else {
        return None;
    })
}

/// What SQLite finds wrong in the file: pages, order, indexes that differ from their table, duplicate keys.
fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = connection.prepare("PRAGMA integrity_check(1000)")?;
    let found: Vec<String> = check.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").map(|line| line.replace('\n', " ")).collect())
}

/// Results of students or names that are not in the ledger: a reader would pass them over.
fn unknown_people(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let describe = |row: &rusqlite::Row<'_>| {
        let (row, refers): (Option<i64>, String) = (row.get(1)?, row.get(2)?);
        Ok(format!("result {}: its row in {refers} is missing", row.unwrap_or_default()))
    };
    check.query_map((), describe)?.collect()
}

/// Requests that were recorded more than once.
fn doubled_requests(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = connection.prepare(
        "SELECT count(*), min(seq), max(seq) FROM results WHERE request IS NOT NULL
         GROUP BY student, request HAVING count(*) > 1",
    )?;
    let describe = |row: &rusqlite::Row<'_>| {
        let (count, first, last): (u64, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("results {first} to {last}: one request was recorded {count} times"))
    };
    check.query_map((), describe)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::probe;

    /// The findings about a ledger of 2,000 results after `harm` was done to it.
    fn check_after(harm: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let connection = probe::open(&path).unwrap();
        let people = "INSERT INTO students VALUES (1, 's'); INSERT INTO names VALUES (1, 'n');";
        connection.execute_batch(people).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        for n in 1..=2000_i64 {
            let values = (n, n.to_string(), (n * n).to_string(), format!("r{n}"));
            connection.execute("INSERT INTO results VALUES (?1, 0, 1, 1, ?2, ?3, ?4)", values).unwrap();
        }
        connection.execute_batch("COMMIT; PRAGMA foreign_keys = off").unwrap();
        connection.execute_batch(harm).unwrap();
        drop(connection);
        LedgerFile::open_file(&path).unwrap().check(|| true, |_, _| {}).unwrap().wrong
    }

    #[test]
    fn a_check_that_is_called_off_finds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        drop(probe::open(&path).unwrap());
        assert!(LedgerFile::open_file(&path).unwrap().check(|| false, |_, _| {}).is_none());
    }

    #[test]
    fn a_sound_ledger_is_said_to_be_sound() {
        assert_eq!(check_after(""), [""; 0]);
    }

    #[test]
    fn each_kind_of_harm_is_found() {
        for (harm, found) in [
            ("DELETE FROM results WHERE seq = 1", "result 1 is missing"),
            ("DELETE FROM results WHERE seq BETWEEN 700 AND 1200", "results 700 to 1200 are missing"),
            ("UPDATE results SET square = '3' WHERE seq = 1500", "result 1500: its square is not"),
            ("UPDATE results SET number = '07' WHERE seq = 7", "result 7: its number is not in canonical form"),
            ("UPDATE results SET number = 'x' WHERE seq = 7", "result 7: its number is none"),
            (
                "UPDATE results SET at = 1 WHERE seq = 7",
                "result 8: it was recorded at 1970-01-01T00:00:00.000Z, before",
            ),
            ("UPDATE results SET at = -seq WHERE seq > 1998", "result 1999: it was recorded at 1969"),
            ("UPDATE students SET id = 'a b'", "result 1: its student id is none"),
            ("DELETE FROM names", "its row in names is missing"),
            (
                "DROP INDEX results_by_request; UPDATE results SET request = 'r1' WHERE seq = 9",
                "results 1 to 9: one request was recorded 2 times",
            ),
        ] {
            let wrong = check_after(harm);
            assert!(wrong.iter().any(|line| line.contains(found)), "{harm}: {wrong:?}");
        }
    }
}
