//! `--guest`: the full screen for a machine that is not the student's own, in a terminal. It keeps nothing, hosts
//! nothing, writes no file and starts no program, whatever its environment says.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::pty::Pty;
use crate::support::{Home, SQUARES, Server, run};

/// A server that asks the student `s1` for this PIN, inside TLS.
const PIN: &str = "47113333";

fn pin_server(home: &Home) -> Server {
    let roster = home.path().join("roster.csv");
    fs::write(&roster, format!("id,name,pin\ns1,가람,\"{}\"\n", squares_server::hash_pin(PIN).unwrap())).unwrap();
    Server::start(&["--tls", "self", "--auth", "pin", "--roster", roster.to_str().unwrap()])
}

/// Everything below a folder, with what stands in each file.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push((path.clone(), Vec::new()));
            all.extend(everything(&path));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

/// A home in which an earlier run of the machine's owner left settings, an id and a server, and in which every variable
/// that names a program names one that would leave a trace.
fn lived_in(home: &Home) -> Vec<(&'static str, String)> {
    let at = |name: &str| home.path().join(name);
    for folder in ["state/squares", "config/squares", "data/squares"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    fs::write(at("state/squares/client.json"), r#"{"student":"owner","lang":"ko","server":"192.0.2.1:1"}"#).unwrap();
    fs::write(at("config/squares/config.toml"), "this is no setting").unwrap();
    fs::write(at("settings.toml"), "lang = 'fr'").unwrap();
    let trap = at("trap");
    fs::write(&trap, format!("#!/bin/sh\n: >'{}'\n", at("sprung").display())).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let trap = trap.display().to_string();
    let mut environment = vec![
        ("SQUARES_CONFIG", at("settings.toml").display().to_string()),
        ("PATH", home.path().display().to_string()),
        ("DISPLAY", ":0".to_owned()),
        ("WAYLAND_DISPLAY", "wayland-0".to_owned()),
    ];
    for program in ["EDITOR", "VISUAL", "PAGER", "BROWSER", "SHELL", "SSH_ASKPASS"] {
        environment.push((program, trap.clone()));
    }
    for program in ["xclip", "xsel", "wl-copy", "pbcopy", "less", "vi", "sh"] {
        fs::copy(&trap, at(program)).unwrap();
    }
    environment
}

/// A guest's terminal with everything in its environment that could make it do more.
fn guest(home: &Home, program: &str, arguments: &[&str]) -> Pty {
    let environment = lived_in(home);
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, &**value)).collect();
    Pty::start_program(home, program, arguments, &environment)
}

/// Everything that a guest might try, up to the end.
fn try_everything(pty: &mut Pty, server: &Server) {
    pty.until_shows("A guest's screen: nothing is kept on this machine.");
    let form = pty.contents();
    assert!(!form.contains("Server") && !form.contains("owner"), "{form}");
    pty.type_text("\x1a");
    pty.until_shows("A guest's screen cannot be stopped");
    pty.type_text("s1\r");
    pty.until_shows("1 online");
    pty.type_text("12\r");
    pty.until_shows("144");
    pty.type_text("/export results.csv\r");
    pty.until_shows("Guests cannot write files");
    pty.type_text("\x15\x1a");
    pty.until_shows("A guest's screen cannot be stopped");
    for line in ["/copy", "/find 12", "/mine", "/chart", "/theme dark", "/lang en", "/who"] {
        pty.type_text(&format!("{line}\r"));
    }
    // Keys that shells, pagers and editors give to something else.
    pty.type_text("\x1c\x1d\x1e\x12\x1b\x18\x05!\x15:\x15|\x15");
    pty.type_text("\x1b[200~1\n2\n\x1b[201~");
    pty.until_shows("Square 2 numbers?");
    pty.type_text("\r");
    pty.until_shows("4");
    pty.type_text("half typed");
    pty.until_shows("half typed");
    pty.type_text("\x15/exit\r");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_clean();
    assert_eq!(server.numbers(), ["12", "1", "2"]);
}

#[test]
fn a_guest_leaves_a_lived_in_home_as_it_was() {
    let (server, home) = (Server::start(&[]), Home::new());
    let mut pty = guest(&home, SQUARES, &["--guest", "--server", &server.address]);
    let before = everything(home.path());
    try_everything(&mut pty, &server);
    assert_eq!(everything(home.path()), before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_guest_opens_no_file_for_writing_starts_no_program_and_listens_nowhere() {
    let (server, home, traces) = (Server::start(&[]), Home::new(), Home::new());
    let trace = traces.path().join("trace");
    let log = trace.to_str().unwrap();
    let calls = "trace=execve,execveat,fork,vfork,listen,open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,\
                 renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,truncate,ftruncate,chmod,fchmodat";
    let guest_flags = ["--guest", "--server", &server.address];
    let mut pty = guest(&home, strace(), &[&["-f", "-qq", "-o", log, "-e", calls, SQUARES], &guest_flags[..]].concat());
    try_everything(&mut pty, &server);
    let trace = fs::read_to_string(&trace).unwrap();
    let calls: Vec<&str> = trace.lines().filter_map(|line| line.split_once(' ')).map(|(_, call)| call.trim()).collect();
    assert!(calls.iter().any(|call| call.starts_with("execve(")), "{trace}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("execve")).count(), 1, "{trace}");
    for call in calls {
        let reads = call.starts_with("open") && call.contains("O_RDONLY") && !call.contains("O_CREAT");
        let device = ["\"/dev/tty\"", "\"/dev/null\"", "\"/proc/self/"].iter().any(|path| call.contains(path));
        let fine = reads || device || ["execve(", "---", "+++", "<..."].iter().any(|begin| call.starts_with(begin));
        assert!(fine, "{call}");
    }
}

#[test]
fn what_is_off_for_a_guest_is_said_in_korean_too() {
    let (server, home) = (Server::start(&[]), Home::new());
    let flags = ["--guest", "--lang", "ko", "--student", "s1", "--server", &server.address];
    let mut pty = guest(&home, SQUARES, &flags);
    pty.until_shows("접속 1명");
    pty.type_text("/export 결과.csv\r");
    pty.until_shows("손님은 이 컴퓨터에 파일을 쓸 수 없습니다.");
    pty.type_text("\x1a");
    pty.until_shows("손님 화면은 잠시 멈출 수 없습니다.");
    pty.type_text("\x15/exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_guest_without_a_server_hosts_none_and_is_told() {
    let (home, port) = (Home::new(), free_port());
    let mut pty = guest(&home, SQUARES, &["--guest", "--server", &format!("127.0.0.1:{port}")]);
    let before = everything(home.path());
    pty.until_shows("retrying in");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "somebody listens");
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    assert_eq!(everything(home.path()), before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_guest_who_is_given_no_server_looks_at_the_usual_address_and_listens_nowhere() {
    let (home, traces) = (Home::new(), Home::new());
    let log = traces.path().join("trace");
    let arguments = ["-f", "-qq", "-o", log.to_str().unwrap(), "-e", "trace=bind,listen,connect", SQUARES, "--guest"];
    let mut pty = guest(&home, strace(), &arguments);
    // Whether somebody has a room there or not.
    pty.until("an outcome", |screen| ["retrying in", "connected"].iter().any(|told| screen.contents().contains(told)));
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    let trace = fs::read_to_string(&log).unwrap();
    assert!(trace.contains("htons(7878)"), "{trace}");
    assert!(!trace.contains("listen(") && !trace.contains("bind("), "{trace}");
}

#[cfg(target_os = "linux")]
fn strace() -> &'static str {
    let strace = ["/usr/bin/strace", "/bin/strace"].into_iter().find(|path| Path::new(path).exists());
    strace.expect("this test needs strace: apt-get install strace")
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_a_guest_may_not_do_is_bad_usage() {
    let home = Home::new();
    for (flags, told) in [
        (&["--config", "a.toml"][..], "leave out --config"),
        (&["12"], "leave out NUMBER"),
        (&["--json"], "leave out --json"),
        (&["--follow"], "leave out --json and --follow"),
        (&[], "a guest needs a terminal"),
    ] {
        let mut command = home.squares(&["--guest"]);
        // Numbers from a pipe are not squared either.
        let done = run(command.env("SQUARES_STUDENT", "s1").args(flags), b"12\n");
        assert_eq!((done.code, &*done.out), (Some(2), ""), "{flags:?}: {}", done.err);
        assert!(done.err.contains(told), "{}", done.err);
    }
    assert!(everything(home.path()).is_empty());
}

#[test]
fn a_guest_trusts_the_certificate_whose_fingerprint_was_given_and_no_other() {
    let (home, keeps) = (Home::new(), Home::new());
    let server = pin_server(&keeps);
    let enter = |flags: &[&str]| guest(&home, SQUARES, &[&["--guest", "--server", &server.address], flags].concat());
    // Without a fingerprint nobody could say whose it is.
    let mut pty = enter(&["--tls"]);
    pty.until_shows("gives it with --fingerprint:");
    let shown = pty.until("the fingerprint", |screen| fingerprint(&screen.contents()).len() == 64);
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    let right = fingerprint(&shown);
    // With it, a PIN is asked for at once.
    let mut pty = enter(&["--fingerprint", &right]);
    pty.until_shows("PIN");
    pty.type_text(&format!("s1\t{PIN}\r"));
    pty.until_shows("1 online");
    pty.type_text("12\r");
    pty.until_shows("144");
    pty.type_text("/exit\r");
    assert_eq!(pty.exit_code(), 0);
    let other: String = right.chars().rev().collect();
    let mut pty = enter(&["--fingerprint", &other]);
    pty.until_shows("This certificate is not the one of --fingerprint.");
    pty.type_text("\x03");
    assert_eq!(pty.exit_code(), 0);
    // Plain mode says it too, on one line.
    let mut command = home.squares(&["--server", &server.address, "--student", "s1", "--fingerprint", &other, "12"]);
    let done = run(command.env("SQUARES_PIN", PIN), b"");
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("is not the one to trust") && done.err.lines().count() == 1, "{done:?}");
    let mut command = home.squares(&["--server", &server.address, "--student", "s1", "--fingerprint", &right, "12"]);
    let done = run(command.env("SQUARES_PIN", PIN), b"");
    assert_eq!((done.code, &*done.out), (Some(0), "12² = 144\n"), "{done:?}");
}

/// The digits of the fingerprint on a screen, which may have been wrapped.
fn fingerprint(screen: &str) -> String {
    let behind = screen.split_once("SHA256:").map_or("", |(_, behind)| behind);
    behind.chars().filter(|c| !c.is_whitespace()).take_while(char::is_ascii_hexdigit).collect()
}
