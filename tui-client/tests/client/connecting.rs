//! Getting to a server: several of one room, what answers in place of one, and how often one is tried that lets
//! nobody stay. The link and plain mode alike.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::{Done, Fake, Home, Lines, Process, Server, run};
use serde_json::json;
use squares::event::{ConnectionError, LinkEvent};
use squares::link::Command;

fn square(home: &Home, server: &str, flags: &[&str]) -> Done {
    let all: Vec<&str> =
        ["--student", "s1", "--server", server, "12"].into_iter().chain(flags.iter().copied()).collect();
    run(&mut home.squares(&all), b"")
}

/// A server that takes connections and does this with each.
fn stranger(mut talk: impl FnMut(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().for_each(|stream| talk(stream.unwrap())));
    address
}

/// Says this at once, and then nothing.
fn greeter(greeting: &'static [u8]) -> String {
    let mut held = Vec::new();
    stranger(move |mut stream| {
        stream.write_all(greeting).unwrap();
        held.push(stream);
    })
}

/// Says this once something was said to it.
fn answerer(answer: &'static [u8]) -> String {
    stranger(move |mut stream| {
        thread::spawn(move || {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            if !answer.is_empty() {
                thread::sleep(Duration::from_secs(30));
            }
        });
    })
}

#[test]
fn a_server_that_hangs_is_passed_over_for_the_next_of_its_room() {
    let (server, home, silent) = (Server::start(&[]), Home::new(), greeter(b""));
    let nobody = Fake::listen().address();
    let list = format!("{silent},{nobody},{}", server.address);
    let start = Instant::now();
    let done = square(&home, &list, &[]);
    assert_eq!((done.code, &*done.out, &*done.err), (Some(0), "12² = 144\n", ""));
    let mut follow = home.squares(&["--server", &list, "--student", "s2", "--follow", "3"]);
    let mut following = Process::start(follow.stdout(Stdio::piped()).stdin(Stdio::null()));
    assert_eq!(following.stdout_lines().next(), "s2: 3² = 9");
    let mut client = Client::at(&home, &list);
    client.join("s3");
    let reached = client.until(|event| if let LinkEvent::Reached(server) = event { Some(server) } else { None });
    assert_eq!(reached, server.address);
    client.until_joined();
    client.leave();
    // Neither the time of a connection nor that of a hello ran out.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    // One that is full is passed over too, and where none is to be had the one that is there is told of.
    let full = greeter(b"{\"type\":\"error\",\"code\":\"server_full\",\"message\":\"Full.\"}\n");
    assert_eq!(square(&home, &format!("{full},{}", server.address), &[]).out, "12² = 144\n");
    let done = square(&home, &format!("{nobody},{full}"), &[]);
    assert!(done.code == Some(3) && done.err.contains(&format!("{full} is full")), "{}", done.err);
    let other = Fake::listen().address();
    let done = square(&home, &format!("{nobody},{other}"), &[]);
    assert!(done.code == Some(3) && done.err.contains(&format!("{nobody}, {other}")), "{}", done.err);
}

#[test]
fn where_one_server_is_lost_the_next_goes_on_with_the_same_squares() {
    let (first, second, home) = (Fake::listen(), Fake::listen(), Home::new());
    let list = format!("{},{}", first.address(), second.address());
    let mut client = Client::at(&home, &list);
    client.join("s1");
    let (mut peer, _) = first.let_in(5);
    client.until_joined();
    client.square("12");
    let sent = peer.hear_type("square");
    peer.hang_up();
    let (mut peer, join) = second.let_in(5);
    assert_eq!((&join["after"], &join["log"]), (&json!(5), &json!("log")));
    assert!(client.until_joined(), "resumed");
    assert_eq!(peer.hear_type("square"), sent);
    peer.result(6, "s1", "12", sent["id"].as_str());
    client.results(1);
    client.leave();

    let mut command = home.squares(&["--server", &list, "--student", "s1", "12"]);
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (mut peer, _) = first.let_in(5);
    let sent = peer.hear_type("square");
    peer.hang_up();
    let (mut peer, _) = second.let_in(5);
    assert_eq!(peer.hear_type("square"), sent);
    peer.result(6, "s1", "12", sent["id"].as_str());
    assert_eq!(process.stdout_lines().rest(), ["12² = 144"]);
    assert_eq!((process.exit_code(), process.errors()), (Some(0), String::new()));
}

#[test]
fn squares_kept_for_one_server_go_to_the_room_that_it_is_of() {
    let (first, second, home) = (Fake::listen(), Fake::listen(), Home::new());
    let mut client = Client::at(&home, &first.address());
    client.join("s1");
    let (mut peer, _) = first.let_in(0);
    client.until_joined();
    client.square("12");
    let sent = peer.hear_type("square");
    client.leave();
    let mut client = Client::at(&home, &format!("{},{}", second.address(), first.address()));
    client.join("s1");
    let (mut peer, _) = second.let_in(0);
    assert_eq!(peer.hear_type("square"), sent);
    peer.result(1, "s1", "12", sent["id"].as_str());
    client.results(1);
    client.leave();
}

#[test]
fn what_answers_in_place_of_a_room_is_named() {
    let home = Home::new();
    let alert = b"\x15\x03\x01\x00\x02\x02\x46";
    for (address, why, told) in [
        (greeter(b"SSH-2.0-OpenSSH_9.2\r\n"), ConnectionError::Stranger("SSH"), "is SSH, not a Squares server"),
        (greeter(b"220 mail.example ESMTP ready\r\n"), ConnectionError::Stranger("SMTP"), "is SMTP"),
        (answerer(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ConnectionError::Stranger("HTTP"), "is HTTP"),
        (answerer(alert), ConnectionError::WantsTls, "speaks TLS; add --tls"),
        (stranger(drop), ConnectionError::HungUp, "without a word"),
        (answerer(b""), ConnectionError::Mute, "it may speak TLS"),
    ] {
        let mut client = Client::at(&home, &address);
        let start = Instant::now();
        assert_eq!(client.until_lost(), (why, true));
        assert!(start.elapsed() < Duration::from_secs(10));
        client.leave();
        let done = square(&home, &address, &[]);
        assert!(done.code == Some(3) && done.err.contains(told), "{}", done.err);
        assert!(done.err.contains(&address) && done.err.lines().count() == 1, "{}", done.err);
    }
}

#[test]
fn who_speaks_no_tls_is_named_too() {
    let home = Home::new();
    for (address, told) in [
        (greeter(b"SSH-2.0-OpenSSH_9.2\r\n"), "is SSH, not a Squares server"),
        (answerer(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "is HTTP"),
        (
            greeter(b"\xff\xfb\x01\xff\xfb\x03 and so on, for more than sixty-four bytes of what nobody knows"),
            "neither TLS nor",
        ),
        (greeter(b"{\"type\":\"hello\"}\n"), "speaks no TLS"),
        (stranger(drop), "without a word"),
        (greeter(b"\x16\x03\x03\x00\x04\x01\x00\x00\x00"), "TLS with it fails"),
        (answerer(b"\x15\x03\x03\x00\x02\x02\x28"), "TLS with it fails"),
    ] {
        let done = square(&home, &address, &["--tls"]);
        assert!(done.code == Some(3) && done.err.contains(told), "{told}: {}", done.err);
    }
}

#[test]
fn within_ten_seconds_whoever_says_nothing_or_drips_is_told_apart_from_a_room() {
    let home = Home::new();
    let drips = || {
        stranger(|mut stream| {
            thread::spawn(move || {
                while stream.write_all(b"{").is_ok() {
                    thread::sleep(Duration::from_millis(500));
                }
            });
        })
    };
    let cases = [
        (greeter(b""), &[][..], "said nothing for 8 s"),
        (greeter(b""), &["--tls"], "said nothing for 8 s"),
        (drips(), &[], "did not finish its first word within 8 s"),
        (greeter(b"\x16\x03\x03"), &["--tls"], "did not finish its first word within 8 s"),
        (greeter(b"{\"type\":\"confetti\"}\n"), &[], "did not finish its first word within 8 s"),
    ];
    let mut running = Vec::new();
    for (address, flags, told) in &cases {
        let mut command = home.squares(&[&["--server", &**address, "--student", "s1", "12"], *flags].concat());
        running.push((Process::start(command.stdout(Stdio::null()).stderr(Stdio::piped())), told));
    }
    let start = Instant::now();
    let mut client = Client::at(&home, &cases[0].0);
    assert_eq!(client.until_lost(), (ConnectionError::Silent(8), true));
    assert!(start.elapsed() < Duration::from_secs(10));
    for (process, told) in &mut running {
        assert_eq!(process.exit_code(), Some(3), "{told}");
        let errors = process.errors();
        assert!(errors.contains(**told), "{told}: {errors}");
    }
    client.leave();
}

#[test]
fn a_server_that_floods_in_place_of_hello_is_told_within_ten_seconds() {
    let home = Home::new();
    for line in [&b"\n"[..], b"\r\n", b"{\"type\":\"confetti\"}\n", b"{\"type\":\"confetti\",\"protocol\":2}\n"] {
        let flood = line.repeat(4096);
        let address = stranger(move |mut stream| {
            let flood = flood.clone();
            thread::spawn(move || while stream.write_all(&flood).is_ok() {});
        });
        let mut client = Client::at(&home, &address);
        let start = Instant::now();
        let (why, again) = client.until_lost();
        assert!(matches!(why, ConnectionError::NotSquares(_)) && again, "{why:?}");
        assert!(start.elapsed() < Duration::from_secs(10));
        client.leave();
        let done = square(&home, &address, &[]);
        assert!(done.code == Some(3) && done.err.contains("not a Squares server"), "{}", done.err);
    }
}

#[test]
fn a_server_of_another_version_is_told_by_its_version_whatever_else_it_says() {
    let home = Home::new();
    for (hello, version) in [
        (&b"{\"type\":\"hello\",\"protocol\":2}\n"[..], "2"),
        (b"\xef\xbb\xbf{\"type\":\"hello\",\"protocol\":2,\"auth\":\"passkey\",\"limits\":{\"line\":1e30}}\n", "2"),
        (
            b"{\"type\":\"hello\",\"protocol\":3,\"server\":\"s\",\"auth\":\"open\",\"log\":\"l\",\"latest\":0,\
              \"limits\":{\"line\":65536,\"digits\":1000,\"rate\":0,\"burst\":0}}\n",
            "3",
        ),
        (b"\r\n{\"protocol\":0,\"type\":\"hello\",\"auth\":[]}\r\n", "0"),
        (b"{\"type\":\"hello\",\"protocol\":99999999999}\n", "99999999999"),
    ] {
        let address = greeter(hello);
        let mut client = Client::at(&home, &address);
        assert_eq!(client.until_lost(), (ConnectionError::OtherProtocol(version.into()), true));
        client.leave();
        let done = square(&home, &address, &[]);
        let told = format!("speaks version {version} of the protocol, this program 1; update");
        assert!(done.code == Some(3) && done.err.contains(&told), "{}", done.err);
    }
    // One of ours that is broken is none.
    let done = square(&home, &greeter(b"{\"type\":\"hello\",\"protocol\":1,\"auth\":\"passkey\"}\n"), &[]);
    assert!(done.code == Some(3) && done.err.contains("not a Squares server"), "{}", done.err);
}

#[test]
fn a_server_that_refuses_for_no_time_at_all_is_not_asked_at_full_speed() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let (mut peer, _) = fake.let_in(0);
    client.until_joined();
    client.square("12");
    let (until, mut came) = (Instant::now() + Duration::from_secs(3), 0);
    while Instant::now() < until {
        let square = peer.hear_type("square");
        peer.error("rate_limited", square["id"].as_str(), Some(0));
        came += 1;
    }
    assert!(came < 20, "{came}");
    client.leave();
    // Plain mode, that is not let in for so long.
    let mut command = home.squares(&["--server", &fake.address(), "--student", "s1", "12"]);
    let _waiting = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()));
    let (until, mut came) = (Instant::now() + Duration::from_secs(3), 0);
    while Instant::now() < until {
        let mut peer = fake.accept();
        peer.hello("log", 0);
        peer.hear_type("join");
        peer.error("rate_limited", None, Some(0));
        came += 1;
    }
    assert!(came < 20, "{came}");
}

#[test]
fn a_server_that_hangs_once_it_is_asked_to_let_somebody_in_is_told_within_ten_seconds() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let mut peer = fake.accept();
    peer.hello("log", 0);
    peer.hear_type("join");
    let start = Instant::now();
    assert_eq!(client.until_lost(), (ConnectionError::Silent(9), true));
    assert!(start.elapsed() < Duration::from_secs(10));
    client.leave();
    // Of several servers, the next one is asked then.
    let server = Server::start(&[]);
    let hangs = greeter(
        b"\xef\xbb\xbf{\"type\":\"hello\",\"protocol\":1,\"server\":\"s\",\"auth\":\"open\",\"log\":\"l\",\"latest\":0,\
          \"limits\":{\"line\":65536,\"digits\":1000,\"rate\":0,\"burst\":0}}\n",
    );
    let done = square(&home, &format!("{hangs},{}", server.address), &[]);
    assert_eq!((done.code, &*done.out), (Some(0), "12² = 144\n"), "{}", done.err);
}

/// Lets everybody in and hangs up at once; gives how many came within three seconds.
fn comings(fake: &Fake) -> usize {
    let (until, mut comings) = (Instant::now() + Duration::from_secs(3), 0);
    while Instant::now() < until {
        fake.let_in(0).0.hang_up();
        comings += 1;
    }
    comings
}

#[test]
fn a_server_that_lets_in_and_drops_is_not_asked_at_full_speed() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut client = Client::at(&home, &fake.address());
    client.join("s1");
    let came = thread::scope(|scope| {
        let counting = scope.spawn(|| comings(&fake));
        while !counting.is_finished() {
            client.next();
        }
        counting.join().unwrap()
    });
    assert!(came < 20, "{came}");
    client.leave();
    // It took hundreds of a server that closes because the join comes too late, again and again.
    let client = Client::at(&home, &fake.address());
    client.join("s1");
    let until = Instant::now() + Duration::from_secs(3);
    let mut came = 0;
    while Instant::now() < until {
        let mut peer = fake.accept();
        peer.hello("log", 0);
        peer.error("join_timeout", None, None);
        peer.hang_up();
        came += 1;
    }
    assert!(came < 20, "{came}");
    client.ask(Command::Ping);
    client.leave();

    let mut command = home.squares(&["--server", &fake.address(), "--student", "s1", "--follow"]);
    let _following = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()));
    let came = comings(&fake);
    assert!(came < 20, "{came}");
}

#[test]
fn plain_mode_says_once_that_it_waits_while_nobody_is_let_in() {
    let (fake, home) = (Fake::listen(), Home::new());
    let mut command = home.squares(&["--server", &fake.address(), "--student", "s1", "12"]);
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let errors = Lines::of(process.0.stderr.take().unwrap());
    for wait in [700, 300] {
        let mut peer = fake.accept();
        peer.hello("log", 0);
        peer.hear_type("join");
        peer.error("rate_limited", None, Some(wait));
        // It does not try in the meantime, which would only count against it.
        assert!(fake.is_left_alone_for(Duration::from_millis(wait - 100)));
    }
    let said = errors.next();
    assert!(said.starts_with("squares: waiting 1 s until ") && said.contains("It is rate_limited"), "{said}");
    let (mut peer, _) = fake.let_in(0);
    let square = peer.hear_type("square");
    peer.result(1, "s1", "12", square["id"].as_str());
    assert_eq!(process.stdout_lines().rest(), ["12² = 144"]);
    assert_eq!(process.exit_code(), Some(0));
    assert_eq!(errors.rest(), [""; 0], "said once");
    // Longer than patience is: that is an end.
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut peer = fake.accept();
    peer.hello("log", 0);
    peer.hear_type("join");
    peer.error("rate_limited", None, Some(60_000));
    assert_eq!(process.exit_code(), Some(3));
    let errors = process.errors();
    assert!(errors.starts_with("squares: not let in: It is rate_limited") && errors.contains("In 60 s"), "{errors}");
}
