//! Keys of a Windows console, as the bytes that a terminal would send. The console writes most sequences itself, in
//! its VT input mode, and gives each as records of one UTF-16 unit; those that ignore the mode name the key alone, and
//! its sequence is made here. Pure; called by `console`.

/// What the Windows API says of one key: `KEY_EVENT_RECORD`.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyRecord {
    pub(super) is_down: bool,
    pub(super) repeat: u16,
    /// Which key (`VK_…`); 0 for a unit of a sequence.
    pub(super) key: u16,
    /// The UTF-16 unit that it types; 0 where it types nothing.
    pub(super) unit: u16,
    /// What is held down with it (`dwControlKeyState`).
    pub(super) held: u32,
}

const MENU: u16 = 0x12;
const SPACE: u16 = 0x20;

const ALT: u32 = 0x0003;
const CTRL: u32 = 0x000c;
const SHIFT: u32 = 0x0010;

/// The most times that one record counts: the system sums up what a held key sends while nobody reads.
const MAX_REPEATS: u16 = 64;

/// Makes bytes of records as they come.
#[derive(Debug, Default)]
pub(super) struct KeyBytes {
    /// The first half of a character outside the Basic Multilingual Plane.
    high: Option<u16>,
}

impl KeyBytes {
    /// Appends what this record types.
    pub(super) fn push(&mut self, record: KeyRecord, bytes: &mut Vec<u8>) {
        // A character composed on the number pad comes as Alt is let go.
        let is_composed = record.key == MENU && record.unit != 0;
        if !record.is_down && !is_composed {
            return;
        }
        let start = bytes.len();
        if record.unit != 0 {
            self.push_unit(record, bytes);
        } else if record.key == SPACE && record.held & CTRL != 0 {
            bytes.push(0);
        } else if let Some((introducer, number, end)) = sequence(record.key) {
            push_sequence(introducer, number, end, record.held, bytes);
        }
        let once = bytes[start..].to_vec();
        for _ in 1..record.repeat.min(MAX_REPEATS) {
            bytes.extend_from_slice(&once);
        }
    }

    fn push_unit(&mut self, record: KeyRecord, bytes: &mut Vec<u8>) {
        if (0xd800..0xdc00).contains(&record.unit) {
            self.high = Some(record.unit);
            return;
        }
        let units = self.high.take().into_iter().chain([record.unit]);
        // Half a character without its other half types nothing.
        for character in char::decode_utf16(units).flatten() {
            // With Ctrl it is AltGr, which types. Units of a sequence have no key.
            let is_alt = record.held & ALT != 0 && record.held & CTRL == 0 && ![0, MENU].contains(&record.key);
            if is_alt {
                bytes.push(b'\x1b');
            }
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The sequence of a key that types nothing, as xterm has it: its introducer, number and end.
fn sequence(key: u16) -> Option<(u8, u8, u8)> {
    Some(match key {
        0x21 => (b'[', 5, b'~'),
        0x22 => (b'[', 6, b'~'),
        0x23 => (b'[', 1, b'F'),
        0x24 => (b'[', 1, b'H'),
        0x25 => (b'[', 1, b'D'),
        0x26 => (b'[', 1, b'A'),
        0x27 => (b'[', 1, b'C'),
        0x28 => (b'[', 1, b'B'),
        0x2d => (b'[', 2, b'~'),
        0x2e => (b'[', 3, b'~'),
        // F1 to F4, F5, F6 to F10, F11 and F12.
        0x70..=0x73 => (b'O', 1, b'P' + key.to_le_bytes()[0] - 0x70),
        0x74 => (b'[', 15, b'~'),
        0x75..=0x79 => (b'[', 17 + key.to_le_bytes()[0] - 0x75, b'~'),
        0x7a | 0x7b => (b'[', 23 + key.to_le_bytes()[0] - 0x7a, b'~'),
        _ => return None,
    })
}

fn push_sequence(introducer: u8, number: u8, end: u8, held: u32, bytes: &mut Vec<u8>) {
    let with = |mask: u32, weight: u8| if held & mask == 0 { 0 } else { weight };
    let modifiers = 1 + with(SHIFT, 1) + with(ALT, 2) + with(CTRL, 4);
    let text = match (modifiers, end) {
        (1, b'~') => format!("\x1b[{number}~"),
        (1, _) => format!("\x1b{}{}", char::from(introducer), char::from(end)),
        _ => format!("\x1b[{number};{modifiers}{}", char::from(end)),
    };
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(key: u16, unit: u16, held: u32) -> KeyRecord {
        KeyRecord { is_down: true, repeat: 1, key, unit, held }
    }

    fn bytes(records: &[KeyRecord]) -> String {
        let (mut keys, mut bytes) = (KeyBytes::default(), Vec::new());
        records.iter().for_each(|record| keys.push(*record, &mut bytes));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_comes_as_utf8_however_many_units_a_character_has() {
        let typed: Vec<KeyRecord> = "1가²🙂".encode_utf16().map(|unit| pressed(0, unit, 0)).collect();
        assert_eq!(bytes(&typed), "1가²🙂");
        let released = KeyRecord { is_down: false, ..pressed(0x31, u16::from(b'1'), 0) };
        assert_eq!(bytes(&[released]), "");
        let composed = KeyRecord { is_down: false, ..pressed(MENU, 0xac00, 0) };
        assert_eq!(bytes(&[composed]), "가");
        let held = KeyRecord { repeat: 3, ..pressed(0x31, u16::from(b'1'), 0) };
        assert_eq!(bytes(&[held]), "111");
        // Halves that do not belong together are left out, and what is behind them is not.
        assert_eq!(bytes(&[0xd83d, 0x31, 0xde42, 0x32].map(|unit| pressed(0, unit, 0))), "12");
    }

    #[test]
    fn a_sequence_that_the_console_writes_is_handed_on_as_it_is() {
        let sequence = "\x1b[200~12\r13\x1b[201~";
        let records: Vec<KeyRecord> = sequence.encode_utf16().map(|unit| pressed(0, unit, 0)).collect();
        assert_eq!(bytes(&records), sequence);
    }

    #[test]
    fn keys_that_type_nothing_have_the_sequences_of_xterm() {
        for (key, held, expected) in [
            (0x26, 0, "\x1b[A"),
            (0x26, SHIFT, "\x1b[1;2A"),
            (0x25, CTRL, "\x1b[1;5D"),
            (0x21, 0, "\x1b[5~"),
            (0x2e, CTRL, "\x1b[3;5~"),
            (0x23, 0, "\x1b[F"),
            (0x70, 0, "\x1bOP"),
            (0x75, 0, "\x1b[17~"),
            (0x79, 0, "\x1b[21~"),
            (0x7b, SHIFT, "\x1b[24;2~"),
            // Shift and Alt themselves, Caps Lock, the Windows key.
            (0x10, SHIFT, ""),
            (MENU, ALT, ""),
            (0x14, 0, ""),
            (0x5b, 0, ""),
        ] {
            assert_eq!(bytes(&[pressed(key, 0, held)]), expected, "{key:#x} {held:#x}");
        }
    }

    #[test]
    fn alt_is_an_escape_before_the_key_and_altgr_is_none() {
        assert_eq!(bytes(&[pressed(0x43, u16::from(b'c'), ALT & 2)]), "\x1bc");
        assert_eq!(bytes(&[pressed(0x51, u16::from(b'@'), 0x0009)]), "@");
        assert_eq!(bytes(&[pressed(0x43, 3, CTRL)]), "\u{3}");
        assert_eq!(bytes(&[pressed(SPACE, 0, CTRL)]), "\0");
    }
}
