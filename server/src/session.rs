//! One connection, from `hello` to `bye`. A single task reads requests, executes them in order, and writes all that
//! waits for its client at once. It has a cursor into the feed, one into the presence lines, and bounded queues: from a
//! client that does not read, the server stops reading, and nobody else notices.
//!
//! `listen` starts one for each connection it accepts, in the join pool; once its student is in and what was missed
//! is written, it resumes on the main runtime.

mod ending;
pub(crate) mod farewell;
mod in_flight;
pub(crate) mod join_pool;
mod parking;
mod replies;
mod requests;
mod waits;

use std::{future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use ending::Ending;
use in_flight::InFlight;
use squares_shared::{
    line::{Line, LineReader},
    message::{ByeReason, ErrorCode, FromServer, Hello, PROTOCOL, request, to_line},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use waits::{finished, finished_request, received};

use crate::{
    feed::FeedRead,
    http,
    ledger::{Answer, PageQuery, ReadFailed, Replay},
    limits::{Allowance, ConnectionPermit, Payment, Throttle},
    presence::{Cursor, PresenceGuard},
    relay::{Registration, SharedWriter},
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

/// Squares of one connection in flight. Beyond it no further request is read until one is answered.
const MAX_IN_FLIGHT: usize = 256;

/// With this many bytes queued for the client, or in flight to it, no further request of it is read.
const HIGH_WATER: usize = 256 << 10;

/// Results are taken from the feed while fewer bytes than this are queued for the client.
const LOW_WATER: usize = 64 << 10;

/// Requests that are executed before every other connection has its turn: clients that ask without end delay the others
/// for a moment only.
const TURN: usize = 16;

/// The same for a client that has not read its earlier answers: hundreds that only ask must not delay those that also
/// read.
const TURN_UNREAD: usize = 4;

/// Bytes read from the socket at once.
const READ: usize = 16 << 10;

/// Errors of one connection that the log shows; the others only at the level `debug`, so that nobody can fill the log.
const ERRORS_LOGGED: u32 = 8;

/// Slow work for the client, during which everything else of the session goes on.
type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A connection.
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
    request: Option<Work<requests::Done>>,
    member: Option<Box<Member>>,
    /// When the connection is closed if no `join` came, or if closing made no progress.
    deadline: Instant,
    /// The deadline is [`TLS_SILENCE`], for the first byte of TLS.
    expects_tls: bool,
    ending: Ending,
    /// A line was received: what follows cannot be HTTP.
    heard: bool,
    errors_logged: u32,
    permit: ConnectionPermit,
}

/// What a session has once its student has joined, or somebody watches.
struct Member {
    /// `None` if it only watches.
    identity: Option<Identity>,
    /// Everything up to this `seq` was sent.
    reached: u64,
    presence: Cursor,
    /// Where the relay serves it, once it has left the join pool.
    registration: Registration,
    /// A read of the ledger for what the feed no longer holds, up to this `seq`.
    replay: Option<(u64, Work<Result<Replay, ReadFailed>>)>,
    /// The ledger's answers; the channel is made with the first square.
    answers: Option<(mpsc::Sender<Answer>, mpsc::Receiver<Answer>)>,
    in_flight: InFlight,
    /// A page that is read once the squares sent before it are recorded, since requests are executed in order.
    page: Option<PageQuery>,
}

/// Where a session stands when serving it ends without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is over.
    Ended,
    /// Its student has joined and has what was missed.
    CaughtUp,
}

/// Why a session failed.
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

/// Who a student is in the room.
struct Identity {
    student: Arc<str>,
    name: Arc<str>,
    allowance: Arc<Allowance>,
    _guard: PresenceGuard,
}

impl Member {
    /// The student id; empty if it only watches.
    fn student(&self) -> &str {
        self.identity.as_ref().map_or("", |identity| &identity.student)
    }

    /// Refunds what was paid for a square that was not recorded.
    fn refund(&self, paid: Option<Payment>) {
        if let (Some(paid), Some(identity)) = (paid, &self.identity) {
            identity.allowance.refund(paid);
        }
    }
}

impl Session {
    pub(crate) fn new(room: Arc<Room>, wire: Wire, address: SocketAddr, permit: ConnectionPermit) -> Box<Self> {
        let hello = FromServer::Hello(Hello {
            protocol: PROTOCOL,
            server: concat!("squares-server ", env!("CARGO_PKG_VERSION")).to_owned(),
            auth: room.admission.auth(),
            log: room.ledger.id().to_owned(),
            latest: room.feed.latest(),
            limits: room.limits,
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
            member: None,
            ending: Ending::Open,
            heard: false,
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
            Ok(Stage::CaughtUp) => return Some(self),
            Ok(Stage::Ended) => tracing::info!(address = %self.address, student, "left"),
            Err(Broken::Connection(error)) => tracing::info!(address = %self.address, student, %error, "lost"),
            Err(Broken::TimedOut) => tracing::info!(address = %self.address, student, "given up: no progress"),
            Err(Broken::Evicted) => {}
        }
        // From here on everybody else sees the student leave.
        self.member = None;
        match end {
            Ok(_) => self.linger().await,
            Err(Broken::Evicted) => self.farewell().await,
            Err(Broken::Connection(_) | Broken::TimedOut) => {}
        }
        None
    }

    async fn serve(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Stage, Broken> {
        loop {
            self.paused_until = self.throttle.paused_until(&self.room.shared_budget);
            self.take_requests();
            self.gather();
            let sent = self.out.write(self.writer.wire())?;
            if sent > 0 {
                self.room.metrics.sent(sent);
            }
            if sent > 0 && self.ending != Ending::Open {
                self.deadline = Instant::now() + CLOSING_TIME;
            }
            if self.has_caught_up() {
                return Ok(Stage::CaughtUp);
            }
            if self.can_take_a_request() {
                // Its turn is over, and more requests wait.
                tokio::task::yield_now().await;
                continue;
            }
            if self.out.bytes() < LOW_WATER && self.wants_gathering() {
                tokio::task::consume_budget().await;
                continue;
            }
            if self.is_over() {
                return Ok(Stage::Ended);
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

    /// Whether its student has joined, and has all that was missed.
    fn has_caught_up(&self) -> bool {
        let has_all = |member: &Member| !member.registration.is_served() && member.replay.is_none();
        self.ending == Ending::Open && self.all_is_written() && self.member.as_deref().is_some_and(has_all)
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
        let mut nobody = None;
        let member = self.member.as_deref_mut();
        let (answers, replay) = match member {
            Some(member) => (
                member.answers.as_mut().filter(|_| member.in_flight.is_awaited()).map(|(_, answers)| answers),
                &mut member.replay,
            ),
            None => (None, &mut nobody),
        };
        // In this order: each branch but the last comes to an end by itself, and a client that always sends more comes
        // last.
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop), if open => {
                self.end(Ending::Finishing { bye: Some(ByeReason::Shutdown), target: None });
            }
            () = tokio::time::sleep_until(alarm.unwrap_or(self.deadline)), if alarm.is_some() => {
                if alarm != deadline {
                    return Ok(false);
                }
                if self.ending != Ending::Open {
                    return Err(Broken::TimedOut);
                }
                if self.expects_tls {
                    if self.writer.wire().waits_for_tls() {
                        return Err(self.writer.wire().refuse_without_tls().into());
                    }
                    self.expects_tls = false;
                    self.deadline += JOIN_TIME - TLS_SILENCE;
                    return Ok(false);
                }
                self.error(ErrorCode::JoinTimeout, "No join came within 10 s of connecting; connect again and send join first.", None);
                self.end(Ending::Closing);
            }
            () = self.permit.evicted(), if nobody_joined => return Err(Broken::Evicted),
            answer = received(answers) => self.answered(answer),
            read = finished(replay) => self.replayed(read),
            done = finished_request(&mut self.request) => {
                self.request = None;
                self.done(done);
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

    /// Reads what was received.
    fn read(&mut self) -> Result<(), Broken> {
        // On the stack, not in the session: most sessions wait for input most of the time.
        let mut buffer = [0; READ];
        match self.writer.wire().try_read(&mut buffer) {
            Ok(0) => {
                // A last line without its end counts too.
                self.lines.push(b"\n");
                self.end(Ending::Finishing { bye: None, target: None });
            }
            Ok(count) => {
                self.throttle.charge(count);
                self.lines.push(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // Somebody may have cut the connection: whole lines are executed, a piece of one is not.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end(Ending::Finishing { bye: None, target: None });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn wants_input(&self) -> bool {
        self.ending == Ending::Open && self.may_take_requests() && !self.lines.has_line()
    }

    /// Whether another request may be executed now.
    fn may_take_requests(&self) -> bool {
        let has_room = |member: &Member| {
            let answers = member.in_flight.bytes() + self.out.bytes();
            member.page.is_none() && member.in_flight.count() < MAX_IN_FLIGHT && answers < HIGH_WATER
        };
        let member_has_room = self.member.as_deref().is_none_or(has_room);
        self.request.is_none() && self.paused_until.is_none() && member_has_room && self.out.bytes() < HIGH_WATER
    }

    fn can_take_a_request(&self) -> bool {
        let reads_requests = match self.ending {
            Ending::Open => true,
            Ending::Finishing { bye, .. } => bye.is_none(),
            Ending::Closing => false,
        };
        reads_requests && self.may_take_requests() && self.lines.has_line()
    }

    /// Executes the requests that were received, for one turn at most.
    fn take_requests(&mut self) {
        let turn = if self.all_is_written() { TURN } else { TURN_UNREAD };
        for _ in 0..turn {
            if !self.can_take_a_request() {
                break;
            }
            if !self.heard && http::is_request(self.lines.peek()) {
                tracing::info!(address = %self.address, "refused: a request of HTTP");
                self.out.push(http::refusal().into());
                return self.end(Ending::Closing);
            }
            let taken = match self.lines.next_line() {
                Some(Line::Whole(line)) => {
                    self.throttle.charge_request(line.len());
                    request::read(line).map_err(Some)
                }
                Some(Line::TooLong) => Err(None),
                None => break,
            };
            self.heard = true;
            match taken {
                Ok(request) => self.execute(request),
                Err(Some(refusal)) => self.refuse(refusal),
                Err(None) => {
                    let limit = self.room.limits.line;
                    self.error(
                        ErrorCode::TooLong,
                        &format!("The line is longer than {limit} bytes; send a shorter one."),
                        None,
                    );
                }
            }
        }
    }

    /// Whether the feed has something for the client right now.
    fn wants_gathering(&self) -> bool {
        let Some(member) = self.member.as_deref() else { return false };
        member.replay.is_none() && self.room.feed.latest() > member.reached && self.ending != Ending::Closing
    }

    /// Appends results, repeats and presence lines to the send queue while that is short.
    fn gather(&mut self) {
        if self.ending == Ending::Closing {
            return;
        }
        if let Some(member) = self.member.as_deref_mut() {
            while self.out.bytes() < LOW_WATER && member.replay.is_none() {
                match self.room.feed.read(member.reached, LOW_WATER, self.out.pieces()) {
                    FeedRead::UpToDate => break,
                    FeedRead::Taken(reached) => member.reached = reached,
                    FeedRead::Behind { floor } => {
                        let readers = Arc::clone(self.room.ledger.readers());
                        member.replay = Some((floor, Box::pin(readers.replay(member.reached, floor))));
                    }
                }
                self.out.count();
            }
            let reached = member.reached;
            self.writer.note(reached);
            while let Some(line) = member.in_flight.due(reached) {
                self.out.push(line);
            }
            if self.out.bytes() < LOW_WATER {
                self.room.presence.read(&mut member.presence, self.out.pieces());
                self.out.count();
            }
        }
        self.finish();
    }
}
