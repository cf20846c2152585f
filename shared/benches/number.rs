//! What a square costs from text to text (read, squared, written), beside the same done with dashu's big
//! integers. Both are held to the same answer before anything is timed.
//!
//! `cargo bench -p squares-shared --bench number` compares them; `cargo test --benches` runs each once.

use dashu_int::UBig;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use squares_shared::number::Number;

/// Digits of the number that is squared: what one limb holds, a long line typed by hand, what a clipboard
/// holds, the default limit, and ten and a hundred times the limit. A debug build leaves out the last, which
/// takes dashu seconds there.
const LENGTHS: &[usize] = if cfg!(debug_assertions) {
    &[18, 100, 1_000, 10_000, 100_000]
} else {
    &[18, 100, 1_000, 10_000, 100_000, 1_000_000]
};

fn main() {
    divan::main();
}

/// A number of `length` digits without any pattern, the same in every run.
fn pattern(length: usize) -> String {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut digit = |least: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + (least + state % (10 - least)) as u8)
    };
    (0..length).map(|place| digit(u64::from(place == 0))).collect()
}

/// From text to text with this project's number.
fn with_squares(text: &str) -> String {
    Number::parse(text, text.len()).map_or_else(|error| error.to_string(), |number| number.square().to_string())
}

/// From text to text with dashu's integer.
fn with_dashu(text: &str) -> String {
    text.parse::<UBig>().map_or_else(|error| error.to_string(), |number| number.sqr().to_string())
}

/// Times one way, once it has been found to say the same as the other.
fn compare(bencher: Bencher, length: usize, way: fn(&str) -> String, other: fn(&str) -> String) {
    let text = pattern(length);
    assert!(way(&text) == other(&text), "the squares of {length} digits differ");
    bencher.counter(ItemsCount::new(length)).bench(|| way(black_box(&text)));
}

/// Read, square, write: items are digits.
mod text_to_text {
    use super::{Bencher, LENGTHS, compare, with_dashu, with_squares};

    /// This project's number.
    #[divan::bench(args = LENGTHS)]
    fn squares(bencher: Bencher, length: usize) {
        compare(bencher, length, with_squares, with_dashu);
    }

    /// dashu's integer.
    #[divan::bench(args = LENGTHS)]
    fn dashu(bencher: Bencher, length: usize) {
        compare(bencher, length, with_dashu, with_squares);
    }
}

/// The three steps of this project's number apart: items are digits of the number that is squared.
mod step {
    use super::{Bencher, ItemsCount, LENGTHS, Number, black_box, pattern};

    fn number(length: usize) -> Number {
        let number = Number::parse(&pattern(length), length).expect("a pattern of digits is a number");
        assert_eq!(number.digits(), length);
        number
    }

    /// Text to number.
    #[divan::bench(args = LENGTHS)]
    fn parse(bencher: Bencher, length: usize) {
        let text = pattern(length);
        assert_eq!(number(length).to_string(), text);
        bencher.counter(ItemsCount::new(length)).bench(|| Number::parse(black_box(&text), length));
    }

    /// Number to number.
    #[divan::bench(args = LENGTHS)]
    fn square(bencher: Bencher, length: usize) {
        let number = number(length);
        assert!(number.square().digits() >= 2 * length - 1);
        bencher.counter(ItemsCount::new(length)).bench(|| black_box(&number).square());
    }

    /// Number to text, of the square.
    #[divan::bench(args = LENGTHS)]
    fn write(bencher: Bencher, length: usize) {
        let square = number(length).square();
        assert_eq!(square.to_string().len(), square.digits());
        bencher.counter(ItemsCount::new(length)).bench(|| black_box(&square).to_string());
    }
}
