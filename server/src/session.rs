//! One connection, from `hello` to `bye`. A single task reads requests, executes them in order, and writes all that
//! waits for its client at once. It has a cursor into the feed, one into the presence lines, and bounded queues: from a
//! client that does not read, the server stops reading, and nobody else notices.
//!
//! `listen` starts one for each connection it accepts, in the join pool; once its student is in and what was missed
//! is written, it resumes on the main runtime.

mod ending;
mod in_flight;
mod input;
pub(crate) mod join_pool;
mod joining;
mod member;
mod output;
mod parking;
pub(crate) mod rejection;
mod replies;
mod requests;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use member::{Member, Work};
use squares_shared::{
    line::LineReader,
    message::{ByeReason, ErrorCode, FromServer, Hello, PROTOCOL, to_line},
};
use tokio::{sync::watch, time::Instant};

use crate::{
    limits::{ConnectionPermit, Throttle},
    relay::SharedWriter,
    room::Room,
    wire::{Wire, send_queue::SendQueue},
};

/// How long a connection may stay without a successful `join`.
const JOIN_TIME: Duration = Duration::from_secs(10);

/// How long a client of a TLS server may stay silent before it is told so: one that does not know it waits for a
/// `hello` that never comes.
const TLS_SILENCE: Duration = Duration::from_secs(3);

/// How long a closing connection may make no progress with what is left to send.
const CLOSING_TIME: Duration = Duration::from_secs(30);

/// How a session proceeds once the slow work for a request is done.
type Continuation = Box<dyn FnOnce(&mut Session) + Send>;

pub(crate) struct Session {
    room: Arc<Room>,
    /// The connection, parked at the relay while the session waits with nothing else to do.
    writer: Arc<SharedWriter>,
    address: SocketAddr,
    lines: LineReader,
    throttle: Throttle,
    /// No request is read or executed before this.
    paused_until: Option<Instant>,
    out: SendQueue,
    /// The request that is being executed; the next one waits until it is done.
    request: Option<Work<Continuation>>,
    /// The `id` of the request that is being executed, for an error; a square has its own with it.
    request_id: Option<String>,
    member: Option<Box<Member>>,
    /// When the connection is closed if no `join` came, or if closing made no progress.
    deadline: Instant,
    /// The deadline is [`TLS_SILENCE`], for the first byte of TLS.
    expects_tls: bool,
    ending: Ending,
    /// A line was received: what follows cannot be HTTP.
    received_line: bool,
    errors_logged: u32,
    permit: ConnectionPermit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Open,
    /// No further request is read. Those that were received are answered, results are sent up to `target` once it is
    /// known, then it closes.
    Finishing {
        bye: Option<ByeReason>,
        target: Option<u64>,
    },
    /// The send queue is written, then it closes.
    Closing,
}

/// Where a session stands when serving it ends without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Served {
    Ended,
    /// Its student has joined and has what was missed.
    CaughtUp,
}

enum Broken {
    /// The connection failed, or the client is gone.
    Connection(io::Error),
    /// It made no progress in time.
    TimedOut,
    /// It was evicted before anybody had joined on it.
    Evicted,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

impl Session {
    pub(crate) fn new(room: Arc<Room>, wire: Wire, address: SocketAddr, permit: ConnectionPermit) -> Box<Self> {
        let hello = FromServer::Hello(Hello {
            protocol: PROTOCOL,
            server: concat!("squares-server ", env!("CARGO_PKG_VERSION")).to_owned(),
            auth: room.admission.auth,
            log: room.ledger.id.clone(),
            latest: room.feed.latest(),
            limits: room.limits,
            room: room.now(),
        });
        let mut out = SendQueue::default();
        out.push(to_line(&hello).into());
        Box::new(Self {
            lines: LineReader::new(room.limits.line),
            throttle: Throttle::new(),
            paused_until: None,
            room,
            deadline: Instant::now() + if wire.waits_for_tls() { TLS_SILENCE } else { JOIN_TIME },
            expects_tls: wire.waits_for_tls(),
            writer: Arc::new(SharedWriter::new(wire)),
            address,
            out,
            request: None,
            request_id: None,
            member: None,
            ending: Ending::Open,
            received_line: false,
            errors_logged: 0,
            permit,
        })
    }

    /// Serves a new connection until it ends, or until its student has caught up: then it returns the session, for
    /// [`Session::resume`].
    pub(crate) async fn run(self: Box<Self>, stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        tracing::info!(address = %self.address, "connected");
        self.serve_on(stop).await
    }

    /// Moves the connection to the caller's runtime and to the relay, and serves it to its end.
    pub(crate) async fn resume(mut self: Box<Self>, stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        if let Some(member) = self.member.as_deref_mut() {
            member.registration.release();
        }
        match SharedWriter::rebind(self.writer) {
            Ok(writer) => self.writer = Arc::new(writer),
            Err(error) => {
                tracing::info!(address = %self.address, %error, "lost");
                return None;
            }
        }
        if let Some(member) = self.member.as_deref_mut() {
            member.registration.serve(Arc::clone(&self.writer));
        }
        self.serve_on(stop).await
    }

    async fn serve_on(mut self: Box<Self>, mut stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        let end = self.serve(&mut stop).await;
        let student = self.member.as_ref().map_or("", |member| member.student());
        match &end {
            Ok(Served::CaughtUp) => return Some(self),
            Ok(Served::Ended) => tracing::info!(address = %self.address, student, "left"),
            Err(Broken::Connection(error)) => tracing::info!(address = %self.address, student, %error, "lost"),
            Err(Broken::TimedOut) => tracing::info!(address = %self.address, student, "given up: no progress"),
            Err(Broken::Evicted) => {}
        }
        // From here on everybody else sees the student leave.
        self.member = None;
        match end {
            Ok(_) => self.linger().await,
            Err(Broken::Evicted) => self.reject_evicted().await,
            Err(Broken::Connection(_) | Broken::TimedOut) => {}
        }
        None
    }

    async fn serve(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Served, Broken> {
        loop {
            self.paused_until = self.throttle.paused_until(&self.room.shared_budget);
            self.execute_requests();
            self.fill_send_queue();
            let sent = self.out.write(self.writer.wire())?;
            self.room.metrics.sent.inc_by(sent as u64);
            if sent > 0 && self.ending != Ending::Open {
                self.deadline = Instant::now() + CLOSING_TIME;
            }
            if self.has_caught_up() {
                return Ok(Served::CaughtUp);
            }
            if self.can_execute() {
                // Its turn is over, and more requests wait.
                tokio::task::yield_now().await;
                continue;
            }
            if self.can_fill_send_queue() {
                tokio::task::consume_budget().await;
                continue;
            }
            if self.is_over() {
                return Ok(Served::Ended);
            }
            let is_parked = self.park();
            // What came before it was parked the relay may have passed over: the session fetches it.
            let waited = if is_parked && self.has_unsent() { Ok(false) } else { self.wait(stop).await };
            self.unpark();
            if waited? {
                // A client that always sends more must not keep this thread to itself.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for something to do, and begins it. Returns whether that was reading.
    async fn wait(&mut self, stop: &mut watch::Receiver<bool>) -> Result<bool, Broken> {
        let mut has_read = false;
        let reads = self.wants_input();
        let writes = !self.all_is_written();
        let deadline = Some(self.deadline).filter(|_| self.member.is_none() || self.ending != Ending::Open);
        let alarm = [deadline, self.paused_until].into_iter().flatten().min();
        let open = !matches!(self.ending, Ending::Closing | Ending::Finishing { bye: Some(_), .. });
        let nobody_joined = self.member.is_none();
        let is_checked = nobody_joined && self.request.is_some();
        let (answers, replay) = match self.member.as_deref_mut() {
            Some(member) => {
                let answers = member.answers.as_mut().filter(|_| member.in_flight.is_awaited());
                (answers.map(|(_, answers)| answers.recv()), member.replay.as_mut().map(|(_, replay)| replay))
            }
            None => (None, None),
        };
        // In this order: each branch but the last comes to an end by itself, and a client that always sends more comes
        // last.
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop), if open => {
                self.end(Ending::Finishing { bye: Some(ByeReason::Shutdown), target: None });
            }
            () = tokio::time::sleep_until(alarm.unwrap_or(self.deadline)), if alarm.is_some() => {
                if alarm == deadline {
                    self.give_up()?;
                }
            }
            () = self.permit.evicted(), if nobody_joined => return Err(Broken::Evicted),
            answer = if_any(answers) => self.answered(answer),
            read = if_any(replay) => self.replayed(read),
            proceed = if_any(self.request.as_mut()) => {
                self.request = None;
                proceed(self);
            }
            () = self.writer.woken() => {}
            // Nothing is read while a PIN is checked, and no PIN is checked for a client that is gone.
            error = self.writer.wire().broken(), if is_checked => return Err(error.into()),
            ready = self.writer.wire().writable(), if writes => ready?,
            ready = self.writer.wire().readable(), if reads => {
                ready?;
                self.read()?;
                has_read = true;
            }
        }
        Ok(has_read)
    }

    /// The deadline has come: ends the session, or gives it the time to join once it has begun with TLS.
    fn give_up(&mut self) -> Result<(), Broken> {
        if self.ending != Ending::Open {
            return Err(Broken::TimedOut);
        }
        if self.expects_tls {
            if self.writer.wire().waits_for_tls() {
                return Err(self.writer.wire().refuse_without_tls().into());
            }
            self.expects_tls = false;
            self.deadline += JOIN_TIME - TLS_SILENCE;
            return Ok(());
        }
        let message = "No join came within 10 s of connecting; connect again and send join first.";
        self.error(ErrorCode::JoinTimeout, message, None);
        self.end(Ending::Closing);
        Ok(())
    }
}

/// Waits for a future, or for ever if there is none.
async fn if_any<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
