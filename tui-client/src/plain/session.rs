//! The talk of plain mode with the server: join, keep a window of squares on their way, print what comes back, and
//! begin again after a loss, until everything is answered. Called by `plain`.

mod heard;
mod lost;

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use squares_shared::line::Line;
use squares_shared::message::{Auth, FromClient, FromServer, Hello, Join, Square, Watch, to_line};
use squares_shared::prompt::ask_unseen;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use lost::Absence;

use super::Options;
use super::catch_up::CatchUp;
use super::input::Given;
use super::order::{Answer, Order};
use super::output::Output;
use crate::conversation::{Backoff, Cursor, SendWindow, WINDOW};
use crate::event::{self, Lost, Pending};
use crate::link::connection::{Connection, plain_words, read_line};
use crate::link::{FirstSeen, Missed, Reached, Reaching, Servers, System};
use crate::store::outbox::Ids;

/// Without an answer for so long, plain mode gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it gave up, where nothing else is known.
const NO_ANSWER: &str = "the server does not answer";

/// A connection that owes an answer and says nothing for so long is given up for a new one.
const SILENCE: Duration = Duration::from_secs(10);

/// Numbers taken from the input and not printed yet, at most.
const READ_AHEAD: usize = 4 * WINDOW;

/// How many results of a ledger made anew are asked for when `--follow` comes back and finds it.
const NEW_LEDGER: u64 = squares_shared::message::MAX_BACKLOG;

/// How a run ended.
#[derive(Debug)]
pub(super) enum End {
    AllSquared,
    SomeRefused,
    /// Nobody reads what would be printed.
    Closed,
    /// By a signal.
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
    pub(super) held_up: bool,
    /// That the server is gone, and that it is back.
    pub(super) absence: bool,
    /// That everybody is followed, before the first result comes.
    pub(super) following: bool,
}

enum Phase {
    /// Nothing is wanted of the server yet.
    Apart,
    Waiting(Instant),
    Connecting(Reaching),
    Up(Box<Up>),
}

/// A connection that said hello.
struct Up {
    connection: Connection,
    hello: Hello,
    joined: bool,
    heard: Instant,
    /// A hole in what `--follow` has printed is being filled.
    catch_up: Option<CatchUp>,
}

pub(super) struct Session<'a, O, E> {
    options: Options,
    servers: Servers,
    /// The server that is spoken with, or was last; all of them before that.
    server: String,
    /// What is still to be told.
    tells: Tells,
    absence: Absence,
    given: mpsc::Receiver<Given>,
    /// More input may come.
    open: bool,
    output: &'a mut Output<O, E>,
    phase: Phase,
    ids: Ids,
    window: SendWindow,
    order: Order,
    cursor: Cursor,
    backoff: Backoff,
    /// The server has let us in before.
    was_in: bool,
    /// A server said hello, and is not lost.
    is_reached: bool,
    /// Since when we are in, in this connection.
    in_since: Option<Instant>,
    /// How often, without a break, a connection ended without a word.
    hung_up: u32,
    refused: bool,
    /// Since when nothing went forward though something should; none while nothing is due.
    stuck_since: Option<Instant>,
    /// Why there is no connection.
    trouble: String,
}

/// Why a connection ends.
enum Over {
    Lost(Lost),
    /// What `--follow` missed is printed but for what the next join replays: join again.
    Rejoin,
    /// The server lets us in after so long, and says why.
    HeldUp(Duration, String),
}

impl From<Lost> for Over {
    fn from(why: Lost) -> Self {
        Self::Lost(why)
    }
}

enum Happened {
    Given(Option<Given>),
    Connected(Box<Result<Reached, Missed>>),
    Socket(io::Result<()>),
    Time,
}

impl<'a, O: io::Write, E: io::Write> Session<'a, O, E> {
    pub(super) fn new(
        options: Options,
        tells: Tells,
        given: mpsc::Receiver<Given>,
        output: &'a mut Output<O, E>,
    ) -> Self {
        Self {
            servers: Servers::of(&options.server),
            server: options.server.replace(',', ", "),
            options,
            tells,
            absence: Absence::default(),
            given,
            open: true,
            output,
            phase: Phase::Apart,
            ids: Ids::new(),
            window: SendWindow::default(),
            order: Order::default(),
            cursor: Cursor::default(),
            backoff: Backoff::default(),
            was_in: false,
            is_reached: false,
            in_since: None,
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
        let wanted = self.options.follow || !self.window.is_empty();
        if wanted && matches!(self.phase, Phase::Apart) {
            self.connect();
        }
        self.watch();
        match self.next().await {
            Happened::Given(Some(given)) => self.take(given),
            Happened::Given(None) => {
                self.open = false;
                Ok(())
            }
            Happened::Connected(connected) => self.connected(*connected).await,
            Happened::Socket(socket) => self.socket(&socket),
            Happened::Time => self.time(),
        }
    }

    async fn next(&mut self) -> Happened {
        let deadline = self.deadline();
        let room = self.order.len().max(self.window.len()) < READ_AHEAD;
        let Self { given, open, phase, .. } = self;
        tokio::select! {
            biased;
            happened = phase.next() => happened,
            given = given.recv(), if *open && room => Happened::Given(given),
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Happened::Time,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Waiting(until) => Some(*until),
            Phase::Up(up) if self.owes(up) => Some(up.heard + SILENCE),
            _ => None,
        };
        let held = self.window.wakes_at().filter(|_| matches!(&self.phase, Phase::Up(up) if up.joined));
        let stuck = self.stuck_since.map(|since| since + PATIENCE);
        [phase, held, stuck].into_iter().flatten().min()
    }

    /// Whether the server owes us an answer.
    fn owes(&self, up: &Up) -> bool {
        !up.joined || up.catch_up.is_some() || self.window.awaits_answer()
    }

    /// Notes since when something is due: an answer, or where everybody is followed, a connection.
    fn watch(&mut self) {
        let joined = matches!(&self.phase, Phase::Up(up) if up.joined);
        let due = !self.window.is_empty() || (self.options.follow && !joined);
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
                self.window.push(Pending { id, number });
                self.pump();
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

    fn connect(&mut self) {
        let Options { trust, known, student, .. } = &self.options;
        // Who only watches sends no PIN.
        let known = student.as_ref().map(|_| known);
        self.phase = Phase::Connecting(self.servers.reach(&System, trust.as_ref(), known));
    }

    async fn connected(&mut self, connected: Result<Reached, Missed>) -> Result<(), End> {
        let Reached { server, mut connection, hello } = match connected {
            Ok(reached) => reached,
            Err(missed) => {
                self.server = missed.server;
                return self.lost(missed.why);
            }
        };
        self.servers.reached(&server);
        self.server = server;
        self.is_reached = true;
        // Who only watches is asked for no PIN.
        let asks = hello.auth == Auth::Pin && self.options.student.is_some();
        let mut question = "PIN: ".to_owned();
        if let Some(new) = connection.take_first_seen() {
            question.insert_str(0, &self.meet(&new, asks)?);
        }
        if asks && self.options.pin.is_none() {
            // A person takes longer than a server waits for a join.
            drop(connection);
            // A run that is meant to last answers to signals itself.
            let ends_at_signals = !self.options.follow;
            let asked = tokio::task::spawn_blocking(move || ask_unseen(&question, ends_at_signals)).await;
            let Some(pin) = asked.ok().flatten() else {
                return Err(End::Failed("not let in: this server asks for a PIN; give it in SQUARES_PIN".into()));
            };
            self.options.pin = Some(event::Pin::new(pin));
            self.stuck_since = None;
            self.connect();
            return Ok(());
        }
        let (after, log) = if self.options.follow { self.cursor.resume() } else { (None, None) };
        let known = log.as_ref().is_none_or(|log| *log == hello.log);
        let backlog = Some(if known { 0 } else { NEW_LEDGER });
        connection.say(&match self.options.student.clone() {
            Some(student) => FromClient::Join(Join {
                student,
                pin: self.options.pin.as_ref().filter(|_| asks).map(|pin| pin.text().to_owned()),
                name: self.options.name.clone(),
                after,
                log,
                backlog,
            }),
            None => FromClient::Watch(Watch { after, log, backlog }),
        });
        connection.flush();
        self.phase =
            Phase::Up(Box::new(Up { connection, hello, joined: false, heard: Instant::now(), catch_up: None }));
        Ok(())
    }

    /// Shows a certificate that was not seen before, before a PIN goes to whoever has it. Gives what is to stand
    /// before the question for a PIN: the same, where standard error goes elsewhere than to the terminal.
    fn meet(&mut self, new: &FirstSeen, asks: bool) -> Result<String, End> {
        let shown = format!(
            "squares: first time at {}; its certificate is trusted from now on: {}",
            new.server, new.fingerprint
        );
        if !self.output.show(&shown) {
            // What nobody could see is not remembered, and gets no PIN.
            let mend = "its certificate is new and could not be shown; give --tls-ca, or let standard error be read";
            return if asks { Err(End::Failed(format!("not let in: {mend}"))) } else { Ok(String::new()) };
        }
        if let Err(error) = new.believe() {
            if asks && error.kind() == io::ErrorKind::AlreadyExists {
                let why = "another program was shown another certificate by this server at the same time";
                return Err(End::Failed(format!("not let in: {why}; somebody may be in between")));
            }
            self.output.complain(&format!("squares: it cannot be kept, and is shown again next time: {error}"));
        }
        Ok(if io::stderr().is_terminal() { String::new() } else { format!("{shown}\n") })
    }

    /// A square was answered: what stood in the way before does so no more.
    fn went_forward(&mut self) {
        self.stuck_since = None;
        self.trouble = NO_ANSWER.into();
    }

    fn time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if self.stuck_since.is_some_and(|since| since + PATIENCE <= now) {
            let trouble = &self.trouble;
            return Err(End::Failed(format!("nothing went forward for {} s: {trouble}", PATIENCE.as_secs())));
        }
        match &self.phase {
            // Where the last answer came while nothing is left to ask, there is no hurry to be back.
            Phase::Waiting(until) if *until <= now => self.phase = Phase::Apart,
            Phase::Up(up) if self.owes(up) && up.heard + SILENCE <= now => {
                return self.lost(Lost::Closed(Some(format!("no answer for {} s", SILENCE.as_secs()))));
            }
            _ => self.pump(),
        }
        Ok(())
    }

    /// Sends the squares that may go.
    fn pump(&mut self) {
        let Phase::Up(up) = &mut self.phase else { return };
        if !up.joined {
            return;
        }
        let now = Instant::now();
        if !self.window.awaits_answer() {
            // Silence begins with the first thing that is asked.
            up.heard = now;
        }
        while up.connection.has_room()
            && let Some(Pending { id, number }) = self.window.take_next(now)
        {
            if self.options.pin.as_ref().is_some_and(|pin| pin.is(&number)) {
                self.window.finish(&id);
                self.refused = true;
                // Errors are kept in logs: the number does not stand in it.
                let why = "this is the PIN in use, so it was not sent: everybody would see it".to_owned();
                self.order.answer(&id, Answer::Error("***".to_owned(), why));
                continue;
            }
            let request = FromClient::Square(Square { number, id: Some(id.clone()) });
            let (length, limit) = (to_line(&request).len() - 1, up.hello.limits.line);
            if length <= limit {
                up.connection.say(&request);
                continue;
            }
            // The server would refuse it without naming it, and nobody would know which it was.
            if let Some(square) = self.window.finish(&id) {
                let why =
                    format!("too long: {length} bytes on a line, and this server takes {limit}; give a shorter number");
                self.refused = true;
                self.order.answer(&id, Answer::Error(square.number, why));
            }
        }
        up.connection.flush();
    }

    fn socket(&mut self, socket: &io::Result<()>) -> Result<(), End> {
        let Phase::Up(mut up) = std::mem::replace(&mut self.phase, Phase::Apart) else { return Ok(()) };
        let mut ended = match socket {
            Ok(()) => {
                up.connection.flush();
                up.connection.take().map_err(Over::Lost).map(|taken| {
                    if taken > 0 {
                        up.heard = Instant::now();
                    }
                })
            }
            Err(error) => Err(Over::Lost(Lost::Closed(Some(plain_words(error))))),
        };
        while let Some(line) = up.connection.next_line() {
            let message = match read_line(line) {
                Ok(Some(message)) => message,
                Ok(None) => continue,
                Err(nonsense) => {
                    ended = Err(nonsense.into());
                    break;
                }
            };
            // The line is needed after the connection is, and only of some messages.
            let raw = match (&message, line) {
                (FromServer::Result(result), Line::Whole(raw)) if self.options.json && self.prints(result) => {
                    lossy(raw)
                }
                (FromServer::History(_), Line::Whole(raw)) => lossy(raw),
                _ => String::new(),
            };
            let went_on = self.message(&mut up, message, &raw)?;
            if went_on.is_err() {
                ended = went_on;
                break;
            }
        }
        match ended {
            Ok(()) => self.phase = Phase::Up(up),
            Err(Over::Lost(why)) => self.lost(why)?,
            Err(Over::Rejoin) => {
                let wait = self.backoff.next(fastrand::f64());
                self.come_back_in(wait);
            }
            Err(Over::HeldUp(wait, why)) => self.held_up(wait, why),
        }
        self.pump();
        Ok(())
    }
}

impl Phase {
    async fn next(&mut self) -> Happened {
        match self {
            Self::Apart | Self::Waiting(_) => std::future::pending().await,
            Self::Connecting(connecting) => Happened::Connected(Box::new(connecting.await)),
            Self::Up(up) => Happened::Socket(up.connection.ready(true).await),
        }
    }
}

fn lossy(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
