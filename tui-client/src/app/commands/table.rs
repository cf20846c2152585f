//! Every command there is, once: its names, what it takes, what it does, and its help in both languages. The parser,
//! Tab completion, the line of help below the input, the help screen and the guess at a typo all read this table;
//! `execute` does what an action says. A command is listed here only once it does something.

use crate::lang::{Both, both};

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandAction {
    /// Leave.
    Exit,
    /// Show the keys and the commands.
    Help,
    /// Show only my results.
    Mine,
    /// Show who is online, or one student's results.
    Who,
    /// Show only results with a text in them.
    Find,
    /// Show the results as a picture.
    Chart,
    /// Copy the number or the square of a result.
    Copy,
    /// Write results to a file.
    Export,
    /// Show it in other colours.
    Theme,
    /// Speak another language.
    Lang,
}

/// What stands behind a command's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Nothing; where something stands there, the command is not executed.
    Nothing,
    /// A student, by id or name, or none.
    Student,
    /// Any text.
    Text,
    /// One of these words; each has its other spellings behind it.
    OneOf(&'static [&'static [&'static str]]),
}

/// A command.
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

/// Every command, in the order in which help lists them.
pub(crate) static COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        action: CommandAction::Help,
        name: "help",
        aliases: &["h", "도움말", "도움"],
        argument: Argument::Nothing,
        usage: both("/help", "/help"),
        help: both("키와 명령 도움말", "keys and commands"),
    },
    CommandSpec {
        action: CommandAction::Mine,
        name: "mine",
        aliases: &["me", "내것", "나"],
        argument: Argument::Nothing,
        usage: both("/mine", "/mine"),
        help: both("내 결과만 보기, 한 번 더 쓰면 모두", "only my results; again: everybody's"),
    },
    CommandSpec {
        action: CommandAction::Who,
        name: "who",
        aliases: &["online", "접속", "누구"],
        argument: Argument::Student,
        usage: both("/who [학번]", "/who [STUDENT]"),
        help: both("접속한 사람, 또는 그 학생의 결과만", "who is online, or only that student's results"),
    },
    CommandSpec {
        action: CommandAction::Find,
        name: "find",
        aliases: &["search", "찾기"],
        argument: Argument::Text,
        usage: both("/find 글자", "/find TEXT"),
        help: both("수, 제곱, 이름에서 찾기", "find in numbers, squares and names"),
    },
    CommandSpec {
        action: CommandAction::Chart,
        name: "chart",
        aliases: &["graph", "plot", "그래프"],
        argument: Argument::Nothing,
        usage: both("/chart", "/chart"),
        help: both("결과를 그래프로 보기", "the results as a chart"),
    },
    CommandSpec {
        action: CommandAction::Copy,
        name: "copy",
        aliases: &["복사"],
        argument: Argument::OneOf(COPIED),
        usage: both("/copy [제곱|수]", "/copy [square|number]"),
        help: both("고른 결과나 내 최신 결과 복사", "copy the selected result, or my newest"),
    },
    CommandSpec {
        action: CommandAction::Export,
        name: "export",
        aliases: &["save", "내보내기", "저장"],
        argument: Argument::Text,
        usage: both("/export 파일", "/export FILE"),
        help: both("보이는 결과를 파일로 (.csv, .jsonl)", "the results shown into a file (.csv, .jsonl)"),
    },
    CommandSpec {
        action: CommandAction::Theme,
        name: "theme",
        aliases: &["colors", "colours", "테마", "색"],
        argument: Argument::OneOf(THEMES),
        usage: both("/theme auto|dark|light|contrast|mono", "/theme auto|dark|light|contrast|mono"),
        help: both("색 바꾸기", "other colours"),
    },
    CommandSpec {
        action: CommandAction::Lang,
        name: "lang",
        aliases: &["language", "언어"],
        argument: Argument::OneOf(LANGS),
        usage: both("/lang ko|en", "/lang ko|en"),
        help: both("한국어, 영어 바꾸기", "Korean or English"),
    },
    CommandSpec {
        action: CommandAction::Exit,
        name: "exit",
        aliases: &["quit", "q", "bye", "나가기", "종료"],
        argument: Argument::Nothing,
        usage: both("/exit", "/exit"),
        help: both("나가기", "leave"),
    },
];

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
