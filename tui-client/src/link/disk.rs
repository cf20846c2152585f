//! The work that owns the outbox, in a thread of its own, so that neither the link nor the screen ever waits for a
//! disk. Squares that come while one write is under way share the next: one sync for all of them. Called by the link.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::environment::Environment;
use crate::event::Pending;
use crate::store::Unkept;
use crate::store::outbox::{Outbox, Owner};

/// The most squares that may be on their way to the disk; the link takes no more commands meanwhile.
pub(super) const MOST_UNDER_WAY: usize = 1024;

/// What the disk did.
#[derive(Debug)]
pub(super) enum Done {
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

enum Job {
    Keep(Pending),
    Forget(String),
    Adopt,
}

/// The link's end of the work. Dropping it lets the work end once everything asked for is done.
#[derive(Debug)]
pub(super) struct Disk {
    jobs: mpsc::UnboundedSender<Job>,
    done: mpsc::UnboundedReceiver<Done>,
    under_way: usize,
}

impl Disk {
    /// Starts the work. It writes nothing before the first square is kept.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn start(environment: &dyn Environment, folder: PathBuf, owner: Owner) -> io::Result<Self> {
        // Both queues are bounded by `under_way`, and by the answers that a server can give to what was sent to it.
        let (jobs, todo) = mpsc::unbounded_channel();
        let (report, done) = mpsc::unbounded_channel();
        environment.work(Box::pin(work(Outbox::new(folder.clone(), owner), folder, todo, report)))?;
        Ok(Self { jobs, done, under_way: 0 })
    }

    /// Keep a square; [`Done::Kept`] or [`Done::Unkept`] follows.
    pub(super) fn keep(&mut self, square: Pending) {
        self.under_way += 1;
        self.give(Job::Keep(square));
    }

    /// Let go of a square that was answered.
    pub(super) fn forget(&mut self, id: String) {
        self.give(Job::Forget(id));
    }

    /// Take over what other clients left behind; [`Done::Adopted`] follows.
    pub(super) fn adopt(&mut self) {
        self.under_way += 1;
        self.give(Job::Adopt);
    }

    /// Whether as much is under way as may be.
    #[must_use]
    pub(super) const fn is_busy(&self) -> bool {
        self.under_way >= MOST_UNDER_WAY
    }

    /// Whether something is under way.
    #[must_use]
    pub(super) const fn is_working(&self) -> bool {
        self.under_way > 0
    }

    /// The next thing that was done. Dropped at any time, nothing is lost.
    pub(super) async fn done(&mut self) -> Done {
        match self.done.recv().await {
            Some(done) => {
                self.under_way -= match &done {
                    Done::Kept(squares) | Done::Unkept(squares, _) => squares.len(),
                    Done::Adopted(_) => 1,
                    Done::AdoptedLater(_) | Done::Left(_) => 0,
                };
                done
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until everything asked for is done; a file that holds nothing is removed. Gives back the squares that
    /// are not on the disk.
    pub(super) async fn finish(mut self) -> Vec<Pending> {
        drop(self.jobs);
        let mut left = Vec::new();
        // The work lets go of its end last of all, even where it panicked: what it kept is on the disk.
        while let Some(done) = self.done.recv().await {
            if let Done::Left(squares) = done {
                left = squares;
            }
        }
        left
    }

    fn give(&self, job: Job) {
        // The work ends only after this sender does.
        let _ = self.jobs.send(job);
    }
}

async fn work(
    mut outbox: Outbox,
    folder: PathBuf,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    report: mpsc::UnboundedSender<Done>,
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
        let waiting = std::iter::from_fn(|| jobs.try_recv().ok()).take(MOST_UNDER_WAY);
        for job in std::iter::once(first).chain(waiting) {
            match job {
                Job::Keep(square) => squares.push(square),
                Job::Forget(id) => answered.push(id),
                Job::Adopt => adoptions += 1,
            }
        }
        // Every one that was asked for is answered, because every one is counted. Older squares come before newer ones.
        for _ in 0..adoptions {
            let adopted = outbox.adopt();
            left_behind = adopted.is_err();
            if let Err(error) = &adopted {
                tell(Done::Unkept(Vec::new(), Unkept::new(&folder, error)));
            }
            tell(Done::Adopted(adopted.unwrap_or_default()));
        }
        if !squares.is_empty() {
            unkept.extend_from_slice(&squares);
            match outbox.keep(&unkept) {
                Ok(()) => {
                    unkept.clear();
                    tell(Done::Kept(squares));
                    if left_behind && let Ok(adopted) = outbox.adopt() {
                        left_behind = false;
                        tell(Done::AdoptedLater(adopted));
                    }
                }
                Err(error) => tell(Done::Unkept(squares, Unkept::new(&folder, &error))),
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
    tell(Done::Left(unkept));
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
                jobs.send(Job::Keep(square(id))).unwrap();
                assert!(matches!(done.recv().await, Some(Done::Unkept(squares, _)) if squares == [square(id)]));
            }
            jobs.send(Job::Forget("a".into())).unwrap();
            tokio::task::yield_now().await;
            std::fs::remove_file(&folder).unwrap();
            jobs.send(Job::Keep(square("c"))).unwrap();
            assert!(matches!(done.recv().await, Some(Done::Kept(squares)) if squares == [square("c")]));
            drop(jobs);
            assert!(matches!(done.recv().await, Some(Done::Left(squares)) if squares.is_empty()));
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
        for job in [Job::Keep(square.clone()), Job::Adopt, Job::Forget("a".into()), Job::Adopt] {
            jobs.send(job).unwrap();
        }
        drop(jobs);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = folder.path().join("outbox");
        runtime.block_on(work(Outbox::new(folder.clone(), owner), folder, todo, report));
        let mut told = Vec::new();
        while let Some(done) = done.blocking_recv() {
            told.push(match done {
                Done::Kept(squares) => format!("kept {}", squares.len()),
                Done::Unkept(..) => "unkept".into(),
                Done::Adopted(squares) | Done::AdoptedLater(squares) => format!("adopted {}", squares.len()),
                Done::Left(squares) => format!("left {}", squares.len()),
            });
        }
        assert_eq!(told, ["adopted 0", "adopted 0", "kept 1", "left 0"]);
    }
}
