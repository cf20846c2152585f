//! The terminal that is measured: what the tests have, asked for moments and frames. Called by `measure` and `tls`.

use std::time::Instant;

use anyhow::bail;
use squares::lang::Lang;
use squares::strings::Strings;

use crate::support::pty::{Output, Pty};
use crate::support::{Home, PATIENCE};

/// The student in the terminal.
pub(crate) const STUDENT: [&str; 6] = ["--student", "20260001", "--name", "예시 가람", "--lang", "ko"];

/// What begins every frame.
const FRAME: &str = "\x1b[?2026h";

/// The program in its terminal; it ends with this.
pub(crate) struct Terminal(pub(crate) Pty);

impl Terminal {
    /// Starts the program as the student.
    pub(crate) fn start(home: &Home, flags: &[&str]) -> Self {
        Self(Pty::start(home, &[flags, &STUDENT].concat()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.pid().as_raw_nonzero().get().cast_unsigned()
    }

    /// Takes what comes next, at the latest then. Gives the moment at which it came; none where nothing did.
    pub(crate) fn next(&self, until: Instant) -> anyhow::Result<Option<Instant>> {
        match self.0.next(until) {
            Output::Came(at) => Ok(Some(at)),
            Output::Nothing => Ok(None),
            Output::Ended => bail!("the program ended; the screen shows:\n{}", self.0.contents()),
        }
    }

    /// Waits until the screen is as wanted; gives the moment at which it was.
    pub(crate) fn until(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> anyhow::Result<Instant> {
        let mut at = Instant::now();
        let end = at + PATIENCE;
        while !fits(&self.0.screen()) {
            match self.next(end)? {
                Some(came) => at = came,
                None => bail!("{what} does not come; the screen shows:\n{}", self.0.contents()),
            }
        }
        Ok(at)
    }

    /// Waits until this stands on the screen.
    pub(crate) fn until_shows(&self, text: &str) -> anyhow::Result<Instant> {
        self.until(text, |screen| screen.contents().contains(text))
    }

    /// Waits until the student is in the room.
    pub(crate) fn until_in(&self) -> anyhow::Result<Instant> {
        let joined = Strings::of(Lang::Ko).joined;
        self.until("the room", |screen| {
            let contents = screen.contents();
            contents.contains(joined) && contents.contains("예시 가람")
        })
    }

    /// The frames that were written behind the first so many bytes. Each is written in one go.
    pub(crate) fn frames(&self, from: usize) -> usize {
        self.0.all_sent()[from..].matches(FRAME).count()
    }
}
