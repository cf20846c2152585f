//! Waiting for what may not be there: a branch of the session's `select!` for nothing waits for ever.

use tokio::sync::mpsc;

use super::{Work, requests};
use crate::ledger::{Answer, ReadFailed, Replay};

pub(super) async fn received(answers: Option<&mut mpsc::Receiver<Answer>>) -> Option<Answer> {
    match answers {
        Some(answers) => answers.recv().await,
        None => std::future::pending().await,
    }
}

pub(super) async fn finished(
    replay: &mut Option<(u64, Work<Result<Replay, ReadFailed>>)>,
) -> Result<Replay, ReadFailed> {
    match replay {
        Some((_, work)) => work.await,
        None => std::future::pending().await,
    }
}

pub(super) async fn finished_request(request: &mut Option<Work<requests::Done>>) -> requests::Done {
    match request {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
