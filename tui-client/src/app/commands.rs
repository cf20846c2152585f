//! The command line: which command a text is, also where it was typed with the keyboard still in Hangul mode; which one
//! was perhaps meant where it is none; and what a text may be completed to. Everything it knows of commands is in
//! [`table`].

mod execute;
mod table;

pub(super) use execute::Completion;
pub(crate) use table::{Argument, COMMANDS, COPIED, CommandAction, CommandSpec, LANGS, THEMES};

use crate::keys::latin_keys;
use crate::nearest::nearest;

pub(crate) fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(['/', '／'])
}

pub(crate) fn leaves(text: &str) -> bool {
    is_command(text) && parse(text).is_ok_and(|(command, _)| command.action == CommandAction::Exit)
}

/// Reads a text that is meant as a command: which it is, and what stands behind its name.
///
/// # Errors
/// There is none of this name: the name, and the nearest there is.
pub(crate) fn parse(text: &str) -> Result<(&'static CommandSpec, String), (String, Option<&'static str>)> {
    let (name, argument) = parts(text);
    match named(name) {
        Some(command) => Ok((command, argument.unwrap_or_default().trim().to_owned())),
        None => Err((name.to_owned(), nearest_command(&keys(name)))),
    }
}

/// The commands that a text still being typed may become; with its name typed whole, that one. To a `guest` only those
/// are offered that a guest may use.
pub(crate) fn candidates(text: &str, guest: bool) -> Vec<&'static CommandSpec> {
    let (name, argument) = parts(text);
    let offered = |command: &&CommandSpec| !guest || command.is_for_guests();
    if argument.is_some() {
        return named(name).into_iter().filter(offered).collect();
    }
    let typed = keys(name);
    let begins = |command: &&CommandSpec| command.names().any(|name| keys(name).starts_with(&typed));
    let mut found: Vec<_> = COMMANDS.iter().filter(begins).filter(offered).collect();
    // Whose own name begins so comes before one that only goes by another name.
    found.sort_by_key(|command| !command.name.starts_with(&typed));
    found
}

/// Which of the words an argument is, by any of its spellings.
pub(crate) fn word(words: &[&'static [&'static str]], argument: &str) -> Option<&'static str> {
    let typed = keys(argument.trim());
    words
        .iter()
        .find(|spellings| spellings.iter().any(|spelling| keys(spelling) == typed))
        .map(|spellings| spellings[0])
}

/// What arguments are completed from.
#[derive(Debug, Default)]
pub(crate) struct CompletionSources<'k> {
    /// The names and ids that a student may be called by.
    pub(crate) people: Vec<&'k str>,
    /// What help may be asked about.
    pub(crate) help: &'k [String],
    /// As in [`candidates`].
    pub(crate) guest: bool,
}

/// What a text may be completed to, each as the whole line.
pub(crate) fn completions(text: &str, known: &CompletionSources<'_>) -> Vec<String> {
    let (name, argument) = parts(text);
    let Some(argument) = argument else {
        let line = |command: &&CommandSpec| {
            let space = if command.argument == Argument::Nothing { "" } else { " " };
            format!("/{}{space}", command.name)
        };
        return candidates(text, known.guest).iter().map(line).collect();
    };
    let Some(command) = named(name) else { return Vec::new() };
    let typed = argument.trim_start();
    let latin = keys(typed);
    let line = |word: &str| format!("/{} {word}", command.name);
    match command.argument {
        Argument::Nothing | Argument::Text => Vec::new(),
        Argument::Student => {
            let begins = |word: &&&str| keys(word).starts_with(&latin) || word.starts_with(typed);
            known.people.iter().filter(begins).map(|word| line(word)).collect()
        }
        Argument::Topic => {
            // A command may be asked about with its slash.
            let latin = latin.trim_start_matches(['/', '／']);
            known.help.iter().filter(|word| keys(word).starts_with(latin)).map(|word| line(word)).collect()
        }
        Argument::OneOf(words) => {
            let begins = |spellings: &&&[&str]| spellings.iter().any(|spelling| keys(spelling).starts_with(&latin));
            words.iter().filter(begins).map(|spellings| line(spellings[0])).collect()
        }
    }
}

/// The longest text that all of these begin with.
pub(crate) fn common_start(lines: &[String]) -> &str {
    let Some((first, others)) = lines.split_first() else { return "" };
    let shared = |other: &String| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let count = others.iter().map(shared).min().unwrap_or(usize::MAX);
    let end = first.char_indices().nth(count).map_or(first.len(), |(at, _)| at);
    &first[..end]
}

/// The name as it was typed, and what stands behind the space that ends it, if there is one.
fn parts(text: &str) -> (&str, Option<&str>) {
    let typed = text.trim_start().trim_start_matches(['/', '／']).trim_start();
    match typed.split_once(char::is_whitespace) {
        Some((name, argument)) => (name, Some(argument)),
        None => (typed, None),
    }
}

fn named(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS.iter().find(|command| is_name_of(command, name))
}

/// Whether this is a name of a command, whichever mode the keyboard was in.
pub(super) fn is_name_of(command: &CommandSpec, name: &str) -> bool {
    let typed = keys(name);
    command.names().any(|name| keys(name) == typed)
}

/// The keys that type a text, whichever mode the keyboard is in.
pub(super) fn keys(text: &str) -> String {
    latin_keys(text).to_lowercase()
}

/// The name nearest to what was typed, if one is near enough to have been meant.
fn nearest_command(typed: &str) -> Option<&'static str> {
    nearest(typed, COMMANDS.iter().flat_map(|command| command.names().map(|name| (keys(name), command.name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_in_either_keyboard_mode() {
        for (text, action, behind) in [
            ("/exit", CommandAction::Exit, ""),
            (" /EXIT now", CommandAction::Exit, "now"),
            ("／exit", CommandAction::Exit, ""),
            ("/quit", CommandAction::Exit, ""),
            ("/ㄷ턋", CommandAction::Exit, ""),
            ("/벼ㅑㅅ", CommandAction::Exit, ""),
            ("/나가기", CommandAction::Exit, ""),
            ("/help", CommandAction::Help, ""),
            ("/ㅗ디ㅔ", CommandAction::Help, ""),
            ("/ㅡㅑㅜㄷ", CommandAction::Mine, ""),
            ("/find 1 2", CommandAction::Find, "1 2"),
            ("/도움말", CommandAction::Help, ""),
            ("/lang  en ", CommandAction::Lang, "en"),
            ("/좨", CommandAction::Who, ""),
            ("/랴ㅜㅇ 12", CommandAction::Find, "12"),
            ("/촘ㄳ", CommandAction::Chart, ""),
            ("/채ㅔㅛ", CommandAction::Copy, ""),
            ("/ㄷ테ㅐㄳ 결과.csv", CommandAction::Export, "결과.csv"),
            ("/소듣 밝게", CommandAction::Theme, "밝게"),
            ("/ㅣ무ㅎ", CommandAction::Lang, ""),
        ] {
            let (command, argument) = parse(text).unwrap();
            assert_eq!((command.action, &*argument), (action, behind), "{text}");
        }
    }

    #[test]
    fn another_name_is_answered_with_the_nearest() {
        for (text, name, near) in [
            ("/exti", "exti", Some("exit")),
            ("/hlep", "hlep", Some("help")),
            ("/ㄷ턋ㅁ", "ㄷ턋ㅁ", Some("exit")),
            ("/나가지", "나가지", Some("exit")),
            ("/nope", "nope", None),
            ("/mode", "mode", None),
            ("/exprot", "exprot", Some("export")),
            ("/sample", "sample", None),
            ("/x", "x", None),
            ("/", "", None),
            ("/ /", "/", None),
        ] {
            assert_eq!(parse(text), Err((name.into(), near)), "{text}");
        }
    }

    #[test]
    fn a_command_being_typed_has_candidates() {
        let names = |text: &str| candidates(text, false).iter().map(|command| command.name).collect::<Vec<_>>();
        assert_eq!(names("/").len(), COMMANDS.len());
        assert_eq!(names("/ㅗ"), ["help"]);
        assert_eq!(names("/도"), ["help"]);
        assert_eq!(names("/lang e"), ["lang"]);
        assert_eq!(names("/zz"), [""; 0]);
        assert!(candidates("/", true).iter().all(|command| command.action != CommandAction::Export));
        let guest = CompletionSources { guest: true, ..CompletionSources::default() };
        assert!(candidates("/export a.csv", true).is_empty() && completions("/ex", &guest) == ["/exit"]);
    }

    #[test]
    fn a_command_and_its_argument_are_completed() {
        let check =
            |text: &str, lines: &[&str]| assert_eq!(completions(text, &CompletionSources::default()), lines, "{text}");
        check("/he", &["/help "]);
        check("/ㅣㅁㅜ", &["/lang "]);
        check("/lang ", &["/lang ko", "/lang en"]);
        check("/lang e", &["/lang en"]);
        check("/lang 한", &["/lang ko"]);
        check("/lang x", &[]);
        check("/exit ", &[]);
        check("/zz", &[]);
        let people = ["s1", "20260001", "가람", "s2"];
        let help = ["chart", "copy", "results"].map(str::to_owned);
        let known = CompletionSources { people: people.to_vec(), help: &help, guest: false };
        let who = |text: &str, lines: &[&str]| assert_eq!(completions(text, &known), lines, "{text}");
        who("/help c", &["/help chart", "/help copy"]);
        who("/help /ch", &["/help chart"]);
        who("/도움말 ㄱㄷ", &["/help results"]);
        who("/who s", &["/who s1", "/who s2"]);
        who("/who 가", &["/who 가람"]);
        who("/who rk", &["/who 가람"]);
        who("/who 2", &["/who 20260001"]);
        assert_eq!(common_start(&["/export ".into(), "/exit".into()]), "/ex");
        assert_eq!(common_start(&["/가나".into(), "/가다".into()]), "/가");
        assert_eq!(common_start(&[]), "");
    }
}
