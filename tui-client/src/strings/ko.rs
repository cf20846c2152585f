//! What the client says in Korean. Read through [`super::Strings::of`].

mod reasons;

use super::Strings;
use crate::keys::Action::{
    self, CopyNumber, CopySquare, FindEarlier, FindLater, Help, OnlyStudent, PageDown, PageUp, PanLeft, PanRight,
    SelectEarlier,
};
use crate::keys::Hint::{Of, Word};
use crate::keys::Section;
use crate::lang::Lang;
use crate::text;
use crate::theme::Choice;
use reasons::{cannot_host, error, fault, lost, student_error, system};

pub(super) static KO: Strings = Strings {
    lang: Lang::Ko,

    program: "제곱방",
    tagline: "우리 반이 함께 수를 제곱하는 방입니다.",
    too_small: |width, height| format!("창이 너무 작습니다. {width}x{height} 이상으로 키워 주세요."),
    too_small_short: |width, height| format!("최소 {width}x{height}"),

    connecting: "연결하는 중",
    connected: "연결됨",
    joined: "연결됨",
    joining: "들어가는 중",
    hosting: "이 컴퓨터가 방을 열고 있습니다.",
    host: "방장",
    hosts_own_ledger: |folder| {
        let folder = folder.map(|folder| format!("({folder})")).unwrap_or_default();
        format!(
            "이제 이 계정이 방을 열고 이 계정의 결과{folder}를 보여 줍니다. 앞의 결과는 전에 열었던 계정에 있습니다."
        )
    },
    other_ledger: |server| {
        format!(
            "이제 {server} 에서 다른 서버가 답하며, 보이는 것은 그 서버의 결과입니다. 앞의 결과는 전에 답하던 쪽에 남아 있습니다."
        )
    },
    own_results_elsewhere: |folder| {
        format!(
            "여기서는 다른 서버가 답하며, 보이는 것은 그 서버의 결과입니다. 이 계정의 결과는 {folder}에 그대로 있습니다."
        )
    },
    lost,
    cannot_host,
    lost_short: "끊김",
    retry_in: |seconds| format!("{seconds}초 뒤 다시 연결"),
    retry_in_short: |seconds| format!("{seconds}초"),
    retrying: "다시 연결하는 중",
    retry_by_key: |key| format!("{key} 키로 다시 연결"),
    waiting: |count| format!("보낼 수 {}개", text::grouped(count)),
    waiting_short: |count| format!("대기 {}", text::grouped(count)),
    online: |count| format!("접속 {}명", text::grouped(count)),
    online_unknown: "접속",
    sent_again_in: |seconds| format!("{seconds}초 뒤 다시 보냅니다"),

    student: "학번",
    name: "이름",
    server: "서버",
    student_empty: "학번을 입력해 주세요.",
    name_optional: "선택 사항",
    this_machine: "이 컴퓨터",
    choose_server: "고르기",
    no_address: "주소가 아닙니다. 192.0.2.7:7878처럼 호스트나 포트를 써 주세요.",
    pin: "PIN",
    pin_empty: "PIN을 입력해 주세요. 나누어 받은 쪽지에 있습니다.",
    first_seen: |server, fingerprint| {
        format!("{server}에 처음 연결했습니다. 앞으로 이 인증서를 신뢰합니다: {fingerprint}")
    },
    first_seen_pin: |server, fingerprint| {
        format!("{server}에 처음 연결합니다. 교수님의 인증서인지 물어보세요. {fingerprint}")
    },
    pin_given: "Enter로 보냅니다",
    pin_held_up: |seconds| format!("여러 번 틀려서 {seconds}초 뒤에 다시 해 볼 수 있습니다."),
    student_error,
    join_keys: &[
        (Word("Enter"), "들어가기"),
        (Word("Tab"), "다음 칸"),
        (Word("Ctrl-C"), "나가기"),
        (Of(&[Help]), "도움말"),
    ],

    no_results: &["아직 결과가 없습니다.", "아래에 수를 입력하고 Enter를 눌러 보세요."],
    loading: "이전 결과를 불러오는 중",
    beginning: "첫 결과",
    more_above: "위에 이전 결과가 더 있습니다",
    cut: "더 새로운 결과: End",
    more_waiting: |count| format!("{count}개 더 기다리는 중"),
    new_below: |count| format!("새 결과 {count}개"),
    scrolled_up: "최신으로: Esc",
    back_to_newest: "Esc를 누르면 최신 결과로 돌아갑니다.",
    digits: |count| format!("{count}자리"),
    more_online: |count| format!("외 {count}명"),
    me: "나",

    divider: "여기까지 보셨습니다",
    only_mine: "내 결과만",
    only_student: |name| format!("{name}님의 결과만"),
    found: |text, count| format!("'{text}' {count}개 찾음"),
    searched: |count| format!("{count}개 살펴봄"),
    searching: "찾는 중",
    search_stopped: "찾기 멈춤",
    everybody: "모두의 결과를 보여 드립니다.",
    passed_over: |count, key| {
        let earlier = key.map(|key| format!(" 앞의 결과: {key}")).unwrap_or_default();
        format!("결과 {count}개를 건너뜁니다.{earlier}")
    },
    show_all: "모두 보기: Esc",
    stop_search: "멈추기: Esc",
    nothing_here: "보여 드릴 결과가 없습니다",
    nobody_named: |who| format!("'{who}' 학생을 찾지 못했습니다. 접속한 사람: /who"),
    several_named: |who, students| {
        format!("'{who}'에 맞는 학생이 여럿입니다: {students}. 이름을 더 쓰거나 학번을 써 주세요.")
    },
    more_below: "아래에 더 있습니다",
    select_first: |key| match key {
        Some(key) => format!("먼저 {key} 키나 마우스로 결과를 골라 주세요."),
        None => "먼저 마우스로 결과를 골라 주세요.".to_owned(),
    },
    find_first: "찾을 것을 먼저 적어 주세요: /find 144",

    copied: |square, value, digits| {
        format!("{} 복사했습니다: {value} ({digits}자리)", if square { "제곱을" } else { "수를" })
    },
    copied_in_tmux: ". tmux에는 set -g set-clipboard on이 필요합니다.",
    nothing_to_copy: "복사할 결과가 없습니다.",
    cannot_copy: "이 터미널로는 복사할 수 없습니다.",

    unread_settings: |path, why| format!("설정 파일을 읽을 수 없어 기본 설정을 씁니다: {path} ({why})"),
    unknown_time_zone: |name| format!("TZ={name}: 알 수 없는 시간대라 시각을 UTC로 보여 드립니다."),

    export_begins: |most, path| format!("{path} 파일로 내보냅니다. 많아야 {most}개입니다. 멈추기: Ctrl-C"),
    exporting: |percent, written| format!("내보내기 {percent}% {written}개"),
    stop_export: "멈추기: Ctrl-C",
    export_busy: "아직 내보내는 중입니다. 멈추려면 Ctrl-C를 누르세요.",
    export_usage: "파일 이름을 .csv나 .jsonl로 써 주세요. 예: /export 결과.csv",
    export_stopped: "내보내기를 멈췄습니다. 파일에는 아무것도 쓰지 않았습니다.",
    export_other_ledger: "서버의 기록이 다른 것으로 바뀌었습니다",
    export_incomplete: "서버가 결과를 다 주지 않았습니다",
    export_failed: |path, why| format!("{path} 파일을 쓰지 못했습니다: {why}"),
    system,
    export_exists: |path| format!("{path} 파일이 이미 있습니다. Enter를 한 번 더 누르면 덮어씁니다."),
    exported: |count, path| format!("결과 {count}개를 {path} 파일에 썼습니다."),

    chart_of: |count, all| format!("{} {count}개", if all || count == "0" { "결과" } else { "최근 결과" }),
    chart_powers: "로그 눈금",
    chart_even: "일반 눈금",
    chart_all_seen: "모두 보입니다. 확대: ↑",
    chart_others: "다른 사람",
    per_minute: |most| format!("분당 결과 (최대 {most})"),
    who_squared: |total, all| format!("학생별 ({} {total}개)", if all || total == "0" { "모두" } else { "최근" }),
    chart_keys: &[
        (Word("↑↓"), "확대"),
        (Of(&[PanLeft, PanRight]), "이동"),
        (Word("Home"), "맞추기"),
        (Word("End"), "로그 눈금"),
        (Word("Esc"), "닫기"),
    ],
    chart_keys_small: &[
        (Word("Tab"), "다른 그래프"),
        (Word("↑↓"), "확대"),
        (Word("Esc"), "닫기"),
        (Word("End"), "눈금"),
    ],

    number: "수",
    square: "제곱",
    detail_keys: &[
        (Of(&[CopyNumber]), "수 복사"),
        (Of(&[CopySquare]), "제곱 복사"),
        (Of(&[OnlyStudent]), "이 학생만"),
        (Word("↑↓"), "스크롤"),
        (Word("Esc"), "닫기"),
    ],

    placeholder: "제곱할 수를 입력하고 Enter를 누르세요",
    placeholder_short: "제곱할 수를 입력하고 Enter",
    fault,
    too_many_digits: |limit| format!("자릿수가 너무 많습니다. {limit}자리까지 됩니다."),
    error,
    too_long: "너무 길어서 붙여 넣지 않았습니다.",
    not_queued: |number, waiting| {
        format!(
            "서버를 기다리는 수가 이미 {waiting}개라 받지 않았습니다: {number}. 그 수들을 보낸 뒤에 다시 입력해 주세요."
        )
    },
    unkept: |folder, why| {
        let why = match folder {
            Some(folder) => format!("{folder}에 저장할 수 없습니다 ({why})."),
            None => "홈 폴더(HOME)가 없어 저장할 수 없습니다.".to_owned(),
        };
        format!("{why} 수는 보내지만, 프로그램이 끝나면 입력한 것이 남지 않습니다.")
    },
    paste_question: |good, bad| match (good, bad) {
        (0, bad) => format!("붙여 넣은 {}줄 모두 수가 아닙니다.", text::grouped(bad)),
        (good, 0) => format!("수 {}개를 제곱할까요?", text::grouped(good)),
        (good, bad) => {
            format!("수 {}개를 제곱할까요? {}줄은 수가 아닙니다.", text::grouped(good), text::grouped(bad))
        }
    },
    paste_question_short: |good, bad| match (good, bad) {
        (0, _) => "수인 줄이 없습니다.".to_owned(),
        (good, 0) => format!("{}개 제곱할까요?", text::grouped(good)),
        (good, bad) => format!("{}개 제곱할까요? 오류 {}줄", text::grouped(good), text::grouped(bad)),
    },
    pasted_too_many: |most| format!("{most}줄이 넘어 붙여 넣지 않았습니다. 파일은 ‘squares < 파일’로 보내 주세요."),
    paste_keys: &[(Word("Enter"), "제곱하기"), (Word("Esc"), "그만두기"), (Word("↑↓"), "스크롤")],
    paste_keys_none: &[(Word("Esc"), "닫기"), (Word("↑↓"), "스크롤")],
    wait_for_server: "아직 연결되지 않았습니다. 쓴 것은 그대로 있으니, 연결되면 Enter를 다시 눌러 주세요.",
    pin_withheld: "PIN을 입력하셨습니다. 모두에게 보이게 되므로 보내지 않았습니다.",
    draft_is_back: "쓰던 줄을 되살렸습니다.",
    history_search: "앞서 쓴 것에서 찾을 글자를 쓰세요",
    history_none: "앞서 쓴 것 가운데 없습니다",
    history_last: "더는 없습니다",
    history_keys: &[
        (Word("Enter"), "실행"),
        (Word("Tab"), "고쳐 쓰기"),
        (Of(&[Action::HistorySearch]), "더 앞"),
        (Word("Esc"), "그만"),
    ],
    unknown_command: |name, nearest| match nearest {
        Some(nearest) => format!("/{name} 명령은 없습니다. 혹시 /{nearest}입니까?"),
        None => format!("/{name} 명령은 없습니다. 모든 명령은 /help에 있습니다."),
    },
    unknown_copy: "제곱이나 수라고 써 주세요. 예: /copy 수",
    no_argument: |name| format!("/{name} 명령에는 인수가 없습니다."),
    unknown_language: "ko나 en을 써 주세요. 예: /lang en",
    unknown_theme: "auto, dark, light, contrast, mono 가운데 하나를 써 주세요. 예: /theme light",
    theme_chosen: |choice| {
        let name = match choice {
            Choice::Auto => "터미널의 배경에 맞춤",
            Choice::Dark => "어두운 배경",
            Choice::Light => "밝은 배경",
            Choice::Contrast => "고대비",
            Choice::Mono => "흑백",
        };
        format!("색: {name}")
    },
    language_chosen: "이제 한국어로 표시합니다.",

    only_powers: "아주 큰 수가 있어 로그 눈금으로만 그립니다.",

    press_again: "나가려면 Ctrl-C를 한 번 더 누르거나 /exit를 쓰세요.",
    host_leaves: |others| {
        format!(
            "이 컴퓨터가 연 방이라, 나가면 다른 {}명은 누가 이어받을 때까지 끊깁니다. 나가려면 /exit를 한 번 더 쓰세요.",
            text::grouped(others)
        )
    },
    host_leaves_again: |others| {
        format!(
            "이 컴퓨터가 연 방이라, 나가면 다른 {}명은 누가 이어받을 때까지 끊깁니다. 나가려면 Ctrl-C를 한 번 더 누르세요.",
            text::grouped(others)
        )
    },

    host_stops: |others, key| {
        format!(
            "이 컴퓨터가 방을 열고 있어, 멈추면 다른 {}명도 멈춥니다. 넘겨주려면 /exit, 그래도 멈추려면 {key} 키를 한 번 더 누르세요.",
            text::grouped(others)
        )
    },

    help_title: "도움말",
    help: &[
        (
            Section::Squaring,
            "제곱하기",
            &[
                ("Enter", "수를 제곱해 모두에게 보여 줍니다"),
                ("여러 줄 붙여넣기", "줄마다 제곱할지 묻습니다"),
                ("쓸 수 있는 수", "12  -0.5  1,234  1_000  2.5e-3"),
            ],
        ),
        (
            Section::Results,
            "결과 보기",
            &[
                ("Enter", "고른 결과의 모든 자릿수 보기"),
                ("Esc", "모두 보기, 최신 결과로"),
                ("클릭", "결과 고르기, 한 번 더 누르면 자세히, 학생을 누르면 그 학생만"),
            ],
        ),
        (Section::Editing, "고쳐 쓰기", &[("Tab", "명령 채우기")]),
        (
            Section::Room,
            "방",
            &[
                ("Ctrl-C", "쓰던 줄 지우기, 두 번 누르면 나가기"),
                ("config.toml", "키 바꾸기 (Enter, Esc, Tab, Ctrl-C 빼고)"),
            ],
        ),
    ],
    help_commands: "명령",
    help_joining: (
        "들어가기",
        &[
            ("학번", "명단에 있는 그대로 씁니다"),
            ("이름", "다른 사람에게 보일 이름, 비우면 학번이 보입니다"),
            ("PIN", "나누어 받은 쪽지에 있습니다"),
            ("서버", "비우면 이 컴퓨터, 아니면 주소:포트"),
            ("Enter", "들어갑니다"),
            ("Tab ↑↓", "다른 칸으로"),
            ("Ctrl-C", "나갑니다"),
        ],
    ),
    help_keys: &[(Word("↑↓"), "스크롤"), (Of(&[PageUp, PageDown]), "한 화면씩"), (Word("Esc"), "닫기")],
    footer: &[
        (Word("Enter"), "제곱"),
        (Of(&[PageUp]), "이전"),
        (Of(&[SelectEarlier]), "고르기"),
        (Of(&[Help]), "도움말"),
        (Word("/exit"), "나가기"),
    ],
    footer_lost: &[
        (Of(&[Action::Reconnect]), "바로 연결"),
        (Word("Enter"), "제곱"),
        (Of(&[PageUp]), "이전"),
        (Of(&[Help]), "도움말"),
        (Word("/exit"), "나가기"),
    ],
    footer_scrolled: &[
        (Of(&[PageUp, PageDown]), "스크롤"),
        (Word("Esc"), "최신"),
        (Of(&[SelectEarlier]), "고르기"),
        (Of(&[Help]), "도움말"),
    ],
    footer_filtered: &[
        (Word("Esc"), "모두 보기"),
        (Of(&[SelectEarlier]), "고르기"),
        (Of(&[PageUp]), "이전"),
        (Of(&[Help]), "도움말"),
    ],
    footer_none_yet: &[(Word("Esc"), "멈추기"), (Of(&[Help]), "도움말")],
    footer_none: &[(Word("Esc"), "모두 보기"), (Of(&[Help]), "도움말")],
    footer_found: &[
        (Of(&[FindEarlier]), "이전 것"),
        (Of(&[FindLater]), "다음 것"),
        (Word("Enter"), "자세히"),
        (Word("Esc"), "모두 보기"),
        (Of(&[CopySquare]), "복사"),
    ],
    online_keys: &[(Word("Enter"), "이 학생만"), (Word("Esc"), "닫기"), (Word("↑↓"), "고르기")],
    footer_selected: &[
        (Word("Enter"), "자세히"),
        (Of(&[CopySquare]), "복사"),
        (Of(&[OnlyStudent]), "이 학생만"),
        (Word("Esc"), "최신"),
        (Of(&[Help]), "도움말"),
    ],
    footer_command: &[
        (Word("Tab"), "채우기"),
        (Word("Enter"), "실행"),
        (Of(&[Action::Undo]), "되돌리기"),
        (Of(&[Help]), "도움말"),
    ],
    footer_typing: &[
        (Word("Enter"), "제곱"),
        (Of(&[Action::HistoryEarlier]), "앞서 쓴 수"),
        (Of(&[Action::Undo]), "되돌리기"),
        (Of(&[Help]), "도움말"),
    ],
};
