//! Keys that arrive as sequences, in every form that terminals have for them: VT220 and xterm with modifiers, rxvt,
//! SCO and the Linux console, the keypad in application mode, xterm's `modifyOtherKeys` and kitty's protocol. Pure;
//! called by `meaning`.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::Input;

/// What always works.
pub(super) const CTRL_C: KeyEvent = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);

/// A typed character, which itself shows whether Shift is held.
pub(super) fn typed(c: char) -> KeyEvent {
    let modifiers = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(c), modifiers)
}

/// A control sequence with this last byte. Reports are no keys, and give nothing.
pub(super) fn control(body: &[u8], last: u8, out: &mut Vec<Input>) {
    let Some(parameters) = Parameters::read(body) else { return };
    let held = parameters.modifiers(1);
    let key = match (last, parameters.first(0)) {
        (b'u', Some(code)) => return text_key(code, &parameters, held, out),
        (b'~', Some(27)) if parameters.first(2).is_some() => {
            return text_key(parameters.first(2).unwrap_or_default(), &parameters, held, out);
        }
        (b'~', Some(number)) => numbered(number).map(|code| held.key(code)),
        // rxvt: Ctrl, Shift, both.
        (b'^', Some(number)) => numbered(number).map(|code| KeyEvent::new(code, KeyModifiers::CONTROL)),
        (b'$', Some(number)) => numbered(number).map(|code| KeyEvent::new(code, KeyModifiers::SHIFT)),
        (b'@', Some(number)) => {
            numbered(number).map(|code| KeyEvent::new(code, KeyModifiers::CONTROL | KeyModifiers::SHIFT))
        }
        // rxvt: Shift and an arrow.
        (b'a'..=b'd', None) => arrow(last.to_ascii_uppercase()).map(|code| KeyEvent::new(code, KeyModifiers::SHIFT)),
        (b'Z', None | Some(1)) => Some(held.with(KeyModifiers::SHIFT).key(KeyCode::BackTab)),
        // Where there are parameters, the first is always 1: anything else is a report.
        (b'A'..=b'D' | b'F' | b'H', None | Some(1)) => arrow(last).map(|code| held.key(code)),
        // Older terminals leave that 1 out.
        (b'A'..=b'D' | b'F' | b'H', Some(2..=16)) if parameters.first(1).is_none() => {
            arrow(last).map(|code| parameters.modifiers(0).key(code))
        }
        (b'P' | b'Q' | b'S', None | Some(1)) => Some(held.key(KeyCode::F(last - b'P' + 1))),
        _ => None,
    };
    out.extend(key.map(Input::Key));
}

/// A key behind SS3: arrows, F1 to F4, and the keypad in application mode.
pub(super) fn single(body: &[u8], last: u8) -> Option<KeyEvent> {
    let parameters = Parameters::read(body)?;
    // Some terminals write the modifier alone, some behind a 1.
    let held = if parameters.first(1).is_some() { parameters.modifiers(1) } else { parameters.modifiers(0) };
    let code = match last {
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b' ' => KeyCode::Char(' '),
        b'X' => KeyCode::Char('='),
        b'j'..=b'y' => KeyCode::Char((last - b'j' + b'*').into()),
        // rxvt: Ctrl and an arrow.
        b'a'..=b'd' => return arrow(last.to_ascii_uppercase()).map(|code| held.with(KeyModifiers::CONTROL).key(code)),
        _ => arrow(last)?,
    };
    Some(held.key(code))
}

const fn arrow(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

/// Keys with a number before a `~`.
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(number - 10),
        17..=21 => function(number - 11),
        23..=26 => function(number - 12),
        28 | 29 => function(number - 13),
        31..=34 => function(number - 14),
        _ => return None,
    })
}

fn function(number: u32) -> KeyCode {
    KeyCode::F(u8::try_from(number).unwrap_or(u8::MAX))
}

/// A key that is known by its character, as `modifyOtherKeys` and kitty's protocol have it.
fn text_key(code: u32, parameters: &Parameters, held: Held, out: &mut Vec<Input>) {
    if held.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META) {
        // Those belong to the desktop, and nothing is bound to them.
        return;
    }
    let plain = (held.modifiers - KeyModifiers::SHIFT).is_empty();
    // The text that the key typed, where the terminal reports it, goes before the key's own character.
    let text = parameters.all(2).filter_map(char::from_u32).filter(|c| !c.is_control());
    let by_code = parameters.first(0) == Some(code);
    if by_code && plain && held.kind != KeyEventKind::Release && text.clone().next().is_some() {
        return out.extend(text.map(|c| Input::Key(KeyEvent { kind: held.kind, ..typed(c) })));
    }
    let key = match code {
        0x1b => held.key(KeyCode::Esc),
        0x0d => held.key(KeyCode::Enter),
        0x09 if held.modifiers.contains(KeyModifiers::SHIFT) => held.key(KeyCode::BackTab),
        0x09 => held.key(KeyCode::Tab),
        0x08 | 0x7f => held.key(KeyCode::Backspace),
        57_344..=63_743 => match of_kitty(code) {
            Some(key) => held.key(key),
            None => return,
        },
        _ => {
            let shifted = parameters.all(0).nth(1).filter(|_| by_code && held.modifiers.contains(KeyModifiers::SHIFT));
            let Some(c) = char::from_u32(shifted.unwrap_or(code)).filter(|c| !c.is_control()) else { return };
            // Without the shifted character, only letters can be shifted: the layout is not known.
            let shift = held.modifiers.contains(KeyModifiers::SHIFT) && shifted.is_none();
            let c = if shift && c.is_lowercase() { c.to_uppercase().next().unwrap_or(c) } else { c };
            held.key(KeyCode::Char(c))
        }
    };
    out.push(Input::Key(key));
}

/// The keys that have numbers of their own in kitty's protocol, as far as they are used here.
fn of_kitty(code: u32) -> Option<KeyCode> {
    const KEYPAD: &[u8] = b"0123456789./*-+\r=,";
    Some(match code {
        57_376..=57_398 => function(code - 57_376 + 13),
        57_399..=57_416 => match KEYPAD[(code - 57_399) as usize] {
            b'\r' => KeyCode::Enter,
            key => KeyCode::Char(key.into()),
        },
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        _ => return None,
    })
}

/// What is held down beside a key, and whether it goes down or up.
#[derive(Debug, Clone, Copy)]
struct Held {
    modifiers: KeyModifiers,
    kind: KeyEventKind,
    state: KeyEventState,
}

impl Held {
    fn key(self, code: KeyCode) -> KeyEvent {
        KeyEvent { code, modifiers: self.modifiers, kind: self.kind, state: self.state }
    }

    fn with(self, modifiers: KeyModifiers) -> Self {
        Self { modifiers: self.modifiers | modifiers, ..self }
    }
}

/// The parameters of a sequence: groups with `;` between them, each with further ones behind `:`.
#[derive(Debug)]
struct Parameters<'a>(&'a str);

impl<'a> Parameters<'a> {
    /// None where there are other characters among them, as in reports and replies.
    fn read(body: &'a [u8]) -> Option<Self> {
        let parameters = body.iter().all(|byte| matches!(byte, b'0'..=b';'));
        parameters.then(|| std::str::from_utf8(body).ok().map(Self))?
    }

    /// What stands in a group. What is missing or too large is none.
    fn all(&self, group: usize) -> impl Iterator<Item = u32> + Clone + 'a {
        let group = self.0.split(';').nth(group).unwrap_or_default();
        group.split(':').filter_map(|number| number.parse().ok())
    }

    fn first(&self, group: usize) -> Option<u32> {
        self.0.split(';').nth(group)?.split(':').next()?.parse().ok()
    }

    /// A group that says what is held down: a 1 and a bit for each.
    fn modifiers(&self, group: usize) -> Held {
        const BITS: [KeyModifiers; 6] = [
            KeyModifiers::SHIFT,
            KeyModifiers::ALT,
            KeyModifiers::CONTROL,
            KeyModifiers::SUPER,
            KeyModifiers::HYPER,
            KeyModifiers::META,
        ];
        let bits = self.first(group).unwrap_or(1).saturating_sub(1);
        let held = |bit: usize| bits >> bit & 1 == 1;
        let modifiers = BITS.iter().enumerate().filter(|(bit, _)| held(*bit));
        let mut state = KeyEventState::NONE;
        state.set(KeyEventState::CAPS_LOCK, held(6));
        state.set(KeyEventState::NUM_LOCK, held(7));
        let kind = match self.0.split(';').nth(group).and_then(|group| group.split(':').nth(1)) {
            Some("2") => KeyEventKind::Repeat,
            Some("3") => KeyEventKind::Release,
            _ => KeyEventKind::Press,
        };
        Held { modifiers: modifiers.fold(KeyModifiers::NONE, |all, (_, one)| all | *one), kind, state }
    }
}
