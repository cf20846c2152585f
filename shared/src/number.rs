//! Exact decimal numbers: [`Number`] is what a student sends and what a square is. The server reads,
//! squares and writes them, and the client reads what is being typed to say early what is wrong with it.
//!
//! A number is a sign, a whole coefficient that 10 does not divide, and a power of ten. The coefficient is
//! kept in decimal limbs, eighteen digits each, so that neither reading nor writing ever converts between
//! bases, and the square of such a coefficient is again one that 10 does not divide: nothing is ever
//! renormalised, and `1e9999` costs as little as `1`.
//!
//! ```
//! use squares_shared::number::{Fault, Number, NumberError};
//!
//! let number = Number::parse(" +1,234.50 ", 10_000)?;
//! assert_eq!(number.to_string(), "1234.5");
//! assert_eq!(number.digits(), 5);
//! assert_eq!(number.square().to_string(), "1523990.25");
//!
//! assert_eq!(Number::parse("1/2", 10_000), Err(NumberError::NotANumber(Fault::Fraction)));
//! assert_eq!(Number::parse("1e999999999", 10_000), Err(NumberError::TooManyDigits { limit: 10_000 }));
//! # Ok::<(), NumberError>(())
//! ```

mod fault;
mod limbs;
mod multiply;
mod read;
mod write;

pub use fault::{Fault, NumberError};
use limbs::Limbs;

/// A number that cannot be held in memory as text is refused whatever the caller's limit is. A quarter of
/// the address space leaves room for one squaring, so that the square of what was read has a length too.
const MAX_DIGITS: usize = isize::MAX as usize / 4;

/// A finite decimal number, exact and of any length.
///
/// Equal numbers are equal values however they were written: `1.50` and `0.15e1` are the same `Number`.
/// [`Display`](std::fmt::Display) gives the protocol's canonical form: no `+`, no needless zeros, no exponent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// Never set for zero.
    negative: bool,
    /// Not a multiple of 10, unless it is zero.
    coefficient: Limbs,
    /// The power of ten the coefficient is multiplied by; 0 for zero.
    exponent: isize,
}

impl Number {
    /// How many digits the canonical form has: 4 for `1e3`, 3 for `0.05`, 1 for `0`. Constant time.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.digits_with(self.coefficient.digits())
    }

    /// [`digits`](Self::digits), where the coefficient is known to have so many.
    fn digits_with(&self, significant: usize) -> usize {
        if self.exponent >= 0 {
            significant + self.exponent.unsigned_abs()
        } else {
            significant.max(self.exponent.unsigned_abs() + 1)
        }
    }

    /// The number times itself, exactly.
    ///
    /// # Panics
    ///
    /// Where the square would have more digits than the address space has bytes. A number that was parsed is
    /// never that long; one that was squared sixty times over may be.
    ///
    /// ```
    /// use squares_shared::number::Number;
    ///
    /// let number = Number::parse("-1e-3", 10)?;
    /// assert_eq!(number.square().to_string(), "0.000001");
    /// # Ok::<(), squares_shared::number::NumberError>(())
    /// ```
    #[must_use]
    pub fn square(&self) -> Self {
        assert!(
            self.digits() < isize::MAX as usize / 2,
            "a square of {} digits squared is longer than any memory: square a shorter number",
            self.digits()
        );
        Self { negative: false, coefficient: multiply::square(&self.coefficient), exponent: self.exponent * 2 }
    }
}
