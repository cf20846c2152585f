//! How others join this room, as `/join` says it and the header of a hosted room shows it.

use squares_shared::message::Invite;

use super::App;
use super::status::Severity;

/// The most commands that are said at once: of a machine with many addresses, the likeliest.
const MAX_COMMANDS: usize = 4;

impl App {
    /// `/join`.
    pub(in crate::app) fn say_how_to_join(&mut self) {
        let strings = self.strings;
        let invite = self.status.connection.invite.clone().unwrap_or_else(|| self.own_way());
        let network = !invite.is_local();
        let ssh: Vec<String> = invite.ssh_commands().take(MAX_COMMANDS / 2).collect();
        let commands = invite.commands().filter(|_| network).take(MAX_COMMANDS - ssh.len());
        let ways: Vec<String> = commands.chain(ssh).collect();
        let mut sentence = if ways.is_empty() {
            (strings.join_here)(&invite.commands().next().unwrap_or_default())
        } else {
            (strings.join_with)(&ways.join("; "))
        };
        if let Some(fingerprint) = invite.fingerprint.as_deref().filter(|_| network) {
            sentence.push(' ');
            sentence.push_str(&(strings.join_fingerprint)(fingerprint));
        }
        self.say_while_typing(Severity::Info, sentence);
    }

    /// The way that this client took, where the server does not know better.
    fn own_way(&self) -> Invite {
        Invite { servers: vec![self.status.connection.server.clone()], ..Invite::default() }
    }

    /// What others type to join the room that is hosted here; none where it is hosted elsewhere.
    pub(crate) fn hosted_command(&self) -> Option<String> {
        let hosting = self.status.connection.hosting && self.status.connection.is_joined();
        let invite = self.status.connection.invite.as_ref().filter(|_| hosting)?;
        invite.commands().next()
    }
}
