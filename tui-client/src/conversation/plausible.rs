//! What no room says: places beyond every ledger, names without end, pages out of order. Whoever says so is none of
//! ours, and what the rest of the client keeps and counts stays within bounds. Pure; asked of every message before
//! anything is done with it.

use squares_shared::line::Line;
use squares_shared::message::{FromServer, LastResult, PageRequest, Person, SquareResult};

use super::ConnectionError;

/// The highest `seq` that there can be: a ledger's places are signed.
const HIGHEST: u64 = i64::MAX as u64;

/// The most bytes of a name, or of an id, a time or anything else that stands on every row: far more than sixty-four
/// characters, and little enough for the thousands that are kept.
const LONGEST_NAME: usize = 4096;

/// The protocol passes over a byte-order mark before the first line.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// The most bytes of a number that a `hello` tells of.
const LONGEST_TOLD: usize = 1024;

/// Reads one line of a server; nothing for a message of an unknown type.
///
/// # Errors
/// Where it is no message of this protocol.
pub fn read_line(line: Line<'_>) -> Result<Option<FromServer>, ConnectionError> {
    match line {
        Line::TooLong => Err(ConnectionError::NotSquares("it sent a line without end".into())),
        Line::Whole(bytes) => {
            let read = FromServer::read(without_mark(bytes));
            let mut message = read.map_err(|error| ConnectionError::NotSquares(error.to_string()))?;
            if let Some(FromServer::Welcome(welcome)) = &mut message {
                // A command that does more than join is none that anybody should read off the screen.
                welcome.invite.take_if(|invite| !invite.is_plausible());
            }
            if let Some(FromServer::Hello(hello)) = &mut message {
                hello.room.take_if(|room| !room.last.as_ref().is_none_or(may_be_last));
            }
            match message.as_ref().map_or(Ok(()), check) {
                Ok(()) => Ok(message),
                Err(why) => Err(ConnectionError::NotSquares(why.into())),
            }
        }
    }
}

/// Whether a room may say this.
///
/// # Errors
/// What is wrong with it.
fn check(message: &FromServer) -> Result<(), &'static str> {
    match message {
        FromServer::Result(result) => check_result(result),
        FromServer::Hello(hello) => places([hello.latest]),
        FromServer::Welcome(welcome) => {
            places([welcome.latest, welcome.replay_after])?;
            if let Some(student) = &welcome.student {
                names([&*student.id, &*student.name, student.department.as_deref().unwrap_or_default()])?;
            }
            people(&welcome.online.students)
        }
        FromServer::Online(online) => people(&online.students),
        FromServer::Presence(presence) => {
            people(&presence.joined)?;
            names(presence.left.iter().map(String::as_str))
        }
        FromServer::History(page) => {
            let mut before = 0;
            for result in &page.results {
                check_result(result)?;
                if result.seq <= before {
                    return Err("a page of it is out of order");
                }
                before = result.seq;
            }
            Ok(())
        }
        FromServer::Pong { .. } | FromServer::Bye { .. } | FromServer::Error(_) => Ok(()),
    }
}

/// Leaves of a page what was asked for. Whoever asked sees by what is left whether that gets any further.
pub(super) fn keep_asked(request: &PageRequest, results: &mut Vec<SquareResult>) {
    results.retain(|result| {
        request.before.is_none_or(|before| result.seq < before)
            && request.after.is_none_or(|after| result.seq > after)
            && request.student.as_ref().is_none_or(|student| *student == result.student)
    });
}

/// Whether this can be the result that a `hello` tells of.
fn may_be_last(last: &LastResult) -> bool {
    let number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        text.len() <= LONGEST_TOLD
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    last.name.len() <= LONGEST_NAME && number(&last.number) && number(&last.square)
}

fn check_result(result: &SquareResult) -> Result<(), &'static str> {
    places([result.seq])?;
    let id = result.id.as_deref().unwrap_or_default();
    names([&*result.student, &*result.name, &*result.at, id])
}

fn people(people: &[Person]) -> Result<(), &'static str> {
    names(people.iter().flat_map(|person| [&*person.id, &*person.name]))
}

fn places(places: impl IntoIterator<Item = u64>) -> Result<(), &'static str> {
    let far = places.into_iter().any(|place| place > HIGHEST);
    if far { Err("a place of it lies beyond every ledger") } else { Ok(()) }
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), &'static str> {
    let long = names.into_iter().any(|name| name.len() > LONGEST_NAME);
    if long { Err("a name of it is longer than any") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(line: &str) -> Result<(), &'static str> {
        check(&FromServer::read(line.as_bytes()).unwrap().unwrap())
    }

    fn result(seq: u64, name: &str) -> String {
        format!(r#"{{"type":"result","seq":{seq},"at":"t","student":"s","name":"{name}","number":"1","square":"1"}}"#)
    }

    fn page(seqs: &[u64]) -> String {
        let results: Vec<String> = seqs.iter().map(|seq| result(*seq, "n")).collect();
        format!(r#"{{"type":"history","results":[{}],"more":false,"student":null}}"#, results.join(","))
    }

    #[test]
    fn what_a_room_says_passes_and_what_none_says_does_not() {
        let long = "가".repeat(1_400);
        let person = |name: &str| format!(r#"{{"id":"s","name":"{name}","sessions":1}}"#);
        for fine in [result(1, &"가".repeat(64)), result(HIGHEST, ""), page(&[]), page(&[1, 2, 9])] {
            assert_eq!(verdict(&fine), Ok(()), "{fine}");
        }
        for bad in [
            result(HIGHEST + 1, "n"),
            result(1, &long),
            page(&[2, 1]),
            page(&[1, 1]),
            page(&[0]),
            page(&[1, u64::MAX]),
            format!(r#"{{"type":"online","count":1,"students":[{}]}}"#, person(&long)),
            format!(r#"{{"type":"presence","count":1,"joined":[{}],"left":[]}}"#, person(&long)),
            format!(r#"{{"type":"presence","count":1,"joined":[],"left":["{long}"]}}"#),
        ] {
            assert!(verdict(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_way_to_join_that_does_more_than_that_is_left_out() {
        let read = |server: &str| {
            let welcome = format!(
                r#"{{"type":"welcome","student":null,"online":{{"count":0,"students":[]}},"latest":0,"replay_after":0,"invite":{{"servers":["{server}"]}}}}"#
            );
            let Ok(Some(FromServer::Welcome(welcome))) = read_line(Line::Whole(welcome.as_bytes())) else {
                panic!("a welcome")
            };
            welcome.invite
        };
        assert_eq!(read("192.0.2.7:7878").map(|invite| invite.servers.len()), Some(1));
        assert_eq!(read("a;reboot"), None);
    }

    #[test]
    fn a_last_result_that_is_none_is_left_out_of_hello() {
        let read = |name: &str, number: &str, square: &str| {
            let hello = format!(
                r#"{{"type":"hello","protocol":1,"server":"s","auth":"open","log":"l","latest":3,"limits":{{"line":9,"digits":1,"rate":0,"burst":0}},"room":{{"online":2,"last":{{"name":"{name}","number":"{number}","square":"{square}"}}}}}}"#
            );
            let Ok(Some(FromServer::Hello(hello))) = read_line(Line::Whole(hello.as_bytes())) else {
                panic!("a hello")
            };
            hello.room
        };
        assert_eq!(read("가람", "-1.5", "2.25").map(|room| room.online), Some(2));
        for (number, square) in [("", "1"), ("1", "join at example.com"), ("--1", "1"), ("1", &"9".repeat(2_000))] {
            assert_eq!(read("n", number, square), None, "{number} {square}");
        }
        assert_eq!(read(&"n".repeat(5_000), "1", "1"), None);
    }

    #[test]
    fn of_a_page_only_what_was_asked_for_is_left() {
        let left = |before, after, student: Option<&str>| {
            let student = student.map(str::to_owned);
            let request = PageRequest { before, after, limit: None, student };
            let Ok(Some(FromServer::History(mut page))) = FromServer::read(page(&[1, 3, 9]).as_bytes()) else {
                panic!("a page")
            };
            keep_asked(&request, &mut page.results);
            page.results.iter().map(|result| result.seq).collect::<Vec<_>>()
        };
        assert_eq!(left(None, None, None), [1, 3, 9]);
        assert_eq!(left(Some(9), None, Some("s")), [1, 3]);
        assert_eq!(left(Some(9), Some(1), None), [3]);
        assert_eq!(left(None, None, Some("t")), [0; 0]);
        assert_eq!(left(Some(1), None, None), [0; 0]);
    }
}
