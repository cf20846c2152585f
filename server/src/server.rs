//! A running server: opens the ledger, listens, and stops again.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
};

use squares_shared::{
    message::{Auth, Limits},
    stream::Stream,
};
use tokio::{
    runtime::{Handle, Runtime},
    sync::{Semaphore, mpsc, watch},
    task::{JoinHandle, JoinSet},
};

#[cfg(feature = "cluster")]
use crate::cluster::Cluster;
#[cfg(not(feature = "cluster"))]
use crate::feed::Feed;
use crate::{
    config::{Config, DEFAULT_PORT},
    invite::Inviter,
    ledger::Ledger,
    limits::{Connections, SharedBudget, SquareLimits},
    listen::{self, Incoming, Listeners, address::listen_on, network::Bound},
    metrics::{self, Metrics, serve::Pages},
    pins::PinVerifier,
    presence::Presence,
    relay::Relay,
    room::Room,
    roster::Admission,
    session::{join_pool::JoinPool, rejection},
    start_error::StartError,
    threads::{self, Threads},
    tls,
    worker_pool::{WorkerPool, on_own_thread},
};

/// Streams that are handed over in this process, each with the address it is said to come from.
type Streams = mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>;

/// A running server. Dropped, it stops as by [`Server::stop`], but nobody waits for it.
pub struct Server {
    room: Arc<Room>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
    /// The relay's tasks, the presence announcer, the roster's reader and the metrics page.
    tasks: JoinSet<()>,
    #[cfg(feature = "cluster")]
    cluster: Option<Cluster>,
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
    pub async fn start_with(config: Config, streams: Streams) -> Result<Self, StartError> {
        Self::start_on(config, Some(streams)).await
    }

    async fn start_on(config: Config, streams: Option<Streams>) -> Result<Self, StartError> {
        let auth = config.auth.unwrap_or(if config.roster.is_some() { Auth::Roster } else { Auth::Open });
        if auth != Auth::Open && config.roster.is_none() {
            return Err(StartError::NoRoster);
        }
        if config.cluster.is_some() && !cfg!(feature = "cluster") {
            return Err(StartError::NoCluster);
        }
        #[cfg(feature = "cluster")]
        let roster = config.roster.clone();
        let admission = Admission::open(auth, config.roster).await?;
        let simulated = streams.is_some();
        let threads = Threads::here();
        if !simulated {
            check_threads(threads.of_a_server())?;
        }
        let pins = PinVerifier::new()?;
        let workers = Arc::new(if simulated { WorkerPool::simulated() } else { WorkerPool::new()? });
        let join_pool = if simulated { JoinPool::simulated() } else { JoinPool::new(threads.join)? };
        let metrics = Arc::<Metrics>::default();
        // A server of a cluster opens its port once it has all that the others have shown.
        #[cfg(feature = "cluster")]
        let (cluster, shared) = match &config.cluster {
            Some(named) => {
                let data = config.data.clone();
                let (cluster, ledger, feed) = Cluster::join(named, data, config.max_digits, &workers, &metrics).await?;
                (Some(cluster), Some((ledger, feed)))
            }
            None => (None, None),
        };
        #[cfg(not(feature = "cluster"))]
        let shared: Option<(Ledger, Arc<Feed>)> = None;
        let (mut incoming, address, bound) = match streams {
            Some(streams) => (Incoming::Given(streams), SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), Vec::new()),
            None => {
                let sockets = listen_on("--listen", &config.listen, Some(DEFAULT_PORT)).await?;
                let (address, bound) = (first_of(&sockets), Bound::of(&sockets));
                let _join_runtime = join_pool.enter();
                (Incoming::Tcp(Listeners::new(sockets)?, None), address, bound)
            }
        };
        let watchers = match config.metrics {
            Some(metrics) => {
                let sockets = listen_on("--metrics", &metrics, None).await?;
                let address = first_of(&sockets);
                Some((Listeners::new(sockets)?, address))
            }
            None => None,
        };
        let shares_log = shared.is_some();
        let (ledger, feed) = if let Some(opened) = shared {
            opened
        } else if simulated {
            Ledger::open(&config.data, &workers, &metrics, config.leave_cluster)?
        } else {
            let (data, workers, metrics) = (config.data.clone(), Arc::clone(&workers), Arc::clone(&metrics));
            on_own_thread("open", move || Ledger::open(&data, &workers, &metrics, config.leave_cluster)).await??
        };

        let mut fingerprint = None;
        if let (Some(tls), Incoming::Tcp(_, speaks)) = (&config.tls, &mut incoming) {
            // After the ledger, whose lock keeps a second server from making another certificate.
            let (tls, shown) = tls::load(tls, &config.data)?;
            tracing::info!(fingerprint = shown, "speaks TLS");
            *speaks = Some(tls);
            fingerprint = Some(shown);
        } else if auth == Auth::Pin && !address.ip().to_canonical().is_loopback() {
            tracing::warn!("PINs cross the network in the open: add --tls self, or --tls-cert and --tls-key");
        }
        let presence = Arc::new(Presence::new());
        tracing::info!(%address, log = ledger.id, latest = feed.latest(), %auth, students = admission.roster_len(), "open");
        let inviter = Inviter::new(bound, fingerprint, config.ssh);
        inviter.log();
        let relay = Arc::new(Relay::new(threads.join));
        let squares = SquareLimits::new(config.rate, config.burst, config.digit_rate);
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
            shared_budget: SharedBudget::default(),
            rejections: Arc::new(Semaphore::new(rejection::AT_ONCE)),
            max_per_student: config.max_per_student,
            shares_log,
            metrics: Arc::clone(&metrics),
            inviter,
        });
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(Connections::new(config.max_connections, config.max_per_address));
        let mut tasks = JoinSet::new();
        if let Some((watchers, address)) = watchers {
            tracing::info!(%address, "metrics at /metrics, health at /healthz");
            let pages = Pages { room: Arc::downgrade(&room), connections: Arc::clone(&connections) };
            tasks.spawn(metrics::serve::serve(watchers, pages));
        }
        let serving = listen::serve(incoming, Arc::clone(&room), connections, stopped, Handle::current());
        let listener = room.join_pool.spawn(serving);
        for shard in 0..relay.shards() {
            let (relay, feed, presence) = (Arc::clone(&relay), Arc::clone(&feed), Arc::clone(&presence));
            let metrics = Arc::clone(&metrics);
            tasks.spawn(async move { relay.run(shard, &feed, &presence, &metrics).await });
        }
        #[cfg(feature = "cluster")]
        if let Some(cluster) = &cluster {
            tasks.spawn(cluster.exchange(address.to_string(), roster, &presence));
        }
        tasks.spawn(async move { presence.announce().await });
        let own = Arc::clone(&room);
        tasks.spawn(async move { own.admission.keep_current(&own.workers).await });
        Ok(Self {
            room,
            address,
            stop,
            listener,
            tasks,
            #[cfg(feature = "cluster")]
            cluster,
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits until this server must not go on, as one of a cluster whose log or ledger cannot be trusted any more; then
    /// tells why. What the ledger has is kept, and nobody is sent anything further: the program should end.
    pub async fn failed(&self) -> String {
        #[cfg(feature = "cluster")]
        if let Some(cluster) = &self.cluster {
            return cluster.status.failed().await;
        }
        std::future::pending().await
    }

    /// Requests that the roster is read again; the log tells the outcome.
    pub fn reload_roster(&self) {
        self.room.admission.request_reload();
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
        #[cfg(feature = "cluster")]
        let cluster = self.cluster;
        let Self { room, stop, listener, mut tasks, .. } = self;
        room.admission.finish_reload().await;
        stop.send_replace(true);
        if let Err(error) = listener.await {
            tracing::error!(%error, "the listener ended early");
        }
        tasks.shutdown().await;
        #[cfg(feature = "cluster")]
        if let Some(cluster) = cluster {
            cluster.leave().await;
        }
        if let Some(room) = Arc::into_inner(room) {
            let closed = tokio::task::spawn_blocking(move || room.ledger.close()).await;
            if closed.is_err() {
                tracing::error!("the ledger was not closed cleanly");
            }
        }
        tracing::info!("closed");
    }
}

/// The first of these addresses, which are those of one name.
fn first_of(sockets: &[(TcpListener, SocketAddr)]) -> SocketAddr {
    if let [_, others @ ..] = sockets {
        others.iter().for_each(|(_, address)| tracing::info!(%address, "listens here too"));
    }
    sockets.first().map_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |(_, address)| *address)
}

/// A runtime for a server and nothing else, of at most so many threads; checks that the system has threads for both.
///
/// # Errors
/// [`StartError::Threads`], or [`StartError::System`] if there are no descriptors.
pub fn runtime(most: usize) -> Result<Runtime, StartError> {
    let mut threads = Threads::here();
    threads.live = threads.live.min(most);
    check_threads(threads.of_the_program())?;
    Ok(threads::runtime(threads)?)
}

fn check_threads(wanted: usize) -> Result<(), StartError> {
    threads::check_available(wanted).map_err(|error| StartError::Threads { wanted, error })
}
