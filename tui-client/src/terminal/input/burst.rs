//! Several lines at once, which no hand types: a paste that the terminal did not mark as one. Pure; called by the decoder.

/// Whether this is text with ends of lines, and no other key.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~' | 0x80..))
}

/// Whether a read may be the beginning of such a paste: something stands on both sides of an Enter.
pub(super) fn begins(bytes: &[u8]) -> bool {
    is_text(bytes) && lines(bytes).take(2).count() == 2
}

/// Whether it is one: two lines, and an Enter behind each. What ends in a command (`/exit`) was written for this program, as
/// scripts do that type.
pub(super) fn is_paste(bytes: &[u8]) -> bool {
    let enters = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).count() - 1;
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    let commands = lines(bytes).last().is_some_and(|line| matches!(line, [b'/', b'a'..=b'z' | 0x80.., ..]));
    is_text(bytes) && enters - pairs >= 2 && begins(bytes) && !commands
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.trim_ascii().is_empty())
}
