//! Reckoning modulo the prime p = 2^62 − 3 × 2^25 + 1, for the [`transform`](super).
//!
//! As 4p is below 2^64, sums and differences need not be brought below p each time. Two ways of multiplying
//! do without division: by a factor known beforehand (Shoup's, see [`Factor`]), and by any other (Montgomery's,
//! see [`reduce`]). Bringing a value down is always a choice of the lesser of two, never a branch, as nothing
//! could predict one.

/// The prime. p − 1 is a multiple of 2^25, so that there are roots of unity of that order.
pub(super) const P: u64 = (1 << 62) - (3 << 25) + 1;

/// The inverse of p modulo 2^64.
const INVERSE: u64 = {
    // Newton's iteration: each turn doubles how many of the low bits are right; 25 are at first.
    let first = 2_u64.wrapping_sub(P);
    let second = first.wrapping_mul(2_u64.wrapping_sub(P.wrapping_mul(first)));
    second.wrapping_mul(2_u64.wrapping_sub(P.wrapping_mul(second)))
};

/// `a` modulo `bound`, where it is below twice that.
#[inline(always)]
pub(super) fn below(a: u64, bound: u64) -> u64 {
    // Where `bound` was too much to take away, what is left has come round to more than `a`.
    a.min(a.wrapping_sub(bound))
}

/// `a` − `b` modulo p, where both are below p.
pub(super) fn sub(a: u64, b: u64) -> u64 {
    below(a + P - b, P)
}

/// `value` / 2^64 modulo p, below p, where `value` is below 2^64 × p, as four products of values below p are.
#[inline(always)]
pub(super) fn reduce(value: u128) -> u64 {
    // Taking away this multiple of p leaves nothing in the low half.
    let multiple = (value as u64).wrapping_mul(INVERSE);
    let difference = ((value >> 64) as u64).wrapping_sub((wide(multiple, P) >> 64) as u64);
    difference.min(difference.wrapping_add(P))
}

/// The product of two values, of up to 128 bits.
#[inline(always)]
pub(super) fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// Something many values are multiplied by.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    /// Below p.
    value: u64,
    /// `value` × 2^64 / p, rounded down.
    quotient: u64,
}

impl Factor {
    /// The factor 1.
    pub(super) const ONE: Self = Self::new(1);

    pub(super) const fn new(value: u64) -> Self {
        Self { value, quotient: (((value as u128) << 64) / P as u128) as u64 }
    }

    /// `a` times the factor modulo p, below 2p, for any `a`.
    #[inline(always)]
    pub(super) fn of(self, a: u64) -> u64 {
        let quotient = (wide(a, self.quotient) >> 64) as u64;
        a.wrapping_mul(self.value).wrapping_sub(quotient.wrapping_mul(P))
    }

    /// The product of two factors.
    #[inline(always)]
    pub(super) fn times(self, other: Self) -> Self {
        let value = below(self.of(other.value), P);
        // `quotient` × p is `value` × 2^64 less `shifted`, so that modulo 2^64 nothing needs to be divided.
        let shifted = below(self.of(other.shifted()), P);
        Self { value, quotient: shifted.wrapping_mul(INVERSE).wrapping_neg() }
    }

    /// The factor to the power of `exponent`.
    pub(super) fn power(self, mut exponent: u64) -> Self {
        let (mut base, mut result) = (self, Self::ONE);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(base);
            }
            base = base.times(base);
            exponent >>= 1;
        }
        result
    }

    /// The factor whose product with this one is 1.
    pub(super) fn inverse(self) -> Self {
        self.power(P - 2)
    }

    /// The factor times 2^64, below p: what [`reduce`] makes of a product with it is the product itself.
    #[inline(always)]
    pub(super) fn shifted(self) -> u64 {
        self.quotient.wrapping_mul(P).wrapping_neg()
    }
}

/// A root of unity of an order that is a power of two, at most 2^25: of each the square of that of the next.
pub(super) fn root(order: usize) -> Factor {
    // 3 generates everything there is modulo p.
    Factor::new(3).power((P - 1) / order as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shortcuts_agree_with_the_division_instruction(a in 0..P, b in 0..P, any: u64, wide: u128) {
            let p = u128::from(P);
            let (wide_a, wide_b) = (u128::from(a), u128::from(b));
            prop_assert_eq!(u128::from(sub(a, b)), (wide_a + p - wide_b) % p);
            let factor = Factor::new(a);
            prop_assert!(factor.of(any) < 2 * P);
            prop_assert_eq!(u128::from(factor.of(any)) % p, wide_a * u128::from(any) % p);
            let product = factor.times(Factor::new(b));
            prop_assert_eq!(u128::from(product.value), wide_a * wide_b % p);
            prop_assert_eq!(product.quotient, Factor::new(product.value).quotient);
            prop_assert_eq!(u128::from(factor.shifted()), (wide_a << 64) % p);
            prop_assert_eq!(reduce(super::wide(factor.shifted(), b)), product.value);
            let wide = wide % (p << 64);
            let reduced = reduce(wide);
            prop_assert!(reduced < P);
            prop_assert_eq!((u128::from(reduced) << 64) % p, wide % p);
        }
    }

    #[test]
    fn roots_have_their_order() {
        assert_eq!(root(1 << 25).power(1 << 24).value, P - 1);
        assert_eq!(root(2).value, P - 1);
        assert_eq!(Factor::new(5).times(Factor::new(5).inverse()).value, 1);
    }
}
