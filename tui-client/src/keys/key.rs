//! One key with what is held down beside it: as terminals send it, as people write it (`Ctrl-R`, `alt+pgup`, `F8`),
//! and as it is shown. Read by the keymap and the settings file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::latin_keys;
use crate::lang::Lang;

/// A key. Two that terminals cannot tell apart are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Why a text is no key that an action may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key has this name.
    #[error("no such key; write it as in F8, Ctrl-R, Alt-Left or PgUp")]
    Unknown,
    /// It types a character, or would with the keyboard in another mode.
    #[error("this key types; hold Ctrl or Alt with it")]
    Types,
    /// It always does the same, so that nobody is locked in.
    #[error("Enter, Esc, Tab and Ctrl-C cannot be given away")]
    Fixed,
}

/// Keys with a name: how each may be written, the name that is shown first, and the name shown in Korean.
const NAMED: &[(KeyCode, &[&str], &str)] = &[
    (KeyCode::Up, &["Up", "↑"], "↑"),
    (KeyCode::Down, &["Down", "↓"], "↓"),
    (KeyCode::Left, &["Left", "←"], "←"),
    (KeyCode::Right, &["Right", "→"], "→"),
    (KeyCode::PageUp, &["PgUp", "PageUp"], "PgUp"),
    (KeyCode::PageDown, &["PgDn", "PageDown", "PgDown"], "PgDn"),
    (KeyCode::Home, &["Home"], "Home"),
    (KeyCode::End, &["End"], "End"),
    (KeyCode::Insert, &["Ins", "Insert"], "Ins"),
    (KeyCode::Delete, &["Del", "Delete"], "Del"),
    (KeyCode::Backspace, &["Backspace"], "Backspace"),
    (KeyCode::Char(' '), &["Space"], "Space"),
    (KeyCode::Enter, &["Enter", "Return"], "Enter"),
    (KeyCode::Esc, &["Esc", "Escape"], "Esc"),
    (KeyCode::Tab, &["Tab"], "Tab"),
];

const MODIFIERS: &[(KeyModifiers, &[&str])] = &[
    (KeyModifiers::CONTROL, &["Ctrl", "Control"]),
    (KeyModifiers::ALT, &["Alt", "Meta", "Option"]),
    (KeyModifiers::SHIFT, &["Shift"]),
];

impl Key {
    /// The key of a terminal's event.
    #[must_use]
    pub fn of(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    pub(crate) const fn control(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), modifiers: KeyModifiers::CONTROL }
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = modifiers & known;
        let KeyCode::Char(c) = code else { return Self { code, modifiers } };
        // Shift is part of the character, or the terminal does not send it.
        modifiers.remove(KeyModifiers::SHIFT);
        if !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Self { code, modifiers };
        }
        let mut c = c.to_ascii_lowercase();
        if !c.is_ascii() {
            // In Hangul mode the same key arrives as a letter of the other alphabet.
            let mut latin = latin_keys(c.encode_utf8(&mut [0; 4])).chars().collect::<Vec<_>>().into_iter();
            if let (Some(one), None) = (latin.next(), latin.next()) {
                c = one.to_ascii_lowercase();
            }
        }
        if modifiers.contains(KeyModifiers::CONTROL) {
            // One byte stands for several of these.
            c = match c {
                '\\' => '4',
                ']' => '5',
                '^' | '~' => '6',
                '_' | '/' => '7',
                '@' => ' ',
                c => c,
            };
        }
        Self { code: KeyCode::Char(c), modifiers }
    }

    /// How it is shown.
    #[must_use]
    pub fn name(self, lang: Lang) -> String {
        let mut name = String::new();
        for (modifier, names) in MODIFIERS {
            if self.modifiers.contains(*modifier) {
                name.push_str(names[0]);
                name.push('-');
            }
        }
        match self.code {
            KeyCode::F(number) => name.push_str(&format!("F{number}")),
            // Ctrl-7 and Ctrl-_ are one byte; people know it as Ctrl-_.
            KeyCode::Char('7') if self.modifiers.contains(KeyModifiers::CONTROL) => name.push('_'),
            code => match (NAMED.iter().find(|(named, ..)| *named == code), code) {
                (Some((_, names, korean)), _) => name.push_str(if lang == Lang::Ko { korean } else { names[0] }),
                (None, KeyCode::Char(c)) => name.extend(c.to_uppercase()),
                (None, _) => name.push('?'),
            },
        }
        name
    }
}

impl std::str::FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut rest = text.trim();
        let mut modifiers = KeyModifiers::NONE;
        while let Some((modifier, behind)) = modifier(rest) {
            modifiers |= modifier;
            rest = behind;
        }
        let code = code(rest).ok_or(KeyError::Unknown)?;
        let key = Self::new(code, modifiers);
        let held = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter | KeyCode::Esc | KeyCode::Tab => Err(KeyError::Fixed),
            // The bytes of Ctrl-M, Ctrl-J and Ctrl-I are those of Enter and Tab.
            KeyCode::Char('c' | 'm' | 'j' | 'i' | '[') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                Err(KeyError::Fixed)
            }
            KeyCode::Char(_) if !held => Err(KeyError::Types),
            _ => Ok(key),
        }
    }
}

/// A modifier's name at the start of a key's, and what stands behind it.
fn modifier(text: &str) -> Option<(KeyModifiers, &str)> {
    MODIFIERS.iter().find_map(|(modifier, names)| {
        let behind = names.iter().find_map(|name| {
            let start = text.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name))?;
            text[start.len()..].strip_prefix(['-', '+']).filter(|behind| !behind.is_empty())
        })?;
        Some((*modifier, behind))
    })
}

fn code(name: &str) -> Option<KeyCode> {
    let mut characters = name.chars();
    if let (Some(c), None) = (characters.next(), characters.next())
        && !NAMED.iter().any(|(_, names, _)| names.contains(&name))
    {
        return Some(KeyCode::Char(c));
    }
    let number = name.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok());
    if let Some(number @ 1..=24) = number {
        return Some(KeyCode::F(number));
    }
    let named = NAMED.iter().find(|(_, names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    named.map(|(code, ..)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_however_it_is_written() {
        let same = |one: &str, other: &str| assert_eq!(one.parse::<Key>(), other.parse::<Key>(), "{one} {other}");
        for (one, other) in [
            ("Ctrl-R", "control+r"),
            ("Alt-PgUp", "meta-PageUp"),
            ("Ctrl-_", "Ctrl-/"),
            ("Alt-B", "alt-ㅠ"),
            ("Shift-↑", "shift-up"),
            (" f8 ", "F8"),
        ] {
            same(one, other);
            assert!(one.parse::<Key>().is_ok(), "{one}");
        }
        assert_eq!("Ctrl--".parse::<Key>().map(|key| key.name(Lang::En)), Ok("Ctrl--".into()));
        for (text, error) in [
            ("", KeyError::Unknown),
            ("Ctrl-", KeyError::Unknown),
            ("Hyper-X", KeyError::Unknown),
            ("F99", KeyError::Unknown),
            ("q", KeyError::Types),
            ("Shift-q", KeyError::Types),
            ("Space", KeyError::Types),
            ("Enter", KeyError::Fixed),
            ("Ctrl-C", KeyError::Fixed),
            ("ctrl-j", KeyError::Fixed),
        ] {
            assert_eq!(text.parse::<Key>(), Err(error), "{text}");
        }
    }

    #[test]
    fn what_a_terminal_sends_is_the_key_that_was_written() {
        let sent = |code, modifiers| Key::of(KeyEvent::new(code, modifiers));
        for (event, name) in [
            (sent(KeyCode::Char('7'), KeyModifiers::CONTROL), "Ctrl-_"),
            (sent(KeyCode::Char('B'), KeyModifiers::ALT | KeyModifiers::SHIFT), "Alt-B"),
            (sent(KeyCode::Char('ㅠ'), KeyModifiers::ALT), "Alt-B"),
            (sent(KeyCode::Left, KeyModifiers::CONTROL), "Ctrl-Left"),
            (sent(KeyCode::Char('<'), KeyModifiers::ALT), "Alt-<"),
        ] {
            assert_eq!(Ok(event), name.parse(), "{name}");
            assert_eq!(event.name(Lang::En), name);
        }
        assert_eq!(sent(KeyCode::Left, KeyModifiers::CONTROL).name(Lang::Ko), "Ctrl-←");
    }
}
