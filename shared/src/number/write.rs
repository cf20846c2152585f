//! The canonical form of a number as text. The server writes what it shares with it, the client what it shows.

use std::fmt;

use super::Number;
use super::limbs::{LIMB_DIGITS, limb_digits, to_ascii};

impl Number {
    /// Appends the canonical form to `out`, which grows at most once.
    ///
    /// ```
    /// use squares_shared::number::Number;
    ///
    /// let mut line = String::from("number ");
    /// Number::parse("-.5", 10)?.write_to(&mut line);
    /// assert_eq!(line, "number -0.5");
    /// # Ok::<(), squares_shared::number::NumberError>(())
    /// ```
    pub fn write_to(&self, out: &mut String) {
        if self.negative {
            out.reserve(self.digits() + 2);
            out.push('-');
        }
        out.push_str(&self.magnitude());
    }

    /// The canonical form without its sign.
    fn magnitude(&self) -> String {
        let fraction = if self.exponent < 0 { self.exponent.unsigned_abs() } else { 0 };
        let significant = self.coefficient.digits();
        let mut text = Vec::with_capacity(self.digits() + 1);
        if significant <= fraction {
            text.extend_from_slice(b"0.");
            text.resize(2 + fraction - significant, b'0');
        }
        match self.coefficient.as_slice() {
            [] => text.push(b'0'),
            [rest @ .., top] => {
                text.extend_from_slice(&to_ascii(*top)[LIMB_DIGITS - limb_digits(*top)..]);
                for limb in rest.iter().rev() {
                    text.extend_from_slice(&to_ascii(*limb));
                }
            }
        }
        if 0 < fraction && fraction < significant {
            text.insert(significant - fraction, b'.');
        }
        if self.exponent > 0 {
            text.resize(self.digits(), b'0');
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(!self.negative, "", &self.magnitude())
    }
}
