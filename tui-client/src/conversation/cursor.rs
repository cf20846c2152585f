//! Where in the one order this client stands: which results are new to it, what to ask for on the next join, and
//! whether what follows continues what was seen. Pure; the conversation keeps it.

use squares_shared::message::{Hello, Welcome};

/// The place up to which the results of one ledger were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    seen: Option<(String, u64)>,
}

/// How the results after a join continue those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continues {
    /// With none between.
    Resumed,
    /// With a gap: the results above the first and up to the second `seq` are not sent.
    Gap(u64, u64),
    /// Not at all: nothing was seen before, or it was another ledger.
    Anew,
}

impl Cursor {
    /// What to say as `after` and `log` in the next join.
    #[must_use]
    pub fn resume(&self) -> (Option<u64>, Option<String>) {
        self.seen.as_ref().map_or((None, None), |(log, seq)| (Some(*seq), Some(log.clone())))
    }

    /// Takes up the place at which the server begins.
    pub fn joined(&mut self, hello: &Hello, welcome: &Welcome) -> Continues {
        let begins = welcome.replay_after;
        let continues = match &self.seen {
            Some((log, seen)) if *log == hello.log && *seen == begins => Continues::Resumed,
            Some((log, seen)) if *log == hello.log && *seen < begins => Continues::Gap(*seen, begins),
            // A place before what was seen: the ledger lost its end, so its numbers mean other results now.
            _ => Continues::Anew,
        };
        self.seen = Some((hello.log.clone(), begins));
        continues
    }

    /// Whether this result was not seen before; it is from here on.
    pub fn take(&mut self, seq: u64) -> bool {
        match &mut self.seen {
            Some((_, seen)) if seq > *seen => {
                *seen = seq;
                true
            }
            _ => false,
        }
    }

    /// Goes back to this place of the same ledger, to be given again what lies behind it.
    pub fn rewind(&mut self, to: u64) {
        if let Some((_, seq)) = &mut self.seen {
            *seq = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use squares_shared::message::{Auth, Limits, Online, Student};

    use super::*;

    fn join(cursor: &mut Cursor, log: &str, replay_after: u64) -> Continues {
        let limits = Limits { line: 1, digits: 1, rate: 0, burst: 0, digit_rate: 0 };
        let hello = Hello {
            protocol: 1,
            server: "s".into(),
            auth: Auth::Open,
            log: log.into(),
            latest: replay_after,
            limits,
            room: None,
        };
        let student = Some(Student { id: "s1".into(), name: "s1".into(), department: None });
        let welcome = Welcome { student, online: Online::default(), latest: replay_after, replay_after, invite: None };
        cursor.joined(&hello, &welcome)
    }

    #[test]
    fn results_are_taken_once_and_the_next_join_asks_behind_them() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.resume(), (None, None));
        assert!(!cursor.take(1), "before the join nothing is ours");
        assert_eq!(join(&mut cursor, "a", 5), Continues::Anew);
        let taken: Vec<bool> = [5, 6, 9, 9, 6, 10].map(|seq| cursor.take(seq)).into();
        assert_eq!(taken, [false, true, true, false, false, true]);
        assert_eq!(cursor.resume(), (Some(10), Some("a".into())));
        assert_eq!(join(&mut cursor, "a", 10), Continues::Resumed);
        assert!(!cursor.take(10));
    }

    #[test]
    fn a_hole_another_ledger_and_one_that_lost_its_end_are_told_apart() {
        let mut cursor = Cursor::default();
        join(&mut cursor, "a", 10);
        assert_eq!(join(&mut cursor, "a", 2000), Continues::Gap(10, 2000));
        assert!(!cursor.take(2000));
        assert_eq!(join(&mut cursor, "a", 1000), Continues::Anew);
        assert!(cursor.take(1001), "numbers given anew are new");
        assert_eq!(join(&mut cursor, "b", 1001), Continues::Anew);
    }
}
