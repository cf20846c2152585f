//! What both sides of Squares agree on, with no socket and no runtime in it: the protocol as types ([`message`]),
//! bytes to lines and back ([`mod@line`]), exact numbers ([`number`]), what may stand in the ids and names of people
//! ([`student`]), PINs and other fields as they were meant ([`pin`], [`typed`]), files that somebody named
//! ([`regular_file`]), and what may stand in a socket's place ([`stream`]). The server and every client are built on
//! it.

pub mod line;
pub mod message;
pub mod number;
pub mod pin;
pub mod prompt;
pub mod regular_file;
pub mod spreadsheet;
pub mod stream;
pub mod student;
pub mod typed;
