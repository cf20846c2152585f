//! The Korean two-set (두벌식) keyboard: which keys typed a text, so that a command typed in Hangul mode is understood.
//! Read by the command line and the keymap.

use unicode_normalization::UnicodeNormalization;

/// The keys that were pressed on a two-set (두벌식) keyboard to type this; other characters are kept.
pub(crate) fn latin_keys(text: &str) -> String {
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
    fn every_syllable_is_the_keys_that_type_it() {
        for (typed, keys) in [("ㄷ턋", "exit"), ("ㅗ디ㅔ", "help"), ("과없", "rhkdjqt"), ("ㄳ", "rt"), ("a가1", "ark1")]
        {
            assert_eq!(latin_keys(typed), keys);
        }
    }
}
