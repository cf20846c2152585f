//! A run of plain mode: it connects, gives the conversation numbers to square, prints what comes back, and begins again
//! after a loss, until everything is answered. Called by `plain`.

mod connect;
mod disconnected;
mod events;

use std::io;
use std::time::{Duration, Instant};

use squares_shared::message::MAX_BACKLOG;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use disconnected::Absence;

use super::PlainOptions;
use super::catch_up::CatchUp;
use super::input::Given;
use super::order::{Answer, Order};
use super::output::Printer;
use crate::conversation::{ConnectionError, Conversation, Participant, Pending, Policy, RequestIds, WINDOW};
use crate::link::connection::ServerConnection;
use crate::link::peer_detection::plain_words;
use crate::link::{Missed, Reached, Reaching, Servers};

/// Without an answer for so long, plain mode gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it gave up, where nothing else is known.
const NO_ANSWER: &str = "the server does not answer";

/// Numbers taken from the input and not printed yet, at most.
const READ_AHEAD: usize = 4 * WINDOW;

/// `--follow` prints what comes from now on; back at a ledger that was made anew, all that it may ask for.
const FOLLOW: Policy =
    Policy { resumes: true, backlog: Some(0), new_ledger_backlog: Some(MAX_BACKLOG), interactive: false };

/// Otherwise only the answers to our own squares are wanted.
const SQUARE: Policy = Policy { resumes: false, backlog: Some(0), new_ledger_backlog: Some(0), interactive: false };

#[derive(Debug)]
pub(super) enum End {
    AllSquared,
    SomeRefused,
    /// Nobody reads what would be printed.
    Closed,
    Interrupted,
    Unwritable(io::Error),
    /// A number came, and no student is named to square it.
    Nobody,
    /// No server, or not let in: why, and how to mend it.
    Failed(String),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Unwritable(error) }
    }
}

/// What is told on standard error though nothing is wrong with any number, once each time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tells {
    /// That the server takes so many squares a second and no more.
    pub(super) waiting: bool,
    /// That the server lets nobody in for a while.
    pub(super) join_throttled: bool,
    /// That the server is gone, and that it is back.
    pub(super) absence: bool,
    /// That everybody is followed, before the first result comes.
    pub(super) following: bool,
}

enum ConnectionPhase {
    /// Nothing is wanted of the server yet.
    Disconnected,
    Waiting(Instant),
    Connecting(Reaching),
    Up(Box<ServerConnection>),
}

pub(super) struct PlainRun<'a, O, E> {
    options: PlainOptions,
    servers: Servers,
    /// The server that is spoken with, or was last; all of them before that.
    server: String,
    /// What is still to be told.
    tells: Tells,
    absence: Absence,
    given: mpsc::Receiver<Given>,
    /// More input may come.
    open: bool,
    output: &'a mut Printer<O, E>,
    phase: ConnectionPhase,
    conversation: Conversation,
    ids: RequestIds,
    order: Order,
    /// A gap in what `--follow` has printed is being filled.
    catch_up: Option<CatchUp>,
    /// A server said hello, and is not lost.
    is_reached: bool,
    /// How often, without a break, a connection ended without a word.
    hung_up: u32,
    refused: bool,
    /// Since when nothing went forward though something should; none while nothing is due.
    stuck_since: Option<Instant>,
    trouble: String,
}

/// Why a connection is over.
enum Over {
    Disconnected(ConnectionError),
    /// The server lets us in after so long, and says why.
    JoinThrottled(Duration, String),
    /// The run is, too.
    End(End),
}

impl From<ConnectionError> for Over {
    fn from(why: ConnectionError) -> Self {
        Self::Disconnected(why)
    }
}

impl From<io::Error> for Over {
    fn from(error: io::Error) -> Self {
        Self::End(error.into())
    }
}

enum Wakeup {
    Given(Option<Given>),
    Connected(Box<Result<Reached, Missed>>),
    Socket(io::Result<()>),
    Time,
}

impl<'a, O: io::Write, E: io::Write> PlainRun<'a, O, E> {
    pub(super) fn new(
        options: PlainOptions,
        tells: Tells,
        given: mpsc::Receiver<Given>,
        output: &'a mut Printer<O, E>,
    ) -> Self {
        let mut conversation = Conversation::new(if options.follow { FOLLOW } else { SQUARE });
        let (student, name) = (options.student.clone(), options.name.clone());
        conversation.participant = Some(Participant { student, name, was_in: false });
        conversation.pin.clone_from(&options.pin);
        Self {
            servers: Servers::of(&options.server),
            server: options.server.replace(',', ", "),
            options,
            tells,
            absence: Absence::default(),
            given,
            open: true,
            output,
            phase: ConnectionPhase::Disconnected,
            conversation,
            ids: RequestIds::default(),
            order: Order::default(),
            catch_up: None,
            is_reached: false,
            hung_up: 0,
            refused: false,
            stuck_since: None,
            trouble: NO_ANSWER.into(),
        }
    }

    pub(super) async fn run(mut self) -> End {
        loop {
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    async fn step(&mut self) -> Result<(), End> {
        self.print()?;
        if !self.open && !self.options.follow && self.order.len() == 0 {
            return Err(if self.refused { End::SomeRefused } else { End::AllSquared });
        }
        let wanted = self.options.follow || !self.conversation.window.is_empty();
        if wanted && matches!(self.phase, ConnectionPhase::Disconnected) {
            self.connect();
        }
        self.time_progress();
        match self.next().await {
            Wakeup::Given(Some(given)) => self.take(given),
            Wakeup::Given(None) => {
                self.open = false;
                Ok(())
            }
            Wakeup::Connected(connected) => self.connected(*connected).await,
            Wakeup::Socket(socket) => self.exchange(&socket),
            Wakeup::Time => self.time(),
        }
    }

    async fn next(&mut self) -> Wakeup {
        let deadline = self.deadline();
        let room = self.order.len().max(self.conversation.window.len()) < READ_AHEAD;
        let Self { given, open, phase, .. } = self;
        tokio::select! {
            biased;
            happened = phase.next() => happened,
            given = given.recv(), if *open && room => Wakeup::Given(given),
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Wakeup::Time,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let back_at = if let ConnectionPhase::Waiting(until) = self.phase { Some(until) } else { None };
        let stuck = self.stuck_since.map(|since| since + PATIENCE);
        [back_at, self.conversation.deadline(), stuck].into_iter().flatten().min()
    }

    /// Notes since when something is due: an answer, or where everybody is followed, a connection.
    fn time_progress(&mut self) {
        let joined = self.conversation.is_joined();
        let due = !self.conversation.window.is_empty() || (self.options.follow && !joined);
        self.stuck_since = if due { Some(self.stuck_since.unwrap_or_else(Instant::now)) } else { None };
    }

    fn take(&mut self, given: Given) -> Result<(), End> {
        match given {
            Given::Number(_) if self.options.student.is_none() && !self.options.follow => return Err(End::Nobody),
            Given::Number(number) if self.options.student.is_none() => {
                let mend = "not squared, since nobody is named; give a student id with --student or in SQUARES_STUDENT";
                self.refused = true;
                self.order.push(Answer::Error(number, mend.to_owned()));
            }
            Given::Number(number) => {
                let id = self.ids.fresh();
                self.order.expect(id.clone());
                self.conversation.window.push(Pending { id, number });
                self.send();
            }
            Given::Unusable(shown, why) => {
                self.refused = true;
                self.order.push(Answer::Error(shown, why.to_owned()));
            }
            Given::Broken(error) => return Err(End::Failed(format!("cannot read standard input: {error}"))),
        }
        Ok(())
    }

    /// Prints the answers whose turn has come, and hands everything to whoever reads: nothing more is ready.
    fn print(&mut self) -> Result<(), End> {
        while let Some(answer) = self.order.next() {
            match answer {
                Answer::Line(line) if self.options.follow => drop(line),
                Answer::Line(line) => self.output.line(&line)?,
                Answer::Error(number, message) => self.output.error(&number, &message)?,
            }
        }
        Ok(self.output.flush()?)
    }

    /// A square was answered: what stood in the way before does so no more, unless it holds others up.
    fn went_forward(&mut self) {
        self.stuck_since = None;
        if self.conversation.window.wakes_at().is_none() {
            self.trouble = NO_ANSWER.into();
        }
    }

    fn time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if self.stuck_since.is_some_and(|since| since + PATIENCE <= now) {
            let trouble = &self.trouble;
            return Err(End::Failed(format!("nothing went forward for {} s: {trouble}", PATIENCE.as_secs())));
        }
        match &self.phase {
            // Where the last answer came while nothing is left to ask, there is no hurry to be back.
            ConnectionPhase::Waiting(until) if *until <= now => self.phase = ConnectionPhase::Disconnected,
            ConnectionPhase::Up(_) => return self.exchange(&Ok(())),
            _ => {}
        }
        Ok(())
    }

    /// Sends what was asked for, and the squares that may go.
    fn send(&mut self) {
        let ConnectionPhase::Up(connection) = &mut self.phase else { return };
        self.conversation.send_squares(Instant::now(), connection.room());
        connection.send(self.conversation.output());
        self.tell_unsent();
    }

    /// Sends and receives what the socket allows, and does what is due.
    fn exchange(&mut self, socket: &io::Result<()>) -> Result<(), End> {
        let ConnectionPhase::Up(mut connection) = std::mem::replace(&mut self.phase, ConnectionPhase::Disconnected)
        else {
            return Ok(());
        };
        match self.receive(&mut connection, socket) {
            Ok(()) => {
                self.phase = ConnectionPhase::Up(connection);
                self.send();
            }
            Err(Over::Disconnected(why)) => self.lost(&why)?,
            Err(Over::JoinThrottled(wait, why)) => self.join_throttled(wait, why),
            Err(Over::End(end)) => return Err(end),
        }
        Ok(())
    }

    /// Takes what came and does what it means. What was said before the end of a connection counts.
    fn receive(&mut self, connection: &mut ServerConnection, socket: &io::Result<()>) -> Result<(), Over> {
        let now = Instant::now();
        connection.flush();
        let taken = match socket {
            Ok(()) => connection.take(),
            Err(error) => Err(ConnectionError::Closed(Some(plain_words(error)))),
        };
        if matches!(taken, Ok(1..)) {
            self.conversation.note_traffic();
        }
        while let Some(line) = connection.next_line() {
            self.conversation.receive(line, now)?;
            while let Some(event) = self.conversation.next_event() {
                self.handle(event, line)?;
            }
        }
        taken?;
        Ok(self.conversation.overdue(now)?)
    }
}

impl ConnectionPhase {
    async fn next(&mut self) -> Wakeup {
        match self {
            Self::Disconnected | Self::Waiting(_) => std::future::pending().await,
            Self::Connecting(connecting) => Wakeup::Connected(Box::new(connecting.await)),
            Self::Up(connection) => Wakeup::Socket(connection.ready(true).await),
        }
    }
}
