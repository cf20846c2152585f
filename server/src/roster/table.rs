//! A roster as a table: CSV with a header line, and where something in it stands. Called by `roster`, and by `making`, which
//! writes it anew.

use super::{Cell, Row};

/// Reads CSV as spreadsheets write it, with rows of any length.
pub(super) fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes())
}

/// The rows of this table that hold anything, each with its line.
///
/// # Errors
/// What is wrong in it, with its line, and how to mend it.
pub(super) fn rows(text: &str) -> Result<Vec<(String, Row)>, String> {
    check_quotes(text)?;
    let mut reader = reader(text);
    let header = reader.headers().map_err(|error| format!("its header line cannot be read: {error}"))?;
    let id = id_column(header)?;
    let name = name_column(header);
    let department = column(header, &["department", "dept", "학과", "학부", "소속"]);
    let pin = pin_column(header);
    let mut rows = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| format!("it is not CSV that can be read: {error}"))?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let field = |column: Option<usize>| column.and_then(|at| record.get(at)).map(str::to_owned);
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let row = Row {
            id: field(Some(id)).map(Cell::Text),
            name: field(name),
            department: field(department),
            pin: field(pin).map(Cell::Text),
        };
        rows.push((format!("line {line}"), row));
    }
    Ok(rows)
}

fn column(header: &csv::StringRecord, names: &[&str]) -> Option<usize> {
    header.iter().position(|title| names.contains(&&*title.to_lowercase()))
}

pub(super) fn id_column(header: &csv::StringRecord) -> Result<usize, String> {
    column(header, &["id", "student", "student id", "student_id", "학번"])
        .ok_or_else(|| "its header line names no column 'id' or '학번'; let the first line name the columns".to_owned())
}

fn name_column(header: &csv::StringRecord) -> Option<usize> {
    column(header, &["name", "이름", "성명"])
}

/// How this table calls the columns of the ids and of the names.
///
/// # Errors
/// Where its first line names no column of ids.
pub(super) fn titles(text: &str) -> Result<[String; 2], String> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(|error| error.to_string())?;
    let id = header[id_column(header)?].to_owned();
    let name = match name_column(header) {
        Some(name) => &header[name],
        None if id == "학번" => "이름",
        None => "name",
    };
    Ok([id, name.to_owned()])
}

pub(super) fn pin_column(header: &csv::StringRecord) -> Option<usize> {
    column(header, &["pin"])
}

/// The lines in which records stand, as an editor counts them. The reader's own count is that of the place where it
/// went on, which is before the rest of a line's end and before the empty lines that it passes over.
struct Lines<'a> {
    text: &'a [u8],
    /// Counted up to here.
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the record that the reader began at this byte, which is behind those asked for before.
    fn of(&mut self, began: u64) -> usize {
        let began = usize::try_from(began).unwrap_or(usize::MAX).min(self.text.len());
        let ends = self.text[began..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        while self.at < began + ends {
            self.line += usize::from(ends_line(self.text, self.at));
            self.at += 1;
        }
        self.line
    }
}

/// Whether a line ends with this byte: `\n`, or `\r` where none follows.
fn ends_line(text: &[u8], at: usize) -> bool {
    text[at] == b'\n' || text[at] == b'\r' && text.get(at + 1) != Some(&b'\n')
}

/// Refuses a quote that swallows what follows it. The reader takes any text: a field whose quote is not closed holds all
/// the rest of the file, and students would be missing without a word.
fn check_quotes(text: &str) -> Result<(), String> {
    enum At {
        /// The start of a field, and whether blanks stand there.
        Start { blanks: bool },
        /// In a field without quotes.
        Plain,
        /// In a field whose quote opened on this line.
        Quoted { opened: usize },
        /// Behind a quote in such a field: it closed the field, or is the first of two that mean one.
        Closed { opened: usize, blanks: bool },
    }
    let bytes = text.as_bytes();
    let mut line = 1;
    let mut at = At::Start { blanks: false };
    for (place, &byte) in bytes.iter().enumerate() {
        at = match (at, byte) {
            (At::Quoted { opened }, b'"') => At::Closed { opened, blanks: false },
            (At::Quoted { opened }, _) | (At::Closed { opened, blanks: false }, b'"') => At::Quoted { opened },
            (_, b',' | b'\r' | b'\n') => At::Start { blanks: false },
            (At::Start { .. }, b' ' | b'\t') => At::Start { blanks: true },
            (At::Closed { opened, .. }, b' ' | b'\t') => At::Closed { opened, blanks: true },
            (At::Start { blanks: false }, b'"') => At::Quoted { opened: line },
            (At::Start { blanks: true }, b'"') => {
                return Err(format!("line {line}: blanks stand before a quote; let it follow its comma at once"));
            }
            (At::Closed { opened, .. }, _) => {
                return Err(format!(
                    "line {opened}: a quote opens there, and where it closes, on line {line}, more text follows; \
                     close it at the end of its field, and write a quote within a field twice"
                ));
            }
            (At::Start { .. } | At::Plain, _) => At::Plain,
        };
        line += usize::from(ends_line(bytes, place));
    }
    match at {
        At::Quoted { opened } => Err(format!(
            "line {opened}: a quote opens there and is never closed; close it at the end of its field, or take it away"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        rows(text).expect(text).into_iter().map(|(place, _)| place).collect()
    }

    #[test]
    fn a_student_stands_on_the_line_that_an_editor_shows() {
        for end in ["\n", "\r\n", "\r"] {
            let file = ["id,name", "s1,a", "", "s2,\"b", "c\"", " , ", "s3", ""].join(end);
            assert_eq!(lines(&file), ["line 2", "line 4", "line 7"], "{file:?}");
        }
        assert_eq!(lines("\n\r\n\nid\ns1"), ["line 5"]);
    }

    #[test]
    fn a_quote_that_swallows_students_is_refused_with_its_line() {
        for (file, why) in [
            ("id,name\ns1,a\n\"x", "line 3: a quote opens there and is never closed"),
            ("id,name\r\ns1,\"a\r\ns2,b\r\ns3,c\r\n", "line 2: a quote opens there and is never closed"),
            ("id,\"name\ns1,a\n", "line 1: a quote opens there and is never closed"),
            ("id,note\ns1,\"a\nb\"\ns2,\"", "line 4: a quote opens there and is never closed"),
            ("id,note\ns1,\"a\"\"", "line 2: a quote opens there and is never closed"),
            ("id,note\ns1,\"a\ns2,\"b\"\n", "line 2: a quote opens there, and where it closes, on line 3,"),
            ("id,note\ns1,\"a\" b\n", "line 2: a quote opens there, and where it closes, on line 2,"),
            ("id,note\ns1,\"a\" \"b\"\n", "line 2: a quote opens there, and where it closes, on line 2,"),
            ("id,name\ns1, \"a, b\"\n", "line 2: blanks stand before a quote"),
        ] {
            let error = rows(file).map(|_| ()).expect_err(file);
            assert!(error.starts_with(why), "{error:?} for {file:?}");
        }
    }

    #[test]
    fn quotes_as_spreadsheets_write_them_are_read() {
        let file = "\"id\",\"name\",note\n\"s1\",\"a \"\"b\"\", c\" ,5\" x\ns2,,\"\"\ns3,d,\"\"\"\"";
        let names: Vec<_> = rows(file).expect(file).into_iter().map(|(_, row)| row.name).collect();
        assert_eq!(names, [Some("a \"b\", c".to_owned()), Some(String::new()), Some("d".to_owned())]);
    }
}
