//! The Squares server as a library, so that a client can host it in its own process.
//!
//! The map: `listen` accepts connections and gives each to a `session`, which speaks the protocol from `hello` to
//! `bye`, in the `join_pool` until its student is in. A session submits squares to the `ledger`, which makes them
//! durable in one order and pushes each batch to the `feed`; every session is a cursor into it, and the `relay` writes
//! to those that wait. `presence` knows who is online, `roster` who may join, `pins` whether it is they, and `limits`
//! how much anybody may ask for. What takes long is done in the `workers`. All tell `metrics` what they did, where
//! somebody watches.

mod feed;
mod http;
mod ledger;
mod limits;
mod listen;
mod metrics;
mod permissions;
mod pins;
mod presence;
mod relay;
mod roster;
mod session;
mod threads;
mod tls;
mod wire;
mod worker_pool;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use etcetera::BaseStrategy as _;
pub use ledger::{Archive, ArchivedStudent, BackupError, Findings, LedgerError, ResultRow};
pub use pins::{PinError, hash_pin};
pub use roster::{LONGEST_ROSTER, MadePins, RosterError, make_pins, read_roster};
use session::join_pool::JoinPool;
use squares_shared::{
    message::{Auth, Limits},
    stream::Stream,
};
use threads::Threads;
pub use threads::runtime;
pub use tls::{TlsError, TlsSource};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{Semaphore, mpsc, watch},
    task::{JoinHandle, JoinSet},
};
use worker_pool::WorkerPool;

/// How a server is set up. [`Config::new`] has the defaults of the program's flags.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen, as `host:port`; port 0 picks a free one.
    pub listen: String,
    /// The folder of the ledger; made if missing.
    pub data: PathBuf,
    /// The roster file, where there is one.
    pub roster: Option<PathBuf>,
    /// How students are let in; `None`: by the roster where there is one, else anyone.
    pub auth: Option<Auth>,
    /// Squares a second for one student; 0: no limit.
    pub rate: u32,
    /// Squares at once for one student before `rate` counts.
    pub burst: u32,
    /// Digits of squared numbers a second for one student, ten seconds' worth at once; 0, or a `rate` of 0: no limit.
    pub digit_rate: u32,
    /// The most digits of a number, in canonical form.
    pub max_digits: usize,
    /// The most bytes of a line, its end not counted.
    pub max_line: usize,
    /// The most connections in all.
    pub max_connections: usize,
    /// The most connections from one address, of IPv6 from one network of 64 bits; 0: no limit.
    pub max_per_address: usize,
    /// The most terminals of one student; 0: no limit.
    pub max_per_student: u32,
    /// Where metrics and health are served over HTTP, as `host:port`; `None`: nowhere, and nothing is counted.
    pub metrics: Option<String>,
    /// The certificate of a server that speaks TLS; `None`: it does not.
    pub tls: Option<TlsSource>,
}

/// The address that servers listen on, and clients look at, where nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:7878";

/// The port of [`DEFAULT_ADDRESS`], for an address that is given without one.
pub const DEFAULT_PORT: u16 = 7878;

impl Config {
    /// The defaults, with the ledger in this folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: DEFAULT_ADDRESS.to_owned(),
            data: data.into(),
            roster: None,
            auth: None,
            rate: 20,
            burst: 50,
            digit_rate: 20_000,
            max_digits: 10_000,
            max_line: 65_536,
            max_connections: 10_000,
            max_per_address: 0,
            max_per_student: 16,
            metrics: None,
            tls: None,
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}; choose another address with {flag}")]
    Listen {
        /// The flag that gave it.
        flag: &'static str,
        /// The address as it was given.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// The address is none.
    #[error("cannot listen on {address}, given with {flag}: {why}")]
    Address {
        /// The flag that gave it.
        flag: &'static str,
        /// The address as it was given.
        address: String,
        /// What is wrong with it and how it is written.
        why: String,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The roster cannot be used.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// There is no certificate that can be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system has no descriptors or threads left.
    #[error("cannot start: {0}; end other programs, or raise the limit of open files (ulimit -n)")]
    System(#[from] io::Error),
    /// The system does not give as many threads as a server needs.
    #[error(
        "cannot start {wanted} threads: {error}; raise the limit of processes (ulimit -u, or TasksMax of the unit)"
    )]
    Threads {
        /// How many a server needs.
        wanted: usize,
        /// The system's words.
        error: io::Error,
    },
    /// A roster is asked for, and none is given.
    #[error("this way of letting students in needs a roster; give one with --roster")]
    NoRoster,
}

/// What all sessions share.
struct Room {
    ledger: ledger::Ledger,
    workers: Arc<WorkerPool>,
    join_pool: JoinPool,
    feed: Arc<feed::Feed>,
    presence: Arc<presence::Presence>,
    relay: Arc<relay::Relay>,
    admission: roster::Admission,
    pins: pins::PinVerifier,
    squares: limits::SquareLimits,
    shared_budget: limits::SharedBudget,
    /// For connections without a place that are waited for until they have read why.
    farewells: Arc<Semaphore>,
    max_per_student: u32,
    limits: Limits,
    metrics: Arc<metrics::Metrics>,
}

/// A running server. Dropped, it stops as by [`Server::stop`], but nobody waits for it.
pub struct Server {
    room: Arc<Room>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
    /// The relay's tasks, the presence announcer and the metrics page.
    tasks: JoinSet<()>,
}

impl Server {
    /// Opens the ledger and begins to listen. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`StartError`], whose text is one line that says why and how to mend it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_on(config, None).await
    }

    /// Opens the ledger and serves the streams that are handed over, each with the address it is said to come from,
    /// in place of sockets: for a network that is simulated. `config.listen` is not used, and the ledger is read and
    /// written by the tasks of this runtime, so that on one thread everything happens in one order.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(
        config: Config,
        streams: mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>,
    ) -> Result<Self, StartError> {
        Self::start_on(config, Some(streams)).await
    }

    async fn start_on(
        config: Config,
        streams: Option<mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>>,
    ) -> Result<Self, StartError> {
        let auth = config.auth.unwrap_or(if config.roster.is_some() { Auth::Roster } else { Auth::Open });
        match auth {
            Auth::Roster | Auth::Pin if config.roster.is_none() => return Err(StartError::NoRoster),
            Auth::Roster | Auth::Pin | Auth::Open => {}
        }
        let admission = roster::Admission::open(auth, config.roster).await?;
        let simulated = streams.is_some();
        let threads = Threads::here();
        if !simulated {
            threads::check_available()?;
        }
        let pins = pins::PinVerifier::new()?;
        let workers = Arc::new(if simulated { WorkerPool::simulated() } else { WorkerPool::new()? });
        let join_pool = if simulated { JoinPool::simulated() } else { JoinPool::new(threads.join)? };
        let (mut incoming, address) = match streams {
            Some(streams) => (listen::Incoming::Given(streams), SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
            None => {
                let sockets = listen::listen_on("--listen", &config.listen, Some(DEFAULT_PORT)).await?;
                let address = first_of(&sockets);
                (listen::Incoming::Tcp(join_pool.listeners(sockets)?, None), address)
            }
        };
        let (watchers, metrics) = match config.metrics {
            Some(metrics) => {
                let sockets = listen::listen_on("--metrics", &metrics, None).await?;
                let address = first_of(&sockets);
                let watchers: io::Result<_> =
                    sockets.into_iter().map(|(socket, _)| TcpListener::from_std(socket)).collect();
                (Some((listen::Listeners::new(watchers?), address)), metrics::Metrics::on())
            }
            None => (None, metrics::Metrics::default()),
        };
        let metrics = Arc::new(metrics);
        let (ledger, feed) = if simulated {
            ledger::Ledger::open(&config.data, &workers, &metrics)?
        } else {
            let (data, workers, metrics) = (config.data.clone(), Arc::clone(&workers), Arc::clone(&metrics));
            worker_pool::on_own_thread("open", move || ledger::Ledger::open(&data, &workers, &metrics)).await??
        };

        if let (Some(tls), listen::Incoming::Tcp(_, speaks)) = (&config.tls, &mut incoming) {
            // Behind the ledger, whose lock keeps a second server from making another certificate.
            let (tls, fingerprint) = tls::load(tls, &config.data)?;
            tracing::info!(fingerprint, "speaks TLS");
            *speaks = Some(tls);
        } else if auth == Auth::Pin && !address.ip().to_canonical().is_loopback() {
            tracing::warn!("PINs cross the network in the open: add --tls self, or --tls-cert and --tls-key");
        }
        let presence = Arc::new(presence::Presence::new());
        tracing::info!(%address, log = ledger.id(), latest = feed.latest(), %auth, students = admission.roster_len(), "open");
        let relay = Arc::new(relay::Relay::new(threads.join));
        let squares = limits::SquareLimits::new(config.rate, config.burst, config.digit_rate);
        let room = Arc::new(Room {
            ledger,
            workers,
            join_pool,
            feed: Arc::clone(&feed),
            presence: Arc::clone(&presence),
            relay: Arc::clone(&relay),
            admission,
            pins,
            limits: Limits {
                line: config.max_line,
                digits: config.max_digits,
                rate: config.rate,
                burst: config.burst,
                digit_rate: squares.digit_rate(),
            },
            squares,
            shared_budget: limits::SharedBudget::default(),
            farewells: Arc::new(Semaphore::new(listen::FAREWELLS)),
            max_per_student: config.max_per_student,
            metrics: Arc::clone(&metrics),
        });
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(limits::Connections::new(config.max_connections, config.max_per_address));
        let mut tasks = JoinSet::new();
        if let Some((watchers, address)) = watchers {
            tracing::info!(%address, "metrics at /metrics, health at /healthz");
            let pages = metrics::Pages { room: Arc::downgrade(&room), connections: Arc::clone(&connections) };
            tasks.spawn(metrics::serve(watchers, pages));
        }
        let serving = listen::serve(incoming, Arc::clone(&room), connections, stopped, Handle::current());
        let listener = room.join_pool.spawn(serving);
        for shard in 0..relay.shards() {
            let (relay, feed, presence) = (Arc::clone(&relay), Arc::clone(&feed), Arc::clone(&presence));
            let metrics = Arc::clone(&metrics);
            tasks.spawn(async move { relay.run(shard, &feed, &presence, &metrics).await });
        }
        tasks.spawn(async move { presence.announce().await });
        Ok(Self { room, address, stop, listener, tasks })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Reads the roster again; gives how many students are on it, or `None` where there is no roster.
    ///
    /// # Errors
    /// Where the file cannot be used; the roster before it stays in force.
    pub async fn reload_roster(&self) -> Result<Option<usize>, RosterError> {
        self.room.admission.reload().await
    }

    /// Waits until the roster's file is another than the one that was read last; for ever where there is no roster.
    pub async fn roster_changed(&self) {
        self.room.admission.changed(&self.room.workers).await;
    }

    /// Ends at once, in a simulation: nobody is told, and what is not durable yet is lost, as when the process is
    /// killed.
    pub async fn kill(self) {
        let Self { room, stop, listener, mut tasks, .. } = self;
        room.ledger.kill();
        listener.abort();
        let _ = listener.await;
        tasks.shutdown().await;
        // Its sessions end as soon as they are looked at; the ledger is free once the last of them has.
        while Arc::strong_count(&room) > 1 {
            tokio::task::yield_now().await;
        }
        drop(stop);
    }

    /// Stops: says goodbye to everyone once what they asked is recorded and sent, and closes the ledger.
    pub async fn stop(self) {
        let Self { room, stop, listener, mut tasks, .. } = self;
        stop.send_replace(true);
        if let Err(error) = listener.await {
            tracing::error!(%error, "the listener ended early");
        }
        tasks.shutdown().await;
        if let Some(room) = Arc::into_inner(room) {
            let closed = tokio::task::spawn_blocking(move || room.ledger.close()).await;
            if closed.is_err() {
                tracing::error!("the ledger was not closed cleanly");
            }
        }
        tracing::info!("closed");
    }
}

/// The address that stands for all of these, which are those of one name.
fn first_of(sockets: &[(std::net::TcpListener, SocketAddr)]) -> SocketAddr {
    if let [_, others @ ..] = sockets {
        others.iter().for_each(|(_, address)| tracing::info!(%address, "listens here too"));
    }
    sockets.first().map_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |(_, address)| *address)
}

/// The folder for the ledger where nothing else is said: `squares` in the user's data directory (XDG).
///
/// # Errors
/// Where the user has no home directory.
pub fn default_data_dir() -> Result<PathBuf, LedgerError> {
    let base = etcetera::choose_base_strategy()
        .map_err(|error| LedgerError::Unusable { path: Path::new("~").to_owned(), error: error.to_string() })?;
    Ok(base.data_dir().join("squares"))
}
