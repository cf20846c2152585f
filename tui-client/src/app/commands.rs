//! What begins with `/`: which command it is, also where it was typed with the keyboard still in Hangul mode, and which
//! one was perhaps meant where it is none.

use unicode_normalization::UnicodeNormalization;

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Leave.
    Exit,
    /// Show the keys and the commands.
    Help,
    /// Show only my results.
    Mine,
    /// Show who is online, or one student's results.
    Who,
    /// Search.
    Find,
    /// Show the results as a picture.
    Chart,
    /// Copy the number or the square of a result.
    Copy,
}

/// Every name of a command; the first of each is the one that is shown.
pub(crate) const NAMES: [(&str, Command); 8] = [
    ("exit", Command::Exit),
    ("help", Command::Help),
    ("mine", Command::Mine),
    ("who", Command::Who),
    ("find", Command::Find),
    ("chart", Command::Chart),
    ("copy", Command::Copy),
    ("quit", Command::Exit),
];

/// A text that is meant as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// It is this one.
    Command(Command),
    /// There is none of this name; perhaps this one was meant.
    Unknown {
        /// The name as it was typed, without its slash.
        name: String,
        /// The nearest name there is.
        nearest: Option<&'static str>,
    },
}

/// Whether a text is meant as a command.
pub(crate) fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(['/', '／'])
}

/// Reads a text that is meant as a command.
pub(crate) fn parse(text: &str) -> Parsed {
    let typed = text.trim().trim_start_matches(['/', '／']);
    let name = typed.split_whitespace().next().unwrap_or_default();
    let latin = latin_keys(name).to_lowercase();
    match NAMES.iter().find(|(known, _)| *known == latin) {
        Some((_, command)) => Parsed::Command(*command),
        None => Parsed::Unknown { name: name.to_owned(), nearest: nearest(&latin) },
    }
}

/// What stands behind a command's name.
pub(crate) fn argument(text: &str) -> &str {
    let typed = text.trim().trim_start_matches(['/', '／']);
    typed.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim())
}

/// The names that a text still being typed may become.
pub(crate) fn candidates(text: &str) -> impl Iterator<Item = &'static str> {
    let latin = latin_keys(text.trim().trim_start_matches(['/', '／'])).to_lowercase();
    NAMES.iter().map(|(name, _)| *name).filter(move |name| name.starts_with(&latin))
}

/// The name nearest to what was typed, if one is near enough to have been meant.
fn nearest(typed: &str) -> Option<&'static str> {
    let most = if typed.chars().count() > 3 { 2 } else { 1 };
    NAMES
        .iter()
        .map(|(name, _)| (distance(typed, name), *name))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, left out, changed, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The keys that were pressed on a two-set (두벌식) keyboard to type this; other characters stay as they are.
fn latin_keys(text: &str) -> String {
    text.nfd()
        .map(|c| match c {
            // Leading, vowel and trailing letters, as a syllable is decomposed into them.
            '\u{1100}'..='\u{1112}' => LEADING[c as usize - 0x1100],
            '\u{1161}'..='\u{1175}' => VOWELS[c as usize - 0x1161],
            '\u{11A8}'..='\u{11C2}' => TRAILING[c as usize - 0x11A8],
            // Single letters, as an input method leaves them.
            '\u{314F}'..='\u{3163}' => VOWELS[c as usize - 0x314F],
            '\u{3131}'..='\u{314E}' => CONSONANTS[c as usize - 0x3131],
            _ => "",
        })
        .zip(text.nfd())
        .fold(String::with_capacity(text.len()), |mut keys, (latin, c)| {
            if latin.is_empty() {
                keys.push(c);
            } else {
                keys.push_str(latin);
            }
            keys
        })
}

const LEADING: [&str; 19] =
    ["r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g"];
const VOWELS: [&str; 21] =
    ["k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"];
const TRAILING: [&str; 27] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T", "d",
    "w", "c", "z", "x", "v", "g",
];
const CONSONANTS: [&str; 30] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "E", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q", "qt", "t",
    "T", "d", "w", "W", "c", "z", "x", "v", "g",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_in_either_keyboard_mode() {
        for (text, command) in [
            ("/exit", Command::Exit),
            (" /EXIT now", Command::Exit),
            ("／exit", Command::Exit),
            ("/quit", Command::Exit),
            ("/ㄷ턋", Command::Exit),
            ("/벼ㅑㅅ", Command::Exit),
            ("/help", Command::Help),
            ("/ㅗ디ㅔ", Command::Help),
            ("/ㅡㅑㅜㄷ", Command::Mine),
            ("/find 1 2", Command::Find),
        ] {
            assert_eq!(parse(text), Parsed::Command(command), "{text}");
        }
    }

    #[test]
    fn another_name_is_answered_with_the_nearest() {
        for (text, name, near) in [
            ("/exti", "exti", Some("exit")),
            ("/hlep", "hlep", Some("help")),
            ("/ㄷ턋ㅁ", "ㄷ턋ㅁ", Some("exit")),
            ("/picture", "picture", None),
            ("/", "", None),
            ("/ /", "/", None),
        ] {
            assert_eq!(parse(text), Parsed::Unknown { name: name.into(), nearest: near }, "{text}");
        }
    }

    #[test]
    fn a_command_being_typed_has_candidates() {
        assert_eq!(candidates("/").count(), NAMES.len());
        assert_eq!(candidates("/ㅗ").collect::<Vec<_>>(), ["help"]);
        assert_eq!(candidates("/x").count(), 0);
    }

    #[test]
    fn every_syllable_is_the_keys_that_type_it() {
        for (typed, keys) in [("ㄷ턋", "exit"), ("ㅗ디ㅔ", "help"), ("과없", "rhkdjqt"), ("ㄳ", "rt"), ("a가1", "ark1")]
        {
            assert_eq!(latin_keys(typed), keys);
        }
    }
}
