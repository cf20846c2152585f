//! Squares of whole numbers in decimal limbs, each size in the way that is fastest for it.
//! [`Limbs`](super::limbs::Limbs) calls it.
//!
//! Short numbers are squared as on paper, long ones by a number-theoretic [`transform`]; between the two, and
//! beyond what the transform can hold, Karatsuba makes three squares of half the length of one. All of them
//! work on base 10^18, so nothing is converted.

mod karatsuba;
mod schoolbook;
mod transform;

use std::hint::select_unpredictable;

use super::limbs::BASE;

/// Up to this many limbs (4,320 digits) squaring on paper is fastest. Measured: Karatsuba's way costs as much at
/// 240 limbs and a twentieth less at 320.
const SCHOOLBOOK_MOST: usize = 240;
const _: () = assert!(SCHOOLBOOK_MOST <= schoolbook::MOST);

/// From 570 limbs on (10,260 digits) the transform is fastest, up to the most it can. Measured: it costs as much as
/// Karatsuba's way at 560 limbs and a tenth less at 640.
const TRANSFORMED: std::ops::RangeInclusive<usize> = 570..=transform::MOST;

/// The square of a number of at least one limb, twice as long as it; its top limb may be zero.
pub(super) fn square(limbs: &[u64]) -> Vec<u64> {
    let mut out = vec![0; limbs.len() * 2];
    let mut scratch = Vec::new();
    if !TRANSFORMED.contains(&limbs.len()) {
        scratch.resize(karatsuba::scratch(limbs.len()), 0);
    }
    square_into(limbs, &mut out, &mut scratch);
    out
}

/// Writes the square of `limbs` over all of `out`, which is twice as long.
fn square_into(limbs: &[u64], out: &mut [u64], scratch: &mut [u64]) {
    if limbs.len() <= SCHOOLBOOK_MOST {
        schoolbook::square(limbs, out);
    } else if TRANSFORMED.contains(&limbs.len()) {
        transform::square(limbs, out);
    } else {
        karatsuba::square(limbs, out, scratch);
    }
}

/// `value` = quotient × 10^18 + remainder, as (quotient, remainder), for any value.
fn carry(value: u128) -> (u128, u64) {
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

    /// Limbs with many at either end of their range.
    fn limbs(lengths: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u64>> {
        let limb = prop_oneof![4 => 0..BASE, 2 => Just(BASE - 1), 2 => Just(0), 1 => Just(1)];
        prop::collection::vec(limb, lengths)
    }

    fn by_schoolbook(limbs: &[u64]) -> Vec<u64> {
        let mut out = vec![0; limbs.len() * 2];
        schoolbook::square(limbs, &mut out);
        out
    }

    fn by_karatsuba(limbs: &[u64]) -> Vec<u64> {
        let mut out = vec![7; limbs.len() * 2];
        karatsuba::square(limbs, &mut out, &mut vec![7; karatsuba::scratch(limbs.len())]);
        out
    }

    fn by_transform(limbs: &[u64]) -> Vec<u64> {
        let mut out = vec![7; limbs.len() * 2];
        transform::square(limbs, &mut out);
        out
    }

    proptest! {
        #[test]
        fn a_value_is_split_as_the_division_instruction_does(value: u128) {
            let base = u128::from(BASE);
            prop_assert_eq!(carry(value), (value / base, (value % base) as u64));
            let value = value % (base << 64);
            prop_assert_eq!(split(value), ((value / base) as u64, (value % base) as u64));
        }

        #[test]
        fn every_way_gives_the_same_square(limbs in limbs(1..=schoolbook::MOST)) {
            let square = by_schoolbook(&limbs);
            prop_assert!(by_transform(&limbs) == square);
            if limbs.len() > SCHOOLBOOK_MOST {
                prop_assert!(by_karatsuba(&limbs) == square);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn long_squares_are_the_same_by_every_way(limbs in limbs(241..1_500)) {
            prop_assert!(by_transform(&limbs) == by_karatsuba(&limbs));
        }
    }

    #[test]
    fn limbs_of_all_nines_carry_through_every_length() {
        for length in (1..200).chain([511, 512, 513, 1_365, 1_366, 2_731, 5_000]) {
            // (10^m - 1)² = (10^m - 2) × 10^m + 1.
            let mut square = vec![0; length];
            square[0] = 1;
            square.extend(vec![BASE - 1; length]);
            square[length] -= 1;
            let nines = vec![BASE - 1; length];
            assert!(super::square(&nines) == square, "{length} limbs");
            assert!(by_transform(&nines) == square, "{length} limbs by transform");
        }
    }
}
