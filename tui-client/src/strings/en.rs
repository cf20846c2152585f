//! What the client says in English. Read through [`super::Strings::of`].

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

pub(super) static EN: Strings = Strings {
    lang: Lang::En,

    program: "Squares",
    tagline: "A room where your class squares numbers together.",
    too_small: |width, height| {
        format!("Squares needs a window of at least {width}x{height}. Please make this one larger.")
    },
    too_small_short: |width, height| format!("min {width}x{height}"),

    connecting: "Connecting",
    connected: "Connected",
    joined: "Connected",
    joining: "Joining",
    hosting: "You host this room.",
    host: "host",
    hosts_own_ledger: |folder| {
        let folder = folder.map(|folder| format!(" ({folder})")).unwrap_or_default();
        format!("You host now, with your own account's results{folder}. The earlier ones stay with who hosted before.")
    },
    other_ledger: |server| {
        format!(
            "Somebody else answers at {server} now, with results of their own. The earlier ones stay with whoever answered there before."
        )
    },
    own_results_elsewhere: |folder| {
        format!("Another server answers here, with results of its own. This account's own results stay in {folder}.")
    },
    lost,
    cannot_host,
    lost_short: "lost",
    retry_in: |seconds| format!("retrying in {seconds} s"),
    retry_in_short: |seconds| format!("{seconds} s"),
    retrying: "retrying",
    retry_by_key: |key| format!("{key} tries again"),
    waiting: |count| format!("{} to send", text::grouped(count)),
    waiting_short: |count| format!("{} to send", text::grouped(count)),
    online: |count| format!("{} online", text::grouped(count)),
    online_unknown: "online",
    sent_again_in: |seconds| format!("sent again in {seconds} s"),

    student: "Student ID",
    name: "Name",
    server: "Server",
    student_empty: "Type your student ID.",
    name_optional: "optional",
    this_machine: "this computer",
    choose_server: "choose",
    no_address: "This is no address. Give a host, a port or both: 192.0.2.7:7878.",
    pin: "PIN",
    pin_empty: "Type your PIN; it was handed out to you.",
    first_seen: |server, fingerprint| format!("First time at {server}. Certificate trusted from now on: {fingerprint}"),
    first_seen_pin: |server, fingerprint| {
        format!("First time at {server}. Ask the professor if this is theirs: {fingerprint}")
    },
    pin_given: "Enter sends it",
    pin_held_up: |seconds| format!("Too many tries: the next one in {seconds} s."),
    student_error,
    join_keys: &[
        (Word("Enter"), "join"),
        (Word("Tab"), "next field"),
        (Word("Ctrl-C"), "leave"),
        (Of(&[Help]), "help"),
    ],

    no_results: &["Nothing squared yet.", "Type a number below and press Enter."],
    loading: "loading earlier results",
    beginning: "the beginning",
    more_above: "earlier results above",
    cut: "newer results: End",
    more_waiting: |count| format!("{count} more waiting"),
    new_below: |count| format!("{count} new"),
    scrolled_up: "newest: Esc",
    back_to_newest: "Esc goes back to the newest results.",
    digits: |count| if count == "1" { "1 digit".to_owned() } else { format!("{count} digits") },
    more_online: |count| format!("+{count} more"),
    me: "me",

    divider: "you stopped reading here",
    only_mine: "only mine",
    only_student: |name| format!("only {name}"),
    found: |text, count| format!("'{text}': {count} found"),
    searched: |count| format!("{count} searched"),
    searching: "searching",
    search_stopped: "stopped",
    everybody: "Everybody's results.",
    passed_over: |count, key| {
        let earlier = key.map(|key| format!(" Earlier ones: {key}")).unwrap_or_default();
        format!("{count} {} passed over.{earlier}", if count == "1" { "result" } else { "results" })
    },
    show_all: "show all: Esc",
    stop_search: "stop: Esc",
    nothing_here: "no results to show",
    nobody_named: |who| format!("There is nobody called '{who}'. Who is online: /who"),
    several_named: |who, students| {
        format!("Which one does '{who}' mean? {students}. Type more of the name, or the student ID.")
    },
    more_below: "more below",
    select_first: |key| match key {
        Some(key) => format!("Select a result first, with {key} or a click."),
        None => "Select a result first, with a click.".to_owned(),
    },
    find_first: "Say what to find first: /find 144",

    copied: |square, value, digits| {
        let what = if square { "square" } else { "number" };
        let s = if digits == "1" { "" } else { "s" };
        format!("Copied the {what}: {value} ({digits} digit{s})")
    },
    copied_in_tmux: ". tmux needs: set -g set-clipboard on",
    nothing_to_copy: "There is no result to copy.",
    cannot_copy: "Nothing can be copied through this terminal.",

    unread_settings: |path, why| format!("Your settings in {path} cannot be read ({why}). The usual ones are used."),
    unknown_time_zone: |name| format!("TZ={name} is not a time zone; times are shown in UTC."),

    export_begins: |most, path| {
        let s = if most == "1" { "" } else { "s" };
        format!("Exporting up to {most} result{s} to {path}. Ctrl-C stops it.")
    },
    exporting: |percent, written| format!("exporting {percent}%, {written}"),
    stop_export: "stop: Ctrl-C",
    export_busy: "An export is under way; Ctrl-C stops it.",
    export_usage: "Give a file that ends in .csv or .jsonl, as in /export results.csv",
    export_stopped: "The export was stopped; nothing was written.",
    export_other_ledger: "the server has another ledger now",
    export_incomplete: "the server did not give all of the results",
    export_failed: |path, why| format!("Could not write {path}: {why}"),
    system,
    export_exists: |path| format!("{path} is there already. Enter again replaces it."),
    exported: |count, path| format!("{count} {} in {path}.", if count == "1" { "result" } else { "results" }),

    chart_of: |count, all| {
        let s = if count == "1" { "" } else { "s" };
        format!("{}{count} result{s}", if all || count == "0" { "" } else { "newest " })
    },
    chart_powers: "log scale",
    chart_even: "linear scale",
    chart_all_seen: "All of it is in sight. Zoom in: Up",
    chart_others: "others",
    per_minute: |most| format!("per minute (most {most})"),
    who_squared: |total, all| {
        if all || total == "0" {
            format!("by student ({total} in all)")
        } else {
            format!("by student (newest {total})")
        }
    },
    chart_keys: &[
        (Word("Up/Down"), "zoom"),
        (Of(&[PanLeft, PanRight]), "move"),
        (Word("Home"), "fit"),
        (Word("End"), "log scale"),
        (Word("Esc"), "close"),
    ],
    chart_keys_small: &[(Word("Tab"), "more"), (Word("Up/Down"), "zoom"), (Word("Esc"), "close")],

    number: "Number",
    square: "Square",
    detail_keys: &[
        (Of(&[CopyNumber]), "copy number"),
        (Of(&[CopySquare]), "copy square"),
        (Of(&[OnlyStudent]), "only theirs"),
        (Word("Up/Down"), "scroll"),
        (Word("Esc"), "close"),
    ],

    placeholder: "Type a number and press Enter",
    placeholder_short: "Type a number",
    fault,
    too_many_digits: |limit| format!("Too many digits: at most {limit}."),
    error,
    too_long: "Too long to paste here; nothing was taken in.",
    not_queued: |number, waiting| {
        format!(
            "Not taken, since too many numbers ({waiting}) wait for the server already: {number}. Try again when they are sent."
        )
    },
    unkept: |folder, why| {
        let why = match folder {
            Some(folder) => format!("Nothing can be kept in {folder} ({why})."),
            None => "Nothing can be kept: no home folder is known (HOME).".to_owned(),
        };
        format!("{why} Numbers are sent; what you type will not survive an end of the program.")
    },
    paste_question: |good, bad| match (good, bad) {
        (0, 1) => "The line pasted is not a number.".to_owned(),
        (0, bad) => format!("None of the {} lines pasted is a number.", text::grouped(bad)),
        (good, 0) => format!("Square {}?", numbers(good)),
        (good, 1) => format!("Square {}? 1 line is not a number.", numbers(good)),
        (good, bad) => format!("Square {}? {} lines are not numbers.", numbers(good), text::grouped(bad)),
    },
    paste_question_short: |good, bad| match (good, bad) {
        (0, _) => "No line is a number.".to_owned(),
        (good, 0) => format!("Square {}?", text::grouped(good)),
        (good, 1) => format!("Square {}? 1 is wrong.", text::grouped(good)),
        (good, bad) => format!("Square {}? {} are wrong.", text::grouped(good), text::grouped(bad)),
    },
    pasted_too_many: |most| format!("More than {most} lines; nothing was pasted. Feed a file instead: squares < file"),
    paste_keys: &[(Word("Enter"), "square them"), (Word("Esc"), "cancel"), (Word("Up/Down"), "scroll")],
    paste_keys_none: &[(Word("Esc"), "close"), (Word("Up/Down"), "scroll")],
    wait_for_server: "Not connected yet. The line stays here: press Enter again once there is a connection.",
    pin_withheld: "That is your PIN. It was not sent: everybody would see it.",
    draft_is_back: "Restored your unfinished line.",
    history_search: "Type a part of what was entered before",
    history_none: "Nothing like that was entered before",
    history_last: "no other",
    history_keys: &[
        (Word("Enter"), "do it"),
        (Word("Tab"), "edit it"),
        (Of(&[Action::HistorySearch]), "earlier"),
        (Word("Esc"), "back"),
    ],
    unknown_command: |name, nearest| match nearest {
        Some(nearest) => format!("There is no /{name}. Did you mean /{nearest}?"),
        None => format!("There is no /{name}. /help lists every command."),
    },
    unknown_copy: "Write square or number, as in /copy number.",
    no_argument: |name| format!("/{name} takes no argument."),
    unknown_language: "Write ko or en, as in /lang ko.",
    unknown_theme: "Write auto, dark, light, contrast or mono, as in /theme light.",
    theme_chosen: |choice| {
        let name = match choice {
            Choice::Auto => "by the terminal's background",
            Choice::Dark => "for a dark background",
            Choice::Light => "for a light background",
            Choice::Contrast => "high contrast",
            Choice::Mono => "none",
        };
        format!("Colours: {name}")
    },
    language_chosen: "English from now on.",

    only_powers: "With numbers this large there is only the log scale.",

    press_again: "Press Ctrl-C again to leave, or type /exit.",
    host_leaves: |others| {
        format!(
            "You host this room: {} will be cut off until one takes over. /exit again to leave.",
            others_online(others)
        )
    },
    host_leaves_again: |others| {
        format!(
            "You host this room: {} will be cut off until one takes over. Ctrl-C again to leave.",
            others_online(others)
        )
    },

    host_stops: |others, key| {
        format!(
            "You host this room: {} would have to wait while it is stopped. /exit hands it over; {key} again stops it.",
            others_online(others)
        )
    },

    help_title: "Help",
    help: &[
        (
            Section::Squaring,
            "Squaring",
            &[
                ("Enter", "square the number and share the result"),
                ("paste lines", "asks whether to square each line"),
                ("numbers", "12  -0.5  1,234  1_000  2.5e-3"),
            ],
        ),
        (
            Section::Results,
            "Results",
            &[
                ("Enter", "on a selected result: all of its digits"),
                ("Esc", "show all again; back to the newest"),
                ("click", "select a result, open it; show only a student's"),
            ],
        ),
        (Section::Editing, "Editing", &[("Tab", "complete a command")]),
        (
            Section::Room,
            "Room",
            &[
                ("Ctrl-C", "clear the line; twice: leave"),
                ("config.toml", "other keys, but for Enter, Esc, Tab and Ctrl-C"),
            ],
        ),
    ],
    help_commands: "Commands",
    help_joining: (
        "Joining",
        &[
            ("Student ID", "as it stands on the roster"),
            ("Name", "what others see; without one, the student ID"),
            ("PIN", "stands on the slip that was handed out to you"),
            ("Server", "empty: this computer; else address:port"),
            ("Enter", "join"),
            ("Tab Up/Down", "another field"),
            ("Ctrl-C", "leave"),
        ],
    ),
    help_keys: &[(Word("Up/Down"), "scroll"), (Of(&[PageUp, PageDown]), "page"), (Word("Esc"), "close")],
    footer: &[
        (Word("Enter"), "square"),
        (Of(&[PageUp]), "earlier"),
        (Of(&[SelectEarlier]), "select"),
        (Of(&[Help]), "help"),
        (Word("/exit"), "leave"),
    ],
    footer_lost: &[
        (Of(&[Action::Reconnect]), "connect now"),
        (Word("Enter"), "square"),
        (Of(&[PageUp]), "earlier"),
        (Of(&[Help]), "help"),
        (Word("/exit"), "leave"),
    ],
    footer_scrolled: &[
        (Of(&[PageUp, PageDown]), "scroll"),
        (Word("Esc"), "newest"),
        (Of(&[SelectEarlier]), "select"),
        (Of(&[Help]), "help"),
    ],
    footer_filtered: &[
        (Word("Esc"), "show all"),
        (Of(&[SelectEarlier]), "select"),
        (Of(&[PageUp]), "earlier"),
        (Of(&[Help]), "help"),
    ],
    footer_none_yet: &[(Word("Esc"), "stop"), (Of(&[Help]), "help")],
    footer_none: &[(Word("Esc"), "show all"), (Of(&[Help]), "help")],
    footer_found: &[
        (Of(&[FindEarlier]), "earlier"),
        (Of(&[FindLater]), "later"),
        (Word("Enter"), "all digits"),
        (Word("Esc"), "show all"),
        (Of(&[CopySquare]), "copy"),
    ],
    online_keys: &[(Word("Enter"), "only theirs"), (Word("Esc"), "close"), (Word("Up/Down"), "choose")],
    footer_selected: &[
        (Word("Enter"), "all digits"),
        (Of(&[CopySquare]), "copy"),
        (Of(&[OnlyStudent]), "only theirs"),
        (Word("Esc"), "newest"),
        (Of(&[Help]), "help"),
    ],
    footer_command: &[
        (Word("Tab"), "complete"),
        (Word("Enter"), "do it"),
        (Of(&[Action::Undo]), "undo"),
        (Of(&[Help]), "help"),
    ],
    footer_typing: &[
        (Word("Enter"), "square"),
        (Of(&[Action::HistoryEarlier]), "entered before"),
        (Of(&[Action::Undo]), "undo"),
        (Of(&[Help]), "help"),
    ],
};

fn numbers(count: usize) -> String {
    if count == 1 { "1 number".to_owned() } else { format!("{} numbers", text::grouped(count)) }
}

fn others_online(count: usize) -> String {
    if count == 1 { "1 other".to_owned() } else { format!("{} others", text::grouped(count)) }
}
