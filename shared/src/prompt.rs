//! Asking for a PIN on the terminal, unseen. Called by plain mode of the client, and by `squares-server pin`.

#[cfg(unix)]
use std::io::{self, BufReader, Read, Write};

/// The most bytes of a PIN that is typed; what comes beyond is not taken.
#[cfg(unix)]
const MOST: usize = 1024;

/// Asks on the controlling terminal, whatever standard input and output are. `None` where there is none, where
/// nothing was typed, and where Ctrl-C or Ctrl-D was.
#[cfg(unix)]
#[must_use]
pub fn ask_unseen(question: &str) -> Option<String> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

    let mut terminal = std::fs::File::options().read(true).write(true).open("/dev/tty").ok()?;
    let before = tcgetattr(&terminal).ok()?;
    let mut unseen = before.clone();
    // Keys come one by one and Ctrl-C is one of them, so that nothing ends this program while the terminal shows nothing.
    unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    unseen.special_codes[SpecialCodeIndex::VMIN] = 1;
    unseen.special_codes[SpecialCodeIndex::VTIME] = 0;
    terminal.write_all(question.as_bytes()).ok()?;
    tcsetattr(&terminal, OptionalActions::Flush, &unseen).ok()?;
    let typed = read_keys(&terminal);
    let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    let _ = terminal.write_all(b"\n");
    typed.ok().flatten().filter(|typed| !typed.is_empty())
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
#[must_use]
pub fn ask_unseen(_question: &str) -> Option<String> {
    None
}

/// Reads keys to the end of the line; `None` where it was called off.
#[cfg(unix)]
fn read_keys(keys: impl Read) -> io::Result<Option<String>> {
    let mut typed = Vec::new();
    for key in BufReader::new(keys).bytes() {
        match key? {
            b'\r' | b'\n' => return Ok(String::from_utf8(typed).ok()),
            // Ctrl-C, Ctrl-D, Ctrl-\.
            0x03 | 0x04 | 0x1c => return Ok(None),
            0x08 | 0x7f => {
                // The last character, of however many bytes.
                while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
            }
            // Ctrl-U.
            0x15 => typed.clear(),
            byte if byte >= b' ' && typed.len() < MOST => typed.push(byte),
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn keys_become_a_line_that_can_be_mended_and_called_off() {
        let check = |keys: &str, typed: Option<&str>| {
            assert_eq!(read_keys(keys.as_bytes()).unwrap().as_deref(), typed, "{keys:?}");
        };
        check("4711\r", Some("4711"));
        check("4711\n", Some("4711"));
        check("471가\x7f1\n", Some("4711"));
        check("\x7f99\x154711\n", Some("4711"));
        check("4\x1b711\n", Some("4711"));
        check("47\x03", None);
        check("47", None);
        check("\n", Some(""));
    }
}
