//! Karatsuba's squaring: three squares of half the length in place of four. For numbers of middle length, and
//! for those too long for the transform. Since it ends in the other two algorithms, it chooses between the three.

use super::super::limbs::BASE;
use super::{schoolbook, transform};

/// Up to this many limbs (4,320 digits) squaring on paper is fastest. Measured: Karatsuba's way costs as much at
/// 240 limbs and a twentieth less at 320.
pub(super) const SCHOOLBOOK_MAX: usize = 240;
const _: () = assert!(SCHOOLBOOK_MAX <= schoolbook::MAX);

/// From 570 limbs on (10,260 digits) the transform is fastest, up to the most it can. Measured: it costs as much as
/// Karatsuba's way at 560 limbs and a tenth less at 640.
pub(super) const TRANSFORMED: std::ops::RangeInclusive<usize> = 570..=transform::MAX;

/// How much scratch space the square of a number takes, all levels of halving together.
pub(super) fn scratch(limbs: usize) -> usize {
    let mut length = limbs;
    let mut total = 0;
    while length > SCHOOLBOOK_MAX {
        length = length.div_ceil(2);
        total += 3 * length;
    }
    total
}

/// Writes the square of `limbs` over all of `out`, which is twice as long.
pub(super) fn square(limbs: &[u64], out: &mut [u64], scratch: &mut [u64]) {
    if limbs.len() <= SCHOOLBOOK_MAX {
        schoolbook::square(limbs, out);
    } else if TRANSFORMED.contains(&limbs.len()) {
        transform::square(limbs, out);
    } else {
        halve(limbs, out, scratch);
    }
}

/// Writes the square of `limbs`, more than the schoolbook's, over all of `out`, which is twice as long.
///
/// With `limbs` = h × 10^m + l, the middle of the square, 2hl, is h² + l² − (h − l)².
pub(super) fn halve(limbs: &[u64], out: &mut [u64], scratch: &mut [u64]) {
    let half = limbs.len().div_ceil(2);
    let (low, high) = limbs.split_at(half);
    let (difference, scratch) = scratch.split_at_mut(half);
    let (middle, scratch) = scratch.split_at_mut(2 * half);

    distance(low, high, difference);
    square(difference, middle, scratch);
    let (low_square, high_square) = out.split_at_mut(2 * half);
    square(low, low_square, scratch);
    square(high, high_square, scratch);

    let mut carried = 0_i64;
    let mut twice = |middle: &mut u64, low: u64, high: u64| {
        // Between −10^18 and 2 × 10^18, whatever was carried.
        let sum = low as i64 + high as i64 - *middle as i64 + carried;
        carried = i64::from(sum >= BASE as i64) - i64::from(sum < 0);
        *middle = (sum - carried * BASE as i64) as u64;
    };
    let (both, low_only) = low_square.split_at(high_square.len());
    for ((middle, low), high) in middle.iter_mut().zip(both).zip(&*high_square) {
        twice(middle, *low, *high);
    }
    for (middle, low) in middle[both.len()..].iter_mut().zip(low_only) {
        twice(middle, *low, 0);
    }

    let mut carried = carried as u64;
    let (added, above) = out[half..].split_at_mut(2 * half);
    let mut carry = 0;
    for (out, middle) in added.iter_mut().zip(&*middle) {
        carry = add(out, *middle + carry);
    }
    carried += carry;
    for out in above {
        if carried == 0 {
            break;
        }
        carried = add(out, carried);
    }
}

/// Adds to one limb at most 10^18, and says what is to be added to the next.
fn add(limb: &mut u64, more: u64) -> u64 {
    let sum = *limb + more;
    let carried = u64::from(sum >= BASE);
    *limb = sum - carried * BASE;
    carried
}

/// Writes how far `low` and `high`, which has as many limbs or one less, are from each other.
fn distance(low: &[u64], high: &[u64], out: &mut [u64]) {
    let (both, low_only) = low.split_at(high.len());
    let swapped = low_only.iter().all(|limb| *limb == 0) && both.iter().rev().lt(high.iter().rev());
    let (larger, smaller) = if swapped { (high, both) } else { (both, high) };
    let mut borrowed = 0;
    for ((out, larger), smaller) in out.iter_mut().zip(larger).zip(smaller) {
        let (difference, borrow) = larger.overflowing_sub(smaller + borrowed);
        borrowed = u64::from(borrow);
        *out = difference.wrapping_add(BASE * borrowed);
    }
    for (out, limb) in out[both.len()..].iter_mut().zip(low_only) {
        *out = limb - borrowed;
        borrowed = 0;
    }
}
