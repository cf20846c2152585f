//! Properties of numbers, checked against an independent big integer (dashu) and an independent, slow and
//! plainly written reader of the protocol's grammar.

use dashu_int::UBig;
use proptest::prelude::*;
use squares_shared::number::{Fault, Number, NumberError};

const ROOMY: usize = 1_000_000;

/// The canonical form of a text, or nothing where it is no number: one character after another, by the
/// letter of the protocol.
fn oracle(text: &str) -> Option<String> {
    let text: String = text
        .trim_matches([' ', '\t', '\u{3000}'])
        .chars()
        .map(|character| match character {
            '０'..='９' => char::from(b'0' + (character as u32 - 0xFF10) as u8),
            '−' | '－' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '﹘' | '﹣' => '-',
            '＋' => '+',
            '．' => '.',
            '，' => ',',
            '＿' => '_',
            'ｅ' | 'Ｅ' | 'E' => 'e',
            other => other,
        })
        .collect();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (mantissa, exponent) = match text.split_once('e') {
        None => (text, 0),
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
            (mantissa, exponent.parse::<i64>().ok()?)
        }
    };
    if mantissa.contains(',') && mantissa.contains('_') {
        return None;
    }
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let groups: Vec<&str> = integer.split(',').collect();
    let is_no_group = |group: &str| group.is_empty() || group.len() > 3 || group.starts_with('0');
    if groups.len() > 1 && (is_no_group(groups[0]) || groups[1..].iter().any(|g| g.len() != 3)) {
        return None;
    }
    let integer = groups.concat();
    for part in [&*integer, fraction] {
        if part.starts_with('_') || part.ends_with('_') || part.contains("__") {
            return None;
        }
    }
    let (integer, fraction) = (integer.replace('_', ""), fraction.replace('_', ""));
    let all = format!("{integer}{fraction}");
    if all.is_empty() || !all.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some(canonical(negative, &all, exponent - fraction.len() as i64))
}

/// The canonical form of ± `digits` × 10^`exponent`.
fn canonical(negative: bool, digits: &str, exponent: i64) -> String {
    let mut digits = digits.to_owned();
    if digits.chars().all(|c| c == '0') {
        return "0".to_owned();
    }
    let mut fraction = 0;
    if exponent >= 0 {
        digits.push_str(&"0".repeat(exponent as usize));
    } else {
        fraction = exponent.unsigned_abs() as usize;
    }
    if digits.len() <= fraction {
        digits.insert_str(0, &"0".repeat(fraction + 1 - digits.len()));
    }
    let (integer, fraction) = digits.split_at(digits.len() - fraction);
    let integer = integer.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let sign = if negative { "-" } else { "" };
    let integer = if integer.is_empty() { "0" } else { integer };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{integer}{point}{fraction}")
}

/// The square of a canonical number, by way of a binary integer.
fn square_by_dashu(canonical_text: &str) -> String {
    let magnitude = canonical_text.trim_start_matches('-');
    let fraction = magnitude.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let whole: UBig = magnitude.replace('.', "").parse().expect("a canonical number is digits and a point");
    canonical(false, &whole.sqr().to_string(), -2 * fraction as i64)
}

/// Everything a text promises: accepted exactly where the oracle does, read as the same number, squared as
/// dashu squares it.
fn check(text: &str) -> Result<(), TestCaseError> {
    let parsed = Number::parse(text, ROOMY);
    let Some(expected) = oracle(text) else {
        prop_assert!(matches!(parsed, Err(NumberError::NotANumber(_))), "{text:?}: {parsed:?}");
        return Ok(());
    };
    let number = parsed.map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))?;
    prop_assert_eq!(&number.to_string(), &expected);
    let digits = expected.chars().filter(char::is_ascii_digit).count();
    prop_assert_eq!(number.digits(), digits);
    prop_assert_eq!(Number::parse(text, digits), Ok(number.clone()));
    prop_assert_eq!(Number::parse(text, digits - 1), Err(NumberError::TooManyDigits { limit: digits - 1 }));
    prop_assert_eq!(Number::parse(&expected, digits), Ok(number.clone()));
    let square = number.square();
    let squared = square.to_string();
    prop_assert_eq!(&squared, &square_by_dashu(&expected));
    prop_assert_eq!(square.digits(), squared.chars().filter(char::is_ascii_digit).count());
    prop_assert_eq!(Number::parse(&squared, ROOMY), Ok(square));
    Ok(())
}

/// Digits in blocks of one kind, so that limbs of all nines, of zeros and of a lone one meet each other.
fn digits(most: usize) -> impl Strategy<Value = String> {
    let block = prop_oneof![
        "[0-9]{1,40}",
        (1..80_usize).prop_map(|n| "9".repeat(n)),
        (1..80_usize).prop_map(|n| "0".repeat(n)),
        (1..40_usize).prop_map(|n| format!("{}1", "0".repeat(n))),
    ];
    (prop::collection::vec(block, 1..12), 1..=most).prop_map(|(blocks, length)| {
        let text = blocks.concat();
        text.chars().cycle().take(length).collect()
    })
}

/// A well-formed number in one of its many dresses.
fn number_text() -> impl Strategy<Value = String> {
    let sign =
        prop::sample::select(vec!["", "", "", "-", "+", "−", "－", "＋", "‐", "‑", "‒", "–", "—", "―", "﹘", "﹣"]);
    let point = prop::sample::select(vec!["", ".", "．"]);
    let exponent = prop_oneof![
        3 => Just(String::new()),
        2 => (prop::sample::select(vec!["e", "E", "ｅ", "Ｅ"]), -90..90_i32).prop_map(|(e, n)| format!("{e}{n}")),
        1 => (0..90_i32).prop_map(|n| format!("e+000{n}")),
    ];
    (sign, digits(90), point, digits(60), exponent, 0..4_u8, any::<bool>()).prop_map(
        |(sign, integer, point, fraction, exponent, dress, wide)| {
            let integer = match dress {
                0 if !integer.starts_with('0') => {
                    let mut grouped = String::new();
                    for (place, digit) in integer.chars().enumerate() {
                        if place > 0 && (integer.len() - place) % 3 == 0 {
                            grouped.push(if wide { '，' } else { ',' });
                        }
                        grouped.push(digit);
                    }
                    grouped
                }
                1 => integer.chars().map(String::from).collect::<Vec<_>>().join("_"),
                _ => integer,
            };
            let fraction = if point.is_empty() { "" } else { &fraction };
            let text = format!("{sign}{integer}{point}{fraction}{exponent}");
            if !wide || dress == 3 {
                return text;
            }
            let widen = |c: char| match c {
                '0'..='9' => char::from_u32(c as u32 - 0x30 + 0xFF10).expect("the ten wide digits stand together"),
                other => other,
            };
            format!(" \t{}\u{3000}", text.chars().map(widen).collect::<String>())
        },
    )
}

proptest! {
    #[test]
    fn every_well_formed_number_is_read_written_and_squared_exactly(text in number_text()) {
        prop_assert!(oracle(&text).is_some(), "{text:?}");
        check(&text)?;
    }

    #[test]
    fn text_that_nearly_is_a_number_is_judged_as_the_grammar_says(
        text in "[ \t\u{3000}]?[-+−－＋–―﹣]{0,2}[0-9０９,，_＿.．eEｅ/²x \n+–-]{0,14}"
    ) {
        check(&text)?;
    }

    #[test]
    fn any_text_at_all_is_judged_as_the_grammar_says(text in "\\PC{0,20}|.{0,20}") {
        check(&text)?;
    }

    #[test]
    fn a_fault_is_incomplete_exactly_where_more_typing_could_mend_it(
        text in "[-+−]{0,2}[0-9,_.e]{0,9}|[-0-9,.e/ x²]{0,5}"
    ) {
        let text = text.trim();
        if let Err(NumberError::NotANumber(fault)) = Number::parse(text, usize::MAX) {
            let mendable = ["1", "11", "111"].iter().any(|more| oracle(&format!("{text}{more}")).is_some());
            prop_assert_eq!(fault.is_incomplete(), mendable, "{:?}: {:?}", text, fault);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn long_integers_are_squared_exactly(text in digits(3_000)) {
        check(&text)?;
    }
}

/// Eighteen digits make a limb, two limbs stay off the heap, and the way of squaring changes at 4,320 and 10,260
/// digits; past that the transform's length changes often.
#[test]
fn squares_are_exact_on_both_sides_of_every_seam() {
    for seam in [18, 36, 54, 4_320, 4_338, 10_242, 10_260, 13_824, 24_576] {
        for length in seam - 1..=seam + 1 {
            let mixed: String = (0..length).map(|place| char::from(b'1' + (place * place / 7 % 9) as u8)).collect();
            for text in ["9".repeat(length), format!("1{}1", "0".repeat(length - 2)), mixed] {
                check(&text).unwrap();
            }
        }
    }
}

#[test]
fn the_examples_of_the_protocol_hold() {
    for (text, canonical) in [
        ("12", "12"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e10", "10000000000"),
        ("2.5E-3", "0.0025"),
        ("1,234,567", "1234567"),
        ("1,234.5", "1234.5"),
        ("1,234e3", "1234000"),
        ("007", "7"),
        ("1.50", "1.5"),
        ("-0", "0"),
        ("-.0e5", "0"),
        ("0.000", "0"),
        ("1e3", "1000"),
        ("10000e-4", "1"),
        ("0e999999999", "0"),
        ("1_0.0_1", "10.01"),
        ("　－１，２３４．５ｅ＋１\t", "-12345"),
        ("–5", "-5"),
        ("‐５", "-5"),
        ("‑1,234", "-1234"),
        ("‒.5", "-0.5"),
        ("—5.", "-5"),
        ("―1_0", "-10"),
        ("﹘5e1", "-50"),
        ("﹣5", "-5"),
        ("2.5E–3", "0.0025"),
        ("１，２３４", "1234"),
        ("100,000", "100000"),
    ] {
        assert_eq!(Number::parse(text, 11).unwrap().to_string(), canonical, "{text:?}");
        assert_eq!(oracle(text).as_deref(), Some(canonical), "{text:?}");
    }
}

#[test]
fn each_fault_is_told_apart() {
    use Fault::*;
    for (text, fault) in [
        ("", Empty),
        (" \t\u{3000}", Empty),
        ("-", NoDigits),
        (".", NoDigits),
        ("-.", NoDigits),
        (".e5", UnexpectedCharacter('e')),
        ("abc", UnexpectedCharacter('a')),
        ("0x10", UnexpectedCharacter('x')),
        ("inf", UnexpectedCharacter('i')),
        ("NaN", UnexpectedCharacter('N')),
        ("1\u{1B}", UnexpectedCharacter('\u{1B}')),
        ("1 2", Space),
        ("1\n", Space),
        ("\r\n1", Space),
        ("--5", SecondSign),
        ("+-5", SecondSign),
        ("1e+-5", SecondSign),
        ("–-5", SecondSign),
        ("+—5", SecondSign),
        ("5–3", Expression),
        ("5–", Expression),
        ("–", NoDigits),
        ("1\u{a0}000", Space),
        ("\u{2062}5", UnexpectedCharacter('\u{2062}')),
        ("1.2.3", SecondPoint),
        ("..", SecondPoint),
        ("_1", StrayUnderscore),
        ("1__2", StrayUnderscore),
        ("1_.5", StrayUnderscore),
        ("1._5", StrayUnderscore),
        ("1_", UnderscoreAtEnd),
        ("12,34,567", BadGrouping),
        ("1,234567", BadGrouping),
        ("1234,567", BadGrouping),
        (",5", BadGrouping),
        ("1,", ShortGroup),
        ("1,23", ShortGroup),
        ("0,001", DecimalComma),
        ("-0,001", DecimalComma),
        ("–０，００１", DecimalComma),
        ("0,5", DecimalComma),
        ("0,", DecimalComma),
        ("0,000", DecimalComma),
        ("00,123", DecimalComma),
        ("012,345", DecimalComma),
        ("0000,123", DecimalComma),
        ("0,123,456", DecimalComma),
        ("0,25e3", DecimalComma),
        ("1,2345", BadGrouping),
        ("１，２３４５", BadGrouping),
        ("1,234,56.7", BadGrouping),
        ("1.234,5", CommaInFraction),
        ("1,234_567", MixedSeparators),
        ("1_234,567", MixedSeparators),
        ("1,234.5_6", MixedSeparators),
        ("1e", MissingExponent),
        ("1e-", MissingExponent),
        ("1e1_000", SeparatorInExponent),
        ("1e1,000", SeparatorInExponent),
        ("1e2.5", PointInExponent),
        ("1/2", Fraction),
        ("2+3", Expression),
        ("2-3", Expression),
        ("2×3", Expression),
        ("2^10", Expression),
        ("(1)", Expression),
        ("1e2+3", Expression),
        ("²", OtherNumeral('²')),
        ("3²", OtherNumeral('²')),
        ("Ⅷ", OtherNumeral('Ⅷ')),
        ("٣", OtherNumeral('٣')),
        ("½", OtherNumeral('½')),
    ] {
        assert_eq!(Number::parse(text, 100), Err(NumberError::NotANumber(fault)), "{text:?}");
    }
}

#[test]
fn huge_exponents_are_settled_without_work_that_grows_with_them() {
    let too_many = |limit| Err(NumberError::TooManyDigits { limit });
    let endless = "9".repeat(1_000_000);
    for sign in ["", "-"] {
        for exponent in ["999999999", "99999999999999999999", &endless] {
            assert_eq!(Number::parse(&format!("1e{sign}{exponent}"), 10_000), too_many(10_000));
            assert_eq!(Number::parse(&format!("0.0e{sign}{exponent}"), 1).unwrap().to_string(), "0");
        }
        assert_eq!(Number::parse(&format!("1e{sign}{endless}"), usize::MAX), too_many(usize::MAX));
    }
    let small = format!("1e-{}1", "0".repeat(1_000_000));
    assert_eq!(Number::parse(&small, 2).unwrap().to_string(), "0.1");
    let vast = Number::parse("1e1000000000000", usize::MAX).unwrap();
    assert_eq!(vast.digits(), 1_000_000_000_001);
    assert_eq!(vast.square().digits(), 2_000_000_000_001);
}

#[test]
fn a_megabyte_of_digits_is_refused_or_reduced() {
    let mut text = "1".repeat(1 << 20);
    assert_eq!(Number::parse(&text, 10_000), Err(NumberError::TooManyDigits { limit: 10_000 }));
    text.push('/');
    assert_eq!(Number::parse(&text, 10_000), Err(NumberError::NotANumber(Fault::Fraction)));
    let zeros = "0".repeat(1 << 20);
    assert_eq!(Number::parse(&zeros, 1).unwrap().to_string(), "0");
    assert_eq!(Number::parse(&format!("{zeros}7.{zeros}"), 1).unwrap().to_string(), "7");
    assert_eq!(Number::parse(&format!("1{zeros}e-{}", 1 << 20), 1).unwrap().to_string(), "1");
}

#[test]
fn a_limit_of_nothing_allows_nothing() {
    assert_eq!(Number::parse("0", 0), Err(NumberError::TooManyDigits { limit: 0 }));
    assert_eq!(Number::parse("x", 0), Err(NumberError::NotANumber(Fault::UnexpectedCharacter('x'))));
}

#[test]
fn numbers_are_padded_like_any_other() {
    let number = Number::parse("-1.5", 10).unwrap();
    assert_eq!(format!("[{number:>6}] [{number:<6}]"), "[  -1.5] [-1.5  ]");
}
