//! A life by a seed: who is there, what goes wrong and when; and at the end quiet, in which everything must come right.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use squares_server::{Config, Server};
use squares_shared::stream::Stream;
use tokio::{
    sync::mpsc,
    time::{advance, sleep},
};

use super::{
    network::{End, connection},
    oracle,
    terminal::{Shared, Terminal},
};

/// A bug that is put in, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// Some results never reach anybody but their sender, as by a relay with a gap in it.
    SwallowedLine,
    /// A server that is killed comes back with an older ledger under the same name.
    ForgetfulLedger,
    /// A client sends again under another `id`.
    NewIdOnResend,
    /// A client sends once, and never again.
    ForgottenResend,
    /// A disk says that squares are kept and loses them when the client is killed.
    LyingDisk,
}

/// What a life was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lived {
    pub(crate) typed: usize,
    pub(crate) troubles: usize,
    /// Everything that the clients saw, in order.
    pub(crate) story: Vec<String>,
}

/// A stream as the server takes it.
type Handed = (Box<dyn Stream>, SocketAddr);

/// How to reach the server, while there is one.
pub(crate) struct Net {
    server: Mutex<Option<mpsc::Sender<Handed>>>,
    ends: Mutex<Vec<End>>,
    random: Mutex<fastrand::Rng>,
}

impl Net {
    /// Connects, where somebody listens.
    pub(crate) fn dial(&self) -> Option<End> {
        let server = self.server.lock().unwrap().clone()?;
        let (ours, theirs) = connection(&mut self.random.lock().unwrap());
        server.try_send((Box::new(theirs), SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))).ok()?;
        self.ends.lock().unwrap().push(ours.clone());
        Some(ours)
    }

    fn listen(&self, server: Option<mpsc::Sender<Handed>>) {
        *self.server.lock().unwrap() = server;
    }

    fn cut_all(&self) {
        self.ends.lock().unwrap().drain(..).for_each(|end| end.cut());
    }
}

struct World {
    random: fastrand::Rng,
    data: PathBuf,
    old: PathBuf,
    net: Arc<Net>,
    server: Option<Server>,
    terminals: Vec<Terminal>,
    planted: Planted,
    typed: usize,
    troubles: usize,
}

/// Lives one life; an error is a promise that was broken.
pub(crate) fn run(seed: u64, planted: Planted) -> Result<Lived, String> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    // The link's waits are drawn by the thread.
    fastrand::seed(seed);
    runtime.block_on(live(seed, planted, folder.path()))
}

async fn live(seed: u64, planted: Planted, folder: &Path) -> Result<Lived, String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let net = Arc::new(Net { server: Mutex::default(), ends: Mutex::default(), random: Mutex::new(random.fork()) });
    let (data, old) = (folder.join("data"), folder.join("old"));
    let mut world =
        World { random, data, old, net, server: None, terminals: Vec::new(), planted, typed: 0, troubles: 0 };
    world.start_server().await;
    for n in 0..world.random.usize(2..=4) {
        // The last one is another terminal of the first student, on the same machine.
        let n = n % 3;
        world.open_terminal(format!("s{n}"), folder.join(format!("outbox{n}")), Shared::default());
    }
    for _ in 0..world.random.usize(10..40) {
        sleep(Duration::from_millis(world.random.u64(1..400))).await;
        let who = world.random.usize(0..world.terminals.len());
        match world.random.u8(0..12) {
            0..4 => world.trouble(who).await,
            4 => world.terminals[who].page(Some(world.random.u64(1..200)).filter(|before| *before < 150)),
            5 => world.terminals[who].ping(),
            _ => {
                // Now and then more than are sent at once, and than are shown to who joins.
                let many = world.random.u8(0..250) == 0;
                for _ in 0..if many { 150 } else { world.random.usize(1..6) } {
                    world.type_in(who);
                }
            }
        }
    }
    world.quiet().await?;
    let notes: Vec<(String, Shared)> =
        world.terminals.iter().map(|terminal| (terminal.student.clone(), terminal.notes.clone())).collect();
    let end = world.net.dial().ok_or("nobody listens in the end")?;
    let ledger = oracle::ledger(&end).await?;
    for terminal in world.terminals {
        terminal.kill().await;
    }
    world.net.cut_all();
    if let Some(server) = world.server.take() {
        server.kill().await;
    }
    oracle::judge(&ledger, &notes)?;
    let told = |(student, notes): &(String, Shared)| {
        let notes = notes.lock();
        let runs = notes.runs.iter().map(|(begin, run)| {
            let seen: Vec<String> = run.iter().map(|result| format!("{}:{}", result.seq, result.number)).collect();
            format!("{student} from {begin}: {}", seen.join(" "))
        });
        runs.collect::<Vec<_>>()
    };
    Ok(Lived { typed: world.typed, troubles: world.troubles, story: notes.iter().flat_map(told).collect() })
}

impl World {
    async fn start_server(&mut self) {
        let (streams, given) = mpsc::channel(64);
        let config = Config { rate: 0, ..Config::new(&self.data) };
        let server = Server::start_with(config, given).await.expect("the ledger opens");
        self.server = Some(server);
        self.net.listen(Some(streams));
    }

    fn open_terminal(&mut self, student: String, folder: PathBuf, notes: Shared) {
        let (net, random) = (Arc::clone(&self.net), self.random.fork());
        self.terminals.push(Terminal::open(student, folder, notes, net, random, self.planted));
    }

    /// Types a number that nobody has typed before.
    fn type_in(&mut self, who: usize) {
        self.typed += 1;
        self.terminals[who].square(self.typed.to_string());
    }

    async fn trouble(&mut self, who: usize) {
        self.troubles += 1;
        let end = {
            let ends = self.net.ends.lock().unwrap();
            let at = self.random.usize(0..ends.len().max(1));
            ends.get(at).cloned()
        };
        match self.random.u8(0..12) {
            0..=2 => {
                if let Some(end) = end {
                    end.cut();
                }
            }
            3 => {
                if let Some(end) = end {
                    end.hold(true);
                    sleep(Duration::from_millis(self.random.u64(1..5_000))).await;
                    end.hold(false);
                }
            }
            // Held up until the link gives it up, or all is quiet.
            4 => {
                if let Some(end) = end {
                    end.hold(true);
                }
            }
            5 => self.kill_server().await,
            6 => {
                self.net.listen(None);
                if let Some(server) = self.server.take() {
                    server.stop().await;
                }
                sleep(Duration::from_millis(self.random.u64(1..2_000))).await;
                self.start_server().await;
            }
            7 => self.kill_terminal(who).await,
            // While what was typed is on its way to the disk, or to the server.
            8 => {
                self.type_in(who);
                sleep(Duration::from_millis(self.random.u64(0..60))).await;
                self.kill_terminal(who).await;
            }
            9 => {
                let terminal = self.terminals.remove(who);
                let (student, folder, notes) =
                    (terminal.student.clone(), terminal.folder.clone(), terminal.notes.clone());
                terminal.leave().await;
                self.open_terminal(student, folder, notes);
            }
            10 => {
                let pause = Duration::from_millis(self.random.u64(1..1_000));
                self.terminals[who].look_elsewhere(pause).await;
            }
            // The machine slept: every timer is due at once, and somebody may be impatient.
            _ => {
                advance(Duration::from_millis(self.random.u64(1..60_000))).await;
                self.terminals[who].reconnect();
            }
        }
    }

    async fn kill_terminal(&mut self, who: usize) {
        let terminal = self.terminals.remove(who);
        let (student, folder, notes) = (terminal.student.clone(), terminal.folder.clone(), terminal.notes.clone());
        terminal.kill().await;
        if self.planted == Planted::LyingDisk {
            let _ = std::fs::remove_dir_all(&folder);
        }
        self.open_terminal(student, folder, notes);
    }

    async fn kill_server(&mut self) {
        self.net.listen(None);
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
        self.net.cut_all();
        if self.planted == Planted::ForgetfulLedger {
            // The first time a copy is made; every further time the server comes back with it.
            let (from, to) = if self.old.exists() { (&self.old, &self.data) } else { (&self.data, &self.old) };
            let _ = std::fs::remove_dir_all(to);
            std::fs::create_dir_all(to).unwrap();
            for entry in std::fs::read_dir(from).unwrap() {
                let path = entry.unwrap().path();
                std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
        sleep(Duration::from_millis(self.random.u64(1..2_000))).await;
        self.start_server().await;
    }

    /// Nothing goes wrong any more: within two minutes every square has its answer, and everybody has seen everything.
    async fn quiet(&mut self) -> Result<(), String> {
        let forgotten = self.random.bool();
        for end in &*self.net.ends.lock().unwrap() {
            // Who waits for nothing learns of a connection that leads nowhere from the system, after a minute.
            if forgotten && end.is_held() {
                end.cut();
            }
            end.hold(false);
        }
        for _ in 0..240 {
            sleep(Duration::from_millis(500)).await;
            if self.terminals.iter().all(|terminal| terminal.notes.lock().is_quiet()) {
                // What was answered last reaches the others, and who is there is told.
                sleep(Duration::from_secs(25)).await;
                return Ok(());
            }
        }
        let waiting = self.terminals.iter().map(|terminal| {
            let notes = terminal.notes.lock();
            format!("{}: {} unheard, {} in", terminal.student, notes.unheard, notes.joined)
                + &format!(" {:?}", notes.waiting)
        });
        Err(format!("two quiet minutes, and squares still wait: {:?}", waiting.collect::<Vec<_>>()))
    }
}
