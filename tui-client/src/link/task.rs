//! The link's task: its state, and what it does about each thing that happens. Started by
//! [`Link::start`](super::Link::start).

mod connect;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use super::servers::{Missed, Reached, Reaching, Servers};
use super::session::Session;
use super::state::LinkState;
use super::{Command, Environment, FirstSeen, LinkOptions, now};
use crate::address::{each_server, read_servers};
use crate::conversation::{ConnectionError, LinkEvent, Participant, Pending, RequestIds};
use crate::host::{Host, HostError};
use crate::store::outbox::Owner;
use crate::store::outbox_worker::{OutboxWorker, Stored};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// The most squares without an answer; a server that has been away for so long is not coming back today.
pub const MAX_WAITING: usize = 10_000;

/// Where the connection stands.
enum Phase {
    /// There is none, and none is wanted until somebody joins or asks.
    Idle,
    /// The next try is made then.
    Waiting(Instant),
    Connecting(Reaching),
    /// Nobody listens, so a server is being started here. Never dropped half-way: it could not be stopped then.
    Hosting(JoinHandle<Result<Host, HostError>>),
    Up(Box<Session>),
}

pub(super) struct Task {
    options: LinkOptions,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<LinkEvent>,
    state: LinkState,
    phase: Phase,
    /// As [`read_servers`] gives it; none: the default one, hosted where nobody listens.
    server: Option<String>,
    /// The same one by one.
    servers: Servers,
    host: Option<Host>,
    /// Another process took the address that was to be hosted at, so that it must be reachable now.
    taken: bool,
    ids: RequestIds,
    /// The person leaves; this is when patience ends.
    leaving: Option<Instant>,
}

enum TaskInput {
    Command(Option<Command>),
    /// The screen took an event.
    Told,
    Stored(Stored),
    Connected(Result<Box<Reached>, Missed>),
    Hosted(Result<Box<Host>, HostError>),
    /// The socket has something for us or takes something of ours, or failed.
    Socket(std::io::Result<()>),
    /// The moment of [`Task::deadline`] has come.
    Time,
}

impl Task {
    pub(super) fn new(
        options: LinkOptions,
        environment: Arc<dyn Environment>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<LinkEvent>,
    ) -> Self {
        let state = LinkState::new(&options, environment);
        let server = options.server.clone();
        let servers = Servers::of(server.as_ref().unwrap_or(&options.default_address));
        Self {
            options,
            commands,
            events,
            state,
            phase: Phase::Idle,
            server,
            servers,
            host: None,
            taken: false,
            ids: RequestIds::default(),
            leaving: None,
        }
    }

    pub(super) async fn run(mut self) {
        self.connect();
        while !self.has_left() {
            let happened = self.next().await;
            match happened {
                TaskInput::Command(Some(command)) => self.handle(command).await,
                TaskInput::Command(None) => self.leaving = Some(now() + GOODBYE),
                TaskInput::Told => {}
                TaskInput::Stored(stored) => self.stored(stored),
                TaskInput::Connected(connected) => self.connected(connected),
                TaskInput::Hosted(hosted) => self.hosted(hosted),
                TaskInput::Socket(socket) => self.socket(&socket),
                TaskInput::Time => self.time(),
            }
            self.say_goodbye();
        }
        if let Some(worker) = self.state.worker.take() {
            worker.finish().await;
        }
        if let Some(host) = self.host.take() {
            host.stop().await;
        }
    }

    /// Waits for the next thing to happen. Every branch may be dropped without losing anything.
    async fn next(&mut self) -> TaskInput {
        let deadline = self.deadline();
        let Self { commands, events, state, phase, leaving, .. } = self;
        if leaving.is_some() {
            // Nobody looks any more, and what still comes is only who was answered.
            state.events.clear();
        }
        let listening = state.events.is_empty();
        let busy = state.worker.as_ref().is_some_and(OutboxWorker::is_busy);
        tokio::select! {
            biased;
            command = commands.recv(), if leaving.is_none() && !busy => TaskInput::Command(command),
            room = events.reserve(), if !listening => {
                match (room, state.events.pop_front()) {
                    (Ok(room), Some(event)) => room.send(event),
                    // Nobody listens any more: the person has left.
                    _ => state.events.clear(),
                }
                TaskInput::Told
            }
            stored = next_stored(&mut state.worker) => TaskInput::Stored(stored),
            happened = phase.next(listening) => happened,
            () = sleep_until(deadline.unwrap_or_else(now).into()), if deadline.is_some() => TaskInput::Time,
        }
    }

    /// The next moment at which something is to be done though nothing happens; none at all while idle.
    fn deadline(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Waiting(until) => Some(*until),
            Phase::Up(_) => self.state.conversation.deadline(),
            Phase::Idle | Phase::Connecting(_) | Phase::Hosting(_) => None,
        };
        // Past its end, patience is no moment to wait for while the disk or a starting server is waited for.
        let only_the_server = matches!(self.phase, Phase::Up(_)) && !self.worker_is_busy();
        let patience = self.leaving.filter(|until| only_the_server || *until > now());
        [phase, patience].into_iter().flatten().min()
    }

    async fn handle(&mut self, command: Command) {
        match command {
            Command::Join { student, name } => self.join(student, name).await,
            Command::UsePin(pin) => self.state.conversation.pin = Some(pin).filter(|pin| !pin.text().is_empty()),
            Command::Trust { server, fingerprint } => {
                let shown = |new: &mut FirstSeen| new.server == server && new.fingerprint == fingerprint;
                if let Some(shown) = self.state.unconfirmed.take_if(shown) {
                    // Where it cannot be kept, it holds for this run, and is shown again in the next.
                    let _ = shown.trust();
                }
            }
            Command::UseServer(server) => self.use_server(&server).await,
            Command::Square(number) => self.square(number),
            Command::Page { owner, request } => {
                self.state.conversation.ask_page(owner, request, now());
                self.send();
            }
            Command::Ping => {
                self.state.conversation.measure(now());
                self.send();
            }
            Command::ReconnectNow => {
                if matches!(self.phase, Phase::Waiting(_) | Phase::Idle) {
                    self.connect();
                }
            }
        }
    }

    async fn join(&mut self, student: String, name: Option<String>) {
        let owner = Owner { server: self.room(), student: student.clone() };
        let joins_as = |before: &Participant| before.student.as_ref() == Some(&student) && before.name == name;
        let wanted = self.state.conversation.participant.take().filter(joins_as);
        let at_work = matches!(self.phase, Phase::Up(_) | Phase::Connecting(_) | Phase::Hosting(_));
        if wanted.is_some() && at_work {
            self.state.conversation.participant = wanted;
            return;
        }
        if self.state.owner.as_ref() != Some(&owner) {
            self.state.forget_everything().await;
            self.state.begin(owner);
        }
        let participant = wanted.unwrap_or(Participant { student: Some(student), name, was_in: false });
        self.state.conversation.participant = Some(participant);
        match &mut self.phase {
            Phase::Up(session) if self.state.conversation.can_join() => {
                self.state.join();
                session.send(&mut self.state);
            }
            Phase::Up(_) | Phase::Idle | Phase::Waiting(_) => self.connect(),
            // The join follows the hello.
            Phase::Connecting(_) | Phase::Hosting(_) => {}
        }
    }

    async fn use_server(&mut self, text: &str) {
        let server = match text.trim() {
            "" => None,
            text => match read_servers(text) {
                Ok(server) => Some(server),
                Err(error) => {
                    let why = ConnectionError::Unreachable(error.to_string());
                    return self.state.emit(LinkEvent::Disconnected { why, retry_at: None });
                }
            },
        };
        let at_work = matches!(self.phase, Phase::Up(_) | Phase::Connecting(_) | Phase::Hosting(_));
        if server == self.server && at_work {
            return;
        }
        self.state.forget_everything().await;
        // The PIN of one server is no business of another.
        self.state.conversation.pin = None;
        self.state.conversation.participant = None;
        self.state.conversation.backoff.reset();
        self.server = server;
        self.servers = Servers::of(&self.address());
        if let Phase::Hosting(starting) = &mut self.phase {
            self.host = starting.await.ok().and_then(Result::ok);
        }
        self.phase = Phase::Idle;
        if let Some(host) = self.host.take_if(|_| self.server.is_some()) {
            host.stop().await;
        }
        self.connect();
    }

    fn square(&mut self, number: String) {
        let waiting = self.state.conversation.window.len();
        // Before anybody has joined it would be nobody's square.
        if waiting >= MAX_WAITING || self.state.owner.is_none() {
            return self.state.emit(LinkEvent::NotQueued { number, waiting });
        }
        let square = Pending { id: self.ids.fresh(), number };
        match self.state.open_worker() {
            Some(worker) => worker.keep(square),
            None => {
                self.state.queue(vec![square]);
                self.send();
            }
        }
    }

    fn send(&mut self) {
        if let Phase::Up(session) = &mut self.phase {
            session.send(&mut self.state);
        }
    }

    fn address(&self) -> String {
        self.server.clone().unwrap_or_else(|| self.options.default_address.clone())
    }

    /// What squares are kept under: the same for the same servers in any order.
    fn room(&self) -> String {
        let address = self.address();
        let mut servers: Vec<&str> = each_server(&address).collect();
        servers.sort_unstable();
        servers.join(",")
    }

    fn stored(&mut self, stored: Stored) {
        match stored {
            Stored::Kept(squares) => self.state.queue(squares),
            Stored::Unkept(squares, unkept) => {
                self.state.tell_unkept(unkept);
                self.state.queue(squares);
            }
            Stored::Left(_) => {}
            Stored::Adopted(squares) | Stored::AdoptedLater(squares) => {
                for square in &squares {
                    self.state.emit(LinkEvent::Queued(square.clone()));
                }
                self.state.conversation.window.push_older(squares);
            }
        }
        self.send();
    }

    fn socket(&mut self, socket: &std::io::Result<()>) {
        // The session is taken out so that it and what is kept can change together; it goes back unless it ended.
        let Phase::Up(mut session) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        match session.exchange(socket, &mut self.state) {
            Ok(()) => self.phase = Phase::Up(session),
            Err(why) => self.lost(why),
        }
    }

    fn time(&mut self) {
        let now = now();
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Waiting(until) if until <= now => self.connect(),
            Phase::Up(mut session) => match session.time(now, &mut self.state) {
                Ok(()) => self.phase = Phase::Up(session),
                Err(why) => self.lost(why),
            },
            phase => self.phase = phase,
        }
    }

    /// Once the disk is done, so that what was typed last is sent too.
    fn say_goodbye(&mut self) {
        if let (Some(_), false, Phase::Up(session)) = (self.leaving, self.worker_is_busy(), &mut self.phase) {
            self.state.conversation.leave(now());
            session.send(&mut self.state);
        }
    }

    fn has_left(&self) -> bool {
        let Some(patience) = self.leaving else { return false };
        let hosting = matches!(self.phase, Phase::Hosting(_));
        let up = matches!(self.phase, Phase::Up(_)) && now() < patience;
        !self.worker_is_busy() && !hosting && !up
    }

    fn worker_is_busy(&self) -> bool {
        self.state.worker.as_ref().is_some_and(OutboxWorker::is_working)
    }
}

impl Phase {
    async fn next(&mut self, listening: bool) -> TaskInput {
        match self {
            Self::Idle | Self::Waiting(_) => std::future::pending().await,
            Self::Connecting(reaching) => TaskInput::Connected(reaching.await.map(Box::new)),
            Self::Hosting(starting) => TaskInput::Hosted(match starting.await {
                Ok(hosted) => hosted.map(Box::new),
                Err(panic) => Err(HostError::Failed(panic.to_string())),
            }),
            Self::Up(session) => TaskInput::Socket(session.connection.ready(listening).await),
        }
    }
}

async fn next_stored(worker: &mut Option<OutboxWorker>) -> Stored {
    match worker {
        Some(worker) => worker.done().await,
        None => std::future::pending().await,
    }
}
