//! What a terminal runs on, as the link meets it: a network that leads to the simulated server, and a disk that takes
//! its time.

use std::{
    io,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
    time::Duration,
};

use squares::{
    event::ConnectionError,
    link::{Connected, Connecting, Environment, Trust, Work, peer_detection::Refused},
};
use squares_shared::stream::Stream;
use tokio::{
    task::JoinHandle,
    time::{Sleep, sleep},
};

use super::{
    tap::Tap,
    terminal::{ADDRESS, Shared},
    world::{Net, Planted},
};

/// What a terminal runs on.
pub(crate) struct Machine {
    student: String,
    folder: PathBuf,
    notes: Shared,
    net: Arc<Net>,
    random: Mutex<fastrand::Rng>,
    planted: Planted,
    /// What is being done for the link, to be ended with it.
    works: Mutex<Vec<JoinHandle<()>>>,
}

impl Machine {
    pub(crate) fn new(
        student: &str,
        folder: PathBuf,
        notes: Shared,
        net: Arc<Net>,
        random: fastrand::Rng,
        planted: Planted,
    ) -> Arc<Self> {
        let (student, random) = (student.to_owned(), Mutex::new(random));
        Arc::new(Self { student, folder, notes, net, random, planted, works: Mutex::default() })
    }

    /// What is being done for the link; nothing any more.
    pub(crate) fn stop(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut self.works.lock().unwrap())
    }
}

impl Environment for Machine {
    fn connect(&self, address: &str, _: Option<&Trust>) -> Connecting {
        let end = if address == ADDRESS { self.net.dial() } else { None };
        let connected = match end {
            None => Err(Refused { why: ConnectionError::Unreachable("connection refused".into()), nobody: true }),
            Some(end) => {
                let random = self.random.lock().unwrap().fork();
                let tap = Tap::new(end, &self.student, self.folder.clone(), self.notes.clone(), random, self.planted);
                Ok(Connected::from(Box::new(tap) as Box<dyn Stream>))
            }
        };
        Box::pin(async move { connected })
    }

    fn work(&self, work: Work) -> io::Result<()> {
        let slow = Slow { work, pause: None, random: self.random.lock().unwrap().fork() };
        self.works.lock().unwrap().push(tokio::spawn(slow));
        Ok(())
    }
}

/// Work on a disk that takes its time: between being asked and doing it, anything may happen.
struct Slow {
    work: Work,
    pause: Option<Pin<Box<Sleep>>>,
    random: fastrand::Rng,
}

impl Future for Slow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let slow = &mut *self;
        let random = &mut slow.random;
        let pause = slow.pause.get_or_insert_with(|| Box::pin(sleep(Duration::from_micros(random.u64(50..30_000)))));
        ready!(pause.as_mut().poll(context));
        slow.pause = None;
        slow.work.as_mut().poll(context)
    }
}
