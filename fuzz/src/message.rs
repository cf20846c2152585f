//! A line of a client, and a line of a server: read, or refused with a sentence that may be shown to anybody; and
//! what was read means the same when it is written and read again.

use squares_shared::{
    line::{Line, LineReader},
    message::{ErrorCode, FromServer, request, to_line},
};

/// Reads `data` as a line of a client, and as one of a server.
pub fn check(data: &[u8]) {
    match request::read(data) {
        Ok(request) => assert_eq!(request::read(&one_line(&to_line(&request))).as_ref(), Ok(&request)),
        Err(refusal) => {
            assert!(matches!(refusal.code, ErrorCode::BadMessage | ErrorCode::UnknownType));
            super::assert_printable(&refusal.message);
            assert!(refusal.message.ends_with('.'), "no sentence: {}", refusal.message);
            if let Some(id) = &refusal.id {
                super::assert_printable(id);
            }
        }
    }
    if let Ok(Some(message)) = FromServer::read(data) {
        let written = one_line(&to_line(&message));
        let Ok(Some(again)) = FromServer::read(&written) else { panic!("not read again: {message:?}") };
        assert_eq!(again, message);
    }
}

/// What was written is one line, whatever stands in it.
fn one_line(written: &[u8]) -> Vec<u8> {
    let mut reader = LineReader::new(usize::MAX - 1);
    reader.push(written);
    let Some(Line::Whole(line)) = reader.next_line() else { panic!("not a line: {written:?}") };
    let line = line.to_vec();
    assert_eq!(reader.next_line(), None);
    line
}
