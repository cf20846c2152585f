//! Squaring by a number-theoretic transform: the digits, six to a coefficient, are taken as a polynomial,
//! which is squared by way of its remainders. Exact, as it reckons in whole numbers modulo a prime; for long
//! numbers, in time that grows hardly faster than their length.
//!
//! A polynomial modulo x^n − 1, with n a power of two, is split again and again into remainders of half the length:
//! one modulo x^2h − s² into those modulo x^h − s and x^h + s. A pass over four quarters does two such steps. Each
//! quarter is brought down to remainders of two or four coefficients, squared there, and put together again before
//! the next is touched, so that most of the work happens in the nearest cache. No place is ever permuted: the roots
//! stand in the order they are needed in.

mod prime;
mod split;

use super::super::limbs::{self, BASE};
use prime::{Factor, P, below, reduce, root, sub, wide};

/// What a coefficient stays below: three of them make a limb.
const COEFFICIENT: u64 = 1_000_000;
const _: () = assert!(COEFFICIENT.pow(3) == BASE);

/// The most limbs that can be squared here: a coefficient of the square is a sum of products below 10^12, as
/// many as there are coefficients, and has to stay below p.
pub(super) const MAX: usize = 1_500_000;
const _: () = assert!(3 * (MAX as u64) < P / COEFFICIENT.pow(2));

/// Writes the square of `limbs` over all of `out`, which is twice as long.
pub(super) fn square(limbs: &[u64], out: &mut [u64]) {
    let (whole, extra) = lengths(6 * limbs.len());
    let roots = split::roots(whole);

    let mut polynomial = vec![0; whole];
    for (coefficients, limb) in polynomial.chunks_exact_mut(3).zip(limbs) {
        coefficients[0] = limb % COEFFICIENT;
        coefficients[1] = limb / COEFFICIENT % COEFFICIENT;
        coefficients[2] = limb / COEFFICIENT / COEFFICIENT;
    }
    if extra == 0 {
        split::square(&mut polynomial, &roots);
    } else {
        square_beyond(&mut polynomial, extra, &roots);
    }

    let mut carried = 0;
    for (out, coefficients) in out.iter_mut().zip(polynomial.chunks_exact(3)) {
        let value = coefficients
            .iter()
            .rev()
            .fold(0, |value, coefficient| value * u128::from(COEFFICIENT) + u128::from(*coefficient));
        (carried, *out) = limbs::split(value + u128::from(carried));
    }
}

/// The lengths, both powers of two, to reckon with where a square has so many coefficients: the whole one, and
/// an extra one a half to a sixteenth of it, or 0. Together they are hardly more than is needed, while the
/// next power of two would be nearly the double at worst.
fn lengths(coefficients: usize) -> (usize, usize) {
    let whole = coefficients.next_power_of_two();
    let extra = [32, 16, 8, 4].map(|part| whole / part).into_iter().find(|extra| whole / 2 + extra >= coefficients);
    match extra {
        Some(extra) if extra >= 4 => (whole / 2, extra),
        _ => (whole, 0),
    }
}

/// Squares a polynomial whose square is longer than `polynomial` by up to `extra` coefficients.
///
/// With n and m for the two lengths, the square c is found modulo x^n − 1 as a, and modulo x^m − r, with r to
/// the power of n / m equal to −1, as b. Then c = a + (x^n − 1) q with q shorter than m, and modulo x^m − r,
/// where x^n is −1, b = a − 2q.
fn square_beyond(polynomial: &mut Vec<u64>, extra: usize, roots: &[Factor]) {
    let weight = root(2 * polynomial.len());
    let modulus = weight.power(extra as u64);

    let mut rest = remainder(polynomial, extra, modulus);
    // With x = weight × y, x^m − r is r (y^m − 1).
    weigh(&mut rest, weight);
    split::square(&mut rest, roots);
    weigh(&mut rest, weight.inverse());

    split::square(polynomial, roots);
    let half = Factor::new(P.div_ceil(2));
    for (rest, remainder) in rest.iter_mut().zip(remainder(polynomial, extra, modulus)) {
        *rest = below(half.of(remainder + P - *rest), P);
    }
    for (coefficient, rest) in polynomial.iter_mut().zip(&rest) {
        *coefficient = sub(*coefficient, *rest);
    }
    polynomial.extend(rest);
}

/// The remainder modulo x^`length` − `constant`, of and with coefficients below p.
fn remainder(polynomial: &[u64], length: usize, constant: Factor) -> Vec<u64> {
    let mut parts = polynomial.rchunks_exact(length);
    let mut remainder = parts.next().map_or_else(Vec::new, <[u64]>::to_vec);
    for part in parts {
        for (remainder, coefficient) in remainder.iter_mut().zip(part) {
            *remainder = below(below(constant.of(*remainder) + *coefficient, 2 * P), P);
        }
    }
    remainder
}

/// Multiplies the coefficient of each power of x by that power of `weight`.
fn weigh(polynomial: &mut [u64], weight: Factor) {
    // Four powers at a time, so that they do not wait for each other.
    let mut powers = [0, 1, 2, 3].map(|exponent| weight.power(exponent).shifted());
    let step = weight.power(4);
    for coefficients in polynomial.as_chunks_mut::<4>().0 {
        for (coefficient, power) in coefficients.iter_mut().zip(&mut powers) {
            *coefficient = reduce(wide(*coefficient, *power));
            *power = below(step.of(*power), P);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_hold_the_square_and_little_more() {
        for coefficients in (6..5_000).chain([1 << 20, (1 << 20) + 1, 3 << 19, (3 << 19) + 1]) {
            let (whole, extra) = lengths(coefficients);
            assert!(whole.is_power_of_two() && whole + extra >= coefficients);
            assert!(3 * (whole + extra) <= 4 * coefficients || coefficients < 64, "{coefficients}: {whole} + {extra}");
        }
    }
}
