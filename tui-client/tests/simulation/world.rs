//! A life by a seed: who is there, what goes wrong and when; and at the end quiet, in which everything must come right.

use std::{
    cell::{Cell, RefCell},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use squares_server::{Config, Server, Stream};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, LocalSet},
    time::{advance, sleep},
};

use super::{
    client::{Client, Notes, Shared},
    network::{End, connection},
    oracle,
};

/// A bug that is put in, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// Some results never reach anybody but their sender, as by a relay with a hole in it.
    SwallowedLine,
    /// A server that is killed comes back with an older ledger under the same name.
    ForgetfulLedger,
    /// A client sends again under another `id`.
    NewIdOnResend,
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
    server: RefCell<Option<mpsc::Sender<Handed>>>,
    ends: RefCell<Vec<End>>,
    random: RefCell<fastrand::Rng>,
    closed: Cell<bool>,
}

impl Net {
    /// Connects, where somebody listens.
    pub(crate) fn dial(&self) -> Option<End> {
        let server = self.server.borrow().clone()?;
        if self.closed.get() {
            return None;
        }
        let (ours, theirs) = connection(&mut self.random.borrow_mut());
        server.try_send((Box::new(theirs), SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))).ok()?;
        self.ends.borrow_mut().push(ours.clone());
        Some(ours)
    }

    fn cut_all(&self) {
        self.ends.borrow_mut().drain(..).for_each(|end| end.cut());
    }
}

struct Terminal {
    student: String,
    folder: PathBuf,
    notes: Shared,
    typing: Rc<RefCell<Vec<String>>>,
    life: JoinHandle<()>,
}

struct World {
    random: fastrand::Rng,
    data: PathBuf,
    old: PathBuf,
    net: Rc<Net>,
    server: Option<Server>,
    terminals: Vec<Terminal>,
    planted: Planted,
    troubles: usize,
}

/// Lives one life; an error is a promise that was broken.
pub(crate) fn run(seed: u64, planted: Planted) -> Result<Lived, String> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, live(seed, planted, folder.path()))
}

async fn live(seed: u64, planted: Planted, folder: &Path) -> Result<Lived, String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let net = Rc::new(Net {
        server: RefCell::default(),
        ends: RefCell::default(),
        random: RefCell::new(random.fork()),
        closed: Cell::new(false),
    });
    let (data, old) = (folder.join("data"), folder.join("old"));
    let mut world = World { random, data, old, net, server: None, terminals: Vec::new(), planted, troubles: 0 };
    world.start_server().await;
    for n in 0..world.random.usize(2..=4) {
        // The last one is another terminal of the first student, now and then.
        let student = if n == 3 { "s0".to_owned() } else { format!("s{n}") };
        let folder = folder.join(format!("outbox{n}"));
        world.open_terminal(student, folder, Shared::default(), Rc::default());
    }
    let mut typed = 0;
    for _ in 0..world.random.usize(10..40) {
        sleep(Duration::from_millis(world.random.u64(1..400))).await;
        match world.random.u8(0..3) {
            0 => world.trouble().await,
            _ => {
                for _ in 0..world.random.usize(1..6) {
                    typed += 1;
                    let who = world.random.usize(0..world.terminals.len());
                    world.terminals[who].typing.borrow_mut().push(typed.to_string());
                }
            }
        }
    }
    world.quiet().await?;
    let notes: Vec<(String, Shared)> =
        world.terminals.iter().map(|terminal| (terminal.student.clone(), Rc::clone(&terminal.notes))).collect();
    let end = world.net.dial().ok_or("nobody listens in the end")?;
    let ledger = oracle::ledger(&end).await?;
    for terminal in &world.terminals {
        terminal.life.abort();
    }
    world.net.cut_all();
    if let Some(server) = world.server.take() {
        server.kill().await;
    }
    oracle::judge(&ledger, &notes)?;
    let told = |(student, notes): &(String, Shared)| {
        let notes = notes.borrow();
        let runs = notes.runs.iter().map(|(begin, run)| {
            let seen: Vec<String> = run.iter().map(|result| format!("{}:{}", result.seq, result.number)).collect();
            format!("{student} from {begin}: {}", seen.join(" "))
        });
        runs.collect::<Vec<_>>()
    };
    Ok(Lived { typed, troubles: world.troubles, story: notes.iter().flat_map(told).collect() })
}

impl World {
    async fn start_server(&mut self) {
        let (streams, given) = mpsc::channel(64);
        let config = Config { rate: 0, ..Config::new(&self.data) };
        let server = Server::start_with(config, given).await.expect("the ledger opens");
        self.server = Some(server);
        *self.net.server.borrow_mut() = Some(streams);
    }

    fn open_terminal(&mut self, student: String, folder: PathBuf, notes: Shared, typing: Rc<RefCell<Vec<String>>>) {
        let random = self.random.fork();
        let client = Client::start(&student, folder.clone(), Rc::clone(&notes), random, self.planted);
        let life = tokio::task::spawn_local(client.live(Rc::clone(&self.net), Rc::clone(&typing)));
        self.terminals.push(Terminal { student, folder, notes, typing, life });
    }

    async fn trouble(&mut self) {
        self.troubles += 1;
        let end = {
            let ends = self.net.ends.borrow();
            let at = self.random.usize(0..ends.len().max(1));
            ends.get(at).cloned()
        };
        match self.random.u8(0..8) {
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
            4 => self.kill_server().await,
            5 => {
                self.net.server.borrow_mut().take();
                if let Some(server) = self.server.take() {
                    server.stop().await;
                }
                sleep(Duration::from_millis(self.random.u64(1..2_000))).await;
                self.start_server().await;
            }
            6 => {
                let at = self.random.usize(0..self.terminals.len());
                let Terminal { student, folder, notes, typing, life } = self.terminals.remove(at);
                life.abort();
                let _ = life.await;
                self.open_terminal(student, folder, notes, typing);
            }
            // The machine slept: every timer is due at once.
            _ => advance(Duration::from_millis(self.random.u64(1..60_000))).await,
        }
    }

    async fn kill_server(&mut self) {
        self.net.server.borrow_mut().take();
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
        self.net.ends.borrow().iter().for_each(|end| end.hold(false));
        let is_done = |notes: &Notes, typing: &[String]| notes.waiting == 0 && typing.is_empty();
        for _ in 0..240 {
            sleep(Duration::from_millis(500)).await;
            let mut terminals = self.terminals.iter();
            if terminals.all(|terminal| is_done(&terminal.notes.borrow(), &terminal.typing.borrow())) {
                // What was answered last reaches the others, and who is there is told.
                sleep(Duration::from_secs(25)).await;
                return Ok(());
            }
        }
        let waiting: Vec<usize> = self.terminals.iter().map(|terminal| terminal.notes.borrow().waiting).collect();
        Err(format!("two quiet minutes, and squares still wait: {waiting:?}"))
    }
}
