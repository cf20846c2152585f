//! How a run of plain mode comes to a connection, with the questions that this asks of whoever started it.

use std::io::{self, IsTerminal as _};
use std::time::Instant;

use squares_shared::message::Auth;
use squares_shared::prompt::ask_unseen;

use super::{ConnectionPhase, End, PlainRun};
use crate::link::{FirstSeen, Missed, Reached, System};
use crate::pin::Pin;
use crate::plain::PlainOptions;

impl<O: io::Write, E: io::Write> PlainRun<'_, O, E> {
    pub(super) fn connect(&mut self) {
        let PlainOptions { trust, known, student, .. } = &self.options;
        // Who only watches sends no PIN.
        let known = student.as_ref().map(|_| known);
        self.phase = ConnectionPhase::Connecting(self.servers.reach(&System, trust.as_ref(), known));
    }

    pub(super) async fn connected(&mut self, connected: Result<Reached, Missed>) -> Result<(), End> {
        let Reached { server, mut connection, hello } = match connected {
            Ok(reached) => reached,
            Err(missed) => {
                self.server = missed.server;
                return self.lost(&missed.why);
            }
        };
        self.servers.reached(&server);
        self.server = server;
        self.is_reached = true;
        // Who only watches is asked for no PIN.
        let asks = hello.auth == Auth::Pin && self.options.student.is_some();
        let mut question = "PIN: ".to_owned();
        if let Some(new) = connection.take_first_seen() {
            question.insert_str(0, &self.meet(&new, asks)?);
        }
        if asks && self.conversation.pin.is_none() {
            // A person takes longer than a server waits for a join.
            drop(connection);
            // A run that is meant to last answers to signals itself.
            let ends_at_signals = !self.options.follow;
            let asked = tokio::task::spawn_blocking(move || ask_unseen(&question, ends_at_signals)).await;
            let Some(pin) = asked.ok().flatten() else {
                return Err(End::Failed("not let in: this server asks for a PIN; give it in SQUARES_PIN".into()));
            };
            self.conversation.pin = Some(Pin::new(pin));
            self.stuck_since = None;
            self.connect();
            return Ok(());
        }
        self.conversation.connected(hello);
        self.conversation.join(Instant::now());
        self.phase = ConnectionPhase::Up(Box::new(connection));
        self.send();
        Ok(())
    }

    /// Shows a certificate that was not seen before, before a PIN goes to whoever has it. Gives what is to stand
    /// before the question for a PIN: the same, where standard error goes elsewhere than to the terminal.
    fn meet(&mut self, new: &FirstSeen, asks: bool) -> Result<String, End> {
        let shown = format!(
            "squares: first time at {}; its certificate is trusted from now on: {}",
            new.server, new.fingerprint
        );
        if !self.output.complain(&shown) {
            // What nobody could see is not remembered, and gets no PIN.
            let mend = "its certificate is new and could not be shown; give --tls-ca, or let standard error be read";
            return if asks { Err(End::Failed(format!("not let in: {mend}"))) } else { Ok(String::new()) };
        }
        if let Err(error) = new.trust() {
            if asks && error.kind() == io::ErrorKind::AlreadyExists {
                let why = "another program was shown another certificate by this server at the same time";
                return Err(End::Failed(format!("not let in: {why}; somebody may be in between")));
            }
            self.output.complain(&format!("squares: it cannot be kept, and is shown again next time: {error}"));
        }
        Ok(if io::stderr().is_terminal() { String::new() } else { format!("{shown}\n") })
    }
}
