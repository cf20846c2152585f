//! Why something did not work, in Korean: connections, joins, numbers, and the system's errors. Read through the
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
        Lost::Unreachable(_) => "서버에 연결할 수 없습니다".to_owned(),
        Lost::Closed(_) => "연결이 끊겼습니다".to_owned(),
        Lost::Shutdown => "서버가 멈췄습니다".to_owned(),
        Lost::Full => "서버에 자리가 없습니다".to_owned(),
        Lost::NotSquares(_) => "제곱방 서버가 아닙니다".to_owned(),
        Lost::OtherProtocol(_) => "버전이 다른 서버입니다".to_owned(),
        Lost::Stranger(who) => format!("제곱방이 아니라 {who} 서버입니다"),
        Lost::Silent(_) => "서버가 답하지 않습니다".to_owned(),
        Lost::Slow(_) => "서버가 너무 느립니다".to_owned(),
        Lost::HungUp | Lost::Mute => "서버가 바로 끊습니다".to_owned(),
        Lost::WantsTls => "TLS를 쓰는 서버입니다".to_owned(),
        Lost::SpeaksNoTls => "TLS를 쓰지 않는 서버입니다".to_owned(),
        Lost::TlsGone | Lost::WithoutTls(_) | Lost::Untrusted(_) | Lost::Changed { .. } => {
            "신뢰할 수 없는 서버입니다".to_owned()
        }
        Lost::LedgerInUse(_) | Lost::NoLedger { .. } | Lost::CannotHost(_) => "방을 열 수 없습니다".to_owned(),
    }
}

pub(super) fn cannot_host(why: &Lost) -> Option<String> {
    match why {
        Lost::LedgerInUse(folder) => Some(format!(
            "다른 서버가 이미 {}의 결과를 쓰고 있습니다. 서버 칸이나 --server로 그 서버의 주소를 주세요.",
            text::printable(folder)
        )),
        Lost::NoLedger { path: None, .. } => Some(
            "홈 폴더(HOME)가 없어 결과를 저장할 수 없으므로 여기서는 방을 열 수 없습니다. 서버 칸이나 --server로 다른 서버의 주소를 주세요.".to_owned(),
        ),
        Lost::NoLedger { path: Some(path), words } => Some(format!(
            "{}에 결과를 저장할 수 없어{} 여기서는 방을 열 수 없습니다. 서버 칸이나 --server로 다른 서버의 주소를 주세요.",
            text::printable(&path.to_string_lossy()),
            in_brackets(&system_words(words, system))
        )),
        Lost::CannotHost(why) => Some(text::printable(why).into_owned()),
        Lost::NotSquares(_) => Some("그 주소에 있는 것은 제곱방 서버가 아닙니다. 주소를 확인해 주세요.".to_owned()),
        Lost::OtherProtocol(spoken) => Some(format!(
            "서버와 프로토콜 버전이 다릅니다(서버 {spoken}, 이 프로그램 {PROTOCOL}). 오래된 쪽을 업데이트해 주세요."
        )),
        Lost::Stranger(who) => {
            Some(format!("그 주소에 있는 것은 제곱방이 아니라 {who} 서버입니다. 포트를 확인해 주세요."))
        }
        Lost::Silent(seconds) => Some(format!(
            "연결은 되었지만 {seconds}초 동안 아무 말이 없습니다. 멈춘 서버이거나 제곱방 서버가 아닙니다. 주소를 확인해 주세요."
        )),
        Lost::HungUp => {
            Some("연결되자마자 아무 말 없이 끊깁니다. 제곱방 서버가 아닐 수 있습니다. 주소를 확인해 주세요.".to_owned())
        }
        Lost::Mute => Some(
            "아무 말이 없다가 말을 걸자 끊었습니다. TLS를 쓰는 서버이거나(--tls) 제곱방 서버가 아닙니다.".to_owned(),
        ),
        Lost::WantsTls => Some("이 서버는 TLS를 씁니다. squares를 --tls로 시작해 주세요.".to_owned()),
        Lost::SpeaksNoTls => Some("이 서버는 TLS를 쓰지 않습니다. --tls 없이 시작해 주세요.".to_owned()),
        Lost::TlsGone => Some(
            "TLS를 써야 할 서버가 TLS 없이 답합니다. 누군가 사이에 있을 수 있습니다. 서버를 연 사람에게 물어보세요.".to_owned(),
        ),
        Lost::WithoutTls(known) => Some(format!(
            "전에 TLS를 쓰던 서버입니다. --tls로 시작해 주세요. TLS 없이는 PIN을 보내지 않습니다. 누군가 통신을 가로채고 있을 수 있습니다. 서버가 TLS를 그만둔 것이라면 {}에서 그 줄을 지우세요.",
            known.display()
        )),
        Lost::Untrusted(why) => {
            Some(format!("서버의 인증서를 신뢰할 수 없습니다: {}. --tls-ca를 보세요.", text::printable(why)))
        }
        Lost::Changed { before, now, known } => Some(format!(
            "서버의 인증서가 바뀌었습니다. 누군가 통신을 가로채고 있을 수 있습니다. 서버를 새로 만든 것이라면 {}에서 그 줄을 지우세요. 전: {} 지금: {}",
            known.display(),
            text::printable(before),
            now
        )),
        _ => None,
    }
}

pub(super) fn student_error(error: StudentError) -> String {
    match error {
        StudentError::Id => "영문자, 숫자, - _ . 로 32자까지입니다.",
        StudentError::NameEmpty => "이름이 비어 있습니다. 지우거나 써 주세요.",
        StudentError::NameTooLong => "이름은 64자까지입니다.",
        StudentError::NameInvisible => "이름에 보이지 않는 글자가 있습니다.",
        StudentError::NameMarks => "이름의 한 글자에 붙은 부호가 너무 많습니다.",
    }
    .to_owned()
}

pub(super) fn fault(fault: Fault) -> String {
    let sentence = match fault {
        Fault::Empty => "수를 써 주세요.",
        Fault::NoDigits => "숫자를 이어서 써 주세요.",
        Fault::UnexpectedCharacter(c) => return format!("수에 쓸 수 없는 글자입니다: {}", character(c)),
        Fault::Space => "빈칸 없이 한 번에 수 하나만 써 주세요.",
        Fault::SecondSign => "부호는 하나만 써 주세요.",
        Fault::SecondPoint => "소수점은 하나만 써 주세요.",
        Fault::StrayUnderscore => "_는 1_000처럼 숫자 사이에만 씁니다.",
        Fault::UnderscoreAtEnd => "_ 뒤에 숫자를 이어서 써 주세요.",
        Fault::BadGrouping => "쉼표는 1,234,567처럼 세 자리마다 씁니다.",
        Fault::DecimalComma => "소수점은 쉼표가 아니라 점으로 씁니다. 예: 0.001",
        Fault::ShortGroup => "쉼표 뒤에는 1,234처럼 세 자리를 씁니다.",
        Fault::CommaInFraction => "소수점 뒤에는 쉼표를 쓰지 않습니다.",
        Fault::MixedSeparators => "쉼표와 _ 가운데 하나만 써 주세요.",
        Fault::MissingExponent => "1e10처럼 지수를 이어서 써 주세요.",
        Fault::SeparatorInExponent => "지수에는 쉼표나 _를 쓰지 않습니다. 예: 1e1000",
        Fault::PointInExponent => "지수는 정수로 씁니다. 예: 2.5e-3",
        Fault::Fraction => "분수는 소수로 써 주세요. 1/2은 0.5입니다.",
        Fault::Expression => "식은 먼저 계산해서 수 하나로 써 주세요.",
        Fault::OtherNumeral(c) => return format!("0부터 9까지의 숫자로 써 주세요: {}", character(c)),
    };
    sentence.to_owned()
}

pub(super) fn error(error: &ErrorMessage) -> String {
    let sentence = match error.code {
        ErrorCode::BadStudent => "서버가 받을 수 없는 학번입니다.",
        ErrorCode::NotAllowed => "학생만 볼 수 있는 방입니다.",
        ErrorCode::NotOnRoster => "명단에 없는 학번입니다. 확인하고 다시 해 주세요.",
        ErrorCode::BadPin => "PIN이 맞지 않습니다. 확인하고 다시 해 주세요.",
        ErrorCode::NotANumber => "수가 아닙니다.",
        ErrorCode::TooManyDigits => "자릿수가 너무 많습니다.",
        ErrorCode::TooLong => "서버에 한 줄로 보내기에는 너무 깁니다.",
        ErrorCode::IdReused => "서버에 같은 번호로 다른 수가 있습니다.",
        ErrorCode::RateLimited => "서버가 받기에 너무 빠릅니다.",
        ErrorCode::StorageUnavailable => "서버가 지금 결과를 저장할 수 없습니다.",
        ErrorCode::TooManyTerminals => "같은 학번으로 접속한 터미널이 너무 많습니다. 하나를 닫고 다시 시도하세요.",
        ErrorCode::ServerFull => "서버에 자리가 없습니다.",
        ErrorCode::JoinTimeout => "학번을 기다리던 서버가 연결을 끊었습니다.",
        ErrorCode::NotJoined => "아직 들어가지 않았습니다.",
        ErrorCode::AlreadyJoined => "이미 들어와 있습니다.",
        ErrorCode::BadMessage | ErrorCode::UnknownType | ErrorCode::Unknown => {
            return text::printable(&error.message).into_owned();
        }
    };
    sentence.to_owned()
}

pub(super) fn system(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::NotFound => "그런 폴더가 없습니다",
        io::ErrorKind::PermissionDenied => "그곳에 쓸 권한이 없습니다",
        io::ErrorKind::StorageFull => "디스크가 가득 찼습니다",
        io::ErrorKind::FileTooLarge => "파일이 더 커질 수 없습니다",
        io::ErrorKind::QuotaExceeded => "쓸 수 있는 양을 다 썼습니다",
        io::ErrorKind::ReadOnlyFilesystem => "읽기만 할 수 있는 곳입니다",
        io::ErrorKind::AlreadyExists => "같은 이름의 다른 것이 있습니다",
        io::ErrorKind::Unsupported => "파일 시스템에 필요한 기능이 없습니다",
        io::ErrorKind::ResourceBusy => "다른 프로그램이 모두 쓰고 있습니다",
        io::ErrorKind::IsADirectory => "폴더의 이름입니다",
        io::ErrorKind::NotADirectory => "폴더가 아닌 것이 경로에 있습니다",
        io::ErrorKind::InvalidFilename => "쓸 수 없는 파일 이름입니다",
        _ => return None,
    })
}
