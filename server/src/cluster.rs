//! Several servers, one room: the log that they share on NATS JetStream (feature `cluster`). `server` joins with it
//! before it opens its port. Above the ledger's writer nothing but `presence` knows of it.
//!
//! `nats` connects and looks after the stream, `reader` carries records between it and the ledger's writer
//! (`cluster/writer`) through a `stream_channel`; `in_flight` are the batches on their way, `record` is what the log
//! is made of, `peers` the exchange beside the log, and `status` what everybody else may know.

mod error;
mod in_flight;
mod nats;
mod peers;
mod reader;
mod record;
#[cfg(test)]
mod simulation;
mod status;
mod stream_channel;
mod writer;

use std::{path::PathBuf, pin::pin, sync::Arc};

pub use error::ClusterError;
use nats::Nats;
use peers::{Peers, hex};
pub(crate) use status::Status;
use tokio::runtime::Handle;
use writer::ReplicatedWriter;

use crate::{
    ClusterConfig,
    feed::Feed,
    ledger::{Chain, Ledger, LedgerFile},
    metrics::Metrics,
    presence::Presence,
    worker_pool::WorkerPool,
};

/// The most digits of a number in a cluster: with its square, it fits into a record.
const MAX_CLUSTER_DIGITS: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Cluster {
    nats: Nats,
    /// This run of the server, told from all others.
    node: String,
    pub(crate) status: Arc<Status>,
}

impl Cluster {
    /// Joins the cluster and opens this server's projection of its log; returns once all that stood in the log is
    /// applied.
    ///
    /// # Errors
    /// [`ClusterError`], where the log cannot be reached or is not to be trusted, or the ledger is not of it.
    pub(crate) async fn join(
        config: &ClusterConfig,
        data: PathBuf,
        digits: usize,
        workers: &Arc<WorkerPool>,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, Ledger, Arc<Feed>), ClusterError> {
        if digits > MAX_CLUSTER_DIGITS {
            return Err(ClusterError::TooLong(digits, MAX_CLUSTER_DIGITS));
        }
        let nats = nats::connect(config).await?;
        let (first, bytes) = nats.open(config.replicas).await?;
        let chain = record::chain(&Chain::default(), 1, &bytes);
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(std::io::Error::from)?;
        let node = hex(&random);
        let status = Arc::new(Status::new(Arc::clone(metrics)));
        let (port, end) = stream_channel::open();
        let (workers, metrics, runtime) = (Arc::clone(workers), Arc::clone(metrics), Handle::current());
        let cluster = Self { nats, node, status };
        let (nats, node, status) = (cluster.nats.clone(), cluster.node.clone(), Arc::clone(&cluster.status));
        let opened = move || {
            Ledger::open_shared(&data, &workers, &metrics, (&first.log, chain), &runtime, move |projection, queue| {
                let applied = projection.place().applied;
                let reading = reader::run(nats, node.clone(), end, Arc::clone(&status), applied);
                let writing = ReplicatedWriter::new(projection, node, status).run(queue, port);
                together(writing, reading)
            })
        };
        let (ledger, feed) = crate::worker_pool::on_own_thread("open", opened).await??;
        cluster.catch_up().await?;
        Ok((cluster, ledger, feed))
    }

    /// Waits until all that stands in the log now is applied.
    async fn catch_up(&self) -> Result<(), ClusterError> {
        let not_ready = ClusterError::NotReady;
        let last = self.nats.last_sequence_in_time().await.map_err(not_ready)?;
        tracing::info!(stream = self.nats.stream, records = last, "applies the shared log");
        tokio::select! {
            () = self.status.reached(last) => Ok(()),
            why = self.status.failed() => Err(not_ready(why)),
        }
    }

    /// Tells the other servers of this one, for as long as it is polled.
    pub(crate) fn exchange(
        &self,
        server: String,
        roster: Option<PathBuf>,
        presence: &Arc<Presence>,
    ) -> impl Future<Output = ()> + use<> {
        let (nats, node, status) = (self.nats.clone(), self.node.clone(), Arc::clone(&self.status));
        presence.track_here();
        Peers { nats, node, server, roster, presence: Arc::clone(presence), status }.run()
    }

    /// Says goodbye to the other servers.
    pub(crate) async fn leave(self) {
        Peers::say_bye(&self.nats, &self.node).await;
    }
}

/// Runs both until the writer ends, on one thread: a record goes from one to the other without waking another thread.
async fn together(writing: impl Future<Output = ()>, reading: impl Future<Output = ()>) {
    let mut writing = pin!(writing);
    tokio::select! {
        biased;
        () = &mut writing => {}
        () = reading => writing.await,
    }
}

/// Compares a ledger on the disk with the log that it should be a projection of; tells what differs.
///
/// # Errors
/// [`ClusterError`], where the log cannot be read.
pub async fn compare(ledger: &LedgerFile, config: &ClusterConfig) -> Result<Option<String>, ClusterError> {
    let Some(place) = ledger.place() else {
        return Ok(Some("it is no server's part of a cluster".to_owned()));
    };
    let nats = nats::connect(config).await?;
    let (first, _) = nats.open(config.replicas).await?;
    if first.log != ledger.ledger_id {
        return Ok(Some(format!("it belongs to another log than the cluster's, which is {}", first.log)));
    }
    let chain = reader::chain_of(&nats, place.applied).await.map_err(ClusterError::NotReady)?;
    let differs = || format!("its records up to {} are not those of the cluster's log", place.applied);
    Ok((chain != place.chain).then(differs))
}
