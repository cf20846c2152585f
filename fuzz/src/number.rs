//! A number: read, squared and written as the protocol says. The canonical form reads as itself, its digits are as
//! many as were counted, and the square is what multiplying digit by digit gives.

use squares_shared::number::{Number, NumberError};

/// The digits that a number may have here: enough for every way of multiplying to be taken.
const DIGITS: usize = 3_000;

/// Up to this many digits a square is worked out once more by hand.
const BY_HAND: usize = 400;

/// Reads `data` as a number.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let number = match Number::parse(text, DIGITS) {
        Ok(number) => number,
        Err(error) => return super::assert_printable(&error.to_string()),
    };
    let written = number.to_string();
    check_canonical(&number, &written);
    let square = number.square();
    let squared = square.to_string();
    check_canonical(&square, &squared);
    assert!(!squared.starts_with('-'), "{written} squared is {squared}");
    assert!(square.digits() <= 2 * number.digits(), "{written} squared is {squared}");
    if number.digits() <= BY_HAND {
        assert_eq!(squared, by_hand(written.trim_start_matches('-')), "{written} squared");
    }
}

fn check_canonical(number: &Number, written: &str) {
    let digits = written.bytes().filter(u8::is_ascii_digit).count();
    assert_eq!(number.digits(), digits, "digits of {written}");
    assert_eq!(Number::parse(written, digits).as_ref(), Ok(number), "{written} is not itself");
    if digits > 1 {
        assert_eq!(Number::parse(written, digits - 1), Err(NumberError::TooManyDigits { limit: digits - 1 }));
    }
    let (whole, fraction) = written.trim_start_matches('-').split_once('.').unwrap_or((written, "1"));
    let whole = whole.trim_start_matches('-');
    assert!(whole == "0" || !whole.starts_with('0'), "needless zeros before {written}");
    assert!(!whole.is_empty() && !fraction.is_empty() && !fraction.ends_with('0'), "needless zeros behind {written}");
}

/// The square of a number that is written in digits with at most one point, as at school.
fn by_hand(text: &str) -> String {
    let point = text.find('.').map_or(0, |at| text.len() - at - 1);
    let digits: Vec<u32> = text.bytes().rev().filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0')).collect();
    let mut sum = vec![0_u32; digits.len() * 2 + 1];
    for (i, a) in digits.iter().enumerate() {
        for (j, b) in digits.iter().enumerate() {
            sum[i + j] += a * b;
        }
    }
    let mut carry = 0;
    for digit in &mut sum {
        carry += *digit;
        *digit = carry % 10;
        carry /= 10;
    }
    let mut written: String = sum.iter().rev().map(|&digit| char::from(b'0' + digit as u8)).collect();
    if point > 0 {
        written.insert(written.len() - 2 * point, '.');
        written.truncate(written.trim_end_matches('0').trim_end_matches('.').len());
    }
    let written = written.trim_start_matches('0');
    match written.chars().next() {
        None => "0".to_owned(),
        Some('.') => format!("0{written}"),
        Some(_) => written.to_owned(),
    }
}
