//! Numbers as they are read at a glance: digits in groups of three, and the magnitude of what is too long. The feed and
//! the line below the input are written with it.

use std::borrow::Cow;

/// The digits of a magnitude.
const SIGNIFICANT: usize = 3;

/// A number in canonical form, the digits before its point in groups of three.
///
/// ```
/// assert_eq!(squares::digits::grouped("-1234567.8901"), "-1,234,567.8901");
/// ```
#[must_use]
pub fn grouped(number: &str) -> Cow<'_, str> {
    let (sign, digits) = number.split_at(usize::from(number.starts_with('-')));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    if whole.len() <= 3 {
        return Cow::Borrowed(number);
    }
    let mut out = String::with_capacity(number.len() + whole.len() / 3);
    out.push_str(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    Cow::Owned(out)
}

/// How many cells a number in canonical form takes up in groups.
#[must_use]
pub fn grouped_width(number: &str) -> usize {
    let whole = number.find('.').unwrap_or(number.len()) - usize::from(number.starts_with('-'));
    number.len() + whole.saturating_sub(1) / 3
}

/// A number by its first digits and a power of ten, rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Magnitude {
    /// As it is written.
    pub text: String,
    /// Whether it is the number, not only near to it.
    pub exact: bool,
}

impl Magnitude {
    /// The magnitude of a number in canonical form. Of a long one, hardly more than the beginning is read.
    ///
    /// ```
    /// # use squares::digits::Magnitude;
    /// assert_eq!(Magnitude::of("148996000000000000000123").text, "1.49e23");
    /// ```
    #[must_use]
    pub fn of(number: &str) -> Self {
        Self::with_digits(number, SIGNIFICANT)
    }

    /// The same with so many digits, at least one.
    #[must_use]
    pub fn with_digits(number: &str, digits: usize) -> Self {
        let sign = if number.starts_with('-') { "-" } else { "" };
        let plain = &number[sign.len()..];
        let point = plain.find('.').unwrap_or(plain.len());
        let Some(first) = plain.find(|c| matches!(c, '1'..='9')) else {
            return Self { text: "0".to_owned(), exact: true };
        };
        let mut exponent = match first.checked_sub(point) {
            None => i64::try_from(point - first - 1).unwrap_or(i64::MAX),
            Some(behind) => -i64::try_from(behind).unwrap_or(i64::MAX),
        };
        let mut rest = plain[first..].bytes().filter(u8::is_ascii_digit);
        let mut leading: Vec<u8> = rest.by_ref().take(digits.max(1)).collect();
        let next = rest.next();
        let exact = next.is_none_or(|digit| digit == b'0') && rest.all(|digit| digit == b'0');
        if next.is_some_and(|digit| digit >= b'5') {
            let carried = leading.iter_mut().rev().find_map(|digit| {
                let nine = *digit == b'9';
                *digit = if nine { b'0' } else { *digit + 1 };
                (!nine).then_some(())
            });
            if carried.is_none() {
                leading[0] = b'1';
                exponent += 1;
            }
        }
        if exact {
            while leading.len() > 1 && leading.last() == Some(&b'0') {
                leading.pop();
            }
        }
        let mut text = sign.to_owned();
        for (at, digit) in leading.iter().enumerate() {
            if at == 1 {
                text.push('.');
            }
            text.push(char::from(*digit));
        }
        if exponent != 0 {
            text.push_str(&format!("e{exponent}"));
        }
        Self { text, exact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_before_the_point_stand_in_groups_and_none_is_lost() {
        for (number, expect) in [
            ("0", "0"),
            ("144", "144"),
            ("1024", "1,024"),
            ("-123456", "-123,456"),
            ("1234567.8901234", "1,234,567.8901234"),
            ("-0.000123", "-0.000123"),
            ("1000.5", "1,000.5"),
        ] {
            assert_eq!((grouped(number).as_ref(), grouped_width(number)), (expect, expect.len()));
        }
        for length in 1..40 {
            let number = "1234567890".repeat(4)[..length].to_owned();
            assert_eq!(grouped(&number).len(), grouped_width(&number));
            assert_eq!(grouped(&number).replace(',', ""), number);
        }
    }

    #[test]
    fn a_magnitude_is_rounded_and_says_whether_it_is_exact() {
        for (number, text, exact) in [
            ("386000000001", "3.86e11", false),
            ("148996000000000000000000", "1.49e23", false),
            ("1000000", "1e6", true),
            ("-250000", "-2.5e5", true),
            ("999999", "1.00e6", false),
            ("9994", "9.99e3", false),
            ("0.000123456", "1.23e-4", false),
            ("3.14159265358979", "3.14", false),
            ("12", "1.2e1", true),
            ("0", "0", true),
        ] {
            assert_eq!(Magnitude::of(number), Magnitude { text: text.into(), exact }, "{number}");
        }
        assert_eq!(Magnitude::with_digits("951", 1).text, "1e3");
        assert_eq!(Magnitude::with_digits("99951", 1).text, "1e5");
    }
}
