//! Leaving: what has to be asked before, and for how long an answer counts.

use std::time::{Duration, Instant};

/// How long a warning about hosting counts as read.
const WARNED: Duration = Duration::from_secs(30);

/// What was asked, and is not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    /// Ctrl-C was pressed, and nothing else since.
    by_key: bool,
    /// The host was told of the others, who will be cut off.
    warned_until: Option<Instant>,
    /// The host was told of the others, who will wait while the program is stopped.
    warned_of_stopping_until: Option<Instant>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Leave, or stop.
    Leave,
    /// Say how to leave with Ctrl-C.
    Ask,
    /// Say that so many others will be cut off.
    Warn(usize),
}

impl Leaving {
    /// Ctrl-C on an empty line.
    pub(crate) fn key(&mut self, others: usize, now: Instant) -> Answer {
        if std::mem::replace(&mut self.by_key, true) {
            return Answer::Leave;
        }
        if others == 0 {
            return Answer::Ask;
        }
        self.warned_until = Some(now + WARNED);
        Answer::Warn(others)
    }

    /// `/exit`, or Ctrl-D on an empty line.
    pub(crate) fn command(&mut self, others: usize, now: Instant) -> Answer {
        if others == 0 || self.warned_until.is_some_and(|until| now < until) {
            return Answer::Leave;
        }
        self.warned_until = Some(now + WARNED);
        Answer::Warn(others)
    }

    /// Ctrl-Z.
    pub(crate) fn stop(&mut self, others: usize, now: Instant) -> Answer {
        if others == 0 || self.warned_of_stopping_until.take().is_some_and(|until| now < until) {
            return Answer::Leave;
        }
        self.warned_of_stopping_until = Some(now + WARNED);
        Answer::Warn(others)
    }

    /// Another key than Ctrl-C, or the question is gone from the screen.
    pub(crate) fn forget_key(&mut self) {
        self.by_key = false;
    }

    /// Something else was entered: whoever goes on squaring does not mean to leave.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_others_online_is_warned_once() {
        let now = Instant::now();
        let mut leaving = Leaving::default();
        assert_eq!(leaving.command(0, now), Answer::Leave);
        assert_eq!(leaving.command(2, now), Answer::Warn(2));
        assert_eq!(leaving.command(2, now), Answer::Leave);
        assert_eq!(leaving.command(2, now + WARNED), Answer::Warn(2));
        leaving.forget();
        assert_eq!(leaving.command(2, now), Answer::Warn(2));
        assert_eq!(leaving.stop(0, now), Answer::Leave);
        assert_eq!(
            [leaving.stop(2, now), leaving.stop(2, now), leaving.stop(2, now)],
            [Answer::Warn(2), Answer::Leave, Answer::Warn(2)]
        );
    }

    #[test]
    fn ctrl_c_leaves_only_twice_in_a_row() {
        let now = Instant::now();
        let mut leaving = Leaving::default();
        assert_eq!(leaving.key(0, now), Answer::Ask);
        leaving.forget_key();
        assert_eq!(leaving.key(3, now), Answer::Warn(3));
        assert_eq!(leaving.key(3, now), Answer::Leave);
    }
}
