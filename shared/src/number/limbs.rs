//! A whole number of any length in decimal limbs, and the step between eighteen digits of text and one limb.
//! [`Number`](super::Number) keeps its coefficient in it.

use std::hint::select_unpredictable;

/// How many decimal digits one limb holds.
pub(super) const LIMB_DIGITS: usize = 18;

/// One more than the largest limb. Eighteen digits, not the nineteen that fit: a sum of 340 products of two
/// limbs then still fits into 128 bits, and the sum of two limbs into 64.
pub(super) const BASE: u64 = 10_u64.pow(18);

/// A whole number, its least significant limb first, without zero limbs at its top.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limbs {
    /// Up to 36 digits, which is what people type and what the square of 18 digits needs, stay off the heap.
    Few([u64; 2]),
    /// Three limbs or more.
    Many(Box<[u64]>),
}

impl Limbs {
    /// The number that these digits, the most significant first, spell. The first is not `0`.
    pub(super) fn from_ascii(digits: &[u8]) -> Self {
        if digits.len() > 2 * LIMB_DIGITS {
            let (top, full) = digits.split_at(digits.len() % LIMB_DIGITS);
            let (full, _) = full.as_chunks::<LIMB_DIGITS>();
            let mut limbs = Vec::with_capacity(digits.len().div_ceil(LIMB_DIGITS));
            limbs.extend(full.iter().rev().map(|digits| limb(digits)));
            if !top.is_empty() {
                limbs.push(limb(top));
            }
            Self::Many(limbs.into_boxed_slice())
        } else {
            let (high, low) = digits.split_at(digits.len().saturating_sub(LIMB_DIGITS));
            Self::Few([limb(low), limb(high)])
        }
    }

    /// The limbs, the least significant first; none for zero.
    pub(super) fn as_slice(&self) -> &[u64] {
        match self {
            Self::Few([0, 0]) => &[],
            Self::Few([low, 0]) => std::slice::from_ref(low),
            Self::Few(limbs) => limbs,
            Self::Many(limbs) => limbs,
        }
    }

    /// How many digits there are, without leading zeros; one for zero.
    pub(super) fn digits(&self) -> usize {
        match self.as_slice() {
            [] => 1,
            [rest @ .., top] => rest.len() * LIMB_DIGITS + limb_digits(*top),
        }
    }

    /// Writes the digits over all of `text`, which has exactly as many places as there are [`digits`](Self::digits).
    pub(super) fn to_ascii(&self, text: &mut [u8]) {
        let (top_text, rest_text) = text.as_rchunks_mut::<LIMB_DIGITS>();
        match self.as_slice() {
            [] => text.fill(b'0'),
            limbs => {
                for (text, limb) in rest_text.iter_mut().rev().zip(limbs) {
                    *text = limb_to_ascii(*limb);
                }
                if let (Some(top), false) = (limbs.last(), top_text.is_empty()) {
                    top_text.copy_from_slice(&limb_to_ascii(*top)[LIMB_DIGITS - top_text.len()..]);
                }
            }
        }
    }
}

/// How many digits a limb that is not zero has without leading zeros.
fn limb_digits(limb: u64) -> usize {
    limb.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// The value of up to eighteen digits.
fn limb(digits: &[u8]) -> u64 {
    let (eights, rest) = digits.as_chunks::<8>();
    let value = eights.iter().fold(0, |value, eight| value * 100_000_000 + eight_digits(*eight));
    rest.iter().fold(value, |value, digit| value * 10 + u64::from(digit - b'0'))
}

/// The value of eight digits, all at once: neighbours are joined into pairs, then fours, then eight, each
/// step by one multiplication over the whole word.
fn eight_digits(digits: [u8; 8]) -> u64 {
    let ones = u64::from_le_bytes(digits) & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// The eighteen digits of a limb, leading zeros included.
fn limb_to_ascii(limb: u64) -> [u8; LIMB_DIGITS] {
    let high = limb / 10_000_000_000;
    let rest = limb % 10_000_000_000;
    let (middle, low) = (rest / 100, rest % 100);
    let mut digits = [0; LIMB_DIGITS];
    digits[..8].copy_from_slice(&eight_ascii(high));
    digits[8..16].copy_from_slice(&eight_ascii(middle));
    digits[16] = b'0' + (low / 10) as u8;
    digits[17] = b'0' + (low % 10) as u8;
    digits
}

/// The eight digits of a number below 10^8: [`eight_digits`] backwards, the divisions by 100 and 10 done as
/// multiplications that are exact for so small numbers.
fn eight_ascii(number: u64) -> [u8; 8] {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens | ((pairs - tens * 10) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

/// `value` = quotient × 10^18 + remainder, as (quotient, remainder), for any value.
pub(super) fn carry(value: u128) -> (u128, u64) {
    let high = (value >> 64) as u64;
    let (quotient, remainder) = split(u128::from(high % BASE) << 64 | u128::from(value as u64));
    (u128::from(high / BASE) << 64 | u128::from(quotient), remainder)
}

/// `value` = quotient × 10^18 + remainder, as (quotient, remainder), for a value below 10^18 × 2^64.
///
/// A division of 128 bits by 64 with the reciprocal known beforehand: algorithm 4 of Möller and Granlund,
/// "Improved division by invariant integers". It takes two multiplications, the division instruction dozens.
pub(super) fn split(value: u128) -> (u64, u64) {
    const SHIFT: u32 = BASE.leading_zeros();
    const DIVISOR: u64 = BASE << SHIFT;
    const RECIPROCAL: u64 = (u128::MAX / DIVISOR as u128 - (1 << 64)) as u64;

    let value = value << SHIFT;
    let (high, low) = ((value >> 64) as u64, value as u64);
    let estimate = u128::from(RECIPROCAL) * u128::from(high) + value;
    let (mut quotient, fraction) = (((estimate >> 64) as u64).wrapping_add(1), estimate as u64);
    let mut remainder = low.wrapping_sub(quotient.wrapping_mul(DIVISOR));
    // One too many as often as not, so that a branch would be guessed wrong every other time.
    let over = remainder > fraction;
    quotient = quotient.wrapping_sub(u64::from(over));
    remainder = select_unpredictable(over, remainder.wrapping_add(DIVISOR), remainder);
    if remainder >= DIVISOR {
        quotient += 1;
        remainder -= DIVISOR;
    }
    (quotient, remainder >> SHIFT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_split_as_the_division_instruction_does(value: u128) {
            let base = u128::from(BASE);
            prop_assert_eq!(carry(value), (value / base, (value % base) as u64));
            let value = value % (base << 64);
            prop_assert_eq!(split(value), ((value / base) as u64, (value % base) as u64));
        }
    }

    #[test]
    fn eight_digits_survive_the_way_to_text_and_back() {
        for number in (0..100_000_000).step_by(1_009).chain([9_999, 10_000, 99_999_999]) {
            let text = eight_ascii(number);
            assert_eq!(text, *format!("{number:08}").as_bytes());
            assert_eq!(eight_digits(text), number);
        }
    }
}
