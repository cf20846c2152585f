//! A terminal at which a student sits: the real link with its outbox, and somebody who types and who notes for the
//! oracle what the link tells. It is killed and left as a program is: only the outbox and the notes stay.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use squares::{
    event::{ConnectionError, LinkEvent},
    link::{Command, Continues, Link, LinkOptions, PageOwner},
};
use squares_shared::message::{PageRequest, SquareResult};
use tokio::{sync::mpsc, task::JoinHandle, time::sleep};

use super::{
    machine::Machine,
    world::{Net, Planted},
};

/// The address of the simulated server.
pub(crate) const ADDRESS: &str = "simulated:1";

/// What somebody at a terminal knows, from one run of the program to the next.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The squares that were told to be kept: the number by its `id`.
    pub(crate) kept: BTreeMap<String, String>,
    /// What was typed and is not told to be kept yet.
    pub(crate) unheard: usize,
    /// The `id`s of kept squares without an answer, as this run of the program tells them.
    pub(crate) waiting: BTreeSet<String>,
    /// The answers that came apart from the results: `id` and `seq`.
    pub(crate) answered: Vec<(String, u64)>,
    /// The results seen, in runs that continue without a gap: where each begins, and what followed.
    pub(crate) runs: Vec<(u64, Vec<SquareResult>)>,
    /// The results on pages of history.
    pub(crate) paged: Vec<SquareResult>,
    /// Who is online, as far as was told.
    pub(crate) online: BTreeSet<String>,
    /// The student is in, since the program started.
    pub(crate) joined: bool,
    /// The `id`s that were sent on any connection.
    pub(crate) sent: BTreeSet<String>,
    /// What must never be.
    pub(crate) wrong: Option<String>,
}

impl Notes {
    /// Everything that was typed is kept and answered.
    pub(crate) fn is_quiet(&self) -> bool {
        self.joined && self.unheard == 0 && self.waiting.is_empty()
    }

    pub(crate) fn wrong(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    /// The link knows nothing but its outbox.
    fn forget(&mut self) {
        self.waiting.clear();
        self.joined = false;
    }
}

/// Notes that outlive a run of the program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Notes>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap()
    }
}

/// A run of the program.
pub(crate) struct Terminal {
    pub(crate) student: String,
    pub(crate) notes: Shared,
    pub(crate) folder: PathBuf,
    link: Link,
    machine: Arc<Machine>,
    tasks: [JoinHandle<()>; 2],
}

impl Terminal {
    pub(crate) fn open(
        student: String,
        folder: PathBuf,
        notes: Shared,
        net: Arc<Net>,
        mut random: fastrand::Rng,
        planted: Planted,
    ) -> Self {
        {
            let mut notes = notes.lock();
            notes.forget();
            notes.unheard = 0;
        }
        let machine = Machine::new(&student, folder.clone(), notes.clone(), net, random.fork(), planted);
        let options = LinkOptions {
            server: Some(ADDRESS.into()),
            default_address: ADDRESS.into(),
            data: None,
            outbox: Some(folder.clone()),
            pin: None,
            trust: None,
            known: squares::link::KnownHosts::default(),
            watch: None,
        };
        let (link, events, task) = Link::start_at(options, Arc::clone(&machine) as _);
        let tasks = [tokio::spawn(task), tokio::spawn(look(student.clone(), events, notes.clone(), random))];
        let terminal = Self { student, notes, folder, link, machine, tasks };
        terminal.join();
        terminal
    }

    /// Types a number.
    pub(crate) fn square(&self, number: String) {
        if self.ask(Command::Square(number)) {
            self.notes.lock().unheard += 1;
        }
    }

    pub(crate) fn reconnect(&self) {
        self.ask(Command::ReconnectNow);
    }

    pub(crate) fn page(&self, before: Option<u64>) {
        let request = PageRequest { before, limit: Some(5), ..PageRequest::default() };
        self.ask(Command::Page { owner: PageOwner::WholeFeed, request });
    }

    pub(crate) fn ping(&self) {
        self.ask(Command::Ping);
    }

    /// Looks for a server where none is, for a while.
    pub(crate) async fn look_elsewhere(&self, pause: Duration) {
        self.ask(Command::UseServer("elsewhere:1".into()));
        sleep(pause).await;
        self.ask(Command::UseServer(ADDRESS.into()));
        self.join();
    }

    /// Ends at once, wherever the link and the disk are.
    pub(crate) async fn kill(self) {
        for task in self.tasks.into_iter().chain(self.machine.stop()) {
            task.abort();
            let _ = task.await;
        }
    }

    /// Leaves as `/exit` does.
    pub(crate) async fn leave(self) {
        self.link.leave().await;
        for task in self.tasks {
            let _ = task.await;
        }
    }

    fn join(&self) {
        self.ask(Command::Join { student: self.student.clone(), name: None });
    }

    /// Whether there was room for the command.
    fn ask(&self, command: Command) -> bool {
        self.link.commands().try_send(command).is_ok()
    }
}

/// Takes what the link tells, now and then slowly.
async fn look(student: String, mut events: mpsc::Receiver<LinkEvent>, notes: Shared, mut random: fastrand::Rng) {
    while let Some(event) = events.recv().await {
        note(&student, event, &mut notes.lock());
        if random.u8(0..50) == 0 {
            sleep(Duration::from_millis(random.u64(1..2_000))).await;
        }
    }
}

fn note(student: &str, event: LinkEvent, notes: &mut Notes) {
    match event {
        // Another server, or this one again: whoever joins anew is told anew.
        LinkEvent::Connecting(server) if server != ADDRESS => notes.forget(),
        LinkEvent::Connecting(_) | LinkEvent::Hello { .. } | LinkEvent::Idle | LinkEvent::RoundTrip(_) => {}
        LinkEvent::Joined { welcome, continues } => {
            notes.joined = true;
            if continues != Continues::Resumed {
                notes.runs.push((welcome.replay_after, Vec::new()));
            } else if notes.runs.is_empty() {
                notes.wrong("it goes on where nothing was seen".into());
            }
            notes.online = welcome.online.students.into_iter().map(|person| person.id).collect();
        }
        LinkEvent::Queued(square) => {
            if !notes.waiting.insert(square.id.clone()) {
                notes.wrong(format!("{square:?} was kept twice"));
            }
            if notes.kept.insert(square.id, square.number).is_none() {
                notes.unheard = notes.unheard.saturating_sub(1);
            }
        }
        LinkEvent::Results(results) => {
            for result in results {
                if let Some(id) = result.id.as_ref().filter(|_| result.student == student) {
                    notes.waiting.remove(id);
                }
                match notes.runs.last_mut() {
                    Some((_, run)) => run.push(result),
                    None => notes.wrong("a result before anybody joined".into()),
                }
            }
        }
        LinkEvent::Answered { id, seq } => {
            if !notes.waiting.remove(&id) {
                notes.wrong(format!("{id} was answered, and nobody waited"));
            }
            notes.answered.push((id, seq));
        }
        LinkEvent::Presence(news) => {
            notes.online.extend(news.joined.into_iter().map(|person| person.id));
            for id in news.left {
                notes.online.remove(&id);
            }
        }
        LinkEvent::Online(online) => notes.online = online.students.into_iter().map(|person| person.id).collect(),
        LinkEvent::Page { page, .. } => notes.paged.extend(page.results),
        LinkEvent::Disconnected {
            why: ConnectionError::Unreachable(_) | ConnectionError::Closed(_) | ConnectionError::Shutdown,
            ..
        } => {}
        // A connection that was held up before the server's first word.
        LinkEvent::Disconnected {
            why: ConnectionError::Silent(_) | ConnectionError::Slow(_) | ConnectionError::HungUp | ConnectionError::Mute,
            ..
        } => {}
        // Nothing of this has a reason here.
        other @ (LinkEvent::Disconnected { .. }
        | LinkEvent::Reached(_)
        | LinkEvent::FirstSeen { .. }
        | LinkEvent::Unconfirmed
        | LinkEvent::PinWanted
        | LinkEvent::JoinRefused(_)
        | LinkEvent::Rejected { .. }
        | LinkEvent::Throttled { .. }
        | LinkEvent::Refused(_)
        | LinkEvent::Unkept(_)
        | LinkEvent::Withheld(_)
        | LinkEvent::NotQueued { .. }) => notes.wrong(format!("{other:?}")),
    }
}
