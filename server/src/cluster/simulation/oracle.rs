//! What was promised, held against what came of it.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::ledger::{LedgerFile, ResultRow};

/// What those who asked were told, and what is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Numbers that were said to be recorded, with their `seq` where it was told.
    recorded: Mutex<Vec<(String, u64)>>,
    /// Numbers of squares without an id that were refused: they are recorded nowhere.
    refused: Mutex<Vec<String>>,
    wrong: Mutex<Option<String>>,
}

impl Oracle {
    pub(super) fn complain(&self, what: String) {
        self.wrong.lock().get_or_insert(what);
    }

    pub(super) fn wrong(&self) -> Option<String> {
        self.wrong.lock().clone()
    }

    pub(super) fn recorded(&self, number: &str, seq: u64) {
        self.recorded.lock().push((number.to_owned(), seq));
    }

    pub(super) fn refused(&self, number: &str) {
        self.refused.lock().push(number.to_owned());
    }

    /// Compares the ledgers with each other and with what was told; gives the number of results.
    pub(super) fn judge(&self, ledgers: &[LedgerFile]) -> Result<u64, String> {
        if let Some(wrong) = self.wrong() {
            return Err(wrong);
        }
        let rows = |archive: &LedgerFile| {
            let mut rows = Vec::<ResultRow>::new();
            let read = archive.each::<crate::LedgerError>(|row| {
                rows.push(row.clone());
                Ok(())
            });
            read.map(|()| rows).map_err(|error| error.to_string())
        };
        let all = rows(&ledgers[0])?;
        for (at, ledger) in ledgers.iter().enumerate().skip(1) {
            if rows(ledger)? != all {
                return Err(format!("the ledgers of the servers 0 and {at} differ"));
            }
        }
        let mut last_at = 0;
        let mut found = HashMap::<&str, u64>::new();
        for (row, expected) in all.iter().zip(1..) {
            if row.seq != expected || row.at < last_at {
                return Err(format!("result {} stands at {expected}, or before its time", row.seq));
            }
            last_at = row.at;
            if found.insert(&row.number, row.seq).is_some() {
                return Err(format!("{} was recorded twice", row.number));
            }
        }
        for (number, seq) in &*self.recorded.lock() {
            if found.get(&**number).is_none_or(|found| *seq != u64::MAX && found != seq) {
                return Err(format!("{number} was said to be result {seq}, and is {:?}", found.get(&**number)));
            }
        }
        for number in &*self.refused.lock() {
            if let Some(seq) = found.get(&**number) {
                return Err(format!("{number} was refused, and is result {seq}"));
            }
        }
        Ok(all.len() as u64)
    }
}
