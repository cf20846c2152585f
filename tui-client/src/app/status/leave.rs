//! Leaving: what has to be asked before, and for how long an answer counts.

use std::time::{Duration, Instant};

use super::Severity;
use crate::app::{App, Screen};
use crate::event::{Effect, TerminalEffect};
use crate::keys::Action;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeaveDecision {
    /// Leave, or stop.
    Leave,
    /// Say how to leave with Ctrl-C.
    Ask,
    /// Say that so many others will be cut off.
    Warn(usize),
}

impl Leaving {
    /// Ctrl-C on an empty line.
    pub(crate) fn key(&mut self, others: usize, now: Instant) -> LeaveDecision {
        if std::mem::replace(&mut self.by_key, true) {
            return LeaveDecision::Leave;
        }
        if others == 0 {
            return LeaveDecision::Ask;
        }
        self.warned_until = Some(now + WARNED);
        LeaveDecision::Warn(others)
    }

    /// `/exit`, or Ctrl-D on an empty line.
    pub(crate) fn command(&mut self, others: usize, now: Instant) -> LeaveDecision {
        Self::confirm(&mut self.warned_until, others, now)
    }

    /// Ctrl-Z.
    pub(crate) fn stop(&mut self, others: usize, now: Instant) -> LeaveDecision {
        Self::confirm(&mut self.warned_of_stopping_until, others, now)
    }

    fn confirm(warned_until: &mut Option<Instant>, others: usize, now: Instant) -> LeaveDecision {
        if others == 0 || warned_until.take().is_some_and(|until| now < until) {
            return LeaveDecision::Leave;
        }
        *warned_until = Some(now + WARNED);
        LeaveDecision::Warn(others)
    }

    /// Another key than Ctrl-C, or the question is gone from the screen.
    pub(crate) fn forget_key(&mut self) {
        self.by_key = false;
    }

    /// Something else was entered: somebody who goes on squaring does not mean to leave.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl App {
    /// `/exit`, or Ctrl-D on an empty line. A host with others is warned first.
    pub(in crate::app) fn leave(&mut self) {
        match self.status.leaving.command(self.others_hosted(), self.now) {
            LeaveDecision::Warn(others) => {
                self.say_while_typing(Severity::Warning, (self.strings.host_leaves)(others));
            }
            LeaveDecision::Leave | LeaveDecision::Ask => self.effects.push(Effect::Quit),
        }
    }

    /// Ctrl-Z. A host that is stopped keeps its address and answers nobody, so it is asked first.
    pub(in crate::app) fn suspend(&mut self) {
        match self.status.leaving.stop(self.others_hosted(), self.now) {
            LeaveDecision::Warn(others) => {
                let key = self.setup.keymap.name(Action::Suspend, self.strings.lang).unwrap_or_default();
                self.say_while_typing(Severity::Warning, (self.strings.host_stops)(others, &key));
            }
            LeaveDecision::Leave | LeaveDecision::Ask => self.effects.push(Effect::Terminal(TerminalEffect::Suspend)),
        }
    }

    /// Ctrl-Z of a guest: there is no shell that could take over, or it is not theirs.
    pub(in crate::app) fn say_guest_cannot_stop(&mut self) {
        match self.screen {
            Screen::Join => self.form.error = Some((None, self.strings.guest_cannot_stop.to_owned())),
            Screen::Room => self.say(Severity::Info, self.strings.guest_cannot_stop),
        }
    }

    /// How many others lose their server for a moment if I leave.
    pub(in crate::app) fn others_hosted(&self) -> usize {
        if self.status.connection.hosting { self.people.others() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_others_online_is_warned_once() {
        let now = Instant::now();
        let mut leaving = Leaving::default();
        assert_eq!(leaving.command(0, now), LeaveDecision::Leave);
        assert_eq!(leaving.command(2, now), LeaveDecision::Warn(2));
        assert_eq!(leaving.command(2, now), LeaveDecision::Leave);
        assert_eq!(leaving.command(2, now + WARNED), LeaveDecision::Warn(2));
        leaving.forget();
        assert_eq!(leaving.command(2, now), LeaveDecision::Warn(2));
        assert_eq!(leaving.stop(0, now), LeaveDecision::Leave);
        assert_eq!(
            [leaving.stop(2, now), leaving.stop(2, now), leaving.stop(2, now)],
            [LeaveDecision::Warn(2), LeaveDecision::Leave, LeaveDecision::Warn(2)]
        );
    }

    #[test]
    fn ctrl_c_leaves_only_twice_in_a_row() {
        let now = Instant::now();
        let mut leaving = Leaving::default();
        assert_eq!(leaving.key(0, now), LeaveDecision::Ask);
        leaving.forget_key();
        assert_eq!(leaving.key(3, now), LeaveDecision::Warn(3));
        assert_eq!(leaving.key(3, now), LeaveDecision::Leave);
    }
}
