//! Every sentence the client says, in Korean and in English. Each is one row of `table`, with both languages, so that a
//! sentence missing in one of them does not compile; why something did not work is in `reasons`. Sentences avoid glyphs
//! of ambiguous width; those are the theme's.

/// Makes [`Strings`] and both languages of it of rows: a name, what is to be said in Korean, and in English. Behind the
/// name may stand what the words depend on, `(count: usize)`; what kind of value it is, where that is no text; or keys
/// with what each does, `[(key, ko, en)]`.
macro_rules! sentences {
    ($(
        $(#[$about:meta])*
        $name:ident $(($($given:ident: $type:ty),+))? $(-> $said:ty)? $(: $value:ty)?
        $([$(($key:expr, $does_ko:literal, $does_en:literal)),+ $(,)?])? $(= $ko:expr, $en:expr)?;
    )*) => {
        /// What the client says in one language.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each sentence is best read in its language")]
        pub struct Strings {
            pub lang: Lang,
            $($(#[$about])* pub $name: kind!(
                $(($($type),+))? $(-> $said)? $(: $value)? $([$($does_ko),+])?
            ),)*
        }

        pub(super) static KO: Strings = Strings {
            lang: Lang::Ko,
            $($name: words!($(($($given: $type),+))? $([$(($key, $does_ko)),+])? $($ko)?),)*
        };

        pub(super) static EN: Strings = Strings {
            lang: Lang::En,
            $($name: words!($(($($given: $type),+))? $([$(($key, $does_en)),+])? $($en)?),)*
        };
    };
}

/// The type of a row.
macro_rules! kind {
    () => { &'static str };
    (: $value:ty) => { $value };
    ([$($does:literal),+]) => { &'static [(Hint, &'static str)] };
    (($($type:ty),+)) => { fn($($type),+) -> String };
    (($($type:ty),+) -> $said:ty) => { fn($($type),+) -> $said };
}

/// A row in one language.
macro_rules! words {
    (($($given:ident: $type:ty),+) $words:expr) => { |$($given: $type),+| $words };
    ([$(($key:expr, $does:expr)),+]) => { &[$(($key, $does)),+] };
    ($words:expr) => { $words };
}

mod help;
mod reasons;
mod table;

use std::io;

use crate::lang::Lang;
use crate::text;
pub(crate) use help::{HELP, HELP_COMMANDS, HELP_JOINING, HELP_JOINING_ROWS, HelpHeading, HelpRow};
pub use table::Strings;

impl Strings {
    /// What the client says in this language.
    #[must_use]
    pub const fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Ko => &table::KO,
            Lang::En => &table::EN,
        }
    }
}

/// An error of the system in a language, where it is a usual one, by the number behind its words.
fn system_words(words: &str, system: impl Fn(io::ErrorKind) -> Option<&'static str>) -> String {
    let number = words.rsplit_once("(os error ").and_then(|(_, number)| number.strip_suffix(')')?.parse().ok());
    let kind = number.map(|number| io::Error::from_raw_os_error(number).kind());
    kind.and_then(system).map_or_else(|| text::printable(words).into_owned(), str::to_owned)
}

/// Behind a word, where there is anything to say of it.
fn in_brackets(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" ({words})") }
}

/// A character as it may stand in a sentence; by its number where it cannot be seen by itself.
fn character(c: char) -> String {
    let mut buffer = [0; 4];
    let shown: &str = c.encode_utf8(&mut buffer);
    let blank = c.is_whitespace() || matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}');
    if text::printable(shown) == shown && !blank { format!("'{c}'") } else { format!("U+{:04X}", u32::from(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_said_in_the_language_of_the_screen() {
        // A full disk has another number on Windows.
        let (full, denied) = if cfg!(windows) { (112, 5) } else { (28, 13) };
        for (words, said) in [
            (&*format!("No space left on device (os error {full})"), "디스크가 가득 찼습니다"),
            (&*format!("cannot keep it: Permission denied (os error {denied})"), "그곳에 쓸 권한이 없습니다"),
            ("something unheard of", "something unheard of"),
            ("(os error 99999999999)", "(os error 99999999999)"),
        ] {
            assert_eq!(system_words(words, Strings::of(Lang::Ko).system), said);
        }
    }

    #[test]
    fn one_is_one() {
        let en = Strings::of(Lang::En);
        let said = [
            (en.digits)("1"),
            (en.passed_over)("1", None),
            (en.export_begins)("1", "a.csv"),
            (en.exported)("1", "a.csv"),
            (en.paste_question)(0, 1),
            (en.paste_question)(1, 1),
            (en.copied)(true, "1", "1"),
            (en.chart_of)("1", true),
            (en.host_leaves)(1),
            (en.host_leaves_again)(1),
            (en.host_stops)(1, "Ctrl-Z"),
        ];
        let many = ["digits", "results", "lines", "numbers", "others"];
        for sentence in &said {
            assert!(!many.iter().any(|many| sentence.contains(&format!("1 {many}"))), "{sentence}");
        }
    }
}
