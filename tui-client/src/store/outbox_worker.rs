//! The work that owns the outbox, in a thread of its own, so that neither the link nor the screen ever waits for a
//! disk. Squares that come while one write is under way share the next: one sync for all of them. Called by the link.

use std::collections::HashSet;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::Unkept;
use super::outbox::{Outbox, Owner};
use crate::conversation::Pending;

/// The most squares that may be in flight to the disk; the link takes no more commands meanwhile.
const MAX_IN_FLIGHT: usize = 1024;

/// What the disk did.
#[derive(Debug)]
pub(crate) enum Stored {
    /// These squares are kept, and may be sent.
    Kept(Vec<Pending>),
    /// These may be sent, but could not be kept on the disk.
    Unkept(Vec<Pending>, Unkept),
    /// These were left behind by clients that run no more, and are kept here now.
    Adopted(Vec<Pending>),
    /// The same, where it could not be done when it was asked for.
    AdoptedLater(Vec<Pending>),
    /// The work is at its end; these have no answer, and the disk did not take them.
    Left(Vec<Pending>),
}

enum OutboxJob {
    Keep(Pending),
    Forget(String),
    Adopt,
}

/// The link's end of the work. Dropping it lets the work end once everything asked for is done.
#[derive(Debug)]
pub(crate) struct OutboxWorker {
    jobs: mpsc::UnboundedSender<OutboxJob>,
    done: mpsc::UnboundedReceiver<Stored>,
    in_flight: usize,
}

impl OutboxWorker {
    /// The link's end of the work, and the work. It writes nothing before the first square is kept.
    pub(crate) fn new(folder: PathBuf, owner: Owner) -> (Self, impl Future<Output = ()> + Send) {
        // Both queues are bounded by `in_flight`, and by the answers that a server can give to what was sent to it.
        let (jobs, todo) = mpsc::unbounded_channel();
        let (report, done) = mpsc::unbounded_channel();
        let work = work(Outbox::new(folder.clone(), owner), folder, todo, report);
        (Self { jobs, done, in_flight: 0 }, work)
    }

    /// Keep a square; [`Stored::Kept`] or [`Stored::Unkept`] follows.
    pub(crate) fn keep(&mut self, square: Pending) {
        self.in_flight += 1;
        self.give(OutboxJob::Keep(square));
    }

    /// Let go of a square that was answered.
    pub(crate) fn forget(&mut self, id: String) {
        self.give(OutboxJob::Forget(id));
    }

    /// Take over what other clients left behind; [`Stored::Adopted`] follows.
    pub(crate) fn adopt(&mut self) {
        self.in_flight += 1;
        self.give(OutboxJob::Adopt);
    }

    /// Whether as much is under way as may be.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        self.in_flight >= MAX_IN_FLIGHT
    }

    /// Whether something is under way.
    #[must_use]
    pub(crate) const fn is_working(&self) -> bool {
        self.in_flight > 0
    }

    /// The next thing that was done. Dropped at any time, nothing is lost.
    pub(crate) async fn done(&mut self) -> Stored {
        match self.done.recv().await {
            Some(done) => {
                self.in_flight -= match &done {
                    Stored::Kept(squares) | Stored::Unkept(squares, _) => squares.len(),
                    Stored::Adopted(_) => 1,
                    Stored::AdoptedLater(_) | Stored::Left(_) => 0,
                };
                done
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until everything asked for is done; a file that holds nothing is removed. Gives back the squares that
    /// are not on the disk.
    pub(crate) async fn finish(mut self) -> Vec<Pending> {
        drop(self.jobs);
        let mut left = Vec::new();
        // The work lets go of its end last of all, even where it panicked: what it kept is on the disk.
        while let Some(done) = self.done.recv().await {
            if let Stored::Left(squares) = done {
                left = squares;
            }
        }
        left
    }

    fn give(&self, job: OutboxJob) {
        // The work ends only after this sender does.
        let _ = self.jobs.send(job);
    }
}

async fn work(
    mut outbox: Outbox,
    folder: PathBuf,
    mut jobs: mpsc::UnboundedReceiver<OutboxJob>,
    report: mpsc::UnboundedSender<Stored>,
) {
    // Nobody listens any more where a report does not arrive, and the work is done all the same.
    let tell = |done| drop(report.send(done));
    // Squares that others left behind may still lie there: the disk took nothing when they were asked for.
    let mut left_behind = false;
    // Squares that the disk did not take, and that have no answer yet: they are kept as soon as it takes any.
    let mut unkept: Vec<Pending> = Vec::new();
    while let Some(first) = jobs.recv().await {
        let mut squares = Vec::new();
        let mut answered = Vec::new();
        let mut adoptions = 0;
        let waiting = std::iter::from_fn(|| jobs.try_recv().ok()).take(MAX_IN_FLIGHT);
        for job in std::iter::once(first).chain(waiting) {
            match job {
                OutboxJob::Keep(square) => squares.push(square),
                OutboxJob::Forget(id) => answered.push(id),
                OutboxJob::Adopt => adoptions += 1,
            }
        }
        // Every one that was asked for is answered, because every one is counted. Older squares come before newer ones.
        for _ in 0..adoptions {
            let adopted = outbox.adopt();
            left_behind = adopted.is_err();
            if let Err(error) = &adopted {
                tell(Stored::Unkept(Vec::new(), Unkept::new(&folder, error)));
            }
            tell(Stored::Adopted(adopted.unwrap_or_default()));
        }
        if !squares.is_empty() {
            unkept.extend_from_slice(&squares);
            match outbox.keep(&unkept) {
                Ok(()) => {
                    unkept.clear();
                    tell(Stored::Kept(squares));
                    if left_behind && let Ok(adopted) = outbox.adopt() {
                        left_behind = false;
                        tell(Stored::AdoptedLater(adopted));
                    }
                }
                Err(error) => tell(Stored::Unkept(squares, Unkept::new(&folder, &error))),
            }
        }
        if !answered.is_empty() {
            if !unkept.is_empty() {
                let answered: HashSet<&String> = answered.iter().collect();
                unkept.retain(|square| !answered.contains(&square.id));
            }
            // At worst the square is sent again by a later client, and answered from the ledger.
            let _ = outbox.forget(&answered);
        }
    }
    outbox.close();
    tell(Stored::Left(unkept));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_did_not_take_is_kept_with_what_it_takes_next() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("outbox");
        std::fs::write(&folder, "in the way").unwrap();
        let owner = Owner { server: "127.0.0.1:7878".into(), student: "s1".into() };
        let outbox = Outbox::new(folder.clone(), owner.clone());
        let (jobs, todo) = mpsc::unbounded_channel();
        let (report, mut done) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let square = |id: &str| Pending { id: id.into(), number: "12".into() };
        runtime.block_on(async {
            let work = tokio::spawn(work(outbox, folder.clone(), todo, report));
            for id in ["a", "b"] {
                jobs.send(OutboxJob::Keep(square(id))).unwrap();
                assert!(matches!(done.recv().await, Some(Stored::Unkept(squares, _)) if squares == [square(id)]));
            }
            jobs.send(OutboxJob::Forget("a".into())).unwrap();
            tokio::task::yield_now().await;
            std::fs::remove_file(&folder).unwrap();
            jobs.send(OutboxJob::Keep(square("c"))).unwrap();
            assert!(matches!(done.recv().await, Some(Stored::Kept(squares)) if squares == [square("c")]));
            drop(jobs);
            assert!(matches!(done.recv().await, Some(Stored::Left(squares)) if squares.is_empty()));
            work.await.unwrap();
        });
        assert_eq!(Outbox::new(folder, owner).adopt().unwrap(), [square("b"), square("c")]);
    }

    #[test]
    fn everything_asked_for_at_once_is_answered_as_often_as_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner { server: "127.0.0.1:7878".into(), student: "s1".into() };
        let (jobs, todo) = mpsc::unbounded_channel();
        let (report, mut done) = mpsc::unbounded_channel();
        let square = Pending { id: "a".into(), number: "12".into() };
        for job in [OutboxJob::Keep(square.clone()), OutboxJob::Adopt, OutboxJob::Forget("a".into()), OutboxJob::Adopt]
        {
            jobs.send(job).unwrap();
        }
        drop(jobs);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = folder.path().join("outbox");
        runtime.block_on(work(Outbox::new(folder.clone(), owner), folder, todo, report));
        let mut told = Vec::new();
        while let Some(done) = done.blocking_recv() {
            told.push(match done {
                Stored::Kept(squares) => format!("kept {}", squares.len()),
                Stored::Unkept(..) => "unkept".into(),
                Stored::Adopted(squares) | Stored::AdoptedLater(squares) => format!("adopted {}", squares.len()),
                Stored::Left(squares) => format!("left {}", squares.len()),
            });
        }
        assert_eq!(told, ["adopted 0", "adopted 0", "kept 1", "left 0"]);
    }
}
