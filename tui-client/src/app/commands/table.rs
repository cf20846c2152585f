//! Every command there is, once: its names, what it takes, what it does, and its help in both languages. The parser,
//! Tab completion, the line of help below the input, the help screen and the guess at a typo all read this table;
//! `execute` does what an action says. A command is listed here only once it does something.
//!
//! To add one, write a row into `commands!` below, and an arm for its action into `act` (`execute.rs`), which the
//! compiler asks for; what it says goes into `strings/table.rs`. The pictures of help change, and a row of the tables
//! in both READMEs: nothing else lists commands.

use crate::lang::{Both, both};

/// What stands behind a command's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Nothing; where something stands there, the command is not executed.
    Nothing,
    /// A student, by id or name, or none.
    Student,
    /// A word that help is to be opened at, or none.
    Topic,
    Text,
    /// One of these words; each has its other spellings behind it.
    OneOf(&'static [&'static [&'static str]]),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandSpec {
    pub(crate) action: CommandAction,
    /// The name that is shown and completed.
    pub(crate) name: &'static str,
    /// Other names. Those typed in Hangul mode need not be listed: the parser goes by the keys pressed.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) argument: Argument,
    /// How it is written, with its slash and what it takes.
    pub(crate) usage: Both,
    /// What it does, in a few words.
    pub(crate) help: Both,
}

impl CommandSpec {
    /// Whether it is there for a guest too, who writes no file.
    pub(crate) const fn is_for_guests(&self) -> bool {
        !matches!(self.action, CommandAction::Export)
    }

    /// Every name it is known by, the one that is shown first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The languages, as `/lang` takes them.
pub(crate) const LANGS: &[&[&str]] = &[&["ko", "한국어", "korean"], &["en", "영어", "english"]];

/// The themes, as `/theme` takes them.
pub(crate) const THEMES: &[&[&str]] = &[
    &["auto", "자동"],
    &["dark", "어둡게", "어두운"],
    &["light", "밝게", "밝은"],
    &["contrast", "고대비"],
    &["mono", "흑백"],
];

/// What `/copy` copies.
pub(crate) const COPIED: &[&[&str]] = &[&["square", "제곱"], &["number", "수", "밑"]];

/// Makes [`CommandAction`] and [`COMMANDS`] of rows: an action, its command's name and other names, what it takes, how
/// it is written, and what it does, both in Korean and in English.
macro_rules! commands {
    ($($action:ident $name:literal [$($alias:literal),*], $argument:expr, $usage_ko:literal, $usage_en:literal:
        $help_ko:literal, $help_en:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum CommandAction {
            $(#[doc = $help_en] $action,)*
        }

        /// Every command, in the order in which help lists them.
        pub(crate) static COMMANDS: &[CommandSpec] = &[$(CommandSpec {
            action: CommandAction::$action,
            name: $name,
            aliases: &[$($alias),*],
            argument: $argument,
            usage: both($usage_ko, $usage_en),
            help: both($help_ko, $help_en),
        },)*];
    };
}

use Argument::{Nothing, OneOf, Student, Text, Topic};

commands! {
    Help "help" ["h", "도움말", "도움"], Topic, "/help [낱말]", "/help [WORD]":
        "키와 명령 도움말, 또는 그 낱말의 자리", "keys and commands, or what is said of a word";
    Mine "mine" ["me", "내것", "나"], Nothing, "/mine", "/mine":
        "내 결과만 보기, 한 번 더 쓰면 모두", "only my results; again: everybody's";
    Who "who" ["online", "접속", "누구"], Student, "/who [학번]", "/who [STUDENT]":
        "접속한 사람, 또는 그 학생의 결과만", "who is online, or only that student's results";
    Join "join" ["invite", "초대", "참가"], Nothing, "/join", "/join":
        "다른 사람이 들어오는 방법", "how others join";
    Find "find" ["search", "찾기"], Text, "/find 글자", "/find TEXT":
        "수, 제곱, 이름에서 찾기", "find in numbers, squares and names";
    Chart "chart" ["graph", "plot", "그래프"], Nothing, "/chart", "/chart":
        "결과를 그래프로 보기", "the results as a chart";
    Copy "copy" ["복사"], OneOf(COPIED), "/copy [제곱|수]", "/copy [square|number]":
        "고른 결과나 내 최신 결과 복사", "copy the selected result, or my newest";
    Read "read" ["digits", "읽기"], Nothing, "/read", "/read":
        "고른 결과나 마지막 결과의 모든 자릿수", "all digits of the selected result, or of the last";
    Export "export" ["save", "내보내기", "저장"], Text, "/export 파일", "/export FILE":
        "보이는 결과를 파일로 (.csv, .jsonl)", "the results shown into a file (.csv, .jsonl)";
    Theme "theme" ["colors", "colours", "테마", "색"], OneOf(THEMES),
        "/theme auto|dark|light|contrast|mono", "/theme auto|dark|light|contrast|mono":
        "색 바꾸기", "other colours";
    Lang "lang" ["language", "언어"], OneOf(LANGS), "/lang ko|en", "/lang ko|en":
        "한국어, 영어 바꾸기", "Korean or English";
    Exit "exit" ["quit", "q", "bye", "나가기", "종료"], Nothing, "/exit", "/exit":
        "나가기", "leave";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::lang::Lang;

    #[test]
    fn no_name_stands_for_two_commands_and_usage_begins_with_the_name() {
        let mut seen = HashSet::new();
        for command in COMMANDS {
            for name in command.names() {
                assert!(seen.insert(name), "/{name} stands twice");
                assert!(!name.contains(char::is_whitespace) && name == name.to_lowercase(), "{name}");
            }
            for lang in [Lang::Ko, Lang::En] {
                let usage = command.usage.of(lang);
                assert_eq!(usage.split(' ').next(), Some(&*format!("/{}", command.name)), "{usage}");
                assert!(!command.help.of(lang).is_empty());
            }
        }
    }
}
