//! What the loss of a connection means for a run of plain mode: an end, or a wait; and who is told.

use std::io;
use std::time::Instant;

use super::{End, PATIENCE, Phase, Session};
use crate::event::Lost;

/// Whether the server that let us in is there.
#[derive(Debug, Default)]
pub(super) enum Absence {
    #[default]
    Here,
    /// It was lost, for this reason, and nobody was told yet.
    Lost(String),
    Told,
}

impl<O: io::Write, E: io::Write> Session<'_, O, E> {
    /// A connection is gone, or was not to be had.
    pub(super) fn lost(&mut self, why: Lost) -> Result<(), End> {
        let server = &self.options.server;
        let (words, passing) = match why {
            Lost::Unreachable(why) => {
                let mend = "start one with squares-server, or name another with --server";
                (format!("cannot reach a server at {server}: {why}; {mend}"), false)
            }
            Lost::Full => (format!("the server at {server} is full; try again later"), false),
            Lost::NotSquares(why) => {
                (format!("what answers at {server} is no server of ours: {why}; name another with --server"), false)
            }
            Lost::WantsTls => (format!("the server at {server} speaks TLS; add --tls"), false),
            Lost::SpeaksNoTls => (format!("the server at {server} speaks no TLS; leave out --tls"), false),
            Lost::Untrusted(why) => (format!("the server at {server} is not believed: {why}; see --tls-ca"), false),
            Lost::Changed { before, now, known } => {
                let known = known.display();
                let mend = format!("if the server was set up anew, delete the line of {server} in {known}");
                (
                    format!(
                        "the certificate of {server} changed: somebody may be in between; it was {before}, it is {now}; {mend}"
                    ),
                    false,
                )
            }
            Lost::Closed(Some(why)) => (format!("the connection to {server} was lost: {why}"), true),
            Lost::Closed(None) => (format!("the connection to {server} was lost"), true),
            Lost::Shutdown => (format!("the server at {server} stopped"), true),
            // Plain mode never hosts.
            Lost::LedgerInUse(why) | Lost::CannotHost(why) | Lost::NoLedger { words: why, .. } => (why, false),
        };
        if !passing && !self.was_in {
            return Err(End::Failed(words));
        }
        if self.was_in {
            self.note_absence(&words);
        }
        self.trouble = words;
        self.window.connection_lost();
        self.phase = Phase::Waiting(Instant::now() + self.backoff.next(fastrand::f64()));
        Ok(())
    }

    /// There is no connection, for this reason. The first try to be back is awaited in silence: most succeed.
    fn note_absence(&mut self, why: &str) {
        match std::mem::replace(&mut self.absence, Absence::Told) {
            Absence::Here => self.absence = Absence::Lost(why.to_owned()),
            Absence::Lost(how) if self.tells.absence => {
                let patience = PATIENCE.as_secs();
                self.output.complain(&format!("squares: {how}; trying to be back for up to {patience} s"));
            }
            Absence::Lost(_) | Absence::Told => {}
        }
    }

    /// The server let us in.
    pub(super) fn note_return(&mut self) {
        let told = matches!(std::mem::replace(&mut self.absence, Absence::Here), Absence::Told);
        if told && self.tells.absence {
            let server = &self.options.server;
            self.output.complain(&format!("squares: back at {server}"));
        }
    }
}
