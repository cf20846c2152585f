//! What help says beside the keys of the keymap and the commands, in both languages. Read by `app/help`.

use crate::keys::Section;
use crate::lang::{Both, both};

/// What is pressed or filled in, and what that does.
type Row = (Both, Both);

/// The headings of help, each with what is no key of the keymap.
pub(crate) static HELP: &[(Section, Both, &[Row])] = &[
    (
        Section::Squaring,
        both("제곱하기", "Squaring"),
        &[
            (
                both("Enter", "Enter"),
                both("수를 제곱해 모두에게 보여 줍니다", "square the number and share the result"),
            ),
            (
                both("여러 줄 붙여넣기", "paste lines"),
                both("줄마다 제곱할지 묻습니다", "asks whether to square each line"),
            ),
            (both("쓸 수 있는 수", "numbers"), both(NUMBERS, NUMBERS)),
        ],
    ),
    (
        Section::Results,
        both("결과 보기", "Results"),
        &[
            (both("Enter", "Enter"), both("고른 결과의 모든 자릿수 보기", "on a selected result: all of its digits")),
            (both("Esc", "Esc"), both("모두 보기, 최신 결과로", "show all again; back to the newest")),
            (
                both("클릭", "click"),
                both(
                    "결과 고르기, 한 번 더 누르면 자세히, 학생을 누르면 그 학생만",
                    "select a result, open it; show only a student's",
                ),
            ),
        ],
    ),
    (
        Section::Editing,
        both("고쳐 쓰기", "Editing"),
        &[(both("Tab", "Tab"), both("명령 채우기", "complete a command"))],
    ),
    (
        Section::Room,
        both("방", "Room"),
        &[
            (both("Ctrl-C", "Ctrl-C"), both("쓰던 줄 지우기, 두 번 누르면 나가기", "clear the line; twice: leave")),
            (
                both("config.toml", "config.toml"),
                both("키 바꾸기 (Enter, Esc, Tab, Ctrl-C 빼고)", "other keys, but for Enter, Esc, Tab and Ctrl-C"),
            ),
        ],
    ),
];

/// Numbers as they may be written.
const NUMBERS: &str = "12  -0.5  1,234  1_000  2.5e-3";

/// What is to be filled in on the join screen, and its keys, with their heading.
pub(crate) static HELP_JOINING: (Both, &[Row]) = (
    both("들어가기", "Joining"),
    &[
        (both("학번", "Student ID"), both("명단에 있는 그대로 씁니다", "as it stands on the roster")),
        (
            both("이름", "Name"),
            both("다른 사람에게 보일 이름, 비우면 학번이 보입니다", "what others see; without one, the student ID"),
        ),
        (both("PIN", "PIN"), both("나누어 받은 쪽지에 있습니다", "stands on the slip that was handed out to you")),
        (both("서버", "Server"), both("비우면 이 컴퓨터, 아니면 주소:포트", "empty: this computer; else address:port")),
        (both("Enter", "Enter"), both("들어갑니다", "join")),
        (both("Tab ↑↓", "Tab Up/Down"), both("다른 칸으로", "another field")),
        (both("Ctrl-C", "Ctrl-C"), both("나갑니다", "leave")),
    ],
);
