//! PINs as both sides read them. A generated PIN has eight characters without look-alikes, and at least one of them
//! occurs in no number, so that it can never be taken for a number to square. A PIN that a professor chose may be any
//! text.

use std::borrow::Cow;

use crate::{number::Number, typed};

/// The characters of a generated PIN: digits and lower-case letters without look-alikes (`0` `o`, `1` `i` `l`),
/// and without `e`, which occurs in numbers such as `2e5`.
pub const ALPHABET: &[u8; 30] = b"23456789abcdfghjkmnpqrstuvwxyz";

/// The length of a generated PIN, which is written as `k7mq-93xd`.
pub const LENGTH: usize = 8;

/// The form in which PINs are compared and hashed: trimmed, full-width characters as ASCII, and a generated PIN in
/// lower case without its `-`. Any other PIN keeps its case and its characters.
///
/// ```
/// use squares_shared::pin::canonical;
/// assert_eq!(canonical(" K7MQ-93XD "), "k7mq93xd");
/// assert_eq!(canonical("４７１１"), "4711");
/// assert_eq!(canonical("Secret-1"), "Secret-1");
/// ```
#[must_use]
pub fn canonical(text: &str) -> Cow<'_, str> {
    let read = typed::read(text);
    match made(&read) {
        Some(made) => Cow::Owned(made),
        None => read,
    }
}

/// Whether a text typed as a number is the PIN, in upper or lower case, or has the same value as the PIN: `123` and
/// `0123`.
///
/// ```
/// use squares_shared::pin::is_pin;
/// assert!(is_pin("k7mq93xd", "K7MQ-93XD") && is_pin("4,711.0", "4711") && is_pin("123", "0123"));
/// assert!(!is_pin("47110", "4711") && !is_pin("", ""));
/// ```
#[must_use]
pub fn is_pin(text: &str, pin: &str) -> bool {
    let (text, pin) = (canonical(text), canonical(pin));
    let number = |text: &str| Number::parse(text, MAX_DIGITS).ok();
    let same_number = || number(&pin).is_some_and(|secret| number(&text) == Some(secret));
    !pin.is_empty() && (text.eq_ignore_ascii_case(&pin) || same_number())
}

/// Whether a text has the form of a generated PIN, so that it can be kept off the screen where it was typed by mistake.
///
/// ```
/// use squares_shared::pin::is_generated;
/// assert!(is_generated(" K7MQ-93XD") && !is_generated("20260001") && !is_generated("s1"));
/// ```
#[must_use]
pub fn is_generated(text: &str) -> bool {
    made(&typed::read(text)).is_some()
}

/// Whether a text that is still being typed is the PIN or a prefix of it.
///
/// ```
/// use squares_shared::pin::may_become_pin;
/// assert!(may_become_pin("K7MQ-9", "k7mq93xd") && may_become_pin("4", "4711"));
/// assert!(!may_become_pin("47112", "4711") && !may_become_pin("", "4711"));
/// ```
#[must_use]
pub fn may_become_pin(text: &str, pin: &str) -> bool {
    let plain = |text: &str| typed::read(text).replace('-', "").to_ascii_lowercase();
    let begins = |typed: String| !typed.is_empty() && plain(pin).starts_with(&typed);
    is_pin(text, pin) || (text.len() <= pin.len() * LONGEST_FORM && begins(plain(text)))
}

/// No text of a PIN is more than so many times as long: full-width characters take three bytes, and white space may
/// stand around it.
const LONGEST_FORM: usize = 8;

/// More digits than any PIN has.
const MAX_DIGITS: usize = 64;

/// The canonical form of a generated PIN; none where the text does not have that form.
fn made(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let whole = match (bytes.len(), bytes.get(LENGTH / 2)) {
        (LENGTH, _) => text.to_ascii_lowercase(),
        (9, Some(b'-')) => text.to_ascii_lowercase().replacen('-', "", 1),
        _ => return None,
    };
    let fits = whole.len() == LENGTH && whole.bytes().all(|byte| ALPHABET.contains(&byte));
    (fits && whole.bytes().any(|byte| byte.is_ascii_alphabetic())).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_of_the_made_form_is_the_same_however_it_is_typed() {
        for typed in ["k7mq-93xd", "K7MQ-93XD", "k7mq93xd", " K7mq93Xd\r\n", "ｋ７ｍｑ－９３ｘｄ", "Ｋ７ＭＱ９３ＸＤ"]
        {
            assert_eq!(canonical(typed), "k7mq93xd", "{typed:?}");
        }
    }

    #[test]
    fn any_other_pin_stays_as_it_is() {
        for (typed, read) in [
            ("4711", "4711"),
            ("４７１１", "4711"),
            (" 0123 ", "0123"),
            ("23456789", "23456789"),
            ("2345-6789", "2345-6789"),
            ("Elephant", "Elephant"),
            ("k7mq-93x", "k7mq-93x"),
            ("K7M-Q93XD", "K7M-Q93XD"),
            ("K7MQ--93XD", "K7MQ--93XD"),
            ("가나다라", "가나다라"),
            ("k7mq-가a", "k7mq-가a"),
            ("", ""),
        ] {
            assert_eq!(canonical(typed), read, "{typed:?}");
        }
    }

    #[test]
    fn no_pin_of_the_made_form_is_a_number() {
        for letter in ALPHABET.iter().filter(|byte| byte.is_ascii_alphabetic()) {
            for at in 0..LENGTH {
                let mut pin = [b'7'; LENGTH];
                pin[at] = *letter;
                let pin = String::from_utf8(pin.into()).unwrap();
                assert!(Number::parse(&pin, 100).is_err() && Number::parse(&pin.to_uppercase(), 100).is_err(), "{pin}");
            }
        }
    }

    #[test]
    fn what_equals_the_pin_or_its_number_is_the_pin() {
        for (typed, pin) in [
            ("4711", "4711"),
            (" ４７１１ ", "4711"),
            ("4,711", "4711"),
            ("4_711.00", "4711"),
            ("4711e0", "4711"),
            ("+4711", "4711"),
            ("123", "0123"),
            ("0123", "123"),
            ("0", "0000"),
            ("K7MQ-93XD", "k7mq93xd"),
            ("secret", "Secret"),
        ] {
            assert!(is_pin(typed, pin), "{typed:?} {pin:?}");
        }
        for (typed, pin) in
            [("47111", "4711"), ("471", "4711"), ("-4711", "4711"), ("1", ""), ("", ""), ("", "1"), ("0", "-")]
        {
            assert!(!is_pin(typed, pin), "{typed:?} {pin:?}");
        }
    }
}
