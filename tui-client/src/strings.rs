//! Every sentence the client says, in Korean and in English. A language is one table ([`Strings`]), so that a sentence
//! missing in one of them does not compile. Sentences avoid glyphs of ambiguous width; those are the theme's.

mod en;
mod ko;

use std::io;

use squares_shared::message::ErrorMessage;
use squares_shared::number::Fault;
use squares_shared::student::StudentError;

use crate::event::Lost;
use crate::keys::{Hint, Section};
use crate::lang::Lang;
use crate::text;
use crate::theme::Choice;

/// A heading of help, with what is no key of the keymap: what is pressed, and what it does.
pub type HelpSection = (Section, &'static str, &'static [(&'static str, &'static str)]);

/// What the client says in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "each sentence is best read in its language, in ko.rs and en.rs")]
pub struct Strings {
    pub lang: Lang,

    // The program.
    pub program: &'static str,
    pub tagline: &'static str,
    pub too_small: fn(u16, u16) -> String,
    pub too_small_short: fn(u16, u16) -> String,

    // The connection.
    pub connecting: &'static str,
    pub connected: &'static str,
    pub joined: &'static str,
    pub joining: &'static str,
    pub hosting: &'static str,
    pub host: &'static str,
    /// Somebody else hosted before, with a ledger of their own; where the one is that is shown now.
    pub hosts_own_ledger: fn(Option<&str>) -> String,
    /// Another ledger answers at this address than before.
    pub other_ledger: fn(&str) -> String,
    /// Another ledger than the user's own, which has results in this folder, is shown from the start.
    pub own_results_elsewhere: fn(&str) -> String,
    pub lost: fn(&Lost) -> String,
    /// Why no room can be opened here, and what to do about it.
    pub cannot_host: fn(&Lost) -> Option<String>,
    pub lost_short: &'static str,
    pub retry_in: fn(u64) -> String,
    pub retry_in_short: fn(u64) -> String,
    pub retrying: &'static str,
    /// By which key, or Enter.
    pub retry_by_key: fn(&str) -> String,
    pub waiting: fn(usize) -> String,
    pub waiting_short: fn(usize) -> String,
    pub online: fn(usize) -> String,
    pub online_unknown: &'static str,
    pub sent_again_in: fn(u64) -> String,

    // The join screen.
    pub student: &'static str,
    pub name: &'static str,
    pub server: &'static str,
    pub student_empty: &'static str,
    pub name_optional: &'static str,
    pub this_machine: &'static str,
    pub choose_server: &'static str,
    pub no_address: &'static str,
    pub pin: &'static str,
    pub pin_empty: &'static str,
    pub first_seen: fn(&str, &str) -> String,
    /// The same, before a PIN is given.
    pub first_seen_pin: fn(&str, &str) -> String,
    /// In the place of a PIN that is known already.
    pub pin_given: &'static str,
    pub pin_held_up: fn(u64) -> String,
    pub student_error: fn(StudentError) -> String,
    pub join_keys: &'static [(Hint, &'static str)],

    // The feed.
    pub no_results: &'static [&'static str],
    pub loading: &'static str,
    pub beginning: &'static str,
    pub more_above: &'static str,
    pub cut: &'static str,
    pub more_waiting: fn(&str) -> String,
    pub new_below: fn(&str) -> String,
    pub scrolled_up: &'static str,
    /// The same in linear mode.
    pub back_to_newest: &'static str,
    pub digits: fn(&str) -> String,
    pub more_online: fn(&str) -> String,
    pub me: &'static str,

    /// Where somebody stopped reading.
    pub divider: &'static str,
    pub only_mine: &'static str,
    pub only_student: fn(&str) -> String,
    pub found: fn(&str, &str) -> String,
    /// How many results a search has looked through, and the date that it has come back to.
    pub searched: fn(&str) -> String,
    pub searching: &'static str,
    pub search_stopped: &'static str,
    pub show_all: &'static str,
    /// In linear mode, where no filter is left.
    pub everybody: &'static str,
    /// In linear mode, how many results were not said, and the key that goes back to them, where one does.
    pub passed_over: fn(&str, Option<&str>) -> String,
    pub stop_search: &'static str,
    pub nothing_here: &'static str,
    pub nobody_named: fn(&str) -> String,
    /// What was typed, and who may be meant.
    pub several_named: fn(&str, &str) -> String,
    /// Help or a result in full goes on below what is in sight.
    pub more_below: &'static str,
    /// The key that selects, where there is one.
    pub select_first: fn(Option<&str>) -> String,
    pub find_first: &'static str,

    // Copying: whether it is the square, the value shortened, its digits.
    pub copied: fn(bool, &str, &str) -> String,
    /// What follows the first time in tmux.
    pub copied_in_tmux: &'static str,
    pub nothing_to_copy: &'static str,
    /// The terminal knows no sequences.
    pub cannot_copy: &'static str,

    /// What `TZ` says, which is the name of no time zone.
    pub unknown_time_zone: fn(&str) -> String,
    /// The settings file that cannot be read, and why.
    pub unread_settings: fn(&str, &str) -> String,

    // Export.
    /// In linear mode: how many results at the most, and the file.
    pub export_begins: fn(&str, &str) -> String,
    pub exporting: fn(u64, &str) -> String,
    pub stop_export: &'static str,
    pub export_busy: &'static str,
    pub export_usage: &'static str,
    pub export_stopped: &'static str,
    pub export_other_ledger: &'static str,
    pub export_incomplete: &'static str,
    pub export_failed: fn(&str, &str) -> String,
    /// A usual error of the system.
    pub system: fn(io::ErrorKind) -> Option<&'static str>,
    pub export_exists: fn(&str) -> String,
    pub exported: fn(&str, &str) -> String,

    // The chart.
    /// How many results, and whether those are all there are; otherwise they are the newest.
    pub chart_of: fn(&str, bool) -> String,
    pub chart_powers: &'static str,
    pub chart_all_seen: &'static str,
    /// The scale to change to, where that is not the one by powers.
    pub chart_even: &'static str,
    pub chart_others: &'static str,
    pub per_minute: fn(&str) -> String,
    /// How many were counted, and whether those are all.
    pub who_squared: fn(&str, bool) -> String,
    pub chart_keys: &'static [(Hint, &'static str)],
    pub chart_keys_small: &'static [(Hint, &'static str)],

    // A result in full.
    pub number: &'static str,
    pub square: &'static str,
    pub detail_keys: &'static [(Hint, &'static str)],

    // The input.
    pub placeholder: &'static str,
    pub placeholder_short: &'static str,
    pub fault: fn(Fault) -> String,
    pub too_many_digits: fn(&str) -> String,
    pub error: fn(&ErrorMessage) -> String,
    pub too_long: &'static str,
    /// The number, and how many wait.
    pub not_queued: fn(&str, &str) -> String,
    /// Which folder cannot be written to, where there is one, and why.
    pub unkept: fn(Option<&str>, &str) -> String,
    /// How many lines are numbers, and how many are not.
    pub paste_question: fn(usize, usize) -> String,
    /// The same in fewer words.
    pub paste_question_short: fn(usize, usize) -> String,
    pub pasted_too_many: fn(&str) -> String,
    pub paste_keys: &'static [(Hint, &'static str)],
    pub paste_keys_none: &'static [(Hint, &'static str)],
    /// Nothing is squared before a server has answered.
    pub wait_for_server: &'static str,
    /// What was entered is the PIN.
    pub pin_withheld: &'static str,
    pub draft_is_back: &'static str,
    pub history_search: &'static str,
    pub history_none: &'static str,
    pub history_last: &'static str,
    pub history_keys: &'static [(Hint, &'static str)],
    pub unknown_command: fn(&str, Option<&str>) -> String,
    pub unknown_copy: &'static str,
    /// This command takes nothing behind its name.
    pub no_argument: fn(&str) -> String,
    pub unknown_language: &'static str,
    pub language_chosen: &'static str,
    pub unknown_theme: &'static str,
    pub theme_chosen: fn(Choice) -> String,

    // Leaving.
    /// The chart has no other scale for what it shows.
    pub only_powers: &'static str,

    pub press_again: &'static str,
    pub host_leaves: fn(usize) -> String,
    pub host_leaves_again: fn(usize) -> String,
    /// The host presses this key, which stops the program, with so many others online.
    pub host_stops: fn(usize, &str) -> String,

    // Help and the footer.
    pub help_title: &'static str,
    /// The headings, each with what is no key of the keymap.
    pub help: &'static [HelpSection],
    pub help_commands: &'static str,
    /// What is to be filled in on the join screen, and its keys, with their heading.
    pub help_joining: (&'static str, &'static [(&'static str, &'static str)]),
    pub help_keys: &'static [(Hint, &'static str)],
    pub footer: &'static [(Hint, &'static str)],
    /// Without a connection.
    pub footer_lost: &'static [(Hint, &'static str)],
    pub footer_scrolled: &'static [(Hint, &'static str)],
    pub footer_filtered: &'static [(Hint, &'static str)],
    /// Where nothing is let through, while it is searched for and after that.
    pub footer_none_yet: &'static [(Hint, &'static str)],
    pub footer_none: &'static [(Hint, &'static str)],
    pub footer_found: &'static [(Hint, &'static str)],
    pub online_keys: &'static [(Hint, &'static str)],
    pub footer_selected: &'static [(Hint, &'static str)],
    pub footer_command: &'static [(Hint, &'static str)],
    pub footer_typing: &'static [(Hint, &'static str)],
}

impl Strings {
    /// What the client says in this language.
    #[must_use]
    pub const fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Ko => &ko::KO,
            Lang::En => &en::EN,
        }
    }
}

/// An error of the system in a language, where it is a usual one, by the number behind its words.
fn system_words(words: &str, system: fn(io::ErrorKind) -> Option<&'static str>) -> String {
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
        for (words, said) in [
            ("No space left on device (os error 28)", "디스크가 가득 찼습니다"),
            ("cannot keep it: Permission denied (os error 13)", "그곳에 쓸 권한이 없습니다"),
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
