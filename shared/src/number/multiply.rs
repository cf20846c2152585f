//! Squares of whole numbers in decimal limbs, each length by the fastest algorithm for it.
//! [`Number::square`](super::Number::square) calls it.
//!
//! Short numbers are squared as on paper ([`schoolbook`]), long ones by a number-theoretic [`transform`]; between the
//! two, and beyond what the transform can hold, [`karatsuba`] makes three squares of half the length of one. All of
//! them work on base 10^18, so nothing is converted.

mod karatsuba;
mod schoolbook;
mod transform;

use super::limbs::{self, Limbs};
use karatsuba::TRANSFORMED;

/// The number times itself.
pub(super) fn square(number: &Limbs) -> Limbs {
    if let Limbs::Few([low, 0]) = number {
        let (high, low) = limbs::split(u128::from(*low) * u128::from(*low));
        return Limbs::Few([low, high]);
    }
    let mut square = square_of(number.as_slice());
    if square.last() == Some(&0) {
        square.pop();
    }
    Limbs::Many(square.into_boxed_slice())
}

/// The square of a number of at least one limb, twice as long as it; its top limb may be zero.
fn square_of(limbs: &[u64]) -> Vec<u64> {
    let mut out = vec![0; limbs.len() * 2];
    let scratch = if TRANSFORMED.contains(&limbs.len()) { 0 } else { karatsuba::scratch(limbs.len()) };
    karatsuba::square(limbs, &mut out, &mut vec![0; scratch]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::limbs::BASE;
    use super::karatsuba::{SCHOOLBOOK_MAX, halve};
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
        halve(limbs, &mut out, &mut vec![7; karatsuba::scratch(limbs.len())]);
        out
    }

    fn by_transform(limbs: &[u64]) -> Vec<u64> {
        let mut out = vec![7; limbs.len() * 2];
        transform::square(limbs, &mut out);
        out
    }

    proptest! {
        #[test]
        fn every_way_gives_the_same_square(limbs in limbs(1..=schoolbook::MAX)) {
            let square = by_schoolbook(&limbs);
            prop_assert!(by_transform(&limbs) == square);
            if limbs.len() > SCHOOLBOOK_MAX {
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
            assert!(square_of(&nines) == square, "{length} limbs");
            assert!(by_transform(&nines) == square, "{length} limbs by transform");
        }
    }
}
