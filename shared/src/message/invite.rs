//! How others join the room, as the server tells whom it let in: the commands that a student types. The server makes
//! one; its log, `/join`, the header of a hosted room and `--present` show it.

use serde::{Deserialize, Serialize};

use super::bounded;

/// The most addresses, and the most accounts for ssh, that are listed.
pub const MAX_WAYS: usize = 8;

/// The most bytes of an address, an account or a fingerprint.
const LONGEST: usize = 253;

/// The port of ssh where none is named.
const SSH_PORT: u16 = 22;

/// How others join the room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Where the server is reached, as `HOST:PORT`, the likeliest first; addresses that only its own machine reaches
    /// stand here only where there are no others. At most [`MAX_WAYS`].
    #[serde(default, deserialize_with = "bounded::first::<_, _, MAX_WAYS>")]
    pub servers: Vec<String>,
    /// The fingerprint of its certificate. The server speaks TLS where there is one, and plain TCP otherwise.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// Accounts that show the room to whoever has nothing but ssh, the likeliest first. At most [`MAX_WAYS`].
    #[serde(default, deserialize_with = "bounded::first::<_, _, MAX_WAYS>")]
    pub ssh: Vec<SshAccount>,
}

/// An account that shows the room over ssh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshAccount {
    /// The name of the account.
    pub user: String,
    /// The machine: an address without brackets, or a name.
    pub host: String,
    /// The port of its ssh server.
    pub port: u16,
}

impl Invite {
    /// What a student types who has the program, one for each address.
    ///
    /// ```
    /// use squares_shared::message::Invite;
    /// let mut invite = Invite { servers: vec!["192.0.2.7:7878".into()], ..Invite::default() };
    /// assert_eq!(invite.commands().next().as_deref(), Some("squares --server 192.0.2.7:7878"));
    /// invite.fingerprint = Some("SHA256:01".into());
    /// assert_eq!(invite.commands().next().as_deref(), Some("squares --server 192.0.2.7:7878 --tls"));
    /// ```
    pub fn commands(&self) -> impl Iterator<Item = String> {
        let tls = if self.fingerprint.is_some() { " --tls" } else { "" };
        self.servers.iter().map(move |server| format!("squares --server {server}{tls}"))
    }

    /// What a student types who has nothing but ssh, one for each account.
    pub fn ssh_commands(&self) -> impl Iterator<Item = String> {
        self.ssh.iter().map(SshAccount::command)
    }

    /// Whether [`Self::commands`] work on the server's own machine alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.servers.iter().all(|server| is_this_machine(server))
    }

    /// Whether a person may be shown it as something to type: addresses, accounts and a fingerprint, and nothing that
    /// a shell or ssh would take for more.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.servers.iter().all(|server| is_word(server, ".-_:[]%"))
            && self.ssh.iter().all(|account| is_word(&account.user, ".-_") && is_word(&account.host, ".-_:%"))
            && self.fingerprint.as_deref().is_none_or(|fingerprint| is_word(fingerprint, ": "))
    }
}

impl SshAccount {
    /// What a student types.
    ///
    /// ```
    /// use squares_shared::message::SshAccount;
    /// let account = SshAccount { user: "squares".into(), host: "192.0.2.7".into(), port: 2222 };
    /// assert_eq!(account.command(), "ssh -p 2222 squares@192.0.2.7");
    /// ```
    #[must_use]
    pub fn command(&self) -> String {
        let Self { user, host, port } = self;
        if *port == SSH_PORT { format!("ssh {user}@{host}") } else { format!("ssh -p {port} {user}@{host}") }
    }
}

/// Whether it is some text of ASCII letters, digits and these characters, and begins like no flag.
fn is_word(text: &str, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    !text.is_empty() && text.len() <= LONGEST && !text.starts_with('-') && text.chars().all(fits)
}

fn is_this_machine(server: &str) -> bool {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(servers: &[&str]) -> Invite {
        Invite { servers: servers.iter().map(|&server| server.to_owned()).collect(), ..Invite::default() }
    }

    fn account(user: &str, host: &str, port: u16) -> SshAccount {
        SshAccount { user: user.into(), host: host.into(), port }
    }

    #[test]
    fn only_loopback_addresses_are_this_machine_alone() {
        for (servers, local) in [
            (&["127.0.0.1:7878"][..], true),
            (&["[::1]:7878", "localhost:1"], true),
            (&["192.0.2.7:7878"], false),
            (&["127.0.0.1:1", "[2001:db8::1]:1"], false),
            (&["127.example:1"], false),
        ] {
            assert_eq!(invite(servers).is_local(), local, "{servers:?}");
        }
    }

    #[test]
    fn what_a_shell_or_ssh_would_take_for_more_is_shown_to_nobody() {
        let mut good = invite(&["192.0.2.7:7878", "[fe80::1%eth0]:1", "room.example:7878"]);
        good.ssh = vec![account("squares", "192.0.2.7", 22), account("class_a", "2001:db8::1", 2222)];
        good.fingerprint = Some("SHA256:039058c6 f2c0cb49".into());
        assert!(good.is_plausible());
        assert!(Invite::default().is_plausible());
        let long = "a".repeat(LONGEST + 1);
        for bad in ["a;reboot", "-oProxyCommand=x", "$(x)", "a b", "", "가", "a\u{1b}[m", "`x`", "a|b", "a\n", &*long]
        {
            assert!(!invite(&[bad]).is_plausible(), "{bad:?}");
            for accounts in [account(bad, "a", 22), account("a", bad, 22)] {
                assert!(!Invite { ssh: vec![accounts], ..Invite::default() }.is_plausible(), "{bad:?}");
            }
        }
        assert!(!Invite { fingerprint: Some("x\u{7}".into()), ..Invite::default() }.is_plausible());
    }

    #[test]
    fn fields_that_are_absent_are_empty_and_long_lists_are_cut() {
        assert_eq!(serde_json::from_str::<Invite>("{}").unwrap(), Invite::default());
        let many = vec!["a:1"; MAX_WAYS + 5];
        let read: Invite = serde_json::from_value(serde_json::json!({ "servers": many, "later": 1 })).unwrap();
        assert_eq!(read.servers.len(), MAX_WAYS);
    }
}
