//! A presence line as shared bytes. It is encoded once, its changes in order, so that a client that joined in the
//! middle of it is sent the rest as slices of the same bytes.

use std::{collections::VecDeque, ops::Range};

use bytes::Bytes;
use squares_shared::message::Person;

/// A student's new state.
#[derive(Debug)]
pub(super) enum Change {
    /// Online, as this person.
    Joined(Person),
    /// Offline.
    Left(String),
}

/// A line with what changed between two versions.
#[derive(Debug)]
pub(super) struct PresenceLine {
    /// The versions of its first and its last change.
    versions: (u64, u64),
    text: Text,
}

#[derive(Debug)]
enum Text {
    /// A `presence` line.
    Changes { bytes: Bytes, joined: Items, left: Items },
    /// The whole list in its place.
    Whole(Bytes),
}

/// The items of an array in the line.
#[derive(Debug)]
struct Items {
    /// The version of each change, ascending, and where its item begins.
    starts: Vec<(u64, usize)>,
    end: usize,
}

impl Items {
    /// The range of those that are newer than this version.
    fn since(&self, version: u64) -> Range<usize> {
        let first = self.starts.partition_point(|(change, _)| *change <= version);
        self.starts.get(first).map_or(self.end, |(_, start)| *start)..self.end
    }
}

impl PresenceLine {
    /// These changes, each with its version; `count` students are online now.
    pub(super) fn of(count: usize, versions: (u64, u64), mut changes: Vec<(u64, Change)>) -> Self {
        changes.sort_unstable_by_key(|(version, _)| *version);
        let mut text = format!(r#"{{"type":"presence","count":{count},"joined":["#).into_bytes();
        let joined = changes.iter().filter_map(|(version, change)| match change {
            Change::Joined(person) => Some((*version, serde_json::to_vec(person))),
            Change::Left(_) => None,
        });
        let joined = append(&mut text, joined);
        text.extend_from_slice(br#"],"left":["#);
        let left = changes.iter().filter_map(|(version, change)| match change {
            Change::Joined(_) => None,
            Change::Left(id) => Some((*version, serde_json::to_vec(id))),
        });
        let left = append(&mut text, left);
        text.extend_from_slice(b"]}\n");
        text.shrink_to_fit();
        Self { versions, text: Text::Changes { bytes: text.into(), joined, left } }
    }

    /// The whole list, in place of the changes of these versions.
    pub(super) const fn whole(versions: (u64, u64), list: Bytes) -> Self {
        Self { versions, text: Text::Whole(list) }
    }

    /// Its length in bytes.
    pub(super) const fn len(&self) -> usize {
        match &self.text {
            Text::Changes { bytes, .. } | Text::Whole(bytes) => bytes.len(),
        }
    }

    /// Appends to `out` what of it a client lacks that knows everything up to this version, which may be nothing.
    pub(super) fn since(&self, version: u64, out: &mut VecDeque<Bytes>) {
        let (first, last) = self.versions;
        if last <= version {
            return;
        }
        match &self.text {
            Text::Whole(list) => out.push_back(list.clone()),
            Text::Changes { bytes, .. } if first > version => out.push_back(bytes.clone()),
            Text::Changes { bytes, joined, left } => {
                let start_of = |items: &Items| items.starts.first().map_or(items.end, |(_, start)| *start);
                let (come, gone) = (joined.since(version), left.since(version));
                let slices = [0..start_of(joined), come, joined.end..start_of(left), gone, left.end..bytes.len()];
                out.extend(slices.into_iter().filter(|slice| !slice.is_empty()).map(|slice| bytes.slice(slice)));
            }
        }
    }
}

/// Appends these items to an open array, and returns where they are.
fn append(text: &mut Vec<u8>, items: impl Iterator<Item = (u64, serde_json::Result<Vec<u8>>)>) -> Items {
    let mut starts = Vec::new();
    for (version, item) in items {
        if !starts.is_empty() {
            text.push(b',');
        }
        starts.push((version, text.len()));
        text.extend(item.expect("it has string keys and plain values only"));
    }
    Items { starts, end: text.len() }
}

#[cfg(test)]
mod tests {
    use squares_shared::message::{FromServer, Presence, to_line};

    use super::*;

    fn text(line: &PresenceLine, version: u64) -> String {
        let mut out = VecDeque::new();
        line.since(version, &mut out);
        assert!(out.iter().all(|piece| !piece.is_empty()));
        String::from_utf8(out.into_iter().flatten().collect()).unwrap()
    }

    #[test]
    fn who_knows_a_part_of_it_is_told_the_rest_in_the_words_of_the_protocol() {
        let person = |id: u64| Person { id: id.to_string(), name: format!("이름 \"{id}\""), sessions: 2 };
        for coming in [0, 1, 5, 0b1_0101_0101, 0b1_1111_1111] {
            let comes = |version: u64| coming >> version & 1 == 1;
            let changes = (0..9_u64).rev().map(|version| {
                (
                    version,
                    if comes(version) { Change::Joined(person(version)) } else { Change::Left(version.to_string()) },
                )
            });
            let line = PresenceLine::of(7, (0, 8), changes.collect());
            for known in 0..8 {
                let news = known + 1..9;
                let expected = FromServer::Presence(Presence {
                    count: 7,
                    joined: news.clone().filter(|version| comes(*version)).map(person).collect(),
                    left: news.filter(|version| !comes(*version)).map(|version| version.to_string()).collect(),
                });
                assert_eq!(text(&line, known).into_bytes(), to_line(&expected), "{coming:b} since {known}");
            }
            assert_eq!(text(&line, 8), "");
        }
        assert_eq!(
            text(&PresenceLine::of(1, (3, 3), vec![(3, Change::Left("a".to_owned()))]), 2),
            "{\"type\":\"presence\",\"count\":1,\"joined\":[],\"left\":[\"a\"]}\n"
        );
    }

    #[test]
    fn a_whole_list_is_told_to_whoever_lacks_any_of_it() {
        let line = PresenceLine::whole((3, 9), Bytes::from_static(b"list\n"));
        assert_eq!([2, 5, 8, 9].map(|version| text(&line, version)), ["list\n", "list\n", "list\n", ""]);
    }
}
