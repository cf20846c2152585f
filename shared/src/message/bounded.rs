//! Deserializes lists with the limits of the protocol: a hostile server could put a million elements into a line of
//! the allowed length. Used by the types of `message`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// Reads the first `MAX` elements of a list; the message has a count of all of them beside it.
pub(super) fn first<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MAX: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(List::<T, MAX> { whole: false, of: PhantomData })
}

/// Reads a list of at most `MAX` elements, and refuses a longer one, since each of its elements counts.
pub(super) fn whole<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MAX: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(List::<T, MAX> { whole: true, of: PhantomData })
}

struct List<T, const MAX: usize> {
    whole: bool,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for List<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MAX}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut taken = Vec::new();
        while taken.len() < MAX {
            match list.next_element()? {
                Some(next) => taken.push(next),
                None => return Ok(taken),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            if self.whole {
                return Err(A::Error::invalid_length(MAX + 1, &self));
            }
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Lists {
        #[serde(deserialize_with = "super::first::<_, _, 3>")]
        some: Vec<u8>,
        #[serde(deserialize_with = "super::whole::<_, _, 3>")]
        all: Vec<u8>,
    }

    fn read(some: &str, all: &str) -> Option<Lists> {
        serde_json::from_str(&format!("{{\"some\":{some},\"all\":{all}}}")).ok()
    }

    #[test]
    fn of_a_list_that_is_too_long_the_first_are_taken_or_none() {
        assert_eq!(read("[]", "[1,2,3]"), Some(Lists { some: vec![], all: vec![1, 2, 3] }));
        assert_eq!(read("[1,2,3,4,\"x\",[6]]", "[]"), Some(Lists { some: vec![1, 2, 3], all: vec![] }));
        assert_eq!(read("[]", "[1,2,3,4]"), None);
        assert_eq!(read("[1,2,", "[]"), None);
        assert_eq!(read("{}", "[]"), None);
    }
}
