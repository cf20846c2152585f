//! The records of the shared log: JSON that people can read with `nats stream view`. The first names the log, each
//! other is a batch of entries that one server has published. Called by `cluster/writer.rs` and `cluster/nats.rs`.

use std::borrow::Cow;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::ledger::{Chain, LedgerEntry};

/// The version of the records that this program writes and reads.
const FORMAT: u32 = 1;

/// The first record.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct FirstRecord {
    format: u32,
    /// The name of the log.
    pub(crate) log: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct BatchRecord<'a> {
    format: u32,
    /// A run of a server: random, so that none is like another.
    #[serde(borrow)]
    node: Cow<'a, str>,
    /// Counts the records of that run, from 1. Of two, the one with the smaller number comes first or not at all.
    counter: u64,
    /// Milliseconds since 1970, UTC.
    at: i64,
    #[serde(borrow)]
    entries: Vec<EntryRecord<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryRecord<'a> {
    #[serde(borrow)]
    student: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    number: Cow<'a, str>,
    #[serde(borrow)]
    square: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
}

/// A batch as it was read.
#[derive(Debug)]
pub(crate) struct PublishedBatch {
    pub(crate) node: String,
    pub(crate) counter: u64,
    pub(crate) at: i64,
    pub(crate) entries: Vec<LedgerEntry>,
}

/// What a record is.
#[derive(Debug)]
pub(crate) enum Parsed {
    Batch(PublishedBatch),
    /// A later program wrote it, in a format that this one cannot read.
    Newer,
    /// No server wrote it: every server passes it over.
    Foreign,
}

impl FirstRecord {
    pub(crate) fn new(log: String) -> Self {
        Self { format: FORMAT, log }
    }

    /// The first record in these bytes; `None` where they are something else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let first: Self = serde_json::from_slice(bytes).ok()?;
        let is_name = first.log.len() == 32 && first.log.bytes().all(|byte| byte.is_ascii_hexdigit());
        (first.format == FORMAT && is_name).then_some(first)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("two plain fields")
    }
}

/// A batch as the log has it.
pub(crate) fn write(node: &str, counter: u64, at: i64, entries: &[LedgerEntry]) -> Vec<u8> {
    let entries = entries.iter().map(|entry| EntryRecord {
        student: (*entry.student).into(),
        name: (*entry.name).into(),
        number: (&*entry.number).into(),
        square: (&*entry.square).into(),
        id: entry.request.as_deref().map(Cow::from),
    });
    let record = BatchRecord { format: FORMAT, node: node.into(), counter, at, entries: entries.collect() };
    serde_json::to_vec(&record).expect("string keys and plain values")
}

pub(crate) fn read(bytes: &[u8]) -> Parsed {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    match serde_json::from_slice::<BatchRecord<'_>>(bytes) {
        Ok(BatchRecord { format: FORMAT, node, counter, at, entries }) => Parsed::Batch(PublishedBatch {
            node: node.into_owned(),
            counter,
            at,
            entries: entries.into_iter().map(EntryRecord::into_entry).collect(),
        }),
        _ => match serde_json::from_slice::<Version>(bytes) {
            Ok(Version { format }) if format > FORMAT => Parsed::Newer,
            _ => Parsed::Foreign,
        },
    }
}

impl EntryRecord<'_> {
    fn into_entry(self) -> LedgerEntry {
        LedgerEntry {
            student: self.student.into(),
            name: self.name.into(),
            number: self.number.into_owned(),
            square: self.square.into_owned(),
            request: self.id.map(Cow::into_owned),
        }
    }
}

/// About the bytes of an entry in a record.
pub(crate) fn size_of(entry: &LedgerEntry) -> usize {
    const AROUND: usize = 64;
    let id = entry.request.as_ref().map_or(0, String::len);
    AROUND + entry.student.len() + entry.name.len() + entry.number.len() + entry.square.len() + id
}

/// The hash over the records up to this one, after that up to the one before it.
pub(crate) fn chain(before: &Chain, sequence: u64, record: &[u8]) -> Chain {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(&sequence.to_be_bytes());
    context.update(record);
    let mut chain = Chain::default();
    chain.copy_from_slice(context.finish().as_ref());
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: &str, request: Option<&str>) -> LedgerEntry {
        LedgerEntry {
            student: "20260001".into(),
            name: "가 \"나\"".into(),
            number: number.to_owned(),
            square: "144".to_owned(),
            request: request.map(str::to_owned),
        }
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let entries = [entry("12", Some("a\\b")), entry("-12", None)];
        let bytes = write("n", 7, 5, &entries);
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with(r#"{"format":1,"node":"n","counter":7,"at":5,"entries":[{"student":"20260001""#));
        let Parsed::Batch(batch) = read(&bytes) else { panic!("{text}") };
        assert_eq!((&*batch.node, batch.counter, batch.at), ("n", 7, 5));
        assert_eq!(format!("{:?}", batch.entries), format!("{entries:?}"));
    }

    #[test]
    fn what_no_server_wrote_is_told_from_what_a_later_one_did() {
        for foreign in ["", "{}", "x", r#"{"format":1}"#, r#"{"format":0,"node":"n"}"#, "[1]"] {
            assert!(matches!(read(foreign.as_bytes()), Parsed::Foreign), "{foreign}");
        }
        assert!(matches!(read(br#"{"format":2,"node":3}"#), Parsed::Newer));
    }

    #[test]
    fn the_first_record_names_the_log() {
        let first = FirstRecord::new("0123456789abcdef0123456789abcdef".to_owned());
        assert_eq!(FirstRecord::read(&first.to_bytes()), Some(first));
        for bad in [r#"{"format":1,"log":"x"}"#, r#"{"format":2,"log":"0123456789abcdef0123456789abcdef"}"#, "{}"] {
            assert_eq!(FirstRecord::read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_chain_tells_records_and_their_order_apart() {
        let of = |records: &[&str]| {
            records.iter().zip(1..).fold(Chain::default(), |before, (record, at)| chain(&before, at, record.as_bytes()))
        };
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
    }
}
