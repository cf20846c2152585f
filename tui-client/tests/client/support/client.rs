//! A link as the screen has it, with an end to patience.

use std::time::Duration;

use squares::event::{ConnectionError, LinkEvent, Pending};
use squares::link::{Command, Continues, KnownHosts, Link, LinkOptions};
use squares_shared::message::SquareResult;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Home, PATIENCE};

/// A link as the screen has it.
pub(crate) struct Client {
    runtime: Runtime,
    link: Option<Link>,
    events: mpsc::Receiver<LinkEvent>,
}

impl Client {
    pub(crate) fn start(options: LinkOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (link, events) = Link::start(options).unwrap();
        Self { runtime, link: Some(link), events }
    }

    pub(crate) fn at(home: &Home, server: &str) -> Self {
        Self::start(LinkOptions { server: Some(server.to_owned()), ..options(home) })
    }

    pub(crate) fn ask(&self, command: Command) {
        self.runtime.block_on(self.link.as_ref().unwrap().commands().send(command)).unwrap();
    }

    pub(crate) fn join(&self, student: &str) {
        self.ask(Command::Join { student: student.into(), name: None });
    }

    pub(crate) fn square(&self, number: &str) {
        self.ask(Command::Square(number.into()));
    }

    pub(crate) fn next(&mut self) -> LinkEvent {
        let next = async { timeout(PATIENCE, self.events.recv()).await };
        self.runtime.block_on(next).expect("an event").expect("the link runs")
    }

    /// The first event that fits; those before it are passed over.
    pub(crate) fn until<T>(&mut self, mut fits: impl FnMut(LinkEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = fits(self.next()) {
                return found;
            }
        }
    }

    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        self.runtime.block_on(async { timeout(time, self.events.recv()).await }).is_err()
    }

    pub(crate) fn until_joined(&mut self) -> bool {
        self.until(|event| {
            if let LinkEvent::Joined { continues, .. } = event { Some(continues == Continues::Resumed) } else { None }
        })
    }

    pub(crate) fn until_queued(&mut self) -> Pending {
        self.until(|event| if let LinkEvent::Queued(pending) = event { Some(pending) } else { None })
    }

    pub(crate) fn until_lost(&mut self) -> (ConnectionError, bool) {
        self.until(|event| match event {
            LinkEvent::Disconnected { why, retry_at } => Some((why, retry_at.is_some())),
            _ => None,
        })
    }

    pub(crate) fn until_hello(&mut self) -> bool {
        self.until(|event| if let LinkEvent::Hello { hosting, .. } = event { Some(hosting) } else { None })
    }

    pub(crate) fn results(&mut self, count: usize) -> Vec<SquareResult> {
        let mut results = Vec::new();
        while results.len() < count {
            results.extend(self.until(|event| match event {
                LinkEvent::Results(results) => Some(results),
                _ => None,
            }));
        }
        results
    }

    pub(crate) fn leave(mut self) {
        let link = self.link.take().unwrap();
        drop(self.events);
        self.runtime.block_on(async { timeout(PATIENCE, link.leave()).await }).expect("the link ends");
    }
}

pub(crate) fn options(home: &Home) -> LinkOptions {
    LinkOptions {
        server: None,
        default_address: "127.0.0.1:1".into(),
        data: Some(home.path().join("ledger")),
        outbox: Some(home.outbox()),
        pin: None,
        trust: None,
        known: KnownHosts::default(),
        watch: None,
    }
}
