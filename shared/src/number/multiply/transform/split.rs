//! The square of a polynomial modulo x^n − 1, with n a power of two: split into remainders, squared, put
//! together. The heart of the [`transform`](super), where nearly all of its time goes.
//!
//! A remainder is known by its place among those of its length: the one at place b is taken modulo
//! x^2h − s², with s the root at b, and splits into those at 2b (modulo x^h − s) and 2b + 1 (modulo x^h + s).

use super::prime::{Factor, P, below, reduce, root, wide};

/// The roots s by their places, as far as a polynomial of this length needs them.
///
/// The one at 0 is 1; that at 2b is a square root of that at b, and that at 2b + 1 is √−1 times it. So each
/// bit of the place stands for one factor: the lowest for the root of order 4, the next of order 8, and so on.
pub(super) fn roots(length: usize) -> Vec<Factor> {
    let mut roots = Vec::with_capacity(length / 4);
    roots.push(Factor::ONE);
    while roots.len() < length / 4 {
        let factor = root(4 * roots.len());
        for place in 0..roots.len() {
            roots.push(factor.times(roots[place]));
        }
    }
    roots
}

/// Squares a polynomial modulo x^n − 1, n being its length, a power of two and at least 4. Its coefficients
/// may be any numbers going in, and are below p coming out.
pub(super) fn square(polynomial: &mut [u64], roots: &[Factor]) {
    // Each of the passes of putting together makes four times too much, and reducing a square takes 2^64
    // away. The square root of both is made up for before squaring.
    let passes = (polynomial.len().ilog2() - 1) / 2;
    let scale = Factor::new(1 << (32 - passes));
    for coefficient in polynomial.iter_mut() {
        *coefficient = scale.of(*coefficient);
    }
    square_at(polynomial, 0, roots);
    for coefficient in polynomial {
        *coefficient = below(*coefficient, P);
    }
}

/// Squares the remainder at a place, but for the factor that [`square`] makes up for. Its coefficients are
/// below 4p going in, and below 2p coming out.
fn square_at(remainder: &mut [u64], place: usize, roots: &[Factor]) {
    match remainder {
        [a, b] => (*a, *b) = square_of_two([*a, *b], constant(place, roots)),
        [a, b, c, d] => [*a, *b, *c, *d] = square_of_four([*a, *b, *c, *d], constant(place, roots)),
        _ => {
            if place == 0 {
                take_apart_first(remainder, roots[1]);
            } else {
                take_apart(remainder, [roots[place], roots[2 * place], roots[2 * place + 1]]);
            }
            let quarter = remainder.len() / 4;
            for (index, part) in remainder.chunks_exact_mut(quarter).enumerate() {
                square_at(part, 4 * place + index, roots);
            }
            if place == 0 {
                put_together_first(remainder, roots[1]);
            } else {
                // The inverse of a root is minus the one as far from the other end of those between the same
                // two powers of two.
                let mirror = place ^ ((1 << place.ilog2()) - 1);
                put_together(remainder, [roots[mirror], roots[2 * mirror + 1], roots[2 * mirror]]);
            }
        }
    }
}

/// What x to the power of the length is for the remainder at a place, times 2^64.
fn constant(place: usize, roots: &[Factor]) -> u64 {
    let root = roots[place / 2].shifted();
    if place.is_multiple_of(2) { root } else { P - root }
}

/// The square of a + bx modulo x² − `constant`.
fn square_of_two(coefficients: [u64; 2], constant: u64) -> (u64, u64) {
    let [a, b] = coefficients.map(|coefficient| below(below(coefficient, 2 * P), P));
    (reduce(wide(a, a) + wide(reduce(wide(b, b)), constant)), reduce(2 * wide(a, b)))
}

/// The square of a + bx + cx² + dx³ modulo x⁴ − `constant`.
fn square_of_four(coefficients: [u64; 4], constant: u64) -> [u64; 4] {
    let [a, b, c, d] = coefficients.map(|coefficient| below(below(coefficient, 2 * P), P));
    let folded = |sum: u128| wide(reduce(sum), constant);
    [
        reduce(wide(a, a) + folded(2 * wide(b, d) + wide(c, c))),
        reduce(2 * (wide(a, b) + folded(wide(c, d)))),
        reduce(2 * wide(a, c) + wide(b, b) + folded(wide(d, d))),
        reduce(2 * (wide(a, d) + wide(b, c))),
    ]
}

/// The four quarters of a remainder, side by side.
fn quarters(remainder: &mut [u64]) -> impl Iterator<Item = [&mut u64; 4]> {
    let (low, high) = remainder.split_at_mut(remainder.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).map(|((a, b), (c, d))| [a, b, c, d])
}

/// Two steps of splitting: by the first root, and what comes of it by the other two. From below 4p to below 4p.
fn take_apart(remainder: &mut [u64], roots: [Factor; 3]) {
    for [a, b, c, d] in quarters(remainder) {
        let (e, g) = apart(*a, roots[0].of(*c));
        let (f, h) = apart(*b, roots[0].of(*d));
        (*a, *b) = apart(e, roots[1].of(f));
        (*c, *d) = apart(g, roots[2].of(h));
    }
}

/// [`take_apart`] by 1, 1 and √−1.
fn take_apart_first(remainder: &mut [u64], i: Factor) {
    for [a, b, c, d] in quarters(remainder) {
        let (e, g) = apart(*a, below(*c, 2 * P));
        let (f, h) = apart(*b, below(*d, 2 * P));
        (*a, *b) = apart(e, below(f, 2 * P));
        (*c, *d) = apart(g, i.of(h));
    }
}

/// The sum and the difference, below 4p, of one value below 4p and one below 2p.
#[inline(always)]
fn apart(a: u64, b: u64) -> (u64, u64) {
    let a = below(a, 2 * P);
    (a + b, a + 2 * P - b)
}

/// [`take_apart`] backwards, times four, given minus the inverses of its roots. From below 2p to below 2p.
fn put_together(remainder: &mut [u64], roots: [Factor; 3]) {
    for [a, b, c, d] in quarters(remainder) {
        let (e, f) = (below(*a + *b, 2 * P), roots[1].of(*b + 2 * P - *a));
        let (g, h) = (below(*c + *d, 2 * P), roots[2].of(*d + 2 * P - *c));
        (*a, *c) = (below(e + g, 2 * P), roots[0].of(g + 2 * P - e));
        (*b, *d) = (below(f + h, 2 * P), roots[0].of(h + 2 * P - f));
    }
}

/// [`put_together`] by 1, 1 and √−1, which is minus its own inverse.
fn put_together_first(remainder: &mut [u64], i: Factor) {
    for [a, b, c, d] in quarters(remainder) {
        let (e, f) = (below(*a + *b, 2 * P), below(*a + 2 * P - *b, 2 * P));
        let (g, h) = (below(*c + *d, 2 * P), i.of(*d + 2 * P - *c));
        (*a, *c) = (below(e + g, 2 * P), below(e + 2 * P - g, 2 * P));
        (*b, *d) = (below(f + h, 2 * P), below(f + 2 * P - h, 2 * P));
    }
}
