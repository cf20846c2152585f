//! Reads one line of a client as a request. The server calls it for every line; what it refuses comes with the
//! code and the sentence that the client is told, and with the request's `id` where it could be made out.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, IntoDeserializer as _, MapAccess, Visitor, value},
};
use serde_json::value::RawValue;

use super::{ErrorCode, FromClient, Join, MAX_BACKLOG, MAX_PAGE, MAX_REQUEST_ID_CHARS, PageRequest, Since, Square};
use crate::student::is_printable;

/// Why a line is not a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// [`ErrorCode::BadMessage`] or [`ErrorCode::UnknownType`].
    pub code: ErrorCode,
    /// One sentence that says what is wrong and how to mend it.
    pub message: String,
    /// The request's `id`, where it had a well-formed one.
    pub id: Option<String>,
    /// What kind of request it was meant to be, where its `type` is known.
    pub kind: Option<Kind>,
}

/// The kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `join`
    Join,
    /// `watch`
    Watch,
    /// `square`
    Square,
    /// `history`
    History,
    /// `ping`
    Ping,
    /// `leave`
    Leave,
}

/// The fields of all requests, each as its literal JSON text. `null` counts as absent, and of duplicate fields the last
/// one counts, as in most JSON parsers.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    student: Option<&'a RawValue>,
    pin: Option<&'a RawValue>,
    name: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
    log: Option<&'a RawValue>,
    backlog: Option<&'a RawValue>,
    number: Option<&'a RawValue>,
    before: Option<&'a RawValue>,
    limit: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn named(&mut self, name: &str) -> Option<&mut Option<&'a RawValue>> {
        Some(match name {
            "type" => &mut self.kind,
            "id" => &mut self.id,
            "student" => &mut self.student,
            "pin" => &mut self.pin,
            "name" => &mut self.name,
            "after" => &mut self.after,
            "log" => &mut self.log,
            "backlog" => &mut self.backlog,
            "number" => &mut self.number,
            "before" => &mut self.before,
            "limit" => &mut self.limit,
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(Name(name)) = object.next_key()? {
                    match fields.named(&name) {
                        Some(field) => *field = object.next_value()?,
                        None => drop(object.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The name of a field, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads one line, its end not included.
///
/// # Errors
/// A [`Refusal`] where the line is not UTF-8, not a JSON object, of an unknown type, or has a field missing
/// or of the wrong type or range. Whether a student's id, a name or a number is a good one is judged elsewhere.
pub fn read(line: &[u8]) -> Result<FromClient, Refusal> {
    read_with_id(line).map(|(request, _)| request)
}

/// Reads one line as [`read`] does, and with it the `id` that any request may have, for the errors that answer it: that
/// of a [`Square`] is in the square alone.
///
/// # Errors
/// As [`read`].
pub fn read_with_id(line: &[u8]) -> Result<(FromClient, Option<String>), Refusal> {
    let refuse = |message: &str| bad(None, None, message.to_owned());
    let text = std::str::from_utf8(line)
        .map_err(|_| refuse("The line is not UTF-8; send one JSON object a line, in UTF-8."))?;
    let text = text.trim_matches([' ', '\t', '\r']);
    // An array would fill the fields in their order; only an object is a message.
    if !text.starts_with('{') {
        return Err(refuse("The line is not a JSON object; send one object a line, such as {\"type\":\"ping\"}."));
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| {
        refuse(&format!("The line is not a JSON object that can be read ({error}); send one whole object a line."))
    })?;

    let id = fields.id.map_or(Ok(None), |raw| string("id", raw).map(Some)).and_then(check_request_id);
    let known_id = id.as_ref().ok().cloned().flatten();
    let bad_kind = |message| bad(None, known_id.clone(), message);
    let no_kind = || bad_kind("The field 'type' is missing; add it, such as \"type\":\"ping\".".to_owned());
    let name = string("type", fields.kind.ok_or_else(no_kind)?).map_err(bad_kind)?;
    let kind = Kind::deserialize(name.into_deserializer()).map_err(|_: value::Error| Refusal {
        code: ErrorCode::UnknownType,
        message: "The message type is unknown; a client sends join, watch, square, history, ping or leave.".to_owned(),
        id: known_id.clone(),
        kind: None,
    })?;
    match request(kind, &fields, id) {
        Ok(square @ FromClient::Square(_)) => Ok((square, None)),
        Ok(other) => Ok((other, known_id)),
        Err(message) => Err(bad(Some(kind), known_id, message)),
    }
}

fn request(kind: Kind, fields: &Fields<'_>, id: Result<Option<String>, String>) -> Result<FromClient, String> {
    let optional = |name: &str, raw: Option<&RawValue>| raw.map(|raw| string(name, raw)).transpose();
    let whole = |name: &str, raw: Option<&RawValue>| raw.map(|raw| whole_number(name, raw)).transpose();
    let since = || {
        let backlog = whole("backlog", fields.backlog)?.map(|backlog| backlog.min(MAX_BACKLOG));
        Ok::<_, String>(Since { after: whole("after", fields.after)?, log: optional("log", fields.log)?, backlog })
    };
    Ok(match kind {
        Kind::Join => FromClient::Join(Join {
            student: string("student", fields.student.ok_or_else(|| missing("student", "a string"))?)?,
            pin: optional("pin", fields.pin)?,
            name: optional("name", fields.name)?,
            since: since()?,
        }),
        Kind::Watch => FromClient::Watch(since()?),
        Kind::Square => FromClient::Square(Square {
            number: number(fields.number.ok_or_else(|| missing("number", "a string or a JSON number"))?)?,
            id: id?,
        }),
        Kind::History => FromClient::History(PageRequest {
            before: whole("before", fields.before)?,
            after: whole("after", fields.after)?,
            limit: match whole("limit", fields.limit)? {
                Some(limit) if !(1..=MAX_PAGE).contains(&limit) => {
                    return Err(format!(
                        "The field 'limit' is out of range; give a whole number from 1 to {MAX_PAGE}."
                    ));
                }
                limit => limit,
            },
            student: optional("student", fields.student)?,
        }),
        Kind::Ping => FromClient::Ping,
        Kind::Leave => FromClient::Leave,
    })
}

fn bad(kind: Option<Kind>, id: Option<String>, message: String) -> Refusal {
    Refusal { code: ErrorCode::BadMessage, message, id, kind }
}

fn missing(name: &str, what: &str) -> String {
    format!("The field '{name}' is missing; add it as {what}.")
}

fn string(name: &str, raw: &RawValue) -> Result<String, String> {
    serde_json::from_str::<Cow<'_, str>>(raw.get()).map(Cow::into_owned).map_err(|_| match raw.get().starts_with('"') {
        true => {
            format!("The field '{name}' has half of a surrogate pair (\\ud800 to \\udfff); write the whole character.")
        }
        false => format!("The field '{name}' is not a string; write it in quotation marks."),
    })
}

/// A whole number that is not negative, by its literal text: one of any length is in range, and counts as the largest
/// there is.
fn whole_number(name: &str, raw: &RawValue) -> Result<u64, String> {
    let text = raw.get();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("The field '{name}' is not a whole number of 0 or more; write it in digits alone."));
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

/// A number to be squared: a string, or a JSON number by its literal text, so that nothing is rounded.
fn number(raw: &RawValue) -> Result<String, String> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => string("number", raw),
        Some(b'-' | b'0'..=b'9') => Ok(text.to_owned()),
        _ => Err("The field 'number' is neither a string nor a JSON number; write it as one of them.".to_owned()),
    }
}

fn check_request_id(id: Option<String>) -> Result<Option<String>, String> {
    let Some(id) = id else { return Ok(None) };
    let fits = !id.is_empty() && id.chars().nth(MAX_REQUEST_ID_CHARS).is_none();
    if fits && id.chars().all(is_printable) {
        return Ok(Some(id));
    }
    Err(format!(
        "The field 'id' is not 1 to {MAX_REQUEST_ID_CHARS} printable characters; choose another, or leave it out."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &FromClient) {
        assert_eq!(read(line.as_bytes()).as_ref(), Ok(expected), "{line}");
        let written = crate::message::to_line(expected);
        assert_eq!(read(written.trim_ascii_end()).as_ref(), Ok(expected), "{line}, written and read again");
    }

    fn check_refused(line: impl AsRef<[u8]>, code: ErrorCode, id: Option<&str>, names: &str) {
        let line = line.as_ref();
        let refusal = read(line).expect_err(&String::from_utf8_lossy(line));
        assert_eq!((refusal.code, refusal.id.as_deref()), (code, id), "{}", String::from_utf8_lossy(line));
        assert!(refusal.message.contains(names), "{} lacks {names}", refusal.message);
    }

    fn square(number: &str, id: Option<&str>) -> FromClient {
        FromClient::Square(Square { number: number.into(), id: id.map(str::to_owned) })
    }

    #[test]
    fn who_watches_says_from_where_as_in_a_join() {
        check(r#"{"type":"watch"}"#, &FromClient::Watch(Since::default()));
        check(r#"{"type":"watch","after":null,"log":null,"backlog":null}"#, &FromClient::Watch(Since::default()));
        check(
            r#"{"type":"watch","after":7,"log":"L","backlog":5000,"student":"s"}"#,
            &FromClient::Watch(Since { after: Some(7), log: Some("L".into()), backlog: Some(MAX_BACKLOG) }),
        );
        check_refused(r#"{"type":"watch","after":-1}"#, ErrorCode::BadMessage, None, "'after'");
        assert_eq!(read(br#"{"type":"watch","backlog":"x"}"#).unwrap_err().kind, Some(Kind::Watch));
    }

    #[test]
    fn every_request_is_read_and_unknown_fields_are_not() {
        check(r#"{"type":"ping","x":[[{}]]}"#, &FromClient::Ping);
        check("\t {\"type\":\"leave\"} \r", &FromClient::Leave);
        check(r#"{"number":1,"type":"square","number":"2","id":null}"#, &square("2", None));
        check(r#"{"\u0074ype":"squ\u0061re","number":"1e3","id":"가"}"#, &square("1e3", Some("가")));
        check(
            r#"{"student":"s","type":"join","after":5,"log":"L","backlog":4000,"name":null,"pin":null}"#,
            &FromClient::Join(Join {
                student: "s".into(),
                since: Since { after: Some(5), log: Some("L".into()), backlog: Some(1000) },
                ..Join::default()
            }),
        );
        check(
            r#"{"type":"history","before":99999999999999999999999,"after":7,"limit":500,"student":"s"}"#,
            &FromClient::History(PageRequest {
                before: Some(u64::MAX),
                after: Some(7),
                limit: Some(500),
                student: Some("s".into()),
            }),
        );
    }

    #[test]
    fn a_json_number_is_read_by_its_literal_text() {
        for literal in ["12345678901234567890123456789", "-0.10", "1E400", "0.1e-7"] {
            check(&format!(r#"{{"type":"square","number":{literal}}}"#), &square(literal, None));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_id_where_there_is_one() {
        use ErrorCode::{BadMessage, UnknownType};
        for not_an_object in [
            "x",
            "[]",
            r#"["join",null,"s"]"#,
            "\"ping\"",
            "{",
            r#"{"type":"ping"} {}"#,
            "{\"type\":\"ping\",}",
            "null",
        ] {
            check_refused(not_an_object, BadMessage, None, "object");
        }
        check_refused(b"{\"type\":\"ping\xff\"}", BadMessage, None, "UTF-8");
        check_refused("{}", BadMessage, None, "'type'");
        check_refused(r#"{"type":7,"id":"a"}"#, BadMessage, Some("a"), "'type'");
        check_refused(r#"{"type":"cube","id":"a"}"#, UnknownType, Some("a"), "square");
        check_refused(r#"{"type":"square","id":"a"}"#, BadMessage, Some("a"), "'number'");
        check_refused(r#"{"type":"square","number":null,"id":"a"}"#, BadMessage, Some("a"), "'number'");
        check_refused(r#"{"type":"square","number":true,"id":"a"}"#, BadMessage, Some("a"), "'number'");
        check_refused(r#"{"type":"square","number":[1],"id":"a"}"#, BadMessage, Some("a"), "'number'");
        for bad_id in [r#""""#, r#""a\u200bb""#, r#""\n""#, "7", r#""\ud800""#, &format!("\"{}\"", "x".repeat(65))] {
            check_refused(format!(r#"{{"type":"square","number":"1","id":{bad_id}}}"#), BadMessage, None, "'id'");
        }
        check_refused(r#"{"type":"join","student":20260001}"#, BadMessage, None, "'student' is not a string");
        check_refused(
            r#"{"type":"join","student":"\ud83d"}"#,
            BadMessage,
            None,
            "'student' has half of a surrogate pair",
        );
        for bad_number in ["-1", "1.0", "1e3", "\"1\"", "true", "-0"] {
            check_refused(format!(r#"{{"type":"history","before":{bad_number}}}"#), BadMessage, None, "'before'");
            check_refused(format!(r#"{{"type":"history","after":{bad_number}}}"#), BadMessage, None, "'after'");
            check_refused(
                format!(r#"{{"type":"join","student":"s","after":{bad_number}}}"#),
                BadMessage,
                None,
                "'after'",
            );
        }
        for bad_limit in ["0", "501"] {
            check_refused(format!(r#"{{"type":"history","limit":{bad_limit}}}"#), BadMessage, None, "'limit'");
        }
    }

    #[test]
    fn the_kind_is_known_even_where_its_fields_are_wrong() {
        assert_eq!(read(br#"{"type":"square","number":{}}"#).unwrap_err().kind, Some(Kind::Square));
        assert_eq!(read(br#"{"type":"history","limit":0}"#).unwrap_err().kind, Some(Kind::History));
    }

    #[test]
    fn json_nested_without_end_is_no_trouble() {
        let deep = format!(r#"{{"type":"ping","x":{}"#, "[".repeat(100_000));
        check_refused(deep, ErrorCode::BadMessage, None, "object");
    }
}
