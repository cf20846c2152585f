//! One connection, from `hello` to `bye`. A single task reads requests, carries them out in their order, and writes
//! whatever waits for its client in one go. It holds a cursor into the feed and one into the presence lines, and
//! queues that are all bounded: a client that does not read stops being read from, and nobody else feels it.
//!
//! `listen` starts one for each connection it accepts, in the lobby; once its student is in and what was missed is
//! written, it goes on where everybody is.

mod answers;
mod attention;
mod ending;
mod lending;
mod outgoing;
mod requests;
mod under_way;
mod waits;

use std::{future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use attention::Attention;
pub(crate) use attention::Queue as AttentionQueue;
use ending::Ending;
use outgoing::Outgoing;
use squares_shared::{
    line::{Line, LineReader},
    message::{ByeReason, ErrorCode, FromServer, Hello, PROTOCOL, request, to_line},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use under_way::UnderWay;
use waits::{finished, finished_request, received};

use crate::{
    Room,
    feed::Read,
    http,
    ledger::{Answer, PageQuery, ReadFailed, Replay},
    limits::{Allowance, Payment, Slot},
    presence::{Cursor, Seat},
    relay::{Outlet, Place},
    wire::Wire,
};

/// How long a connection may stay without a successful `join`.
const JOIN_TIME: Duration = Duration::from_secs(10);

/// How long a client of a server that speaks TLS may say nothing before it is told so: one that does not know it waits
/// for a `hello` that never comes.
const TLS_SILENCE: Duration = Duration::from_secs(3);

/// How long the server goes on trying to hand over what is left once a connection is to be closed, without any
/// progress.
const CLOSING_TIME: Duration = Duration::from_secs(30);

/// Squares of one connection on their way to the ledger. Beyond it no further request is read until one is answered.
const UNDER_WAY: usize = 256;

/// With this many bytes waiting for the client, or on their way to it, no further request of it is read.
const HIGH_WATER: usize = 256 << 10;

/// Results are taken from the feed while fewer bytes than this wait for the client.
const LOW_WATER: usize = 64 << 10;

/// Requests that are carried out before every other connection has its turn: somebody who asks without end, and
/// however many of them there are, keeps the others waiting for a moment only.
const TURN: usize = 16;

/// The same for a client that has not taken what it asked for before: hundreds that only ask are not to delay those
/// who also read.
const TURN_UNREAD: usize = 4;

/// Bytes read from the socket at once.
const READ: usize = 16 << 10;

/// Errors of one connection that the log shows; the rest only at the level `debug`, so that nobody fills the log.
const ERRORS_LOGGED: u32 = 8;

/// Something slow that is under way for the client, while everything else of the session goes on.
type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A connection.
pub(crate) struct Session {
    room: Arc<Room>,
    /// The connection, lent to the relay while the session waits with nothing else to do.
    outlet: Arc<Outlet>,
    address: SocketAddr,
    lines: LineReader,
    attention: Attention,
    /// No request is read or looked at before this.
    paused_until: Option<Instant>,
    out: Outgoing,
    /// The request that is being carried out; the next one is not looked at before it is done.
    request: Option<Work<requests::Done>>,
    member: Option<Box<Member>>,
    /// When the connection is given up: for want of a `join`, or of progress while closing.
    deadline: Instant,
    /// The deadline is only that for the first word of TLS.
    looks_for_tls: bool,
    ending: Ending,
    /// A line has come: what follows cannot be HTTP.
    heard: bool,
    errors_logged: u32,
    slot: Slot,
}

/// What a session has once its student is in, or somebody watches.
struct Member {
    /// None of who only watches.
    identity: Option<Identity>,
    /// Everything up to this `seq` was sent.
    reached: u64,
    presence: Cursor,
    /// Where the relay serves it, once it has left the lobby.
    place: Place,
    /// Results being read back from the ledger, up to a `seq` that the feed no longer holds.
    replay: Option<(u64, Work<Result<Replay, ReadFailed>>)>,
    /// Answers from the ledger, made with the first square.
    answers: Option<(mpsc::Sender<Answer>, mpsc::Receiver<Answer>)>,
    under_way: UnderWay,
    /// A page that is read once the squares asked for before it are recorded: requests are carried out in their order.
    page: Option<PageQuery>,
}

/// How far a session was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Served {
    /// To its end.
    All,
    /// Until its student is in and has what was missed.
    Arrived,
}

/// Why a session stopped early.
enum Broken {
    /// The connection failed, or the other side is gone.
    Connection(io::Error),
    /// It made no progress in time.
    TimedOut,
    /// Its place was given to somebody else before anybody had joined on it.
    PutOut,
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
    _seat: Seat,
}

impl Member {
    /// The student id; empty of who only watches.
    fn student(&self) -> &str {
        self.identity.as_ref().map_or("", |identity| &identity.student)
    }

    /// Gives back what was paid for a square that was not recorded.
    fn refund(&self, paid: Option<Payment>) {
        if let (Some(paid), Some(identity)) = (paid, &self.identity) {
            identity.allowance.refund(paid);
        }
    }
}

impl Session {
    pub(crate) fn new(room: Arc<Room>, wire: Wire, address: SocketAddr, slot: Slot) -> Box<Self> {
        let hello = FromServer::Hello(Hello {
            protocol: PROTOCOL,
            server: concat!("squares-server ", env!("CARGO_PKG_VERSION")).to_owned(),
            auth: room.admission.auth(),
            log: room.ledger.id().to_owned(),
            latest: room.feed.latest(),
            limits: room.limits,
        });
        let mut out = Outgoing::default();
        out.push(to_line(&hello).into());
        Box::new(Self {
            lines: LineReader::new(room.limits.line),
            attention: Attention::new(),
            paused_until: None,
            room,
            deadline: Instant::now() + if wire.waits_for_tls() { TLS_SILENCE } else { JOIN_TIME },
            looks_for_tls: wire.waits_for_tls(),
            outlet: Arc::new(Outlet::new(wire)),
            address,
            out,
            request: None,
            member: None,
            ending: Ending::Open,
            heard: false,
            errors_logged: 0,
            slot,
        })
    }

    /// Serves a new connection, until it ends or its student has arrived; then [`Session::go_on`] with it.
    pub(crate) async fn run(self: Box<Self>, stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        tracing::info!(address = %self.address, "connected");
        self.serve_on(stop).await
    }

    /// Moves to the runtime that this is awaited in, and among those whom the relay serves, and serves the connection
    /// to its end.
    pub(crate) async fn go_on(mut self: Box<Self>, stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        if let Some(member) = self.member.as_deref_mut() {
            member.place.let_go();
        }
        match Outlet::taken_along(self.outlet) {
            Ok(outlet) => self.outlet = Arc::new(outlet),
            Err(error) => {
                tracing::info!(address = %self.address, %error, "lost");
                return None;
            }
        }
        if let Some(member) = self.member.as_deref_mut() {
            member.place.serve(Arc::clone(&self.outlet));
        }
        self.serve_on(stop).await
    }

    async fn serve_on(mut self: Box<Self>, mut stop: watch::Receiver<bool>) -> Option<Box<Self>> {
        let end = self.serve(&mut stop).await;
        let student = self.member.as_ref().map_or("", |member| member.student());
        match &end {
            Ok(Served::Arrived) => return Some(self),
            Ok(Served::All) => tracing::info!(address = %self.address, student, "left"),
            Err(Broken::Connection(error)) => tracing::info!(address = %self.address, student, %error, "lost"),
            Err(Broken::TimedOut) => tracing::info!(address = %self.address, student, "given up: no progress"),
            Err(Broken::PutOut) => {}
        }
        // The student is gone for everybody else from here on.
        self.member = None;
        match end {
            Ok(_) => self.linger().await,
            Err(Broken::PutOut) => self.farewell().await,
            Err(Broken::Connection(_) | Broken::TimedOut) => {}
        }
        None
    }

    async fn serve(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Served, Broken> {
        loop {
            self.paused_until = self.attention.paused_until(&self.room.attention);
            self.take_requests();
            self.gather();
            let sent = self.out.write(self.outlet.wire())?;
            if sent > 0 {
                self.room.metrics.sent(sent);
            }
            if sent > 0 && self.ending != Ending::Open {
                self.deadline = Instant::now() + CLOSING_TIME;
            }
            if self.has_arrived() {
                return Ok(Served::Arrived);
            }
            if self.can_take_a_request() {
                // Its turn is over, and it has more to ask.
                tokio::task::yield_now().await;
                continue;
            }
            if self.out.bytes() < LOW_WATER && self.wants_gathering() {
                tokio::task::consume_budget().await;
                continue;
            }
            if self.is_over() {
                return Ok(Served::All);
            }
            let lent = self.lend();
            // News that came before the outlet was lent are the session's to fetch: the relay may have passed it by.
            let waited = if lent && self.has_news() { Ok(false) } else { self.wait(stop).await };
            self.take_back();
            if waited? {
                // A client that always has more to say must not keep this thread to itself.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Whether its student came in, and has all that was missed.
    fn has_arrived(&self) -> bool {
        let has_all = |member: &Member| !member.place.is_served() && member.replay.is_none();
        self.ending == Ending::Open && self.all_is_written() && self.member.as_deref().is_some_and(has_all)
    }

    /// Waits until there is something to do, and takes note of it; tells whether that was something to read.
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
                member.answers.as_mut().filter(|_| member.under_way.is_awaited()).map(|(_, answers)| answers),
                &mut member.replay,
            ),
            None => (None, &mut nobody),
        };
        // In this order whatever is ready: each but the last ends by itself, and a client that always has more to say
        // comes last.
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
                if self.looks_for_tls {
                    if self.outlet.wire().waits_for_tls() {
                        return Err(self.outlet.wire().refuse_without_tls().into());
                    }
                    self.looks_for_tls = false;
                    self.deadline += JOIN_TIME - TLS_SILENCE;
                    return Ok(false);
                }
                self.error(ErrorCode::JoinTimeout, "No join came within 10 s of connecting; connect again and send join first.", None);
                self.end(Ending::Closing);
            }
            () = self.slot.taken_away(), if nobody_joined => return Err(Broken::PutOut),
            answer = received(answers) => self.answered(answer),
            read = finished(replay) => self.replayed(read),
            done = finished_request(&mut self.request) => {
                self.request = None;
                self.done(done);
            }
            () = self.outlet.called() => {}
            // Nothing is read while a PIN is checked, and nobody is checked who is gone.
            error = self.outlet.wire().broken(), if is_checked => return Err(error.into()),
            ready = self.outlet.wire().writable(), if writes => ready?,
            ready = self.outlet.wire().readable(), if reads => {
                ready?;
                self.read()?;
                has_read = true;
            }
        }
        Ok(has_read)
    }

    /// Reads what has arrived.
    fn read(&mut self) -> Result<(), Broken> {
        // On the stack, not in the session: most sessions wait for input most of the time.
        let mut buffer = [0; READ];
        match self.outlet.wire().try_read(&mut buffer) {
            Ok(0) => {
                // A last line that was not ended is one all the same.
                self.lines.push(b"\n");
                self.end(Ending::Finishing { bye: None, target: None });
            }
            Ok(count) => {
                self.attention.take(count);
                self.lines.push(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // Somebody may have cut it: whole lines are carried out, a piece of one is not taken for a line.
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

    /// Whether another request may be looked at now.
    fn may_take_requests(&self) -> bool {
        let has_room = |member: &Member| {
            let answers = member.under_way.bytes() + self.out.bytes();
            member.page.is_none() && member.under_way.count() < UNDER_WAY && answers < HIGH_WATER
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

    /// Carries out the requests that have arrived, as far as they may be looked at now, for one turn.
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
                    self.attention.take_request(line.len());
                    request::read(line).map_err(Some)
                }
                Some(Line::TooLong) => Err(None),
                None => break,
            };
            self.heard = true;
            match taken {
                Ok(request) => self.carry_out(request),
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

    /// Whether the feed, the presence lines or the repeats have something for the client right now.
    fn wants_gathering(&self) -> bool {
        let Some(member) = self.member.as_deref() else { return false };
        member.replay.is_none() && self.room.feed.latest() > member.reached && self.ending != Ending::Closing
    }

    /// Takes results, repeats and presence lines into the queue, as long as it is short.
    fn gather(&mut self) {
        if self.ending == Ending::Closing {
            return;
        }
        if let Some(member) = self.member.as_deref_mut() {
            while self.out.bytes() < LOW_WATER && member.replay.is_none() {
                match self.room.feed.read(member.reached, LOW_WATER, self.out.pieces()) {
                    Read::UpToDate => break,
                    Read::Taken(reached) => member.reached = reached,
                    Read::Behind { floor } => {
                        let readers = Arc::clone(self.room.ledger.readers());
                        member.replay = Some((floor, Box::pin(readers.replay(member.reached, floor))));
                    }
                }
                self.out.count();
            }
            let reached = member.reached;
            self.outlet.note(reached);
            while let Some(line) = member.under_way.due(reached) {
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
