//! Every action that a key may have, once: its name in the settings file, its usual keys, where it counts, and its
//! help in both languages. The keymap, the help screen and the settings file read this table. There are no hotkeys of
//! bare letters: with the keyboard in Hangul mode they would be other characters.

use crate::lang::{Both, both};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says in words what each does")]
pub enum Action {
    HistoryEarlier,
    HistoryLater,
    HistoryOldest,
    HistoryNewest,
    HistorySearch,
    PageUp,
    PageDown,
    Oldest,
    Newest,
    SelectEarlier,
    SelectLater,
    CopyNumber,
    CopySquare,
    OnlyStudent,
    FindEarlier,
    FindLater,
    Chart,
    PanLeft,
    PanRight,
    CharLeft,
    CharRight,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    DeleteBack,
    DeleteForward,
    CutWordBack,
    CutPartBack,
    CutPartForward,
    CutToStart,
    CutToEnd,
    PutBack,
    PutBackEarlier,
    Swap,
    Undo,
    Online,
    ListUp,
    ListDown,
    Reconnect,
    Repaint,
    Suspend,
    Help,
    Leave,
}

/// Where a key has its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Wherever no narrower scope applies.
    Everywhere,
    /// While nothing is typed.
    EmptyLine,
    /// On the chart.
    Chart,
}

/// Under which heading of help an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as their headings are")]
pub enum Section {
    Squaring,
    Results,
    Editing,
    Room,
}

/// An action as the table has it.
#[derive(Debug)]
pub struct ActionInfo {
    /// Which.
    pub action: Action,
    /// Its name in the settings file.
    pub name: &'static str,
    /// The keys it usually has.
    pub keys: &'static [&'static str],
    pub(crate) scope: Scope,
    pub(crate) section: Section,
    pub(crate) help: Both,
}

impl Action {
    /// Its line in the table.
    #[must_use]
    pub fn entry(self) -> &'static ActionInfo {
        // The test below sees to it that every action stands at its own place.
        &ACTIONS[self as usize]
    }

    pub(crate) fn scope(self) -> Scope {
        self.entry().scope
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|entry| entry.name == name).map(|entry| entry.action)
    }
}

const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    section: Section,
    (ko, en): (&'static str, &'static str),
) -> ActionInfo {
    let scope = match action {
        Action::Leave => Scope::EmptyLine,
        Action::PanLeft | Action::PanRight => Scope::Chart,
        _ => Scope::Everywhere,
    };
    ActionInfo { action, name, keys, scope, section, help: both(ko, en) }
}

use Action as A;
use Section as S;

/// Every action, in the order in which help lists them.
pub static ACTIONS: &[ActionInfo] = &[
    entry(
        A::HistoryEarlier,
        "history-earlier",
        &["Up", "Ctrl-P"],
        S::Squaring,
        ("앞서 쓴 수", "what was entered before"),
    ),
    entry(
        A::HistoryLater,
        "history-later",
        &["Down", "Ctrl-N"],
        S::Squaring,
        ("나중에 쓴 수", "what was entered after it"),
    ),
    entry(A::HistoryOldest, "history-oldest", &["Alt-<"], S::Squaring, ("맨 먼저 쓴 수", "the first that was entered")),
    entry(A::HistoryNewest, "history-newest", &["Alt->"], S::Squaring, ("쓰던 줄로", "back to the line being typed")),
    entry(
        A::HistorySearch,
        "history-search",
        &["Ctrl-R"],
        S::Squaring,
        ("앞서 쓴 것에서 찾기", "search what was entered before"),
    ),
    entry(A::PageUp, "page-up", &["PgUp"], S::Results, ("위로, 휠로도", "scroll up; so does the wheel")),
    entry(A::PageDown, "page-down", &["PgDn"], S::Results, ("아래로", "scroll down")),
    entry(
        A::Oldest,
        "oldest",
        &["Ctrl-Home"],
        S::Results,
        ("맨 위 (입력이 비었으면 Home)", "oldest (Home on an empty line)"),
    ),
    entry(
        A::Newest,
        "newest",
        &["Ctrl-End"],
        S::Results,
        ("최신 (입력이 비었으면 End)", "newest (End on an empty line)"),
    ),
    entry(
        A::SelectEarlier,
        "select-earlier",
        &["Shift-Up", "Alt-Up", "Ctrl-Up"],
        S::Results,
        ("결과 고르기, 위로", "select a result, going up"),
    ),
    entry(
        A::SelectLater,
        "select-later",
        &["Shift-Down", "Alt-Down", "Ctrl-Down"],
        S::Results,
        ("결과 고르기, 아래로", "select a result, going down"),
    ),
    entry(A::CopyNumber, "copy-number", &["F7"], S::Results, ("수 복사", "copy the number")),
    entry(A::CopySquare, "copy-square", &["F8"], S::Results, ("제곱 복사", "copy the square")),
    entry(
        A::OnlyStudent,
        "only-student",
        &["F9"],
        S::Results,
        ("고른 결과의 학생만", "only the selected result's student"),
    ),
    entry(
        A::FindEarlier,
        "find-earlier",
        &["F3"],
        S::Results,
        ("찾은 것 가운데 이전", "the earlier one of those found"),
    ),
    entry(A::FindLater, "find-later", &["F4"], S::Results, ("찾은 것 가운데 다음", "the later one of those found")),
    entry(A::Chart, "chart", &["F6"], S::Results, ("그래프로 보기", "see them as a chart")),
    entry(
        A::PanLeft,
        "chart-left",
        &["Shift-Left", "Alt-Left", "Ctrl-Left"],
        S::Results,
        ("그래프에서 왼쪽으로", "on the chart: to the left"),
    ),
    entry(
        A::PanRight,
        "chart-right",
        &["Shift-Right", "Alt-Right", "Ctrl-Right"],
        S::Results,
        ("그래프에서 오른쪽으로", "on the chart: to the right"),
    ),
    entry(A::CharLeft, "char-left", &["Left", "Ctrl-B"], S::Editing, ("한 글자 앞", "a character back")),
    entry(A::CharRight, "char-right", &["Right", "Ctrl-F"], S::Editing, ("한 글자 뒤", "a character on")),
    entry(
        A::WordLeft,
        "word-left",
        &["Ctrl-Left", "Alt-B", "Alt-Left", "Shift-Left"],
        S::Editing,
        ("한 낱말 앞", "a word back"),
    ),
    entry(
        A::WordRight,
        "word-right",
        &["Ctrl-Right", "Alt-F", "Alt-Right", "Shift-Right"],
        S::Editing,
        ("한 낱말 뒤", "a word on"),
    ),
    entry(A::LineStart, "line-start", &["Ctrl-A", "Home"], S::Editing, ("줄의 처음", "start of the line")),
    entry(A::LineEnd, "line-end", &["Ctrl-E", "End"], S::Editing, ("줄의 끝", "end of the line")),
    entry(
        A::DeleteBack,
        "delete-back",
        &["Backspace", "Ctrl-H", "Shift-Backspace"],
        S::Editing,
        ("앞 글자 지우기", "delete the character before"),
    ),
    entry(
        A::DeleteForward,
        "delete-forward",
        &["Del", "Ctrl-D"],
        S::Editing,
        ("뒤 글자 지우기", "delete the character behind"),
    ),
    entry(
        A::CutWordBack,
        "cut-word-back",
        &["Ctrl-W"],
        S::Editing,
        ("앞 낱말 잘라내기 (빈칸까지)", "cut the word before, to a space"),
    ),
    entry(
        A::CutPartBack,
        "cut-part-back",
        &["Alt-Backspace", "Ctrl-Backspace"],
        S::Editing,
        ("앞 낱말 잘라내기 (기호까지)", "cut the word before, to a sign"),
    ),
    entry(
        A::CutPartForward,
        "cut-part-forward",
        &["Alt-D", "Ctrl-Del", "Alt-Del"],
        S::Editing,
        ("뒤 낱말 잘라내기", "cut the word behind"),
    ),
    entry(A::CutToStart, "cut-to-start", &["Ctrl-U"], S::Editing, ("줄 처음까지 잘라내기", "cut to the start")),
    entry(A::CutToEnd, "cut-to-end", &["Ctrl-K"], S::Editing, ("줄 끝까지 잘라내기", "cut to the end")),
    entry(A::PutBack, "put-back", &["Ctrl-Y"], S::Editing, ("잘라낸 것 되붙이기", "put back what was cut")),
    entry(
        A::PutBackEarlier,
        "put-back-earlier",
        &["Alt-Y"],
        S::Editing,
        ("그 앞에 잘라낸 것으로", "instead, what was cut before it"),
    ),
    entry(A::Swap, "swap", &["Ctrl-T"], S::Editing, ("두 글자 자리 바꾸기", "swap two characters")),
    entry(A::Undo, "undo", &["Ctrl-_"], S::Editing, ("되돌리기", "undo")),
    entry(A::Online, "online", &["F2"], S::Room, ("접속한 사람", "who is online")),
    entry(A::ListUp, "list-up", &["Alt-PgUp"], S::Room, ("접속한 사람 목록 위로", "scroll who is online up")),
    entry(A::ListDown, "list-down", &["Alt-PgDn"], S::Room, ("접속한 사람 목록 아래로", "scroll who is online down")),
    entry(A::Reconnect, "reconnect", &["F5"], S::Room, ("지금 다시 연결", "connect now")),
    entry(A::Repaint, "repaint", &["Ctrl-L"], S::Room, ("화면 다시 그리기", "paint the screen anew")),
    entry(A::Suspend, "suspend", &["Ctrl-Z"], S::Room, ("잠시 멈춤 (fg로 돌아오기)", "stop until fg")),
    entry(A::Help, "help", &["F1"], S::Room, ("이 도움말", "this help")),
    entry(A::Leave, "leave", &["Ctrl-D"], S::Room, ("나가기 (입력이 비었을 때)", "leave (on an empty line)")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn every_action_stands_at_its_own_place_and_says_what_it_does() {
        for (at, entry) in ACTIONS.iter().enumerate() {
            assert_eq!(entry.action as usize, at, "{}", entry.name);
            assert_eq!(Action::named(entry.name), Some(entry.action), "no name stands for two");
            assert!([Lang::Ko, Lang::En].iter().all(|lang| !entry.help.of(*lang).is_empty()));
        }
    }
}
