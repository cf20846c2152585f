//! Every action that a key may have, once: its name in the settings file, its usual keys, where it counts, and its
//! help in both languages. The keymap, the help screen and the settings file read this table. There are no hotkeys of
//! bare letters: with the keyboard in Hangul mode they would be other characters.

use crate::lang::{Both, both};

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
    pub(crate) section: Section,
    pub(crate) help: Both,
}

impl Action {
    /// Its line in the table.
    #[must_use]
    pub fn entry(self) -> &'static ActionInfo {
        // Actions and table are made of the same rows.
        &ACTIONS[self as usize]
    }

    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::Leave => Scope::EmptyLine,
            Self::PanLeft | Self::PanRight => Scope::Chart,
            _ => Scope::Everywhere,
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|entry| entry.name == name).map(|entry| entry.action)
    }
}

/// Makes [`Action`] and [`ACTIONS`] of rows: an action, its name in the settings file, its usual keys, the heading of
/// help under which it stands, and what it does, in Korean and in English.
macro_rules! actions {
    ($($action:ident $name:literal [$($key:literal),*] $section:ident: $ko:literal, $en:literal;)*) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = $en] $action,)*
        }

        /// Every action, in the order in which help lists them.
        pub static ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action,
            name: $name,
            keys: &[$($key),*],
            section: Section::$section,
            help: both($ko, $en),
        },)*];
    };
}

actions! {
    HistoryEarlier "history-earlier" ["Up", "Ctrl-P"] Editing: "앞서 쓴 수", "what was entered before";
    HistoryLater "history-later" ["Down", "Ctrl-N"] Editing: "나중에 쓴 수", "what was entered after it";
    HistoryOldest "history-oldest" ["Alt-<"] Editing: "맨 먼저 쓴 수", "the first that was entered";
    HistoryNewest "history-newest" ["Alt->"] Editing: "쓰던 줄로", "back to the line being typed";
    HistorySearch "history-search" ["Ctrl-R"] Editing: "앞서 쓴 것에서 찾기", "search what was entered before";
    PageUp "page-up" ["PgUp"] Results: "위로", "scroll up";
    PageDown "page-down" ["PgDn"] Results: "아래로", "scroll down";
    Oldest "oldest" ["Ctrl-Home"] Results: "맨 위 (입력이 비었으면 Home)", "oldest (Home on an empty line)";
    Newest "newest" ["Ctrl-End"] Results: "최신 (입력이 비었으면 End)", "newest (End on an empty line)";
    SelectEarlier "select-earlier" ["Shift-Up", "Alt-Up", "Ctrl-Up"] Results: "결과 고르기, 위로", "select a result, going up";
    SelectLater "select-later" ["Shift-Down", "Alt-Down", "Ctrl-Down"]
        Results: "결과 고르기, 아래로", "select a result, going down";
    CopyNumber "copy-number" ["F7"] Results: "수 복사", "copy the number";
    CopySquare "copy-square" ["F8"] Results: "제곱 복사", "copy the square";
    OnlyStudent "only-student" ["F9"] Results: "고른 결과의 학생만", "only the selected result's student";
    FindEarlier "find-earlier" ["F3"] Results: "찾은 것 가운데 이전", "the earlier one of those found";
    FindLater "find-later" ["F4"] Results: "찾은 것 가운데 다음", "the later one of those found";
    Chart "chart" ["F6"] Results: "그래프로 보기", "see them as a chart";
    PanLeft "chart-left" ["Shift-Left", "Alt-Left", "Ctrl-Left"] Results: "그래프에서 왼쪽으로", "on the chart: to the left";
    PanRight "chart-right" ["Shift-Right", "Alt-Right", "Ctrl-Right"]
        Results: "그래프에서 오른쪽으로", "on the chart: to the right";
    CharLeft "char-left" ["Left", "Ctrl-B"] Editing: "한 글자 앞", "a character back";
    CharRight "char-right" ["Right", "Ctrl-F"] Editing: "한 글자 뒤", "a character on";
    WordLeft "word-left" ["Ctrl-Left", "Alt-B", "Alt-Left", "Shift-Left"] Editing: "한 낱말 앞", "a word back";
    WordRight "word-right" ["Ctrl-Right", "Alt-F", "Alt-Right", "Shift-Right"] Editing: "한 낱말 뒤", "a word on";
    LineStart "line-start" ["Ctrl-A", "Home"] Editing: "줄의 처음", "start of the line";
    LineEnd "line-end" ["Ctrl-E", "End"] Editing: "줄의 끝", "end of the line";
    DeleteBack "delete-back" ["Backspace", "Ctrl-H", "Shift-Backspace"]
        Editing: "앞 글자 지우기", "delete the character before";
    DeleteForward "delete-forward" ["Del", "Ctrl-D"] Editing: "뒤 글자 지우기", "delete the character behind";
    CutWordBack "cut-word-back" ["Ctrl-W"] Editing: "앞 낱말 잘라내기 (빈칸까지)", "cut the word before, to a space";
    CutPartBack "cut-part-back" ["Alt-Backspace", "Ctrl-Backspace"]
        Editing: "앞 낱말 잘라내기 (기호까지)", "cut the word before, to a sign";
    CutPartForward "cut-part-forward" ["Alt-D", "Ctrl-Del", "Alt-Del"] Editing: "뒤 낱말 잘라내기", "cut the word behind";
    CutToStart "cut-to-start" ["Ctrl-U"] Editing: "줄 처음까지 잘라내기", "cut to the start";
    CutToEnd "cut-to-end" ["Ctrl-K"] Editing: "줄 끝까지 잘라내기", "cut to the end";
    PutBack "put-back" ["Ctrl-Y"] Editing: "잘라낸 것 되붙이기", "put back what was cut";
    PutBackEarlier "put-back-earlier" ["Alt-Y"] Editing: "그 앞에 잘라낸 것으로", "instead, what was cut before it";
    Swap "swap" ["Ctrl-T"] Editing: "두 글자 자리 바꾸기", "swap two characters";
    Undo "undo" ["Ctrl-_"] Editing: "되돌리기", "undo";
    Online "online" ["F2"] Room: "접속한 사람", "who is online";
    ListUp "list-up" ["Alt-PgUp"] Room: "접속한 사람 목록 위로", "scroll who is online up";
    ListDown "list-down" ["Alt-PgDn"] Room: "접속한 사람 목록 아래로", "scroll who is online down";
    Reconnect "reconnect" ["F5"] Room: "지금 다시 연결", "connect now";
    Repaint "repaint" ["Ctrl-L"] Room: "화면 다시 그리기", "paint the screen anew";
    Suspend "suspend" ["Ctrl-Z"] Room: "잠시 멈춤 (fg로 돌아오기)", "stop until fg";
    Help "help" ["F1"] Room: "이 도움말", "this help";
    Leave "leave" ["Ctrl-D"] Room: "나가기 (입력이 비었을 때)", "leave (on an empty line)";
}

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
