//! The ledger as one server's projection of a log that several share (see `cluster`): the writer with its other end.
//! What is durable is the log; records of it are applied here in one transaction, together with how far the log was
//! applied, and are then shown. Called by `cluster/writer.rs`.
//!
//! Whatever decides what a record does stands in the log: every server gives the same rows the same `seq` and time.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{
    apply::{Batch, Outcome, apply, existing_outcome},
    error::{AtPath as _, LedgerError},
    row::LedgerEntry,
    schema,
    writer::{Committed, Writer},
};

/// A hash over the records of the log up to one of them.
pub(crate) type Chain = [u8; 32];

/// How far the log was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The stream sequence of the last record that was applied.
    pub(crate) applied: u64,
    /// The hash over the records up to it.
    pub(crate) chain: Chain,
    /// The time of that record, which the next one's is not before; milliseconds since 1970.
    at: i64,
    /// The highest `seq` then.
    pub(crate) latest: u64,
}

/// A record of the log: entries that one server has published together.
#[derive(Debug)]
pub(crate) struct LogRecord<'a> {
    /// Its stream sequence: one more than that of the record before it.
    pub(crate) sequence: u64,
    /// The hash over the records up to and with it.
    pub(crate) chain: Chain,
    /// The run of a server that published it, and which of its records it is; `None` for one that records nothing.
    pub(crate) from: Option<(&'a str, u64)>,
    /// When it was published: milliseconds since 1970, UTC.
    pub(crate) at: i64,
    pub(crate) entries: &'a [LedgerEntry],
}

#[derive(Debug)]
pub(crate) struct Applied {
    /// How far the log was applied with it.
    pub(crate) place: Place,
    /// What became of its entries; `None` where it records nothing, since a later record of the same run of a server was
    /// applied before it.
    pub(crate) outcomes: Option<Vec<Outcome>>,
}

const TABLES: &str = "
    CREATE TABLE projection (
        applied INTEGER NOT NULL,
        chain BLOB NOT NULL,
        at INTEGER NOT NULL,
        latest INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE projection_nodes (
        node TEXT PRIMARY KEY,
        counter INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// The writer of a projection.
#[derive(Debug)]
pub(crate) struct Projection {
    writer: Writer,
    place: Place,
    path: PathBuf,
}

impl Projection {
    /// The projection that this writer's ledger is, which [`prepare`] has looked at.
    pub(super) fn new(mut writer: Writer) -> Result<Self, LedgerError> {
        let path = writer.path.clone();
        let connection = writer.connection.as_ref().ok_or_else(|| not_open(&path))?;
        let place = place(connection).at(&path)?.ok_or_else(|| not_open(&path))?;
        relax(connection).at(&path)?;
        writer.last_at = place.at;
        Ok(Self { writer, place, path })
    }

    /// How far the log was applied.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Applies records that follow each other, in one transaction, and shows what is new in them.
    ///
    /// # Errors
    /// A [`LedgerError`]: nothing was shown, and the same records can be applied again.
    pub(crate) fn apply(&mut self, records: &[LogRecord<'_>]) -> Result<Vec<Applied>, LedgerError> {
        if self.writer.connection.is_none() {
            self.open_again()?;
        }
        if records.last().is_none_or(|last| last.sequence <= self.place.applied) {
            // Their transaction failed late and reached the disk all the same; opening again has shown it.
            return self.applied_before(records);
        }
        let (before, began) = (self.place, Instant::now());
        let written = self.writer.write(|transaction, row_numbers, _, _| {
            let (mut place, mut written) = (before, Vec::with_capacity(records.len()));
            for record in records {
                let is_void = record.from.map_or(Ok(true), |from| is_late(transaction, from))?;
                let entries = if is_void { &[] } else { record.entries };
                let (at, first_seq) = (record.at.max(place.at), place.latest + 1);
                let outcomes = apply(transaction, row_numbers, &Batch { entries, at, first_seq })?;
                if let Some(from) = record.from.filter(|_| !is_void) {
                    note(transaction, from)?;
                }
                let committed = Committed { at, outcomes, began };
                let latest = place.latest + committed.recorded();
                place = Place { applied: record.sequence, chain: record.chain, at, latest };
                written.push((place, entries, committed, is_void));
            }
            let sql = "UPDATE projection SET applied = ?1, chain = ?2, at = ?3, latest = ?4";
            let values = params![place.applied, place.chain, place.at, place.latest];
            transaction.prepare_cached(sql)?.execute(values)?;
            Ok((written, place.at, place.latest))
        });
        let written = written.inspect_err(|error| self.writer.failed(error, 0))?;
        let show = |(place, entries, committed, is_void): (Place, &[LedgerEntry], Committed, bool)| {
            self.place = place;
            self.writer.show(entries, &committed);
            Applied { place, outcomes: (!is_void).then_some(committed.outcomes) }
        };
        let applied = written.into_iter().map(show).collect();
        self.writer.checkpointer.committed();
        Ok(applied)
    }

    /// Opens the ledger again after a failure, and looks how far it got.
    fn open_again(&mut self) -> Result<(), LedgerError> {
        let connection = self.writer.open_again()?;
        relax(&connection).at(&self.path)?;
        self.place = place(&connection).at(&self.path)?.ok_or_else(|| not_open(&self.path))?;
        self.writer.last_at = self.place.at;
        self.writer.connection = Some(connection);
        Ok(())
    }

    /// What became of records, of which it is known only that they were applied.
    fn applied_before(&self, records: &[LogRecord<'_>]) -> Result<Vec<Applied>, LedgerError> {
        let connection = self.writer.connection.as_ref().ok_or_else(|| not_open(&self.path))?;
        let outcome = |entry: &LedgerEntry| existing_outcome(connection, entry, self.place.latest);
        let outcomes = |record: &LogRecord<'_>| record.entries.iter().map(outcome).collect::<rusqlite::Result<_>>();
        let applied = |record| Ok(Applied { place: self.place, outcomes: Some(outcomes(record)?) });
        records.iter().map(applied).collect::<rusqlite::Result<_>>().at(&self.path)
    }

    pub(crate) fn close(self) {
        self.writer.close();
    }
}

/// A ledger that is no projection, or lost its place.
fn not_open(path: &Path) -> LedgerError {
    LedgerError::Damaged(path.to_owned(), "it does not say how far it has the shared log".to_owned())
}

/// What is durable is the log: a commit that a power loss takes away is read again from there.
fn relax(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "normal")
}

/// Whether a later record of the same run of a server was applied already.
fn is_late(connection: &Connection, (node, counter): (&str, u64)) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT counter >= ?2 FROM projection_nodes WHERE node = ?1")?
        .query_row(params![node, counter], |row| row.get(0))
        .optional()
        .map(|late| late.unwrap_or(false))
}

/// Notes which record of a run of a server was applied last.
fn note(connection: &Connection, (node, counter): (&str, u64)) -> rusqlite::Result<()> {
    let sql = "INSERT INTO projection_nodes (node, counter) VALUES (?1, ?2)
               ON CONFLICT (node) DO UPDATE SET counter = excluded.counter";
    connection.prepare_cached(sql)?.execute(params![node, counter]).map(drop)
}

/// How far the log was applied; `None` where the ledger is no projection.
pub(super) fn place(connection: &Connection) -> rusqlite::Result<Option<Place>> {
    if !schema::is_of_shared_log(connection)? {
        return Ok(None);
    }
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Place { applied: row.get(0)?, chain: row.get(1)?, at: row.get(2)?, latest: row.get(3)? })
    };
    connection.query_row("SELECT applied, chain, at, latest FROM projection", (), read).optional()
}

/// Makes an empty ledger the projection of this log, whose first record has this hash, and checks that one with results
/// is its projection already.
pub(super) fn prepare(connection: &mut Connection, path: &Path, log: &str, first: Chain) -> Result<(), LedgerError> {
    let (name, latest) = schema::identity(connection).at(path)?;
    match place(connection).at(path)? {
        Some(_) if name != log => Err(LedgerError::OfAnotherLog(path.to_owned())),
        Some(place) if place.latest != latest => Err(LedgerError::HasOwnResults(path.to_owned())),
        Some(_) => Ok(()),
        None if latest > 0 => Err(LedgerError::HasOwnResults(path.to_owned())),
        None => {
            let make = |transaction: &Transaction<'_>| {
                transaction.execute_batch(TABLES)?;
                let sql = "INSERT INTO projection (applied, chain, at, latest) VALUES (1, ?1, 0, 0)";
                transaction.execute(sql, [first])?;
                transaction.execute("UPDATE ledger SET log = ?1", [log]).map(drop)
            };
            let transaction = connection.transaction().at(path)?;
            make(&transaction).and_then(|()| transaction.commit()).at(path)
        }
    }
}
