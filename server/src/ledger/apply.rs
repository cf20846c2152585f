//! The one pure step of the ledger: a batch of entries, its time and its first `seq` become rows, and an outcome for
//! each. A square that was sent again under its `id` is a duplicate and gives no row: this is where each square is
//! recorded exactly once, so that sending it again is idempotent. It reads no clock and no setting, so that the same
//! batch gives the same rows wherever it is applied. Called by the writer, inside the transaction that makes the batch
//! durable.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::row::{COLUMNS, LedgerEntry, ResultRow};

/// Entries that are recorded together.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) entries: &'a [LedgerEntry],
    /// When they are recorded: milliseconds since 1970, UTC.
    pub(super) at: i64,
    /// The `seq` of the first new one; the others follow without gaps.
    pub(super) first_seq: u64,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is a new row with this `seq`.
    Recorded(u64),
    /// This student has a result with this request `id` and number.
    Duplicate(ResultRow),
    /// This student has a result with this request `id` and another number.
    IdReused,
}

/// A cache of the numbers by which rows name students and names. Only what a committed batch has
/// found may be kept; the writer forgets all of it when a transaction fails.
#[derive(Debug, Default)]
pub(super) struct RowNumbers {
    students: HashMap<Arc<str>, i64>,
    names: HashMap<Arc<str>, i64>,
    /// Students whose number was looked up since [`Self::take_new_students`].
    new_students: Vec<Arc<str>>,
}

impl RowNumbers {
    /// Beyond this many, everything is forgotten and looked up again.
    const MAX_NUMBERS: usize = 100_000;

    fn number(
        known: &mut HashMap<Arc<str>, i64>,
        connection: &Connection,
        text: &Arc<str>,
        sql: [&str; 2],
    ) -> rusqlite::Result<i64> {
        if let Some(&number) = known.get(text) {
            return Ok(number);
        }
        let found = connection.prepare_cached(sql[0])?.query_row([text], |row| row.get(0)).optional()?;
        let number = match found {
            Some(number) => number,
            None => connection.prepare_cached(sql[1])?.insert([text])?,
        };
        if known.len() >= Self::MAX_NUMBERS {
            known.clear();
        }
        known.insert(Arc::clone(text), number);
        Ok(number)
    }

    /// The students whose number was looked up since this was asked last.
    pub(super) fn take_new_students(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.new_students)
    }

    fn student(&mut self, connection: &Connection, id: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(&number) = self.students.get(id) {
            return Ok(number);
        }
        self.new_students.push(Arc::clone(id));
        let sql = ["SELECT num FROM students WHERE id = ?1", "INSERT INTO students (id) VALUES (?1)"];
        Self::number(&mut self.students, connection, id, sql)
    }

    fn name(&mut self, connection: &Connection, name: &Arc<str>) -> rusqlite::Result<i64> {
        let sql = ["SELECT num FROM names WHERE name = ?1", "INSERT INTO names (name) VALUES (?1)"];
        Self::number(&mut self.names, connection, name, sql)
    }
}

/// Writes the rows of a batch, within the transaction that is open on `connection`.
pub(super) fn apply(
    connection: &Connection,
    row_numbers: &mut RowNumbers,
    batch: &Batch<'_>,
) -> rusqlite::Result<Vec<Outcome>> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO results (seq, at, student, name, number, square, request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (student, request) WHERE request IS NOT NULL DO NOTHING",
    )?;
    let mut seq = batch.first_seq;
    let mut outcomes = Vec::with_capacity(batch.entries.len());
    for entry in batch.entries {
        let student = row_numbers.student(connection, &entry.student)?;
        let name = row_numbers.name(connection, &entry.name)?;
        let new = insert.execute(params![seq, batch.at, student, name, entry.number, entry.square, entry.request])?;
        outcomes.push(if new == 1 {
            seq += 1;
            Outcome::Recorded(seq - 1)
        } else {
            let existing = existing(connection, student, entry.request.as_deref())?;
            if existing.number == entry.number { Outcome::Duplicate(existing) } else { Outcome::IdReused }
        });
    }
    Ok(outcomes)
}

/// What became of an entry of a batch that was applied, where nobody kept it. `latest` stands for its `seq` where it
/// had no `id` to find it by.
#[cfg(feature = "cluster")]
pub(super) fn existing_outcome(connection: &Connection, entry: &LedgerEntry, latest: u64) -> rusqlite::Result<Outcome> {
    let Some(request) = entry.request.as_deref() else { return Ok(Outcome::Recorded(latest)) };
    let sql = "SELECT num FROM students WHERE id = ?1";
    let student = connection.prepare_cached(sql)?.query_row([&entry.student], |row| row.get(0))?;
    let existing = existing(connection, student, Some(request))?;
    Ok(if existing.number == entry.number { Outcome::Duplicate(existing) } else { Outcome::IdReused })
}

fn existing(connection: &Connection, student: i64, request: Option<&str>) -> rusqlite::Result<ResultRow> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} WHERE results.student = ?1 AND results.request = ?2"))?
        .query_row(params![student, request], ResultRow::read)
}
