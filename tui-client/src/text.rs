//! Measures, cuts, shortens, pads and wraps text in terminal cells, and makes text from others safe to show. The app
//! calls it where text enters, the view where text is laid out.

use std::borrow::Cow;
use std::fmt::Display;

use squares_shared::student::{MAX_MARKS, is_mark, is_printable, is_visible};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::digits;

/// Replaces a character that cannot be shown.
const REPLACEMENT: char = '\u{FFFD}';

/// The half-width voiced and semi-voiced sound marks.
const HALF_WIDTH_MARKS: [char; 2] = ['\u{ff9e}', '\u{ff9f}'];

/// The most characters of one grapheme that reach the screen: enough for every script, too few to pile marks over
/// the neighbouring lines.
const MAX_IN_GRAPHEME: usize = 6;

/// The cells of a character that is always a grapheme of its own: ASCII, a Hangul syllable, or a glyph of the theme.
/// Nearly all text here is made of these, and finding the graphemes of any other costs ten times as much.
#[must_use]
pub fn plain_width(character: char) -> Option<u16> {
    match character {
        ' '..='~' | '▁'..='█' => Some(1),
        '²' | '…' | '×' | '·' | '≈' | '●' | '━' | '╸' => Some(1),
        '─' | '│' | '┬' | '┴' | '→' | '↓' | '↑' | '←' => Some(1),
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

/// The cells of one grapheme. A control character has none: the screen buffer leaves it out. The half-width sound marks
/// of Japanese have one each, as terminals and the screen buffer count them; Unicode says none.
#[must_use]
pub fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        return 0;
    }
    grapheme.width() + grapheme.chars().filter(|c| HALF_WIDTH_MARKS.contains(c)).count()
}

/// The longest beginning of a text that fits into `cells`.
#[must_use]
pub fn head(text: &str, cells: usize) -> &str {
    // Of a long number, only what is shown is read.
    if text.as_bytes().iter().take(cells.saturating_add(1)).all(|byte| matches!(byte, b' '..=b'~')) {
        return &text[..cells.min(text.len())];
    }
    &text[..fitting(text.graphemes(true), cells)]
}

/// The longest end of a text that fits into `cells`.
#[must_use]
pub fn tail(text: &str, cells: usize) -> &str {
    if text.as_bytes().iter().rev().take(cells.saturating_add(1)).all(|byte| matches!(byte, b' '..=b'~')) {
        return &text[text.len() - cells.min(text.len())..];
    }
    &text[text.len() - fitting(text.graphemes(true).rev(), cells)..]
}

/// How many bytes of these graphemes fit into `cells`.
fn fitting<'a>(graphemes: impl Iterator<Item = &'a str>, cells: usize) -> usize {
    let mut used = 0;
    let fit = graphemes.take_while(|grapheme| {
        used += grapheme_width(grapheme);
        used <= cells
    });
    fit.map(str::len).sum()
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

/// Text of others as it may be shown. What moves the cursor becomes a replacement character. What cannot be seen is
/// left out, and so is what is too much: marks piled on one character, a mark with nothing to stand on, and what
/// terminals count differently.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| plain_width(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        append_shown(&mut out, grapheme);
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// A name as it may be shown; the id where nothing of the name is.
#[must_use]
pub fn name_or_id<'a>(name: &'a str, id: &'a str) -> Cow<'a, str> {
    let shown = printable(name);
    if shown.trim().is_empty() { printable(id) } else { shown }
}

/// A name, already printable, as it may begin a line such as `name: 12² = 144`. One that has more in it than names
/// have, and could imitate the rest of such a line, stands in quotation marks, which nothing in it can close.
#[must_use]
pub fn name_in_line(name: &str) -> Cow<'_, str> {
    let usual = |c: char| {
        (c.is_alphabetic() && !matches!(c, '\u{2d0}' | '\u{2d1}'))
            || c.is_ascii_digit()
            || is_mark(c)
            || matches!(c, ' ' | '-' | '_' | '.' | ',' | '·' | '\'' | '’' | '(' | ')')
    };
    let spaced = name.starts_with(' ') || name.ends_with(' ') || name.contains("  ");
    if !name.is_empty() && !spaced && name.chars().all(usual) {
        return Cow::Borrowed(name);
    }
    let closes = |c: char| {
        matches!(
            c,
            '"' | '“' | '”' | '„' | '‟' | '″' | '＂' | '〃' | '〝' | '〞' | '〟' | '\u{2ba}' | '\u{2dd}' | '\u{2ee}'
        )
    };
    Cow::Owned(format!("\"{}\"", name.replace(closes, "'")))
}

/// Appends what is shown of a grapheme: what takes up the same cells everywhere.
fn append_shown(out: &mut String, grapheme: &str) {
    let start = out.len();
    let mut marks = 0;
    for c in grapheme.chars().filter(|&c| !is_ignorable(c)).take(MAX_IN_GRAPHEME) {
        marks += usize::from(is_mark(c));
        if !is_printable(c) {
            out.push(REPLACEMENT);
        } else if marks <= MAX_MARKS || !is_mark(c) {
            out.push(c);
            if !is_steady(&out[start..]) {
                out.pop();
            }
        }
    }
    if grapheme_width(&out[start..]) == 0 {
        out.truncate(start);
    }
}

/// Whether a character is meant to show nothing itself: Unicode's `Default_Ignorable_Code_Point` (joiners, marks of
/// direction, variation selectors, Hangul fillers), and what else leaves nothing to see.
fn is_ignorable(c: char) -> bool {
    // Of the formatting characters, those that are not ignorable stand for something that should have been drawn.
    let formatting = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    formatting || (is_printable(c) && !is_visible(c))
}

/// Whether a grapheme takes up as many cells as its characters do one by one, which is how many terminals count: an
/// emoji with a colour of skin does not.
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
pub fn grouped(count: impl Display) -> String {
    digits::grouped(&count.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::CellWidth;

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

    /// What is laid out by other widths than the screen buffer's would be drawn in other columns.
    #[test]
    fn every_character_is_as_wide_as_the_screen_buffer_takes_it() {
        for character in ('\0'..=char::MAX).filter(|c| !c.is_control()) {
            let grapheme = character.to_string();
            assert_eq!(grapheme_width(&grapheme), usize::from(grapheme.cell_width()), "{character:?}");
            let differs = grapheme.width() != grapheme_width(&grapheme);
            assert_eq!(differs, HALF_WIDTH_MARKS.contains(&character), "Unicode counts {character:?} otherwise");
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
        for (text, shown) in [
            ("가람 Kim", "가람 Kim"),
            ("a\x1b[31m", "a\u{FFFD}[31m"),
            ("a\u{2028}b\u{9b}\u{600}1", "a\u{FFFD}b\u{FFFD}\u{FFFD}1"),
            ("\u{202e}x\u{200b}y\u{ad}\u{feff}", "xy"),
            // What terminals count differently would shift what stands behind it.
            ("\u{2764}\u{fe0f}a", "\u{2764}a"),
            ("1\u{fe0f}\u{20e3}", "1\u{20e3}"),
            ("\u{1f44d}\u{1f3fd}a", "\u{1f44d}a"),
            ("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{1f4bb}"),
            ("\u{1f1f0}\u{1f1f7}", "\u{1f1f0}\u{1f1f7}"),
            ("가\u{e0100}", "가"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{1112}\u{1161}\u{11ab}"),
            ("\u{e01}\u{e33}", "\u{e01}\u{e33}"),
            ("\u{301}", ""),
            ("가\u{200b}\u{301}람", "가람"),
            ("\u{2800}\u{301}\u{301}", ""),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
        let ignorable = "\u{34f}\u{fe0f}\u{17b4}\u{17b5}\u{180b}\u{180c}\u{180d}\u{180e}\u{180f}\u{3164}\u{115f}\u{1160}\u{ffa0}\u{2800}\u{2065}\u{fff0}\u{e0001}\u{e0fff}\u{2066}";
        for c in ignorable.chars() {
            assert_eq!(printable(&format!("가{c}람{c}")), "가람", "{c:?}");
            assert_eq!(name_or_id(&format!("{c} {c}"), "s1"), "s1", "{c:?}");
        }
        for most in 0..=50 {
            let piled = format!("a{}b", "\u{301}\u{323}".repeat(most));
            let marks = printable(&piled).chars().filter(|c| is_mark(*c)).count();
            assert_eq!(marks, (2 * most).min(MAX_MARKS), "{piled:?}");
        }
        for name in ["가람", "Ada Lovelace", "O'Brien, J. (1)", "s-1_x", "홍길동·2반", "é\u{301}", "न\u{93e}म"]
        {
            assert_eq!(name_in_line(name), name);
        }
        for (name, quoted) in [
            ("가람: 12² = 144", "\"가람: 12² = 144\""),
            ("가람： 12", "\"가람： 12\""),
            ("a\": 1² = 1", "\"a': 1² = 1\""),
            ("a”: 1", "\"a': 1\""),
            ("1²", "\"1²\""),
            ("aː", "\"aː\""),
            ("a  b", "\"a  b\""),
            ("", "\"\""),
        ] {
            assert_eq!(name_in_line(name), quoted);
        }
        assert_eq!(printable_number("-1.5"), "-1.5");
        assert_eq!(printable_number("1\x1b가"), "1??");
    }

    #[test]
    fn digits_are_counted_without_sign_and_point() {
        assert_eq!((digits("-12.5"), digits("0"), digits("0.05")), (3, 1, 3));
    }
}
