//! Plain mode as scripts see it: the real program, against the real server, and against one that fails at chosen
//! moments.

mod follow;

use std::process::Stdio;
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::support::Peer;
use crate::support::fake::result;
#[cfg(unix)]
use crate::support::pty::Pty;
use crate::support::{Done, Fake, Home, Lines, Process, Server, run};
use serde_json::{Value, json};

fn squares(server: &str, arguments: &[&str], input: &[u8]) -> Done {
    let home = Home::new();
    let mut command = home.squares(&["--server", server, "--student", "s1"]);
    run(command.args(arguments), input)
}

/// Plain mode with its input and output open.
fn open(home: &Home, server: &str, arguments: &[&str]) -> Process {
    let mut command = home.squares(&["--server", server, "--student", "s1"]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Process::start(&mut command)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn numbers_are_squared_in_the_order_given_and_in_canonical_form() {
    let server = Server::start(&[]);
    let done = squares(&server.address, &["12", "-5", "1e3", "-.5", "007", "−7", "1,234", "-0", "１２"], b"");
    let expected = [
        "12² = 144",
        "(-5)² = 25",
        "1000² = 1000000",
        "(-0.5)² = 0.25",
        "7² = 49",
        "(-7)² = 49",
        "1234² = 1522756",
        "0² = 0",
        "12² = 144",
    ];
    assert_eq!((done.code, lines(&done.out), done.err.as_str()), (Some(0), expected.into(), ""));

    let input: String = (1..=300).map(|number| format!("  {number}\t\r\n\n")).collect();
    let fast = Server::start(&["--rate", "0"]);
    let done = squares(&fast.address, &[], input.as_bytes());
    let expected: Vec<String> = (1..=300).map(|number| format!("{number}² = {}", number * number)).collect();
    assert_eq!(
        (done.code, lines(&done.out), done.err.as_str()),
        (Some(0), expected.iter().map(|l| &**l).collect(), "")
    );
}

#[test]
fn a_refused_number_is_an_error_of_its_own_and_the_rest_goes_on() {
    let server = Server::start(&["--max-digits", "50"]);
    let long = "7".repeat(100);
    let mut input = format!("1\n1/2\n{long}\n\n2\na\x1b[31mb\n").into_bytes();
    input.extend(b"\xff3\n");
    input.extend(std::iter::repeat_n(b'8', 3 << 20));
    input.extend(b"\n-3");
    let done = squares(&server.address, &[], &input);
    assert_eq!((done.code, lines(&done.out)), (Some(1), vec!["1² = 1", "2² = 4", "(-3)² = 9"]));
    let errors = lines(&done.err);
    let begins = [
        "1/2: ",
        "777777777777777777777777…777777777777 (100 characters): ",
        "a\\u{1b}[31mb: ",
        "\u{fffd}3: ",
        "a line: ",
    ];
    assert_eq!(errors.len(), begins.len(), "{errors:?}");
    for (error, begins) in errors.iter().zip(begins) {
        assert!(error.starts_with(begins) && error.len() > begins.len(), "{error:?} for {begins:?}");
    }
    let done = squares(&server.address, &[""], b"");
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""));
}

#[test]
fn bad_usage_exits_with_2_before_anybody_is_asked() {
    let home = Home::new();
    for arguments in [
        &["12"][..],
        &["--student", "", "12"],
        &["--student", "s1", "--nope", "12"],
        &["--student", "s1", "-x"],
        &["--student", "s1", "--server", "a b", "12"],
        &["--follow", "12"],
    ] {
        let done = run(&mut home.squares(arguments), b"");
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!done.err.is_empty(), "{arguments:?}");
    }
    for arguments in [["--help"], ["--version"]] {
        let done = run(&mut home.squares(&arguments), b"");
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
    let help = run(&mut home.squares(&["--help"]), b"").out.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in ["20 squares a second", "the full screen hosts a room itself", "once a server is there"] {
        assert!(help.contains(told), "{help}");
    }
    let done = run(home.squares(&["--help"]).env("SQUARES_PIN", "4711"), b"");
    assert!(!done.out.contains("4711"));
}

#[test]
fn completions_are_printed_for_every_shell() {
    for (shell, says) in
        [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c"), ("powershell", "param(")]
    {
        let done = run(&mut Home::new().squares(&["completions", shell]), b"");
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        assert!(done.out.contains(says) && done.out.contains("student"), "{shell}: {}", done.out);
    }
    assert_eq!(run(&mut Home::new().squares(&["completions", "nosh"]), b"").code, Some(2));
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Home::new().squares(&["completions", "bash"]).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "a part of a script is no success");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write"));
    }
}

#[test]
fn a_pipe_without_a_number_needs_no_student_and_one_with_a_number_does() {
    for (input, code) in [("", 0), ("\n \r\n", 0), ("12\n", 2)] {
        let done = run(&mut Home::new().squares(&["--server", "127.0.0.1:1"]), input.as_bytes());
        assert_eq!((done.code, done.out.as_str()), (Some(code), ""), "{input:?}");
        assert_eq!(done.err.contains("--student"), code == 2, "{}", done.err);
    }
}

#[test]
fn without_a_server_it_exits_with_3_and_without_a_number_with_0() {
    let nobody = Fake::listen().address();
    let done = squares(&nobody, &["12"], b"");
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""));
    assert!(done.err.contains(&nobody) && done.err.contains("squares-server"), "{}", done.err);
    assert_eq!(squares(&nobody, &["--follow"], b"").code, Some(3));
    for input in [&b""[..], b"\n  \n\t\n"] {
        let done = squares(&nobody, &[], input);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    }
}

#[test]
fn who_is_not_let_in_exits_with_3() {
    let home = Home::new();
    let roster = home.path().join("roster.csv");
    std::fs::write(&roster, "id,name\ns9,Sample Student\n").unwrap();
    let server = Server::start(&["--roster", roster.to_str().unwrap()]);
    let done = squares(&server.address, &["12"], b"");
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""));
    assert!(done.err.starts_with("squares: not let in: "), "{}", done.err);
    let done = run(&mut home.squares(&["--server", &server.address, "--student", "s9", "12"]), b"");
    assert_eq!((done.code, done.out.as_str()), (Some(0), "12² = 144\n"));
    let done = run(&mut home.squares(&["--server", &server.address, "--student", "a b", "12"]), b"");
    assert_eq!(done.code, Some(3));

    let fake = Fake::listen();
    let mut process = open(&home, &fake.address(), &["12"]);
    fake.accept().error("server_full", None, None);
    assert_eq!(process.exit_code(), Some(3));
    assert!(process.errors().contains("full"));
}

#[test]
fn everything_can_be_set_by_the_environment_and_flags_go_before_it() {
    let server = Server::start(&[]);
    let home = Home::new();
    let environment = |command: &mut std::process::Command, json: &str| {
        command
            .env("SQUARES_SERVER", &server.address)
            .env("SQUARES_STUDENT", "e1")
            .env("SQUARES_NAME", "환경")
            .env("SQUARES_FOLLOW", "")
            .env("SQUARES_JSON", json);
    };
    for json in ["1", "true", "yes", " １\r"] {
        let mut command = home.squares(&["3"]);
        environment(&mut command, json);
        let done = run(&mut command, b"");
        let result: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(
            (&result["student"], &result["name"], &result["square"]),
            (&json!("e1"), &json!("환경"), &json!("9"))
        );
    }
    for json in ["", "0", "false", "０"] {
        let mut command = home.squares(&["--student", "e2", "3"]);
        environment(&mut command, json);
        assert_eq!(run(&mut command, b"").out, "3² = 9\n");
    }
    assert_eq!(server.ledger().last().unwrap()["student"], "e2");
}

#[test]
fn a_line_typed_into_a_pipe_is_answered_at_once() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut process = open(&home, &server.address, &[]);
    let out = process.stdout_lines();
    for number in 1..=5 {
        process.say(&format!("{number}\n"));
        assert_eq!(out.next(), format!("{number}² = {}", number * number));
    }
    process.say("6");
    process.close_input();
    assert_eq!(out.rest(), ["6² = 36"]);
    assert_eq!(process.exit_code(), Some(0));
}

#[test]
fn json_is_the_line_as_it_came_with_control_characters_escaped() {
    let fake = Fake::listen();
    let home = Home::new();
    let mut process = open(&home, &fake.address(), &["--json", "12"]);
    let (mut peer, join) = fake.let_in(7);
    assert_eq!((&join["student"], &join["backlog"], join.get("after")), (&json!("s1"), &json!(0), None));
    let square = peer.hear();
    let id = square["id"].as_str().unwrap();
    let line = |name: &str| {
        format!(
            r#"{{"seq":8,"type":"result","at":"t", "later":[1e400],"student":"s1","name":"{name}","number":"12","square":"144","id":"{id}"}}"#
        )
    };
    peer.say_raw(&line("a\u{7f}\u{9b}31m\u{202e}"));
    let out = process.stdout_lines();
    assert_eq!(out.rest(), [line("a\\u007f\\u009b31m\\u202e")]);
    assert_eq!(process.exit_code(), Some(0));
}

#[test]
fn answers_in_any_order_are_printed_in_the_order_given() {
    let fake = Fake::listen();
    let home = Home::new();
    let mut process = open(&home, &fake.address(), &["1", "2", "x", "3"]);
    let (mut peer, _) = fake.let_in(0);
    let ids: Vec<String> = (0..4).map(|_| peer.hear()["id"].as_str().unwrap().to_owned()).collect();
    assert!(ids.is_sorted() && ids.iter().all(|id| id.len() <= 64), "{ids:?}");
    // Somebody else's request may have the same name; that is no answer to ours.
    peer.result(1, "s2", "9", Some(&ids[0]));
    peer.result(2, "s1", "3", Some(&ids[3]));
    peer.error("not_a_number", Some(&ids[2]), None);
    peer.result(3, "s1", "2", Some(&ids[1]));
    peer.say_raw(r#"{"type":"confetti"}"#);
    peer.result(4, "s1", "1", Some(&ids[0]));
    assert_eq!(process.stdout_lines().rest(), ["1² = 1", "2² = 4", "3² = 9"]);
    assert_eq!(process.exit_code(), Some(1));
    assert_eq!(process.errors(), "x: It is not_a_number.\n");
}

#[test]
fn a_lost_connection_sends_what_is_unanswered_again_under_the_same_names() {
    let fake = Fake::listen();
    let home = Home::new();
    let mut process = open(&home, &fake.address(), &["1", "2", "3"]);
    let (mut peer, _) = fake.let_in(0);
    let first: Vec<Value> = (0..3).map(|_| peer.hear()).collect();
    peer.result(1, "s1", "1", first[0]["id"].as_str());
    peer.hang_up();
    // It comes back, is cut off before hello, and comes back again.
    fake.accept().hang_up();
    let (mut peer, join) = fake.let_in(2);
    assert_eq!(join.get("after"), None);
    assert_eq!([peer.hear(), peer.hear()], first[1..]);
    peer.error("rate_limited", first[1]["id"].as_str(), Some(30));
    peer.error("rate_limited", first[2]["id"].as_str(), Some(30));
    assert_eq!(peer.hear(), first[1], "one at a time after it was too fast");
    peer.result(2, "s1", "2", first[1]["id"].as_str());
    assert_eq!(peer.hear(), first[2]);
    peer.say(&json!({"type": "bye", "reason": "shutdown"}));
    let (mut peer, _) = fake.let_in(2);
    assert_eq!(peer.hear(), first[2]);
    peer.error("storage_unavailable", first[2]["id"].as_str(), None);
    assert_eq!(peer.hear(), first[2]);
    peer.result(3, "s1", "3", first[2]["id"].as_str());
    assert_eq!(process.stdout_lines().rest(), ["1² = 1", "2² = 4", "3² = 9"]);
    assert_eq!((process.exit_code(), process.errors()), (Some(0), String::new()));
}

#[test]
fn a_thousand_numbers_survive_a_server_killed_in_the_middle() {
    let mut server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut process = open(&home, &server.address, &[]);
    let out = process.stdout_lines();
    process.say("1\n");
    assert_eq!(out.next(), "1² = 1");
    let rest: String = (2..=1000).map(|number| format!("{number}\n")).collect();
    process.say(&rest);
    assert_eq!(out.next(), "2² = 4");
    server.kill();
    server.start_again();
    process.close_input();
    let expected: Vec<String> = (3..=1000).map(|number| format!("{number}² = {}", number * number)).collect();
    assert_eq!(out.rest(), expected);
    assert_eq!(process.exit_code(), Some(0));
    let mut recorded: Vec<u32> = server.numbers().iter().map(|number| number.parse().unwrap()).collect();
    recorded.sort_unstable();
    assert_eq!(recorded, (1..=1000).collect::<Vec<u32>>(), "each once");
}

// Windows tells that a reader is gone only when something more is printed.
#[cfg(unix)]
#[test]
fn who_follows_for_a_reader_that_is_gone_ends_at_once() {
    let server = Server::start(&[]);
    let home = Home::new();
    let mut process = open(&home, &server.address, &["--follow"]);
    // Nothing more is going to be printed, and it ends all the same.
    drop(process.0.stdout.take());
    assert_eq!((process.exit_code(), process.errors()), (Some(0), String::new()));
}

#[test]
fn a_reader_that_has_read_enough_ends_it_quietly() {
    let server = Server::start(&["--rate", "0"]);
    let home = Home::new();
    let mut process = open(&home, &server.address, &[]);
    let input: String = (1..=5000).map(|number| format!("{number}\n")).collect();
    let mut stdin = process.0.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, input.as_bytes())));
    let mut first = [0; 1];
    std::io::Read::read_exact(process.0.stdout.as_mut().unwrap(), &mut first).unwrap();
    drop(process.0.stdout.take());
    assert_eq!((process.exit_code(), process.errors()), (Some(0), String::new()));
    writer.join().unwrap();
}

#[cfg(unix)]
#[test]
fn who_waits_for_the_rate_on_a_terminal_is_told_why_and_a_script_is_not() {
    let server = Server::start(&["--rate", "50", "--burst", "2"]);
    let numbers = ["1", "2", "3", "4", "5", "6"];
    let home = Home::new();
    let arguments = [&["--server", &*server.address, "--student", "s1"], &numbers[..]].concat();
    let mut terminal = Pty::start(&home, &arguments);
    assert_eq!(terminal.exit_code(), 0);
    let said = terminal.all_sent();
    assert_eq!(said.matches("takes 50 squares a second from a student, after 2 at once").count(), 1, "{said}");
    assert!(said.contains("6² = 36"), "{said}");

    let done = squares(&server.address, &numbers, b"");
    assert_eq!((done.code, lines(&done.out).len(), done.err.as_str()), (Some(0), 6, ""));
}

// Half a minute of a CI run is enough: it is not waited for under wine again.
#[cfg(unix)]
#[test]
fn half_a_minute_without_progress_exits_with_3_and_says_why() {
    let (limited, lost) = (Fake::listen(), Fake::listen());
    let (first, second) = (Home::new(), Home::new());
    let mut held_up = open(&first, &limited.address(), &["1", "2"]);
    let mut cut_off = open(&second, &lost.address(), &["1", "2"]);
    let (mut limits, _) = limited.let_in(0);
    let [one, two] = [limits.hear(), limits.hear()].map(|square| square["id"].as_str().unwrap().to_owned());
    // The answer to the first may come behind the refusal of the second.
    limits.error("rate_limited", Some(&two), Some(300_000));
    limits.result(1, "s1", "1", Some(&one));
    let (mut leaves, _) = lost.let_in(0);
    leaves.hear();
    drop((leaves, lost));
    let begun = std::time::Instant::now();
    let code = |process: &mut Process| process.wait_for(Duration::from_secs(60)).code();
    assert_eq!((code(&mut held_up), code(&mut cut_off)), (Some(3), Some(3)));
    assert!(begun.elapsed() > Duration::from_secs(25), "{:?}", begun.elapsed());
    let (held_up, cut_off) = (held_up.errors(), cut_off.errors());
    assert!(held_up.ends_with("nothing went forward for 30 s: It is rate_limited.\n"), "{held_up}");
    assert!(cut_off.contains("nothing went forward for 30 s: cannot reach a server"), "{cut_off}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_pin_comes_from_the_environment_and_goes_only_where_it_is_asked_for() {
    let fake = Fake::listen();
    let home = Home::new();
    let start = |pin: &str| {
        let mut command = home.squares(&["--server", &fake.address(), "--student", "s1", "12"]);
        // Without a terminal of its own, nobody can be asked.
        let mut command = {
            let mut wrapped = home.command("setsid");
            wrapped.arg("--wait").arg(command.get_program()).args(command.get_args());
            std::mem::swap(&mut command, &mut wrapped);
            command
        };
        command.env("SQUARES_PIN", pin).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Process::start(&mut command)
    };
    let hello = |peer: &mut Peer, auth: &str| {
        peer.say(&json!({"type": "hello", "protocol": 1, "server": "fake 1", "auth": auth, "log": "log",
            "latest": 0, "limits": {"line": 65536, "digits": 10000, "rate": 20, "burst": 50}}));
    };
    let _open = start("4711");
    let mut peer = fake.accept();
    hello(&mut peer, "open");
    assert_eq!(peer.hear().get("pin"), None);

    let mut asked = start("4711");
    let mut peer = fake.accept();
    hello(&mut peer, "pin");
    assert_eq!(peer.hear()["pin"], "4711");
    peer.error("bad_pin", None, None);
    assert_eq!(asked.exit_code(), Some(3));

    let mut without = start("");
    let mut peer = fake.accept();
    hello(&mut peer, "pin");
    assert_eq!(without.exit_code(), Some(3));
    assert!(without.errors().contains("SQUARES_PIN"));
}
