//! Text as it takes up cells on the screen: how wide it is, how it is cut, shortened, padded and wrapped, and how
//! text from others is made safe to show. The app calls it where text enters, the view where text is laid out.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use squares_shared::student::is_printable;
use unicode_segmentation::UnicodeSegmentation;

/// What stands where a character cannot be shown.
const REPLACEMENT: &str = "\u{FFFD}";

/// The most characters of one grapheme that reach the screen: enough for every script, too few to pile marks over
/// the neighbouring lines.
const MOST_IN_GRAPHEME: usize = 6;

/// The cells of a character that is always a grapheme of its own: ASCII, a Hangul syllable, or a glyph of the theme.
/// Nearly all text here is made of these, and finding the graphemes of any other costs ten times as much.
#[must_use]
pub fn plain_width(character: char) -> Option<u16> {
    match character {
        ' '..='~' | '²' | '…' | '×' | '·' | '─' | '│' | '┬' | '┴' | '→' | '↓' | '↑' | '←' => {
            Some(1)
        }
        '가'..='힣' => Some(2),
        _ => None,
    }
}

/// How many cells a text takes up, measured grapheme by grapheme as the screen buffer measures it.
#[must_use]
pub fn width(text: &str) -> usize {
    let plain = text.chars().try_fold(0, |sum, c| Some(sum + usize::from(plain_width(c)?)));
    plain.unwrap_or_else(|| text.graphemes(true).map(grapheme_width).sum())
}

/// The cells of one grapheme. A control character has none: the screen buffer leaves it out.
#[must_use]
pub fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) { 0 } else { usize::from(grapheme.cell_width()) }
}

/// The longest beginning of a text that fits into `cells`.
#[must_use]
pub fn head(text: &str, cells: usize) -> &str {
    // A long number is not looked at beyond what is shown of it.
    if text.as_bytes().iter().take(cells.saturating_add(1)).all(|byte| matches!(byte, b' '..=b'~')) {
        return &text[..cells.min(text.len())];
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// The longest end of a text that fits into `cells`.
#[must_use]
pub fn tail(text: &str, cells: usize) -> &str {
    if text.as_bytes().iter().rev().take(cells.saturating_add(1)).all(|byte| matches!(byte, b' '..=b'~')) {
        return &text[text.len() - cells.min(text.len())..];
    }
    let mut used = 0;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme_width(grapheme);
        if used > cells {
            break;
        }
        start = at;
    }
    &text[start..]
}

/// Whether a text fits into `cells`; looks no further than it has to.
#[must_use]
pub fn fits(text: &str, cells: usize) -> bool {
    head(text, cells).len() == text.len()
}

/// A text cut to `cells`, its end replaced by `ellipsis` where it does not fit.
#[must_use]
pub fn cut<'a>(text: &'a str, cells: usize, ellipsis: &str) -> Cow<'a, str> {
    if fits(text, cells) {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(ellipsis));
    if room == 0 {
        return Cow::Borrowed(head(text, cells));
    }
    Cow::Owned(format!("{}{ellipsis}", head(text, room)))
}

/// A text of exactly `cells` cells: cut with `ellipsis`, or filled up with spaces.
#[must_use]
pub fn column(text: &str, cells: usize, ellipsis: &str) -> String {
    let mut out = cut(text, cells, ellipsis).into_owned();
    let missing = cells.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// A text shortened in its middle to at most `cells`, both ends kept.
#[must_use]
pub fn shorten<'a>(text: &'a str, cells: usize, ellipsis: &str) -> Cow<'a, str> {
    if fits(text, cells) {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(ellipsis));
    if room < 2 {
        return cut(text, cells, ellipsis);
    }
    let front = head(text, room - room / 2);
    let back = tail(text, room / 2);
    Cow::Owned(format!("{front}{ellipsis}{back}"))
}

/// A text in lines of at most `cells`, broken at spaces where a line has one, and between graphemes where it has none.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    if cells == 0 {
        return lines;
    }
    while !rest.is_empty() {
        let mut line = head(rest, cells);
        if line.is_empty() {
            // Not even one grapheme fits: a wide one on a screen of one cell. It is left out.
            let Some(grapheme) = rest.graphemes(true).next() else { break };
            rest = &rest[grapheme.len()..];
            continue;
        }
        let next = &rest[line.len()..];
        if !next.is_empty()
            && !next.starts_with(' ')
            && let Some(space) = line.rfind(' ').filter(|&space| !line[..space].trim().is_empty())
        {
            line = &line[..space];
        }
        rest = rest[line.len()..].trim_start_matches(' ');
        lines.push(line.trim_end());
    }
    lines
}

/// Text of others as it may be shown: what is invisible, moves the cursor or changes the direction of writing becomes
/// a replacement character, and so does a mark with nothing to stand on.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| plain_width(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let shown = |grapheme: &str| {
        grapheme.chars().all(|c| is_printable(c) && !is_unsteady(c))
            && grapheme_width(grapheme) > 0
            && grapheme.chars().nth(MOST_IN_GRAPHEME).is_none()
            && is_steady(grapheme)
    };
    if text.graphemes(true).all(shown) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        if shown(grapheme) {
            out.push_str(grapheme);
        } else if grapheme.chars().all(is_printable) {
            out.push_str(&steady_part(grapheme));
        } else {
            out.push_str(REPLACEMENT);
        }
    }
    Cow::Owned(out)
}

/// The beginning of a grapheme that takes up the same cells everywhere.
fn steady_part(grapheme: &str) -> String {
    let mut part = String::new();
    for c in grapheme.chars().filter(|&c| !is_unsteady(c)).take(MOST_IN_GRAPHEME) {
        part.push(c);
        if !is_steady(&part) {
            part.pop();
            break;
        }
    }
    if grapheme_width(&part) > 0 { part } else { REPLACEMENT.to_owned() }
}

/// Whether a character is invisible, or changes how wide another one is, without being a formatting character: variation selectors and
/// Hangul fillers (Unicode's `Default_Ignorable_Code_Point` beyond Cf). Terminals do not agree on its cells.
const fn is_unsteady(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a grapheme takes up as many cells as its characters do one by one, which is how many terminals count: an emoji with a
/// colour of skin does not.
fn is_steady(grapheme: &str) -> bool {
    grapheme.chars().map(|c| grapheme_width(c.encode_utf8(&mut [0; 4]))).sum::<usize>() == grapheme_width(grapheme)
}

/// A number from the server as it may be shown: a canonical number has digits, a sign and a point, nothing else.
#[must_use]
pub fn printable_number(number: &str) -> Cow<'_, str> {
    let canonical = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    if number.bytes().all(canonical) {
        return Cow::Borrowed(number);
    }
    Cow::Owned(number.chars().map(|c| if c.is_ascii_digit() || matches!(c, '-' | '.') { c } else { '?' }).collect())
}

/// How many digits a number in canonical form has.
#[must_use]
pub fn digits(number: &str) -> usize {
    number.len() - usize::from(number.starts_with('-')) - usize::from(number.contains('.'))
}

/// A count with its thousands parted by commas.
///
/// ```
/// assert_eq!(squares::text::grouped(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn grouped(count: usize) -> String {
    let plain = count.to_string();
    let mut out = String::with_capacity(plain.len() + plain.len() / 3);
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hangul_takes_two_cells_however_it_is_composed() {
        for (text, cells) in [("", 0), ("abc", 3), ("가람", 4), ("\u{1100}\u{1161}", 2), ("12²", 3), ("a\u{301}", 1)]
        {
            assert_eq!(width(text), cells, "{text:?}");
        }
    }

    #[test]
    fn plain_characters_are_as_wide_as_the_screen_buffer_takes_them() {
        for character in (' '..='힣').filter(|&c| plain_width(c).is_some()) {
            let grapheme = character.to_string();
            assert_eq!(plain_width(character).map(usize::from), Some(grapheme_width(&grapheme)), "{character:?}");
        }
    }

    #[test]
    fn a_cut_never_leaves_half_a_glyph() {
        assert_eq!(head("가나다", 5), "가나");
        assert_eq!(tail("가나다", 5), "나다");
        assert_eq!(cut("가나다", 5, "…"), "가나…");
        assert_eq!(cut("가나다", 6, "…"), "가나다");
        assert_eq!(column("가나다", 6, "…"), "가나다");
        assert_eq!(column("가나다라", 6, "…"), "가나… ");
        assert_eq!(column("가", 5, "…"), "가   ");
        assert_eq!(cut("가나다", 1, "…"), "");
    }

    #[test]
    fn a_long_number_keeps_both_ends() {
        assert_eq!(shorten("1234567890", 10, "…"), "1234567890");
        assert_eq!(shorten("1234567890", 7, "…"), "123…890");
        assert_eq!(shorten("1234567890", 6, "…"), "123…90");
        assert_eq!(shorten("1234567890", 7, "..."), "12...90");
        assert_eq!(shorten("1234567890", 2, "…"), "1…");
        assert_eq!(shorten("1234567890", 0, "…"), "");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_between_graphemes() {
        let check = |text: &str, cells: usize, lines: &[&str]| assert_eq!(wrap(text, cells), lines, "{text:?} {cells}");
        check("one two three", 7, &["one two", "three"]);
        check("one two three", 3, &["one", "two", "thr", "ee"]);
        check("가나다라", 5, &["가나", "다라"]);
        check("가", 1, &[]);
        check("", 5, &[]);
        check("a", 0, &[]);
    }

    #[test]
    fn nothing_invisible_is_shown() {
        assert_eq!(printable("가람 Kim"), "가람 Kim");
        assert_eq!(printable("a\x1b[31m"), "a\u{FFFD}[31m");
        assert_eq!(printable("\u{202e}x\u{200b}"), "\u{FFFD}x\u{FFFD}");
        assert_eq!(printable("\u{301}"), "\u{FFFD}");
        assert_eq!(printable(&format!("a{}", "\u{301}".repeat(50))), format!("a{}", "\u{301}".repeat(5)));
        // What terminals count differently would shift what stands behind it.
        for (text, shown) in [
            ("\u{2764}\u{fe0f}a", "\u{2764}a"),
            ("1\u{fe0f}\u{20e3}", "1\u{20e3}"),
            ("\u{1f44d}\u{1f3fd}a", "\u{1f44d}a"),
            ("\u{1f1f0}\u{1f1f7}", "\u{1f1f0}\u{1f1f7}"),
            ("가\u{e0100}", "가"),
            ("\u{3164}", "\u{FFFD}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{1112}\u{1161}\u{11ab}"),
            ("\u{e01}\u{e33}", "\u{e01}\u{e33}"),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
        assert_eq!(printable_number("-1.5"), "-1.5");
        assert_eq!(printable_number("1\x1b가"), "1??");
    }

    #[test]
    fn digits_are_counted_without_sign_and_point() {
        assert_eq!((digits("-12.5"), digits("0"), digits("0.05")), (3, 1, 3));
    }
}
