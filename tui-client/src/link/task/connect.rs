//! How the link's task comes to a connection: reaching a server, hosting one, and waiting between tries.

use super::{Phase, Task};
use crate::conversation::{ConnectionError, LinkEvent};
use crate::host::{Host, HostError};
use crate::link::servers::{Missed, Reached};
use crate::link::session::Session;
use crate::link::{FirstSeen, nobody, now};

impl Task {
    /// Begins a try to connect, in place of whatever connection there is.
    pub(super) fn connect(&mut self) {
        self.state.conversation.ended(now());
        let address = self.address();
        self.state.emit(LinkEvent::Connecting(address.clone()));
        // What is hosted here is reached within this machine.
        let beyond = self.host.is_none();
        let trust = self.options.trust.as_ref().filter(|_| beyond);
        let known = Some(&self.options.known).filter(|_| beyond);
        let mut reaching = self.servers.reach(&*self.state.environment, trust, known);
        if cfg!(windows) && self.would_host() {
            reaching = nobody::sooner(reaching, address);
        }
        self.phase = Phase::Connecting(reaching);
    }

    pub(super) fn connected(&mut self, connected: Result<Box<Reached>, Missed>) {
        self.phase = Phase::Idle;
        match connected {
            Ok(reached) => {
                let Reached { server, mut connection, hello } = *reached;
                self.taken = false;
                self.servers.reached(&server);
                if self.servers.are_several() {
                    self.state.emit(LinkEvent::Reached(server.clone()));
                }
                self.state.unconfirmed = connection.take_first_seen();
                if let Some(FirstSeen { server, fingerprint, .. }) = self.state.unconfirmed.clone() {
                    self.state.emit(LinkEvent::FirstSeen { server, fingerprint });
                }
                self.state.emit(LinkEvent::Hello { hello: hello.clone(), hosting: self.host.is_some() });
                let mut session = Box::new(Session::new(connection, hello, &mut self.state));
                if self.state.conversation.participant.is_some() {
                    self.state.join();
                    session.send(&mut self.state);
                }
                self.phase = Phase::Up(session);
            }
            Err(missed) if missed.nobody && self.may_host() => {
                let starting = Host::start(self.address(), self.options.data.clone());
                self.phase = Phase::Hosting(tokio::spawn(starting));
            }
            Err(missed) => self.try_later(missed.why),
        }
    }

    fn may_host(&mut self) -> bool {
        let would_host = self.would_host();
        self.taken = false;
        would_host
    }

    fn would_host(&self) -> bool {
        self.server.is_none() && self.host.is_none() && self.leaving.is_none() && !self.taken
    }

    pub(super) fn hosted(&mut self, hosted: Result<Box<Host>, HostError>) {
        self.phase = Phase::Idle;
        match hosted {
            Ok(host) => {
                self.host = Some(*host);
                self.connect();
            }
            Err(HostError::AddressTaken) => {
                self.taken = true;
                self.connect();
            }
            Err(HostError::LedgerInUse(folder)) => self.try_later(ConnectionError::LedgerInUse(folder)),
            Err(HostError::NoLedger(path, words)) => self.try_later(ConnectionError::NoLedger { path, words }),
            Err(HostError::Failed(why)) => self.try_later(ConnectionError::CannotHost(why)),
        }
    }

    /// A connection that was up is at its end.
    pub(super) fn lost(&mut self, why: ConnectionError) {
        let conversation = &mut self.state.conversation;
        let was_too_slow = conversation.was_too_slow();
        conversation.ended(now());
        match &conversation.participant {
            // While somebody still types their id the server closes after ten seconds: nothing to worry anybody with,
            // but what it said of the room is known no longer.
            None if !matches!(why, ConnectionError::NotSquares(_)) => {
                self.state.emit(LinkEvent::Idle);
                self.phase = Phase::Idle;
            }
            // The id was typed right when the server's patience ended. One that says so again and again waits as any
            // other.
            Some(_) if was_too_slow && conversation.backoff.is_fresh() => {
                conversation.backoff.next(0.0);
                self.connect();
            }
            _ => {
                self.servers.lost();
                self.try_later(why);
            }
        }
    }

    fn try_later(&mut self, why: ConnectionError) {
        let until = now() + self.state.conversation.backoff.next(fastrand::f64());
        self.state.emit(LinkEvent::Disconnected { why, retry_at: Some(until) });
        self.phase = Phase::Waiting(until);
    }
}
