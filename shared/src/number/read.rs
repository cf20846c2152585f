//! The grammar of numbers: from a text to a [`Number`], or to the first fault in it. Everything that anybody
//! sends or types comes through here, so the text is taken to be hostile: it is read once, nothing is
//! allocated before its digits are counted and found to be allowed, and no count can overflow.

use super::limbs::{LIMB_DIGITS, Limbs};
use super::{Fault, MAX_DIGITS, Number, NumberError};

impl Number {
    /// Reads a number by the grammar of the protocol's section "Numbers", allowing at most `max_digits`
    /// digits in canonical form, zeros counted.
    ///
    /// The text may come from anyone: it is read once from left to right, and nothing is allocated before its
    /// digits are counted and found to be allowed. An exponent may be as long and as large as it likes.
    ///
    /// # Errors
    ///
    /// [`NumberError::NotANumber`] with the first fault from the left where the text is not a number, and
    /// [`NumberError::TooManyDigits`] where it is one, but is longer than `max_digits` (or than a quarter of
    /// the address space, which no memory holds).
    ///
    /// ```
    /// use squares_shared::number::Number;
    ///
    /// assert_eq!(Number::parse("−１２，３４５", 5)?.to_string(), "-12345");
    /// assert_eq!(Number::parse("2.5E-3", 5)?.to_string(), "0.0025");
    /// # Ok::<(), squares_shared::number::NumberError>(())
    /// ```
    pub fn parse(text: &str, max_digits: usize) -> Result<Self, NumberError> {
        let written = Written::read(text).map_err(NumberError::NotANumber)?;
        let (integer, fraction) = (&written.integer, &written.fraction);

        let mut leading = integer.leading_zeros();
        if leading == integer.digits {
            leading += fraction.leading_zeros();
        }
        let all = integer.digits + fraction.digits;
        if leading == all {
            return if max_digits == 0 {
                Err(NumberError::TooManyDigits { limit: max_digits })
            } else {
                Ok(Self { negative: false, coefficient: Limbs::Few([0, 0]), exponent: 0 })
            };
        }
        let mut trailing = fraction.trailing_zeros();
        if trailing == fraction.digits {
            trailing += integer.trailing_zeros();
        }

        let significant = all - leading - trailing;
        // Neither a count of bytes nor an exponent goes beyond 64 bits, so that 128 hold any sum of them.
        let exponent = written.exponent + trailing as i128 - fraction.digits as i128;
        let digits =
            if exponent >= 0 { significant as i128 + exponent } else { (significant as i128).max(1 - exponent) };
        if digits > max_digits.min(MAX_DIGITS) as i128 {
            return Err(NumberError::TooManyDigits { limit: max_digits });
        }
        Ok(Self {
            negative: written.negative,
            coefficient: written.coefficient(leading, significant),
            exponent: exponent as isize,
        })
    }
}

/// A number as it was written: what the grammar tells apart, none of it evaluated but the exponent.
struct Written<'a> {
    negative: bool,
    integer: Run<'a>,
    fraction: Run<'a>,
    /// Within 64 bits and a sign: a larger one is cut off there, where it is too large for any number.
    exponent: i128,
}

impl<'a> Written<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        // Most of what comes is nothing but digits, and does not have to be looked at character by character.
        if !text.is_empty() && leading_ascii_digits(text.as_bytes()) == text.len() {
            let integer = Run { text, digits: text.len(), plain: true };
            return Ok(Self { negative: false, integer, fraction: Run::default(), exponent: 0 });
        }
        let mut rest = Rest(text.trim_matches([' ', '\t', '\u{3000}']));
        if rest.0.is_empty() {
            return Err(Fault::Empty);
        }
        let negative = rest.sign()?;
        let mut separator = None;
        let integer = rest.run(Part::Integer, &mut separator)?;
        let fraction = if rest.take(is_point) { rest.run(Part::Fraction, &mut separator)? } else { Run::default() };
        if integer.digits + fraction.digits == 0 {
            return Err(rest.0.chars().next().map_or(Fault::NoDigits, Fault::of_first));
        }
        let exponent = if rest.take(is_exponent_mark) { rest.exponent()? } else { 0 };
        match rest.0.chars().next() {
            None => Ok(Self { negative, integer, fraction, exponent }),
            Some(character) if is_point(character) => Err(Fault::SecondPoint),
            Some(character) => Err(Fault::of_later(character)),
        }
    }

    /// The `significant` digits after the first `leading` ones, as a number.
    fn coefficient(&self, leading: usize, significant: usize) -> Limbs {
        let (integer, fraction) = (&self.integer, &self.fraction);
        if integer.plain && leading + significant <= integer.digits {
            return Limbs::from_ascii(&integer.text.as_bytes()[leading..leading + significant]);
        }
        if fraction.plain && leading >= integer.digits {
            let start = leading - integer.digits;
            return Limbs::from_ascii(&fraction.text.as_bytes()[start..start + significant]);
        }
        let digits = integer.ascii().chain(fraction.ascii()).skip(leading).take(significant);
        if significant <= 2 * LIMB_DIGITS {
            let mut few = [b'0'; 2 * LIMB_DIGITS];
            few.iter_mut().zip(digits).for_each(|(place, digit)| *place = digit);
            Limbs::from_ascii(&few[..significant])
        } else if integer.plain && fraction.plain {
            let mut all = Vec::with_capacity(significant);
            all.extend_from_slice(&integer.text.as_bytes()[leading..]);
            all.extend_from_slice(&fraction.text.as_bytes()[..significant - all.len()]);
            Limbs::from_ascii(&all)
        } else {
            let mut all = Vec::with_capacity(significant);
            all.extend(digits);
            Limbs::from_ascii(&all)
        }
    }
}

/// The digits on one side of the decimal point, with the separators between them.
#[derive(Default)]
struct Run<'a> {
    text: &'a str,
    digits: usize,
    /// Whether every byte of `text` is an ASCII digit.
    plain: bool,
}

impl<'a> Run<'a> {
    fn ascii(&self) -> impl DoubleEndedIterator<Item = u8> + 'a {
        self.text.chars().filter_map(ascii_digit)
    }

    fn leading_zeros(&self) -> usize {
        if self.plain {
            self.text.bytes().take_while(|digit| *digit == b'0').count()
        } else {
            self.ascii().take_while(|digit| *digit == b'0').count()
        }
    }

    fn trailing_zeros(&self) -> usize {
        if self.plain {
            self.text.bytes().rev().take_while(|digit| *digit == b'0').count()
        } else {
            self.ascii().rev().take_while(|digit| *digit == b'0').count()
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Integer,
    Fraction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Comma,
    Underscore,
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Reads the next character where it is of the kind asked for.
    fn take(&mut self, kind: fn(char) -> bool) -> bool {
        let mut characters = self.0.chars();
        let taken = characters.next().is_some_and(kind);
        if taken {
            self.0 = characters.as_str();
        }
        taken
    }

    /// Reads at most one sign; true where it is a minus.
    fn sign(&mut self) -> Result<bool, Fault> {
        let negative = self.take(is_minus);
        if (negative || self.take(is_plus)) && self.0.starts_with(|next| is_plus(next) || is_minus(next)) {
            return Err(Fault::SecondSign);
        }
        Ok(negative)
    }

    /// Reads digits and the separators between them, as far as they go.
    fn run(&mut self, part: Part, separator: &mut Option<Separator>) -> Result<Run<'a>, Fault> {
        let start = self.0;
        let mut digits = 0;
        // How many digits there are since the last comma.
        let mut group = 0;
        let mut commas = false;
        let mut plain = true;
        loop {
            let count = leading_ascii_digits(self.0.as_bytes());
            digits += count;
            group += count;
            self.0 = &self.0[count..];
            if self.take(is_wide_digit) {
                digits += 1;
                group += 1;
            } else if self.take(is_comma) {
                if part == Part::Fraction {
                    return Err(Fault::CommaInFraction);
                }
                if *separator.get_or_insert(Separator::Comma) != Separator::Comma {
                    return Err(Fault::MixedSeparators);
                }
                if !commas && start.chars().next().and_then(ascii_digit) == Some(b'0') {
                    return Err(Fault::DecimalComma);
                }
                if group == 0 || group > 3 || commas && group < 3 {
                    return Err(Fault::BadGrouping);
                }
                commas = true;
                group = 0;
            } else if self.take(is_underscore) {
                if *separator.get_or_insert(Separator::Underscore) != Separator::Underscore {
                    return Err(Fault::MixedSeparators);
                }
                if digits == 0 {
                    return Err(Fault::StrayUnderscore);
                }
                match self.0.chars().next() {
                    None => return Err(Fault::UnderscoreAtEnd),
                    Some(next) if ascii_digit(next).is_none() => return Err(Fault::StrayUnderscore),
                    Some(_) => {}
                }
            } else {
                break;
            }
            plain = false;
        }
        if commas && group != 3 {
            return Err(if self.0.is_empty() && group < 3 { Fault::ShortGroup } else { Fault::BadGrouping });
        }
        Ok(Run { text: &start[..start.len() - self.0.len()], digits, plain })
    }

    /// Reads the exponent after its mark.
    fn exponent(&mut self) -> Result<i128, Fault> {
        let negative = self.sign()?;
        let mut magnitude = 0_u64;
        let mut characters = self.0.chars();
        while let Some(digit) = characters.as_str().chars().next().and_then(ascii_digit) {
            magnitude = magnitude.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            characters.next();
        }
        let empty = characters.as_str().len() == self.0.len();
        self.0 = characters.as_str();
        match self.0.chars().next() {
            None if empty => Err(Fault::MissingExponent),
            Some(next) if is_comma(next) || is_underscore(next) => Err(Fault::SeparatorInExponent),
            Some(next) if is_point(next) => Err(Fault::PointInExponent),
            Some(next) if empty => Err(Fault::of_first(next)),
            _ => Ok(if negative { -i128::from(magnitude) } else { i128::from(magnitude) }),
        }
    }
}

impl Fault {
    /// What is wrong with a character that stands where a digit should, with no digit before it.
    fn of_first(character: char) -> Self {
        if is_point(character) { Self::SecondPoint } else { Self::of_foreign(character) }
    }

    /// What is wrong with a character that stands after the digits.
    fn of_later(character: char) -> Self {
        if is_plus(character) || is_minus(character) { Self::Expression } else { Self::of_foreign(character) }
    }

    /// What is wrong with a character that stands nowhere in a number.
    fn of_foreign(character: char) -> Self {
        match character {
            '/' | '／' | '÷' | '⁄' | '∕' => Self::Fraction,
            '*' | '＊' | '×' | '·' | '^' | '＾' | '(' | ')' | '（' | '）' | '=' | '＝' | '√' | '!' | '！' => {
                Self::Expression
            }
            _ if character.is_whitespace() => Self::Space,
            _ if character.is_numeric() && ascii_digit(character).is_none() => Self::OtherNumeral(character),
            _ => Self::UnexpectedCharacter(character),
        }
    }
}

/// How many ASCII digits a text begins with, eight at a time while there are eight.
fn leading_ascii_digits(text: &[u8]) -> usize {
    let (eights, _) = text.as_chunks::<8>();
    let whole = eights.iter().take_while(|eight| all_digits(**eight)).count() * 8;
    whole + text[whole..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether eight bytes are all digits: their high halves are 3, and stay so when 6 is added to the low ones.
fn all_digits(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    let high = 0xF0F0_F0F0_F0F0_F0F0;
    (word & high) | (word.wrapping_add(0x0606_0606_0606_0606) & high) >> 4 == 0x3333_3333_3333_3333
}

fn ascii_digit(character: char) -> Option<u8> {
    match character {
        '0'..='9' => Some(character as u8),
        '０'..='９' => Some(b'0' + (character as u32 - '０' as u32) as u8),
        _ => None,
    }
}

fn is_wide_digit(character: char) -> bool {
    matches!(character, '０'..='９')
}

fn is_plus(character: char) -> bool {
    matches!(character, '+' | '＋')
}

/// A minus, and what keyboards and word processors put in its place: hyphens, dashes and the bar.
fn is_minus(character: char) -> bool {
    matches!(character, '-' | '−' | '－' | '\u{2010}'..='\u{2015}' | '\u{FE58}' | '\u{FE63}')
}

fn is_point(character: char) -> bool {
    matches!(character, '.' | '．')
}

fn is_comma(character: char) -> bool {
    matches!(character, ',' | '，')
}

fn is_underscore(character: char) -> bool {
    matches!(character, '_' | '＿')
}

fn is_exponent_mark(character: char) -> bool {
    matches!(character, 'e' | 'E' | 'ｅ' | 'Ｅ')
}
