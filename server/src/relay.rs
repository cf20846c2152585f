//! Hands news to everybody who is waiting for it: a few tasks that walk over the waiting clients and write to each
//! what it has not had yet. A session that has nothing else to do lends its [`Outlet`] and sleeps on; it is not woken
//! for every line, which would cost more than the line. Whatever does not fit is the session's again, and so is every
//! client that does not take what it is given.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use crate::{
    feed::{Feed, Read},
    metrics::Metrics,
    presence::{Cursor, Presence},
    wire::Wire,
};

/// Clients that are served before other tasks of the same thread have their turn: about a millisecond.
const TURN: usize = 8 * AT_HAND;

/// Clients that are looked up before they are served: so few that what is fetched from memory for it is still at hand
/// when each has its turn, behind the writes to those before it.
const AT_HAND: usize = 16;

/// News within this long of a round's beginning are gathered for the next one: a write costs the same for one line
/// and for twenty. The first after a pause waits for nobody, and who sent a square is answered by its own session at
/// once.
const GATHERED: Duration = Duration::from_millis(5);

/// A round that took longer is followed by a pause of its own length, but of no more than this: the more there are
/// who wait, the more it costs to hand news to all of them one by one, while others want the processor too.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Where a round brings everybody about as many bytes as this, there is nothing to be saved by waiting for more.
const PLENTY: usize = 16 << 10;

/// About the most bytes that are written to a client at once.
const ENOUGH: usize = 64 << 10;

/// Pieces of one write.
const PIECES: usize = 16;

/// The sending side of a client, which its session and the relay use by turns.
#[derive(Debug)]
pub(crate) struct Outlet {
    wire: Wire,
    lent: Mutex<Option<Position>>,
    /// How far the client is, for whoever watches over the server: every result up to this `seq` is on its way.
    reached: AtomicU64,
    called: Notify,
}

/// How far a client is, while its outlet is lent.
#[derive(Debug)]
pub(crate) struct Position {
    /// Every result up to this `seq` was sent.
    pub(crate) reached: u64,
    /// Every presence line before this was sent.
    pub(crate) presence: Cursor,
    /// What was begun and did not fit.
    pub(crate) rest: VecDeque<Bytes>,
    /// The session has something of its own to do with every result: it is called, and nothing is written for it.
    pub(crate) only_calls: bool,
}

impl Outlet {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, lent: Mutex::new(None), reached: AtomicU64::new(0), called: Notify::new() }
    }

    /// Takes the connection along to the runtime of whoever calls this. Fails where the relay, or anybody else, has
    /// it too.
    pub(crate) fn taken_along(outlet: Arc<Self>) -> io::Result<Self> {
        let Self { wire, lent, reached, called } =
            Arc::into_inner(outlet).ok_or_else(|| io::Error::from(io::ErrorKind::ResourceBusy))?;
        Ok(Self { wire: wire.taken_along()?, lent, reached, called })
    }

    /// The connection. Whoever has lent the outlet must not write to it.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Lets the relay write from this position on.
    pub(crate) fn lend(&self, position: Position) {
        *self.lent.lock() = Some(position);
    }

    /// Ends the lending, and tells how far the client is; `None` where it was not lent.
    pub(crate) fn take_back(&self) -> Option<Position> {
        self.lent.lock().take()
    }

    /// Notes that every result up to this `seq` is on its way.
    pub(crate) fn note(&self, reached: u64) {
        self.reached.store(reached, Ordering::Relaxed);
    }

    /// Waits until the relay needs the session.
    pub(crate) fn called(&self) -> Notified<'_> {
        self.called.notified()
    }

    /// Writes what is new, where the outlet is lent. `room` is an empty queue that is used meanwhile: most often
    /// nothing is left to be kept, and then nothing is allocated for this client. Gives how many bytes were written.
    fn serve(&self, feed: &Feed, presence: &Presence, metrics: &Metrics, room: &mut VecDeque<Bytes>) -> usize {
        let mut lent = self.lent.lock();
        let Some(position) = &mut *lent else { return 0 };
        if position.only_calls || !position.rest.is_empty() {
            self.called.notify_one();
            return 0;
        }
        std::mem::swap(&mut position.rest, room);
        let read = feed.read(position.reached, ENOUGH, &mut position.rest);
        if let Read::Taken(reached) = read {
            position.reached = reached;
            self.note(reached);
        }
        presence.read(&mut position.presence, &mut position.rest);
        let written = self.write(&mut position.rest, metrics);
        let behind = matches!(read, Read::Behind { .. }) || position.reached < feed.latest();
        if behind || !position.rest.is_empty() || self.wire.holds() || written.is_err() {
            // The session goes on from here, or finds the connection broken by itself.
            self.called.notify_one();
        }
        if position.rest.is_empty() {
            std::mem::swap(&mut position.rest, room);
        }
        written.unwrap_or_default()
    }

    fn write(&self, pieces: &mut VecDeque<Bytes>, metrics: &Metrics) -> io::Result<usize> {
        let mut all = 0;
        while !pieces.is_empty() {
            match self.write_once(pieces) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    metrics.sent(count);
                    wrote(pieces, count);
                    all += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn write_once(&self, pieces: &VecDeque<Bytes>) -> io::Result<usize> {
        // Most often there is one piece, and the simpler call costs the system less.
        if let (1, Some(only)) = (pieces.len(), pieces.front()) {
            return self.wire.try_write(only);
        }
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut used = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            used += 1;
        }
        self.wire.try_write_vectored(&slices[..used])
    }
}

fn wrote(pieces: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(piece) = pieces.front_mut() {
        if count < piece.len() {
            piece.advance(count);
            break;
        }
        count -= piece.len();
        pieces.pop_front();
    }
}

/// All who are in, in as many parts as there are tasks that serve them.
#[derive(Debug)]
pub(crate) struct Relay {
    parts: Box<[Part]>,
    next: AtomicUsize,
}

#[derive(Debug, Default)]
struct Part(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct Client {
    outlet: Arc<Outlet>,
    /// Whether it is written to from here, whenever it is lent.
    is_served: bool,
}

/// A place in the relay, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    relay: Arc<Relay>,
    part: usize,
    at: usize,
    is_served: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.relay.parts[self.part].0.lock();
        places.clients[self.at] = None;
        places.free.push(self.at);
    }
}

impl Place {
    /// Whether its client is served from here, whenever it lends its outlet.
    pub(crate) const fn is_served(&self) -> bool {
        self.is_served
    }

    /// Lets go of its outlet, until [`Place::serve`].
    pub(crate) fn let_go(&mut self) {
        self.put(None);
    }

    /// Serves this outlet from now on.
    pub(crate) fn serve(&mut self, outlet: Arc<Outlet>) {
        self.put(Some(Client { outlet, is_served: true }));
        self.is_served = true;
    }

    fn put(&self, client: Option<Client>) {
        self.relay.parts[self.part].0.lock().clients[self.at] = client;
    }
}

impl Relay {
    pub(crate) fn new(parts: usize) -> Self {
        Self { parts: (0..parts.max(1)).map(|_| Part::default()).collect(), next: AtomicUsize::new(0) }
    }

    /// How many tasks should [`Relay::run`].
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Counts the client of this outlet among those who are in; [`Place::serve`] begins to serve it.
    pub(crate) fn add(self: &Arc<Self>, outlet: Arc<Outlet>) -> Place {
        let part = self.next.fetch_add(1, Ordering::Relaxed) % self.parts.len();
        let mut places = self.parts[part].0.lock();
        let at = places.free.pop().unwrap_or(places.clients.len());
        if at == places.clients.len() {
            places.clients.push(None);
        }
        places.clients[at] = Some(Client { outlet, is_served: false });
        Place { relay: Arc::clone(self), part, at, is_served: false }
    }

    /// The `seq` that each client who is in has reached.
    pub(crate) fn reached(&self) -> Vec<u64> {
        let reached = |client: &Client| client.outlet.reached.load(Ordering::Relaxed);
        let all = |part: &Part| part.0.lock().clients.iter().flatten().map(reached).collect::<Vec<_>>();
        self.parts.iter().flat_map(all).collect()
    }

    /// Serves one part for as long as it is polled.
    pub(crate) async fn run(&self, part: usize, feed: &Feed, presence: &Presence, metrics: &Metrics) {
        let (mut results, mut lines) = (feed.subscribe(), presence.subscribe());
        let mut at_hand = Vec::with_capacity(AT_HAND);
        let mut room = VecDeque::new();
        let mut next_round = None;
        loop {
            let news = tokio::select! {
                news = results.changed() => news,
                news = lines.changed() => news,
            };
            if news.is_err() {
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
                    let places = self.parts[part].0.lock();
                    let to = places.clients.len().min(from + AT_HAND);
                    let clients = places.clients[from..to].iter().flatten().filter(|client| client.is_served);
                    at_hand.extend(clients.map(|client| Arc::clone(&client.outlet)));
                    from = to;
                    places.clients.len()
                };
                served += at_hand.len();
                for outlet in at_hand.drain(..) {
                    bytes += outlet.serve(feed, presence, metrics, &mut room);
                }
                if from == end || from % TURN == 0 {
                    tokio::task::yield_now().await;
                }
                if from == end {
                    break;
                }
            }
            next_round = Some(begin + gathered(begin.elapsed(), served, bytes));
        }
    }
}

/// How long after its beginning a round is followed by the next one, at the earliest: one that took this long, for so
/// many clients and bytes in all.
fn gathered(took: Duration, clients: usize, bytes: usize) -> Duration {
    if bytes / clients.max(1) >= PLENTY { GATHERED } else { (took + took.min(LONGEST_PAUSE)).max(GATHERED) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_many_leave_time_for_others_unless_they_bring_plenty() {
        let ms = Duration::from_millis;
        assert_eq!(gathered(ms(0), 0, 0), GATHERED);
        assert_eq!(gathered(ms(2), 200, 20_000), GATHERED);
        assert_eq!(gathered(ms(60), 10_000, 1_000_000), ms(120));
        assert_eq!(gathered(ms(300), 10_000, 1_000_000), ms(400));
        assert_eq!(gathered(ms(300), 10_000, 10_000 * PLENTY), GATHERED);
    }
}
