//! What both sides of Squares agree on, with no socket and no runtime in it: the protocol as types ([`message`]),
//! bytes to lines and back ([`mod@line`]), exact numbers ([`number`]), what may stand in the ids and names of people
//! ([`student`]), PINs and other fields as they were meant ([`pin`], [`typed`]), and what may stand in a socket's place
//! ([`stream`]). Also what both do with files: those that somebody named ([`regular_file`]), which of them a name leads
//! to ([`file_id`]), those that are made whole or not at all ([`new_file`]), those for their owner alone
//! ([`private_file`]), and tables ([`spreadsheet`]); with command lines ([`flags`]); and with the Windows console
//! (`console`). The server and every client are built on it.

#[cfg(any(windows, test))]
pub mod console;
pub mod file_id;
pub mod flags;
pub mod line;
pub mod message;
pub mod new_file;
pub mod number;
pub mod pin;
pub mod private_file;
pub mod prompt;
pub mod regular_file;
pub mod spreadsheet;
pub mod stream;
pub mod student;
pub mod typed;
