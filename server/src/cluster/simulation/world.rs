//! One life of several servers and those who ask them for squares.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    oracle::Oracle,
    stream::{Planted, Stream, carry},
};
use crate::{
    cluster::{record, status::Status, stream_channel, writer::ReplicatedWriter},
    feed::Feed,
    ledger::{Answer, Chain, Ledger, LedgerEntry, LedgerFile, Submission},
    metrics::Metrics,
    worker_pool::WorkerPool,
};

const SERVERS: usize = 3;

/// Those who ask, and how many squares each wants.
const ASKERS: usize = 5;
const SQUARES: u64 = 12;

/// How long everything may take once troubles are over.
const SETTLED: Duration = Duration::from_secs(120);

const LOG: &str = "0123456789abcdef0123456789abcdef";

/// A server that runs.
struct Running {
    ledger: Ledger,
    feed: Arc<Feed>,
    status: Arc<Status>,
    carrier: JoinHandle<()>,
}

struct World {
    stream: Arc<Stream>,
    oracle: Oracle,
    folders: Vec<TempDir>,
    running: Mutex<Vec<Option<Running>>>,
    chain: Chain,
}

/// Lives this seed; gives the number of results, or what was broken.
pub(super) fn run(seed: u64, planted: Planted) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let first = record::FirstRecord::new(LOG.to_owned()).to_bytes();
    let world = Arc::new(World {
        chain: record::chain(&Chain::default(), 1, &first),
        stream: Arc::new(Stream::new(seed, planted, Bytes::from(first))),
        oracle: Oracle::default(),
        folders: (0..SERVERS).map(|_| tempfile::tempdir().unwrap()).collect(),
        running: Mutex::new((0..SERVERS).map(|_| None).collect()),
    });
    let lived = runtime.block_on(Arc::clone(&world).live());
    // Whatever still runs ends with the runtime, before the folders go.
    world.running.lock().clear();
    drop(runtime);
    lived
}

impl World {
    async fn live(self: Arc<Self>) -> Result<u64, String> {
        (0..SERVERS).for_each(|at| self.start(at));
        let askers: Vec<_> = (0..ASKERS).map(|asker| tokio::spawn(Arc::clone(&self).ask(asker))).collect();
        let trouble = tokio::spawn(Arc::clone(&self).kill_some());
        sleep(Duration::from_secs(15)).await;
        trouble.abort();
        let _ = trouble.await;
        self.stream.is_troubled.send_replace(false);
        for at in 0..SERVERS {
            if self.running.lock()[at].is_none() {
                self.start(at);
            }
        }
        for asker in askers {
            match timeout(SETTLED, asker).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err("somebody who asked panicked".to_owned()),
                Err(_) => return Err(self.oracle.wrong().unwrap_or_else(|| "somebody still waits".to_owned())),
            }
        }
        // What is late may still come: it must change nothing for anybody.
        sleep(Duration::from_secs(10)).await;
        let length = self.stream.length();
        for at in 0..SERVERS {
            let status = self.running.lock()[at].as_ref().map(|running| Arc::clone(&running.status));
            let Some(status) = status else { continue };
            tokio::select! {
                () = status.reached(length) => {}
                why = status.failed() => return Err(why),
                () = sleep(SETTLED) => return Err(format!("server {at} does not catch up")),
            }
        }
        self.running.lock().iter_mut().for_each(|running| self.stop(running.take()));
        tokio::task::yield_now().await;
        let open = |folder: &TempDir| LedgerFile::open(folder.path()).map_err(|error| error.to_string());
        let ledgers = self.folders.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        self.oracle.judge(&ledgers)
    }

    fn start(&self, at: usize) {
        let metrics = Arc::<Metrics>::default();
        let status = Arc::new(Status::new(Arc::clone(&metrics)));
        let node = format!("{at}-{}", self.stream.random.lock().u32(..));
        let (writers_end, end) = stream_channel::open();
        let (name, reporting) = (node.clone(), Arc::clone(&status));
        let opened = Ledger::open_shared(
            self.folders[at].path(),
            &Arc::new(WorkerPool::simulated()),
            &metrics,
            (LOG, self.chain),
            &tokio::runtime::Handle::current(),
            move |projection, queue| {
                ReplicatedWriter::new(projection, name, reporting).with_records_of(2).run(queue, writers_end)
            },
        );
        match opened {
            Ok((ledger, feed)) => {
                let read = status.place().map_or(1, |place| place.applied);
                let carrier = tokio::spawn(carry(Arc::clone(&self.stream), node, at, end, read));
                self.running.lock()[at] = Some(Running { ledger, feed, status, carrier });
            }
            Err(error) => self.oracle.complain(format!("server {at} does not start: {error}")),
        }
    }

    fn stop(&self, running: Option<Running>) {
        if let Some(running) = running {
            running.carrier.abort();
            running.ledger.kill();
        }
    }

    /// Kills servers now and then, and starts them again.
    async fn kill_some(self: Arc<Self>) {
        loop {
            sleep(Duration::from_millis(500) + self.stream.time(3000)).await;
            let at = self.stream.random.lock().usize(..SERVERS);
            let killed = self.running.lock()[at].take();
            self.stop(killed);
            sleep(Duration::from_millis(1) + self.stream.time(1000)).await;
            self.start(at);
        }
    }

    /// Asks for one square after the other, each at some server, until it is recorded or cannot be known to be.
    async fn ask(self: Arc<Self>, asker: usize) {
        for count in 0..SQUARES {
            let number = (asker as u64 * 1000 + count).to_string();
            let request = (self.stream.random.lock().u8(..4) > 0).then(|| format!("r{count}"));
            sleep(self.stream.time(800)).await;
            while !self.try_one(asker, &number, request.as_ref()).await {
                sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Asks once; tells whether that is all.
    async fn try_one(&self, asker: usize, number: &str, request: Option<&String>) -> bool {
        let at = self.stream.random.lock().usize(..SERVERS);
        let found = {
            let running = self.running.lock();
            running[at].as_ref().map(|running| (running.ledger.submissions.clone(), Arc::clone(&running.feed)))
        };
        let Some((submissions, feed)) = found else { return false };
        let value: u64 = number.parse().unwrap_or_default();
        let entry = LedgerEntry {
            student: format!("s{asker}").into(),
            name: "n".into(),
            number: number.to_owned(),
            square: (value * value).to_string(),
            request: request.cloned(),
        };
        let (answer, mut answers) = mpsc::channel(8);
        self.stream.askers.lock().insert(number.to_owned(), answer.clone());
        if submissions.send(Submission { entry, answer: answer.clone() }).await.is_err() {
            return false;
        }
        drop((submissions, answer));
        let patience = Duration::from_millis(500) + self.stream.time(8000);
        let answered = timeout(patience, answers.recv()).await;
        self.stream.askers.lock().remove(number);
        match answered {
            Ok(Some(Answer::Recorded(seq))) => {
                if !self.log_has(number) {
                    self.oracle.complain(format!("{number} was answered before the log had it"));
                } else if !is_shown(&feed, number, seq) {
                    self.oracle.complain(format!("{number} was answered before it was applied"));
                }
                self.oracle.recorded(number, seq);
                true
            }
            Ok(Some(Answer::Duplicate(seq, _))) if request.is_some() => {
                self.oracle.recorded(number, seq);
                true
            }
            Ok(Some(Answer::Unavailable(_))) => {
                if request.is_none() {
                    self.oracle.refused(number);
                }
                request.is_none()
            }
            Ok(Some(other)) => {
                self.oracle.complain(format!("{number} was answered by {other:?}"));
                true
            }
            // Nobody knows what became of it: only one with an id may be asked for again.
            Ok(None) | Err(_) => request.is_none(),
        }
    }

    fn log_has(&self, number: &str) -> bool {
        let entry = format!("\"number\":\"{number}\"");
        let has = |record: &Bytes| String::from_utf8_lossy(record).contains(&entry);
        self.stream.records.lock().iter().any(has)
    }
}

/// Whether the feed of the server that answered has this result.
fn is_shown(feed: &Feed, number: &str, seq: u64) -> bool {
    let mut lines = std::collections::VecDeque::new();
    feed.read(0, usize::MAX, &mut lines);
    let text = lines.iter().map(|lines| String::from_utf8_lossy(lines)).collect::<String>();
    let is_it = |line: &str| {
        line.contains(&format!("\"number\":\"{number}\""))
            && (seq == u64::MAX || line.contains(&format!("\"seq\":{seq},")))
    };
    text.lines().any(is_it)
}
