//! Why something did not work, in both languages: connections, joins, numbers, and the system's errors. Read through
//! the table beside it.

use std::io;

use squares_shared::message::{ErrorCode, ErrorMessage, PROTOCOL};
use squares_shared::number::Fault;
use squares_shared::student::StudentError;

use super::{character, in_brackets, system_words};
use crate::event::ConnectionError;
use crate::lang::{Lang, both};
use crate::text;

/// What is said of a value in one of the languages: a row has a pattern, the words in Korean and in English, and the
/// parts that both have.
macro_rules! say {
    ($lang:ident, $value:expr $(, else $other:expr)?; $($pattern:pat => $ko:literal, $en:literal $(, $part:expr)*;)+) => {
        match $value {
            $($pattern => match $lang {
                Lang::Ko => format!($ko $(, $part)*),
                Lang::En => format!($en $(, $part)*),
            },)+
            $(_ => $other,)?
        }
    };
}

pub(super) fn lost(why: &ConnectionError, lang: Lang) -> String {
    say! { lang, why;
        ConnectionError::Unreachable(_) => "서버에 연결할 수 없습니다", "Server unreachable";
        ConnectionError::Closed(_) => "연결이 끊겼습니다", "Connection lost";
        ConnectionError::Shutdown => "서버가 멈췄습니다", "Server stopped";
        ConnectionError::Full => "서버에 자리가 없습니다", "Server full";
        ConnectionError::NotSquares(_) => "제곱방 서버가 아닙니다", "Not a Squares server";
        ConnectionError::OtherProtocol(_) => "버전이 다른 서버입니다", "Server of another version";
        ConnectionError::Stranger(who) => "제곱방이 아니라 {who} 서버입니다", "{who} answers there, not Squares";
        ConnectionError::Silent(_) => "서버가 답하지 않습니다", "Server says nothing";
        ConnectionError::Slow(_) => "서버가 너무 느립니다", "Server too slow";
        ConnectionError::HungUp | ConnectionError::Mute => "서버가 바로 끊습니다", "Server hangs up";
        ConnectionError::WantsTls => "TLS를 쓰는 서버입니다", "Server speaks TLS";
        ConnectionError::SpeaksNoTls => "TLS를 쓰지 않는 서버입니다", "Server speaks no TLS";
        ConnectionError::TlsGone | ConnectionError::WithoutTls(_) | ConnectionError::Untrusted(_) | ConnectionError::Changed { .. } | ConnectionError::OtherCertificate { .. } =>
            "신뢰할 수 없는 서버입니다", "Server not trusted";
        ConnectionError::LedgerInUse(_) | ConnectionError::NoLedger { .. } | ConnectionError::CannotHost(_) =>
            "방을 열 수 없습니다", "Cannot open a room";
    }
}

pub(super) fn cannot_host(why: &ConnectionError, lang: Lang) -> Option<String> {
    if let ConnectionError::CannotHost(why) = why {
        return Some(text::printable(why).into_owned());
    }
    Some(say! { lang, why, else return None;
        ConnectionError::LedgerInUse(folder) =>
            "다른 서버가 이미 {}의 결과를 쓰고 있습니다. 서버 칸이나 --server로 그 서버의 주소를 주세요.",
            "Another server already keeps the results in {}. Join it: give its address as the server, or with --server.",
            text::printable(folder);
        ConnectionError::NoLedger { path: None, .. } =>
            "홈 폴더(HOME)가 없어 결과를 저장할 수 없으므로 여기서는 방을 열 수 없습니다. 서버 칸이나 --server로 다른 서버의 주소를 주세요.",
            "No room can be opened here: no home folder is known (HOME) to keep its results in. Join another: give its address as the server, or with --server.";
        ConnectionError::NoLedger { path: Some(path), words } =>
            "{}에 결과를 저장할 수 없어{} 여기서는 방을 열 수 없습니다. 서버 칸이나 --server로 다른 서버의 주소를 주세요.",
            "No room can be opened here: its results cannot be kept in {}{}. Join another: give its address as the server, or with --server.",
            text::printable(&path.to_string_lossy()), in_brackets(&system_words(words, |kind| system(kind, lang)));
        ConnectionError::NotSquares(_) =>
            "그 주소에 있는 것은 제곱방 서버가 아닙니다. 주소를 확인해 주세요.", "This is not a Squares server. Check the address.";
        ConnectionError::OtherProtocol(spoken) =>
            "서버와 프로토콜 버전이 다릅니다(서버 {spoken}, 이 프로그램 {PROTOCOL}). 오래된 쪽을 업데이트해 주세요.",
            "This server speaks version {spoken} of the protocol, and this program version {PROTOCOL}. Update the older one.";
        ConnectionError::Stranger(who) =>
            "그 주소에 있는 것은 제곱방이 아니라 {who} 서버입니다. 포트를 확인해 주세요.",
            "What answers there is {who}, not Squares. Check the port.";
        ConnectionError::Silent(seconds) =>
            "연결은 되었지만 {seconds}초 동안 아무 말이 없습니다. 멈춘 서버이거나 제곱방 서버가 아닙니다. 주소를 확인해 주세요.",
            "It took the connection and said nothing for {seconds} s. It hangs, or it is not a Squares server. Check the address.";
        ConnectionError::HungUp =>
            "연결되자마자 아무 말 없이 끊깁니다. 제곱방 서버가 아닐 수 있습니다. 주소를 확인해 주세요.",
            "It took the connection and ended it without a word. It may not be a Squares server. Check the address.";
        ConnectionError::Mute =>
            "아무 말이 없다가 말을 걸자 끊었습니다. TLS를 쓰는 서버이거나(--tls) 제곱방 서버가 아닙니다.",
            "It said nothing, and hung up when it was spoken to. It may speak TLS (--tls), or it is not a Squares server.";
        ConnectionError::WantsTls =>
            "이 서버는 TLS를 씁니다. squares를 --tls로 시작해 주세요.", "This server speaks TLS. Start squares with --tls.";
        ConnectionError::SpeaksNoTls =>
            "이 서버는 TLS를 쓰지 않습니다. --tls 없이 시작해 주세요.", "This server speaks no TLS. Start squares without --tls.";
        ConnectionError::TlsGone =>
            "TLS를 써야 할 서버가 TLS 없이 답합니다. 누군가 사이에 있을 수 있습니다. 서버를 연 사람에게 물어보세요.",
            "This server spoke TLS before and does not now; someone may be intercepting. Ask the person who runs it.";
        ConnectionError::WithoutTls(known) =>
            "전에 TLS를 쓰던 서버입니다. --tls로 시작해 주세요. TLS 없이는 PIN을 보내지 않습니다. 누군가 통신을 가로채고 있을 수 있습니다. 서버가 TLS를 그만둔 것이라면 {}에서 그 줄을 지우세요.",
            "This server spoke TLS before; start squares with --tls. No PIN is sent without it: someone may be intercepting. If it gave TLS up, delete its line in {}.",
            known.display();
        ConnectionError::Untrusted(why) =>
            "서버의 인증서를 신뢰할 수 없습니다: {}. --tls-ca를 보세요.",
            "Its certificate is not trusted: {}. See --tls-ca.", text::printable(why);
        ConnectionError::OtherCertificate { given: Some(given), shown } =>
            "--fingerprint로 정한 인증서가 아닙니다. 누군가 통신을 가로채고 있거나 서버를 새로 만든 것입니다. 정한 것: {} 지금: {}",
            "This certificate is not the one of --fingerprint. Someone may be intercepting, or the server was set up again. Given {}, now {}.",
            given, shown;
        ConnectionError::OtherCertificate { given: None, shown } =>
            "손님 화면에 신뢰할 인증서가 정해져 있지 않습니다. 이 서버의 인증서가 맞다면 설치한 사람이 --fingerprint로 정해야 합니다: {}",
            "No certificate was set for guests to trust. If this is the server's, whoever set this up gives it with --fingerprint: {}.",
            shown;
        ConnectionError::Changed { before, now, known } =>
            "서버의 인증서가 바뀌었습니다. 누군가 통신을 가로채고 있을 수 있습니다. 서버를 새로 만든 것이라면 {}에서 그 줄을 지우세요. 전: {} 지금: {}",
            "The server's certificate changed; someone may be intercepting. If the server was set up again, delete its line in {}. Before {}, now {}.",
            known.display(), text::printable(before), now;
    })
}

pub(super) fn student_error(error: StudentError, lang: Lang) -> String {
    say! { lang, error;
        StudentError::Id => "영문자, 숫자, - _ . 로 32자까지입니다.", "1 to 32 letters, digits, - _ or . only.";
        StudentError::NameEmpty => "이름이 비어 있습니다. 지우거나 써 주세요.", "The name is blank; leave it out or type one.";
        StudentError::NameTooLong => "이름은 64자까지입니다.", "The name is longer than 64 characters.";
        StudentError::NameInvisible => "이름에 보이지 않는 글자가 있습니다.", "The name has invisible characters.";
        StudentError::NameMarks => "이름의 한 글자에 붙은 부호가 너무 많습니다.", "A character of the name has too many marks.";
    }
}

pub(super) fn fault(fault: Fault, lang: Lang) -> String {
    say! { lang, fault;
        Fault::Empty => "수를 써 주세요.", "Type a number.";
        Fault::NoDigits => "숫자를 이어서 써 주세요.", "Keep typing: a digit is missing.";
        Fault::Space => "빈칸 없이 한 번에 수 하나만 써 주세요.", "One number at a time, without spaces inside.";
        Fault::SecondSign => "부호는 하나만 써 주세요.", "Only one sign, please.";
        Fault::SecondPoint => "소수점은 하나만 써 주세요.", "Only one decimal point, please.";
        Fault::StrayUnderscore => "_는 1_000처럼 숫자 사이에만 씁니다.", "A _ stands between two digits only, as in 1_000.";
        Fault::UnderscoreAtEnd => "_ 뒤에 숫자를 이어서 써 주세요.", "Keep typing: a digit is missing after the _.";
        Fault::BadGrouping => "쉼표는 1,234,567처럼 세 자리마다 씁니다.", "Commas part digits into threes, as in 1,234,567.";
        Fault::DecimalComma => "소수점은 쉼표가 아니라 점으로 씁니다. 예: 0.001", "Write the decimal point as a dot: 0.001.";
        Fault::ShortGroup => "쉼표 뒤에는 1,234처럼 세 자리를 씁니다.", "Three digits follow a comma, as in 1,234.";
        Fault::CommaInFraction => "소수점 뒤에는 쉼표를 쓰지 않습니다.", "No commas after the decimal point.";
        Fault::MixedSeparators => "쉼표와 _ 가운데 하나만 써 주세요.", "Use either , or _ between digits, not both.";
        Fault::MissingExponent => "1e10처럼 지수를 이어서 써 주세요.", "Keep typing: the exponent is missing, as in 1e10.";
        Fault::SeparatorInExponent =>
            "지수에는 쉼표나 _를 쓰지 않습니다. 예: 1e1000", "No , or _ in the exponent, as in 1e1000.";
        Fault::PointInExponent => "지수는 정수로 씁니다. 예: 2.5e-3", "The exponent is a whole number, as in 2.5e-3.";
        Fault::Fraction => "분수는 소수로 써 주세요. 1/2은 0.5입니다.", "Write a fraction as a decimal number: 0.5 for 1/2.";
        Fault::Expression => "식은 먼저 계산해서 수 하나로 써 주세요.", "One number only; work the sum out first.";
        Fault::UnexpectedCharacter(c) => "수에 쓸 수 없는 글자입니다: {}", "{} is not part of a number.", character(c);
        Fault::OtherNumeral(c) => "0부터 9까지의 숫자로 써 주세요: {}", "Write {} with the digits 0 to 9.", character(c);
    }
}

pub(super) fn error(error: &ErrorMessage, lang: Lang) -> String {
    say! { lang, error.code, else text::printable(&error.message).into_owned();
        ErrorCode::BadStudent => "서버가 받을 수 없는 학번입니다.", "This is not a student ID that the server takes.";
        ErrorCode::NotAllowed => "학생만 볼 수 있는 방입니다.", "Only students may see this room.";
        ErrorCode::NotOnRoster =>
            "명단에 없는 학번입니다. 확인하고 다시 해 주세요.", "This student ID is not on the roster. Check it and try again.";
        ErrorCode::BadPin => "PIN이 맞지 않습니다. 확인하고 다시 해 주세요.", "Wrong PIN. Check it and try again.";
        ErrorCode::NotANumber => "수가 아닙니다.", "Not a number.";
        ErrorCode::TooManyDigits => "자릿수가 너무 많습니다.", "Too many digits.";
        ErrorCode::TooLong => "서버에 한 줄로 보내기에는 너무 깁니다.", "Too long for one line to the server.";
        ErrorCode::IdReused => "서버에 같은 번호로 다른 수가 있습니다.", "The server has another number under the same id.";
        ErrorCode::RateLimited => "서버가 받기에 너무 빠릅니다.", "Too fast for the server.";
        ErrorCode::StorageUnavailable => "서버가 지금 결과를 저장할 수 없습니다.", "The server cannot store results just now.";
        ErrorCode::TooManyTerminals =>
            "같은 학번으로 접속한 터미널이 너무 많습니다. 하나를 닫고 다시 시도하세요.",
            "This student is joined from too many terminals. Close one and try again.";
        ErrorCode::ServerFull => "서버에 자리가 없습니다.", "The server is full.";
        ErrorCode::JoinTimeout => "학번을 기다리던 서버가 연결을 끊었습니다.", "The server waited too long for the student ID.";
        ErrorCode::NotJoined => "아직 들어가지 않았습니다.", "Not joined yet.";
        ErrorCode::AlreadyJoined => "이미 들어와 있습니다.", "Joined already.";
    }
}

pub(super) fn system(kind: io::ErrorKind, lang: Lang) -> Option<&'static str> {
    let words = match kind {
        io::ErrorKind::NotFound => both("그런 폴더가 없습니다", "there is no such folder"),
        io::ErrorKind::PermissionDenied => both("그곳에 쓸 권한이 없습니다", "you may not write there"),
        io::ErrorKind::StorageFull => both("디스크가 가득 찼습니다", "the disk is full"),
        io::ErrorKind::FileTooLarge => both("파일이 더 커질 수 없습니다", "files may not grow further"),
        io::ErrorKind::QuotaExceeded => both("쓸 수 있는 양을 다 썼습니다", "your share of the disk is used up"),
        io::ErrorKind::ReadOnlyFilesystem => both("읽기만 할 수 있는 곳입니다", "nothing can be written there"),
        io::ErrorKind::AlreadyExists => both("같은 이름의 다른 것이 있습니다", "something else has that name"),
        io::ErrorKind::Unsupported => {
            both("파일 시스템에 필요한 기능이 없습니다", "the file system lacks something that this needs")
        }
        io::ErrorKind::ResourceBusy => both("다른 프로그램이 모두 쓰고 있습니다", "other programs use all of it"),
        io::ErrorKind::IsADirectory => both("폴더의 이름입니다", "that is a folder"),
        io::ErrorKind::NotADirectory => both("폴더가 아닌 것이 경로에 있습니다", "a part of the path is no folder"),
        io::ErrorKind::InvalidFilename => both("쓸 수 없는 파일 이름입니다", "no file can have this name"),
        _ => return None,
    };
    Some(words.of(lang))
}
