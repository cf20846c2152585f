//! What a guest could try to reach a file, a shell, another program or the network of the machine, and that none of it
//! leads anywhere.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, Guest, SSH};
use crate::support::{Done, PATIENCE, Process, Server, run};

fn room() -> (Server, Daemon) {
    let server = Server::start(&[]);
    let daemon = Daemon::start(&server.address);
    (server, daemon)
}

#[test]
fn a_command_that_is_given_is_not_run() {
    let (_server, daemon) = room();
    for command in ["id", "sh", "cat /etc/passwd", "squares 12", "/usr/bin/env", "sh -c 'echo out; echo in >&2'", ""] {
        // Without a terminal nothing is done at all.
        let Done { code, out, err } = run(&mut daemon.command(&["-T"], &[command]), b"12\nid\n");
        assert_eq!((code, &*out), (Some(2), ""), "{command:?}: {err}");
        assert!(err.contains("a guest needs a terminal"), "{err}");
        // With one, there is the room.
        let mut guest = Guest::start_with(&daemon, (80, 24), &[], &[command]);
        guest.pty.until_shows("손님 화면입니다.");
        guest.pty.type_text("\x03");
        assert_eq!(guest.pty.exit_code(), 0, "{command:?}");
    }
}

#[test]
fn no_file_is_copied() {
    let (_server, daemon) = room();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "kept").unwrap();
    let copy = folder.path().join("copy");
    let arguments = daemon.arguments(&[]);
    let (target, options) = arguments.split_last().unwrap();
    // The port is another letter there.
    let options: Vec<String> =
        options.iter().map(|word| if word == "-p" { "-P".into() } else { word.clone() }).collect();
    let done = run(&mut daemon.command(&["-s"], &["sftp"]), b"");
    assert!(done.code != Some(0) && done.out.is_empty(), "{done:?}");
    for (program, more, from, to) in [
        ("/usr/bin/scp", &["-q"][..], format!("{target}:{}", file.display()), copy.display().to_string()),
        ("/usr/bin/scp", &["-q", "-O"], format!("{target}:{}", file.display()), copy.display().to_string()),
        ("/usr/bin/scp", &["-q", "-O"], file.display().to_string(), format!("{target}:{}", copy.display())),
        ("/usr/bin/sftp", &["-q"], format!("{target}:{}", file.display()), copy.display().to_string()),
    ] {
        let mut command = std::process::Command::new(program);
        let done = run(command.args(&options).args(more).args([&from, &to]), b"");
        assert!(done.code != Some(0) && !copy.exists(), "{program} {more:?} {from} {to}: {done:?}");
    }
}

#[test]
fn nothing_is_forwarded() {
    let (server, daemon) = room();
    let target = &server.address;
    // A service of the machine that is reached by a path.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket").display().to_string();
    let service = std::os::unix::net::UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in service.incoming() {
            let _ = stream.unwrap().write_all(b"hello");
        }
    });
    // To the machine's network, through a port of the guest's own: it is taken, and leads nowhere.
    for (flag, leads_to) in [("-L", format!(":{target}")), ("-L", format!(":{path}")), ("-D", String::new())] {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let forward = format!("127.0.0.1:{port}{leads_to}");
        let mut command = daemon.command(&["-N", flag, &forward], &[]);
        let _ssh = Process::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        let mut stream = connect(port);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        if flag == "-D" {
            let (host, port) = target.rsplit_once(':').unwrap();
            let host: std::net::Ipv4Addr = host.parse().unwrap();
            // A SOCKS5 greeting, and a request to connect to the room.
            let mut request = vec![5, 1, 0, 5, 1, 0, 1];
            request.extend(host.octets());
            request.extend(port.parse::<u16>().unwrap().to_be_bytes());
            stream.write_all(&request).unwrap();
        }
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        assert!(!String::from_utf8_lossy(&heard).contains("hello"), "{flag}: {heard:?}");
    }
    // The same on standard output.
    for options in [["-W", target], ["-W", "127.0.0.1:22"]] {
        let done = run(&mut daemon.command(&options, &[]), b"");
        assert!(done.code != Some(0) && !done.out.contains("hello"), "{options:?}: {done:?}");
    }
    // From the machine's network to the guest's.
    for forward in ["0:127.0.0.1:9", "0.0.0.0:0:127.0.0.1:9", "0"] {
        let mut command = daemon.command(&["-N", "-o", "ExitOnForwardFailure=yes", "-R", forward], &[]);
        let done = run(&mut command, b"");
        assert_eq!(done.code, Some(255), "-R {forward}: {done:?}");
    }
    assert!(daemon.guests().is_empty());
}

/// Connects to a port of this machine as soon as somebody listens there.
fn connect(port: u16) -> TcpStream {
    let until = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_of_a_guests_environment_arrives_but_the_language() {
    let (_server, daemon) = room();
    let sent = [
        ("LD_PRELOAD", "/tmp/none.so"),
        ("LD_LIBRARY_PATH", "/tmp"),
        ("SQUARES_CONFIG", "/etc/passwd"),
        ("SQUARES_SERVER", "192.0.2.1:1"),
        ("SQUARES_TLS_CA", "/etc/shadow"),
        ("BASH_ENV", "/tmp/none"),
        ("ENV", "/tmp/none"),
        ("EDITOR", "/bin/sh"),
        ("TZ", "/etc/passwd"),
        ("LANG", "ko_KR.UTF-8"),
    ];
    let sent = sent.map(|(name, value)| format!("{name}={value}"));
    let set = format!("SetEnv={}", sent.join(" "));
    let options = ["-A", "-X", "-o", &set];
    let mut guest = Guest::start_with(&daemon, (80, 24), &options, &["env"]);
    guest.pty.until_shows("손님 화면입니다.");
    let [process] = &daemon.until_guests(1)[..] else { panic!("one guest") };
    let environment = fs::read(process.join("environ")).unwrap();
    let environment: Vec<String> = environment
        .split(|byte| *byte == 0)
        .map(|variable| String::from_utf8_lossy(variable).into_owned())
        .filter(|variable| !variable.is_empty())
        .collect();
    let usual = [
        "LANG",
        "LC_ALL",
        "USER",
        "LOGNAME",
        "HOME",
        "PATH",
        "MAIL",
        "SHELL",
        "TERM",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "SSH_TTY",
        "SSH_ORIGINAL_COMMAND",
        "XDG_SESSION_ID",
    ];
    for variable in &environment {
        let name = variable.split('=').next().unwrap();
        assert!(usual.contains(&name), "{variable}");
    }
    assert!(environment.contains(&"LANG=ko_KR.UTF-8".to_owned()), "{environment:?}");
    guest.pty.type_text("\x03");
    assert_eq!(guest.pty.exit_code(), 0);
}

#[test]
fn a_guest_has_no_shell_behind_it_and_nothing_open_but_its_terminal_and_its_connection() {
    let (_server, daemon) = room();
    let mut guest = Guest::joined(&daemon, "s1", &[]);
    for tried in ["/export a.csv\r", "\x15\x1a", "\x1c", "\x1d", "\x15!sh\r", "\x15:!sh\r", "\x15|sh\r", "\x15$(id)\r"]
    {
        guest.pty.type_text(tried);
    }
    // An escape of ssh's own client, whose answer is the guest's machine alone.
    guest.pty.type_text("\x15\r~#\r");
    guest.pty.type_text("\x1512\r");
    guest.pty.until_shows("144");
    let [process] = &daemon.until_guests(1)[..] else { panic!("one guest") };
    for task in fs::read_dir(process.join("task")).unwrap() {
        let children = fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
        assert_eq!(children.trim(), "", "it started something");
    }
    for descriptor in fs::read_dir(process.join("fd")).unwrap() {
        let open = fs::read_link(descriptor.unwrap().path()).unwrap_or_default().display().to_string();
        let fine = ["/dev/pts/", "/dev/tty", "/dev/null", "socket:", "pipe:", "anon_inode:", ""];
        assert!(fine.iter().any(|begin| open.starts_with(begin) && (!begin.is_empty() || open.is_empty())), "{open}");
    }
    // Its parent is sshd itself: the shell that started it made way.
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    let parent = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap();
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).unwrap();
    assert!(name.starts_with("sshd"), "{name}");
    guest.pty.type_text("/exit\r");
    assert_eq!(guest.pty.exit_code(), 0);
}

#[test]
fn sshd_itself_says_that_all_of_it_is_off() {
    let (_server, daemon) = room();
    let effective = daemon.effective();
    for line in [
        "allowagentforwarding no",
        "allowstreamlocalforwarding no",
        "allowtcpforwarding no",
        "authorizedkeysfile none",
        "disableforwarding yes",
        "gatewayports no",
        "logingracetime 30",
        "maxsessions 1",
        "maxstartups 100:30:300",
        "permitlisten none",
        "permitopen none",
        "permittty yes",
        "permittunnel no",
        "permituserenvironment no",
        "permituserrc no",
        "x11forwarding no",
    ] {
        assert!(effective.lines().any(|told| told == line), "{line} is missing: {effective}");
    }
    let accepted: Vec<&str> = effective.lines().filter(|line| line.starts_with("acceptenv")).collect();
    assert_eq!(accepted, ["acceptenv LANG", "acceptenv LC_*"]);
    // A second session over the same connection is refused.
    let socket = tempfile::tempdir().unwrap();
    let path = format!("ControlPath={}", socket.path().join("c").display());
    let mut first = Guest::joined(&daemon, "s1", &["-o", "ControlMaster=yes", "-o", &path]);
    let mut second = std::process::Command::new(SSH);
    second.args(["-F", "none", "-tt", "-o", &path, "-o", "ProxyCommand=false", "squares@127.0.0.1", "id"]);
    let done = run(&mut second, b"");
    assert!(done.code != Some(0) && !done.out.contains("uid="), "{done:?}");
    first.pty.type_text("/exit\r");
    assert_eq!(first.pty.exit_code(), 0);
}
