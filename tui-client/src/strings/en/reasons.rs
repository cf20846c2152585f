//! Why something did not work, in English: connections, joins, numbers, and the system's errors. Read through the
//! table beside it.

use std::io;

use squares_shared::message::{ErrorCode, ErrorMessage, PROTOCOL};
use squares_shared::number::Fault;
use squares_shared::student::StudentError;

use super::super::{character, in_brackets, system_words};
use crate::event::Lost;
use crate::text;

pub(super) fn lost(why: &Lost) -> String {
    match why {
        Lost::Unreachable(_) => "Server unreachable".to_owned(),
        Lost::Closed(_) => "Connection lost".to_owned(),
        Lost::Shutdown => "Server stopped".to_owned(),
        Lost::Full => "Server full".to_owned(),
        Lost::NotSquares(_) => "Not a Squares server".to_owned(),
        Lost::OtherProtocol(_) => "Server of another version".to_owned(),
        Lost::Stranger(who) => format!("{who} answers there, not Squares"),
        Lost::Silent(_) => "Server says nothing".to_owned(),
        Lost::Slow(_) => "Server too slow".to_owned(),
        Lost::HungUp | Lost::Mute => "Server hangs up".to_owned(),
        Lost::WantsTls => "Server speaks TLS".to_owned(),
        Lost::SpeaksNoTls => "Server speaks no TLS".to_owned(),
        Lost::TlsGone | Lost::WithoutTls(_) | Lost::Untrusted(_) | Lost::Changed { .. } => {
            "Server not trusted".to_owned()
        }
        Lost::LedgerInUse(_) | Lost::NoLedger { .. } | Lost::CannotHost(_) => "Cannot open a room".to_owned(),
    }
}

pub(super) fn cannot_host(why: &Lost) -> Option<String> {
    match why {
        Lost::LedgerInUse(folder) => Some(format!(
            "Another server already keeps the results in {}. Join it: give its address as the server, or with --server.",
            text::printable(folder)
        )),
        Lost::NoLedger { path: None, .. } => Some(
            "No room can be opened here: no home folder is known (HOME) to keep its results in. Join another: give its address as the server, or with --server.".to_owned(),
        ),
        Lost::NoLedger { path: Some(path), words } => Some(format!(
            "No room can be opened here: its results cannot be kept in {}{}. Join another: give its address as the server, or with --server.",
            text::printable(&path.to_string_lossy()),
            in_brackets(&system_words(words, system))
        )),
        Lost::CannotHost(why) => Some(text::printable(why).into_owned()),
        Lost::NotSquares(_) => Some("This is not a Squares server. Check the address.".to_owned()),
        Lost::OtherProtocol(spoken) => Some(format!(
            "This server speaks version {spoken} of the protocol, and this program version {PROTOCOL}. Update the older one."
        )),
        Lost::Stranger(who) => Some(format!("What answers there is {who}, not Squares. Check the port.")),
        Lost::Silent(seconds) => Some(format!(
            "It took the connection and said nothing for {seconds} s. It hangs, or it is not a Squares server. Check the address."
        )),
        Lost::HungUp => Some(
            "It took the connection and ended it without a word. It may not be a Squares server. Check the address."
                .to_owned(),
        ),
        Lost::Mute => Some(
            "It said nothing, and hung up when it was spoken to. It may speak TLS (--tls), or it is not a Squares server."
                .to_owned(),
        ),
        Lost::WantsTls => Some("This server speaks TLS. Start squares with --tls.".to_owned()),
        Lost::SpeaksNoTls => Some("This server speaks no TLS. Start squares without --tls.".to_owned()),
        Lost::TlsGone => Some(
            "This server spoke TLS before and does not now; someone may be intercepting. Ask the person who runs it."
                .to_owned(),
        ),
        Lost::WithoutTls(known) => Some(format!(
            "This server spoke TLS before; start squares with --tls. No PIN is sent without it: someone may be intercepting. If it gave TLS up, delete its line in {}.",
            known.display()
        )),
        Lost::Untrusted(why) => {
            Some(format!("Its certificate is not trusted: {}. See --tls-ca.", text::printable(why)))
        }
        Lost::Changed { before, now, known } => Some(format!(
            "The server's certificate changed; someone may be intercepting. If the server was set up again, delete its line in {}. Before {}, now {}.",
            known.display(),
            text::printable(before),
            now
        )),
        _ => None,
    }
}

pub(super) fn student_error(error: StudentError) -> String {
    match error {
        StudentError::Id => "1 to 32 letters, digits, - _ or . only.",
        StudentError::NameEmpty => "The name is blank; leave it out or type one.",
        StudentError::NameTooLong => "The name is longer than 64 characters.",
        StudentError::NameInvisible => "The name has invisible characters.",
        StudentError::NameMarks => "A character of the name has too many marks.",
    }
    .to_owned()
}

pub(super) fn fault(fault: Fault) -> String {
    let sentence = match fault {
        Fault::Empty => "Type a number.",
        Fault::NoDigits => "Keep typing: a digit is missing.",
        Fault::UnexpectedCharacter(c) => return format!("{} is not part of a number.", character(c)),
        Fault::Space => "One number at a time, without spaces inside.",
        Fault::SecondSign => "Only one sign, please.",
        Fault::SecondPoint => "Only one decimal point, please.",
        Fault::StrayUnderscore => "A _ stands between two digits only, as in 1_000.",
        Fault::UnderscoreAtEnd => "Keep typing: a digit is missing after the _.",
        Fault::BadGrouping => "Commas part digits into threes, as in 1,234,567.",
        Fault::DecimalComma => "Write the decimal point as a dot: 0.001.",
        Fault::ShortGroup => "Three digits follow a comma, as in 1,234.",
        Fault::CommaInFraction => "No commas after the decimal point.",
        Fault::MixedSeparators => "Use either , or _ between digits, not both.",
        Fault::MissingExponent => "Keep typing: the exponent is missing, as in 1e10.",
        Fault::SeparatorInExponent => "No , or _ in the exponent, as in 1e1000.",
        Fault::PointInExponent => "The exponent is a whole number, as in 2.5e-3.",
        Fault::Fraction => "Write a fraction as a decimal number: 0.5 for 1/2.",
        Fault::Expression => "One number only; work the sum out first.",
        Fault::OtherNumeral(c) => return format!("Write {} with the digits 0 to 9.", character(c)),
    };
    sentence.to_owned()
}

pub(super) fn error(error: &ErrorMessage) -> String {
    let sentence = match error.code {
        ErrorCode::BadStudent => "This is not a student ID that the server takes.",
        ErrorCode::NotAllowed => "Only students may see this room.",
        ErrorCode::NotOnRoster => "This student ID is not on the roster. Check it and try again.",
        ErrorCode::BadPin => "Wrong PIN. Check it and try again.",
        ErrorCode::NotANumber => "Not a number.",
        ErrorCode::TooManyDigits => "Too many digits.",
        ErrorCode::TooLong => "Too long for one line to the server.",
        ErrorCode::IdReused => "The server has another number under the same id.",
        ErrorCode::RateLimited => "Too fast for the server.",
        ErrorCode::StorageUnavailable => "The server cannot store results just now.",
        ErrorCode::TooManyTerminals => "This student is joined from too many terminals. Close one and try again.",
        ErrorCode::ServerFull => "The server is full.",
        ErrorCode::JoinTimeout => "The server waited too long for the student ID.",
        ErrorCode::NotJoined => "Not joined yet.",
        ErrorCode::AlreadyJoined => "Joined already.",
        ErrorCode::BadMessage | ErrorCode::UnknownType | ErrorCode::Unknown => {
            return text::printable(&error.message).into_owned();
        }
    };
    sentence.to_owned()
}

pub(super) fn system(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::NotFound => "there is no such folder",
        io::ErrorKind::PermissionDenied => "you may not write there",
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::FileTooLarge => "files may not grow further",
        io::ErrorKind::QuotaExceeded => "your share of the disk is used up",
        io::ErrorKind::ReadOnlyFilesystem => "nothing can be written there",
        io::ErrorKind::AlreadyExists => "something else has that name",
        io::ErrorKind::Unsupported => "the file system lacks something that this needs",
        io::ErrorKind::ResourceBusy => "other programs use all of it",
        io::ErrorKind::IsADirectory => "that is a folder",
        io::ErrorKind::NotADirectory => "a part of the path is no folder",
        io::ErrorKind::InvalidFilename => "no file can have this name",
        _ => return None,
    })
}
