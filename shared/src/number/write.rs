//! The canonical form of a number as text. The server writes what it shares with it, the client what it shows.

use std::fmt;

use super::Number;

impl Number {
    /// Calls back with the canonical form without its sign. A short one, as people type them, stays off the heap.
    fn with_magnitude<T>(&self, then: impl FnOnce(&str) -> T) -> T {
        const SHORT: usize = 64;

        let significant = self.coefficient.digits();
        let fraction = if self.exponent < 0 { self.exponent.unsigned_abs() } else { 0 };
        let length = self.digits_with(significant) + usize::from(fraction > 0);
        let (mut short, mut long) = ([b'0'; SHORT], Vec::new());
        let text = if length <= SHORT {
            &mut short[..length]
        } else {
            long.resize(length, b'0');
            &mut long[..]
        };
        self.fill(text, significant, fraction);
        // Nothing but digits and a point is in it. Checking that costs less than doing without it would be worth.
        then(str::from_utf8(text).unwrap_or_default())
    }

    /// Writes the digits of the coefficient, so many as are significant, and the point before so many as are the
    /// fraction, into a text of exactly the length of the whole that is all zeros.
    fn fill(&self, text: &mut [u8], significant: usize, fraction: usize) {
        if fraction == 0 {
            self.coefficient.to_ascii(&mut text[..significant]);
        } else if let Some(integer) = significant.checked_sub(fraction).filter(|integer| *integer > 0) {
            self.coefficient.to_ascii(&mut text[..significant]);
            text.copy_within(integer..significant, integer + 1);
            text[integer] = b'.';
        } else {
            let start = text.len() - significant;
            self.coefficient.to_ascii(&mut text[start..]);
            text[1] = b'.';
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_magnitude(|magnitude| f.pad_integral(!self.negative, "", magnitude))
    }
}
