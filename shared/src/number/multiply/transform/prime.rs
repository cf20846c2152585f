//! Whole numbers modulo p = 2^64 − 2^32 + 1, for the [`transform`](super).
//!
//! As 2^64 is 2^32 − 1 and 2^96 is −1 modulo p, a product of 128 bits is brought back below p by shifts and
//! subtractions alone. Every value here is below p, going in and coming out.

/// The prime.
pub(super) const P: u64 = 0xFFFF_FFFF_0000_0001;

/// What 2^64 is modulo p.
const EPSILON: u64 = 0xFFFF_FFFF;

/// A root of unity of order 2^32: 7, which generates all of them, to the power of (p − 1) / 2^32.
const ROOT: u64 = power(7, (P - 1) >> 32);

/// `a` − `b`.
#[inline(always)]
pub(super) const fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    // Where 2^64 was borrowed, p should have been: without a branch, as nobody could predict it.
    difference.wrapping_sub(EPSILON & (borrow as u64).wrapping_neg())
}

/// `a` + `b`, where `a` may be any number of 64 bits.
#[inline(always)]
pub(super) const fn add(a: u64, b: u64) -> u64 {
    sub(a, P - b)
}

/// `a` × `b`.
#[inline(always)]
pub(super) const fn mul(a: u64, b: u64) -> u64 {
    reduce(a as u128 * b as u128)
}

/// `a` × 2^48, the square root of −1.
#[inline(always)]
pub(super) const fn mul_i(a: u64) -> u64 {
    reduce((a as u128) << 48)
}

/// `a` / 2.
#[inline(always)]
pub(super) const fn halve(a: u64) -> u64 {
    (a >> 1) + ((P >> 1) + 1) * (a & 1)
}

/// `base` to the power of `exponent`.
pub(super) const fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, base);
        }
        base = mul(base, base);
        exponent >>= 1;
    }
    result
}

/// A root of unity of an order that is a power of two, at most 2^32. The root of each order is the square of
/// that of the next; the one of order 4 is 2^48.
pub(super) const fn root(order: usize) -> u64 {
    power(ROOT, (1 << 32) / order as u64)
}

/// A value of 128 bits brought below p.
#[inline(always)]
const fn reduce(value: u128) -> u64 {
    let (low, high) = (value as u64, (value >> 64) as u64);
    // high × 2^64 = top × 2^96 + middle × 2^64 = middle × (2^32 − 1) − top.
    let (top, middle) = (high >> 32, high & EPSILON);
    add(sub(low, top), (middle << 32) - middle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..P,
            Just(0),
            Just(1),
            Just(P - 1),
            Just(EPSILON),
            Just(P - EPSILON),
            (0..P).prop_map(|a| P - 1 - a / EPSILON)
        ]
    }

    proptest! {
        #[test]
        fn the_shortcuts_agree_with_the_division_instruction(a in element(), b in element(), wide: u128) {
            let p = u128::from(P);
            let (wide_a, wide_b) = (u128::from(a), u128::from(b));
            prop_assert_eq!(u128::from(add(a, b)), (wide_a + wide_b) % p);
            prop_assert_eq!(u128::from(sub(a, b)), (wide_a + p - wide_b) % p);
            prop_assert_eq!(u128::from(mul(a, b)), wide_a * wide_b % p);
            prop_assert_eq!(u128::from(mul_i(a)), (wide_a << 48) % p);
            prop_assert_eq!(add(halve(a), halve(a)), a);
            prop_assert_eq!(u128::from(reduce(wide)), wide % p);
        }
    }

    #[test]
    fn the_square_root_of_minus_one_is_a_shift() {
        assert_eq!(root(4), 1 << 48);
        assert_eq!(power(root(1 << 32), 1 << 31), P - 1);
    }
}
