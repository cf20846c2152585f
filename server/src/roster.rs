//! Who may join: the roster's file as people and platforms write it (JSON or CSV), the rule in force, and PINs for
//! those who have none.

mod admission;
mod columns;
mod encoding;
mod entry;
mod json;
mod make_pins;
mod roster_file;
mod table;
mod watch;

pub(crate) use admission::{Admission, Refused};
pub use make_pins::{MadePins, make_pins};
pub use roster_file::{LONGEST_ROSTER, RosterError, read_roster};

#[cfg(test)]
mod tests;
