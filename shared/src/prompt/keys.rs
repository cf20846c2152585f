//! Reads a PIN from the keys of a terminal or a console. Pure; used by `prompt` alone.

/// The most bytes of a PIN that is typed; what comes beyond is not taken.
const MAX: usize = 1024;

/// Stands for a pause among the keys. No key of a PIN sends this byte.
pub(super) const PAUSE: u8 = 0;

/// What ends or interrupts the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    End,
    Stop,
    /// It was stopped, and is continued.
    #[cfg_attr(all(windows, not(test)), expect(dead_code, reason = "no program is stopped there"))]
    Continue,
}

/// What an ESC begins: a report of the terminal, an answer to what another program asked, or a key that is no
/// character. Nothing of that kind is a part of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// The ESC alone.
    Begun,
    /// `ESC [`, up to a letter or the like.
    Control,
    /// `ESC O` and one key.
    Key,
    /// A string, up to BEL or `ESC \`, which [`Self::Begun`] passes over.
    String,
}

impl Sequence {
    /// Where it is behind this byte; none where it is over. Gives the byte back where that is typing.
    fn behind(self, byte: u8) -> (Option<Self>, Option<u8>) {
        match (self, byte) {
            (_, b'\x1b') => (Some(Self::Begun), None),
            (Self::Begun, PAUSE | b'\\') => (None, None),
            (Self::Begun, b'[') => (Some(Self::Control), None),
            // `ESC [ [ A` is F1 on the Linux console.
            (Self::Begun, b'O') | (Self::Control, b'[') => (Some(Self::Key), None),
            (Self::Begun, b']' | b'P' | b'X' | b'^' | b'_') => (Some(Self::String), None),
            (Self::Control, b'@'..=b'~') | (Self::Key, b' '..=b'~') | (Self::String, 0x07) => (None, None),
            (Self::Control, b' '..=b'?') | (Self::String, b' '..) | (_, PAUSE) => (Some(self), None),
            // What is no part of it ends it, as Enter and Ctrl-C do.
            _ => (None, Some(byte)),
        }
    }
}

/// Reads keys to the end of the line. An error is what ends or interrupts the question, a key of the same meaning
/// included.
pub(super) fn read_keys(keys: impl Iterator<Item = Result<u8, Heard>>) -> Result<String, Heard> {
    let (mut typed, mut sequence) = (Vec::new(), None);
    for key in keys {
        let byte = key?;
        let typing;
        (sequence, typing) = match sequence {
            Some(begun) => Sequence::behind(begun, byte),
            None if byte == b'\x1b' => (Some(Sequence::Begun), None),
            None => (None, Some(byte)),
        };
        match typing {
            Some(b'\r' | b'\n') => return String::from_utf8(typed).map_err(|_| Heard::End),
            // Ctrl-C, Ctrl-D, Ctrl-\.
            Some(0x03 | 0x04 | 0x1c) => return Err(Heard::End),
            // Ctrl-Z.
            Some(0x1a) => return Err(Heard::Stop),
            Some(0x08 | 0x7f) => {
                // The last character, of however many bytes.
                while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
            }
            // Ctrl-U.
            Some(0x15) => typed.clear(),
            Some(byte) if byte >= b' ' && typed.len() < MAX => typed.push(byte),
            _ => {}
        }
    }
    Err(Heard::End)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_a_line_that_can_be_mended_and_called_off() {
        let check = |keys: &str, asked: Result<String, Heard>| {
            let pressed = keys.bytes().map(Ok);
            assert_eq!(read_keys(pressed), asked, "{keys:?}");
        };
        let typed = |text: &str| Ok(text.to_owned());
        check("4711\r", typed("4711"));
        check("4711\n", typed("4711"));
        check("471가\x7f1\n", typed("4711"));
        check("\x7f99\x154711\n", typed("4711"));
        check("4\x1b711\n", typed("4711"));
        check("47\x03", Err(Heard::End));
        check("47\x1a", Err(Heard::Stop));
        check("47", Err(Heard::End));
        check("\n", typed(""));
    }

    #[test]
    fn what_a_terminal_sends_by_itself_is_no_part_of_a_pin() {
        let check = |keys: &str, asked: Result<String, Heard>| {
            let pressed = keys.bytes().map(Ok);
            assert_eq!(read_keys(pressed), asked, "{keys:?}");
        };
        for report in [
            "\x1b[?997;1n",
            "\x1b[I",
            "\x1b[O",
            "\x1b[A",
            "\x1bOA",
            "\x1b[1;5C",
            "\x1b[[A",
            "\x1b[<64;10;10M",
            "\x1b[?62;4c",
            "\x1b]11;rgb:ffff/ffff/ffff\x07",
            "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
            "\x1bP>|XTerm(379)\x1b\\",
            "\x1b_Gi=31;OK\x1b\\",
            "\x1b",
            "\x1b\0",
            "\x1b\x1b[A",
            "\x1b\0\0\x1b[\0\0?997;1n",
        ] {
            check(&format!("{report}47{report}11{report}\r"), Ok("4711".into()));
            check(&format!("4711{report}\x03"), Err(Heard::End));
        }
        check("\x1b[200~4711\x1b[201~\n", Ok("4711".into()));
        // Behind Esc, any PIN can be typed; what has no end costs no Enter and no Ctrl-C.
        check("\x1b\0P]O^\r", Ok("P]O^".into()));
        for begun in ["\x1b[", "\x1b[12", "\x1bO", "\x1b]11;", "\x1bP"] {
            check(&format!("47{begun}\r"), Ok("47".into()));
            check(&format!("47{begun}\x03"), Err(Heard::End));
            check(&format!("47{begun}\x1599\r"), Ok("99".into()));
        }
    }

    #[test]
    fn what_the_system_asks_goes_before_what_is_typed() {
        let keys = [Ok(b'4'), Err(Heard::Continue), Ok(b'\r')];
        assert_eq!(read_keys(keys.into_iter()), Err(Heard::Continue));
    }
}
