//! Recognises several lines that come at once: a paste that the terminal did not mark. Pure; called by the decoder.

use super::sequence;

/// Whether this is text with ends of lines, and no other key.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~' | 0x80..))
}

/// Whether this is printable ASCII: a character for each byte.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether this, which came at once, may be the beginning of such a paste: a line, and its Enter.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let enter = bytes.iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    // An 8-bit control may stand before it.
    is_text(bytes)
        && sequence::frame(bytes).is_none()
        && enter.is_some_and(|enter| lines(&bytes[..enter]).next().is_some())
}

/// Whether it is one: two lines, and an Enter behind each. What ends in a command was written for this program, as
/// scripts do that type.
pub(super) fn is_paste(bytes: &[u8]) -> bool {
    let enters = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).count() - 1;
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    is_text(bytes) && enters - pairs >= 2 && lines(bytes).take(2).count() == 2 && !ends_in_command(bytes)
}

/// Whether the last line is a command (`/exit`).
pub(super) fn ends_in_command(bytes: &[u8]) -> bool {
    lines(bytes).last().is_some_and(|line| matches!(line, [b'/', b'a'..=b'z' | 0x80.., ..]))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.trim_ascii().is_empty())
}
