//! Squaring as on paper, column by column. The fastest way for short numbers, and what Karatsuba ends in.

use super::super::limbs::{BASE, carry};

/// The longest number whose columns are sure to fit into 128 bits: a column adds up at most one product of
/// two limbs, which is below 10^36, for each limb.
pub(super) const MAX: usize = 340;
const _: () = assert!((BASE as u128).pow(2) < u128::MAX / MAX as u128);

/// Writes the square of `limbs` over all of `out`, which is twice as long.
pub(super) fn square(limbs: &[u64], out: &mut [u64]) {
    let length = limbs.len();
    debug_assert!(length <= MAX && out.len() == 2 * length);
    // What a column leaves for the next, and what adding that leaves for the one after it. Both are known
    // long before they are needed, but for one small sum, so that the columns do not wait for each other.
    let (mut quotient, mut carried) = (0, 0);
    for (column, out) in out.iter_mut().enumerate() {
        // The pairs of limbs whose places add up to this column; each stands in the sum twice, but for the
        // limb in the middle, which meets itself.
        let first = (column + 1).saturating_sub(length);
        let last = column.min(length - 1);
        let left = &limbs[first.min(column.div_ceil(2))..column.div_ceil(2)];
        let right = &limbs[(column / 2 + 1).min(last + 1)..=last];
        let mut sum = 2 * products(left, right);
        if column % 2 == 0 {
            let middle = u128::from(limbs[column / 2]);
            sum += middle * middle;
        }
        let (next, rest) = carry(sum);
        let (few, rest) = small_carry(quotient + u128::from(rest));
        let total = rest + carried;
        carried = few + u64::from(total >= BASE);
        *out = total.min(total.wrapping_sub(BASE));
        quotient = next;
    }
}

/// The sum of the products of the first of `left` with the last of `right`, and so on inwards.
fn products(left: &[u64], right: &[u64]) -> u128 {
    let (left, left_rest) = left.as_chunks::<4>();
    let (right_rest, right) = right.as_rchunks::<4>();
    let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
    let fours = left.iter().zip(right.iter().rev());
    let sum = fours.fold(0, |sum, ([a, b, c, d], [h, g, f, e])| {
        sum + product(*a, *e) + product(*b, *f) + product(*c, *g) + product(*d, *h)
    });
    left_rest.iter().zip(right_rest.iter().rev()).fold(sum, |sum, (a, b)| sum + product(*a, *b))
}

/// `value` = quotient × 10^18 + remainder, as (quotient, remainder), for a value below 2^82.
fn small_carry(value: u128) -> (u64, u64) {
    // 10^18 is 2^18 × 5^18, so that the division is one of 64 bits.
    const FIVES: u64 = 5_u64.pow(18);
    let quotient = (value >> 18) as u64 / FIVES;
    (quotient, (value as u64).wrapping_sub(quotient.wrapping_mul(BASE)))
}
