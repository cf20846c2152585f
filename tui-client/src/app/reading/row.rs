//! One result as the feed holds it: made printable once, and kept in one piece of memory, since thousands are kept.

use squares_shared::message::SquareResult;

use crate::text;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    seq: u64,
    at: Option<jiff::Timestamp>,
    /// Student id, name, number and square, one behind the other.
    text: Box<str>,
    student_end: usize,
    name_end: usize,
    number_end: usize,
    number_digits: usize,
    square_digits: usize,
}

impl Row {
    pub(crate) fn new(result: &SquareResult) -> Self {
        let student = text::printable(&result.student);
        let name = text::name_or_id(&result.name, &result.student);
        let number = text::printable_number(&result.number);
        let square = text::printable_number(&result.square);
        let mut all = String::with_capacity(student.len() + name.len() + number.len() + square.len());
        all.push_str(&student);
        let student_end = all.len();
        all.push_str(&name);
        let name_end = all.len();
        all.push_str(&number);
        let number_end = all.len();
        all.push_str(&square);
        Self {
            seq: result.seq,
            at: result.at.parse().ok(),
            text: all.into(),
            student_end,
            name_end,
            number_end,
            number_digits: text::digits(&number),
            square_digits: text::digits(&square),
        }
    }

    /// Its place in the order.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// When it was recorded, where the server's words for it could be read.
    pub(crate) const fn at(&self) -> Option<jiff::Timestamp> {
        self.at
    }

    /// Whose it is: the student id.
    pub(crate) fn student(&self) -> &str {
        &self.text[..self.student_end]
    }

    pub(crate) fn name(&self) -> &str {
        &self.text[self.student_end..self.name_end]
    }

    /// Digits, a sign and a point; nothing else.
    pub(crate) fn number(&self) -> &str {
        &self.text[self.name_end..self.number_end]
    }

    /// Digits and a point; nothing else.
    pub(crate) fn square(&self) -> &str {
        &self.text[self.number_end..]
    }

    /// How many digits the number and the square have, counted once: they may be thousands.
    pub(crate) const fn digits(&self) -> (usize, usize) {
        (self.number_digits, self.square_digits)
    }

    /// The memory it takes up, in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_result_made_printable() {
        let row = Row::new(&SquareResult {
            seq: 7,
            at: "2026-01-02T03:04:05.678Z".into(),
            student: "2026\u{1b}[2J".into(),
            name: "가\u{202e}람".into(),
            number: "-1.5".into(),
            square: "2.25".into(),
            id: None,
        });
        assert_eq!((row.student(), row.name()), ("2026\u{FFFD}[2J", "가람"));
        assert_eq!((row.number(), row.square()), ("-1.5", "2.25"));
        assert_eq!(row.at().map(jiff::Timestamp::as_millisecond), Some(1_767_323_045_678));
    }
}
