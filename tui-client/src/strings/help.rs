//! What help says beside the keys of the keymap and the commands, in both languages, and the words by which its
//! sections are asked for. Read by `app/help`.

use crate::keys::Section;
use crate::lang::{Both, both};

/// A row of help that is no key of the keymap and no command.
#[derive(Debug)]
pub(crate) struct HelpRow {
    /// What is pressed or filled in.
    pub(crate) key: Both,
    /// What that does.
    pub(crate) what: Both,
    /// It is there with the mouse only.
    pub(crate) mouse: bool,
}

/// A heading of help.
#[derive(Debug)]
pub(crate) struct HelpHeading {
    pub(crate) words: Both,
    /// What else it may be asked for by; the first is what Tab completes to.
    pub(crate) topics_ko: &'static [&'static str],
    pub(crate) topics_en: &'static [&'static str],
}

/// A heading of help, and under it what is no key of the keymap.
#[derive(Debug)]
pub(crate) struct HelpSection {
    pub(crate) section: Section,
    pub(crate) heading: HelpHeading,
    pub(crate) rows: &'static [HelpRow],
}

const fn row(key: Both, what: Both) -> HelpRow {
    HelpRow { key, what, mouse: false }
}

const fn by_mouse(key: Both, what: Both) -> HelpRow {
    HelpRow { key, what, mouse: true }
}

/// The sections in the order in which they stand; the commands come behind the first. What every shell has comes last.
pub(crate) static HELP: &[HelpSection] = &[
    HelpSection {
        section: Section::Squaring,
        heading: HelpHeading {
            words: both("제곱하기", "Squaring"),
            topics_ko: &["제곱하기", "제곱", "수"],
            topics_en: &["squaring", "square", "number", "numbers"],
        },
        rows: &[
            row(
                both("Enter", "Enter"),
                both("수를 제곱해 모두에게 보여 줍니다", "square the number and share the result"),
            ),
            row(
                both("여러 줄 붙여넣기", "paste lines"),
                both("줄마다 제곱할지 묻습니다", "asks whether to square each line"),
            ),
            row(both("쓸 수 있는 수", "numbers"), both(NUMBERS, NUMBERS)),
        ],
    },
    HelpSection {
        section: Section::Results,
        heading: HelpHeading {
            words: both("결과 보기", "Results"),
            topics_ko: &["결과", "보기"],
            topics_en: &["results", "result", "scrolling"],
        },
        rows: &[
            row(
                both("Enter", "Enter"),
                both("고른 결과의 모든 자릿수 보기", "on a selected result: all of its digits"),
            ),
            row(both("Esc", "Esc"), both("모두 보기, 최신 결과로", "show all again; back to the newest")),
            by_mouse(
                both("클릭", "click"),
                both(
                    "결과 고르기, 한 번 더 누르면 자세히, 학생을 누르면 그 학생만",
                    "select a result, open it; show only a student's",
                ),
            ),
            by_mouse(both("휠", "wheel"), both("위아래로", "scroll")),
        ],
    },
    HelpSection {
        section: Section::Room,
        heading: HelpHeading {
            words: both("방", "Room"),
            topics_ko: &["방", "설정"],
            topics_en: &["room", "settings"],
        },
        rows: &[
            row(both("Ctrl-C", "Ctrl-C"), both("쓰던 줄 지우기, 두 번 누르면 나가기", "clear the line; twice: leave")),
            row(
                both("config.toml", "config.toml"),
                both("키 바꾸기 (Enter, Esc, Tab, Ctrl-C 빼고)", "other keys, but for Enter, Esc, Tab and Ctrl-C"),
            ),
        ],
    },
    HelpSection {
        section: Section::Editing,
        heading: HelpHeading {
            words: both("고쳐 쓰기", "Editing"),
            topics_ko: &["고쳐쓰기", "편집", "키"],
            topics_en: &["editing", "edit", "keys"],
        },
        rows: &[row(both("Tab", "Tab"), both("명령 채우기", "complete a command"))],
    },
];

/// The heading of the commands.
pub(crate) static HELP_COMMANDS: HelpHeading = HelpHeading {
    words: both("명령", "Commands"),
    topics_ko: &["명령", "명령어"],
    topics_en: &["commands", "command"],
};

/// Numbers as they may be written.
const NUMBERS: &str = "12  -0.5  1,234  1_000  2.5e-3";

/// The heading of what is to be filled in on the join screen.
pub(crate) static HELP_JOINING: HelpHeading =
    HelpHeading { words: both("들어가기", "Joining"), topics_ko: &["들어가기"], topics_en: &["joining"] };

/// What is to be filled in on the join screen, and its keys.
pub(crate) static HELP_JOINING_ROWS: &[HelpRow] = &[
    row(both("학번", "Student ID"), both("명단에 있는 그대로 씁니다", "as it stands on the roster")),
    row(
        both("이름", "Name"),
        both("다른 사람에게 보일 이름, 비우면 학번이 보입니다", "what others see; without one, the student ID"),
    ),
    row(both("PIN", "PIN"), both("나누어 받은 쪽지에 있습니다", "stands on the slip that was handed out to you")),
    row(both("서버", "Server"), both("비우면 이 컴퓨터, 아니면 주소:포트", "empty: this computer; else address:port")),
    row(both("Enter", "Enter"), both("들어갑니다", "join")),
    row(both("Tab ↑↓", "Tab Up/Down"), both("다른 칸으로", "another field")),
    row(both("Ctrl-C", "Ctrl-C"), both("나갑니다", "leave")),
];
