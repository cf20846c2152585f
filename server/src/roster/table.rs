//! A roster as a table: CSV with a header line somewhere at its top, and the lines of its rows. Called by
//! `roster_file`, and by `make_pins`, which writes it again.

use csv::StringRecord;

use super::{
    columns::{Columns, recognised},
    entry::{RosterRow, quoted},
};

/// What may separate the columns.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Records from the top among which the header is looked for: what stands before it is a title, a date and the like.
const ABOVE: usize = 30;

/// A table, its header and its columns.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// The line that names the separator, as spreadsheets write it, with its end.
    pub(super) separator_line: &'a str,
    text: &'a str,
    separator: u8,
    /// Which of the records is the header.
    pub(super) header: usize,
    pub(super) titles: StringRecord,
    pub(super) columns: Columns,
}

/// The rows of a table that hold a student.
#[derive(Debug, Default)]
pub(super) struct StudentRows {
    /// Each with its place.
    pub(super) rows: Vec<(String, RosterRow)>,
    /// The lines on which something stands, but no id.
    pub(super) without_id: Vec<usize>,
}

impl<'a> Table<'a> {
    /// Finds the header, and what the columns hold.
    ///
    /// # Errors
    /// What is wrong in it, with its line, and how to mend it.
    pub(super) fn find(text: &'a str) -> Result<Self, String> {
        let (separator_line, named) = separator_line(text)?;
        let text = &text[separator_line.len()..];
        let heads = named.map_or(SEPARATORS.to_vec(), |separator| vec![separator]).into_iter().map(|separator| {
            let head: Vec<StringRecord> = reader(text, separator).into_records().take(ABOVE).flatten().collect();
            (separator, head)
        });
        let heads: Vec<_> = heads.collect();
        let mut best: Option<(usize, u8, usize)> = None;
        for (separator, head) in &heads {
            for (at, record) in head.iter().enumerate() {
                // The first of those that say most.
                if let Some(count) = recognised(record.iter())
                    && best.is_none_or(|(most, _, before)| count > most || count == most && at < before)
                {
                    best = Some((count, *separator, at));
                }
            }
        }
        let (_, separator, header) = best.unwrap_or_else(|| {
            // None is a header: what looks most like one is named.
            let widest = |(separator, head): &(u8, Vec<StringRecord>)| {
                let filled = |record: &StringRecord| record.iter().filter(|cell| !cell.is_empty()).count();
                let (at, cells) = head.iter().map(filled).enumerate().rev().max_by_key(|&(_, cells)| cells)?;
                Some((cells, *separator, at))
            };
            heads.iter().filter_map(widest).rev().max_by_key(|&(cells, ..)| cells).unwrap_or((0, b',', 0))
        });
        check_quotes(text, separator)?;
        let titles = reader(text, separator).into_records().flatten().nth(header).unwrap_or_default();
        let cells: Vec<&str> = titles.iter().collect();
        let is_same = |one: usize, other: usize| {
            reader(text, separator).into_records().flatten().skip(header + 1).all(|row| row.get(one) == row.get(other))
        };
        let columns = Columns::choose(&cells, is_same)?;
        Ok(Self { separator_line, text, separator, header, titles, columns })
    }

    /// All records in their order, those above the header too.
    pub(super) fn records(&self) -> impl Iterator<Item = csv::Result<StringRecord>> + use<'a> {
        let pin = self.columns.pin;
        reader(self.text, self.separator).into_records().map(move |record| Ok(with_whole_hash(record?, pin)))
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// What was taken for what.
    pub(super) fn in_words(&self) -> String {
        let separator = match self.separator {
            b',' => "commas",
            b';' => "semicolons",
            b'\t' => "tabs",
            _ => "what its first line says",
        };
        let titles: Vec<&str> = self.titles.iter().collect();
        format!("{}; separated by {separator}", self.columns.in_words(&titles))
    }

    /// The rows below the header that hold anything.
    ///
    /// # Errors
    /// Where it is no table.
    pub(super) fn rows(&self) -> Result<StudentRows, String> {
        let mut found = StudentRows::default();
        let first = usize::from(!self.separator_line.is_empty());
        let mut lines = LineCounter { text: self.text.as_bytes(), at: 0, line: 1 + first };
        for record in self.records().skip(self.header + 1) {
            let record = record.map_err(|error| format!("it is not CSV that can be read: {error}"))?;
            // Lists made for printing have their header on every page.
            if record.iter().all(str::is_empty) || record == self.titles {
                continue;
            }
            let line = lines.of(record.position().map_or(0, csv::Position::byte));
            let cell = |at: usize| record.get(at).unwrap_or_default();
            let row = RosterRow {
                id: id_in(cell(self.columns.id)).to_owned(),
                name: self.columns.name_in(cell),
                department: self.columns.department.map(cell).unwrap_or_default().to_owned(),
                pin: self.columns.pin.map(cell).unwrap_or_default().to_owned(),
            };
            if row.id.is_empty() {
                found.without_id.push(line);
            } else {
                found.rows.push((format!("line {line}"), row));
            }
        }
        Ok(found)
    }
}

/// The record with the hash of its PIN in one cell: it has commas of its own, and is pasted without quotes as
/// `squares-server pin` prints it.
fn with_whole_hash(record: StringRecord, pin: Option<usize>) -> StringRecord {
    let is_cut = |at: &usize| {
        let begins = |at: usize, with: &str| record.get(at).is_some_and(|cell| cell.starts_with(with));
        begins(*at, "$argon2") && begins(at + 1, "t=") && begins(at + 2, "p=")
    };
    let Some(at) = pin.filter(is_cut) else { return record };
    let cells: Vec<&str> = record.iter().collect();
    let hash = cells[at..at + 3].join(",");
    let mut whole: StringRecord =
        cells[..at].iter().copied().chain([&*hash]).chain(cells[at + 3..].iter().copied()).collect();
    whole.set_position(record.position().cloned());
    whole
}

/// The id in a cell: spreadsheets are told by `="…"`, or by a `'` in front, that its digits are no number, and D2L's
/// exports have a `#` there.
pub(super) fn id_in(cell: &str) -> &str {
    let cell = cell.trim();
    let quoted = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.or_else(|| cell.strip_prefix(['\'', '#'])).unwrap_or(cell).trim()
}

/// Reads CSV as spreadsheets write it, with rows of any length.
fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
}

/// The first line, where it names the separator (`sep=;`), and which that is.
fn separator_line(text: &str) -> Result<(&str, Option<u8>), String> {
    let line = text.split_inclusive(['\n', '\r']).next().unwrap_or_default();
    let Some((key, value)) = line.trim_end_matches(['\r', '\n']).trim_matches('"').split_once('=') else {
        return Ok(("", None));
    };
    if !key.trim().eq_ignore_ascii_case("sep") {
        return Ok(("", None));
    }
    let end = if text[line.len()..].starts_with('\n') && line.ends_with('\r') { line.len() + 1 } else { line.len() };
    match *value.as_bytes() {
        [separator] if SEPARATORS.contains(&separator) || separator == b'|' => Ok((&text[..end], Some(separator))),
        _ => Err(format!("line 1: {} is no separator; take a comma, a semicolon or a tab", quoted(value))),
    }
}

/// The lines in which records stand, as an editor counts them. The reader's own count is that of the place where it
/// went on, which is before the rest of a line's end and before the empty lines that it passes over.
struct LineCounter<'a> {
    text: &'a [u8],
    /// Counted up to here.
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
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

/// Refuses a quote that swallows what follows it. The reader takes any text: a field whose quote is not closed holds
/// all the rest of the file, and students would be missing without a word.
fn check_quotes(text: &str, separator: u8) -> Result<(), String> {
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
            (_, b'\r' | b'\n') => At::Start { blanks: false },
            (_, byte) if byte == separator => At::Start { blanks: false },
            (At::Start { .. }, b' ' | b'\t') => At::Start { blanks: true },
            (At::Closed { opened, .. }, b' ' | b'\t') => At::Closed { opened, blanks: true },
            (At::Start { blanks: false }, b'"') => At::Quoted { opened: line },
            (At::Start { blanks: true }, b'"') => {
                return Err(format!("line {line}: blanks stand before a quote; let it follow its separator at once"));
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

    fn rows(text: &str) -> Result<StudentRows, String> {
        Table::find(text)?.rows()
    }

    fn lines(text: &str) -> Vec<String> {
        rows(text).expect(text).rows.into_iter().map(|(place, _)| place).collect()
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
        let names: Vec<_> = rows(file).expect(file).rows.into_iter().map(|(_, row)| row.name).collect();
        assert_eq!(names, ["a \"b\", c", "", "d"]);
    }
}
