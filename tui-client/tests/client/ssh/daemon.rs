//! An `sshd` that ends with its test, and a guest's `ssh` that comes to it. Whoever runs the test is the account
//! `squares` of the project's own text; instead of a password, which needs the system's own, there is a certificate.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::pty::Pty;
use crate::support::{Home, PATIENCE, Process, SQUARES, run};

/// What the tests speak with, where systems have it.
pub(super) const SSH: &str = "/usr/bin/ssh";
const SSHD: &str = "/usr/sbin/sshd";
const KEYGEN: &str = "/usr/bin/ssh-keygen";

/// The configuration that the project gives, but for its account, program and room.
const GIVEN: &str = include_str!("../../../../assets/sshd_squares.conf");

/// How often another free port is tried.
const TRIES: usize = 8;

pub(super) struct Daemon {
    _process: Process,
    home: Home,
    port: u16,
    /// Whoever runs the test.
    user: String,
    /// The room, by whose address its guests are known among the processes of the machine.
    room: String,
}

/// A guest in a terminal.
pub(super) struct Guest {
    pub(super) pty: Pty,
    _home: Home,
}

impl Daemon {
    /// For guests of this room.
    pub(super) fn start(room: &str) -> Self {
        for program in [SSHD, SSH, KEYGEN] {
            let here = Path::new(program).exists();
            assert!(here, "this test needs {program}: apt-get install openssh-server openssh-client");
        }
        if rustix::process::getuid().is_root() {
            // Where sshd that runs as root lives while nobody is in; the system's service makes it too.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let home = Home::new();
        let user = said(Command::new("id").arg("-un")).trim().to_owned();
        for key in ["host", "authority", "guest"] {
            said(Command::new(KEYGEN).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(home.path().join(key)));
        }
        let mut certify = Command::new(KEYGEN);
        certify.arg("-q").arg("-s").arg(home.path().join("authority")).args(["-I", "test", "-n", &user]);
        said(certify.arg(home.path().join("guest.pub")));
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut daemon = Process::start(
                Command::new(SSHD)
                    .args(["-D", "-e", "-f"])
                    .arg(configuration(&home, port, &user, room))
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null()),
            );
            let until = Instant::now() + PATIENCE;
            while daemon.0.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    let host = fs::read_to_string(home.path().join("host.pub")).unwrap();
                    fs::write(home.path().join("known"), format!("[127.0.0.1]:{port} {host}")).unwrap();
                    return Self { _process: daemon, home, port, user, room: room.to_owned() };
                }
                assert!(Instant::now() < until, "sshd does not listen");
                thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("sshd does not start: look at `sshd -t` with assets/sshd_squares.conf");
    }

    /// The arguments of an `ssh` to it, without a command.
    pub(super) fn arguments(&self, options: &[&str]) -> Vec<String> {
        let at = |name: &str| self.home.path().join(name).display().to_string();
        let mut all = vec!["-F".to_owned(), "none".to_owned()];
        for option in [
            format!("UserKnownHostsFile={}", at("known")),
            "GlobalKnownHostsFile=none".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            format!("IdentityFile={}", at("guest")),
            "IdentitiesOnly=yes".to_owned(),
            "BatchMode=yes".to_owned(),
        ] {
            all.extend(["-o".to_owned(), option]);
        }
        all.extend(["-p".to_owned(), self.port.to_string()]);
        all.extend(options.iter().map(|&option| option.to_owned()));
        all.push(format!("{}@127.0.0.1", self.user));
        all
    }

    /// An `ssh` or one of its kind (`sftp`, `scp`) without a terminal.
    pub(super) fn command(&self, options: &[&str], behind: &[&str]) -> Command {
        let mut command = self.home.command(SSH);
        command.args(self.arguments(options)).args(behind);
        command
    }

    /// What the system tells of the room's guests: the folder of each one's process.
    #[cfg(target_os = "linux")]
    pub(super) fn guests(&self) -> Vec<PathBuf> {
        let is_guest = |process: &PathBuf| {
            let line = fs::read(process.join("cmdline")).unwrap_or_default();
            let mut arguments = line.split(|byte| *byte == 0);
            arguments.next() == Some(SQUARES.as_bytes()) && arguments.any(|argument| argument == self.room.as_bytes())
        };
        let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        all.filter(is_guest).collect()
    }

    /// Waits until so many of them run.
    pub(super) fn until_guests(&self, count: usize) -> Vec<PathBuf> {
        let until = Instant::now() + PATIENCE;
        loop {
            let guests = self.guests();
            if guests.len() == count {
                return guests;
            }
            assert!(Instant::now() < until, "{guests:?} instead of {count} guests");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(super) fn until_no_guest(&self) {
        self.until_guests(0);
    }

    /// What `sshd` itself makes of its configuration for the account.
    pub(super) fn effective(&self) -> String {
        let mut command = Command::new(SSHD);
        command.args(["-T", "-C", &format!("user={},host=a.example,addr=192.0.2.7", self.user), "-f"]);
        said(command.arg(self.home.path().join("sshd_config")))
    }
}

/// Writes the configuration: what the project gives, behind what lets the test in.
fn configuration(home: &Home, port: u16, user: &str, room: &str) -> PathBuf {
    let at = |name: &str| home.path().join(name).display().to_string();
    let mut given = GIVEN.to_owned();
    for (before, now) in [
        ("Match User squares\n", format!("Match User {user}\n")),
        ("exec /usr/bin/squares ", format!("exec {SQUARES} ")),
        ("--server 127.0.0.1:7878\n", format!("--server {room}\n")),
    ] {
        assert_eq!(given.matches(before).count(), 1, "{before}");
        given = given.replace(before, &now);
    }
    let own = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nTrustedUserCAKeys {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPermitRootLogin yes\n# The account's own shell would read the files of whoever runs the test.\n\
         SetEnv HOME={}\n# A machine that lets everything in for its other users.\n\
         AcceptEnv *\nAllowTcpForwarding yes\nAllowAgentForwarding yes\nX11Forwarding yes\nPermitTunnel yes\n\
         GatewayPorts yes\nPermitUserRC yes\nSubsystem sftp internal-sftp\n",
        at("host"),
        at("authority.pub"),
        at("")
    );
    let path = home.path().join("sshd_config");
    fs::write(&path, own + &given).unwrap();
    path
}

/// The output of a command that does what it should.
fn said(command: &mut Command) -> String {
    let done = run(command, b"");
    assert_eq!(done.code, Some(0), "{command:?}: {}", done.err);
    done.out
}

impl Guest {
    /// A guest's terminal of so many columns and rows, in Korean.
    pub(super) fn start(daemon: &Daemon, size: (u16, u16), options: &[&str]) -> Self {
        Self::start_with(daemon, size, options, &[])
    }

    /// The same with a command behind it.
    pub(super) fn start_with(daemon: &Daemon, size: (u16, u16), options: &[&str], behind: &[&str]) -> Self {
        let home = Home::new();
        let options = [&["-tt", "-o", "SendEnv=LC_*"], options].concat();
        let arguments = daemon.arguments(&options);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(behind.iter().copied()).collect();
        // Of no locale does the machine need more than its name.
        let pty = Pty::start_sized(&home, size, SSH, &arguments, &[("LC_ALL", "ko_KR.UTF-8")]);
        Self { pty, _home: home }
    }

    /// In the room as this student.
    pub(super) fn joined(daemon: &Daemon, student: &str, options: &[&str]) -> Self {
        let mut guest = Self::start(daemon, (80, 24), options);
        guest.pty.until_shows("손님 화면입니다.");
        guest.pty.type_text(&format!("{student}\r"));
        guest.pty.until_shows("접속");
        guest.pty.until("the room", |screen| screen.contents().contains(&format!("* {student}")));
        guest
    }
}
