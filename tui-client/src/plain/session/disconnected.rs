//! What the loss of a connection means for a run of plain mode: an end, or a wait; and who is told.

use std::io;
use std::time::{Duration, Instant};

use squares_shared::message::PROTOCOL;

use super::{ConnectionPhase, End, PATIENCE, PlainRun};
use crate::conversation::ConnectionError;
use crate::plain::output::printable;

/// Whether the server that let us in is there.
#[derive(Debug, Default)]
pub(super) enum Absence {
    #[default]
    Here,
    /// It was lost, for this reason, and nobody was told yet.
    Disconnected(String),
    Told,
}

/// How often a connection that ends without a word is tried again.
const PASSING: u32 = 3;

impl<O: io::Write, E: io::Write> PlainRun<'_, O, E> {
    /// A connection is gone, or was not to be had.
    pub(super) fn lost(&mut self, why: &ConnectionError) -> Result<(), End> {
        self.let_go();
        if std::mem::take(&mut self.is_reached) {
            self.servers.lost();
        }
        self.hung_up = if *why == ConnectionError::HungUp { self.hung_up + 1 } else { 0 };
        // A server that is being stopped or started ends connections without a word for a moment.
        let passing = match why {
            ConnectionError::Closed(_) | ConnectionError::Shutdown => true,
            ConnectionError::HungUp => self.hung_up <= PASSING,
            _ => false,
        };
        let words = in_words(why, &self.server);
        if !passing && !self.conversation.was_in() {
            return Err(End::Failed(words));
        }
        if self.conversation.was_in() {
            self.note_absence(&words);
        }
        self.trouble = words;
        let wait = self.conversation.backoff.next(fastrand::f64());
        self.phase = ConnectionPhase::Waiting(Instant::now() + wait);
        Ok(())
    }

    fn let_go(&mut self) {
        self.conversation.ended(Instant::now());
        if let Some(catch_up) = self.catch_up.take() {
            self.conversation.cursor.rewind(catch_up.printed());
        }
    }

    /// The server lets us in only after a while, where PINs were wrong or joins came too fast: that is told once, to
    /// a script too, which would else seem to hang.
    pub(super) fn join_throttled(&mut self, wait: Duration, why: String) {
        self.let_go();
        // Whatever the server says, it is not asked again and again at full speed.
        let wait = wait.max(self.conversation.backoff.next(fastrand::f64()));
        if std::mem::take(&mut self.tells.join_throttled) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let (server, said) = (&self.server, printable(why.trim_end_matches('.')));
            self.output.complain(&format!("squares: waiting {seconds} s until {server} lets anybody in: {said}"));
        }
        self.trouble = why;
        self.phase = ConnectionPhase::Waiting(Instant::now() + wait);
    }

    /// There is no connection, for this reason. The first try to be back is awaited in silence: most succeed.
    fn note_absence(&mut self, why: &str) {
        match std::mem::replace(&mut self.absence, Absence::Told) {
            Absence::Here => self.absence = Absence::Disconnected(why.to_owned()),
            Absence::Disconnected(how) if self.tells.absence => {
                let patience = PATIENCE.as_secs();
                self.output.complain(&format!("squares: {how}; trying to be back for up to {patience} s"));
            }
            Absence::Disconnected(_) | Absence::Told => {}
        }
    }

    pub(super) fn note_return(&mut self) {
        let told = matches!(std::mem::replace(&mut self.absence, Absence::Here), Absence::Told);
        if told && self.tells.absence {
            let server = &self.server;
            self.output.complain(&format!("squares: back at {server}"));
        }
    }
}

/// Why there is no connection to this server, and how to mend it.
fn in_words(why: &ConnectionError, server: &str) -> String {
    match why {
        ConnectionError::Unreachable(why) => {
            let mend = "start one with squares-server, or name another with --server";
            format!("cannot reach a server at {server}: {why}; {mend}")
        }
        ConnectionError::Full => format!("the server at {server} is full; try again later"),
        ConnectionError::NotSquares(why) => {
            format!("{server} is not a Squares server: {why}; name another with --server")
        }
        ConnectionError::OtherProtocol(spoken) => {
            let mend = "update squares, or the server, so that both are of the same version";
            format!("the server at {server} speaks version {spoken} of the protocol, this program {PROTOCOL}; {mend}")
        }
        ConnectionError::Stranger(who) => {
            format!("{server} is {who}, not a Squares server; give the port of the room with --server")
        }
        ConnectionError::Silent(seconds) => {
            let mend = "it hangs, or is not a Squares server; try again, or name another with --server";
            format!("what answers at {server} said nothing for {seconds} s; {mend}")
        }
        ConnectionError::Slow(seconds) => {
            let mend = "the way there is slow, or it is not a Squares server; try again, or name another with --server";
            format!("what answers at {server} did not finish its first word within {seconds} s; {mend}")
        }
        ConnectionError::HungUp => {
            let mend = "it may not be a Squares server; name another with --server";
            format!("what answers at {server} ends the connection without a word; {mend}")
        }
        ConnectionError::Mute => {
            let mend = "it may speak TLS (--tls), or not be a Squares server";
            format!("what answers at {server} said nothing, and hung up when it was spoken to; {mend}")
        }
        ConnectionError::WantsTls => format!("the server at {server} speaks TLS; add --tls"),
        ConnectionError::SpeaksNoTls => format!("the server at {server} speaks no TLS; leave out --tls"),
        ConnectionError::TlsGone => {
            let why = "answers without TLS, which is expected of it: somebody may be in between";
            format!("the server at {server} {why}; ask whoever runs it")
        }
        ConnectionError::WithoutTls(known) => {
            let why =
                "asks for a PIN without TLS, which it spoke before: somebody may be in between, and no PIN was sent";
            let known = known.display();
            format!("the server at {server} {why}; add --tls, or if it gave TLS up, delete its line in {known}")
        }
        ConnectionError::Untrusted(why) => format!("the server at {server} is not trusted: {why}; see --tls-ca"),
        ConnectionError::OtherCertificate { given, shown } => {
            let given =
                given.as_ref().map_or_else(|| "none was given".to_owned(), |given| format!("given was {given}"));
            let why = "is not the one to trust: somebody may be in between, or the server was set up anew";
            let mend = "if it is the server's, give it with --fingerprint";
            format!("the certificate of {server} {why}; {given}, shown {shown}; {mend}")
        }
        ConnectionError::Changed { before, now, known } => {
            let what = format!("somebody may be in between; it was {before}, it is {now}");
            let mend = format!("if the server was set up anew, delete the line of {server} in {}", known.display());
            format!("the certificate of {server} changed: {what}; {mend}")
        }
        ConnectionError::Closed(Some(why)) => format!("the connection to {server} was lost: {why}"),
        ConnectionError::Closed(None) => format!("the connection to {server} was lost"),
        ConnectionError::Shutdown => format!("the server at {server} stopped"),
        // Plain mode never hosts.
        ConnectionError::LedgerInUse(why)
        | ConnectionError::CannotHost(why)
        | ConnectionError::NoLedger { words: why, .. } => why.clone(),
    }
}
