//! The square of a polynomial modulo x^n − 1, with n a power of two: split into remainders, squared, put
//! together. The heart of the [`transform`](super), where nearly all of its time goes.
//!
//! A remainder is known by its place among those of its length: the one at place b is taken modulo
//! x^2h − s², with s the root at b, and splits into those at 2b (modulo x^h − s) and 2b + 1 (modulo x^h + s).

use super::prime::{P, add, mul, mul_i, power, root, sub};

/// The roots s by their places, as far as a polynomial of this length needs them.
///
/// The one at 0 is 1, and as that at 2b is a square root of that at b, and that at 2b + 1 is √−1 times it,
/// each bit of the place stands for one factor: the lowest for a root of order 4, the next of order 8, and so on.
pub(super) fn roots(length: usize) -> Vec<u64> {
    let mut roots = Vec::with_capacity(length / 4);
    roots.push(1);
    while roots.len() < length / 4 {
        let factor = root(4 * roots.len());
        for place in 0..roots.len() {
            roots.push(mul(roots[place], factor));
        }
    }
    roots
}

/// Squares a polynomial modulo x^n − 1, n being its length, a power of two and at least 4.
pub(super) fn square(polynomial: &mut [u64], roots: &[u64]) {
    // Every step of putting together doubles: half as many halvings before the squaring make up for it, and
    // the steps, taken two at a time, are an even number.
    let passes = (polynomial.len().ilog2() - 1) / 2;
    let scale = power(P.div_ceil(2), u64::from(passes));
    for coefficient in polynomial.iter_mut() {
        *coefficient = mul(*coefficient, scale);
    }
    square_at(polynomial, 0, roots);
}

/// Squares the remainder at a place, times four to the power of the passes it takes.
fn square_at(remainder: &mut [u64], place: usize, roots: &[u64]) {
    match *remainder {
        [ref mut a, ref mut b] => {
            let (x, y) = (*a, *b);
            let constant = constant(place, roots);
            *a = add(mul(x, x), mul(constant, mul(y, y)));
            *b = double(mul(x, y));
        }
        [ref mut a, ref mut b, ref mut c, ref mut d] => {
            let (w, x, y, z) = (*a, *b, *c, *d);
            let constant = constant(place, roots);
            *a = add(mul(w, w), mul(constant, add(mul(y, y), double(mul(x, z)))));
            *b = double(add(mul(w, x), mul(constant, mul(y, z))));
            *c = add(add(double(mul(w, y)), mul(x, x)), mul(constant, mul(z, z)));
            *d = double(add(mul(w, z), mul(x, y)));
        }
        _ => {
            let quarter = remainder.len() / 4;
            if place == 0 {
                take_apart_first(remainder);
            } else {
                take_apart(remainder, roots[place], roots[2 * place]);
            }
            for (index, part) in remainder.chunks_exact_mut(quarter).enumerate() {
                square_at(part, 4 * place + index, roots);
            }
            if place == 0 {
                put_together_first(remainder);
            } else {
                // The inverse of a root is minus the one that stands as far from the other end of those
                // between the same two powers of two.
                let mirror = place ^ ((1 << place.ilog2()) - 1);
                put_together(remainder, roots[mirror], roots[2 * mirror + 1]);
            }
        }
    }
}

/// What x to the power of the length is for the remainder at a place.
fn constant(place: usize, roots: &[u64]) -> u64 {
    let root = roots[place / 2];
    if place == 0 {
        1
    } else if place % 2 == 0 {
        root
    } else {
        sub(0, root)
    }
}

fn double(a: u64) -> u64 {
    add(a, a)
}

/// The four quarters of a remainder.
fn quarters(remainder: &mut [u64]) -> impl Iterator<Item = [&mut u64; 4]> {
    let (low, high) = remainder.split_at_mut(remainder.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).map(|((a, b), (c, d))| [a, b, c, d])
}

/// Two steps of splitting, `first` being the root of the first and `second` and √−1 × `second` those of the next.
fn take_apart(remainder: &mut [u64], first: u64, second: u64) {
    let third = mul(first, second);
    for [a, b, c, d] in quarters(remainder) {
        let (x, y, z) = (mul(*b, second), mul(*c, first), mul(*d, third));
        let (even, odd) = (add(*a, y), sub(*a, y));
        let (sum, turned) = (add(x, z), mul_i(sub(x, z)));
        (*a, *b, *c, *d) = (add(even, sum), sub(even, sum), add(odd, turned), sub(odd, turned));
    }
}

/// [`take_apart`] where the roots are 1.
fn take_apart_first(remainder: &mut [u64]) {
    for [a, b, c, d] in quarters(remainder) {
        let (even, odd) = (add(*a, *c), sub(*a, *c));
        let (sum, turned) = (add(*b, *d), mul_i(sub(*b, *d)));
        (*a, *b, *c, *d) = (add(even, sum), sub(even, sum), add(odd, turned), sub(odd, turned));
    }
}

/// [`take_apart`] backwards, times four, `first` and `second` being minus the inverses of its roots.
fn put_together(remainder: &mut [u64], first: u64, second: u64) {
    let third = mul(first, second);
    for [a, b, c, d] in quarters(remainder) {
        let (even, odd) = (add(*a, *b), add(*c, *d));
        // `sum` is minus what it was, which makes up for the minus in `second`; and so on.
        let (sum, turned) = (sub(*b, *a), mul_i(sub(*c, *d)));
        (*a, *b, *c, *d) =
            (add(even, odd), mul(add(sum, turned), second), mul(sub(odd, even), first), mul(sub(turned, sum), third));
    }
}

/// [`put_together`] where the roots are 1.
fn put_together_first(remainder: &mut [u64]) {
    for [a, b, c, d] in quarters(remainder) {
        let (even, odd) = (add(*a, *b), add(*c, *d));
        let (sum, turned) = (sub(*a, *b), mul_i(sub(*d, *c)));
        (*a, *b, *c, *d) = (add(even, odd), add(sum, turned), sub(even, odd), sub(sum, turned));
    }
}
