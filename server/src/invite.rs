//! How others join: made for the log when the server starts, and for everybody who is let in. `server` makes one.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::Mutex;
use squares_shared::message::{Invite, MAX_WAYS, SshAccount};

use crate::listen::network::{self, Bound};

/// How long the machine's addresses stay cached: it may change its network, and a whole class may join at once.
const FRESH: Duration = Duration::from_secs(10);

/// The usual port of ssh.
const SSH_PORT: u16 = 22;

/// The account that shows the room to whoever has nothing but ssh, as a flag gives it: `USER`, `USER@HOST`, and either
/// with `:PORT` behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshGuests {
    user: String,
    /// The machine; none: this one, at each of its addresses.
    host: Option<String>,
    port: u16,
}

impl FromStr for SshGuests {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "not an account; write it as USER, USER@HOST or USER@HOST:PORT, such as squares@192.0.2.7";
        let (user, host) = text.split_once('@').map_or((text, None), |(user, host)| (user, Some(host)));
        let (user, host, port) = match host {
            None => {
                let (user, port) = split_port(user);
                (user, None, port)
            }
            Some(host) => {
                let bare = |host: &'_ str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
                let (name, port) = if bare(host).parse::<IpAddr>().is_ok() { (host, None) } else { split_port(host) };
                (user, Some(bare(name)), port)
            }
        };
        let port = port.map_or(Ok(SSH_PORT), |port| port.parse().ok().filter(|&port: &u16| port > 0).ok_or(WRONG))?;
        let guests = Self { user: user.to_owned(), host, port };
        // Where no host is named, any stands for it here.
        let account = guests.at(guests.host.clone().unwrap_or_else(|| "localhost".to_owned()));
        if (Invite { ssh: vec![account], ..Invite::default() }).is_plausible() { Ok(guests) } else { Err(WRONG) }
    }
}

/// What stands before and behind the last colon.
fn split_port(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once(':').map_or((text, None), |(before, port)| (before, Some(port)))
}

impl SshGuests {
    fn at(&self, host: String) -> SshAccount {
        SshAccount { user: self.user.clone(), host, port: self.port }
    }

    /// The account at its machine; at this one by its addresses, of which IPv4 is enough.
    fn accounts(&self, network: &[IpAddr]) -> Vec<SshAccount> {
        if let Some(host) = &self.host {
            return vec![self.at(host.clone())];
        }
        let v4 = network.iter().any(IpAddr::is_ipv4);
        let hosts = network.iter().filter(|address| address.is_ipv4() == v4);
        hosts.take(MAX_WAYS).map(|host| self.at(host.to_string())).collect()
    }
}

/// Says how others join, as long as the server runs.
#[derive(Debug)]
pub(crate) struct Inviter {
    bound: Vec<Bound>,
    fingerprint: Option<String>,
    guests: Option<SshGuests>,
    last: Mutex<Option<(Instant, Bytes)>>,
}

impl Inviter {
    /// For a server that listens so. In a simulation it listens nowhere, and invites nobody.
    pub(crate) fn new(bound: Vec<Bound>, fingerprint: Option<String>, guests: Option<SshGuests>) -> Self {
        Self { bound, fingerprint, guests, last: Mutex::default() }
    }

    /// How others join at this moment, as JSON; none in a simulation.
    pub(crate) fn invite(&self) -> Option<Bytes> {
        let mut last = self.last.lock();
        if let Some((made, invite)) = &*last
            && made.elapsed() < FRESH
        {
            return Some(invite.clone());
        }
        let invite = self.make()?;
        let json = serde_json::to_vec(&invite).expect("an invite has string keys and plain values only");
        let invite = Bytes::from(json);
        *last = Some((Instant::now(), invite.clone()));
        Some(invite)
    }

    fn make(&self) -> Option<Invite> {
        if self.bound.is_empty() {
            return None;
        }
        let addresses = network::addresses();
        let servers = network::reachable(&self.bound, &addresses);
        Some(Invite {
            servers: servers.iter().take(MAX_WAYS).map(SocketAddr::to_string).collect(),
            fingerprint: self.fingerprint.clone(),
            ssh: self.guests.as_ref().map(|guests| guests.accounts(&addresses)).unwrap_or_default(),
        })
    }

    /// Says on the log what students type.
    pub(crate) fn log(&self) {
        if let Some(invite) = self.make() {
            sentences(&invite).iter().for_each(|sentence| tracing::info!("{sentence}"));
        }
    }
}

/// What the log says of it, a line each.
fn sentences(invite: &Invite) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let local = invite.is_local();
    let who = if local { "only this machine can join with" } else { "students join with" };
    lines.extend(invite.commands().map(|command| format!("{who}: {command}")));
    if let Some(fingerprint) = &invite.fingerprint {
        lines.push(format!("the certificate that they are shown must have the fingerprint {fingerprint}"));
    }
    lines.extend(invite.ssh_commands().map(|command| format!("students with nothing but ssh join with: {command}")));
    if local && invite.ssh.is_empty() {
        let port = invite.servers.first().and_then(|server| server.rsplit_once(':')).map_or("7878", |(_, port)| port);
        lines.push(format!("for students on other machines start it with --listen 0.0.0.0:{port}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn guests(text: &str) -> SshGuests {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn an_account_is_read_as_it_is_meant() {
        let network: Vec<IpAddr> = ["192.0.2.7", "2001:db8::7"].map(|ip| ip.parse().unwrap()).to_vec();
        for (text, commands) in [
            ("squares", &["ssh squares@192.0.2.7"][..]),
            ("squares:2222", &["ssh -p 2222 squares@192.0.2.7"]),
            ("squares@room.example", &["ssh squares@room.example"]),
            ("squares@room.example:2222", &["ssh -p 2222 squares@room.example"]),
            ("squares@2001:db8::7", &["ssh squares@2001:db8::7"]),
            ("squares@[2001:db8::7]", &["ssh squares@2001:db8::7"]),
            ("squares@[2001:db8::7]:2222", &["ssh -p 2222 squares@2001:db8::7"]),
        ] {
            let invite = Invite { ssh: guests(text).accounts(&network), ..Invite::default() };
            assert_eq!(invite.ssh_commands().collect::<Vec<_>>(), commands, "{text}");
        }
        assert_eq!(guests("squares").accounts(&network[1..])[0].command(), "ssh squares@2001:db8::7");
        for bad in ["", "-x", "a b", "squares@", "squares@-x", "squares:0", "squares:x", "a@b:99999", "a;b", "@host"] {
            assert!(bad.parse::<SshGuests>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_log_says_what_students_type() {
        let invite = |servers: &[&str], fingerprint: Option<&str>, ssh: &str| {
            let ssh = ssh.parse::<SshGuests>().map(|guests| guests.accounts(&[])).unwrap_or_default();
            let servers = servers.iter().map(|&server| server.to_owned()).collect();
            sentences(&Invite { servers, fingerprint: fingerprint.map(str::to_owned), ssh })
        };
        assert_eq!(
            invite(&["192.0.2.7:7878", "198.51.100.3:7878"], Some("SHA256:01"), "squares@192.0.2.7"),
            [
                "students join with: squares --server 192.0.2.7:7878 --tls",
                "students join with: squares --server 198.51.100.3:7878 --tls",
                "the certificate that they are shown must have the fingerprint SHA256:01",
                "students with nothing but ssh join with: ssh squares@192.0.2.7",
            ]
        );
        assert_eq!(
            invite(&["127.0.0.1:7900"], None, ""),
            [
                "only this machine can join with: squares --server 127.0.0.1:7900",
                "for students on other machines start it with --listen 0.0.0.0:7900",
            ]
        );
        assert_eq!(
            invite(&["127.0.0.1:7900"], None, "squares@192.0.2.7"),
            [
                "only this machine can join with: squares --server 127.0.0.1:7900",
                "students with nothing but ssh join with: ssh squares@192.0.2.7",
            ]
        );
    }

    #[test]
    fn a_class_that_joins_at_once_is_told_what_was_found_once() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let inviter = Inviter::new(Bound::of(&[(socket, address)]), None, None);
        let (first, second) = (inviter.invite().unwrap(), inviter.invite().unwrap());
        assert_eq!(first.as_ptr(), second.as_ptr(), "the same bytes");
        assert_eq!(serde_json::from_slice::<Invite>(&first).unwrap().servers, [address.to_string()]);
        assert_eq!(Inviter::new(Vec::new(), None, None).invite(), None);
    }
}
