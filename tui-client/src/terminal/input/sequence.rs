//! Where a control sequence ends: the shapes of ECMA-48 and of what terminals add to it, whatever it means. Pure;
//! called by the decoder and by `meaning`.
//!
//! `ESC [ … final`; `ESC O …`, one key; `ESC ] … BEL` or `ESC \`, and the same for the other strings (DCS, SOS, PM,
//! APC). The controls of one byte (C1) count too where they are no part of a character.

pub(super) const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
pub(super) const CTRL_C: u8 = 0x03;

/// What stands at the beginning of bytes that begin a sequence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// So many bytes are this.
    Whole(usize, Sequence<'a>),
    Open,
    /// It was cut short behind so many bytes.
    Cut(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence<'a> {
    /// CSI, with everything before its last byte.
    Control(&'a [u8], u8),
    /// The mouse as X10 had it.
    X10([u8; 3]),
    /// A function key of the Linux console.
    Console(u8),
    /// SS3: a key, with a modifier's digits before it in some terminals.
    Key(&'a [u8], u8),
    /// An operating system command, without what introduces and ends it.
    Command(&'a [u8]),
    /// Another string. Nothing of the kind is asked for.
    Other,
}

impl Sequence<'_> {
    /// Whether what is behind it is pasted text.
    pub(super) fn begins_paste(self) -> bool {
        matches!(self, Self::Control(b"200", b'~'))
    }
}

/// Whether this byte behind an ESC begins a sequence.
pub(super) const fn introduces(byte: u8) -> bool {
    matches!(byte, b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_')
}

/// Whether these bytes may be what is missing of a sequence that was given up. Typing must not be: a key alone is
/// none that anybody types, but for a moment (`soon`), and a line that ends in Enter is none.
pub(super) fn may_go_on(begun: &[u8], bytes: &[u8], soon: bool) -> bool {
    match begun {
        [ESC] => match *bytes {
            [b'O', last, ..] => matches!(last, b'A'..=b'D' | b'F' | b'H' | b'M' | b'P'..=b'S' | b'j'..=b'y'),
            [first, ..] => first == b'[' || bytes.len() > 1 && introduces(first),
            [] => false,
        },
        // The keypad.
        [ESC, b'O'] => soon && matches!(bytes, [b'A'..=b'D' | b'F' | b'H' | b'M' | b'P'..=b'S' | b'j'..=b'y']),
        // Nothing that a field takes has a tilde.
        [ESC, b'[', b'0'..=b'9', ..] if bytes.starts_with(b"~") => true,
        [ESC, b'[', _, ..] if soon && matches!(bytes, [b'A'..=b'Z' | b'a'..=b'z']) => true,
        [ESC, b'[', ..] => bytes.len() > 1 && matches!(bytes[0], b'0'..=b'?'),
        [ESC, b']' | b'P' | b'X' | b'^' | b'_', .., ESC] if bytes.starts_with(b"\\") => true,
        [ESC, b']' | b'P' | b'X' | b'^' | b'_', ..] => {
            let end = bytes.iter().position(|&byte| byte < b' ').unwrap_or(bytes.len());
            matches!(bytes.get(end), Some(&(BEL | ESC)))
        }
        _ => false,
    }
}

/// The introducer that this byte stands for, where it is an 8-bit control that begins a sequence.
const fn eight_bits(byte: u8) -> Option<u8> {
    match byte {
        0x80..=0x9f if introduces(byte - 0x40) => Some(byte - 0x40),
        _ => None,
    }
}

/// An incomplete sequence, with its introducer written as ESC and a byte.
pub(super) fn of_seven_bits(mut begun: Vec<u8>) -> Vec<u8> {
    let control = if begun.first() == Some(&0xc2) { 1 } else { 0 };
    if let Some(introducer) = begun.get(control).copied().and_then(eight_bits) {
        begun.splice(..=control, [ESC, introducer]);
    }
    begun
}

/// Whether a lone byte above 127 begins a sequence, now that this is behind it.
pub(super) fn goes_on(byte: u8, behind: u8) -> bool {
    eight_bits(byte).is_some() && matches!(behind, b' '..=b'~')
}

/// Whether what stands behind a byte above 127 can hardly be anything but a sequence that is not at its end.
fn is_likely(introducer: u8, behind: &[u8]) -> bool {
    match (introducer, behind) {
        (_, []) | (b'[', _) => true,
        (b']', _) => {
            let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && behind.get(digits) == Some(&b';')
        }
        (b'P', _) => matches!(behind, [b'>' | b'!', ..] | [b'0' | b'1', b'$' | b'+', ..]),
        (b'_', _) => behind[0] == b'G',
        _ => false,
    }
}

/// The sequence at the beginning of these bytes; none where they begin with none.
pub(super) fn frame(bytes: &[u8]) -> Option<Framed<'_>> {
    let (introducer, at) = match *bytes {
        [ESC, introducer, ..] => (introducer, 2),
        [0xc2, c1 @ 0x80..=0x9f, ..] => (c1 - 0x40, 2),
        [c1, ..] => (eight_bits(c1)?, 1),
        _ => return None,
    };
    let framed = match introducer {
        b'[' => control(bytes, at),
        b'O' => key(bytes, at),
        b']' | b'P' | b'X' | b'^' | b'_' => string(introducer, bytes, at),
        _ => return None,
    };
    // A byte above 127 that is no character is most likely half of one: only what is whole is taken for a sequence,
    // and what looks like nothing else.
    match framed {
        Framed::Whole(..) => Some(framed),
        Framed::Open => (at > 1 || is_likely(introducer, &bytes[1..])).then_some(framed),
        Framed::Cut(_) => (at > 1).then_some(framed),
    }
}

fn control(bytes: &[u8], at: usize) -> Framed<'_> {
    let body = &bytes[at..];
    match body {
        [b'[', key, ..] => {
            return match key {
                b' '..=b'~' => Framed::Whole(at + 2, Sequence::Console(*key)),
                _ => Framed::Cut(at + 1),
            };
        }
        [b'[' | b'M'] => return Framed::Open,
        [b'M', place @ ..] => {
            let place = &place[..place.len().min(3)];
            return match (place.iter().position(|&byte| byte < b' '), place) {
                (Some(cut), _) => Framed::Cut(at + 1 + cut),
                (None, &[button, column, row]) => Framed::Whole(at + 4, Sequence::X10([button, column, row])),
                (None, _) => Framed::Open,
            };
        }
        _ => {}
    }
    for (end, &byte) in body.iter().enumerate() {
        match byte {
            b'@'..=b'~' => return Framed::Whole(at + end + 1, Sequence::Control(&body[..end], byte)),
            // How rxvt says Shift. Everywhere else there is a last byte behind it.
            b'$' if (1..=2).contains(&end) && body[..end].iter().all(u8::is_ascii_digit) => {
                return Framed::Whole(at + end + 1, Sequence::Control(&body[..end], byte));
            }
            b' '..=b'?' => {}
            _ => return Framed::Cut(at + end),
        }
    }
    Framed::Open
}

fn key(bytes: &[u8], at: usize) -> Framed<'_> {
    let body = &bytes[at..];
    let end = body.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';')).unwrap_or(body.len());
    match body.get(end) {
        None => Framed::Open,
        Some(&last @ b' '..=b'~') => Framed::Whole(at + end + 1, Sequence::Key(&body[..end], last)),
        Some(_) => Framed::Cut(at + end),
    }
}

fn string(introducer: u8, bytes: &[u8], at: usize) -> Framed<'_> {
    let whole = |end: usize, length: usize| {
        let text = &bytes[at..end];
        Framed::Whole(length, if introducer == b']' { Sequence::Command(text) } else { Sequence::Other })
    };
    let mut here = at;
    while let Some(&byte) = bytes.get(here) {
        match byte {
            BEL => return whole(here, here + 1),
            CAN | SUB => return Framed::Cut(here + 1),
            CTRL_C => return Framed::Cut(here),
            ESC => {
                return match bytes.get(here + 1) {
                    None => Framed::Open,
                    Some(b'\\') => whole(here, here + 2),
                    Some(_) => Framed::Cut(here),
                };
            }
            0x9c => return whole(here, here + 1),
            0xc2 if bytes.get(here + 1) == Some(&0x9c) => return whole(here, here + 2),
            // The bytes of a character are not looked at: one of them may look like an end.
            0xc0.. => {
                let none = |wrong: Option<usize>| wrong.unwrap_or((bytes.len() - here).min(4));
                here += character(&bytes[here..]).map_or_else(none, char::len_utf8);
            }
            _ => here += 1,
        }
    }
    Framed::Open
}

/// The character at the beginning of these bytes. Where there is none: how many of them cannot be part of one, or
/// nothing where the rest of one may still come.
pub(super) fn character(bytes: &[u8]) -> Result<char, Option<usize>> {
    let some = &bytes[..bytes.len().min(4)];
    let (valid, wrong) = match std::str::from_utf8(some) {
        Ok(text) => (text, None),
        Err(error) => (std::str::from_utf8(&some[..error.valid_up_to()]).unwrap_or_default(), error.error_len()),
    };
    valid.chars().next().ok_or(wrong)
}
