//! A network in memory: two directions of bytes for each connection, which arrive in pieces, late, or not at all.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use squares_shared::stream::Stream;
use tokio::{sync::Notify, time::sleep};

/// What one direction holds before it takes no more.
const CAPACITY: usize = 16 << 10;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Way {
    state: Mutex<State>,
    sent: Notify,
}

#[derive(Debug, Default)]
struct State {
    sent: VecDeque<u8>,
    arrived: VecDeque<u8>,
    /// The sender has said everything; the receiver knows.
    ended: bool,
    end_arrived: bool,
    /// Cut: neither side gets anything any more.
    cut: bool,
    /// Held up: nothing moves, and nobody is told.
    held: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = buffer.len().min(state.arrived.len());
        if count == 0 && !state.end_arrived {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        for (to, from) in buffer.iter_mut().zip(state.arrived.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.cut || state.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(CAPACITY.saturating_sub(state.sent.len() + state.arrived.len()));
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.sent.extend(&bytes[..count]);
        self.sent.notify_one();
        Ok(count)
    }

    fn poll_readable(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.cut || state.end_arrived || !state.arrived.is_empty() {
            return Poll::Ready(());
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }

    fn poll_writable(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.cut || state.sent.len() + state.arrived.len() < CAPACITY {
            return Poll::Ready(());
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    fn wake(mut state: MutexGuard<'_, State>) {
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn end(&self) {
        self.state().ended = true;
        self.sent.notify_one();
    }

    fn cut(&self) {
        let mut state = self.state();
        state.cut = true;
        self.sent.notify_one();
        Self::wake(state);
    }

    fn hold(&self, held: bool) {
        self.state().held = held;
        self.sent.notify_one();
    }

    /// Carries bytes from one end to the other, a piece at a time, until the connection is over.
    async fn carry(self: Arc<Self>, mut random: fastrand::Rng) {
        loop {
            let waits = {
                let state = self.state();
                if state.cut || state.end_arrived {
                    return;
                }
                state.held || (state.sent.is_empty() && !state.ended)
            };
            if waits {
                self.sent.notified().await;
                continue;
            }
            sleep(Duration::from_micros(random.u64(50..20_000))).await;
            let mut state = self.state();
            if state.cut || state.held {
                continue;
            }
            let count = match random.u8(0..4) {
                0 => random.usize(0..=state.sent.len()),
                _ => state.sent.len(),
            };
            let piece: Vec<u8> = state.sent.drain(..count).collect();
            state.arrived.extend(piece);
            state.end_arrived = state.ended && state.sent.is_empty();
            Self::wake(state);
        }
    }
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct End {
    to: Arc<Way>,
    from: Arc<Way>,
}

/// A new connection: the client's end and the server's.
pub(crate) fn connection(random: &mut fastrand::Rng) -> (End, End) {
    let (up, down) = (Arc::<Way>::default(), Arc::<Way>::default());
    tokio::spawn(Arc::clone(&up).carry(random.fork()));
    tokio::spawn(Arc::clone(&down).carry(random.fork()));
    (End { to: Arc::clone(&up), from: Arc::clone(&down) }, End { to: down, from: up })
}

impl End {
    /// Both directions fail from now on, and what was on its way is lost.
    pub(crate) fn cut(&self) {
        self.to.cut();
        self.from.cut();
    }

    /// This side reads nothing any more; what it said still arrives, where it was closed politely.
    pub(crate) fn close(&self, polite: bool) {
        self.from.cut();
        if polite { self.to.end() } else { self.to.cut() }
    }

    /// Nothing gets through in either direction, or does again.
    pub(crate) fn hold(&self, held: bool) {
        self.to.hold(held);
        self.from.hold(held);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.to.state().held
    }

    pub(crate) async fn readable(&self) {
        std::future::poll_fn(|context| self.from.poll_readable(context)).await;
    }

    pub(crate) async fn writable(&self) {
        std::future::poll_fn(|context| self.to.poll_writable(context)).await;
    }
}

impl Stream for End {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.from.read(buffer)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.from.poll_readable(context).map(Ok)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.to.poll_writable(context).map(Ok)
    }

    fn shutdown(&self) -> io::Result<()> {
        self.to.end();
        Ok(())
    }
}
