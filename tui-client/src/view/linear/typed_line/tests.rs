//! The typed line in an emulator: whatever is typed, and wherever, the screen shows the line and nothing else below
//! what was said.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

const SIZE: (usize, usize) = (80, 24);

fn line(text: &str, caret: usize) -> LineState<'_> {
    LineState { prompt: "> ", text, caret, entered: false }
}

#[test]
fn letters_are_written_and_wiped_one_by_one_and_lines_come_before_the_line() {
    let mut typed = TypedLine::default();
    let mut check = |text: &str, caret: usize, lines: &[&str], bytes: &str| {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        assert_eq!(typed.change(line(text, caret), &lines, SIZE), bytes, "{text}");
    };
    check("", 0, &["Squares"], "Squares\r\n> ");
    check("1", 1, &[], "1");
    check("12", 2, &[], "2");
    check("12", 2, &[], "");
    check("1", 1, &[], "\x08 \x08");
    check("1가", 4, &[], "가");
    check("1", 1, &[], "\x08\x08  \x08\x08");
    check("1", 0, &[], "\x1b[1D");
    check("21", 1, &[], "\x1b[J21\x1b[1D");
    check("231", 2, &[], "\x1b[J31\x1b[1D");
    check("231", 2, &["lost"], "\r\x1b[Jlost\r\n> 231\x1b[1D");
    check("31", 0, &[], "\x1b[2D\x1b[J31\x1b[2D");
    let mut enter = |text: &str, lines: &[&str], entered, bytes: &str| {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let line = LineState { entered, ..line(text, text.len()) };
        assert_eq!(typed.change(line, &lines, SIZE), bytes, "{text}");
    };
    enter("", &[], true, "\x1b[2C\r\n> ");
    enter("", &["me: 31² = 961"], false, "\r\x1b[Jme: 31² = 961\r\n> ");
    enter("7", &[], false, "7");
    enter("", &["me: 7² = 49"], true, "\r\nme: 7² = 49\r\n> ");
    enter("7", &[], false, "7");
    enter("", &[], false, "\x08 \x08");
}

fn cells(count: usize) -> std::num::NonZero<u16> {
    u16::try_from(count).unwrap().try_into().unwrap()
}

/// A terminal of so many columns and rows, and the line in it.
struct Stage {
    emulator: vt100::Parser,
    typed: TypedLine,
    size: (usize, usize),
    /// Everything that was said above the line.
    said: Vec<String>,
}

impl Stage {
    fn new(size: (usize, usize), bare: bool) -> Self {
        let (columns, rows) = size;
        let emulator = vt100::Parser::new(cells(rows), cells(columns), 0);
        Self { emulator, typed: TypedLine::new(bare), size, said: Vec::new() }
    }

    fn change(&mut self, line: LineState<'_>, lines: &[String]) {
        let bytes = self.typed.change(line, lines, self.size);
        assert!(!self.typed.bare || !bytes.contains('\x1b'), "{bytes:?}");
        self.emulator.process(bytes.as_bytes());
    }

    /// The rows that this text takes up, wide glyphs whole.
    fn rows(&self, text: &str) -> Vec<String> {
        let mut rows = vec![String::new()];
        for grapheme in text.graphemes(true) {
            let row = rows.last_mut().unwrap();
            if text::width(row) + text::grapheme_width(grapheme) > self.size.0 {
                rows.push(grapheme.to_owned());
            } else {
                row.push_str(grapheme);
            }
        }
        rows
    }

    /// The screen shows the line with the caret in it, what was said right above, and nothing below.
    fn check(&self, line: LineState<'_>) -> Result<(), TestCaseError> {
        let screen = self.emulator.screen();
        let shown: Vec<String> = screen.rows(0, u16::MAX).map(|row| row.trim_end_matches(' ').to_owned()).collect();
        let mut wanted: Vec<String> = self.said.iter().flat_map(|line| self.rows(line)).collect();
        let first = wanted.len();
        let prompt = if self.typed.first > 0 { SCROLLED } else { line.prompt };
        let text = format!("{prompt}{}", self.typed.text);
        wanted.extend(self.rows(&text));
        if self.typed.end().column == 0 && self.typed.end().row > 0 {
            wanted.push(String::new());
        }
        let (row, column) = screen.cursor_position();
        let below = wanted.len() - first - self.typed.spot_of_caret().row;
        let top = usize::from(row) + below;
        let wanted: Vec<String> = wanted.iter().map(|row| row.trim_end_matches(' ').to_owned()).collect();
        let visible = &wanted[wanted.len().saturating_sub(top)..];
        prop_assert_eq!(&shown[top - visible.len()..top], visible, "{:?}", line);
        prop_assert!(shown[top..].iter().all(String::is_empty), "{:?}: {:?}", line, shown);
        prop_assert_eq!(usize::from(column), self.typed.spot_of_caret().column);
        // The caret is where it should be in the whole text.
        prop_assert_eq!(&line.text[self.typed.first..line.caret], &self.typed.text[..self.typed.caret]);
        Ok(())
    }
}

/// What may happen to a text.
#[derive(Debug, Clone)]
enum Change {
    Insert(String),
    Move(usize),
    DeleteBack(usize),
    Say(String),
    Enter,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => "[0-9가-하 ]{1,3}".prop_map(Change::Insert),
        2 => "[0-9가-하]{10,90}".prop_map(Change::Insert),
        3 => (0..400usize).prop_map(Change::Move),
        3 => (1..20usize).prop_map(Change::DeleteBack),
        1 => "[0-9가-하]{1,50}".prop_map(Change::Say),
        1 => Just(Change::Enter),
    ]
}

proptest! {
    #[test]
    fn the_screen_shows_the_line_and_nothing_else(
        columns in 7..40usize,
        rows in 4..12usize,
        bare in any::<bool>(),
        changes in proptest::collection::vec(change(), 1..60),
    ) {
        let mut stage = Stage::new((columns, rows), bare);
        let (mut text, mut caret) = (String::new(), 0);
        for change in changes {
            let (mut said, mut entered) = (Vec::new(), false);
            match change {
                Change::Insert(piece) => {
                    text.insert_str(caret, &piece);
                    caret += piece.len();
                }
                Change::Move(to) => {
                    caret = text.char_indices().map(|(at, _)| at).nth(to).unwrap_or(text.len());
                }
                Change::DeleteBack(count) => {
                    let from = text[..caret].char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at);
                    text.replace_range(from..caret, "");
                    caret = from;
                }
                Change::Say(words) => said.push(words),
                Change::Enter => {
                    let prompt = if stage.typed.first > 0 { SCROLLED } else { "> " };
                    if !stage.typed.text.is_empty() {
                        stage.said.push(format!("{prompt}{}", stage.typed.text));
                    }
                    entered = true;
                    (text, caret) = (String::new(), 0);
                }
            }
            stage.said.extend(said.iter().cloned());
            let line = LineState { entered, ..line(&text, caret) };
            stage.change(line, &said);
            stage.check(line)?;
        }
    }

    #[test]
    fn nothing_that_was_said_is_wiped_by_another_width(
        text in "[0-9가-하]{0,120}",
        widths in proptest::collection::vec(10..60usize, 1..8),
    ) {
        const ROWS: usize = 200;
        let mut stage = Stage::new((60, ROWS), false);
        stage.change(line(&text, text.len()), &["first".to_owned()]);
        for columns in widths {
            // This emulator keeps what is there as it is, but for what is cut off.
            stage.size.0 = columns;
            stage.emulator.screen_mut().set_size(cells(ROWS), cells(columns));
            stage.change(line(&text, text.len()), &[]);
            let shown: Vec<String> = stage.emulator.screen().rows(0, u16::MAX).map(|row| row.trim_end().to_owned()).collect();
            prop_assert_eq!(shown[0].as_str(), "first");
            let rows: Vec<String> = stage.rows(&format!("> {text}")).iter().map(|row| row.trim_end().to_owned()).collect();
            let end = shown.iter().rposition(|row| !row.is_empty()).unwrap();
            prop_assert_eq!(&shown[end + 1 - rows.len()..=end], &rows[..]);
        }
    }
}
