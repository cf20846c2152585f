//! Every sentence in Korean, then in English. Read through [`Strings::of`]; `super` says what a row is made of.

use std::io;

use squares_shared::message::ErrorMessage;
use squares_shared::number::Fault;
use squares_shared::student::StudentError;

use super::reasons;
use crate::event::ConnectionError;
use crate::keys::Action::{
    self, CopyNumber, CopySquare, FindEarlier, FindLater, Help, OnlyStudent, PageDown, PageUp, PanLeft, PanRight,
    SelectEarlier,
};
use crate::keys::Hint::{self, Of, UpDown, Word};
use crate::lang::{Both, Lang, both};
use crate::text;
use crate::theme::Choice;

sentences! {
    // The program.
    program = "제곱방", "Squares";
    tagline = "우리 반이 함께 수를 제곱하는 방입니다.", "A room where your class squares numbers together.";
    too_small(width: u16, height: u16) =
        format!("창이 너무 작습니다. {width}x{height} 이상으로 키워 주세요."),
        format!("Squares needs a window of at least {width}x{height}. Please make this one larger.");
    too_small_short(width: u16, height: u16) = format!("최소 {width}x{height}"), format!("min {width}x{height}");

    // The connection.
    connecting = "연결하는 중", "Connecting";
    connected = "연결됨", "Connected";
    joined = "연결됨", "Connected";
    joining = "들어가는 중", "Joining";
    /// There is no connection while nobody joins.
    idle = "들어갈 때 다시 연결", "Connects when you join";
    hosting = "이 컴퓨터가 방을 열고 있습니다.", "You host this room.";
    host = "방장", "host";
    /// Somebody else hosted before, with a ledger of their own; where the one is that is shown now.
    hosts_own_ledger(folder: Option<&str>) =
        {
            let folder = folder.map(|folder| format!("({folder})")).unwrap_or_default();
            format!(
                "이제 이 계정이 방을 열고 이 계정의 결과{folder}를 보여 줍니다. 앞의 결과는 전에 열었던 계정에 있습니다."
            )
        },
        {
            let folder = folder.map(|folder| format!(" ({folder})")).unwrap_or_default();
            format!("You host now, with your own account's results{folder}. The earlier ones stay with who hosted before.")
        };
    /// Another ledger answers at this address than before.
    other_ledger(server: &str) =
        format!("이제 {server}에서 다른 서버가 답하며, 보이는 것은 그 서버의 결과입니다. 앞의 결과는 전에 답하던 쪽에 남아 있습니다."),
        format!("Somebody else answers at {server} now, with results of their own. The earlier ones stay with whoever answered there before.");
    /// Another ledger than the user's own, which has results in this folder, is shown from the start.
    own_results_elsewhere(folder: &str) =
        format!("여기서는 다른 서버가 답하며, 보이는 것은 그 서버의 결과입니다. 이 계정의 결과는 {folder}에 그대로 있습니다."),
        format!("Another server answers here, with results of its own. This account's own results stay in {folder}.");
    lost(why: &ConnectionError) = reasons::lost(why, Lang::Ko), reasons::lost(why, Lang::En);
    /// Why no room can be opened here, and what to do about it.
    cannot_host(why: &ConnectionError) -> Option<String> = reasons::cannot_host(why, Lang::Ko), reasons::cannot_host(why, Lang::En);
    lost_short = "끊김", "lost";
    retry_in(seconds: u64) = format!("{seconds}초 뒤 다시 연결"), format!("retrying in {seconds} s");
    retry_in_short(seconds: u64) = format!("{seconds}초 뒤"), format!("in {seconds} s");
    retrying = "다시 연결하는 중", "retrying";
    /// By which key, or Enter.
    retry_by_key(key: &str) = format!("{key} 키로 다시 연결"), format!("{key} tries again");
    waiting(count: usize) =
        format!("전송 대기 {}개", text::grouped(count)),
        format!("{} to send", text::grouped(count));
    waiting_short(count: usize) =
        format!("대기 {}", text::grouped(count)),
        format!("{} to send", text::grouped(count));
    online(count: usize) = format!("접속 {}명", text::grouped(count)), format!("{} online", text::grouped(count));
    online_unknown = "접속", "online";
    sent_again_in(seconds: u64) = format!("{seconds}초 뒤 다시 보냅니다"), format!("sent again in {seconds} s");

    // The join screen.
    /// In the place of the tagline, where the machine is not the student's own.
    guest = "손님 화면입니다. 이 컴퓨터에는 아무것도 남지 않습니다.", "A guest's screen: nothing is kept on this machine.";
    guest_cannot_export = "손님은 이 컴퓨터에 파일을 쓸 수 없습니다.", "Guests cannot write files on this machine.";
    guest_cannot_stop =
        "손님 화면은 잠시 멈출 수 없습니다. 나가려면 /exit를 쓰거나 Ctrl-C를 두 번 누르세요.",
        "A guest's screen cannot be stopped; /exit, or Ctrl-C twice, leaves.";
    /// Of the room that is not entered yet.
    last_result(name: &str, equation: &str) =
        format!("마지막 결과: {name} {equation}"), format!("Last result: {name} {equation}");
    student = "학번", "Student ID";
    name = "이름", "Name";
    server = "서버", "Server";
    student_empty = "학번을 입력해 주세요.", "Type your student ID.";
    name_optional = "선택 사항", "optional";
    this_machine = "이 컴퓨터", "this computer";
    choose_server = "고르기", "choose";
    no_address =
        "주소가 아닙니다. 192.0.2.7:7878처럼 호스트나 포트를 써 주세요.",
        "Not an address. Give a host, a port or both: 192.0.2.7:7878.";
    pin = "PIN", "PIN";
    pin_empty = "PIN을 입력해 주세요. 나누어 받은 쪽지에 있습니다.", "Type your PIN; it was handed out to you.";
    first_seen(server: &str, fingerprint: &str) =
        format!("{server}에 처음 연결했습니다. 앞으로 이 인증서를 신뢰합니다: {fingerprint}"),
        format!("First time at {server}. Certificate trusted from now on: {fingerprint}");
    /// The same, before a PIN is given.
    first_seen_pin(server: &str, fingerprint: &str) =
        format!("{server}에 처음 연결합니다. 교수님의 인증서인지 물어보세요. {fingerprint}"),
        format!("First time at {server}. Ask the professor if this is theirs: {fingerprint}");
    /// In linear mode, by which key there is help, where one gives it.
    how_to_get_help(key: Option<&str>) =
        match key {
            Some(key) => format!("도움말: {key} 키. 방에서는 /help도 됩니다."),
            None => "도움말: 방에서 /help".to_owned(),
        },
        match key {
            Some(key) => format!("Help: {key}, in the room also /help."),
            None => "Help: /help, in the room.".to_owned(),
        };
    /// In the place of a PIN that is known already.
    pin_given = "Enter로 보냅니다", "Enter sends it";
    pin_throttled(seconds: u64) =
        format!("여러 번 틀려서 {seconds}초 뒤에 다시 해 볼 수 있습니다."),
        format!("Too many tries: the next one in {seconds} s.");
    student_error(error: StudentError) = reasons::student_error(error, Lang::Ko), reasons::student_error(error, Lang::En);
    join_keys [
        (Word("Enter"), "들어가기", "join"), (Word("Tab"), "다음 칸", "next field"), (Word("Ctrl-C"), "나가기", "leave"),
        (Of(&[Help]), "도움말", "help"),
    ];

    // How others join: what they type, and what the certificate must show.
    join_with(ways: &str) = format!("다른 사람은 이렇게 들어옵니다: {ways}"), format!("Others join with: {ways}");
    /// Nobody but this machine reaches the server.
    join_here(command: &str) =
        format!("이 컴퓨터에서만 들어올 수 있습니다: {command}. 다른 컴퓨터에서도 들어오려면 squares-server --listen 0.0.0.0:7878로 방을 열어야 합니다."),
        format!("Only this machine can join: {command}. For others, open the room with squares-server --listen 0.0.0.0:7878.");
    join_fingerprint(fingerprint: &str) = format!("인증서 지문: {fingerprint}"), format!("Fingerprint: {fingerprint}");

    // The feed.
    no_results: &'static [&'static str] =
        &[
            "아직 결과가 없습니다.",
            "12를 입력하고 Enter를 눌러 보세요.",
            "제곱은 방의 모두에게 보입니다.",
            "다른 명령은 /help에 있습니다.",
        ],
        &["Nothing squared yet.", "Type 12 and press Enter.", "Everybody here sees its square.", "More: /help"];
    loading = "이전 결과를 불러오는 중", "loading earlier results";
    beginning = "첫 결과", "the beginning";
    more_above = "위에 이전 결과가 더 있습니다", "earlier results above";
    cut = "더 새로운 결과: End", "newer results: End";
    more_waiting(count: &str) = format!("{count}개 더 기다리는 중"), format!("{count} more waiting");
    new_below(count: &str) = format!("새 결과 {count}개"), format!("{count} new");
    /// Where somebody reads who scrolled up: which result, of how many.
    place(at: &str, all: &str) = format!("{all}개 중 {at}번째"), format!("{at} of {all}");
    /// How many of the results are mine, and whether there may be more.
    mine_count(count: &str, more: bool) =
        format!("내 것 {count}개{}", if more { " 이상" } else { "" }),
        format!("{count}{} mine", if more { "+" } else { "" });
    scrolled_up = "최신으로: Esc", "newest: Esc";
    /// The same in linear mode.
    back_to_newest = "Esc를 누르면 최신 결과로 돌아갑니다.", "Esc goes back to the newest results.";
    /// In linear mode, a number that is too long to be said: how many digits, the first three of them with the magnitude
    /// of a fraction, and the last three.
    long_number(digits: &str, begins: &str, ends: &str) =
        format!("{digits}자리, 앞자리 {begins}, 끝자리 {ends}"),
        format!("{digits} digits, begins {begins}, ends {ends}");
    digits(count: &str) =
        format!("{count}자리"),
        if count == "1" { "1 digit".to_owned() } else { format!("{count} digits") };
    more_online(count: &str) = format!("외 {count}명"), format!("+{count} more");
    me = "나", "me";

    /// Where somebody stopped reading.
    divider = "여기까지 보셨습니다", "you stopped reading here";
    only_mine = "내 결과만", "only mine";
    only_student(name: &str) = format!("{name}님의 결과만"), format!("only {name}");
    found(text: &str, count: &str) = format!("'{text}' {count}개 찾음"), format!("'{text}': {count} found");
    /// How many results a search has looked through, and the date that it has come back to.
    searched(count: &str) = format!("{count}개 살펴봄"), format!("{count} searched");
    searching = "찾는 중", "searching";
    search_stopped = "찾기 멈춤", "stopped";
    show_all = "모두 보기: Esc", "show all: Esc";
    /// In linear mode, where no filter is left.
    everybody = "모두의 결과를 보여 드립니다.", "Everybody's results.";
    /// In linear mode, how many results were not said, and the key that goes back to them, where one does.
    passed_over(count: &str, key: Option<&str>) =
        {
            let earlier = key.map(|key| format!(" 앞의 결과: {key}")).unwrap_or_default();
            format!("결과 {count}개를 건너뜁니다.{earlier}")
        },
        {
            let earlier = key.map(|key| format!(" Earlier ones: {key}")).unwrap_or_default();
            format!("{count} {} passed over.{earlier}", if count == "1" { "result" } else { "results" })
        };
    stop_search = "멈추기: Esc", "stop: Esc";
    nothing_here = "보여 드릴 결과가 없습니다", "no results to show";
    nobody_named(who: &str) =
        format!("'{who}' 학생을 찾지 못했습니다. 접속한 사람: /who"),
        format!("There is nobody called '{who}'. Who is online: /who");
    /// What was typed, and who may be meant.
    several_named(who: &str, students: &str) =
        format!("'{who}'에 맞는 학생이 여럿입니다: {students}. 이름을 더 쓰거나 학번을 써 주세요."),
        format!("Which one does '{who}' mean? {students}. Type more of the name, or the student ID.");
    /// Help or a result in full goes on below what is in sight.
    more_below = "아래에 더 있습니다", "more below";
    /// The key that selects, where there is one, and whether the mouse does too.
    select_first(key: Option<&str>, mouse: bool) =
        match (key, mouse) {
            (Some(key), true) => format!("먼저 {key} 키나 마우스로 결과를 골라 주세요."),
            (Some(key), false) => format!("먼저 {key} 키로 결과를 골라 주세요."),
            (None, true) => "먼저 마우스로 결과를 골라 주세요.".to_owned(),
            (None, false) => "고른 결과가 없습니다.".to_owned(),
        },
        match (key, mouse) {
            (Some(key), true) => format!("Select a result first, with {key} or a click."),
            (Some(key), false) => format!("Select a result first, with {key}."),
            (None, true) => "Select a result first, with a click.".to_owned(),
            (None, false) => "No result is selected.".to_owned(),
        };
    find_first = "찾을 것을 먼저 적어 주세요: /find 144", "Say what to find first: /find 144";

    // Copying: whether it is the square, the value shortened, its digits.
    copied(square: bool, value: &str, digits: &str) =
        format!("{} 복사했습니다: {value} ({digits}자리)", if square { "제곱을" } else { "수를" }),
        {
            let what = if square { "square" } else { "number" };
            let s = if digits == "1" { "" } else { "s" };
            format!("Copied the {what}: {value} ({digits} digit{s})")
        };
    /// What follows the first time in tmux.
    copied_in_tmux = ". tmux에는 set -g set-clipboard on이 필요합니다.", ". tmux needs: set -g set-clipboard on";
    /// In a notification: how many results of mine have come unseen, and the newest of them.
    results_came(count: usize, newest: &str) =
        match count {
            1 => newest.to_owned(),
            count => format!("내 결과 {}개, 마지막 {newest}", text::grouped(count)),
        },
        match count {
            1 => newest.to_owned(),
            count => format!("{} results of yours, the newest {newest}", text::grouped(count)),
        };
    nothing_to_read = "읽을 결과가 없습니다.", "There is no result to read.";
    nothing_to_copy = "복사할 결과가 없습니다.", "There is no result to copy.";
    /// The terminal knows no sequences.
    cannot_copy = "이 터미널로는 복사할 수 없습니다.", "Nothing can be copied through this terminal.";

    /// What `TZ` says, which is the name of no time zone.
    unknown_time_zone(name: &str) =
        format!("TZ={name}: 알 수 없는 시간대라 시각을 UTC로 보여 드립니다."),
        format!("TZ={name} is not a time zone; times are shown in UTC.");
    /// The settings file that cannot be read, and why.
    unread_settings(path: &str, why: &str) =
        format!("설정 파일을 읽을 수 없어 기본 설정을 씁니다: {path} ({why})"),
        format!("Your settings in {path} cannot be read ({why}). The usual ones are used.");

    // Export.
    /// In linear mode: how many results at the most, and the file.
    export_begins(most: &str, path: &str) =
        format!("{path} 파일로 내보냅니다. 최대 {most}개입니다. 멈추기: Ctrl-C"),
        {
            let s = if most == "1" { "" } else { "s" };
            format!("Exporting up to {most} result{s} to {path}. Ctrl-C stops it.")
        };
    exporting(percent: u64, written: &str) =
        format!("내보내기 {percent}% {written}개"),
        format!("exporting {percent}%, {written}");
    stop_export = "멈추기: Ctrl-C", "stop: Ctrl-C";
    export_busy = "아직 내보내는 중입니다. 멈추려면 Ctrl-C를 누르세요.", "An export is under way; Ctrl-C stops it.";
    export_usage =
        "파일 이름을 .csv나 .jsonl로 써 주세요. 예: /export 결과.csv",
        "Give a file that ends in .csv or .jsonl, as in /export results.csv";
    export_stopped = "내보내기를 멈췄습니다. 파일에는 아무것도 쓰지 않았습니다.", "The export was stopped; nothing was written.";
    export_other_ledger = "서버의 기록이 다른 것으로 바뀌었습니다", "the server has another ledger now";
    export_incomplete = "서버가 결과를 다 주지 않았습니다", "the server did not give all of the results";
    export_failed(path: &str, why: &str) =
        format!("{path} 파일을 쓰지 못했습니다: {why}"),
        format!("Could not write {path}: {why}");
    /// A usual error of the system.
    system(kind: io::ErrorKind) -> Option<&'static str> = reasons::system(kind, Lang::Ko), reasons::system(kind, Lang::En);
    export_exists(path: &str) =
        format!("{path} 파일이 이미 있습니다. Enter를 한 번 더 누르면 덮어씁니다."),
        format!("{path} is there already. Enter again replaces it.");
    exported(count: &str, path: &str) =
        format!("결과 {count}개를 {path} 파일에 썼습니다."),
        format!("{count} {} in {path}.", if count == "1" { "result" } else { "results" });

    // The chart.
    /// How many results, and whether those are all there are; otherwise they are the newest.
    chart_of(count: &str, all: bool) =
        format!("{} {count}개", if all || count == "0" { "결과" } else { "최근 결과" }),
        {
            let s = if count == "1" { "" } else { "s" };
            format!("{}{count} result{s}", if all || count == "0" { "" } else { "newest " })
        };
    chart_powers = "로그 눈금", "log scale";
    chart_all_seen = "모두 보입니다. 확대: ↑", "All of it is in sight. Zoom in: Up";
    /// The scale to change to, where that is not the one by powers.
    chart_even = "일반 눈금", "linear scale";
    chart_others = "다른 사람", "others";
    per_minute(most: &str) = format!("분당 결과 (최대 {most})"), format!("per minute (most {most})");
    /// How many were counted, and whether those are all.
    who_squared(total: &str, all: bool) =
        format!("학생별 ({} {total}개)", if all || total == "0" { "모두" } else { "최근" }),
        if all || total == "0" {
            format!("by student ({total} in all)")
        } else {
            format!("by student (newest {total})")
        };
    chart_keys [
        (UpDown, "확대", "zoom"), (Of(&[PanLeft, PanRight]), "이동", "move"), (Word("Home"), "맞추기", "fit"),
        (Word("End"), "로그 눈금", "log scale"), (Word("Esc"), "닫기", "close"),
    ];
    chart_keys_small: &'static [(Hint, &'static str)] =
        &[(Word("Tab"), "다른 그래프"), (UpDown, "확대"), (Word("Esc"), "닫기"), (Word("End"), "눈금")],
        &[(Word("Tab"), "more"), (UpDown, "zoom"), (Word("Esc"), "close")];

    // A result in full.
    number = "수", "Number";
    square = "제곱", "Square";
    detail_keys [
        (Of(&[CopyNumber]), "수 복사", "copy number"), (Of(&[CopySquare]), "제곱 복사", "copy square"),
        (Of(&[OnlyStudent]), "이 학생만", "only theirs"), (UpDown, "스크롤", "scroll"), (Word("Esc"), "닫기", "close"),
    ];

    // The input.
    placeholder = "제곱할 수를 입력하고 Enter를 누르세요", "Type a number and press Enter";
    placeholder_short = "제곱할 수를 입력하고 Enter", "Type a number";
    fault(fault: Fault) = reasons::fault(fault, Lang::Ko), reasons::fault(fault, Lang::En);
    too_many_digits(limit: &str) =
        format!("자릿수가 너무 많습니다. {limit}자리까지 됩니다."),
        format!("Too many digits: at most {limit}.");
    error(error: &ErrorMessage) = reasons::error(error, Lang::Ko), reasons::error(error, Lang::En);
    too_long = "너무 길어서 붙여 넣지 않았습니다.", "Too long to paste here; nothing was taken in.";
    /// The number, and how many wait.
    not_queued(number: &str, waiting: &str) =
        format!("서버를 기다리는 수가 이미 {waiting}개라 받지 않았습니다: {number}. 그 수들을 보낸 뒤에 다시 입력해 주세요."),
        format!("Not taken, since too many numbers ({waiting}) wait for the server already: {number}. Try again when they are sent.");
    /// The queue to the link is full, and something else than a number was asked of it.
    link_busy =
        "디스크를 기다리느라 하지 못했습니다. 잠시 뒤에 다시 해 주세요.",
        "Not done: still writing to the disk. Try again in a moment.";
    /// Which folder cannot be written to, where there is one, and why.
    unkept(folder: Option<&str>, why: &str) =
        {
            let why = match folder {
                Some(folder) => format!("{folder}에 저장할 수 없습니다 ({why})."),
                None => "홈 폴더(HOME)가 없어 저장할 수 없습니다.".to_owned(),
            };
            format!("{why} 수는 보내지만, 프로그램이 끝나면 입력한 것이 남지 않습니다.")
        },
        {
            let why = match folder {
                Some(folder) => format!("Nothing can be kept in {folder} ({why})."),
                None => "Nothing can be kept: no home folder is known (HOME).".to_owned(),
            };
            format!("{why} Numbers are sent; what you type is lost when the program ends.")
        };
    /// How many lines are numbers, and how many are not.
    paste_question(good: usize, bad: usize) =
        match (good, bad) {
            (0, bad) => format!("붙여 넣은 {}줄 모두 수가 아닙니다.", text::grouped(bad)),
            (good, 0) => format!("수 {}개를 제곱할까요?", text::grouped(good)),
            (good, bad) => {
                format!("수 {}개를 제곱할까요? {}줄은 수가 아닙니다.", text::grouped(good), text::grouped(bad))
            }
        },
        match (good, bad) {
            (0, 1) => "The line pasted is not a number.".to_owned(),
            (0, bad) => format!("None of the {} lines pasted is a number.", text::grouped(bad)),
            (good, 0) => format!("Square {}?", numbers(good)),
            (good, 1) => format!("Square {}? 1 line is not a number.", numbers(good)),
            (good, bad) => format!("Square {}? {} lines are not numbers.", numbers(good), text::grouped(bad)),
        };
    /// The same in fewer words.
    paste_question_short(good: usize, bad: usize) =
        match (good, bad) {
            (0, _) => "수인 줄이 없습니다.".to_owned(),
            (good, 0) => format!("{}개 제곱할까요?", text::grouped(good)),
            (good, bad) => format!("{}개 제곱할까요? 오류 {}줄", text::grouped(good), text::grouped(bad)),
        },
        match (good, bad) {
            (0, _) => "No line is a number.".to_owned(),
            (good, 0) => format!("Square {}?", text::grouped(good)),
            (good, 1) => format!("Square {}? 1 is wrong.", text::grouped(good)),
            (good, bad) => format!("Square {}? {} are wrong.", text::grouped(good), text::grouped(bad)),
        };
    pasted_too_many(most: &str) =
        format!("{most}줄이 넘어 붙여 넣지 않았습니다. 파일은 ‘squares < 파일’로 보내 주세요."),
        format!("More than {most} lines; nothing was pasted. Feed a file instead: squares < file");
    paste_keys [
        (Word("Enter"), "제곱하기", "square them"), (Word("Esc"), "그만두기", "cancel"), (UpDown, "스크롤", "scroll"),
    ];
    paste_keys_none [(Word("Esc"), "닫기", "close"), (UpDown, "스크롤", "scroll")];
    /// Nothing is squared before a server has answered.
    wait_for_server =
        "아직 연결되지 않았습니다. 쓴 것은 그대로 있으니, 연결되면 Enter를 다시 눌러 주세요.",
        "Not connected yet. The line stays here: press Enter again once there is a connection.";
    /// What was entered is the PIN.
    pin_withheld =
        "PIN을 입력하셨습니다. 모두에게 보이게 되므로 보내지 않았습니다.",
        "That is your PIN. It was not sent: everybody would see it.";
    draft_is_back = "쓰던 줄을 되살렸습니다.", "Restored your unfinished line.";
    history_search = "앞서 쓴 것에서 찾을 글자를 쓰세요", "Type a part of what was entered before";
    history_none = "앞서 쓴 것 가운데 없습니다", "Nothing like that was entered before";
    history_last = "더는 없습니다", "no other";
    history_keys [
        (Word("Enter"), "실행", "run"), (Word("Tab"), "고쳐 쓰기", "edit it"),
        (Of(&[Action::HistorySearch]), "더 앞", "earlier"), (Word("Esc"), "그만", "back"),
    ];
    unknown_command(name: &str, nearest: Option<&str>) =
        match nearest {
            Some(nearest) => format!("/{name} 명령은 없습니다. 혹시 /{nearest}입니까?"),
            None => format!("/{name} 명령은 없습니다. 모든 명령은 /help에 있습니다."),
        },
        match nearest {
            Some(nearest) => format!("There is no /{name}. Did you mean /{nearest}?"),
            None => format!("There is no /{name}. /help lists every command."),
        };
    unknown_copy = "제곱이나 수라고 써 주세요. 예: /copy 수", "Write square or number, as in /copy number.";
    /// This command takes nothing behind its name.
    no_argument(name: &str) = format!("/{name} 명령에는 인수가 없습니다."), format!("/{name} takes no argument.");
    unknown_language = "ko나 en을 써 주세요. 예: /lang en", "Write ko or en, as in /lang ko.";
    language_chosen = "이제 한국어로 표시합니다.", "English from now on.";
    unknown_theme =
        "auto, dark, light, contrast, mono 가운데 하나를 써 주세요. 예: /theme light",
        "Write auto, dark, light, contrast or mono, as in /theme light.";
    theme_chosen(choice: Choice) =
        format!("색: {}", colours(choice).of(Lang::Ko)),
        format!("Colours: {}", colours(choice).of(Lang::En));

    // Leaving.
    /// The chart has no other scale for what it shows.
    only_powers = "아주 큰 수가 있어 로그 눈금으로만 그립니다.", "With numbers this large there is only the log scale.";

    press_again = "나가려면 Ctrl-C를 한 번 더 누르거나 /exit를 쓰세요.", "Press Ctrl-C again to leave, or type /exit.";
    host_leaves(others: usize) =
        format!("이 컴퓨터가 연 방이라, 나가면 다른 {}명은 누군가 이어받을 때까지 연결이 끊깁니다. 나가려면 /exit를 한 번 더 쓰세요.", text::grouped(others)),
        format!("You host this room: {} will be cut off until one takes over. /exit again to leave.", others_online(others));
    host_leaves_again(others: usize) =
        format!("이 컴퓨터가 연 방이라, 나가면 다른 {}명은 누군가 이어받을 때까지 연결이 끊깁니다. 나가려면 Ctrl-C를 한 번 더 누르세요.", text::grouped(others)),
        format!("You host this room: {} will be cut off until one takes over. Ctrl-C again to leave.", others_online(others));
    /// The host presses this key, which stops the program, with so many others online.
    host_stops(others: usize, key: &str) =
        format!("이 컴퓨터가 방을 열고 있어, 멈추면 다른 {}명도 멈춥니다. 넘겨주려면 /exit, 그래도 멈추려면 {key} 키를 한 번 더 누르세요.", text::grouped(others)),
        format!("You host this room: {} would have to wait while it is stopped. /exit hands it over; {key} again stops it.", others_online(others));

    // The wall.
    wall_join = "들어오는 방법", "Join with";
    wall_this_machine = "이 컴퓨터에서만 들어올 수 있습니다", "from this computer only";
    wall_fingerprint(fingerprint: &str) =
        format!("인증서 지문: {fingerprint}"),
        format!("Certificate: {fingerprint}");
    wall_leave = "q: 나가기", "q leaves";
    wall_nothing_yet = "아직 결과가 없습니다. 첫 수를 기다립니다.", "Nothing squared yet. Who is first?";
    wall_no_server =
        "서버를 기다립니다. 서버가 답하면 저절로 이어집니다.",
        "Waiting for the server. The wall goes on by itself as soon as it answers.";
    wall_refused =
        "이 방은 서버가 있는 컴퓨터에서만 볼 수 있습니다.",
        "This room can be watched from the server's own computer only.";

    // Help and the footer.
    help_title = "도움말", "Help";
    /// A word that help says nothing about, and one near to it that it does.
    unknown_topic(word: &str, nearest: Option<&str>) =
        match nearest {
            Some(nearest) => format!("도움말에 '{word}' 항목은 없습니다. 혹시 /help {nearest}입니까? 전체는 /help에 있습니다."),
            None => format!("도움말에 '{word}' 항목은 없습니다. 전체는 /help에 있습니다."),
        },
        match nearest {
            Some(nearest) => format!("Help has nothing on '{word}'. Did you mean /help {nearest}? All of it: /help"),
            None => format!("Help has nothing on '{word}'. All of it: /help"),
        };
    help_keys [
        (UpDown, "스크롤", "scroll"), (Of(&[PageUp, PageDown]), "한 화면씩", "page"), (Word("Esc"), "닫기", "close"),
    ];
    footer [
        (Word("Enter"), "제곱", "square"), (Of(&[PageUp]), "이전", "earlier"),
        (Of(&[SelectEarlier]), "고르기", "select"), (Of(&[Action::Chart]), "그래프", "chart"),
        (Of(&[Help]), "도움말", "help"), (Word("/exit"), "나가기", "leave"),
    ];
    /// Without a connection.
    footer_lost [
        (Of(&[Action::Reconnect]), "바로 연결", "connect now"), (Word("Enter"), "제곱", "square"),
        (Of(&[PageUp]), "이전", "earlier"), (Of(&[Help]), "도움말", "help"), (Word("/exit"), "나가기", "leave"),
    ];
    footer_scrolled [
        (Of(&[PageUp, PageDown]), "스크롤", "scroll"), (Word("Esc"), "최신", "newest"),
        (Of(&[SelectEarlier]), "고르기", "select"), (Of(&[Help]), "도움말", "help"),
    ];
    footer_filtered [
        (Word("Esc"), "모두 보기", "show all"), (Of(&[SelectEarlier]), "고르기", "select"),
        (Of(&[PageUp]), "이전", "earlier"), (Of(&[Help]), "도움말", "help"),
    ];
    /// Where nothing is let through, while it is searched for and after that.
    footer_none_yet [(Word("Esc"), "멈추기", "stop"), (Of(&[Help]), "도움말", "help")];
    footer_none [(Word("Esc"), "모두 보기", "show all"), (Of(&[Help]), "도움말", "help")];
    footer_found [
        (Of(&[FindEarlier]), "이전 것", "earlier"), (Of(&[FindLater]), "다음 것", "later"),
        (Word("Enter"), "자세히", "all digits"), (Word("Esc"), "모두 보기", "show all"),
        (Of(&[CopySquare]), "복사", "copy"),
    ];
    online_keys [
        (Word("Enter"), "이 학생만", "only theirs"), (Word("Esc"), "닫기", "close"), (UpDown, "고르기", "choose"),
    ];
    footer_selected [
        (Word("Enter"), "자세히", "all digits"), (Of(&[CopySquare]), "복사", "copy"),
        (Of(&[OnlyStudent]), "이 학생만", "only theirs"), (Word("Esc"), "최신", "newest"),
        (Of(&[Help]), "도움말", "help"),
    ];
    footer_command [
        (Word("Tab"), "채우기", "complete"), (Word("Enter"), "실행", "run"),
        (Of(&[Action::Undo]), "되돌리기", "undo"), (Of(&[Help]), "도움말", "help"),
    ];
    footer_typing [
        (Word("Enter"), "제곱", "square"), (Of(&[Action::HistoryEarlier]), "앞서 쓴 수", "entered before"),
        (Of(&[Action::Undo]), "되돌리기", "undo"), (Of(&[Help]), "도움말", "help"),
    ];
}

fn numbers(count: usize) -> String {
    if count == 1 { "1 number".to_owned() } else { format!("{} numbers", text::grouped(count)) }
}

fn others_online(count: usize) -> String {
    if count == 1 { "1 other".to_owned() } else { format!("{} others", text::grouped(count)) }
}

fn colours(choice: Choice) -> Both {
    match choice {
        Choice::Auto => both("터미널의 배경에 맞춤", "by the terminal's background"),
        Choice::Dark => both("어두운 배경", "for a dark background"),
        Choice::Light => both("밝은 배경", "for a light background"),
        Choice::Contrast => both("고대비", "high contrast"),
        Choice::Mono => both("흑백", "none"),
    }
}
