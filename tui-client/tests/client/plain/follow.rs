//! `--follow`: everybody's results as they come, with a student or without, over losses and gaps.

use super::*;

#[test]
fn who_follows_without_a_student_watches_and_squares_nothing() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut command = home.squares(&["--server", &fake.address(), "--follow"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(&mut command);
    let (out, errors) = (process.stdout_lines(), Lines::of(process.0.stderr.take().unwrap()));
    for (after, seq) in [(Value::Null, 6), (json!(6), 7)] {
        let mut peer = fake.accept();
        peer.hello("a", seq - 1);
        let watch = peer.hear_type("watch");
        assert_eq!((&watch["type"], &watch["after"], &watch["student"]), (&json!("watch"), &after, &Value::Null));
        let online = json!({"count": 0, "students": []});
        peer.say(
            &json!({"type": "welcome", "student": null, "online": online, "latest": seq - 1, "replay_after": seq - 1}),
        );
        peer.result(seq, "s2", "3", None);
        assert_eq!(out.next(), "s2: 3² = 9");
        peer.hang_up();
    }
    process.say("7\n");
    let refused = loop {
        let line = errors.next();
        if line.contains("7:") {
            break line;
        }
    };
    assert!(refused.contains("--student"), "{refused}");
    let done = run(&mut home.squares(&["--server", &fake.address(), "--follow", "5"]), b"");
    assert_eq!(done.code, Some(2), "who wants a square needs a student");
}

#[cfg(unix)]
#[test]
fn follow_says_once_that_the_server_is_gone_and_once_that_it_is_back() {
    let mut server = Server::start(&[]);
    let home = Home::new();
    let mut process = open(&home, &server.address, &["--follow", "5"]);
    let (out, errors) = (process.stdout_lines(), Lines::of(process.0.stderr.take().unwrap()));
    assert_eq!(out.next(), "s1: 5² = 25");
    for lost in [true, false] {
        if lost {
            server.kill();
        } else {
            server.stop();
        }
        let gone = errors.next();
        let how = if lost { "was lost" } else { "stopped" };
        assert!(gone.contains(&server.address) && gone.contains(how) && gone.contains("30 s"), "{gone}");
        server.start_again();
        assert_eq!(errors.next(), format!("squares: back at {}", server.address));
    }
    server.square_as("s2", "3");
    assert_eq!(out.next(), "s2: 3² = 9");
    drop(process);
    assert_eq!(errors.rest(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn follow_prints_everybody_without_gaps_or_repeats_until_interrupted() {
    use rustix::process::Signal;

    for signal in [Signal::INT, Signal::TERM] {
        let mut server = Server::start(&[]);
        server.square_as("s2", "1");
        let home = Home::new();
        let mut process = open(&home, &server.address, &["--follow", "5", "x"]);
        let out = process.stdout_lines();
        assert_eq!(out.next(), "s1: 5² = 25", "what came before the join is not shown");
        server.square_as("s2", "-2");
        assert_eq!(out.next(), "s2: (-2)² = 4");
        server.kill();
        server.start_again();
        server.square_as("s3", "3");
        assert_eq!(out.next(), "s3: 3² = 9");
        server.square_as("s4", "4");
        assert_eq!(out.next(), "s4: 4² = 16");
        process.signal(signal);
        assert_eq!((process.exit_code(), out.rest()), (Some(0), vec![]));
        assert!(process.errors().starts_with("x: "));
    }
}

#[test]
fn follow_fills_a_hole_from_the_history() {
    let fake = Fake::listen();
    let home = Home::new();
    let process = &mut open(&home, &fake.address(), &["--follow", "--json"]);
    let out = process.stdout_lines();
    let (mut peer, _) = fake.let_in(10);
    peer.result(11, "s2", "11", None);
    let mut expected = vec![out.next()];
    peer.hang_up();
    let line = |seq: u64| result(seq, "s2", &seq.to_string(), None).to_string();

    // It was away for 1,200 results, of which the server replays the last few.
    let mut peer = fake.accept();
    peer.hello("log", 1211);
    let join = peer.hear_type("join");
    assert_eq!((&join["after"], &join["log"]), (&json!(11), &json!("log")));
    peer.welcome_behind("s1", 1200, 1211);
    // What comes meanwhile is printed behind the gap.
    peer.result(1201, "s2", "1201", None);
    for (after, last) in [(11, 511), (511, 1011), (1011, 1200)] {
        let request = peer.hear_type("history");
        assert_eq!((&request["after"], &request["before"]), (&json!(after), &json!(1201)));
        let results: Vec<Value> = (after + 1..=last)
            .map(|seq| {
                let mut result = result(seq, "s2", &seq.to_string(), None);
                result.as_object_mut().unwrap().remove("type");
                result
            })
            .collect();
        peer.say(&json!({"type": "history", "results": results, "more": last < 1200, "student": null}));
    }
    for seq in 1202..=1211 {
        peer.say_raw(&line(seq));
    }
    expected.extend((12..=1211).map(line));
    let same = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    let printed: Vec<Value> =
        std::iter::once(same(&expected[0])).chain((12..=1211).map(|_| same(&out.next()))).collect();
    assert_eq!(printed, expected.iter().map(same).collect::<Vec<_>>());
    assert!(out.is_silent_for(Duration::from_millis(50)));
}

#[cfg(unix)]
#[test]
fn who_follows_on_a_terminal_is_told_once_where_and_a_script_is_not() {
    let (mut server, home) = (Server::start(&[]), Home::new());
    let mut pty = Pty::start(&home, &["--server", &server.address, "--follow"]);
    pty.until_shows(&format!("squares: following {}, 0 online; Ctrl-C ends it", server.address));
    server.stop();
    server.start_again();
    server.square_as("s2", "3");
    pty.until_shows("s2: 3² = 9");
    assert_eq!(pty.all_sent().matches("following").count(), 1);
    let mut script = home.squares(&["--server", &server.address, "--student", "s1", "--follow", "5"]);
    let mut script = Process::start(script.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()));
    assert_eq!(script.stdout_lines().next(), "s1: 5² = 25");
    pty.until_shows("s1: 5² = 25");
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    script.signal(rustix::process::Signal::TERM);
    assert_eq!(script.exit_code(), Some(0));
    assert!(!script.errors().contains("following"));
}
