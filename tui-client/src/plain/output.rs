//! What plain mode prints: results as text or JSON, errors with the number they belong to, nothing raw, and every
//! write in whole lines. Called by `plain`.

use std::fmt::Write as _;
use std::io::{self, Write};

use squares_shared::message::SquareResult;
use squares_shared::student::{MAX_MARKS, is_mark, is_printable, is_visible};

use crate::text;

/// Held back at most; flushed when nothing more is ready.
const BUFFER: usize = 64 << 10;

/// Longer numbers are shortened in the middle where they stand in an error.
const SHOWN: usize = 48;

/// Standard output and standard error, as this program uses them.
#[derive(Debug)]
pub(super) struct Printer<O, E> {
    out: O,
    err: E,
    buffer: Vec<u8>,
}

impl<O: Write, E: Write> Printer<O, E> {
    pub(super) const fn new(out: O, err: E) -> Self {
        Self { out, err, buffer: Vec::new() }
    }

    /// A line of the answer.
    ///
    /// # Errors
    /// As the system reports them: `BrokenPipe` where nobody reads on.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.push(b'\n');
        if self.buffer.len() > BUFFER { self.flush() } else { Ok(()) }
    }

    /// An error, behind the answers before it.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub(super) fn error(&mut self, number: &str, message: &str) -> io::Result<()> {
        self.flush()?;
        self.complain(&format!("{}: {}", shortened(number), printable(message)));
        Ok(())
    }

    /// A line on standard error. Whether it could be written: where that is closed, nobody wants to know.
    pub(super) fn complain(&mut self, line: &str) -> bool {
        self.err.write_all(format!("{line}\n").as_bytes()).is_ok()
    }

    /// Writes what is held back.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            // Whatever comes of it, it is not written twice.
            let buffer = std::mem::take(&mut self.buffer);
            self.out.write_all(&buffer)?;
        }
        self.out.flush()
    }
}

/// `12² = 144`, `(-5)² = 25`, and with its owner `Ada: 12² = 144`, where a name that could be taken for more stands
/// in quotation marks.
pub(super) fn as_text(result: &SquareResult, with_name: bool) -> String {
    let (number, square) = (printable(&result.number), printable(&result.square));
    let base = if number.starts_with('-') { format!("({number})") } else { number };
    if !with_name {
        return format!("{base}² = {square}");
    }
    // A name of which nothing is seen is none.
    let name = if text::printable(&result.name).trim().is_empty() { &result.student } else { &result.name };
    format!("{}: {base}² = {square}", text::name_in_line(&printable(name)))
}

/// The line of a result as it came, safe to print: control and invisible characters can only stand inside of its
/// strings, where JSON writes them as `\u` and four digits.
pub(super) fn as_json(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    for character in line.chars() {
        if is_printable(character) {
            safe.push(character);
        } else if u32::from(character) < 0x20 {
            // JSON has these between its tokens only.
            safe.push(' ');
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

/// Text of others without anything that a terminal would act on or not show: its number stands in its place, and in
/// that of marks piled on one character.
pub(super) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars() {
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if is_visible(character) && marks <= MAX_MARKS {
            safe.push(character);
        } else {
            let _ = write!(safe, "{}", character.escape_unicode());
        }
    }
    safe
}

/// A number as it may stand in an error.
fn shortened(number: &str) -> String {
    let count = number.chars().count();
    if count <= SHOWN {
        return if number.is_empty() { "\"\"".into() } else { printable(number) };
    }
    let start: String = number.chars().take(SHOWN / 2).collect();
    let end: String = number.chars().skip(count - SHOWN / 4).collect();
    format!("{}…{} ({count} characters)", printable(&start), printable(&end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(number: &str, square: &str, name: &str) -> SquareResult {
        SquareResult {
            seq: 1,
            at: "2026-01-02T03:04:05.678Z".into(),
            student: "s1".into(),
            name: name.into(),
            number: number.into(),
            square: square.into(),
            id: None,
        }
    }

    #[test]
    fn a_result_reads_as_a_square_and_a_negative_number_stands_in_brackets() {
        assert_eq!(as_text(&result("12", "144", "Ada"), false), "12² = 144");
        assert_eq!(as_text(&result("-5", "25", "Ada"), false), "(-5)² = 25");
        assert_eq!(as_text(&result("-0.5", "0.25", "가나"), true), "가나: (-0.5)² = 0.25");
    }

    #[test]
    fn nothing_a_terminal_would_act_on_is_printed() {
        assert_eq!(as_text(&result("1", "1", "a\x1b[2J\u{202e}b"), true), "\"a\\u{1b}[2J\\u{202e}b\": 1² = 1");
        assert_eq!(as_text(&result("1", "1", "\u{3164}\u{200b}"), true), "s1: 1² = 1");
        assert_eq!(as_text(&result("1", "1", "가람: 12² = 144"), true), "\"가람: 12² = 144\": 1² = 1");
        let piled = as_text(&result("1", "1", &"a\u{301}".replace('\u{301}', &"\u{301}".repeat(9))), true);
        assert_eq!(piled.matches('\u{301}').count(), MAX_MARKS);
        let line = "{\"name\":\"a\u{9b}\u{e0001}\",\t\"more\":[1]}";
        let safe = as_json(line);
        assert_eq!(safe, "{\"name\":\"a\\u009b\\udb40\\udc01\", \"more\":[1]}");
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(line).unwrap(), serde_json::from_str(&safe).unwrap());
        assert_eq!(before, after);
    }

    #[test]
    fn errors_name_the_number_in_short() {
        let mut output = Printer::new(Vec::new(), Vec::new());
        output.line("12² = 144").unwrap();
        output.error("1\x1b", "not a number").unwrap();
        output.error(&"7".repeat(1000), "too many digits").unwrap();
        output.error("", "not a number").unwrap();
        let expected = format!(
            "1\\u{{1b}}: not a number\n{}…{} (1000 characters): too many digits\n\"\": not a number\n",
            "7".repeat(24),
            "7".repeat(12)
        );
        assert_eq!(String::from_utf8(output.err).unwrap(), expected);
        assert_eq!(output.out, "12² = 144\n".as_bytes());
    }
}
