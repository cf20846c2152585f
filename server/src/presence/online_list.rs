//! The list of who is online as encoded bytes, which all `welcome` messages share. New students are appended to what is
//! encoded already, so that a class that joins at once does not have the whole list encoded for each of them.

use bytes::Bytes;
use squares_shared::message::{MAX_LISTED, Person};

/// Pieces before they are joined into one, so that a `welcome` is written in few pieces.
const ADDITIONS: usize = 32;

/// The first [`MAX_LISTED`] who are online, as the inside of a JSON array.
#[derive(Debug, Default)]
pub(super) struct EncodedList {
    pieces: Vec<Bytes>,
    students: usize,
    /// Somebody in it left or changed: it is encoded again when it is next asked for.
    stale: bool,
}

/// Who is online, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct OnlineList {
    pub(crate) count: usize,
    /// At most [`MAX_LISTED`] of them: the inside of a JSON array.
    pub(crate) students: Vec<Bytes>,
}

impl EncodedList {
    /// Appends a student who was not online.
    pub(super) fn add(&mut self, person: &Person) {
        if !self.stale && self.students < MAX_LISTED {
            self.pieces.push(encode(std::slice::from_ref(person), self.students == 0));
            self.students += 1;
        }
    }

    /// Marks the list stale.
    pub(super) fn invalidate(&mut self) {
        *self = Self { stale: true, ..Self::default() };
    }

    /// The pieces of the list; `all` returns everybody if it is stale.
    pub(super) fn pieces(&mut self, all: impl FnOnce() -> Vec<Person>) -> Vec<Bytes> {
        if self.stale {
            let all = all();
            *self = Self { pieces: vec![encode(&all, true)], students: all.len(), stale: false };
        } else if self.pieces.len() > ADDITIONS {
            self.pieces = vec![self.pieces.concat().into()];
        }
        self.pieces.clone()
    }
}

fn encode(people: &[Person], first: bool) -> Bytes {
    let mut text = Vec::with_capacity(people.len() * 64);
    for (at, person) in people.iter().enumerate() {
        if at > 0 || !first {
            text.push(b',');
        }
        let encoded = serde_json::to_vec(person);
        text.extend(encoded.expect("a person has string keys and plain values only"));
    }
    text.into()
}
