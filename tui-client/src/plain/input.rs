//! The numbers that plain mode is given: arguments, or lines of standard input, which a thread reads as they come.
//! Called by `plain`.

use std::io::{self, Read};
use std::thread;

use squares_shared::line::{Line, LineReader};
use tokio::sync::mpsc;

/// The longest line of input: longer ones are no numbers that any server takes, and are thrown away as they come.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// The most lines that wait to be squared; the rest stays in the pipe.
const READ_AHEAD: usize = 64;

/// One thing to be squared, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// Text for the server to judge.
    Number(String),
    /// A line that cannot even be sent: what of it can be shown, and what is wrong with it.
    Unusable(String, &'static str),
    /// Standard input failed; the system's words.
    Broken(String),
}

/// Hands over what stands on the command line.
pub(super) fn arguments(numbers: Vec<String>) -> mpsc::Receiver<Given> {
    let (give, given) = mpsc::channel(numbers.len().max(1));
    for number in numbers {
        // There is room for all of them.
        let _ = give.try_send(Given::Number(number));
    }
    given
}

/// Reads lines in a thread of its own, since a pipe may stay silent for as long as it likes.
///
/// # Errors
/// Where the system gives no thread.
pub(super) fn lines(source: impl Read + Send + 'static) -> io::Result<mpsc::Receiver<Given>> {
    let (give, given) = mpsc::channel(READ_AHEAD);
    thread::Builder::new().name("input".into()).spawn(move || read(source, LONGEST_LINE, &give))?;
    Ok(given)
}

/// Reads to the end, or until nobody wants more.
fn read(mut source: impl Read, limit: usize, give: &mpsc::Sender<Given>) {
    let mut lines = LineReader::new(limit);
    let mut chunk = vec![0; 64 << 10];
    let mut at_start = true;
    loop {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => lines.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = give.blocking_send(Given::Broken(error.to_string()));
                return;
            }
        }
        while let Some(line) = lines.next_line() {
            if !hand_over(line, &mut at_start, give) {
                return;
            }
        }
    }
    // The last line may lack its end.
    lines.push(b"\n");
    if let Some(line) = lines.next_line() {
        hand_over(line, &mut at_start, give);
    }
}

/// Whether more is wanted.
fn hand_over(line: Line<'_>, at_start: &mut bool, give: &mpsc::Sender<Given>) -> bool {
    let given = match line {
        Line::TooLong => {
            Given::Unusable("a line".into(), "too long: it has more than a million bytes; give one number a line")
        }
        Line::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => {
                // Files written on Windows may begin with a byte order mark.
                let text = if *at_start { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
                let text = text.trim();
                if text.is_empty() {
                    *at_start = false;
                    return true;
                }
                Given::Number(text.to_owned())
            }
            Err(_) => Given::Unusable(
                String::from_utf8_lossy(bytes).trim().to_owned(),
                "not UTF-8 text; save the input as UTF-8",
            ),
        },
    };
    *at_start = false;
    give.blocking_send(given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(input: &[u8], limit: usize) -> Vec<Given> {
        let (give, mut given) = mpsc::channel(1000);
        read(input, limit, &give);
        drop(give);
        std::iter::from_fn(|| given.blocking_recv()).collect()
    }

    fn number(text: &str) -> Given {
        Given::Number(text.into())
    }

    #[test]
    fn lines_are_trimmed_and_empty_ones_skipped() {
        let all = read_all("\u{feff}12\r\n\n \t\u{3000}\n  -5\u{3000}\n1 2\n.5".as_bytes(), 100);
        assert_eq!(all, [number("12"), number("-5"), number("1 2"), number(".5")]);
        assert_eq!(read_all(b"", 100), []);
        assert_eq!(read_all(b"\n\n  \n", 100), []);
    }

    #[test]
    fn a_line_too_long_or_not_text_is_an_error_of_that_line() {
        let all = read_all(b"1\n1234567890\n2\n\xff3\n4", 5);
        assert!(
            matches!(&all[..], [Given::Number(_), Given::Unusable(..), Given::Number(_), Given::Unusable(shown, _), Given::Number(_)] if shown == "\u{fffd}3")
        );
    }
}
