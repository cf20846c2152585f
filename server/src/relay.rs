//! Sends new results and presence lines to idle clients: a few tasks walk over the parked connections and write to each
//! what it has not had yet. A session with nothing else to do parks its [`SharedWriter`] here and is not woken for
//! every line, since waking it would cost more than the write. Whatever does not fit goes back to the session, and so
//! does every client that does not read what it is sent.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use crate::{
    feed::{Feed, FeedRead},
    metrics::Metrics,
    presence::{Cursor, Presence},
    wire::{Wire, send_queue::write_pieces},
};

/// Clients that are served before the task yields: about a millisecond.
const CLIENTS_PER_YIELD: usize = 8 * LOOKED_UP;

/// Clients that are looked up together before they are served: few enough that what this brings into the processor's
/// cache is still there when the last of them is written to.
const LOOKED_UP: usize = 16;

/// The shortest time between the beginnings of two rounds: a write costs the same for one line and for twenty. The
/// first line after a pause is not delayed, and the sender of a square is answered by its own session at once.
const SHORTEST_ROUND: Duration = Duration::from_millis(5);

/// A longer round is followed by a pause of its own length, but of no more than this: the more clients are parked, the
/// more of the processor a round takes from everything else.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A round that writes this many bytes to each client on average is worth its writes: no pause follows.
const PLENTY: usize = 16 << 10;

/// About the most bytes that are written to a client in one round.
const ENOUGH: usize = 64 << 10;

/// A client's connection, which its session and the relay write to in turns.
#[derive(Debug)]
pub(crate) struct SharedWriter {
    wire: Wire,
    parked: Mutex<Option<ReadCursors>>,
    /// Every result up to this `seq` was sent or queued; for the metrics.
    reached: AtomicU64,
    woken: Notify,
}

/// What a parked client has been sent.
#[derive(Debug)]
pub(crate) struct ReadCursors {
    /// Every result up to this `seq` was sent.
    pub(crate) reached: u64,
    /// Every presence line before this was sent.
    pub(crate) presence: Cursor,
    /// What did not fit into the socket.
    pub(crate) rest: VecDeque<Bytes>,
    /// The session has to look at every result itself: the relay wakes it, and writes nothing.
    pub(crate) only_wakes: bool,
}

impl SharedWriter {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, parked: Mutex::new(None), reached: AtomicU64::new(0), woken: Notify::new() }
    }

    /// Moves the connection to the caller's runtime. Fails while the relay, or anything else, holds it too.
    pub(crate) fn rebind(writer: Arc<Self>) -> io::Result<Self> {
        let Self { wire, parked, reached, woken } =
            Arc::into_inner(writer).ok_or_else(|| io::Error::from(io::ErrorKind::ResourceBusy))?;
        Ok(Self { wire: wire.rebind()?, parked, reached, woken })
    }

    /// The connection. A session that has parked it must not write to it.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Lets the relay write what follows these cursors.
    pub(crate) fn park(&self, cursors: ReadCursors) {
        *self.parked.lock() = Some(cursors);
    }

    /// Takes the connection back, with what was sent meanwhile; `None` if it was not parked.
    pub(crate) fn unpark(&self) -> Option<ReadCursors> {
        self.parked.lock().take()
    }

    /// Records for the metrics that every result up to this `seq` was sent or queued.
    pub(crate) fn note(&self, reached: u64) {
        self.reached.store(reached, Ordering::Relaxed);
    }

    /// Waits until the relay wakes the session.
    pub(crate) fn woken(&self) -> Notified<'_> {
        self.woken.notified()
    }

    /// Writes what is new, if the connection is parked, and returns how many bytes that was. `queue` is an empty queue
    /// that is lent to the client meanwhile: most often everything fits, and then nothing is allocated for it.
    fn serve(&self, feed: &Feed, presence: &Presence, queue: &mut VecDeque<Bytes>) -> usize {
        let mut parked = self.parked.lock();
        let Some(cursors) = &mut *parked else { return 0 };
        if cursors.only_wakes || !cursors.rest.is_empty() {
            self.woken.notify_one();
            return 0;
        }
        std::mem::swap(&mut cursors.rest, queue);
        let read = feed.read(cursors.reached, ENOUGH, &mut cursors.rest);
        if let FeedRead::Taken(reached) = read {
            cursors.reached = reached;
            self.note(reached);
        }
        presence.read(&mut cursors.presence, &mut cursors.rest);
        let written = write_pieces(&self.wire, &mut cursors.rest);
        let is_broken = written.is_err();
        let written = written.unwrap_or_default();
        let behind = matches!(read, FeedRead::Behind { .. }) || cursors.reached < feed.latest();
        if behind || !cursors.rest.is_empty() || self.wire.holds() || is_broken {
            // The session takes over, or finds by itself that the connection is broken.
            self.woken.notify_one();
        }
        if cursors.rest.is_empty() {
            std::mem::swap(&mut cursors.rest, queue);
        }
        written
    }
}

/// All clients that have joined, in one shard for each task that serves them.
#[derive(Debug)]
pub(crate) struct Relay {
    shards: Box<[Mutex<Clients>]>,
    next: AtomicUsize,
}

#[derive(Debug, Default)]
struct Clients {
    entries: Vec<Option<Client>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct Client {
    writer: Arc<SharedWriter>,
    /// Whether the relay writes to it whenever it is parked.
    is_served: bool,
}

/// A client's entry in the relay, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    relay: Arc<Relay>,
    shard: usize,
    at: usize,
    is_served: bool,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut clients = self.relay.shards[self.shard].lock();
        clients.entries[self.at] = None;
        clients.free.push(self.at);
    }
}

impl Registration {
    /// Whether the relay writes to its client whenever that is parked.
    pub(crate) const fn is_served(&self) -> bool {
        self.is_served
    }

    /// Drops the relay's handle of the writer, until [`Registration::serve`].
    pub(crate) fn release(&mut self) {
        self.put(None);
    }

    /// Writes to this writer from now on, whenever it is parked.
    pub(crate) fn serve(&mut self, writer: Arc<SharedWriter>) {
        self.put(Some(Client { writer, is_served: true }));
        self.is_served = true;
    }

    fn put(&self, client: Option<Client>) {
        self.relay.shards[self.shard].lock().entries[self.at] = client;
    }
}

impl Relay {
    pub(crate) fn new(shards: usize) -> Self {
        Self { shards: (0..shards.max(1)).map(|_| Mutex::default()).collect(), next: AtomicUsize::new(0) }
    }

    /// How many tasks must call [`Relay::run`].
    pub(crate) fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Registers a client that has joined; [`Registration::serve`] begins to serve it.
    pub(crate) fn add(self: &Arc<Self>, writer: Arc<SharedWriter>) -> Registration {
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let mut clients = self.shards[shard].lock();
        let at = clients.free.pop().unwrap_or(clients.entries.len());
        if at == clients.entries.len() {
            clients.entries.push(None);
        }
        clients.entries[at] = Some(Client { writer, is_served: false });
        Registration { relay: Arc::clone(self), shard, at, is_served: false }
    }

    /// The `seq` that each client has reached.
    pub(crate) fn reached(&self) -> Vec<u64> {
        let reached = |client: &Client| client.writer.reached.load(Ordering::Relaxed);
        let all = |shard: &Mutex<Clients>| shard.lock().entries.iter().flatten().map(reached).collect::<Vec<_>>();
        self.shards.iter().flat_map(all).collect()
    }

    /// Serves one shard for as long as it is polled.
    pub(crate) async fn run(&self, shard: usize, feed: &Feed, presence: &Presence, metrics: &Metrics) {
        let (mut results, mut lines) = (feed.subscribe(), presence.subscribe());
        let mut looked_up = Vec::with_capacity(LOOKED_UP);
        let mut queue = VecDeque::new();
        let mut next_round = None;
        loop {
            let changed = tokio::select! {
                changed = results.changed() => changed,
                changed = lines.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
            if let Some(next_round) = next_round {
                tokio::time::sleep_until(next_round).await;
            }
            let begin = Instant::now();
            let (mut served, mut bytes) = (0, 0);
            results.mark_unchanged();
            lines.mark_unchanged();
            let mut from = 0;
            loop {
                let end = {
                    let clients = self.shards[shard].lock();
                    let to = clients.entries.len().min(from + LOOKED_UP);
                    let served = clients.entries[from..to].iter().flatten().filter(|client| client.is_served);
                    looked_up.extend(served.map(|client| Arc::clone(&client.writer)));
                    from = to;
                    clients.entries.len()
                };
                served += looked_up.len();
                let written: usize = looked_up.drain(..).map(|writer| writer.serve(feed, presence, &mut queue)).sum();
                metrics.sent.inc_by(written as u64);
                bytes += written;
                if from == end || from % CLIENTS_PER_YIELD == 0 {
                    tokio::task::yield_now().await;
                }
                if from == end {
                    break;
                }
            }
            next_round = Some(begin + until_next_round(begin.elapsed(), served, bytes));
        }
    }
}

/// How long after the beginning of a round the next one may begin, where this one took so long and wrote so many bytes
/// to so many clients.
fn until_next_round(took: Duration, clients: usize, bytes: usize) -> Duration {
    if bytes / clients.max(1) >= PLENTY { SHORTEST_ROUND } else { (took + took.min(LONGEST_PAUSE)).max(SHORTEST_ROUND) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_many_leave_time_for_others_unless_they_bring_plenty() {
        let ms = Duration::from_millis;
        assert_eq!(until_next_round(ms(0), 0, 0), SHORTEST_ROUND);
        assert_eq!(until_next_round(ms(2), 200, 20_000), SHORTEST_ROUND);
        assert_eq!(until_next_round(ms(60), 10_000, 1_000_000), ms(120));
        assert_eq!(until_next_round(ms(300), 10_000, 1_000_000), ms(400));
        assert_eq!(until_next_round(ms(300), 10_000, 10_000 * PLENTY), SHORTEST_ROUND);
    }
}
